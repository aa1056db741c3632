"""New entries on a timeline: what was said and done, and what is to be done next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import Activity, ActivityLink
from activities.operations.mentioning import mention
from activities.operations.steps import TOUCHES, is_contact, place_of, refresh_places, touch
from records import audit
from records.errors import IsInBin, NotPermitted, Refused, Unacceptable
from records.operations import operation, refuse_merged, row_of, save_new, settled
from records.operations.notices import tell_owner
from records.permissions import may, require, require_any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from records.models import TimelineRecord
    from users.models import User

TO_DO = [Activity.Kind.TASK, Activity.Kind.MEETING, Activity.Kind.CALL]


class RecordIsReadOnly(Refused):
    """The record is closed, so nothing new is written on it."""


@dataclass(frozen=True)
class Next:
    """The answer to "What next?"."""

    subject: str
    due_at: datetime | None = None
    kind: str = Activity.Kind.TASK


@operation
def log_note(
    record: TimelineRecord,
    *,
    by: User,
    text: str,
    is_pinned: bool = False,
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Write a note on the timeline of `record`. Refuses an empty one."""
    origin = writable(record, by=by)
    if not text.strip():
        raise Unacceptable(errors={"text": [_("Write something in the note.")]})
    return done(
        origin,
        by=by,
        kind=Activity.Kind.NOTE,
        text=text.strip(),
        is_pinned=is_pinned,
        custom=custom,
    )


@operation
def log_call(
    record: TimelineRecord,
    *,
    by: User,
    outcome: str = "",
    text: str = "",
    subject: str = "",
    duration: int | None = None,
    direction: str = Activity.Direction.OUTGOING,
    done_at: datetime | None = None,
    next: Next | None = None,  # noqa: A002  the question is "What next?"
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Write down a call, and what comes next if that is known already."""
    origin = writable(record, by=by)
    call = done(
        origin,
        by=by,
        kind=Activity.Kind.CALL,
        subject=subject.strip(),
        text=text.strip(),
        outcome=outcome,
        duration=duration,
        direction=direction,
        done_at=done_at,
        custom=custom,
    )
    plan_next(origin, next, by=by)
    return call


@operation
def log_meeting(
    record: TimelineRecord,
    *,
    by: User,
    subject: str,
    text: str = "",
    duration: int | None = None,
    done_at: datetime | None = None,
    next: Next | None = None,  # noqa: A002
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Write down a meeting that took place, and what comes next if that is known already."""
    origin = writable(record, by=by)
    meeting = done(
        origin,
        by=by,
        kind=Activity.Kind.MEETING,
        subject=named(subject),
        text=text.strip(),
        duration=duration,
        done_at=done_at,
        custom=custom,
    )
    plan_next(origin, next, by=by)
    return meeting


@operation
def log_email(
    record: TimelineRecord,
    *,
    by: User,
    subject: str,
    text: str,
    direction: str = Activity.Direction.OUTGOING,
    done_at: datetime | None = None,
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Write down an email that was sent or received."""
    return done(
        writable(record, by=by),
        by=by,
        kind=Activity.Kind.EMAIL,
        subject=named(subject),
        text=text.strip(),
        direction=direction,
        done_at=done_at,
        custom=custom,
    )


@operation
def add_task(
    record: TimelineRecord,
    *,
    by: User,
    subject: str,
    due_at: datetime | None = None,
    text: str = "",
    owner: User | None = None,
    kind: str = Activity.Kind.TASK,
    remind: str = Activity.Remind.AT,
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Put a task, or a call to make, on the list of `owner`: without one, of `by`.

    `remind` says how long before it is due they are told.
    """
    return planned(
        writable(record, by=by),
        by=by,
        kind=kind,
        subject=subject,
        due_at=due_at,
        text=text.strip(),
        owner=owner,
        remind=remind,
        custom=custom,
    )


@operation
def plan_meeting(
    record: TimelineRecord,
    *,
    by: User,
    subject: str,
    due_at: datetime,
    text: str = "",
    duration: int | None = None,
    owner: User | None = None,
    remind: str = Activity.Remind.AT,
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Put a meeting on the list of `owner`: without one, of `by`."""
    return planned(
        writable(record, by=by),
        by=by,
        kind=Activity.Kind.MEETING,
        subject=subject,
        due_at=due_at,
        text=text.strip(),
        duration=duration,
        owner=owner,
        remind=remind,
        custom=custom,
    )


def writable(record: TimelineRecord, *, by: User) -> TimelineRecord:
    """Re-read `record`, and refuse unless `by` may write something new on its timeline.

    Whoever sees a record may write on it. It is locked, so that nothing is added while its timeline
    is being handed on, or merged into another one.
    """
    require_any(by, "add", Activity)
    rows = type(record)._base_manager.select_related("owner").select_for_update(of=("self",))
    current: TimelineRecord = settled(row_of(record, rows), "owner")
    require(by, "view", current)
    if current.is_in_bin:
        refuse_merged(current, by=by)
        raise IsInBin(
            _("%(record)s is in the recycle bin. Restore it first.") % {"record": current}
        )
    if getattr(current, "is_read_only", False):
        raise RecordIsReadOnly(
            _("%(record)s is closed. Reopen it to add to its timeline.") % {"record": current}
        )
    return current


def done(
    origin: TimelineRecord,
    *,
    by: User,
    kind: str,
    done_at: datetime | None = None,
    custom: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Activity:
    """Write an entry about something that has happened."""
    return written(
        origin,
        "activity.logged",
        by=by,
        activity=Activity(
            kind=kind,
            owner=by,
            status=Activity.Status.DONE,
            done_at=past(done_at) or timezone.now(),
            custom=dict(custom or {}),
            **fields,
        ),
    )


def planned(
    origin: TimelineRecord,
    *,
    by: User,
    kind: str,
    subject: str,
    owner: User | None,
    custom: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Activity:
    """Write an entry about something that is to be done."""
    if kind not in TO_DO:
        raise Unacceptable(errors={"kind": [_("Only a task, a call or a meeting can be planned.")]})
    if owner is not None and owner != by:
        takes(owner, by=by)
    activity = written(
        origin,
        "activity.planned",
        by=by,
        activity=Activity(
            kind=kind,
            owner=owner or by,
            status=Activity.Status.OPEN,
            subject=named(subject),
            custom=dict(custom or {}),
            **fields,
        ),
    )
    # What the product plans by itself comes with a notice of why.
    if not by.is_machine:
        tell_owner(activity, by=by)
    return activity


def plan_next(origin: TimelineRecord, answer: Next | None, *, by: User) -> Activity | None:
    """Write down the answer to "What next?", if there is one."""
    if answer is None:
        return None
    return planned(
        origin,
        by=by,
        kind=answer.kind,
        subject=answer.subject,
        due_at=answer.due_at,
        owner=None,
    )


def written(origin: TimelineRecord, event: str, *, by: User, activity: Activity) -> Activity:
    """Insert an entry, show it on `origin` and its relatives, refresh their next steps."""
    save_new(activity, by=by)
    places = list(dict.fromkeys([place_of(origin), *origin.timeline_relatives()]))
    ActivityLink.objects.bulk_create(
        ActivityLink(
            activity=activity,
            record_type=ContentType.objects.get_for_model(model),
            record_id=pk,
            is_origin=number == 0,
        )
        for number, (model, pk) in enumerate(places)
    )
    if activity.is_open:
        refresh_places(places)
    elif activity.kind in TOUCHES:
        at = activity.done_at or timezone.now()
        touch(places, at, is_contact=is_contact(activity))
    audit.log(activity, event, by=by, changes={"on": [None, origin]})
    mention(activity, by=by, places=places)
    return activity


def named(subject: str) -> str:
    """Return the subject without blanks around it; refuse an empty one."""
    if not subject.strip():
        raise Unacceptable(errors={"subject": [_("Say in a few words what it is about.")]})
    return subject.strip()


def past(moment: datetime | None) -> datetime | None:
    """Refuse a moment that has not come yet."""
    if moment is not None and moment > timezone.now():
        raise Unacceptable(errors={"done_at": [_("Enter a time that has passed.")]})
    return moment


def takes(owner: User, *, by: User) -> None:
    """Refuse unless `by` may give work to others and `owner` is there to take it."""
    if not may(by, "assign", Activity):
        raise NotPermitted(_("You may not give activities to others."))
    if not owner.is_active:
        raise Unacceptable(errors={"owner": [_("%(owner)s is not active.") % {"owner": owner}]})
