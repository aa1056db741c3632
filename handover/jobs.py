"""Somebody's open work handed over as one batch, record by record, and taken back as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from handover.operations import HandOverIsAtWork, give, settled_plan
from handover.queries import MODELS, origins_of, owners_of, work_of
from records.errors import Busy, Refused, Unacceptable
from records.operations import operation
from users.models import User
from workbench.bulk import (
    DONE,
    REFUSED,
    SKIPPED,
    changed_since,
    refuse_at_work,
    summary,
    undo_key,
)
from workbench.jobs import End, Job, JobLine, Kind, Line, Step, start
from workbench.operations.jobs import use_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BATCH = 100  # numbers that are looked up at a time


@operation
def hand_over(giver: User, *, by: User, receivers: Sequence[User], kinds: Iterable[str]) -> Job:
    """Have the open work of `giver` given to others, in turn; the job tells what came of each.

    Refuses as `settled_plan` does, and while the work of the same person is being handed over.
    """
    chosen = list(kinds)
    plan = settled_plan(giver, receivers, chosen, by=by)
    if Job.objects.live().filter(kind=hand_over_each.name, key=_key(giver)).exists():
        raise HandOverIsAtWork(
            _("The work of %(person)s is being handed over already. Wait for the end of that job.")
            % {"person": giver}
        )
    names = ", ".join(str(user) for user in receivers)
    return start(
        hand_over_each,
        by=by,
        title=_("Hand over from %(giver)s to %(receivers)s") % {"giver": giver, "receivers": names},
        total=plan.count,
        key=_key(giver),
        giver=giver.pk,
        receivers=[user.pk for user in receivers],
        kinds=[kind for kind in MODELS if kind in chosen],
        until=plan.until,
    )


def _key(giver: User) -> str:
    return f"from:{giver.pk}"


@Kind.undone_at("handover:undo")
def hand_over_each(job: Job) -> Step | End:
    """Give the next record to whose turn it is, or tell what stands in the way."""
    giver = User.objects.get(pk=job.arguments["giver"])
    cursor = _filled(job, giver)
    if cursor is None:
        return End(summary(job, _given, _gone_elsewhere))
    kind, number = job.arguments["kinds"][cursor["kind"]], cursor["batch"].pop(0)
    cursor["after"] = number
    record = MODELS[kind].objects.select_related("owner").filter(pk=number).first()
    if record is None or record.owner_id != giver.pk:
        text = _("It was given to somebody else in the meantime.")
        skipped = Line(record, SKIPPED, "not_theirs", text) if record is not None else None
        return Step(cursor, lines=(skipped,) if skipped else ())
    receivers = job.arguments["receivers"]
    receiver = _with_its_record(record, receivers) if kind == "activity" else None
    if receiver is None:
        receiver = receivers[cursor["turn"] % len(receivers)]
        cursor["turn"] += 1
    return Step(cursor, lines=(_line(record, User.objects.get(pk=receiver), giver, job),))


def _filled(job: Job, giver: User) -> dict[str, Any] | None:
    """Return the cursor with numbers that are next; None when nothing is left."""
    cursor = {"kind": 0, "after": 0, "turn": 0, "batch": [], **job.cursor}
    kinds: list[str] = job.arguments["kinds"]
    while not cursor["batch"]:
        if cursor["kind"] == len(kinds):
            return None
        kind = kinds[cursor["kind"]]
        rows = work_of(giver, kind, by=job.owner).filter(
            pk__gt=cursor["after"], pk__lte=job.arguments["until"][kind]
        )
        cursor["batch"] = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not cursor["batch"]:
            cursor["kind"], cursor["after"] = cursor["kind"] + 1, 0
    return cursor


def _with_its_record(activity: Any, receivers: Sequence[int]) -> int | None:
    """Return the receiver who has the record on which an activity was written, if one has it."""
    places = origins_of([activity.pk])
    owner = next(iter(owners_of(places.values()).values()), None)
    return owner if owner in receivers else None


def _line(record: Any, receiver: User, giver: User, job: Job) -> Line:
    try:
        give(record, by=job.owner, owner=receiver)
    except Busy:
        raise
    except Refused as refusal:
        return Line(record, REFUSED, refusal.code, " ".join(refusal.reasons))
    text = _("Now with %(person)s.") % {"person": receiver}
    return Line(record, DONE, "handed_over", text, undo={"from": giver.pk, "to": receiver.pk})


def _given(count: int) -> str:
    return ngettext("%(n)d record was handed over.", "%(n)d records were handed over.", count) % {
        "n": count
    }


def _gone_elsewhere(count: int) -> str:
    return ngettext(
        "%(n)d had gone to somebody else.", "%(n)d had gone to somebody else.", count
    ) % {"n": count}


# Taking it back


@operation
def take_back(job: Job, *, by: User) -> Job:
    """Take back what a job has handed over, the last one first.

    What is with a third person by now stays there. Raises `Unacceptable` for a job that is at work,
    is being taken back, or has handed nothing over.
    """
    Job.objects.select_for_update(no_key=True).get(pk=job.pk)  # two at once wait for each other
    if job.kind != hand_over_each.name:
        raise Unacceptable(errors={"job": [_("This job did nothing that can be taken back.")]})
    refuse_at_work(job)
    count = job.lines.filter(state=DONE).count()
    if not count:
        raise Unacceptable(errors={"job": [_("This job did nothing that can be taken back.")]})
    return start(
        take_each_back,
        by=by,
        title=_("Undo: %(job)s") % {"job": job.title},
        total=count,
        key=undo_key(job),
        job=job.pk,
    )


@Kind
def take_each_back(job: Job) -> Step | End:
    """Give the next record back to whose it was, or tell why it stays."""
    cursor = {"before": 2**62, "batch": [], **job.cursor}
    if not cursor["batch"]:
        lines = JobLine.objects.filter(job=job.arguments["job"], state=DONE)
        rows = lines.filter(pk__lt=cursor["before"]).order_by("-pk")
        cursor["batch"] = list(rows.values_list("pk", flat=True)[:BATCH])
    if not cursor["batch"]:
        return End(summary(job, _back, changed_since))
    cursor["before"] = cursor["batch"].pop(0)
    done = JobLine.objects.select_related("record_type").get(pk=cursor["before"])
    model: Any = done.record_type.model_class() if done.record_type else None
    rows = model.objects.permitted(job.owner, "view").select_related("owner")
    record = rows.filter(pk=done.record_id).first()
    if record is None:
        text = _("One of them is not there, or not yours to see.")
        return Step(cursor, lines=(Line(None, REFUSED, "not_found", text),))
    return Step(cursor, lines=(_line_back(record, done, job),))


def _line_back(record: Any, done: JobLine, job: Job) -> Line:
    if not done.undo or record.owner_id != done.undo["to"]:
        text = _("It was taken back or given to somebody else since: it stays where it is.")
        return Line(record, SKIPPED, "not_as_it_was", text)
    giver = User.objects.get(pk=done.undo["from"])
    try:
        give(record, by=job.owner, owner=giver)
    except Busy:
        raise
    except Refused as refusal:
        return Line(record, REFUSED, refusal.code, " ".join(refusal.reasons))
    use_up(done)
    return Line(record, DONE, "undone", _("Back with %(person)s.") % {"person": giver})


def _back(count: int) -> str:
    return ngettext(
        "%(n)d record is back where it was.", "%(n)d records are back where they were.", count
    ) % {"n": count}
