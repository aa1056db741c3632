"""What is found fine at a glance, the field itself finds fine too."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from leads.models import Lead
from records.errors import Unacceptable
from records.models import Record
from records.operations.checking import _checks_of, acceptable

pytestmark = pytest.mark.once

VALUES = (
    "", "a", "x" * 100_000, "no address", "DE", "ZZ", "EUR", "eur", "hot", "open", "new", "boiling",
    0, 1, -1, 10**30, True, Decimal("1.5"), Decimal("1e30"), 1.5, [], {},
    date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), b"bytes",
)  # fmt: skip


def test_no_glance_takes_what_a_field_refuses_or_would_change():
    taken = 0
    for model in apps.get_models():
        for field, _attname, is_fine in _checks_of(model) if issubclass(model, Record) else ():
            for value in () if field.is_relation else filter(is_fine, VALUES):
                taken += 1
                try:
                    assert field.clean(value, None) == value, (field, value)
                except ValidationError:
                    pytest.fail(f"{field} refuses {value!r:.40}")
    assert taken > 500


def test_each_field_that_cannot_be_stored_is_named():
    lead = Lead(
        topic="x" * 1000, email="no address", country="ZZ", rating="boiling", employees=-1,
        description="NUL \0", created_at=datetime(1, 1, 1, tzinfo=UTC), city="  Köln ",
    )  # fmt: skip
    with pytest.raises(Unacceptable) as refused:
        acceptable(lead)
    assert set(refused.value.errors) == {
        "topic", "email", "country", "rating", "employees", "description", "created_at",
    }  # fmt: skip
    assert lead.city == "Köln"
