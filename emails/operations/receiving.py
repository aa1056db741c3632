"""A letter from a mailbox: it becomes an entry on the timeline that it belongs to, once, or none.

Whoever sends mail can write whatever he likes into it. So a letter adds an entry and changes
nothing else, and only where a person of ours wrote it, or one whom the record is about.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import Activity
from activities.operations import Upload, kept, written_with
from activities.operations.writing import written
from emails.letters import LetterIsWrong, letter_of
from emails.matching import (
    belongs_to,
    email_answered,
    home_of,
    is_our_own,
    people_with,
    place_of,
    record_addressed,
    user_with,
)
from emails.models import Email
from emails.operations.writing import LONGEST_SUBJECT, names_in
from records.errors import LostRace, Unacceptable
from records.keys import clean_text
from records.models import Notice
from records.operations import operation
from records.operations.notices import tell
from records.permissions import may, reaches
from workbench.operations.mail import note_bounce, with_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from activities.operations import Kept
    from emails.letters import Letter
    from records.models import TimelineRecord
    from users.models import User

MOST_FILES = 20
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

# What becomes of a letter. The first four are dealt with; the others are left where they are.
ADDED, KNOWN, BOUNCED, AUTOMATIC, LEFT, UNREADABLE = (
    "added",
    "known",
    "bounced",
    "automatic",
    "left",
    "unreadable",
)


@dataclass(frozen=True)
class Received:
    """What became of a letter, and why in a sentence."""

    verdict: str
    message_id: str = ""
    text: str = ""
    activity: Activity | None = None
    record: TimelineRecord | None = None

    @property
    def is_settled(self) -> bool:
        """Say whether nobody has to look at the letter any more."""
        return self.verdict in {ADDED, KNOWN, BOUNCED, AUTOMATIC}


class NotTaken(Exception):
    """The letter belongs nowhere; `str()` says why."""


def receive(raw: bytes, *, by: User) -> Received:
    """Make an entry of a letter; `by` is the machine in whose name mail of strangers is written.

    The same letter a second time changes nothing. What no record can be found for, or several, and
    what a stranger wrote, is not taken, whatever it says.
    """
    try:
        letter = letter_of(raw)
    except LetterIsWrong as wrong:
        return Received(UNREADABLE, text=_why_unreadable(str(wrong)))
    # Files are looked at before the transaction: that takes its time.
    with ExitStack() as stack:
        files: list[Kept] = []
        refused: list[str] = []
        for each in letter.attached[:MOST_FILES]:
            try:
                upload = Upload(each.name, ContentFile(each.content))
                files += stack.enter_context(kept([upload]))
            except Unacceptable as refusal:
                refused += refusal.reasons
        refused += [each.name for each in letter.attached[MOST_FILES:]]
        try:
            return take_in(letter, by=by, files=files, refused=refused)
        except NotTaken as reason:
            return Received(LEFT, letter.message_id, str(reason))


@operation
def take_in(
    letter: Letter, *, by: User, files: Sequence[Kept] = (), refused: Sequence[str] = ()
) -> Received:
    """Write a letter that was read on the timeline of the record that it is about.

    `files` came with it and were looked at, `refused` says what is not taken. Raises `NotTaken`.
    """
    if letter.bounce is not None:
        return _came_back(letter)
    known = Email.objects.filter(message_id=letter.message_id).select_related("activity").first()
    if known is not None:
        return Received(KNOWN, letter.message_id, _("It is there already."), known.activity)
    if letter.is_automatic or is_our_own(letter.sender):
        return Received(AUTOMATIC, letter.message_id, _("No person wrote it."))
    author = user_with(letter.sender)
    record = _record_for(letter, author)
    if author is None:
        received = _written(letter, record, by=by, owner=record.owner or by, refused=refused)
        _tell_owner(record, letter)
        return _with_files(received, files, by=by)
    if not (may(author, "add", Activity) and reaches(author, "view", record)):
        # Not even that there is such a record is told to a person of another team.
        raise NotTaken(_not_found())
    received = _written(letter, record, by=author, owner=author, refused=refused)
    return _with_files(received, files, by=author)


def _tell_owner(record: TimelineRecord, letter: Letter) -> None:
    if record.owner is not None:
        who = letter.sender_name or letter.sender
        text = f"{who}: {letter.subject or _('No subject')}"
        tell(record.owner, Notice.What.ANSWERED, by=None, about=record, text=clean_text(text))


def _with_files(received: Received, files: Sequence[Kept], *, by: User) -> Received:
    if received.activity is not None:
        written_with(received.activity, files, by=by)
    return received


def _record_for(letter: Letter, author: User | None) -> TimelineRecord:
    answered = email_answered(letter.references)
    addressed = record_addressed(letter.recipients)
    place = addressed or (place_of(answered) if answered is not None else None)
    if place is not None:
        home = _home(place)
        is_known = any(belongs_to(letter.sender, each, answered) for each in (place, home))
        if author is None and not is_known:
            raise NotTaken(_("It came from somebody whom the record does not know."))
        return home
    if author is not None:
        found = {
            (type(each), each.pk): each
            for address in letter.recipients
            for each in people_with(address)
            if reaches(author, "view", each)
        }
        people = list(found.values())
    else:
        people = people_with(letter.sender)
    if not people:
        raise NotTaken(_not_found())
    if len(people) > 1:
        raise NotTaken(_("Several records have this address, and the letter names none of them."))
    return _home(people[0])


def _home(record: TimelineRecord) -> TimelineRecord:
    home, why = home_of(record)
    if home is None:
        raise NotTaken(_("The record is in the recycle bin.") if why else _not_found())
    # Whoever merges it waits, or we do: nothing is written on what is gone.
    rows = type(home)._base_manager.select_for_update(of=("self",)).select_related("owner")
    held = rows.filter(pk=home.pk).first()
    if held is None or held.deleted_at is not None:
        raise LostRace(f"{home} went away.")
    return held


def _written(
    letter: Letter, record: TimelineRecord, *, by: User, owner: User, refused: Sequence[str]
) -> Received:
    is_outgoing = by == owner and not by.is_machine
    now = timezone.now()
    at = letter.at if letter.at is not None and EARLIEST < letter.at <= now else now
    text = letter.text
    if refused:
        told = "\n".join([_("Not kept:"), *refused])[:2_000]
        text = f"{text}\n\n{told}".strip()
    people = letter.recipients if is_outgoing else [with_name(letter.sender_name, letter.sender)]
    directions = Activity.Direction
    entry = written(
        record,
        "activity.received",
        by=by,
        activity=Activity(
            kind=Activity.Kind.EMAIL,
            owner=owner,
            status=Activity.Status.DONE,
            done_at=at,
            subject=clean_text(letter.subject or _("No subject"))[:LONGEST_SUBJECT],
            text=clean_text(text),
            direction=directions.OUTGOING if is_outgoing else directions.INCOMING,
            people=names_in(each for each in people if not is_our_own(each)),
        ),
    )
    try:
        with transaction.atomic():
            Email.objects.create(
                activity=entry,
                message_id=letter.message_id,
                sender=letter.sender,
                references=" ".join(letter.references),
            )
    except IntegrityError as error:
        # Somebody read the same letter at the same moment: all of this is taken back.
        raise LostRace(letter.message_id) from error
    return Received(ADDED, letter.message_id, "", entry, record)


def _came_back(letter: Letter) -> Received:
    bounce = letter.bounce
    assert bounce is not None  # noqa: S101  as its caller has asked
    if not bounce.is_final:
        return Received(AUTOMATIC, letter.message_id, _("A mail server asks for patience."))
    mail = note_bounce(bounce.message_id, bounce.words) if bounce.message_id else None
    if mail is None:
        raise NotTaken(_("It reports a letter that was not sent from here."))
    return Received(BOUNCED, letter.message_id, bounce.words, mail.activities.first())


def _not_found() -> str:
    return _("No record is found for it.")


def _why_unreadable(reason: str) -> str:
    return {
        "huge": _("It is too large to be read."),
        "deep": _("It is nested too deeply to be read."),
        "empty": _("There is nothing in it."),
    }.get(reason, _("It cannot be read."))
