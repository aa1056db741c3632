"""Whole days between two moments, as each engine works them out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import DateTimeField, Value

from records.querysets import WholeDays
from tests.factories import UserFactory
from users.models import User

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
BEGIN = datetime(2026, 2, 27, 18, 30, 0, 250_000, tzinfo=UTC)


def test_a_day_is_24_hours_whatever_the_calendar_says() -> None:
    spans = {
        timedelta(0): 0,
        DAY - timedelta(milliseconds=1): 0,
        DAY: 1,
        2 * DAY - timedelta(milliseconds=1): 1,
        31 * DAY: 31,  # over the end of a month, and the day on which clocks are put forward
        3653 * DAY + timedelta(hours=23): 3653,
        -timedelta(milliseconds=1): 0,
        -9 * DAY: 0,
    }
    moment = DateTimeField()
    asked = {
        f"days_{place}": WholeDays(
            Value(BEGIN + span, output_field=moment), Value(BEGIN, output_field=moment)
        )
        for place, span in enumerate(spans)
    }

    pk = UserFactory().pk
    found = User.objects.annotate(**asked).values_list(*asked).get(pk=pk)

    assert found == tuple(spans.values())
