"""Figures read of sums are those counted of the records, whatever has happened to these."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm import summaries
from leads.models import Lead
from opportunities.models import LossReason, Opportunity, Source, Stage
from reports.models import LeadSum, OpenSum, Target
from reports.operations import fold
from reports.queries import Figures, Period, Question, Sums
from reports.tables import REPORTS
from tests.factories import UserFactory
from tests.reports.world import (
    a_disqualified_lead,
    a_lead,
    a_qualified_lead,
    an_opportunity,
)
from users.models import Team, User

pytestmark = pytest.mark.django_db

# The cards that can be told by sums, and the figures beside them.
SUMMED = (
    "pipeline", "ageing", "forecast", "outcomes", "ready", "trend", "conversion", "leaderboard",
    "days-to-convert", "cohorts-qualified", "cohorts-won", "attainment", "funnel",
)  # fmt: skip
TODAY = date(2026, 4, 15)
PERIODS = (
    Period(date(2026, 4, 1), date(2026, 6, 30)),
    Period(date(2026, 3, 9), date(2026, 3, 29)),
    Period(date(2025, 1, 17), date(2026, 4, 15)),
    Period(date(1900, 1, 1), date(2199, 12, 31)),
    Period(date(2026, 4, 15), date(2026, 4, 15)),
)
ZONES = ("UTC", "America/Los_Angeles", "Pacific/Kiritimati")
FINE = {"max_examples": 20, "deadline": None, "suppress_health_check": list(HealthCheck)}


def told(user: User, ask: Question, *, sums: Sums | None) -> dict[str, Any]:
    """Return what every card says, and the key figures."""
    figures = Figures(
        Lead.objects.permitted(user),
        Opportunity.objects.permitted(user),
        Target.objects.permitted(user),
        ask,
        sums=sums,
    )
    cards = {name: REPORTS[name].table(figures) for name in SUMMED}
    return cards | {
        "deals": figures.deals,
        "open leads": figures.open_leads,
        "closed": [figures.closed, figures.closed_before],
    }


def same(user: User, ask: Question) -> None:
    by_sums, one_by_one = told(user, ask, sums=Sums.permitted(user)), told(user, ask, sums=None)
    for name, said in one_by_one.items():
        assert by_sums[name] == said, (name, ask)


def near_a_border(chance: Random) -> datetime:
    """Return a moment of the last two years, often one near midnight or the first of a month."""
    at = datetime(2026, 4, 15, 12, tzinfo=UTC) - timedelta(hours=chance.randrange(24 * 700))
    if chance.random() < 0.6:
        at = at.replace(day=1, hour=0) + timedelta(
            minutes=chance.choice([-481, -61, -1, 0, 59, 600])
        )
    return at


def sown(chance: Random, people: list[User]) -> None:
    """Make a world of every kind of lead and opportunity, on all sides of every border."""
    sources = [None, *Source.objects.order_by("pk")[:3]]
    reasons = [None, *LossReason.objects.order_by("pk")[:2]]
    stages = list(Stage.objects.filter(is_for_leads=False).values_list("key", flat=True))
    for _ in range(25):
        who: dict[str, Any] = {
            "source": chance.choice(sources),
            "progress": chance.choice(Lead.Progress.values),
        }
        worth = chance.choice([None, Decimal("10.10"), Decimal("99.99")])
        owner, at = chance.choice([None, *people]), near_a_border(chance)
        a_lead(owner, created=at, estimated_value=worth, **who)
        a_lead(owner, created=at, ready_since=at, **who)
        a_disqualified_lead(people[0], at=at, source=who["source"])
        a_qualified_lead(people[1], days=chance.randrange(100), qualified=at, source=who["source"])
        entered = near_a_border(chance)
        deal = {
            "source": who["source"],
            "created_at": min(at, entered),
            "stage_entered_at": entered,
        }
        an_opportunity(
            owner,
            chance.choice(stages),
            chance.choice([None, 1000, 2500]),
            estimated_close_date=chance.choice(
                [None, at.date() + timedelta(days=chance.randrange(200))]
            ),
            **deal,
        )
        for status in ("won", "lost"):
            an_opportunity(
                people[0],
                status=status,
                closed_at=at,
                closed_on=at.date(),
                actual_value=Decimal(chance.randrange(1, 9999)) / 100 if status == "won" else None,
                loss_reason=chance.choice(reasons) if status == "lost" else None,
                **deal,
            )


@pytest.fixture
def world(manager: User, rep: User, rep2: User, outsider: User) -> list[User]:
    sown(Random(7), [rep, rep2, outsider])
    return [manager, rep]


@pytest.mark.parametrize("zone", ZONES)
def test_every_card_says_by_sums_what_it_says_one_by_one(
    world: list[User], admin: User, zone: str, time_machine: Any
) -> None:
    time_machine.move_to(datetime(2026, 4, 15, 9, 30, tzinfo=UTC), tick=False)
    _manager, rep = world
    source = Source.objects.order_by("pk")[0]
    asked: list[dict[str, Any]] = [
        {},
        {"owner": str(rep.pk)},
        {"owner": "none"},
        {"team": str(rep.team_id), "by": "owner"},
        {"source": str(source.pk), "by": "team"},
        {"source": "none", "is_cohort": False},
    ]
    with timezone.override(zone):
        for number, period in enumerate(PERIODS if zone == "UTC" else PERIODS[1:3]):
            same(admin, Question(period, **asked[number]))
            same(rep, Question(period, **asked[-1 - number]))


def test_who_may_see_nothing_is_told_nothing_by_sums(world: list[User]) -> None:
    nobody = UserFactory(name="Nobody")

    found = told(nobody, Question(PERIODS[0]), sums=Sums.permitted(nobody))

    assert found["deals"].total.count == found["open leads"].total.count == 0
    same(nobody, Question(PERIODS[0]))


def counted_anew() -> tuple[Counter[Any], Counter[Any]]:
    """Count two of the summaries by hand, of rows that are read one by one."""
    leads: Counter[Any] = Counter()
    for lead in Lead.objects.all():
        came = lead.created_at.astimezone(UTC).date().replace(day=1)
        leads[lead.owner_id, lead.source_id, lead.status, lead.progress, came] += 1
    deals: Counter[Any] = Counter()
    for deal in Opportunity.objects.open():
        closes = deal.estimated_close_date and deal.estimated_close_date.replace(day=1)
        deals[deal.owner_id, deal.stage_id, closes] += int((deal.base_value or 0) * 100)
    return +leads, +deals


def summed_up() -> tuple[Counter[Any], Counter[Any]]:
    leads: Counter[Any] = Counter()
    for row in LeadSum.objects.all():
        leads[row.owner_id, row.source_id, row.status, row.progress, row.came] += row.records
    deals: Counter[Any] = Counter()
    for each in OpenSum.objects.all():
        deals[each.owner_id, each.stage_id, each.closes] += int(each.base_value * 100)
    return +leads, +deals


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["changed", "binned", "many", "closed", "moved", "gone", "folded"]),
        st.integers(0, 10**6),
    ),
    max_size=25,
)


def change(act: str, chance: Random) -> None:
    """Do something to the rows by the shortest way there is: it is the database that has to see."""
    model: Any = chance.choice([Lead, Opportunity])
    rows = model.all_objects.order_by("pk")
    if not (numbers := list(rows.values_list("pk", flat=True))):
        return
    one = rows.filter(pk=chance.choice(numbers))
    deals = Opportunity.all_objects.order_by("pk")
    deal = deals.filter(pk=chance.choice(list(deals.values_list("pk", flat=True))))
    owner = chance.choice([None, *User.objects.order_by("pk").values_list("pk", flat=True)])
    at = near_a_border(chance)
    match act:
        case "changed":
            source = Source.objects.order_by("pk")[chance.randrange(2)]
            told = {
                "owner": owner,
                "deleted_at": None,
                "source": source,
                "base_value": Decimal(chance.randrange(10**6)) / 100,
            }
            name = chance.choice(list(told))
            one.update(**{name: told[name]})
        case "binned":
            one.update(deleted_at=at)
        case "many":
            rows.update(owner=owner, base_value=Decimal("0.10"))
        case "closed":
            deal.filter(status="open").update(status="won", closed_at=at, closed_on=at.date())
        case "moved":
            stage = chance.choice(list(Stage.objects.filter(is_for_leads=False)))
            deal.update(stage=stage, estimated_close_date=at.date(), stage_entered_at=at)
            Lead.all_objects.filter(pk__in=numbers[:3]).update(created_at=at)
        case "gone":
            Lead.all_objects.filter(pk__in=numbers[-1:], status="open").delete()
        case "folded":
            fold()


@settings(**FINE)
@given(changes=CHANGES)
def test_sums_follow_whatever_is_written(
    django_db_blocker: Any, team: Team, rep: User, rep2: User, changes: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        for number in range(3):
            a_lead(rep, estimated_value=Decimal(number), created=near_a_border(Random(number)))
            an_opportunity(rep2, value=100 * number)
        for act, seed in changes:
            change(act, Random(seed))

        assert list(summaries.faults()) == []
        assert summed_up() == counted_anew()
        before = summed_up()
        fold()
        assert summed_up() == before
        assert fold() == 0
        transaction.set_rollback(True)


def test_what_is_off_is_named_and_mended(rep: User) -> None:
    a_lead(rep)
    LeadSum.objects.all().delete()
    [(_table, _pk, said)] = summaries.faults()
    assert "off by -1" in said

    call_command("rebuild_summaries", stdout=StringIO())

    assert list(summaries.faults()) == []
    assert LeadSum.objects.get().records == 1


def test_migrating_puts_triggers_back_and_counts_what_was_missed(rep: User) -> None:
    on = "" if connection.vendor == "sqlite" else " ON leads_lead"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER reports_leadsum_new{on}")
    a_lead(rep)
    assert any("missing" in said for _table, _pk, said in summaries.faults())

    call_command("migrate", stdout=StringIO())

    assert list(summaries.faults()) == []
    assert LeadSum.objects.get().records == 1


def test_rows_that_say_the_same_are_put_together(rep: User) -> None:
    for _ in range(3):
        a_lead(rep, estimated_value=Decimal("10.10"), created=datetime(2026, 1, 5, tzinfo=UTC))
    gone = a_lead(rep, created=datetime(2026, 3, 5, tzinfo=UTC))
    gone.delete()

    fold()

    row = LeadSum.objects.get()
    assert (row.records, row.base_value) == (3, Decimal("30.30"))
