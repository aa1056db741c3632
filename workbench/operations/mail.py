"""Posting a letter: a row in the transaction of what it is about; it leaves after the commit."""

from __future__ import annotations

import re
from email.utils import parseaddr, quote
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from records import audit
from records.errors import Refused, Unacceptable
from records.keys import clean_text
from records.operations import operation, require_for_all, row_of
from workbench.models import Mail, MailPart
from workbench.operations.sending import have_followed, send
from workbench.smtp import bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from users.models import User

MOST_RECIPIENTS = 50
LONGEST_SUBJECT = 250
LONGEST_TEXT = 200_000
LONGEST_HEADER = 900
# What the letter itself says; nobody else may.
OWN_HEADERS = frozenset(
    "bcc cc content-disposition content-transfer-encoding content-type date from message-id "
    "mime-version reply-to return-path sender subject to".split()
)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
# A word with a colon, as a header begins: who pastes `Bcc: …` means something else than we do.
_LIKE_A_HEADER = re.compile(r"[A-Za-z-]+\s*:")
_PIECES = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^",;\n])+')
_PLAIN_NAME = re.compile(r"[\w '-]+")
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?[a-z]+=[A-Za-z0-9-]+)*")

# Name, content, type; a type with a parameter, like `text/calendar; method=REQUEST`, says the same
# as the text in another way.
Attachment = tuple[str, bytes, str]


class MailIsOnItsWay(Refused):
    """The letter waits or was sent: there is nothing to try again."""


@operation
def post(
    *,
    to: str | Sequence[str],
    subject: str,
    text: str,
    html: str = "",
    sender: str = "",
    reply_to: str = "",
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    attachments: Iterable[Attachment] = (),
    key: str = "",
) -> Mail:
    """Promise a letter, in the transaction that it belongs to; a worker sends it after the commit.

    Addresses are `ada@engine.example` or `Ada <ada@engine.example>`; `sender` is the name that
    stands before the installation's own address. A `key` is posted once: asked again, the first
    letter is returned as it is by now. Raises `Unacceptable`, naming `to`, `cc`, `bcc`, `subject`,
    `text` or `attachments`.
    """
    if key and (known := Mail.objects.filter(key=key).first()):
        return known
    parts = [_part(*each) for each in attachments]
    mail = Mail(
        key=key,
        message_id=f"<{uuid4().hex}@{bare(settings.DEFAULT_FROM_EMAIL).rpartition('@')[2]}>",
        sender=from_address(sender),
        reply_to=", ".join(addresses(reply_to, "reply_to")),
        subject=one_line(subject)[:LONGEST_SUBJECT],
        text=clean_text(text),
        html=clean_text(html),
        headers={name: _header(name, value) for name, value in (headers or {}).items()},
        **_recipients(to=to, cc=cc, bcc=bcc),
    )
    _check(mail, parts)
    try:
        with transaction.atomic():
            mail.save(force_insert=True)
    except IntegrityError:
        if not key:
            raise
        return Mail.objects.get(key=key)
    for part in parts:
        part.mail = mail
    MailPart.objects.bulk_create(parts)
    send.enqueue(mail.pk)
    return mail


@operation
def post_again(mail: Mail) -> Mail:
    """Have a letter that failed tried once more, from the beginning. Raises `MailIsOnItsWay`."""
    current = row_of(mail, Mail.objects.select_for_update(of=("self",)))
    if current.state != Mail.State.FAILED:
        raise MailIsOnItsWay(
            _("This email is on its way already: it is %(state)s.")
            % {"state": current.get_state_display().lower()}
        )
    current.state, current.attempts, current.error = Mail.State.WAITING, 0, ""
    current.next_at = timezone.now()
    current.save()
    have_followed(current)
    send.enqueue(current.pk)
    return current


@operation
def retry(mail: Mail, *, by: User) -> Mail:
    """Have a letter that failed tried once more, by somebody who looks after all letters."""
    require_for_all(by, "change", Mail)
    current = post_again(mail)
    audit.log(current, "mail.retried", by=by)
    return current


@operation
def note_bounce(message_id: str, words: str) -> Mail | None:
    """Note that a letter came back after the server had taken it; None where there is none.

    One that failed by then stays as it is.
    """
    rows = Mail.objects.select_for_update(of=("self",))
    mail = rows.filter(message_id=message_id).first()
    if mail is not None and mail.state == Mail.State.SENT:
        mail.state, mail.error = Mail.State.FAILED, one_line(words)[:1_000]
        mail.save()
        have_followed(mail)
    return mail


def from_address(sender: str = "") -> str:
    """Return what stands in From: the installation's address, with the name of a person or its own.

    Another domain than our own would be taken for forged.
    """
    own_name, own = parseaddr(settings.DEFAULT_FROM_EMAIL)
    # A name that looks like an address would be taken for one.
    name = one_line(sender).replace("@", " ")
    return with_name(name[:120] or own_name, own)


def addresses(typed: str | Iterable[str], field: str = "to") -> list[str]:
    """Return addresses as they stand in a letter, each once. Raises `Unacceptable` naming `field`.

    Commas, semicolons and line ends part them, but for those inside of quotes.
    """
    found: dict[str, str] = {}
    for each in [typed] if isinstance(typed, str) else typed:
        for piece in _PIECES.findall(each):
            told = one_line(piece)
            if not told:
                continue
            name, address = ("", "") if _LIKE_A_HEADER.match(told) else parseaddr(told)
            try:
                validate_email(address)
                bare(address)
            except (ValidationError, UnicodeError):
                sentence = _("“%(address)s” is no email address, like name@example.com.")
                shown = sentence % {"address": (address or told)[:80]}
                raise Unacceptable(errors={field: [shown]}) from None
            found.setdefault(address.lower(), with_name(one_line(name)[:120], address))
    return list(found.values())


def with_name(name: str, address: str) -> str:
    """Return an address with a name before it, for people to read; sending it encodes it.

    >>> with_name("Ada", "ada@engine.example"), with_name("", "ada@engine.example")
    ('Ada <ada@engine.example>', 'ada@engine.example')
    >>> with_name("Lovelace, Ada", "ada@engine.example")
    '"Lovelace, Ada" <ada@engine.example>'
    """
    if name and not _PLAIN_NAME.fullmatch(name):
        name = f'"{quote(name)}"'
    return f"{name} <{address}>" if name else address


def one_line(text: str) -> str:
    """Return a text on one line: nothing in it can begin another header."""
    return " ".join(clean_text(str(text)).split())


def _recipients(**typed: str | Sequence[str]) -> dict[str, list[str]]:
    found = {field: addresses(each, field) for field, each in typed.items()}
    count = sum(len(each) for each in found.values())
    if not count:
        raise Unacceptable(errors={"to": [_("Say to whom the email goes.")]})
    if count > MOST_RECIPIENTS:
        sentence = ngettext(
            "An email goes to %(most)d person at most.",
            "An email goes to %(most)d people at most.",
            MOST_RECIPIENTS,
        )
        raise Unacceptable(errors={"to": [sentence % {"most": MOST_RECIPIENTS}]})
    return found


def _check(mail: Mail, parts: Sequence[MailPart]) -> None:
    errors: dict[str, list[str]] = {}
    if not mail.subject:
        errors["subject"] = [_("Say in a few words what it is about.")]
    if len(mail.text) + len(mail.html) > LONGEST_TEXT:
        errors["text"] = [_("The email is too long. Shorten it, or attach a file.")]
    size = sum(part.size for part in parts)
    if size > settings.MAIL_LARGEST * 1024 * 1024:
        sentence = _("The files are larger than %(most)d MB together. Take some away.")
        errors["attachments"] = [sentence % {"most": settings.MAIL_LARGEST}]
    if errors:
        raise Unacceptable(errors=errors)


def _header(name: str, value: str) -> str:
    """Return the value of a header, on one line. Raises `ValueError` for what is ours to say."""
    if not _HEADER.fullmatch(name) or name.lower() in OWN_HEADERS:
        raise ValueError(f"{name!r} is no header that may be given")
    return one_line(value)[:LONGEST_HEADER]


def _part(name: str, content: bytes, content_type: str) -> MailPart:
    kind = content_type if _TYPE.fullmatch(content_type) else "application/octet-stream"
    values: dict[str, Any] = {"content": content, "size": len(content), "content_type": kind}
    return MailPart(
        name=one_line(name).replace("/", "_")[:255] or "file", is_alternative=";" in kind, **values
    )
