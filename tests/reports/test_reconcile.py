"""For every card, role and choice of the head: the number on the card is what its list has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from html import unescape

import pytest
from django.db.models import F, Sum
from django.test import Client

from activities.operations import log_call, log_note
from leads.models import Lead
from opportunities.models import Opportunity, Source
from opportunities.operations import open_opportunity, reopen, win
from reports.models import Target
from reports.queries.question import money
from reports.tables import REPORTS
from tests.factories import UserFactory
from tests.reports.test_overview import behind, rows_of
from tests.reports.world import (
    a_lead,
    a_lost_opportunity,
    a_qualified_lead,
    a_season,
    an_opportunity,
    noon,
)
from users.models import User


@pytest.fixture
def season(rep: User, rep2: User, outsider: User) -> None:
    a_season(rep, rep2, outsider)
    shop = Source.objects.create(key="shop", name="Shop")
    a_lead(None, source=shop)
    a_qualified_lead(rep, days=3, source=shop)
    a_lost_opportunity(rep2, 700, has_reason=False)
    for owner in (rep, rep2, outsider):
        deal = open_opportunity("Shuttles", by=owner, owner=owner)
        log_note(deal, by=owner, text="They have looms.")
        log_call(deal, by=owner)
        win(deal, by=owner)
        win(reopen(deal, by=owner), by=owner)
    gone = UserFactory(name="Gone", team=rep.team, is_active=False)
    an_opportunity(gone, "propose", 40)
    Opportunity.objects.filter(owner=gone).update(source=shop)


# Whose rows are counted is decided above the engine: of one who sees few and one who sees many
# PostgreSQL is asked, too.
WHO = [
    "rep",
    "manager",
    *(pytest.param(who, marks=pytest.mark.once) for who in ("admin", "outsider")),
]
CHOICES = [
    "period=12_months",
    "period=this_month&owner={owner}",
    "period=this_year&source={source}",
]
# What a list worth something adds up to: money that stands in one of these is told by it.
ADDED = {"weighted": "weighted"}
# Nothing that is written down with a record: they are set, or are what is left of both.
NOT_OF_RECORDS = {"target", "gap"}
# The worth of what was, not of what the listed records are by now; `test_past.py` recounts those.
OF_THE_PAST = {"pipeline-as-of", "bridge"}


@dataclass(frozen=True)
class Worth:
    """What the records of a list are worth, in the default currency."""

    value: Decimal
    weighted: Decimal


def worth(user: User, url: str) -> Worth:
    """Add up the records of a list, asked of its view without drawing a page."""
    rows = rows_of(user, url)
    if rows.model is Lead:
        return Worth(money(rows.aggregate(value=Sum("base_value"))["value"]), Decimal(0))
    product = Sum(F("base_value") * F("probability"))
    found = rows.aggregate(value=Sum("base_value"), weighted=product)
    return Worth(money(found["value"]), money(found["weighted"], hundredths=True))


def query_of(choices: str, viewer: User) -> str:
    return choices.format(owner=viewer.pk, source=Source.objects.get(key="shop").pk)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("choices", CHOICES)
def test_every_number_is_that_of_its_list(
    client: Client, season: None, who: str, choices: str, request: pytest.FixtureRequest
) -> None:
    viewer = request.getfixturevalue(who)
    client.force_login(viewer)
    counts: dict[str, int] = {}
    sums: list[tuple[str, str, Decimal, str]] = []
    for name in REPORTS:
        table = client.get(f"/reports/{name}/?{query_of(choices, viewer)}").context["table"]
        for row in table.all_rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if cell.kind == "count" and cell.url:
                    counts[cell.url] = cell.value
                if cell.kind != "money" or column.key in NOT_OF_RECORDS:
                    continue
                if column.key == "won" and not cell.url:
                    assert not cell.value, (name, row.label)  # no month in which it was won
                    continue
                url = cell.url or row.url
                assert url, (name, row.label, column.key)
                sums.append((f"{name}: {row.label}", column.key, cell.value, url))
    sums = [one for one in sums if one[0].partition(":")[0] not in OF_THE_PAST]
    worths = {url: worth(viewer, url) for url in dict.fromkeys(url for *_, url in sums)}

    assert len(counts) > 60
    assert len(sums) > 60
    assert dict(behind(client, viewer, list(counts.items()))) == counts
    assert [
        (where, key, value, url)
        for where, key, value, url in sums
        # What is weighted is rounded in each part before it is added up.
        if abs(value - getattr(worths[url], ADDED.get(key, "value")))
        > (Decimal("0.05") if key in ADDED else 0)
    ] == []


@pytest.mark.once
@pytest.mark.parametrize("who", ["rep", "manager"])
def test_every_mark_opens_a_list_that_a_table_tells_of(
    client: Client, season: None, rep: User, who: str, request: pytest.FixtureRequest
) -> None:
    # What has a past, what was done, what left a stage, and what there is a target for.
    log_note(open_opportunity("Looms", by=rep, owner=rep, value=Decimal(90)), by=rep, text="Big")
    win(open_opportunity("Spindles", by=rep, owner=rep), by=rep)
    Target.objects.create(month=noon().date().replace(day=1), owner=rep, amount=Decimal(5000))
    client.force_login(request.getfixturevalue(who))
    marks: dict[str, set[str]] = {}
    told: set[str] = set()
    for name in REPORTS:
        page = client.get(f"/reports/{name}/?period=12_months")
        drawing, _, _rest = page.content.decode().partition("<summary>")
        card = drawing[drawing.index("<figure") :]
        found = re.findall(r'href="(/(?:leads|opportunities|activities)/[^"]*)"', card)
        marks[name] = set(map(unescape, found))
        rows = page.context["table"].all_rows
        told |= {url for row in rows for url in (row.url, *(cell.url for cell in row.cells))}

    assert [name for name in REPORTS if not marks[name]] == []
    assert {name: urls - told for name, urls in marks.items() if urls - told} == {}


@pytest.mark.parametrize("who", ["rep", "manager"])
def test_what_others_have_changes_no_figure(
    client: Client, season: None, outsider: User, who: str, request: pytest.FixtureRequest
) -> None:
    """Nothing that a person may not see is in any number, also not in a total or a share of one."""
    viewer = request.getfixturevalue(who)
    client.force_login(viewer)

    def told() -> dict[str, str]:
        query = "period=12_months&format=csv"
        return {name: client.get(f"/reports/{name}/?{query}").content.decode() for name in REPORTS}

    before = told()
    a_season(outsider, of_each=2)
    a_lost_opportunity(outsider, 123_456)

    assert told() == before


@pytest.mark.parametrize("name", REPORTS)
def test_every_table_answers_for_years_without_anything(
    client: Client, admin: User, name: str
) -> None:
    client.force_login(admin)

    html = client.get(f"/reports/{name}/?period=last_year").content.decode()
    file = client.get(f"/reports/{name}/?period=last_year&format=csv").content.decode()

    assert not re.search(r"\bNaN\b", html + file)
    assert "None" not in file
