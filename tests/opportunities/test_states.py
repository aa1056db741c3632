"""What an opportunity was is remembered by every operation, in the transaction of the change."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps

from accounts.operations import merge_accounts, unmerge_accounts
from crm.integrity import pipeline_states_tell_what_opportunities_were as faults
from leads.operations import leave, qualify, undo
from opportunities.models import LossReason, Opportunity, PipelineState, Product, Stage
from opportunities.operations import (
    assign_opportunity,
    delete_opportunity,
    lose,
    move_to_stage,
    open_opportunity,
    put_on_hold,
    reopen,
    restore_opportunity,
    resume,
    set_lines,
    take_back_move,
    update_opportunity,
    win,
)
from records.errors import Refused
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.usefixtures("defaults")

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)


def stage(key: str) -> Stage:
    return Stage.objects.get(process__is_default=True, key=key)


def states(opportunity: Opportunity) -> list[PipelineState]:
    return list(opportunity.states.order_by("from_at"))


CHANGES: dict[str, Any] = {
    "moved": lambda o, by: move_to_stage(o, by=by, stage=stage("propose")),
    "moved back": lambda o, by: take_back_move(
        move_to_stage(o, by=by, stage=stage("propose")), by=by
    ),
    "worth more": lambda o, by: update_opportunity(o, by=by, value=Decimal("1200.50")),
    "worth nothing": lambda o, by: update_opportunity(o, by=by, value=None),
    "likelier": lambda o, by: update_opportunity(o, by=by, probability=77),
    "forecast": lambda o, by: update_opportunity(o, by=by, forecast_category="commit"),
    "renamed": lambda o, by: update_opportunity(o, by=by, topic="Other looms"),
    "all at once": lambda o, by: update_opportunity(
        o, by=by, value=Decimal(9), stage=stage("close"), owner=None
    ),
    "lines": lambda o, by: set_lines(
        o, by=by, lines=[{"description": "A loom", "price": Decimal(7)}]
    ),
    "assigned": lambda o, by: assign_opportunity(o, by=by, owner=by),
    "held and resumed": lambda o, by: resume(put_on_hold(o, by=by), by=by),
    "won": lambda o, by: win(o, by=by, actual_value=Decimal(3)),
    "lost": lambda o, by: lose(o, by=by, reason=LossReason.objects.all()[0]),
    "reopened": lambda o, by: reopen(win(o, by=by), by=by),
    "deleted": lambda o, by: delete_opportunity(o, by=by),
    "restored": lambda o, by: restore_opportunity(delete_opportunity(o, by=by), by=by),
    "won and deleted": lambda o, by: delete_opportunity(win(o, by=by), by=by),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_ticking", [True, False], ids=["in time", "in no time"])
def test_is_what_the_row_says_after_every_operation(
    admin: User, rep: User, time_machine: Any, change: str, is_ticking: bool
) -> None:
    time_machine.move_to(T0, tick=is_ticking)
    opportunity = OpportunityFactory(owner=rep, value=Decimal(1000))

    CHANGES[change](opportunity, admin)

    assert list(faults()) == []
    for before, state in pairwise(states(opportunity)):
        assert before.until_at == state.from_at
    assert len(states(opportunity)) == 1 or is_ticking


def test_says_what_it_was_before(admin: User, rep: User, time_machine: Any) -> None:
    time_machine.move_to(T0)
    opportunity = OpportunityFactory(owner=rep, value=Decimal(1000))
    time_machine.move_to(T0 + timedelta(days=1))
    win(opportunity, by=admin, actual_value=Decimal(900))

    first, last = states(opportunity)

    assert (first.standing, first.standing_before, first.value_before) == ("open", "", None)
    assert (last.standing, last.standing_before) == ("won", "open")
    assert (last.base_value, last.value_before) == (Decimal(900), Decimal(1000))
    assert (last.stage_before, last.owner_before) == (first.stage, rep)


def test_nothing_is_written_for_what_no_figure_reads(rep: User, statements: Any) -> None:
    opportunity = OpportunityFactory(owner=rep)

    with statements() as told:
        update_opportunity(opportunity, by=rep, topic="Other looms")

    assert [line for line in told if "pipelinestate" in line] == []
    assert len(states(opportunity)) == 1


def test_no_change_comes_before_the_last_one(admin: User, rep: User, time_machine: Any) -> None:
    time_machine.move_to(T0, tick=False)
    opportunity = OpportunityFactory(owner=rep, value=Decimal(1000))
    time_machine.move_to(T0 - timedelta(seconds=3))  # a second machine, whose clock is late

    update_opportunity(opportunity, by=admin, value=Decimal(2000))

    (only,) = states(opportunity)
    assert (only.from_at, only.base_value) == (T0, Decimal(2000))
    assert list(faults()) == []


def test_a_change_that_is_refused_leaves_no_state(rep: User) -> None:
    opportunity = OpportunityFactory(owner=rep)

    with pytest.raises(Refused):
        update_opportunity(opportunity, by=rep, probability=101)

    assert len(states(opportunity)) == 1


def test_goes_with_what_a_qualification_made_when_it_is_undone(admin: User, rep: User) -> None:
    lead = LeadFactory(owner=rep)
    qualify(lead, by=admin)
    assert PipelineState.objects.count() == Opportunity.objects.count() == 1

    undo(lead, by=admin)

    assert not PipelineState.objects.exists()
    qualify(lead, by=admin)
    leave(lead, by=admin)
    assert PipelineState.objects.lasting().count() == Opportunity.objects.count() == 1
    assert list(faults()) == []


def test_stays_right_when_companies_are_merged_and_parted(admin: User, rep: User) -> None:
    stays, goes = AccountFactory(owner=rep), AccountFactory(owner=rep)
    opportunity = OpportunityFactory(owner=rep, account=goes, value=Decimal(5))

    unmerge_accounts(merge_accounts(stays, [goes], by=admin), by=admin)

    assert len(states(opportunity)) == 1
    assert list(faults()) == []


def test_begins_with_the_total_of_the_lines(admin: User) -> None:
    product = Product.objects.create(key="loom", name="Loom", price=Decimal(40))

    opportunity = open_opportunity("Looms", by=admin, owner=admin, products=[product])

    assert [state.base_value for state in states(opportunity)] == [Decimal(40)]


def test_what_was_before_there_were_states_is_read_from_the_history(
    admin: User, rep: User, time_machine: Any
) -> None:
    time_machine.move_to(T0)
    made = {}
    for name in CHANGES:
        made[name] = OpportunityFactory(owner=rep, value=Decimal(1000))
    for place, (name, change) in enumerate(CHANGES.items(), start=1):
        time_machine.move_to(T0 + timedelta(hours=place))
        change(made[name], admin)
    columns = [f.attname for f in PipelineState._meta.concrete_fields if f.name != "id"]
    written = PipelineState.objects.order_by("opportunity", "from_at")
    expected = list(written.values_list(*columns))
    PipelineState.objects.all().delete()

    migrations = "opportunities.migrations"
    importlib.import_module(f"{migrations}.0011_states_of_the_past").write_states(apps, None)
    importlib.import_module(f"{migrations}.0018_stays_of_the_past").write_days(apps, None)

    assert list(written.values_list(*columns)) == expected
    assert list(faults()) == []
