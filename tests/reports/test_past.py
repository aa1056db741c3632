"""The pipeline as of any day is what a copy of that day says, and what changed has a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine as clock
from django.db import connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.integrity import pipeline_states_tell_what_opportunities_were as faults
from leads.models import Lead
from leads.operations import qualify, undo
from opportunities.filters import OpportunityFilter
from opportunities.models import LossReason, Opportunity, Stage
from opportunities.operations import (
    assign_opportunity,
    delete_opportunity,
    lose,
    move_to_stage,
    open_opportunity,
    reopen,
    restore_opportunity,
    update_opportunity,
    win,
)
from records.errors import Refused
from reports.models import Target
from reports.queries import AsOf, Bridge, Figures, Period, Question, as_of, bridge, stays
from tests.factories import LeadFactory
from tests.thorough import examples
from users.models import User

pytestmark = pytest.mark.usefixtures("defaults")

# Two days before the clocks of Berlin go forward, two weeks after those of New York did.
T0 = datetime(2026, 3, 27, 9, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"]


def ever(user: User) -> Any:
    return Opportunity.all_objects.permitted(user)


def asked(first: date, last: date | None = None, **whose: str) -> Question:
    return Question(Period(first, last or first), **whose)


def then(user: User, day: date, **whose: str) -> AsOf:
    return as_of(ever(user), asked(day, **whose), day=day)


def between(user: User, first: date, last: date, **whose: str) -> Bridge:
    return bridge(ever(user), asked(first, last, **whose))


def values(found: Bridge) -> dict[str, int]:
    """Return the lines on which there is anything, by name."""
    return {line.key: int(line.value) for line in found.lines if line.value or line.count}


def listed(url: str, user: User) -> int:
    """Return how many rows the list of an address has."""
    found = OpportunityFilter(QueryDict(url.partition("?")[2]), ever(user), user=user)
    assert found.is_valid(), (url, found.errors)
    return int(found.qs.count())


def closes(found: Bridge) -> bool:
    """Say whether opening and changes make the closing value, in all and in each stage."""
    return all(
        one.opening.value + sum(line.value for line in one.lines) == one.closing.value
        for one in (found, *found.stages)
    )


@contextmanager
def at(day: int, hour: int = 12) -> Iterator[None]:
    with clock.travel(T0.replace(hour=hour) + timedelta(days=day), tick=False):
        yield


def day(number: int) -> date:
    return T0.date() + timedelta(days=number)


def stage(key: str) -> Stage:
    return Stage.objects.get(process__is_default=True, key=key)


@dataclass
class World:
    """Opportunities of two people over ten days."""

    rep: User
    rep2: User
    grown: Opportunity
    won: Opportunity
    back: Opportunity
    gone: Opportunity
    given: Opportunity


@pytest.fixture
def world(admin: User, rep: User, rep2: User) -> World:
    def opened(name: str, value: int, owner: User = rep) -> Opportunity:
        return open_opportunity(name, by=admin, owner=owner, value=Decimal(value))

    with at(0):
        made = World(
            rep,
            rep2,
            grown=opened("Grown", 1000),
            won=opened("Won", 200),
            back=opened("Back", 30, rep2),
            gone=opened("Gone", 4),
            given=opened("Given", 50_000),
        )
    with at(2):
        update_opportunity(made.grown, by=admin, value=Decimal(1500))
        lose(made.back, by=admin, reason=LossReason.objects.all()[0])
        move_to_stage(made.given, by=admin, stage=stage("propose"))
    with at(4):
        win(made.won, by=admin, actual_value=Decimal(250))
        delete_opportunity(made.gone, by=admin)
        update_opportunity(made.grown, by=admin, value=Decimal(1200))
    with at(6):
        reopen(made.back, by=admin)
        assign_opportunity(made.given, by=admin, owner=rep2)
    with at(8):
        restore_opportunity(made.gone, by=admin)
        open_opportunity("New", by=admin, owner=rep, value=Decimal(7))
    return made


def test_is_what_was_open_that_day(world: World, manager: User) -> None:
    assert [int(then(manager, day(n)).total.value) for n in range(-1, 10)] == [
        0, 51234, 51234, 51704, 51704, 51200, 51200, 51230, 51230, 51241, 51241,
    ]  # fmt: skip
    assert then(manager, day(400)).total == replace(
        then(manager, timezone.localdate()).total, url=then(manager, day(400)).total.url
    )
    assert then(manager, date(1726, 3, 27)).total.count == 0


def test_stages_and_chances_are_those_of_that_day(world: World, manager: User) -> None:
    stages = {one.label: one for one in then(manager, day(3)).stages}

    assert stages["Propose"].value == Decimal(50_000)
    assert stages["Propose"].weighted == Decimal(30_000)
    assert stages["Develop"].count == 3


def test_every_change_has_a_name(world: World, manager: User) -> None:
    found = between(manager, day(1), day(9))

    assert int(found.opening.value) == 51234
    assert values(found) == {
        "new": 7, "reopened": 30, "restored": 4, "raised": 500, "lowered": -300, "won": -200,
        "lost": -30, "deleted": -4, "moved_in": 50_000, "moved_out": -50_000,
    }  # fmt: skip
    assert int(found.closing.value) == 51241
    assert closes(found)


def test_what_others_give_is_new_to_whom_it_is_given(world: World, manager: User) -> None:
    got = between(manager, day(5), day(6), owner=str(world.rep2.pk))
    gave = between(manager, day(5), day(6), owner=str(world.rep.pk))

    assert values(got) == {"reopened": 30, "received": 50_000}
    assert values(gave) == {"given": -50_000}
    assert values(between(manager, day(5), day(6), team=str(world.rep.team_id))) == {"reopened": 30}
    assert closes(got)
    assert closes(gave)


def test_nobody_learns_of_what_is_not_theirs_to_see(
    world: World, admin: User, rep: User, outsider: User
) -> None:
    assert then(outsider, day(3)).total.count == 0
    assert values(between(outsider, day(0), day(9))) == {}

    with at(9):
        assign_opportunity(world.given, by=admin, owner=outsider)

    # Who may see it is decided today: it has left the past of those who gave it, too.
    assert int(then(rep, day(3)).total.value) == 1704
    assert int(then(outsider, day(3)).total.value) == 50_000
    assert int(between(rep, day(1), day(9)).closing.value) == 1241
    assert values(between(outsider, day(0), day(9))) == {
        "new": 50_000, "moved_in": 50_000, "moved_out": -50_000,
    }  # fmt: skip


def test_what_was_undone_has_never_been(admin: User, rep: User) -> None:
    with at(0):
        lead = LeadFactory(owner=rep, estimated_value=Decimal(900))
        qualify(lead, by=admin)
    assert int(then(admin, day(0)).total.value) == 900

    with at(3):
        undo(lead, by=admin)

    assert then(admin, day(0)).total.count == 0
    assert values(between(admin, day(-1), day(9))) == {}


@pytest.mark.parametrize(
    ("zone", "hour", "is_next_day"),
    [
        ("Europe/Berlin", 22, False),  # 23:00, before the clocks go forward
        ("Europe/Berlin", 23, True),  # 00:00
        ("America/New_York", 23, False),
    ],
)
def test_a_day_ends_at_midnight_where_one_is(
    admin: User, zone: str, hour: int, is_next_day: bool
) -> None:
    with at(1, hour):
        open_opportunity("Late", by=admin, owner=admin, value=Decimal(5))

    with timezone.override(ZoneInfo(zone)):
        assert then(admin, day(1)).total.count == (0 if is_next_day else 1)
        assert then(admin, day(2)).total.count == 1
        found = between(admin, day(2), day(2))

    assert values(found) == ({"new": 5} if is_next_day else {})


def test_the_day_of_the_change_of_clocks_has_23_hours(admin: User) -> None:
    # In Berlin 29 March begins at 23:00 of the day before, and ends at 22:00.
    with at(2, 21):
        open_opportunity("Within", by=admin, owner=admin, value=Decimal(1))
    with at(2, 22):
        open_opportunity("After", by=admin, owner=admin, value=Decimal(20))

    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert int(then(admin, day(2)).total.value) == 1
        assert values(between(admin, day(2), day(2))) == {"new": 1}
        assert values(between(admin, day(3), day(3))) == {"new": 20}


@pytest.mark.parametrize("whose", [{}, {"owner": "none"}, {"owner": "{rep2}"}, {"team": "{team}"}])
def test_every_count_opens_its_rows(world: World, manager: User, whose: dict[str, str]) -> None:
    words = {"rep2": world.rep2.pk, "team": world.rep.team_id}
    of = {name: value.format(**words) for name, value in whose.items()}
    found = between(manager, day(1), day(9), **of)
    past = then(manager, day(5), **of)
    facts = [found.opening, *found.lines, found.closing, *past.stages, past.total]
    facts += [end for one in found.stages for end in (one.opening, one.closing)]

    assert [(one.url, listed(one.url, manager)) for one in facts] == [
        (one.url, one.count) for one in facts
    ]


def test_what_is_on_a_line_of_a_stage_is_listed(world: World, manager: User) -> None:
    for one in between(manager, day(1), day(9)).stages:
        for line in one.lines:
            assert bool(listed(line.url, manager)) == bool(line.value), line


def test_asks_two_statements_however_much_there_is(world: World, manager: User) -> None:
    for work in (lambda: then(manager, day(5)), lambda: between(manager, day(1), day(9))):
        with CaptureQueriesContext(
            connection,
        ) as told:
            work()
        kept = [one for one in told if "users_" not in one["sql"].split("WHERE")[0]]
        assert len(kept) <= 2, [one["sql"] for one in kept]


def test_the_figures_of_nothing(admin: User) -> None:
    rows = ever(admin)
    found = Figures(Lead.objects.none(), rows, Target.objects.none(), asked(day(0)), ever=rows)

    assert found.as_of.total.count == 0
    assert (found.bridge.opening.value, found.bridge.closing.value) == (0, 0)
    assert closes(found.bridge)


# Random histories


@dataclass(frozen=True)
class Copy:
    """What stood in the table of opportunities from a moment on."""

    at: datetime
    rows: dict[int, tuple[Any, ...]]


def copied() -> dict[int, tuple[Any, ...]]:
    columns = (
        "pk", "status", "deleted_at", "stage", "owner", "owner__team", "base_value", "probability",
    )  # fmt: skip
    return {row[0]: row[1:] for row in Opportunity.all_objects.values_list(*columns)}


def recount(rows: dict[int, tuple[Any, ...]], whose: dict[str, str]) -> dict[str, Any]:
    """Count a copy anew, by hand."""
    kept = [
        (stage, value or Decimal(0), chance)
        for status, deleted_at, stage, owner, team, value, chance in rows.values()
        if status == "open"
        and deleted_at is None
        and str(owner or "none") == whose.get("owner", str(owner or "none"))
        and str(team) == whose.get("team", str(team))
    ]
    return {
        "count": len(kept),
        "value": sum((value for _stage, value, _chance in kept), Decimal(0)),
        "weighted": sum((value * chance for _stage, value, chance in kept), Decimal(0)) / 100,
        "stages": {
            stage: sum((v for s, v, _chance in kept if s == stage), Decimal(0))
            for stage in {stage for stage, _value, _chance in kept}
        },
    }


AMOUNTS = st.decimals(0, 100_000, places=2) | st.none()
STEPS = st.tuples(
    st.sampled_from(
        "open open move value value chance assign win lose reopen delete restore qualify "
        "undo".split()
    ),
    st.integers(0, 40),  # hours after the one before
    st.integers(0, 5),  # which
    AMOUNTS,
    st.sampled_from(["develop", "propose", "close"]),
)


class Past:
    """Runs a history, and keeps a copy of the table after each step."""

    def __init__(self, admin: User, *people: User) -> None:
        self.admin, self.owners = admin, [*people, None]
        self.leads: list[Any] = []
        self.reason = LossReason.objects.all()[0]
        self.now = T0
        self.copies = [Copy(T0 - timedelta(days=1000), {})]

    def step(self, name: str, hours: int, which: int, value: Any, key: str) -> None:
        self.now += timedelta(hours=hours)
        with clock.travel(self.now, tick=False):
            try:
                self.do(name, which, value, key)
            except Refused:
                return
        self.copies.append(Copy(self.now, copied()))

    def do(self, name: str, which: int, value: Any, key: str) -> None:
        owner = self.owners[which % len(self.owners)]
        if name == "open":
            terms = {"value": value, "stage": stage(key)}
            open_opportunity("Looms", by=self.admin, owner=owner, **terms)
        elif name == "qualify":
            self.leads.append(LeadFactory(owner=owner or self.admin, estimated_value=value))
            qualify(self.leads[-1], by=self.admin)
        elif name == "undo" and self.leads:
            undo(self.leads[which % len(self.leads)], by=self.admin)
        elif found := list(Opportunity.all_objects.order_by("pk")):
            self.change(name, found[which % len(found)], owner, value, key)

    def change(self, name: str, one: Opportunity, owner: Any, value: Any, key: str) -> None:
        by = self.admin
        match name:
            case "move":
                move_to_stage(one, by=by, stage=stage(key))
            case "value":
                update_opportunity(one, by=by, value=value)
            case "chance":
                update_opportunity(one, by=by, probability=int(value or 0) % 101)
            case "assign":
                assign_opportunity(one, by=by, owner=owner)
            case "win":
                win(one, by=by, actual_value=value)
            case "lose":
                lose(one, by=by, reason=self.reason)
            case "reopen":
                reopen(one, by=by)
            case "delete":
                delete_opportunity(one, by=by)
            case "restore":
                restore_opportunity(one, by=by)

    def copy_of(self, moment: datetime) -> dict[int, tuple[Any, ...]]:
        """Return what stood right before a moment, of what is not gone for good since."""
        kept = self.copies[-1].rows
        rows = [copy.rows for copy in self.copies if copy.at < moment][-1]
        return {pk: row for pk, row in rows.items() if pk in kept}


@pytest.mark.thorough
@settings(
    max_examples=examples(1000, share=0.03),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(STEPS, min_size=3, max_size=18),
    zone=st.sampled_from(ZONES),
    pairs=st.lists(st.tuples(st.integers(-2, 14), st.integers(0, 9)), min_size=2, max_size=3),
    who=st.sampled_from(["all", "owner", "nobody", "team"]),
)
def test_the_bridge_closes_and_a_copy_says_the_same(
    admin: User, rep: User, outsider: User, steps: Any, zone: str, pairs: Any, who: str
) -> None:
    with transaction.atomic():
        past = Past(admin, rep, outsider)
        for step in steps:
            past.step(*step)
        whose = {
            "all": {},
            "owner": {"owner": str(rep.pk)},
            "nobody": {"owner": "none"},
            "team": {"team": str(rep.team_id)},
        }[who]
        assert list(faults()) == []
        with timezone.override(ZoneInfo(zone)), clock.travel(past.now, tick=False):
            for place, (first, length) in enumerate(pairs):
                found = check(past, Period(day(first), day(first + length)), whose)
                if not place:  # each of a dozen lists takes as long as all the rest
                    left = stays(ever(admin), asked(day(first), day(first + length), **whose))
                    assert {one.figure.key: one.days.spread for one in left if one.days.spread} == (
                        stayed(past, Period(day(first), day(first + length)), whose)
                    )
                    facts = [found.opening, *found.lines, found.closing]
                    facts += [one.figure for one in left]
                    told = {one.url: one.count for one in facts}
                    assert {url: listed(url, admin) for url in told} == told
        transaction.set_rollback(True)


def stayed(past: Past, period: Period, whose: dict[str, str]) -> dict[str, dict[int, int]]:
    """Count by hand, copy after copy, how many days each stay lasted that ended in a period."""
    start, end = period.moments
    spreads: dict[str, dict[int, int]] = {}
    for pk in past.copies[-1].rows:
        entered, before = T0, None
        for moment, rows in {copy.at: copy.rows for copy in past.copies}.items():
            now = rows.get(pk)
            if before is not None and now is not None:
                status, deleted_at, stage = now[:3]
                was_open = before[:2] == ("open", None)
                is_open = (status, deleted_at) == ("open", None)
                is_left = deleted_at is None and (not is_open or stage != before[2])
                is_asked = whose.get("owner", str(before[3] or "none")) == str(before[3] or "none")
                is_asked &= whose.get("team", str(before[4])) == str(before[4])
                if was_open and is_left and is_asked and start <= moment < end:
                    spread = spreads.setdefault(str(before[2]), {})
                    days = (moment - entered).days
                    spread[days] = spread.get(days, 0) + 1
                if is_open and not (was_open and stage == before[2]):
                    entered = moment
            elif now is not None:
                entered = moment
            before = now
    return spreads


def check(past: Past, period: Period, whose: dict[str, str]) -> Bridge:
    """Compare both ends of a bridge with what a copy says, and see that its lines lead there."""
    user = past.admin
    found = between(user, period.first, period.last, **whose)
    for end, moment, last in (
        (found.opening, period.moments[0], period.first - timedelta(days=1)),
        (found.closing, period.moments[1], period.last),
    ):
        true = recount(past.copy_of(moment), whose)
        stood = then(user, last, **whose)
        total = stood.total
        assert (total.count, total.value) == (end.count, end.value)
        assert (total.count, total.value) == (true["count"], true["value"])
        weighted = sum(one.weighted for one in stood.stages)
        # Each stage is rounded to a cent by itself.
        assert abs(weighted - true["weighted"]) <= Decimal("0.005") * len(stood.stages)
        assert {int(one.key): one.value for one in stood.stages if one.count} == true["stages"]
    assert closes(found)
    return found
