"""What becomes of an entry: done, opened again, corrected, deleted, restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import Activity, ActivityLink
from activities.operations.invitations import tell_invited
from activities.operations.mentioning import mention
from activities.operations.steps import places_of, refresh_places, timeline_model
from activities.operations.writing import (
    TO_DO,
    Next,
    RecordIsReadOnly,
    named,
    past,
    plan_next,
    takes,
    writable,
)
from records import audit
from records.errors import IsInBin, NotPermitted, Refused, Stale, Unacceptable
from records.operations import (
    apply,
    operation,
    row_of,
    save_changed,
    settled,
    stale_sentence,
    values_of,
)
from records.operations.notices import tell_owner
from records.permissions import reaches, require

if TYPE_CHECKING:
    from records.models import TimelineRecord
    from users.models import User

EDITABLE = {
    "subject",
    "text",
    "direction",
    "outcome",
    "duration",
    "due_at",
    "remind",
    "done_at",
    "is_pinned",
    "owner",
    "external_id",
    "custom",
}
# What others have read, or written.
AS_IT_WENT = {"subject", "text", "direction", "done_at"}


class ActivityIsCancelled(Refused):
    """The task was cancelled when its record was closed."""


class NothingToDo(Refused):
    """A note or an email is never open."""


@operation
def complete(
    activity: Activity,
    *,
    by: User,
    outcome: str = "",
    text: str = "",
    next: Next | None = None,  # noqa: A002  the question is "What next?"
    on: TimelineRecord | None = None,
) -> Activity:
    """Tick off a task, meeting or call, and write down what comes next if that is known already.

    `text` is added to what was written before. What comes next is written on `on`, else where the
    entry was written, else, when that record is closed by now, on another one that shows it; where
    every one is closed it is refused. Completing a second time changes nothing. Refuses a cancelled
    one.
    """
    current = held(activity, by=by, action="change")
    if current.status == Activity.Status.DONE:
        return current
    if current.status == Activity.Status.CANCELLED:
        raise ActivityIsCancelled(_("%(entry)s was cancelled.") % {"entry": current})

    changed = apply(
        current,
        {
            "status": Activity.Status.DONE,
            "done_at": timezone.now(),
            "outcome": outcome or current.outcome,
            "text": "\n\n".join(part for part in (current.text, text.strip()) if part),
        },
    )
    save_changed(current, by=by)
    if next is not None:
        plan_next(writable(on or open_place_of(current), by=by), next, by=by)
    places = places_of([current.pk])
    refresh_places(places)

    audit.log(current, "activity.completed", by=by, changes=changed)
    if "text" in changed:
        mention(current, by=by, places=places)
    return current


@operation
def reopen_activity(activity: Activity, *, by: User) -> Activity:
    """Put a finished or cancelled task, meeting or call back on the list.

    Opening an open one changes nothing. Refuses notes and emails: there is nothing to do in them.
    """
    current = held(activity, by=by, action="change")
    if current.is_open:
        return current
    if current.kind not in TO_DO:
        raise NothingToDo(_("There is nothing to do in a note or an email."))

    changed = apply(
        current,
        {
            "status": Activity.Status.OPEN,
            "done_at": None,
            "subject": current.subject or str(current.get_kind_display()),
        },
    )
    save_changed(current, by=by)
    refresh_places(places_of([current.pk]))

    audit.log(current, "activity.reopened", by=by, changes=changed)
    tell_invited([current])
    return current


@operation
def edit_activity(
    activity: Activity, *, by: User, version: int | None = None, **changes: Any
) -> Activity:
    """Correct an entry. Changing nothing writes nothing.

    Refuses fields that tell what kind of entry it is or what became of it. Raises `Stale`.
    """
    current = held(activity, by=by, action="change", version=version)
    if unknown := sorted(changes.keys() - EDITABLE):
        raise Unacceptable(errors={name: [_("This cannot be changed.")] for name in unknown})
    changed = apply(current, changes, by=by)
    if not changed:
        return current
    if current.was_exchanged and (kept := sorted(changed.keys() & AS_IT_WENT)):
        sentence = _("What was sent or received stays as it is. Write a note about it.")
        raise Unacceptable(errors={name: [sentence] for name in kept})
    if current.kind != Activity.Kind.NOTE and "subject" in changed and current.is_open:
        current.subject = named(current.subject)
    if current.kind == Activity.Kind.NOTE and not current.text.strip():
        raise Unacceptable(errors={"text": [_("Write something in the note.")]})
    if "done_at" in changed and (current.done_at is None) != current.is_open:
        raise Unacceptable(errors={"done_at": [_("Complete or reopen it instead.")]})
    past(current.done_at)
    if "owner" in changed:
        if current.owner is None:
            raise Unacceptable(errors={"owner": [_("Somebody has to do it.")]})
        takes(current.owner, by=by)

    save_changed(current, by=by)
    if changed.keys() & {"subject", "due_at", "done_at"}:
        refresh_places(places_of([current.pk]))
    if "owner" in changed:
        tell_owner(current, by=by)

    audit.log(current, "activity.changed", by=by, changes=changed)
    if "text" in changed:
        mention(current, by=by, places=None)
    tell_invited([current])
    return current


@operation
def delete_activity(activity: Activity, *, by: User, version: int | None = None) -> Activity:
    """Put an entry into the recycle bin. Deleting what is there already changes nothing."""
    current = held(activity, by=by, action="delete", version=version, may_be_in_bin=True)
    if current.is_in_bin:
        return current
    current.deleted_at, current.deleted_by = timezone.now(), by
    return _moved_across_the_bin(current, "activity.deleted", by=by)


@operation
def restore_activity(activity: Activity, *, by: User) -> Activity:
    """Take an entry out of the recycle bin. Restoring what is not there changes nothing."""
    current = held(activity, by=by, action="delete", may_be_in_bin=True)
    if not current.is_in_bin:
        return current
    current.deleted_at = current.deleted_by = None
    return _moved_across_the_bin(current, "activity.restored", by=by)


def _moved_across_the_bin(current: Activity, event: str, *, by: User) -> Activity:
    save_changed(current, by=by)
    refresh_places(places_of([current.pk]))
    audit.log(current, event, by=by)
    tell_invited([current])
    return current


def held(
    activity: Activity,
    *,
    by: User,
    action: str,
    version: int | None = None,
    may_be_in_bin: bool = False,
) -> Activity:
    """Lock and re-read an entry, and refuse what may not or no longer be done.

    Permitted is who may do it to the entry itself, or may change the record where it was written.
    """
    rows = Activity._base_manager.select_for_update(of=("self",)).select_related("owner")
    current = settled(row_of(activity, rows), "owner")
    if not reaches(by, action, current):
        origin = origin_of(current)
        if origin is None:
            raise NotPermitted(_("You may not do this to this activity."))
        require(by, "change", origin)
    if current.is_in_bin and not may_be_in_bin:
        raise IsInBin(
            _("%(record)s is in the recycle bin. Restore it first.") % {"record": current}
        )
    if version is not None and version != current.version:
        raise Stale(
            stale_sentence(current, version),
            version=current.version,
            theirs=values_of(current),
            by=str(current.changed_by or ""),
            at=current.changed_at,
        )
    return current


def origin_of(activity: Activity) -> TimelineRecord | None:
    """Return the record on which an entry was written, with its owner."""
    places = _records_of(activity, is_origin=True)
    return places[0] if places else None


def open_place_of(activity: Activity) -> TimelineRecord:
    """Return where the next entry after this one belongs: not on a record that is closed by now."""
    places = _records_of(activity)
    for record in places:
        if not getattr(record, "is_read_only", False) and not record.is_in_bin:
            return record
    raise RecordIsReadOnly(_("Every record that shows this is closed. Reopen one to go on."))


def _records_of(activity: Activity, **which: Any) -> list[TimelineRecord]:
    """Return the records that show an entry: where it was written, then the most particular.

    One that goes with the undo of a qualification in this moment hands its entries on: it is left
    out.
    """
    links = ActivityLink.objects.filter(activity=activity, **which)
    places = sorted(
        (
            (link.is_origin, model._meta.label_lower, model, link.record_id)
            for link in links
            if (model := timeline_model(link.record_type_id)) is not None
        ),
        key=lambda place: place[:2],
        reverse=True,
    )
    found = (
        model._base_manager.select_related("owner").filter(pk=record_id).first()
        for _origin, _label, model, record_id in places
    )
    return [record for record in found if record is not None]
