"""Invitations to a meeting: sent, and followed by every change of it, until it has begun."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.calendar import Event, Person, calendar_of
from activities.models import Activity, Invitation
from records.errors import Refused, Unacceptable
from records.operations import operation
from records.operations.checking import acceptable
from users import formats
from workbench.operations.mail import MOST_RECIPIENTS, addresses, post, with_name
from workbench.smtp import bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from users.models import User

REQUEST, CANCEL = "REQUEST", "CANCEL"
LONGEST_TEXT = 5_000


class NothingToInviteTo(Refused):
    """It is no meeting that is still to come."""


@operation
def put_invitation(
    activity: Activity, *, by: User, people: Sequence[str], place: str = "", text: str = ""
) -> Invitation:
    """Invite `people` to a meeting that the caller holds, in place of those who were before.

    Addresses are like those of a letter. Who was invited and is no longer is told that it is off;
    whoever stays is told what has changed, and nothing where nothing has. Raises
    `NothingToInviteTo`, and `Unacceptable` naming `people`, `place` or `text`.
    """
    if activity.kind != Activity.Kind.MEETING or not _is_to_come(activity):
        raise NothingToInviteTo(_("Only to a meeting that is still to come can you invite."))
    pairs = [parseaddr(each) for each in addresses(people, "people")]
    if len(pairs) > MOST_RECIPIENTS:
        sentence = _("Invite at most %(most)d people.")
        raise Unacceptable(errors={"people": [sentence % {"most": MOST_RECIPIENTS}]})
    rows = Invitation.objects.select_for_update(of=("self",)).filter(activity=activity)
    invitation = rows.first()
    if invitation is None:
        if not pairs:
            raise Unacceptable(errors={"people": [_("Say who is invited.")]})
        domain = bare(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2]
        invitation = Invitation(activity=activity, uid=f"{uuid4().hex}@{domain}")
    if not invitation.told:
        invitation.organizer = by
    invitation.people = [{"name": name, "email": address} for name, address in pairs]
    invitation.place, invitation.text = " ".join(place.split()), text.strip()
    if len(invitation.text) > LONGEST_TEXT:
        raise Unacceptable(errors={"text": [_("The text is too long.")]})
    acceptable(invitation)
    invitation.save()
    _tell(invitation, activity)
    return invitation


@operation
def tell_invited(activities: Iterable[Activity]) -> None:
    """Tell those who were invited to these meetings what has become of them, if that has changed.

    Of a meeting that has begun nobody is told anything any more.
    """
    meetings = {each.pk: each for each in activities if each.kind == Activity.Kind.MEETING}
    if not meetings:
        return
    rows = Invitation.objects.select_for_update(of=("self",)).filter(activity__in=meetings)
    for invitation in rows.order_by("pk"):
        _tell(invitation, meetings[invitation.activity_id])


def _is_to_come(activity: Activity) -> bool:
    is_there = activity.is_open and not activity.is_in_bin
    return is_there and activity.due_at is not None and activity.due_at > timezone.now()


def _tell(invitation: Invitation, activity: Activity) -> None:
    before, now = invitation.told, timezone.now()
    begins = datetime.fromisoformat(before["start"]) if before else None
    if activity.status == Activity.Status.DONE or (begins is not None and begins <= now):
        return
    is_off = not _is_to_come(activity)
    if is_off and (not before or before["is_off"]):
        return
    told = {**before, "is_off": True} if is_off else _as_told(invitation, activity)
    if told == before:
        return
    invitation.sequence += bool(before)
    invitation.told = told
    invitation.save(update_fields=["sequence", "told"])
    still = {person["email"] for person in told["people"]}
    if not is_off:
        _send(invitation, told, told["people"], REQUEST)
        gone = [] if before.get("is_off") else before.get("people", [])
        gone = [person for person in gone if person["email"] not in still]
        _send(invitation, {**before, "people": gone}, gone, CANCEL)
    else:
        _send(invitation, told, told["people"], CANCEL)


def _as_told(invitation: Invitation, activity: Activity) -> dict[str, Any]:
    """Return all that the people who are invited get to know."""
    assert activity.due_at is not None  # noqa: S101  a meeting that is to come has its moment
    return {
        "title": activity.subject,
        "start": activity.due_at.isoformat(),
        "minutes": activity.duration or 60,
        "place": invitation.place,
        "text": invitation.text,
        "people": invitation.people,
        "is_off": False,
    }


def _send(
    invitation: Invitation, told: dict[str, Any], people: Sequence[dict[str, str]], method: str
) -> None:
    """Post a letter to each of `people`, with the meeting as calendars read it."""
    if not people:
        return
    organizer = invitation.organizer
    event = Event(
        uid=invitation.uid,
        title=told["title"],
        start=datetime.fromisoformat(told["start"]),
        stamp=timezone.now(),
        minutes=told["minutes"],
        sequence=invitation.sequence,
        place=told["place"],
        text=told["text"],
        organizer=Person(organizer.email, str(organizer)),
        attendees=tuple(Person(each["email"], each["name"]) for each in told["people"]),
        is_cancelled=method == CANCEL,
    )
    content = calendar_of([event], method=method).encode()
    for person in people:
        post(
            to=[with_name(person["name"], person["email"])],
            subject=_subject(invitation, event, method),
            text=_words(event),
            sender=str(organizer).replace("@", " "),
            reply_to=with_name(str(organizer), organizer.email),
            attachments=[
                ("invite.ics", content, f"text/calendar; method={method}"),
                ("invite.ics", content, "application/ics"),
            ],
            key=f"invitation:{invitation.uid}:{invitation.sequence}:{method}:{person['email']}"[
                :200
            ],
        )


def _subject(invitation: Invitation, event: Event, method: str) -> str:
    words = _("Invitation: %(meeting)s")
    if method == CANCEL:
        words = _("Cancelled: %(meeting)s")
    elif invitation.sequence:
        words = _("Changed: %(meeting)s")
    return words % {"meeting": event.title}


def _words(event: Event) -> str:
    """Return the meeting in words, for whoever has no calendar that reads it."""
    start = timezone.localtime(event.start)
    when = f"{formats.long_day(start)}, {formats.clock(start)}"
    lines = [event.title, _("When: %(when)s (%(zone)s)") % {"when": when, "zone": f"{start:UTC%z}"}]
    if event.place:
        lines.append(_("Where: %(place)s") % {"place": event.place})
    if event.is_cancelled:
        lines.append(_("The meeting does not take place, or goes on without you."))
    elif event.text:
        lines += ["", event.text]
    return "\n".join([*lines, "", event.organizer.name if event.organizer else ""])
