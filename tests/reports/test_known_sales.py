"""The figures of sales and leads that others have counted before: each total and rate is known.

The data carries no licence, so it lies outside; `tests/reference.py` says where.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Account
from leads.models import Lead
from opportunities.models import Line, Opportunity, Product, Source, Stage
from tests.api.conftest import Caller
from tests.factories import UserFactory
from tests.reference import folder_of
from tests.reports.test_overview import listed
from tests.world import a_superuser
from users.models import Role, Team, User

ALL = "from=2016-01-01&to=2017-12-31"


def truths(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder_of(name) / "truths.json").read_text("utf-8"))
    return found


def lines_of(name: str, file: str) -> list[dict[str, str]]:
    with (folder_of(name) / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def noon_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def known(django_db_setup: None, django_db_blocker: Any) -> Iterator[User]:
    """Sales that are brought in once for this file, and somebody who may see them all."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield sold(by=a_superuser())
        transaction.set_rollback(True)


@pytest.fixture
def sales(db: None, known: User) -> User:
    return known


def sold(*, by: User) -> User:
    """Make sellers in the teams of their offices, accounts, products and their opportunities."""
    name = "maven-crm"
    teams = {
        office: Team.objects.create(name=office)
        for office in {line["regional_office"] for line in lines_of(name, "sales_teams.csv")}
    }
    lines = lines_of(name, "sales_teams.csv")
    role = Role.objects.get(name="Sales rep")
    managers = {
        boss: UserFactory(name=boss) for boss in sorted({line["manager"] for line in lines})
    }
    people = {
        line["sales_agent"]: UserFactory(
            name=line["sales_agent"],
            team=teams[line["regional_office"]],
            manager=managers[line["manager"]],
            roles=[role],
        )
        for line in lines
    }
    deals = lines_of(name, "sales_pipeline.csv")
    accounts = {
        title: Account.objects.create(name=title, owner=by)
        for title in sorted({line["account"] for line in deals} - {""})
    }
    products = {
        title: Product.objects.create(key=f"p{place}", name=title)
        for place, title in enumerate(sorted({line["product"] for line in deals}))
    }
    stage = Stage.objects.get(process__is_default=True, key="close")
    made = []
    for line in deals:
        status = {"Won": "won", "Lost": "lost"}.get(line["deal_stage"], "open")
        closed = date.fromisoformat(line["close_date"]) if status != "open" else None
        value = Decimal(line["close_value"]) if line["close_value"] else None
        deal = Opportunity(
            topic=line["opportunity_id"],
            owner=people[line["sales_agent"]],
            account=accounts.get(line["account"]),
            stage=stage,
            probability=stage.probability,
            status=status,
            value=value,
            actual_value=value if status == "won" else None,
            closed_on=closed,
            closed_at=noon_of(closed) if closed else None,
        )
        deal.derive()
        made.append(deal)
    Opportunity.objects.bulk_create(made, batch_size=200)
    Line.objects.bulk_create(
        Line(opportunity=deal, product=products[line["product"]])
        for deal, line in zip(made, deals, strict=True)
    )
    return by


def told(user: User, measure: str, by: str) -> dict[str, Any]:
    body = Caller(user).get(f"reports/breakdown/?{ALL}&measure={measure}&by={by}").json()
    return {row["label"]: row["value"] for row in body["rows"]}


@pytest.mark.reference_data("maven-crm")
def test_tells_what_is_known_of_the_sales(client: Client, sales: User) -> None:
    known = truths("maven-crm")
    client.force_login(sales)

    body = Caller(sales).get(f"reports/overview/?{ALL}").json()

    assert body["won"] == {"count": 4238, "value": "10005534.00"}
    assert body["lost"]["count"] == 2473
    assert body["open"]["count"] == 1589 + 500
    assert body["win_rate"] == "0.6315"
    for by, truth in (
        ("owner", known["by_agent"]),
        ("manager", known["by_manager"]),
        ("team", known["by_region"]),
        ("product", known["by_product_as_written"]),
    ):
        values, won, lost, rates = (
            told(sales, measure, by)
            for measure in ("won_value", "won_count", "lost_count", "win_rate")
        )
        decided = {name for name, said in truth.items() if said["won"] + said["lost"]}
        idle = set(known["agents_in_teams_without_deals"]) if by == "owner" else set()
        assert set(values) == decided | idle
        assert {(values[name], won[name], rates[name]) for name in idle} <= {("0.00", 0, None)}
        for name in decided:
            said = truth[name]
            assert Decimal(values[name]) == said["won_value"], name
            assert (won[name], lost[name]) == (said["won"], said["lost"]), name
            assert round(float(rates[name]) * 100, 2) == said["win_rate_pct"], name
    quarters = told(sales, "won_value", "quarter")
    assert {name: int(Decimal(value)) for name, value in quarters.items() if "2017" in name} == {
        "Q1 2017": 1134672, "Q2 2017": 3086111, "Q3 2017": 2982255, "Q4 2017": 2802496,
    }  # fmt: skip
    assert listed(client, "/opportunities/?status=won&closed_before=2017-12-31") == 4238


@pytest.mark.reference_data("maven-crm")
def test_every_row_of_the_sales_opens_its_records(client: Client, sales: User) -> None:
    client.force_login(sales)

    for by in ("product", "team", "account"):
        body = Caller(sales).get(f"reports/breakdown/?{ALL}&measure=won_count&by={by}").json()
        assert sum(row["value"] for row in body["rows"]) == body["total"] == 4238
        for row in body["rows"][:12]:
            assert listed(client, row["url"]) == row["count"], row["label"]


@pytest.mark.reference_data("x-education-leads")
def test_tells_what_is_known_of_the_leads(rep: User, manager: User) -> None:
    rows = lines_of("x-education-leads", "Leads.csv")
    known = truths("x-education-leads")["by_lead_source_as_written"]
    account = Account.objects.create(name="X", owner=rep)
    sources = {
        name: Source.objects.create(key=f"x{place}", name=name)
        for place, name in enumerate(sorted({row["Lead Source"] for row in rows} - {""}))
    }
    came = noon_of(date(2017, 3, 1))
    leads = []
    for row in rows:
        is_converted = row["Converted"] == "1"
        lead = Lead(
            topic="Course",
            last_name=row["Lead Number"],
            owner=rep,
            source=sources.get(row["Lead Source"]),
            created_at=came,
            status="qualified" if is_converted else "open",
            qualified_at=came + timedelta(days=9) if is_converted else None,
            account=account if is_converted else None,
        )
        lead.derive()
        leads.append(lead)
    Lead.objects.bulk_create(leads, batch_size=100)

    body = (
        Caller(manager)
        .get(f"reports/breakdown/?{ALL}&measure=conversion_rate&by=source&cohort=1")
        .json()
    )

    assert body["total"] == "0.3854"
    assert sum(row["count"] for row in body["rows"]) == 9240
    found = {row["label"]: (row["count"], row["value"]) for row in body["rows"]}
    assert len(found) == len(known)
    for name, said in known.items():
        label = name if name in found else "Unknown"
        assert found[label] == (said["leads"], f"{said['converted'] / said['leads']:.4f}"), name
