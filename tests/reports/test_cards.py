"""The cards of the overview: alone and together, in parts that make the whole."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import DisqualifyReason, Lead
from leads.operations import capture_lead, disqualify, leave, qualify, undo
from leads.operations import reopen as reopen_lead
from opportunities.models import LossReason, Opportunity, Source, Stage
from opportunities.operations import lose, win
from opportunities.operations import reopen as reopen_opportunity
from reports.tables import REPORTS
from reports.views.boards import BOARDS
from reports.views.cards import CARDS
from tests.reports.test_overview import asked_by, behind, figures, listed
from tests.reports.world import (
    a_disqualified_lead,
    a_lead,
    a_lost_opportunity,
    a_qualified_lead,
    a_season,
    a_won_opportunity,
    an_opportunity,
    noon,
)
from users.models import User


@pytest.fixture
def season(rep: User, rep2: User, outsider: User) -> None:
    a_season(rep, rep2, outsider)
    shop = Source.objects.create(key="shop", name="Shop")
    a_lead(rep, country="DE", source=shop)
    a_qualified_lead(rep2, days=3, country="FR", source=shop)
    a_lost_opportunity(rep, 500)
    a_lost_opportunity(rep2, 700, has_reason=False)
    today = timezone.localdate()
    for place, days in enumerate((None, -40, 0, 35, 400)):
        expected = None if days is None else today + timedelta(days=days)
        category = list(Stage.Forecast)[place % 4]
        deal = an_opportunity(
            rep, value=100 + place, estimated_close_date=expected, forecast_category=category
        )
        Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=noon(place * 15))


def part(target: str, address: str = "/reports/") -> dict[str, str]:
    here = f"http://testserver{address}"
    return {"HX-Request": "true", "HX-Target": target, "HX-Current-URL": here}


@pytest.mark.parametrize(
    "choices",
    ["by=owner", "by=team&cohort=0", "by=campaign&source={shop}", "by=country", "source=none"],
)
def test_every_count_opens_its_records_whatever_is_chosen(
    client: Client, season: None, manager: User, choices: str
) -> None:
    client.force_login(manager)
    shop = Source.objects.get(key="shop").pk

    page = client.get(f"/reports/?period=12_months&{choices.format(shop=shop)}").context

    found = figures(page)
    assert len(found) > 60
    assert behind(client, manager, found) == found


def test_what_is_expected_adds_up_to_the_open_pipeline(season: None, manager: User) -> None:
    found = asked_by(manager)
    deals, places = found.deals, found.forecast

    assert sum(place.total.count for place in places) == deals.total.count
    assert sum(place.total.value for place in places) == deals.total.value
    assert [place.key for place in places if place.total.count] == [
        "overdue", *(one.key for one in places if one.month and one.total.count), "later",
        "undated",
    ]  # fmt: skip


def test_ages_and_reasons_add_up_to_what_they_are_parts_of(season: None, manager: User) -> None:
    deals = asked_by(manager).deals

    for one in deals.ageing:
        assert sum(cell.count for cell in one.cells) == one.stage.count
    assert sum(reason.count for reason in deals.reasons) == deals.lost.count == 2
    assert sum(reason.value for reason in deals.reasons) == deals.lost.value == 1200


def test_an_opportunity_is_stale_from_the_usual_day_of_its_stage_on(
    client: Client, manager: User, rep: User
) -> None:
    usual = Stage.objects.get(process__is_default=True, key="develop").usual_days
    for days in (usual - 1, usual):
        deal = an_opportunity(rep)
        entered = timezone.now() - timedelta(days=days, minutes=1)
        Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=entered)
    client.force_login(manager)

    stale = asked_by(manager).deals.stale

    assert stale.count == listed(client, stale.url) == 1


def test_stands_in_the_order_of_what_was_won(manager: User, rep: User, rep2: User) -> None:
    a_won_opportunity(rep, 100)
    a_won_opportunity(rep2, 900)
    a_lost_opportunity(rep2, 5000)
    a_qualified_lead(rep, days=2)

    first, second = asked_by(manager).leaderboard

    assert (first.name, first.won.value, first.win_rate) == ("Rep2", 900, 0.5)
    assert (second.name, second.win_rate, second.qualified.count) == ("Rep", 1, 1)


def test_a_lead_counts_as_what_it_is_now_and_once(manager: User, rep: User) -> None:
    def counted() -> tuple[int, int, int]:
        found = asked_by(manager)
        closed = found.closed
        return found.open_leads.total.count, closed.part, closed.whole

    def again(**plan: Any) -> Lead:
        return Lead.objects.get(pk=lead.pk)

    lead = capture_lead(
        by=rep, topic="Engines", last_name="Byron", email="ada@engine.example", company="Engines"
    )
    assert counted() == (1, 0, 0)
    qualify(again(), by=rep)
    assert counted() == (0, 1, 1)
    undo(again(), by=rep)
    assert counted() == (1, 0, 0)
    qualify(again(), by=rep)
    leave(again(), by=rep)
    assert counted() == (1, 0, 0)
    disqualify(again(), by=rep, reason=DisqualifyReason.objects.order_by("pk")[0], comment="No")
    assert counted() == (0, 0, 1)
    reopen_lead(again(), by=rep)
    qualify(again(), by=rep)
    assert counted() == (0, 1, 1)


def test_an_opportunity_counts_as_what_it_is_now_and_once(manager: User, rep: User) -> None:
    deal = an_opportunity(rep, "close", 1000)
    reason = LossReason.objects.order_by("pk")[0]

    def counted() -> tuple[int, int, int]:
        deals = asked_by(manager).deals
        return deals.total.count, deals.won.count, deals.lost.count

    win(deal, by=rep, actual_value=Decimal(900))
    assert counted() == (0, 1, 0)
    reopen_opportunity(Opportunity.objects.get(pk=deal.pk), by=rep)
    assert counted() == (1, 0, 0)
    lose(Opportunity.objects.get(pk=deal.pk), by=rep, reason=reason)
    assert counted() == (0, 0, 1)
    assert asked_by(manager).deals.reasons[0].label == reason.name


def test_is_whole_without_scripts_and_comes_card_by_card_with_them(
    client: Client, season: None, manager: User
) -> None:
    client.force_login(manager)

    whole = client.get("/reports/").content.decode()
    swapped = client.get("/reports/?period=this_year", headers=part("dashboard"))

    assert "c-skeleton" not in whole
    html = swapped.content.decode()
    assert "<html" not in html
    assert html.count("c-skeleton") == html.count('hx-trigger="intersect once"') == 7
    assert swapped["HX-Push-Url"] == "/reports/?period=this_year"
    late = re.findall(r'hx-get="(/reports/[a-z-]+/)\?period=this_year"', html)
    assert {address.split("/")[2] for address in late} == set(BOARDS["overview"].cards) - {
        "pipeline",
        "trend",
    }


def test_the_days_in_the_head_are_those_of_the_period_until_they_are_chosen(
    client: Client, manager: User
) -> None:
    client.force_login(manager)
    year = timezone.localdate().year

    def days(query: str) -> list[str]:
        html = client.get(f"/reports/?{query}", headers=part("dashboard")).content.decode()
        return re.findall(r'<input type="date"[^>]*value="([^"]*)"[^>]*hx-swap-oob="true"', html)

    assert days("period=this_year") == [f"{year}-01-01", f"{year}-12-31"]
    assert days(f"period=days&from={year}-02-03&to={year}-03-04") == []


@pytest.mark.once
@pytest.mark.parametrize("name", CARDS)
def test_a_card_comes_alone(client: Client, season: None, manager: User, name: str) -> None:
    client.force_login(manager)

    card = client.get(f"/reports/{name}/?period=this_year", headers=part(f"card-{name}"))
    page = client.get(f"/reports/{name}/?period=this_year")

    html = card.content.decode()
    assert html.count("<figure") == 1
    assert "<html" not in html
    assert f'id="card-{name}"' in html
    assert "<h1" in page.content.decode()


def test_a_choice_on_a_card_changes_it_alone_and_stays_in_the_address(
    client: Client, season: None, manager: User
) -> None:
    client.force_login(manager)

    answer = client.get("/reports/?team=&by=owner", headers=part("card-conversion"))

    html = answer.content.decode()
    assert html.count("<figure") == 1
    assert answer["HX-Push-Url"] == "/reports/?by=owner"
    assert 'form="head" name="by" value="owner"' in html
    assert 'href="/reports/?by=team"' in html


@pytest.mark.once
def test_a_card_alone_needs_no_more_than_its_own_facts(
    client: Client, season: None, manager: User
) -> None:
    client.force_login(manager)
    counts = {}
    for name in CARDS:
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/reports/{name}/", headers=part(f"card-{name}"))
        counts[name] = len(asked)

    assert max(counts.values()) <= 7, counts  # five for who asks what, two for the facts


@pytest.mark.once
def test_gives_each_table_as_a_file_that_runs_nothing(
    client: Client, season: None, manager: User, rep: User
) -> None:
    User.objects.filter(pk=rep.pk).update(name="=cmd|' /C calc'!A1")
    client.force_login(manager)
    for name in REPORTS:
        table = client.get(f"/reports/{name}/?period=12_months").context["table"]

        answer = client.get(f"/reports/{name}/?period=12_months&format=csv")

        lines = list(csv.reader(answer.content.decode().splitlines()))
        assert answer["Content-Type"].startswith("text/csv")
        assert lines[0][1:] == [column.label for column in table.columns]
        assert len(lines) == 1 + len(table.all_rows)
        assert all(len(line) == len(lines[0]) for line in lines)
        assert not [cell for line in lines for cell in line if cell.startswith("=")]


def test_every_card_has_its_definition(client: Client, manager: User) -> None:
    client.force_login(manager)

    page = client.get("/docs/figures/").content.decode()

    anchors = set(re.findall(r'<h2 id="([^"]+)"', page))
    assert {card.definition for card in CARDS.values()} <= anchors
    assert CARDS.keys() == REPORTS.keys()


def test_knows_no_report_of_another_name(client: Client, manager: User) -> None:
    client.force_login(manager)

    assert client.get("/reports/horoscope/").status_code == 404


@pytest.mark.parametrize("wrong", ["by=mood", "cohort=maybe", "source=999999", "period=ever"])
def test_counts_nothing_for_a_choice_that_is_none(
    client: Client, season: None, manager: User, wrong: str
) -> None:
    client.force_login(manager)

    answer = client.get(f"/reports/?{wrong}")

    assert answer.status_code == 200
    assert answer.context["deals"].total.count == 0
    assert "so nothing is counted" in answer.content.decode()


def test_says_what_changed_from_the_period_before(client: Client, manager: User, rep: User) -> None:
    first = noon().replace(day=1)
    for days, at in ((10, first), (20, first - timedelta(days=1)), (40, first - timedelta(days=1))):
        a_qualified_lead(rep, days=days, qualified=at)
    a_disqualified_lead(rep, at=first - timedelta(days=1))
    a_won_opportunity(rep, 700, at=first - timedelta(days=1))
    client.force_login(manager)

    answer = client.get("/reports/?period=this_month")

    assert answer.context["changes"] == {
        "rate": ("+33.3 points", "good"),
        "days": ("20 days faster", "good"),
    }
    assert answer.context["deals"].won_before.value == 700
    assert "€700 in the period before" in answer.content.decode()
