"""The figures in parts: whatever they are parted by, the parts make the whole and can be opened."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.test import Client

from leads.models import Lead
from opportunities.models import Campaign, Line, LossReason, Opportunity, Product, Source
from reports.api.figures import DEAL_PARTS, LEAD_PARTS, MEASURES, OF_LEADS
from reports.tables import REPORTS, plain
from tests.api.conftest import Caller
from tests.factories import AccountFactory
from tests.reports.test_overview import behind, listed, rows_of
from tests.reports.world import (
    a_disqualified_lead,
    a_lead,
    a_lost_opportunity,
    a_qualified_lead,
    a_season,
    a_won_opportunity,
    noon,
)
from users.models import User

YEARS = f"from={noon(800).date()}&to={noon().date()}"


@pytest.fixture
def season(rep: User, rep2: User, outsider: User) -> None:
    a_season(rep, rep2, outsider)
    fair = Campaign.objects.create(key="fair", name="Fair")
    shop = Source.objects.create(key="shop", name="Shop")
    User.objects.filter(pk=rep.pk).update(manager=rep2)
    a_lead(None, country="DE", region="Bavaria")
    a_lead(rep, country="DE", campaign=fair, source=shop)
    a_qualified_lead(rep, days=3, country="FR", campaign=fair)
    a_disqualified_lead(rep2, country="FR", source=shop)
    a_lost_opportunity(rep, 500)
    a_lost_opportunity(rep2, 700, has_reason=False)
    lost = a_lost_opportunity(rep, 900)
    Opportunity.objects.filter(pk=lost.pk).update(source=shop, campaign=fair)


def breakdown(user: User, asked: str) -> Any:
    answer = Caller(user).get(f"reports/breakdown/?{asked}")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("measure", ["leads", "qualified", "lost_count", "won_value"])
def test_every_part_opens_its_records_and_the_parts_make_the_whole(
    client: Client, season: None, manager: User, measure: str
) -> None:
    client.force_login(manager)
    of_leads = measure in OF_LEADS
    for by, cohort in product(LEAD_PARTS if of_leads else DEAL_PARTS, "10" if of_leads else "0"):
        found = breakdown(manager, f"{YEARS}&measure={measure}&by={by}&cohort={cohort}")

        rows = [(row["url"], row["count"]) for row in found["rows"]]
        assert rows, by
        assert behind(client, manager, rows) == rows
        assert Decimal(str(found["total"])) == sum(
            Decimal(str(row["value"])) for row in found["rows"]
        ), by


def test_has_every_measure_also_of_nothing(manager: User) -> None:
    found = {name: breakdown(manager, f"measure={name}&by=owner") for name in MEASURES}
    parts = {name: breakdown(manager, f"measure={name}&by=team") for name in MEASURES}

    assert {name: one["total"] for name, one in found.items()} == {
        "won_value": "0.00",
        "won_count": 0,
        "lost_count": 0,
        "win_rate": None,
        "leads": 0,
        "qualified": 0,
        "conversion_rate": None,
        "days_to_convert": None,
    }
    assert all(one["rows"] == [] for one in parts.values())
    # Whoever works with leads and opportunities is named also with nothing.
    assert {row["label"] for one in found.values() for row in one["rows"]} == {"Manager"}
    assert {row["count"] for one in found.values() for row in one["rows"]} == {0}


def test_counts_by_source_what_came_and_what_became_of_it(
    season: None, rep: User, manager: User
) -> None:
    web = str(Source.objects.get(key="web").pk)

    rows = breakdown(manager, f"{YEARS}&measure=conversion_rate&by=source")["rows"]

    assert {row["key"]: (row["count"], row["value"]) for row in rows}[web] == (4, "0.5000")


def test_counts_for_a_manager_what_the_people_have(
    season: None, rep: User, rep2: User, manager: User
) -> None:
    rows = breakdown(manager, f"{YEARS}&measure=won_value&by=manager")["rows"]

    assert [(row["key"], row["label"], row["value"]) for row in rows] == [
        (str(rep2.pk), "Rep2", "16000.00"),
        ("none", "Unassigned", "16000.00"),
    ]
    assert {deal.owner for deal in rows_of(manager, rows[0]["url"])} == {rep}


def test_says_the_months_of_the_year_one_by_one(season: None, manager: User) -> None:
    found = breakdown(manager, "from=2026-01-01&to=2026-12-31&measure=leads&by=month")
    quarters = breakdown(manager, "from=2026-01-01&to=2026-12-31&measure=leads&by=quarter")

    assert [row["key"] for row in found["rows"]] == [f"2026-{month:02}" for month in range(1, 13)]
    assert [row["label"] for row in quarters["rows"]] == [f"Q{n} 2026" for n in range(1, 5)]
    assert sum(row["value"] for row in found["rows"]) == quarters["total"]


def test_counts_in_parts_only_what_the_caller_may_see(season: None, outsider: User) -> None:
    rows = breakdown(outsider, f"{YEARS}&measure=leads&by=owner")["rows"]

    assert {row["key"] for row in rows} == {str(outsider.pk), "none"}


def test_asks_for_one_source_alone(season: None, manager: User) -> None:
    shop = Source.objects.get(key="shop")

    found = breakdown(manager, f"{YEARS}&source={shop.pk}&by=owner")

    assert found["total"] == Lead.objects.filter(source=shop).count() == 2


@pytest.mark.once
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("measure=happiness", "measure"),
        ("by=mood", "by"),
        ("measure=leads&by=stage", "by"),
        ("measure=won_value&by=rating", "by"),
        ("cohort=yes", "cohort"),
        ("source=99999999999999999999", "source"),
        ("by=month&from=1900-01-01&to=2199-12-31", "from"),
        ("as_of=2026-01-01", "as_of"),
    ],
)
def test_names_the_parameter_that_cannot_be(manager: User, asked: str, field: str) -> None:
    answer = Caller(manager).get(f"reports/breakdown/?{asked}")

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {field})


def test_gives_programs_the_table_of_every_card(
    client: Client, season: None, manager: User
) -> None:
    client.force_login(manager)
    program = Caller(manager)
    for name in REPORTS:
        table = client.get(f"/reports/{name}/").context["table"]

        body = program.get(f"reports/{name}/").json()

        assert body["name"] == name
        assert [row["label"] for row in body["rows"]] == [row.label for row in table.rows]
        keys = [column["key"] for column in body["columns"]]
        for told, row in zip(body["rows"], table.rows, strict=True):
            assert [told["values"][key] for key in keys] == [plain(cell) for cell in row.cells]


def test_knows_no_report_of_another_name(manager: User) -> None:
    assert Caller(manager).get("reports/horoscope/").status_code == 404


def test_loses_for_a_reason_or_for_none(season: None, manager: User) -> None:
    rows = breakdown(manager, f"{YEARS}&measure=lost_count&by=reason")["rows"]
    named = LossReason.objects.order_by("position", "pk")[0]

    lost = {row["label"]: row["value"] for row in rows if row["value"]}
    assert lost == {named.name: 2, "Unknown": 1}


def test_tells_nobody_where_an_account_is_that_they_may_not_see(
    rep: User, outsider: User, client: Client
) -> None:
    account = AccountFactory(owner=outsider, country="FR", region="Brittany")
    won = a_won_opportunity(rep, 900)
    Opportunity.objects.filter(pk=won.pk).update(account=account)
    client.force_login(rep)

    for by, place in (("country", "FR"), ("region", "Brittany")):
        rows = breakdown(rep, f"{YEARS}&measure=won_value&by={by}")["rows"]

        assert [row["key"] for row in rows] == ["none"], rows
        assert str(won) not in client.get(f"/opportunities/?{by}={place}").content.decode()
        assert str(won) in client.get(f"/opportunities/?{by}=none").content.decode()


def test_counts_an_opportunity_for_the_product_on_its_first_line(
    client: Client, rep: User, manager: User
) -> None:
    pump, valve = (Product.objects.create(key=key, name=key.title()) for key in ("pump", "valve"))
    both, one, plain = (a_won_opportunity(rep, value) for value in (900, 50, 7))
    Line.objects.create(opportunity=both, product=valve, position=2)
    Line.objects.create(opportunity=both, description="Freight", position=0)
    Line.objects.create(opportunity=both, product=pump, position=1)
    Line.objects.create(opportunity=one, product=valve)
    Line.objects.create(opportunity=plain, description="Advice")
    client.force_login(manager)

    found = breakdown(manager, f"{YEARS}&measure=won_value&by=product")

    assert [(row["label"], row["value"]) for row in found["rows"]] == [
        ("Unknown", "7.00"), ("Pump", "900.00"), ("Valve", "50.00"),
    ]  # fmt: skip
    assert found["total"] == "957.00"
    assert [listed(client, row["url"]) for row in found["rows"]] == [1, 1, 1]


def test_names_no_account_that_the_caller_may_not_see(
    client: Client, rep: User, outsider: User
) -> None:
    hidden, seen = (AccountFactory(owner=owner) for owner in (outsider, rep))
    for account, value in ((hidden, 900), (seen, 50), (None, 7)):
        won = a_won_opportunity(rep, value)
        Opportunity.objects.filter(pk=won.pk).update(account=account)
    client.force_login(rep)

    found = breakdown(rep, f"{YEARS}&measure=won_value&by=account")

    assert {row["key"]: row["value"] for row in found["rows"]} == {
        str(seen.pk): "50.00",
        "none": "907.00",
    }
    assert hidden.name not in str(found)
    assert {row["key"]: listed(client, row["url"]) for row in found["rows"]} == {
        str(seen.pk): 1,
        "none": 2,
    }


def test_says_how_leads_are_rated(client: Client, rep: User, manager: User) -> None:
    a_lead(rep, rating="hot")
    a_lead(rep)
    client.force_login(manager)

    rows = breakdown(manager, f"{YEARS}&measure=leads&by=rating")["rows"]

    assert {row["label"]: listed(client, row["url"]) for row in rows} == {"Hot": 1, "Unknown": 1}
