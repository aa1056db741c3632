"""Taking a merge back."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType

from activities.models import ActivityLink
from crm.integrity import findings
from records.models import Merge, MergedRecord
from tests.duplicates.kinds import KINDS
from tests.duplicates.world import record
from tests.snapshots import rows


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def references(kind):
    """Yield model and column of everything that refers to this kind, the history left out."""
    for model in apps.get_models(include_auto_created=True):
        if hasattr(model, "instance_type"):
            continue
        for column in model._meta.concrete_fields:
            if column.related_model is kind.model:
                yield model, column.name


def test_gives_back_every_row_as_it_was(kind, rep):
    kept, *gone = kind.world(rep)
    before = rows()

    merge = kind.merge(kept, gone, by=rep)
    assert list(findings()) == []
    assert rows() != before
    kind.unmerge(merge, by=rep)

    assert rows() == before
    assert list(findings()) == []
