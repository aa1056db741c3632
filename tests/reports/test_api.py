"""The figures for programs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from reports.operations import set_targets
from tests.api.conftest import Caller
from tests.reports.world import a_season
from users.models import User


@pytest.fixture
def season(rep: User, rep2: User, outsider: User) -> None:
    a_season(rep, rep2, outsider)


def test_says_what_the_overview_says(season: None, manager: User) -> None:
    answer = Caller(manager).get("reports/overview")

    assert answer.status_code == 200
    assert answer.json() == {
        "open": {"count": 6, "value": "8000.00", "weighted": "4200.00"},
        "won": {"count": 2, "value": "14000.00"},
        "lost": {"count": 0, "value": "0.00"},
        "win_rate": "1.0000",
        "conversion": {"leads": 6, "qualified": 4, "rate": "0.6667"},
        "days_to_convert": {"median": 12.5, "mean": 12.5, "p90": 20.0},
        "target": {"value": None, "share": None},
    }


def test_tells_the_target_of_the_period(season: None, rep: User, manager: User) -> None:
    today = timezone.localdate()
    set_targets(rep, today.year, by=manager, amounts={today.month: Decimal(20_000)})

    found = Caller(manager).get("reports/overview").json()

    assert found["won"]["value"] == "14000.00"
    assert found["target"] == {"value": "20000.00", "share": "0.7000"}


@pytest.mark.parametrize("whose", ["me", "rep@crm.example", "REP@crm.example", "id"])
def test_answers_for_one_person(season: None, rep: User, whose: str) -> None:
    whose = str(rep.pk) if whose == "id" else whose

    body = Caller(rep).get(f"reports/overview?owner={whose}").json()

    assert body["open"]["count"] == 3
    assert body["conversion"] == {"leads": 3, "qualified": 2, "rate": "0.6667"}


def test_counts_only_what_the_caller_may_see(season: None, outsider: User) -> None:
    assert Caller(outsider).get("reports/overview").json()["open"]["count"] == 3


def test_has_no_rate_of_nothing(manager: User) -> None:
    body = Caller(manager).get("reports/overview?from=1999-01-01&to=1999-12-31").json()

    assert (body["win_rate"], body["conversion"]["rate"]) == (None, None)
    assert body["days_to_convert"] == {"median": None, "mean": None, "p90": None}


@pytest.mark.once
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("to=9999-12-31", "to"),
        ("from=2026-02-01&to=2026-01-01", "to"),
        ("owner=outsider@crm.example", "owner"),
        ("owner=1%27%20OR%201", "owner"),
        ("team=987654321987654321987654321", "team"),
        ("team=x", "team"),
        ("period=this_month", "period"),
    ],
)
def test_names_the_parameter_that_is_wrong(season: None, rep: User, asked: str, field: str) -> None:
    answer = Caller(rep).get(f"reports/overview?{asked}")

    errors: dict[str, Any] = answer.json()["errors"]
    assert (answer.status_code, set(errors)) == (400, {field})


def test_is_for_those_who_are_known(db: None) -> None:
    assert Caller(None).get("reports/overview").status_code == 401


def test_changes_nothing(manager: User) -> None:
    assert Caller(manager).post("reports/overview", {}).status_code == 405
