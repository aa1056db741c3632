"""The grants of a role as a table: a row for each kind of thing, a column for what can be done.

Below it stand the fields that it can keep from its members, kind by kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from records import custom
from records.field_types import type_of
from records.models import Record
from users.models import FieldAccess, Grant
from users.permissions import permissions_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from django.db.models import Model

COLUMNS = ("view", "add", "change", "delete")
PREFIX = "grant-"
FIELD_PREFIX = "field-"


def table_of(kinds: Iterable[type[Model]], grants: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows, records first: each with its cells, and what else can be done."""
    ordered = sorted(kinds, key=lambda kind: (not issubclass(kind, Record), kind._meta.label))
    return [_row(kind, grants) for kind in ordered if permissions_of(kind)]


def _row(kind: type[Model], grants: Mapping[str, str]) -> dict[str, Any]:
    known = permissions_of(kind)
    usual = [f"{kind._meta.app_label}.{verb}_{kind._meta.model_name}" for verb in COLUMNS]
    return {
        "label": capfirst(str(kind._meta.verbose_name_plural)),
        "cells": [_cell(kind, name, known, grants) if name in known else None for name in usual],
        "more": [_cell(kind, name, known, grants) for name in known if name not in usual],
    }


def _cell(
    kind: type[Model], name: str, known: Mapping[str, str], grants: Mapping[str, str]
) -> dict[str, Any]:
    """Return a choice of how far a permission reaches; settings are reached all or not at all."""
    chosen = grants.get(name, "")
    scopes = [
        (value, label)
        for value, label in Grant.Scope.choices
        if issubclass(kind, Record) or value in {Grant.Scope.ALL, chosen}
    ]
    options = [("", _("No")), *scopes]
    return {
        "name": f"{PREFIX}{name}",
        "label": known[name],
        "options": [(value, label, value == chosen) for value, label in options],
    }


def grants_in(
    data: Mapping[str, Any], kinds: Iterable[type[Model]], standing: Mapping[str, str]
) -> dict[str, str]:
    """Return the grants that a table was sent with; what stands and has no cell in it stays."""
    shown = {name for kind in kinds for name in permissions_of(kind)}
    sent = {
        str(name).removeprefix(PREFIX): str(value)
        for name, value in data.items()
        if str(name).startswith(PREFIX) and value
    }
    return {name: scope for name, scope in standing.items() if name not in shown} | sent


# Fields


def fields_of() -> dict[str, dict[str, str]]:
    """Return the fields that a role can keep from its members: kind → field → label.

    They are those that a model names, and every custom field. What identifies a record, says how
    far it is or is counted in figures is never kept from those who see the record.
    """
    own = custom.known_to(None).fields
    models = {kind: custom.model_of(kind) for kind in custom.KINDS}
    return {
        kind: {
            **{name: _label_of(model, name) for name in model.withholdable},
            **{each.name: each.label for each in own[kind]},
        }
        for kind, model in models.items()
    }


def _label_of(model: type[Model], name: str) -> str:
    column: Any = model._meta.get_field(name)
    return str(capfirst(column.verbose_name))


def found_by_words() -> set[str]:
    """Return the custom fields whose values a search finds: a role cannot hide those."""
    return {
        f"{kind}.{each.name}"
        for kind, found in custom.known_to(None).fields.items()
        for each in found
        if type_of(each).is_searched
    }


def names_of_fields() -> set[str]:
    """Return those fields as `<kind>.<field>`."""
    return {f"{kind}.{name}" for kind, names in fields_of().items() for name in names}


def fields_table(withheld: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the kinds that have such fields, each with a cell for every field."""
    found = found_by_words()
    return [
        {
            "label": capfirst(str(custom.model_of(kind)._meta.verbose_name_plural)),
            "cells": [
                _field_cell(f"{kind}.{name}", label, withheld, found)
                for name, label in names.items()
            ],
        }
        for kind, names in fields_of().items()
        if names
    ]


def _field_cell(
    name: str, label: str, withheld: Mapping[str, str], found: Container[str]
) -> dict[str, Any]:
    chosen = withheld.get(name, "")
    levels = FieldAccess.Level.choices
    options = [("", _("Editable")), *(levels[:1] if name in found else levels)]
    return {
        "name": f"{FIELD_PREFIX}{name}",
        "label": label,
        "options": [(value, word, value == chosen) for value, word in options],
    }


def fields_in(data: Mapping[str, Any], standing: Mapping[str, str]) -> dict[str, str]:
    """Return the access that the tables were sent with; what stands and has no cell stays."""
    sent = {
        str(name).removeprefix(FIELD_PREFIX): str(value)
        for name, value in data.items()
        if str(name).startswith(FIELD_PREFIX)
    }
    return {n: level for n, level in {**standing, **sent}.items() if level}
