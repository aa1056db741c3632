"""How an opportunity goes through its process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opportunities.errors import StepsAreMissing
from opportunities.models import Opportunity, Stage, StageMove, Step, StepTick
from opportunities.operations.terms import held_open, remember, require_stage
from opportunities.rules import is_box, missing_steps, stages_to_begin, told_as
from records import audit
from records.errors import Unacceptable
from records.operations import apply, operation, refuse_gaps, save_changed

if TYPE_CHECKING:
    from opportunities.models import Process
    from users.models import User


@operation
def move_to_stage(
    opportunity: Opportunity, *, by: User, stage: Stage, version: int | None = None
) -> Opportunity:
    """Move an opportunity to another stage; probability and forecast category follow it.

    Forward needs every required step of the stages left behind: raises `StepsAreMissing` with those
    that are not done. Back is free. Moving to the stage that it is in changes nothing.
    """
    current = held_open(opportunity, by=by, action="change", version=version)
    before = current.stage
    if stage.pk == before.pk:
        return current
    require_stage(stage, process_id=before.process_id)
    if missing := missing_steps(current, stage):
        raise StepsAreMissing(
            ngettext(
                "A required step is missing before %(stage)s: %(steps)s.",
                "Required steps are missing before %(stage)s: %(steps)s.",
                len(missing),
            )
            % {"stage": stage, "steps": ", ".join(told_as(step, by) for step in missing)},
            steps=missing,
            reasons=[f"{step.stage}: {told_as(step, by)}" for step in missing],
            field="stage",
        )

    return put_into(current, stage, by=by, is_new=True)


@operation
def take_back_move(
    opportunity: Opportunity, *, by: User, version: int | None = None
) -> Opportunity:
    """Move an opportunity back to where it was before its last move, as likely as it was there.

    Nothing is asked for on the way: it has been there. Refuses one whose last change of place was
    no move; with `version` also one that was changed since. Its days in the stage begin anew.
    """
    current = held_open(opportunity, by=by, action="change", version=version)
    before = current.stage
    last = current.moves.select_related("from_stage").order_by("-at", "-pk").first()
    if last is None or last.kind != StageMove.Kind.MOVED or last.from_stage is None:
        raise Unacceptable(_("%(opportunity)s was not moved.") % {"opportunity": current})
    # The history holds what a person may have typed over the stage's own figures.
    there = (
        current.history.filter(stage=last.from_stage)
        .order_by("-history_date", "-history_id")
        .values("probability", "forecast_category")
        .first()
    )
    stage = last.from_stage
    require_stage(stage, process_id=before.process_id)
    return put_into(current, stage, by=by, **(there or {}))


def put_into(
    current: Opportunity, stage: Stage, *, by: User, is_new: bool = False, **figures: Any
) -> Opportunity:
    """Put a held opportunity into a stage, with the stage's figures where none are given."""
    before = current.stage
    own = {"probability": stage.probability, "forecast_category": stage.forecast_category}
    changed = apply(current, {"stage": stage, **own, **figures})
    if is_new:
        refuse_gaps(current, changed, by=by)
    current.stage_entered_at = timezone.now()
    save_changed(current, by=by)
    remember(current, StageMove.Kind.MOVED, by=by, from_stage=before)

    audit.log(current, "opportunity.stage_changed", by=by, changes=changed)
    return current


@operation
def switch_process(
    opportunity: Opportunity, *, by: User, process: Process, version: int | None = None
) -> Opportunity:
    """Let an opportunity go through another process, from its first stage on.

    Where it has been, and what was ticked there, stays in its memory. Refuses a process that is out
    of use and one without a stage. Switching to its own process changes nothing.
    """
    current = held_open(opportunity, by=by, action="change", version=version)
    if process.pk == current.stage.process_id:
        return current
    if not process.is_active:
        sentence = _("%(process)s is out of use. Choose another process.")
        raise Unacceptable(errors={"process": [sentence % {"process": process}]})
    stage = stages_to_begin(process).first()
    if stage is None:
        sentence = _("%(process)s has no stage yet. An administrator can add one.")
        raise Unacceptable(errors={"process": [sentence % {"process": process}]})
    return put_into(current, stage, by=by, is_new=True)


@operation
def tick_step(
    opportunity: Opportunity, *, by: User, step: Step, is_done: bool = True
) -> Opportunity:
    """Tick a box of the process, or untick it. What is so already stays, and is not logged.

    Refuses a step that is done by filling in a field, and one of another process.
    """
    current = held_open(opportunity, by=by, action="change")
    if step.stage.process_id != current.stage.process_id or step.stage.is_for_leads:
        raise Unacceptable(
            errors={"step": [_("%(step)s is no step of this process.") % {"step": step}]}
        )
    if step.activity:
        sentence = _("%(step)s is done by logging it: %(what)s.")
        what = step.get_activity_display().lower()
        raise Unacceptable(errors={"step": [sentence % {"step": step, "what": what}]})
    if not is_box(step):
        raise Unacceptable(
            errors={"step": [_("%(step)s is done by filling in its field.") % {"step": step}]}
        )
    ticks = StepTick.objects.filter(opportunity=current, step=step)
    if ticks.exists() == is_done:
        return current
    if is_done:
        StepTick.objects.create(opportunity=current, step=step, by=by)
    else:
        ticks.delete()

    audit.log(
        current,
        "opportunity.step_ticked" if is_done else "opportunity.step_unticked",
        by=by,
        changes={step.label: [not is_done, is_done]},
    )
    return current
