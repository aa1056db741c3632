"""How an administrator shapes processes and their stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, Max
from django.utils.translation import gettext as _

from opportunities.models import Opportunity, Process, Stage, Step
from opportunities.operations.moving import put_into
from records.conditions import ConditionIsWrong, as_data, parse
from records.errors import Unacceptable
from records.operations import (
    delete_setting,
    note_parts,
    operation,
    require_for_all,
    row_of,
    save_setting,
    uses_of,
)
from records.operations.states import as_read
from records.vocabulary import fields_of
from users import formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from users.models import User

STEPS = ("steps",)  # what belongs to a stage, and goes with it
MOST_MOVED = 500  # opportunities, in one transaction; more are moved as a job before


@operation
def save_process(process: Process, *, by: User) -> Process:
    """Save a process. A new default takes the mark from the former one; one is always marked.

    Raises `Unacceptable` when the default would be none, or one that is out of use, and for a
    condition that cannot be asked.
    """
    if process.condition:
        try:
            parsed = parse(process.condition, fields_of(Opportunity, by), translate=_)
        except ConditionIsWrong as wrong:
            raise Unacceptable(errors={"condition": wrong.errors["condition"]}) from wrong
        process.condition = as_data(parsed)
    others = Process.objects.select_for_update().filter(is_default=True).exclude(pk=process.pk)
    if process.is_default and not process.is_active:
        raise Unacceptable(errors={"is_active": [_("The default process has to be in use.")]})
    if not process.is_default and process.pk and not others.exists():
        raise Unacceptable(errors={"is_default": [_("Mark another process as the default.")]})
    if process.is_default:
        for other in others:
            other.is_default = False
            save_setting(other, by=by)
    return save_setting(process, by=by)


@operation
def save_step(step: Step, *, by: User) -> Step:
    """Save a step. Raises `Unacceptable` for one that asks for a field and an activity at once."""
    if step.field and step.activity:
        raise Unacceptable(errors={"activity": [_("Choose a field or an activity, not both.")]})
    return save_setting(step, by=by)


@operation
def save_stages(stages: Sequence[Stage], *, by: User) -> Sequence[Stage]:
    """Save stages of one process together, so that they may change places.

    Raises `Unacceptable` when two of the process would stand at one place, and for one that
    changes sides, between lead and opportunity, while opportunities are in it.
    """
    if not stages:
        return stages
    rows = Stage.objects.in_use().select_for_update().filter(process=stages[0].process)
    standing = {stage.pk: stage for stage in rows}
    ours = {stage.pk for stage in stages}
    taken = [stage.position for pk, stage in standing.items() if pk not in ours]
    taken += [stage.position for stage in stages]
    if len(set(taken)) < len(taken):
        raise Unacceptable(errors={"position": [_("Two stages stand at the same position.")]})

    sides = {pk: stage.is_for_leads for pk, stage in standing.items()}
    turned = [s.pk for s in stages if s.pk and sides.get(s.pk) != s.is_for_leads]
    if turned and (found := Opportunity.all_objects.filter(stage__in=turned).first()):
        told = _("There are opportunities in %(stage)s: move them to another stage first.")
        raise Unacceptable(errors={"is_for_leads": [told % {"stage": standing[found.stage_id]}]})

    # Nobody may stand on the place of another even for a moment: all step aside first.
    top = max([*taken, *(stage.position for stage in standing.values())])
    moving = [s.pk for s in stages if s.pk and standing[s.pk].position != s.position]
    if moving:
        rows.filter(pk__in=moving).update(position=F("position") + top + 1)
    before = {pk: stage.version for pk, stage in standing.items()}
    for stage in stages:
        save_setting(stage, by=by, standing=standing.get(stage.pk))
    changed = [stage for stage in stages if before.get(stage.pk) != stage.version]
    if changed and before:
        # Who has the page of the process open has its stages there, too.
        note_parts(stages[0].process, by=by, stages=[None, [str(stage) for stage in changed]])
    return stages


@operation
def remove_stage(stage: Stage, *, by: User, successor: Stage | None = None) -> int:
    """Take a stage away; return how many opportunities went to its `successor`.

    One that never was used is deleted. Of any other the open opportunities, also those in the
    recycle bin, move to the successor, whatever steps are missing; what is closed, and what is
    remembered, still knows it, and reopening leads to the successor. Raises `Unacceptable` where
    there is no successor, or one that cannot be it, and where more than `MOST_MOVED` would move;
    `NotPermitted` unless `by` may delete every stage and change every opportunity.
    """
    require_for_all(by, "delete", Stage)
    current = row_of(stage, Stage.objects.select_for_update(of=("self",)).select_related("process"))
    if not uses_of(current, parts=STEPS):
        delete_setting(current, by=by, parts=STEPS)
        return 0
    require_for_all(by, "change", Opportunity)
    if problem := _successor_problem(current, successor):
        raise Unacceptable(errors={"successor": [problem]})
    rows = Opportunity.all_objects.open().filter(stage=current)
    moving = list(rows.select_for_update(of=("self",)).select_related("owner").order_by("pk"))
    current.successor = successor
    for heir in Stage.objects.filter(successor=current):
        heir.successor = successor
        save_setting(heir, by=by)
    save_setting(current, by=by)
    assert successor is not None  # noqa: S101 - else it was a problem
    for opportunity in moving:
        put_into(as_read(opportunity), successor, by=by)
    note_parts(current.process, by=by, stages=[[str(current)], [str(successor)]])
    return len(moving)


def _successor_problem(stage: Stage, successor: Stage | None) -> str:
    if not stage.is_in_use:
        return _("%(stage)s is out of use already.") % {"stage": stage}
    others = Stage.objects.for_opportunities().filter(process=stage.process).exclude(pk=stage.pk)
    if successor is None or successor not in others:
        return _("Choose the stage of the same process to which its opportunities go.")
    if Opportunity.all_objects.open().filter(stage=stage)[: MOST_MOVED + 1].count() > MOST_MOVED:
        sentence = _("More than %(most)s opportunities are in it: move some of them in the list.")
        return sentence % {"most": formats.count(MOST_MOVED)}
    return ""


@operation
def bring_stage_back(stage: Stage, *, by: User) -> Stage:
    """Put a stage back into use, as the last one of its process. What left it stays where it is."""
    current = row_of(stage, Stage.objects.select_for_update(of=("self",)).select_related("process"))
    if current.is_in_use:
        return current
    last = Stage.objects.filter(process=current.process).aggregate(last=Max("position"))["last"]
    current.successor, current.position = None, last + 1
    save_setting(current, by=by)
    note_parts(current.process, by=by, stages=[[], [str(current)]])
    return current
