"""Migrations stay quick: what only words have changed stands where a column is made."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.migrations import AlterField
from django.db.migrations.loader import MigrationLoader

# Each has the models of all apps built anew, in every new installation and in every run of the
# tests. A change of words can be written into the step that made the column, as no database
# holds any: that changes nothing for those who have made that step already.
MOST = 10


def what_a_database_holds(field: Any) -> tuple[Any, ...]:
    """Return what makes a column, without what only our program knows of it."""
    _name, path, args, options = field.deconstruct()
    return path, args, {k: v for k, v in options.items() if k not in models.Field.non_db_attrs}


def test_few_steps_change_nothing_but_words() -> None:
    loader = MigrationLoader(None)
    ours = {app.label for app in apps.get_app_configs() if "site-packages" not in app.path}
    state = loader.project_state(())
    only_words = []
    for key in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        migration = loader.graph.nodes[key]
        for step in migration.operations:
            if isinstance(step, AlterField) and key[0] in ours:
                before = state.models[key[0], step.model_name_lower].fields[step.name]
                if what_a_database_holds(before) == what_a_database_holds(step.field):
                    only_words.append(f"{key[0]}.{key[1]}: {step.model_name}.{step.name}")
            step.state_forwards(key[0], state)

    assert len(only_words) <= MOST, "\n".join(only_words)
