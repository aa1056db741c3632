"""Every card where there is next to nothing to count, or a strange question: it says so in words.

Each world is asked as a card, a file, a picture and by API; none may fail, and none may tell of a
number that is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NoReturn

import pytest
from django.test import Client

from opportunities.models import Opportunity
from opportunities.operations import lose, open_opportunity
from records.models import Currency
from reports.queries import Period
from reports.tables import REPORTS
from tests.api.conftest import Caller
from tests.factories import TeamFactory, UserFactory
from tests.reports.world import (
    a_disqualified_lead,
    a_lead,
    a_lost_opportunity,
    a_qualified_lead,
    a_won_opportunity,
    an_opportunity,
)
from users.models import User

NOW = "period=this_quarter"
AHEAD = "period=days&from=2150-01-01&to=2150-12-31"
CENTURIES = "period=days&from=1900-01-01&to=2199-12-31"
MILLENNIA = "period=days&from=1000-01-01&to=2999-12-31"
NO_NUMBER = re.compile(r"\bNaN\b|\bnan\b|\bNone\b|\bInfinity\b")


def nothing(rep: User) -> None:
    """Leave everything empty."""


def one_lead(rep: User) -> None:
    a_lead(rep)


def one_opportunity(rep: User) -> None:
    open_opportunity("Looms", by=rep, owner=rep)


def all_won(rep: User) -> None:
    for _ in range(3):
        a_won_opportunity(rep, 0)
        a_qualified_lead(rep, days=0)


def all_lost(rep: User) -> None:
    for _ in range(3):
        a_lost_opportunity(rep, 10, has_reason=False)
        a_disqualified_lead(rep)


def without_a_rate(rep: User) -> None:
    """Let the currency of an opportunity be taken away."""
    Currency.objects.create(code="XTS", rate=Decimal("0.5"))
    open_opportunity("Looms", by=rep, owner=rep, value=Decimal(90), currency="XTS")
    Currency.objects.filter(pk="XTS").delete()


def owner_is_gone(rep: User) -> None:
    gone = UserFactory(name="Gone", team=rep.team)
    a_won_opportunity(gone, 70)
    an_opportunity(gone)
    a_lead(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)


WORLDS: list[tuple[Callable[[User], None], str]] = [
    (nothing, NOW),
    (nothing, "period=this_quarter&by=team&cohort=0&owner=none"),
    (nothing, CENTURIES),
    (one_lead, "period=12_months"),
    (one_opportunity, "period=12_months"),
    (all_won, CENTURIES),
    (all_won, AHEAD),
    (all_won, MILLENNIA),
    (all_lost, NOW),
    (without_a_rate, NOW),
    (owner_is_gone, "period=12_months&by=owner"),
    (owner_is_gone, "period=12_months&by=manager&cohort=0"),
    (owner_is_gone, "owner={gone}"),
    (owner_is_gone, "owner=999999999"),
    (owner_is_gone, "team={empty}"),
    (owner_is_gone, "period=days&from=2026-05-02&to=2026-05-01"),
    (owner_is_gone, "period=days&from=yesterday&to="),
]


def no_number(word: str) -> NoReturn:
    raise AssertionError(f"{word} is no JSON")


@pytest.mark.once
@pytest.mark.parametrize(
    ("world", "query"), WORLDS, ids=[f"{world.__name__}-{query}" for world, query in WORLDS]
)
def test_every_card_says_something_sensible(
    client: Client, rep: User, manager: User, world: Callable[[User], None], query: str
) -> None:
    world(rep)
    gone = User.objects.filter(name="Gone").first()
    place = WORLDS.index((world, query))
    query = query.format(gone=gone.pk if gone else 0, empty=TeamFactory(name="Nobody's").pk)
    client.force_login(manager)
    for number, name in enumerate(REPORTS):
        address = f"/reports/{name}/?{query}"
        card = client.get(
            address, headers={"HX-Request": "true", "HX-Target": f"card-{name}"}
        ).content.decode()
        # What is taken along is made of the same rows: of one world as a file, of the next drawn.
        taken = client.get(f"{address}&format={('csv', 'svg')[(number + place) % 2]}")

        assert card.count("<figure") == 1, name
        assert "c-empty__title" in card or "<svg" in card or "<table" in card, name
        assert taken.status_code == 200, name
        for text in (card, taken.content.decode()):
            assert not NO_NUMBER.search(text), (name, NO_NUMBER.search(text))


@pytest.mark.parametrize(
    ("world", "query"),
    [(nothing, ""), (one_opportunity, ""), (all_won, "from=1900-01-01&to=2199-12-31")],
)
def test_programs_get_numbers_or_nothing(
    rep: User, manager: User, world: Callable[[User], None], query: str
) -> None:
    world(rep)
    caller = Caller(manager)
    for name in REPORTS:
        answer = caller.get(f"reports/{name}/?{query}")

        assert answer.status_code == 200, (name, answer.content[:300])
        json.loads(answer.content, parse_constant=no_number)


def test_what_a_lost_currency_was_worth_stays_what_it_was(
    client: Client, rep: User, manager: User
) -> None:
    without_a_rate(rep)
    deal = Opportunity.objects.get()
    client.force_login(manager)

    total = client.get("/reports/pipeline/").context["table"].total

    assert [cell.value for cell in total.cells[:2]] == [1, Decimal("45.00")]
    lose(deal, by=manager, reason=a_lost_opportunity(rep, 1).loss_reason)  # type: ignore[arg-type]
    assert not client.get("/reports/pipeline/").context["table"].total.cells[0].value


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("1000-01-01", "2999-12-31", ("0001-01-01", "0999-12-31")),
        ("2026-01-15", "2026-02-10", ("2025-11-01", "2026-01-14")),
    ],
)
def test_the_period_before_ends_where_a_calendar_begins(
    first: str, last: str, before: tuple[str, str]
) -> None:
    period = Period(date.fromisoformat(first), date.fromisoformat(last))

    assert (str(period.before.first), str(period.before.last)) == before
