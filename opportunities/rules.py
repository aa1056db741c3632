"""The process an opportunity goes through: its stages, what each asks for, how far it has come."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, OuterRef, Prefetch, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import Activity, ActivityLink
from opportunities.models import Opportunity, Process, Stage, StageMove, Step, StepTick
from records.conditions import holds, stored
from records.custom import PREFIX
from records.models import CustomField
from records.operations import known_currency
from records.permissions import hidden_fields
from records.vocabulary import fields_of, reader_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import Model, QuerySet

    from records.models import Record
    from users.models import User

CLOSED = {StageMove.Kind.WON, StageMove.Kind.LOST}


def rate_of(currency: str) -> Decimal:
    """Return what one unit of `currency` is worth in the default currency.

    Raises `Unacceptable` for a currency that nobody has entered.
    """
    if currency == settings.DEFAULT_CURRENCY:
        return Decimal(1)
    return known_currency(currency).rate


def stages_of(
    process: Process | int | None = None,
    *,
    ticked_for: Opportunity | None = None,
    has_steps: bool = True,
) -> list[Stage]:
    """Return the stages of a process, or of the default one, in order, each with its steps.

    With `ticked_for` each step knows whether it is ticked for that opportunity, whose stage is
    among them also when it is out of use by now. Without
    `has_steps` they are left unread.
    """
    whose = Q(process__is_default=True) if process is None else Q(process=process)
    whose &= Q(successor=None) | Q(pk=ticked_for.stage_id if ticked_for is not None else None)
    if not has_steps:
        return list(Stage.objects.filter(whose).order_by("position"))
    steps = known_steps().order_by("position", "pk")
    if ticked_for is not None:
        ticks = StepTick.objects.filter(opportunity=ticked_for, step=OuterRef("pk"))
        steps = steps.annotate(is_ticked=Exists(ticks))
    return list(
        Stage.objects.filter(whose).prefetch_related(Prefetch("steps", steps)).order_by("position")
    )


def opening_stages() -> QuerySet[Stage]:
    """Return where an opportunity may start unless another process is chosen by hand.

    They are the stages, without the part on the lead, of the default process and of each that has a
    condition; process by process, those with conditions in the order in which they are asked.
    """
    return (
        Stage.objects.for_opportunities()
        .filter(
            Q(process__is_default=True) | ~Q(process__condition={}),
            process__is_active=True,
        )
        .select_related("process")
        .order_by("process__is_default", "process__position", "process", "position")
    )


@dataclass(frozen=True)
class Opening:
    """Where an opportunity starts when nobody says where, and which processes are meant."""

    stage: Stage | None
    meant: tuple[Process, ...] = ()


def opening_for(
    draft: Opportunity, *, by: User | None, stages: Iterable[Stage] | None = None
) -> Opening:
    """Say where an opportunity starts, which may lack what it gets there. One statement.

    None, where `stages` are those of `opening_stages`, read already.
    """
    first: dict[int, Stage] = {}
    for stage in opening_stages() if stages is None else stages:
        first.setdefault(stage.process_id, stage)
    asked = [stage for stage in first.values() if stage.process.condition]
    meant: list[Stage] = []
    if asked:
        fields, read, now = fields_of(Opportunity, by), reader_of(draft), timezone.localtime()
        meant = [
            stage
            for stage in asked
            if holds(stored(stage.process.condition, fields), read, now=now)
        ]
    default = next((stage for stage in first.values() if stage.process.is_default), None)
    return Opening(next(iter(meant), default), tuple(stage.process for stage in meant))


def stages_to_begin(process: Process | int) -> QuerySet[Stage]:
    """Return the stages of a process on the opportunity, in their order."""
    return Stage.objects.for_opportunities().filter(process=process).order_by("position")


def known_steps() -> QuerySet[Step]:
    """Return the steps, each knowing whether a custom field that it asks for is in use.

    It comes along with the steps, so that `is_box` asks nothing.
    """
    named = custom_fields_in_use().annotate(named=Concat(Value(PREFIX), "key"))
    return Step.objects.annotate(has_custom_field=Exists(named.filter(named=OuterRef("field"))))


def custom_fields_in_use() -> QuerySet[CustomField]:
    return CustomField.objects.filter(kind=CustomField.Kind.OPPORTUNITY, is_active=True)


def is_box(step: Step, model: type[Model] = Opportunity) -> bool:
    """Say whether a step is a box to tick: it names no activity and no field, or none there is.

    A field that was taken away must not keep everybody in the stage for ever, nor one that an
    administrator took out of use: nobody could fill it in.
    """
    if step.activity:
        return False
    if not step.field:
        return True
    if step.field.startswith(PREFIX):
        is_there = getattr(step, "has_custom_field", None)
        if is_there is None:
            key = step.field.removeprefix(PREFIX)
            is_there = custom_fields_in_use().filter(key=key).exists()
        return not is_there
    try:
        model._meta.get_field(step.field)
    except FieldDoesNotExist:
        return True
    return False


def is_filled(record: Record, name: str) -> bool:
    """Say whether a field holds something. A question of yes or no counts only when it is yes.

    `name` may be a relation to many, which asks the database, or a custom field: `custom.<key>`.
    """
    if name.startswith(PREFIX):
        value = record.custom.get(name.removeprefix(PREFIX))
    else:
        column = record._meta.get_field(name)
        if column.many_to_many or column.one_to_many:
            accessor = getattr(column, "get_accessor_name", lambda: name)()
            return bool(getattr(record, accessor).exists())
        value = getattr(record, getattr(column, "attname", name))
    return value is not None and value is not False and value not in ("", [], {})


def done_steps(opportunity: Opportunity, steps: Iterable[Step]) -> dict[int, bool]:
    """Return which of `steps` are done, by id: boxes ticked, fields filled."""
    steps = list(steps)
    boxes = [step for step in steps if is_box(step)]
    ticked = {step.pk for step in boxes if getattr(step, "is_ticked", False)}
    if any(not hasattr(step, "is_ticked") for step in boxes):
        ticked = set(
            StepTick.objects.filter(opportunity=opportunity).values_list("step", flat=True)
        )
    filled: dict[str, bool] = {}
    for step in steps:
        if not is_box(step) and step.field and step.field not in filled:
            filled[step.field] = is_filled(opportunity, step.field)
    had = activities_had([opportunity.pk], steps)

    def is_done(step: Step) -> bool:
        if step.activity:
            return (opportunity.pk, step.activity) in had
        return step.pk in ticked if is_box(step) else filled[step.field]

    return {step.pk: is_done(step) for step in steps}


def activities_had(
    numbers: Sequence[int], steps: Iterable[Step], *, model: type[Model] = Opportunity
) -> set[tuple[int, str]]:
    """Return which opportunities, or leads, have had which of the activities that steps ask for.

    One statement, and none where no step asks for one.
    """
    kinds = {step.activity for step in steps} - {""}
    if not kinds:
        return set()
    links = ActivityLink.objects.filter(
        record_type=ContentType.objects.get_for_model(model),
        record_id__in=numbers,
        activity__kind__in=kinds,
        activity__status=Activity.Status.DONE,
        activity__deleted_at=None,
    )
    return set(links.values_list("record_id", "activity__kind"))


def told_as(step: Step, viewer: User | None) -> str:
    """Return what a step is called before `viewer`: of a field that is hidden not even the name."""
    if step.field and step.field in hidden_fields(viewer, "opportunity"):
        return _("A field that you may not see")
    return step.label


def missing_steps(opportunity: Opportunity, stage: Stage) -> list[Step]:
    """Return the required steps still to do before `opportunity` may enter `stage`.

    They are those of the stage it is in and of every one it would pass. Going back asks nothing.
    """
    required = list(required_before(stage).filter(stage__position__gte=opportunity.stage.position))
    done = done_steps(opportunity, required)
    return [step for step in required if not done[step.pk]]


def missing_for_each(opportunities: Sequence[Opportunity], stage: Stage) -> dict[int, list[Step]]:
    """Return what `missing_steps` says of each of them, by its id, in as few statements as for one.

    Their stages are loaded.
    """
    steps = list(required_before(stage))
    boxes = {step.pk for step in steps if is_box(step)}
    numbers = [opportunity.pk for opportunity in opportunities]
    had = activities_had(numbers, steps)
    ticks = StepTick.objects.filter(opportunity__in=numbers, step__in=boxes)
    ticked = set(ticks.values_list("opportunity", "step"))
    many = {f.name for f in Opportunity._meta.get_fields() if f.many_to_many or f.one_to_many}
    filled = {
        (pk, name)
        for name in {step.field for step in steps if step.pk not in boxes} & many
        for pk in Opportunity.objects.filter(
            pk__in=numbers, **{f"{name}__isnull": False}
        ).values_list("pk", flat=True)
    }

    def is_done(opportunity: Opportunity, step: Step) -> bool:
        if step.activity:
            return (opportunity.pk, step.activity) in had
        if step.pk in boxes:
            return (opportunity.pk, step.pk) in ticked
        if step.field in many:
            return (opportunity.pk, step.field) in filled
        return is_filled(opportunity, step.field)

    return {
        each.pk: [
            step
            for step in steps
            if step.stage.position >= each.stage.position and not is_done(each, step)
        ]
        for each in opportunities
    }


def required_before(stage: Stage) -> QuerySet[Step]:
    """Return the required steps of the stages before this one, in their order."""
    return (
        known_steps()
        .filter(
            is_required=True,
            stage__in=Stage.objects.for_opportunities().filter(process=stage.process_id),
            stage__position__lt=stage.position,
        )
        .select_related("stage")
        .order_by("stage__position", "position", "pk")
    )


@dataclass(frozen=True)
class StepOnBar:
    """A step as the checklist under the process bar shows it."""

    step: Step
    is_box: bool
    is_done: bool


@dataclass(frozen=True)
class StageOnBar:
    """A stage as the process bar shows it.

    state       done | current | next; a closed opportunity's last stage is won or lost
    left_at     when a done stage was left, None when it was skipped
    days        how long it took in all, None when it was skipped or has not come
    day         the day of the current stay, counted from 1, in the current stage
    steps_left  required steps to do before a next stage can be entered
    """

    stage: Stage
    state: str
    left_at: datetime | None = None
    days: int | None = None
    day: int | None = None
    steps: tuple[StepOnBar, ...] = ()
    steps_left: int = 0

    @property
    def usual_days(self) -> int:
        return self.stage.usual_days

    @property
    def is_late(self) -> bool:
        return self.state == "current" and self.day is not None and self.day > self.usual_days


def stage_bar(
    opportunity: Opportunity | None = None,
    *,
    lead_since: datetime | None = None,
    lead_until: datetime | None = None,
    has_steps: bool = True,
) -> list[StageOnBar]:
    """Return what the process bar shows of an opportunity, or of a lead that has none yet.

    `lead_since` and `lead_until` say when the lead came and was qualified; without them the stages
    worked on the lead are left out. A handful of statements whatever the number of stages, and one
    fewer where nobody asks for the steps.
    """
    process = opportunity.stage.process_id if opportunity is not None else None
    stages = stages_of(process, ticked_for=opportunity, has_steps=has_steps)
    steps: dict[int, list[Step]] = {}
    if has_steps:
        steps = {s.pk: list(s.steps.all()) for s in stages if not s.is_for_leads}
    if lead_since is None:
        stages = [stage for stage in stages if not stage.is_for_leads]
    every = [step for each in steps.values() for step in each]
    done = dict.fromkeys((step.pk for step in every), False)
    stays: dict[int, list[tuple[datetime, datetime | None]]] = {}
    if opportunity is not None:
        done = done_steps(opportunity, every)
        stays = stays_of(opportunity)
    bar: list[StageOnBar] = []
    steps_left = 0
    for stage in stages:
        checklist = tuple(
            StepOnBar(step, is_box(step), done[step.pk]) for step in steps.get(stage.pk, ())
        )
        state = _state_of(stage, opportunity)
        spans = stays.get(stage.pk, [])
        if stage.is_for_leads and lead_since is not None:
            spans = [(lead_since, lead_until)]
        bar.append(
            StageOnBar(
                stage=stage,
                state=state,
                left_at=spans[-1][1] if spans and state != "current" else None,
                days=sum(_days(*span) for span in spans) if spans else None,
                day=_days(spans[-1][0], None) + 1 if spans and state == "current" else None,
                steps=checklist,
                steps_left=steps_left if state == "next" else 0,
            )
        )
        if state in {"current", "next"}:
            steps_left += sum(entry.step.is_required and not entry.is_done for entry in checklist)
    return bar


def stays_of(opportunity: Opportunity) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """Return when an opportunity came into each stage and left it, by stage id, in order."""
    stays: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    current: tuple[int, datetime] | None = None
    moves = StageMove.objects.filter(opportunity=opportunity).order_by("at", "pk")
    for kind, stage_id, at in moves.values_list("kind", "to_stage", "at"):
        if current is not None:
            stays[current[0]].append((current[1], at))
        current = None if kind in CLOSED else (stage_id, at)
    if current is not None:
        stays[current[0]].append((current[1], None))
    return stays


def _state_of(stage: Stage, opportunity: Opportunity | None) -> str:
    if opportunity is None:
        return "current" if stage.is_for_leads else "next"
    if stage.is_for_leads or stage.position < opportunity.stage.position:
        return "done"
    if opportunity.status == Opportunity.Status.WON:
        return "won"
    if stage.pk != opportunity.stage_id:
        return "next"
    return "lost" if opportunity.status == Opportunity.Status.LOST else "current"


def _days(since: datetime, until: datetime | None) -> int:
    return ((until or timezone.now()) - since).days
