"""Leads and opportunities parted by a custom field, and the lists behind the parts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from opportunities.models import Opportunity
from records.models import CustomField
from records.operations.shaping import save_field
from tests.api.conftest import Caller
from tests.custom import define
from tests.factories import LeadFactory
from tests.reports.test_breakdown import breakdown
from tests.reports.test_overview import listed
from tests.reports.world import a_won_opportunity
from users.models import User

FIELDS: dict[str, dict[str, Any]] = {
    "size": {"type": "choice", "choices": ["Small", "Large"]},
    "halls": {"type": "choices", "choices": ["North", "South"]},
    "partner": {"type": "yes_no"},
    "buddy": {"type": "user"},
}


@pytest.fixture
def season(rep: User, admin: User) -> dict[str, list[tuple[str, str, int]]]:
    """Make leads and opportunities, and say which parts they have: key, label, how many."""
    for kind in ("lead", "opportunity"):
        for key, more in FIELDS.items():
            define(kind, key, by=admin, **more)
    values: list[dict[str, Any]] = [
        {"size": "small", "halls": ["north", "south"], "partner": True, "buddy": rep.pk},
        {"size": "small", "halls": ["south"], "partner": False},
        {"size": "large", "buddy": rep.pk},
        {},
    ]
    for custom in values:
        LeadFactory(owner=rep, custom=custom)
        deal = a_won_opportunity(rep, 100)
        Opportunity.objects.filter(pk=deal.pk).update(custom=custom)
    return {
        "size": [("large", "Large", 1), ("none", "Unknown", 1), ("small", "Small", 2)],
        "halls": [("none", "Unknown", 2), ("north", "North", 1), ("south", "South", 2)],
        "partner": [("false", "No", 3), ("true", "Yes", 1)],
        "buddy": sorted([(str(rep.pk), str(rep), 2), ("none", "Unknown", 2)]),
    }


def test_parts_by_each_type_and_opens_what_it_counts(
    season: dict[str, list[tuple[str, str, int]]], rep: User, client: Client
) -> None:
    client.force_login(rep)
    today = timezone.localdate()
    days = f"from={today - timedelta(days=400)}&to={today}"
    for measure in ("leads", "won_value"):
        whole = breakdown(rep, f"measure={measure}&by=owner&{days}")["total"]
        for key, expected in season.items():
            answer = breakdown(rep, f"measure={measure}&by=custom:{key}&{days}")
            rows = [(row["key"], row["label"], row["count"]) for row in answer["rows"]]
            assert sorted(rows) == expected, (measure, key)
            assert answer["total"] == whole
            for row in answer["rows"]:
                assert listed(client, row["url"]) == row["count"], row
            if measure == "won_value":
                worth = [Decimal(row["value"]) for row in answer["rows"]]
                assert worth == [Decimal(100 * row["count"]) for row in answer["rows"]]


def test_refuses_what_parts_nothing(season: Any, rep: User, admin: User) -> None:
    define("lead", "hall", by=admin)
    program = Caller(rep)
    refused = [
        program.get(f"reports/{asked}").status_code
        for asked in (
            "breakdown/?by=custom:hall",
            "breakdown/?by=custom:gone",
            "breakdown/?by=custom:size__x",
            "conversion/?by=custom:size",
        )
    ]
    field = CustomField.objects.get(kind="lead", key="size")
    field.is_active = False
    save_field(field, by=admin)

    assert refused == [400] * 4
    assert program.get("reports/breakdown/?by=custom:size").status_code == 400
    assert program.get("reports/breakdown/?by=custom:size&measure=won_count").status_code == 200
