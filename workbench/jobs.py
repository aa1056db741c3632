"""Work that goes on after the answer: how a room gives it to do, and how workers do it.

A room writes the next step of its work as a function, and starts it by name:

    @Kind
    def tidy_leads(job: Job) -> Step | End:
        leads = Lead.objects.filter(pk__gt=job.cursor.get("after", 0)).order_by("pk")[:100]
        if not leads:
            return End(_("All leads are tidy."))
        for lead in leads:
            tidy(lead, by=job.owner)
        return Step({"after": leads[-1].pk}, done=len(leads))

    start(tidy_leads, by=user, title=_("Tidy leads"), total=Lead.objects.count())

A step is one transaction with the cursor behind it: a worker that dies in the middle of one has
done nothing of it, and whoever takes the job up does it once. So steps are small (a second at
most), and do by `job.cursor` and `job.arguments` alone, never by what is left in memory.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django_tasks import task

from records.errors import Busy, Refused
from records.operations import operation
from records.permissions import hidden_from, unnamed
from workbench.models import Job, JobLine
from workbench.operations import jobs as operations
from workbench.operations.jobs import End, Line, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.db.models import Model

    from users.models import User

__all__ = [
    "End",
    "Job",
    "JobLine",
    "Kind",
    "Line",
    "Step",
    "cancel",
    "do_now",
    "resume",
    "start",
    "take_up",
    "told_to",
    "undo_page_of",
]

log = logging.getLogger(__name__)

TURN = 10.0  # seconds after which a long job lets others have the worker
PATIENCE = 3.0  # seconds that somebody waits for a job that is done at once
LOW = -10  # what came in from outside goes first
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Kind:
    """A kind of job: the function that does the next step of it, and is known by its place.

    The function gets the job and returns a `Step`, or the `End` when nothing is left. What it
    raises ends the job: a `Refused` with its sentence, anything else as a fault of ours in the log.
    """

    step: Callable[[Job], Step | End]
    # Name of the page that takes back what a job of this kind has done; nothing where none does.
    undo: str = ""

    @classmethod
    def undone_at(cls, page: str) -> Callable[[Callable[[Job], Step | End]], Kind]:
        """Decorate a step whose work can be taken back on the page of this name."""
        return lambda step: cls(step, page)

    @property
    def name(self) -> str:
        return f"{self.step.__module__}.{self.step.__qualname__}"


@operation
def start(
    kind: Kind, *, by: User, title: str, total: int = 0, key: str = "", **arguments: Any
) -> Job:
    """Have work done after the answer; promised in the transaction that asks for it.

    `arguments` are what JSON can hold. Of a `key` there is one live job: asked again while it lives
    it begins anew, as a recomputation has to when what it computes from has changed.
    """
    job = operations.add_job(
        kind.name, by=by, title=title, total=total, key=key, arguments=arguments
    )
    run.enqueue(job.pk)
    return job


def do_now(
    kind: Kind, *, by: User, title: str, total: int = 0, key: str = "", **arguments: Any
) -> Job:
    """Do work as a job, but here and now; what a few seconds leave of it goes to the workers."""
    job = operations.add_job(
        kind.name, by=by, title=title, total=total, key=key, arguments=arguments
    )
    _work_on(job.pk, PATIENCE)
    job.refresh_from_db()
    return job


@operation
def resume(job: Job, *, by: User) -> Job:
    """Have a job that failed or was cancelled go on where it stopped."""
    current = operations.resume(job, by=by)
    run.enqueue(current.pk)
    return current


cancel = operations.cancel


def undo_page_of(job: Job) -> str:
    """Return the name of the page that takes back what the job has done, if there is one."""
    if job.is_live or not job.lines.filter(state=JobLine.State.DONE).exists():
        return ""
    try:
        kind = import_string(job.kind)
    except ImportError:
        return ""
    return str(getattr(kind, "undo", ""))


@task(priority=LOW)
def run(number: int) -> None:
    """Do the steps of a job, one after the other, until it ends or others wait for their turn."""
    _work_on(number, TURN)


def _work_on(number: int, seconds: float) -> None:
    job = operations.take(number)
    until = time.monotonic() + seconds
    while job is not None and (job := _advanced(job)) is not None:
        if time.monotonic() > until:
            _pass_on(job)
            return


def take_up() -> int:
    """Have jobs go on whose workers have died, or that nobody has taken; return how many."""
    moment = operations.is_silent_since()
    silent = list(Job.objects.silent_since(moment)[:MOST_AT_ONCE])
    return sum(_pass_on(job, silent_since=moment) for job in silent)


@operation
def _pass_on(job: Job, **terms: Any) -> bool:
    is_free = operations.release(job, **terms)
    if is_free:
        run.enqueue(job.pk)
    return is_free


def _kind_of(job: Job) -> Kind:
    kind = import_string(job.kind)
    if not isinstance(kind, Kind):
        raise TypeError(f"{job.kind} is no kind of job")
    return kind


def _advanced(job: Job) -> Job | None:
    """Do the next step; None when there is nothing to go on with."""
    try:
        return operations.advance(job, _kind_of(job).step)
    except (Busy, OperationalError, InterfaceError):
        # The database asks for patience. The job falls silent, and is taken up from there.
        log.warning("Job %s could not go on now.", job.pk, exc_info=True)
    except Refused as refusal:
        operations.fail(job, " ".join(refusal.reasons))
    except Exception:
        log.exception("Job %s has failed.", job.pk)
        operations.fail(job, _("Something went wrong on our side. It has been written to the log."))
    return None


# What a job has to tell


@dataclass(frozen=True)
class Told:
    """A line as somebody may read it: of a hidden record neither its name nor a sentence."""

    line: JobLine
    record: Any
    name: str
    text: str

    @property
    def url(self) -> str:
        """Where it is shown; settings have no page."""
        return str(getattr(self.record, "get_absolute_url", str)())


def told_to(viewer: User, lines: Iterable[JobLine]) -> list[Told]:
    """Return lines as `viewer` may read them. Two statements for each kind of record at most."""
    lines = list(lines)
    named: dict[type[Model], set[int]] = {}
    for line in lines:
        if model := _model_of(line):
            named.setdefault(model, set()).add(line.record_id or 0)
    hidden = hidden_from(viewer, named)
    records = {
        (model, record.pk): record
        for model, numbers in named.items()
        for record in model._base_manager.filter(pk__in=numbers)
        if (model, record.pk) not in hidden
    }
    return [_told(line, _model_of(line), records) for line in lines]


def _told(line: JobLine, model: type[Model] | None, records: Mapping[Any, Any]) -> Told:
    if model is None:
        return Told(line, None, "", line.text)
    record = records.get((model, line.record_id))
    if record is None:
        return Told(line, None, unnamed(model), "")
    return Told(line, record, str(record), line.text)


def _model_of(line: JobLine) -> type[Model] | None:
    return line.record_type.model_class() if line.record_type else None
