"""The dashboards: each has its cards, and all of them answer the same question alike."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from reports.views.boards import BOARDS
from reports.views.cards import CARDS
from tests.reports.test_cards import part
from tests.reports.world import a_season, an_opportunity
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`


@pytest.fixture
def season(rep: User, rep2: User, outsider: User) -> None:
    a_season(rep, rep2, outsider)


@pytest.mark.both
@pytest.mark.parametrize("key", BOARDS)
@pytest.mark.parametrize("who", ["rep", "manager", "admin", "outsider"])
def test_each_is_there_for_everybody(
    client: Client, season: None, key: str, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))

    answer = client.get(f"/reports/?board={key}")

    html = answer.content.decode()
    assert f'tabindex="-1">{BOARDS[key].title}</h1>' in html
    assert re.findall(r'<figure [^>]*id="card-([a-z-]+)"', html) == list(BOARDS[key].cards)
    assert not re.search(r"\bNaN\b", html)
    assert " style=" not in html


@pytest.mark.both
@pytest.mark.parametrize("key", BOARDS)
def test_stands_without_a_single_record(client: Client, manager: User, key: str) -> None:
    client.force_login(manager)

    assert client.get(f"/reports/?board={key}").status_code == 200


def test_every_card_of_the_library_stands_somewhere() -> None:
    shown = {name for board in BOARDS.values() for name in board.cards}

    # The strip is on every dashboard with leads, and the past has pages of its own.
    assert shown | {"open-leads", "pipeline-as-of", "bridge"} == CARDS.keys()
    for board in BOARDS.values():
        assert not board.widths or len(board.widths) == len(board.cards)


@pytest.mark.both
def test_my_numbers_are_mine_alone(client: Client, rep: User, rep2: User, manager: User) -> None:
    an_opportunity(rep, value=100)
    an_opportunity(rep2, value=900)
    client.force_login(rep)

    page = client.get(f"/reports/?board=mine&owner={rep2.pk}&team={rep.team_id}")

    assert page.context["deals"].total.value == 100
    names = {field.name for field in page.context["head"].visible_fields()}
    assert names == {"period", "from", "to", "source"}


def test_the_address_keeps_the_dashboard(client: Client, season: None, manager: User) -> None:
    client.force_login(manager)

    html = client.get("/reports/?board=leads&period=last_year").content.decode()
    swapped = client.get("/reports/?board=leads&period=this_year&team=", headers=part("dashboard"))
    card = client.get("/reports/funnel/?board=leads&period=this_year")

    assert '<input type="hidden" name="board" value="leads">' in html
    assert 'href="/reports/?period=last_year&amp;board=team"' in html
    assert swapped["HX-Push-Url"] == "/reports/?period=this_year&board=leads"
    assert 'href="/reports/?period=this_year&amp;board=leads"' in card.content.decode()


def test_counts_nothing_on_a_dashboard_that_there_is_not(
    client: Client, season: None, manager: User
) -> None:
    client.force_login(manager)

    answer = client.get("/reports/?board=horoscope")

    assert answer.status_code == 200
    assert answer.context["deals"].total.count == 0
