"""What is written of a job: that it waits, who does it, how far it is, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks_db.models import DBTaskResult

from records import audit
from records.errors import NotPermitted, Refused
from records.models import Notice, Retention
from records.operations import operation, row_of
from records.operations.notices import tell
from users import formats
from workbench.models import Job, JobLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models import Model

    from users.models import User

KEPT_FOR = timedelta(days=30)
MOST_ATTEMPTS = 20
# Whoever waited for less has seen the end of it himself.
IS_TOLD_AFTER = timedelta(seconds=10)


class JobHasEnded(Refused):
    """The job is over: there is nothing to cancel."""


class JobGoesOn(Refused):
    """The job has not failed: there is nothing to retry."""


@dataclass(frozen=True)
class Line:
    """What a step has to tell of a record: done, skipped or refused; a word; a sentence.

    `undo` is what is needed to take it back.
    """

    record: Model | None
    state: str = JobLine.State.DONE
    code: str = ""
    text: str = ""
    undo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What a step has done: where the next one begins, how many it was, and what is to be told."""

    cursor: dict[str, Any]
    done: int = 1
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class End:
    """Nothing is left to do: what came of it, in a sentence, and where it can be looked at."""

    outcome: str
    url: str = ""


@operation
def add_job(
    kind: str, *, by: User, title: str, total: int, key: str, arguments: dict[str, Any]
) -> Job:
    """Write down a job that is to be done.

    Where one of the same kind and key lives, that one begins anew, with these arguments.
    """
    job: Job | None = None
    if key:
        rows = Job.objects.live().select_for_update(of=("self",))
        job = rows.filter(kind=kind, key=key).first()
    job = job or Job(kind=kind, key=key)
    job.title, job.owner, job.total, job.arguments = title[:200], by, total, arguments
    job.state, job.worker = Job.State.WAITING, ""
    job.cursor, job.done, job.attempts = {}, 0, 0
    job.heartbeat_at = timezone.now()
    if job.pk:
        job.lines.all().delete()
    job.save()
    audit.log(job, "job.started", by=by)
    return job


@operation
def take(number: int) -> Job | None:
    """Let a worker have a job that nobody has; None when somebody has it, or it is over."""
    job = _held(number)
    if job is None or job.worker:
        return None
    now = timezone.now()
    job.attempts += 1
    job.started_at = job.started_at or now
    if job.attempts > MOST_ATTEMPTS:
        # Whatever this step does to a worker, it would do to the next one.
        _ended(job, Job.State.FAILED, _lost())
        return None
    job.state, job.worker, job.heartbeat_at = Job.State.RUNNING, uuid4().hex, now
    job.save(update_fields=["state", "worker", "attempts", "started_at", "heartbeat_at"])
    return job


@operation
def advance(job: Job, work: Callable[[Job], Step | End]) -> Job | None:
    """Do the next step of a job; None when it is over, or another worker has it.

    The step, the cursor behind it and what it tells are one transaction. Raises `Refused` when its
    owner has left.
    """
    current = _held(job.pk)
    if current is None or current.worker != job.worker:
        return None
    if not current.owner.is_active:
        raise Refused(
            _("%(who)s is no longer active, so nothing more is done.") % {"who": current.owner}
        )
    # What it tells is told to its owner, in his language and by his clock.
    with formats.written_for(current.owner):
        step = work(current)
    if isinstance(step, End):
        current.url = step.url
        _ended(current, Job.State.DONE, step.outcome)
        return None
    current.cursor = step.cursor
    current.done += step.done
    current.attempts = 0
    current.heartbeat_at = timezone.now()
    current.save(update_fields=["cursor", "done", "attempts", "heartbeat_at"])
    JobLine.objects.bulk_create(_line(current, line) for line in step.lines)
    return current


@operation
def release(job: Job, *, silent_since: datetime | None = None) -> bool:
    """Take a job from its worker, so that the next one that is free goes on with it.

    With `silent_since` only if nothing was heard of it since. Return whether it waits now.
    """
    # Whoever holds the row is in the middle of a step, and alive.
    rows = Job.objects.live().select_for_update(of=("self",), skip_locked=True)
    current = rows.filter(pk=job.pk).first()
    if current is None or (silent_since is not None and current.heartbeat_at >= silent_since):
        return False
    if silent_since is None and current.worker != job.worker:
        return False
    current.worker = ""
    current.heartbeat_at = timezone.now()
    current.save(update_fields=["worker", "heartbeat_at"])
    return True


@operation
def fail(job: Job, sentence: str) -> None:
    """End a job that cannot go on, and say why. What its steps have done stays."""
    current = _held(job.pk)
    if current is not None and current.worker == job.worker:
        _ended(current, Job.State.FAILED, sentence)


@operation
def cancel(job: Job, *, by: User) -> Job:
    """End a job between two steps. What its steps have done stays. Raises `JobHasEnded`."""
    current = _changeable(job, by=by)
    if not current.is_live:
        raise JobHasEnded(
            _("This job has ended already: it is %(state)s.")
            % {"state": current.get_state_display().lower()}
        )
    _ended(current, Job.State.CANCELLED, _("Cancelled by %(who)s.") % {"who": by})
    audit.log(current, "job.cancelled", by=by)
    return current


@operation
def resume(job: Job, *, by: User) -> Job:
    """Let a job that failed or was cancelled go on where it stopped. Raises `JobGoesOn`."""
    current = _changeable(job, by=by)
    if not current.may_resume:
        raise JobGoesOn(
            _("This job has not stopped: it is %(state)s.")
            % {"state": current.get_state_display().lower()}
        )
    rows = Job.objects.live().filter(kind=current.kind, key=current.key)
    if current.key and rows.exists():
        raise JobGoesOn(_("Another job does the same at this moment."))
    current.state, current.outcome, current.finished_at = Job.State.WAITING, "", None
    current.worker, current.attempts, current.heartbeat_at = "", 0, timezone.now()
    current.save()
    audit.log(current, "job.resumed", by=by)
    return current


@operation
def use_up(line: JobLine) -> None:
    """Forget how what a line tells of is taken back: that is done once."""
    line.undo = {}
    line.save(update_fields=["undo"])


@operation
def prune_jobs(now: datetime | None = None) -> int:
    """Forget jobs that ended long enough ago; return how many."""
    ended = Job.objects.finished_before(Retention.before("jobs", now))
    _count, by_kind = ended.delete()
    return by_kind.get(Job._meta.label, 0)


@operation
def forget_lost_tasks(now: datetime | None = None) -> int:
    """Forget tasks that a worker began 30 days ago and has not ended: it died; return how many.

    Others have done their work: a job and a delivery say themselves what is left to do.
    """
    before = (now or timezone.now()) - KEPT_FOR
    count, _by_kind = DBTaskResult.objects.running().filter(started_at__lt=before).delete()
    return count


def is_silent_since() -> datetime:
    """Return since when a job has to be silent for its worker to count as dead."""
    return timezone.now() - timedelta(seconds=settings.JOB_PATIENCE)


def _held(number: int) -> Job | None:
    """Hold a live job until the transaction ends."""
    rows = Job.objects.live().select_for_update(of=("self",)).select_related("owner")
    job: Job | None = rows.filter(pk=number).first()
    return job


def _changeable(job: Job, *, by: User) -> Job:
    rows = Job.objects.select_for_update(of=("self",)).select_related("owner")
    current = row_of(job, rows)
    if not Job.objects.permitted(by, "change").filter(pk=job.pk).exists():
        raise NotPermitted(_("You may not do this to the jobs of others."))
    return current


def _ended(job: Job, state: str, sentence: str) -> None:
    job.state, job.outcome, job.worker = state, sentence[:1_000], ""
    job.finished_at = job.heartbeat_at = timezone.now()
    job.save()
    was_long = job.finished_at - job.created_at > IS_TOLD_AFTER
    if state == Job.State.FAILED or (state == Job.State.DONE and was_long):
        tell(job.owner, Notice.What.JOB_FINISHED, by=None, about=job, text=job.outcome)


def _line(job: Job, line: Line) -> JobLine:
    kind = ContentType.objects.get_for_model(type(line.record)) if line.record else None
    return JobLine(
        job=job,
        record_type=kind,
        record_id=line.record.pk if line.record else None,
        state=line.state,
        code=line.code,
        text=line.text[:1_000],
        undo=line.undo,
    )


def _lost() -> str:
    return _(
        "The work broke off %(count)d times at the same place. What was done until then stays."
    ) % {"count": MOST_ATTEMPTS}
