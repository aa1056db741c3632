"""An email that is written on a record: it stands on the timeline, and leaves after the commit."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from activities.models import Activity
from activities.operations import written_with
from activities.operations.changing import held
from activities.operations.writing import done, named, writable
from emails.matching import address_of
from emails.models import Email
from emails.queries import left_alone
from records import audit
from records.errors import Refused, Unacceptable
from records.keys import text_problem
from records.operations import operation
from workbench.operations.mail import addresses, one_line, post, post_again, with_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from activities.operations import Kept
    from records.models import TimelineRecord
    from users.models import User
    from workbench.operations.mail import Attachment

LONGEST_TEXT = 20_000
LONGEST_SUBJECT = 200
LONGEST_PEOPLE = 500
MEGABYTE = 1_048_576
MOST_REFERENCES = 20
LONGEST_REFERENCES = 800


class IsLeftAlone(Refused):
    """Somebody has asked not to be contacted."""


class NothingToSend(Refused):
    """The entry is no email that was to be sent from here."""


@operation
def send_email(
    record: TimelineRecord,
    *,
    by: User,
    to: str | Sequence[str],
    subject: str,
    text: str,
    cc: str | Sequence[str] = (),
    bcc: str | Sequence[str] = (),
    files: Sequence[Kept] = (),
    takes_replies: bool = True,
    answers: Activity | None = None,
) -> Activity:
    """Write an email on the timeline of `record`, and have it sent in the name of `by`.

    Where answers are read from a mailbox and it `takes_replies`, they go to the address of the
    record as well. `answers` is the email that it is an answer to, `files` were `kept` before and
    go along. It counts as a touch. Raises `IsLeftAlone` for whoever has asked not to be contacted,
    and `Unacceptable` by field.
    """
    origin = writable(record, by=by)
    recipients = {
        name: addresses(typed, name) for name, typed in (("to", to), ("cc", cc), ("bcc", bcc))
    }
    _check(recipients, subject, text)
    before = Email.objects.filter(activity=answers).first() if answers is not None else None
    references = _references(before)
    replies = [with_name(one_line(str(by)), by.email)]
    own_address = address_of(origin) if takes_replies else ""
    if own_address:
        replies.append(own_address)
    mail = post(
        to=recipients["to"],
        cc=recipients["cc"],
        bcc=recipients["bcc"],
        subject=subject,
        text=text,
        sender=one_line(str(by)).replace("@", " "),
        reply_to=", ".join(replies),
        headers=_thread(before, references),
        attachments=_attached(files),
    )
    entry = done(
        origin,
        by=by,
        kind=Activity.Kind.EMAIL,
        subject=named(mail.subject)[:LONGEST_SUBJECT],
        text=text.strip(),
        direction=Activity.Direction.OUTGOING,
        people=names_in([*recipients["to"], *recipients["cc"], *recipients["bcc"]]),
        mail=mail,
    )
    Email.objects.create(
        activity=entry,
        message_id=mail.message_id,
        sender=by.email,
        references=" ".join(references),
    )
    return written_with(entry, files, by=by)


@operation
def send_again(activity: Activity, *, by: User) -> Activity:
    """Have an email that could not be sent tried once more. Raises `MailIsOnItsWay`."""
    current = held(activity, by=by, action="change")
    if current.mail is None:
        raise NothingToSend(_("This email was not sent from here, or that was long ago."))
    people = [parseaddr(each)[1] for each in (*current.mail.to, *current.mail.cc)]
    refuse_left_alone(people, "to")
    post_again(current.mail)
    audit.log(current, "activity.sent_again", by=by)
    return current


def names_in(addresses: Iterable[str]) -> str:
    """Return addresses as a line for people, as many as have place."""
    line = ""
    for each in addresses:
        longer = f"{line}, {each}" if line else each
        if len(longer) > LONGEST_PEOPLE - 2:
            return f"{line} …"[:LONGEST_PEOPLE]
        line = longer
    return line


def _check(recipients: Mapping[str, list[str]], subject: str, text: str) -> None:
    errors: dict[str, list[str]] = {}
    if not recipients["to"]:
        errors["to"] = [_("Say to whom the email goes.")]
    if not text.strip():
        errors["text"] = [_("Write something in the email.")]
    elif len(text) > LONGEST_TEXT:
        errors["text"] = [_("The email is too long. Shorten it, or attach a file.")]
    for name, typed in (("subject", subject), ("text", text)):
        if problem := text_problem(typed):
            errors[name] = [problem]
    if len(one_line(subject)) > LONGEST_SUBJECT:
        errors["subject"] = [_("Write at most %(most)d characters.") % {"most": LONGEST_SUBJECT}]
    if errors:
        raise Unacceptable(errors=errors)
    for field, people in recipients.items():
        refuse_left_alone([parseaddr(each)[1] for each in people], field)


def refuse_left_alone(people: Sequence[str], field: str) -> None:
    """Raise `IsLeftAlone` for those of these addresses whose people asked for it."""
    if kept := left_alone(people):
        raise IsLeftAlone(
            _("%(who)s has asked not to be contacted. Take the address away.")
            % {"who": ", ".join(kept)},
            field=field,
        )


def _attached(files: Sequence[Kept]) -> list[Attachment]:
    """Return files as a letter takes them. Raises `Unacceptable` before they are read."""
    most = settings.MAIL_LARGEST
    if sum(each.size for each in files) > most * MEGABYTE:
        sentence = _("The files are larger than %(most)d MB together. Take some away.")
        raise Unacceptable(errors={"files": [sentence % {"most": most}]})
    attached = []
    for each in files:
        with default_storage.open(each.key) as content:
            attached.append((each.name, content.read(), each.content_type))
    return attached


def _references(before: Email | None) -> list[str]:
    if before is None:
        return []
    return [*before.references.split(), before.message_id][-MOST_REFERENCES:]


def _thread(before: Email | None, references: Sequence[str]) -> dict[str, str]:
    """Return what tells mail programs that a letter belongs to others."""
    if before is None:
        return {}
    told: list[str] = []
    for each in reversed(references):
        if sum(map(len, told)) + len(each) > LONGEST_REFERENCES:
            break
        told.insert(0, each)
    return {"In-Reply-To": before.message_id, "References": " ".join(told)}
