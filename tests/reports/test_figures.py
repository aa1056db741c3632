"""What figures are made of: exact percentiles, whole days, calendar months."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Lead
from reports import charts
from reports.filters import PERIODS, period_of
from reports.queries import Days, Period, months_until, percentile
from reports.templatetags.figures import as_days, as_rate
from tests.reports.world import a_lead, a_qualified_lead, noon
from users.models import User

# The first values of a run take long where everything else is busy; that says nothing of them.
patiently = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@patiently
@given(st.lists(st.integers(0, 4000), min_size=1, max_size=60))
def test_median_of_a_spread_is_the_median_of_its_values(values: list[int]) -> None:
    assert percentile(Counter(values), 0.5) == pytest.approx(statistics.median(values))


@patiently
@given(st.lists(st.integers(0, 4000), min_size=2, max_size=60))
def test_ninetieth_percentile_lies_between_neighbours(values: list[int]) -> None:
    exact = statistics.quantiles(values, n=10, method="inclusive")[-1]

    assert percentile(Counter(values), 0.9) == pytest.approx(exact)


def test_no_days_have_no_median_and_no_mean() -> None:
    assert (Days({}).median, Days({}).mean, Days({}).ninetieth) == (None, None, None)


@patiently
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from([key for key, _ in PERIODS]))
def test_periods_begin_and_end_with_a_month(today: date, key: str) -> None:
    period = period_of(key, today)

    assert period.first.day == 1
    assert (period.last + timedelta(days=1)).day == 1
    assert (today in (period.first, period.last) or period.first <= today <= period.last) == (
        not key.startswith("last")
    )
    assert (period.last - period.first).days in {
        "month": range(27, 32), "uarter": range(88, 93), "months": range(364, 367),
        "year": range(364, 366),
    }[key.split("_")[1].removeprefix("q")]  # fmt: skip


@patiently
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 24))
def test_months_follow_each_other_without_a_gap(today: date, count: int) -> None:
    months = months_until(today, count)

    assert len(months) == count
    assert months[-1].first <= today <= months[-1].last
    for one, other in pairwise(months):
        assert one.last + timedelta(days=1) == other.first


def test_days_of_a_period_begin_and_end_at_midnight_here(settings: object) -> None:
    with timezone.override("Pacific/Auckland"):
        start, end = Period(date(2026, 9, 27), date(2026, 9, 27)).moments

    assert end - start == timedelta(hours=24)  # the clock is put forward at two in the morning
    assert start.isoformat() == "2026-09-27T00:00:00+12:00"
    assert end.isoformat() == "2026-09-28T00:00:00+13:00"


@pytest.mark.parametrize("seconds", [-1, 0, 1])
@pytest.mark.parametrize("days", [0, 1, 7, 8, 365])
def test_a_day_is_over_after_24_hours(rep: User, days: int, seconds: int) -> None:
    lead = a_qualified_lead(rep, days=0)
    took = timedelta(days=days, seconds=seconds)
    Lead.objects.filter(pk=lead.pk).update(created_at=lead.qualified_at - took)  # type: ignore[operator]

    found = Lead.objects.with_days_to_convert().get(pk=lead.pk)

    assert found.days_to_convert == max(took.days, 0)


def test_a_lead_that_is_not_qualified_took_no_days(rep: User) -> None:
    lead = a_lead(rep, created=noon(3))

    assert Lead.objects.with_days_to_convert().get(pk=lead.pk).days_to_convert is None


@patiently
@given(st.lists(st.floats(0, 1e9), max_size=20))
def test_bars_and_columns_stay_inside_their_slot(values: list[float]) -> None:
    lying = charts.bars(values, row=36)
    standing = charts.columns(values, height=158)

    assert all(0 <= float(bar.length.rstrip("%")) <= 100 for bar in lying)
    assert all(0 <= float(column.y) <= 158 and float(column.height) <= 136 for column in standing)


@patiently
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=24))
def test_a_line_stays_inside_its_slot_and_skips_gaps(values: list[float | None]) -> None:
    line = charts.line(values, height=176)

    drawn = [point for point in line.points if point is not None]
    assert len(drawn) == len([value for value in values if value is not None])
    assert all(0 <= float(point.y) <= 176 for point in drawn)
    assert all(0 <= float(point.x.rstrip("%")) <= 100 for point in drawn)
    assert len(line.segments) <= max(len(drawn) - 1, 0)


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (13 / 24, 1, "54.2%"),
        (8 / 12, 0, "67%"),
        (8 / 12, 1, "66.7%"),
        (0.545, 0, "55%"),
        (1.0, 0, "100%"),
        (0.0, 1, "0.0%"),
        (None, 1, "–"),
    ],
)
def test_a_share_is_rounded_not_cut_off(share: float | None, places: int, text: str) -> None:
    assert as_rate(share, places) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(2.45, "2.5 days"), (2.96, "3 days"), (1.04, "1 day"), (19, "19 days"), (None, "–")],
)
def test_days_are_rounded_not_cut_off(days: float | None, text: str) -> None:
    assert as_days(days) == text
