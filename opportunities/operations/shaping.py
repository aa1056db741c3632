"""How an administrator shapes processes and their stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext as _

from opportunities.models import Opportunity, Process, Stage, Step
from records.conditions import ConditionIsWrong, as_data, parse
from records.errors import Unacceptable
from records.operations import note_parts, operation, save_setting
from records.vocabulary import fields_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from users.models import User


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
    rows = Stage.objects.select_for_update().filter(process=stages[0].process)
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
