"""What an email says: who wrote it to whom, about what, in answer to which; and its text, alone.

It comes from outside and may be anything. Nothing in it is trusted or run; what cannot be read is
left out, and what is no email at all raises `LetterIsWrong`. No statement and no clock.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from emails.mailboxes import LARGEST
from emails.pages import text_of_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import Message

MOST_PARTS = 300
MOST_ADDRESSES = 100
MOST_REFERENCES = 30
LONGEST_SUBJECT = 200
LONGEST_TEXT = 20_000
LONGEST_READ = 400_000  # characters of a body that are looked at
LONGEST_ID = 250

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,900}>")
# How programs begin the letter that they answer to. All of it and what follows is history.
_RULED_OFF = re.compile(
    r"-{2,} ?(original message|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|forwarded message|weitergeleitete nachricht) ?-{2,}"
)
_LINE = re.compile(r"_{20,}")
_FROM = re.compile(r"\*?(from|von|de|da|van) ?:")
_SENT = re.compile(
    r"\*?(sent|date|gesendet|datum|envoyé|enviado|fecha|inviato|data|verzonden|to|an) ?:"
)
_WROTE = re.compile(
    r"(on|am|le|el|il|op|den|em) .*\b"
    r"(wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev|escreveu)\b[^:]{0,80}:"
)
LONGEST_LINE = 400  # characters of a line that are looked at for such a beginning


class LetterIsWrong(Exception):
    """These bytes are no email that can be read; `str()` is the reason, as a word."""


@dataclass(frozen=True)
class Attached:
    """A file that came along."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class Bounce:
    """A mail server says that a letter of ours did not arrive, and in which words."""

    message_id: str
    words: str
    is_final: bool


@dataclass(frozen=True)
class Letter:
    """An email as far as it can be read. Addresses are plain, in lower case.

    `text` is what this letter adds: the history that it quotes is left out, unless there is nothing
    else. `is_automatic` says that no person wrote it.
    """

    message_id: str
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    at: datetime | None = None
    references: tuple[str, ...] = ()
    attached: tuple[Attached, ...] = ()
    is_automatic: bool = False
    bounce: Bounce | None = None


def letter_of(raw: bytes) -> Letter:
    """Read a letter. Raises `LetterIsWrong`: `huge`, `deep`, `empty` or `unreadable`."""
    if len(raw) > LARGEST:
        raise LetterIsWrong("huge")
    if not raw.strip():
        raise LetterIsWrong("empty")
    try:
        message = message_from_bytes(raw, policy=compat32)
        return _read(message, raw)
    except RecursionError:
        raise LetterIsWrong("deep") from None
    except (MessageError, ValueError, LookupError, AttributeError, TypeError) as error:
        # The library trips over headers that break its own rules.
        raise LetterIsWrong("unreadable") from error


def _read(message: Message, raw: bytes) -> Letter:
    senders = _addresses(message, "from")
    if not senders:
        raise LetterIsWrong("unreadable")
    name, sender = senders[0]
    parts = list(_parts(message))
    text, attached = _text_and_files(parts)
    return Letter(
        message_id=message_id_of(message, raw),
        sender=sender,
        sender_name=name,
        recipients=tuple(
            dict.fromkeys(
                address
                for header in ("to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to")
                for _name, address in _addresses(message, header)
            )
        ),
        subject=_line(_header(message, "subject"))[:LONGEST_SUBJECT],
        text=shortened(reply_in(text)),
        at=_moment(_header(message, "date")),
        references=_references(message),
        attached=tuple(attached),
        is_automatic=_is_automatic(message),
        bounce=_bounce(message, parts),
    )


def message_id_of(message: Message, raw: bytes = b"") -> str:
    """Return the id of a letter; where it has none, one that follows from what it says."""
    found = _MESSAGE_ID.search(_header(message, "message-id"))
    given = found[0] if found else ""
    if 0 < len(given) <= LONGEST_ID:
        return given
    digest = hashlib.sha256(given.encode() or raw).hexdigest()
    return f"<{digest}@without-an-id>"


def _references(message: Message) -> tuple[str, ...]:
    told = f"{_header(message, 'references')} {_header(message, 'in-reply-to')}"[:20_000]
    found = list(dict.fromkeys(_MESSAGE_ID.findall(told)))
    return tuple(each for each in found[-MOST_REFERENCES:] if len(each) <= LONGEST_ID)


# Headers


def _raw_headers(message: Message, name: str) -> Iterator[str]:
    """Yield what stands in a header, its bytes read as what they most probably are."""
    for key, value in message.raw_items():
        if key.lower() == name:
            octets = str(value).encode("utf-8", "surrogateescape")[:20_000]
            yield _decoded(octets, "utf-8")


def _header(message: Message, name: str) -> str:
    return next((_unfolded(each) for each in _raw_headers(message, name)), "")


def _unfolded(text: str) -> str:
    """Return a header with its encoded words decoded."""
    try:
        parts = decode_header(text)
    except (HeaderParseError, binascii.Error, ValueError):
        return text
    return "".join(
        part if isinstance(part, str) else _decoded(part, charset or "ascii")
        for part, charset in parts
    )


def _line(text: str) -> str:
    return " ".join(_CONTROLS.sub(" ", text).split())


def _addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Return name and address of everybody in a header; what is no address is left out."""
    pairs = getaddresses([_line(each) for each in _raw_headers(message, name)][:20])
    found = []
    for told, address in pairs[:MOST_ADDRESSES]:
        local, _at, domain = address.strip().lower().rpartition("@")
        if local and domain and not re.search(r"[\s<>,;()\[\]\"]", local + domain):
            found.append((_line(_unfolded(told))[:120], f"{local}@{domain}"[:254]))
    return found


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _is_automatic(message: Message) -> bool:
    """Say whether a program wrote it: an answer while somebody is away, a list, a notice."""
    automatic = _header(message, "auto-submitted").strip().lower()
    if automatic and not automatic.startswith("no"):
        return True
    if _header(message, "precedence").strip().lower() in {"bulk", "junk", "list", "auto_reply"}:
        return True
    names = ("x-autoreply", "x-autorespond", "list-id", "list-unsubscribe", "feedback-id")
    if any(_header(message, name).strip() for name in names):
        return True
    return _header(message, "return-path").strip() == "<>"


# Bodies


def _parts(message: Message) -> Iterator[Message]:
    """Yield the leaves of a letter, without going into letters that are attached to it."""
    waiting, count = [message], 0
    while waiting and count < MOST_PARTS:
        part = waiting.pop(0)
        count += 1
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting = [each for each in inner[:MOST_PARTS] if not isinstance(each, str)] + waiting
        else:
            yield part


def _text_and_files(parts: Iterable[Message]) -> tuple[str, list[Attached]]:
    plain: list[str] = []
    html: list[str] = []
    files: list[Attached] = []
    for part in parts:
        kind, name = part.get_content_type(), _file_name(part)
        is_attached = part.get_content_disposition() == "attachment"
        if kind in {"text/plain", "text/html"} and not is_attached:
            (plain if kind == "text/plain" else html).append(_text_of(part))
        elif name and (is_attached or not kind.startswith(("text/", "image/"))):
            files.append(Attached(name, _octets(part), kind))
    text = "\n".join(each for each in plain if each.strip())
    text = text or text_of_html("\n".join(html)[:LONGEST_READ])
    return text[:LONGEST_READ], files


def _octets(part: Message) -> bytes:
    found: Any = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _file_name(part: Message) -> str:
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        return _line(_unfolded(part.get_filename() or ""))[:150]
    return ""


def _text_of(part: Message) -> str:
    charset = "utf-8"
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        charset = part.get_content_charset() or "utf-8"
    text = _decoded(_octets(part), charset)[:LONGEST_READ]
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(octets: bytes, charset: str) -> str:
    """Read bytes as they say that they are written, else as they most probably are."""
    for each in (charset, "utf-8"):
        with suppress(LookupError, UnicodeError, ValueError):
            return octets.decode(each)
    return octets.decode("cp1252", "replace")


def shortened(text: str) -> str:
    """Return a text that can be kept; what is beyond it is said to be missing."""
    text = text.strip()
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 2].rstrip()} …"


def reply_in(text: str) -> str:
    """Return what a letter adds to the one that it quotes; all of it where it adds nothing.

    >>> reply_in("On Friday.\\n\\nOn Mon, 3 Nov 2026 at 10:00, Ada\\n<a@b.example> wrote:\\n> So?")
    'On Friday.'
    >>> reply_in("> Shall we?\\nYes.")
    '> Shall we?\\nYes.'
    """
    lines = text.split("\n")
    kept = lines[: _beginning_of_history(lines)]
    while kept and (kept[-1].lstrip().startswith(">") or not kept[-1].strip()):
        kept.pop()
    return "\n".join(kept).strip() or text.strip()


def _beginning_of_history(lines: list[str]) -> int:
    """Return the number of the line with which the letter begins that was answered."""
    read = [line.strip()[:LONGEST_LINE].lower() for line in lines]
    for number, line in enumerate(read):
        following = [each for each in read[number + 1 : number + 4] if each]
        if _RULED_OFF.fullmatch(line):
            return number
        if _LINE.fullmatch(line) and following and _FROM.match(following[0]):
            return number
        if _FROM.match(line) and following and _SENT.match(following[0]):
            return number
        if _WROTE.fullmatch(line):
            return number
        # A long address goes on in the next line.
        below = read[number + 1] if number + 1 < len(read) else ""
        if below and not _WROTE.fullmatch(below) and _WROTE.fullmatch(f"{line} {below}"):
            return number
    return len(lines)


# What did not arrive


def _bounce(message: Message, parts: list[Message]) -> Bounce | None:
    """Return what a mail server reports about a letter of ours, if this is such a report."""
    if message.get_content_type() != "multipart/report":
        return None
    if str(message.get_param("report-type", "")).lower() != "delivery-status":
        return None
    told, original = "", ""
    for part in parts:
        kind = part.get_content_type()
        inner: Any = part.get_payload()
        if kind == "message/delivery-status" and isinstance(inner, list):
            told = "\n".join(_headers_as_text(each) for each in inner[:MOST_PARTS])
        elif kind == "message/rfc822" and isinstance(inner, list) and inner:
            original = _header(inner[0], "message-id")
        elif kind == "text/rfc822-headers":
            original = _header(message_from_bytes(_octets(part), policy=compat32), "message-id")
    found = _MESSAGE_ID.search(original)
    actions = re.findall(r"^action:\s*(\w+)", told, re.MULTILINE | re.IGNORECASE)
    return Bounce(
        message_id=found[0] if found else "",
        words=_said(told),
        is_final=any(action.lower() == "failed" for action in actions),
    )


def _headers_as_text(part: Message) -> str:
    return "\n".join(f"{key}: {_line(str(value))}" for key, value in part.raw_items())


def _said(told: str) -> str:
    """Return who did not get it and why, on one line."""
    words = []
    for name in ("final-recipient", "status", "diagnostic-code"):
        found = re.search(
            rf"^{name}:\s*(?:[\w-]+\s*;)?\s*(.+)$", told, re.MULTILINE | re.IGNORECASE
        )
        if found:
            words.append(found[1].strip())
    return _line(": ".join(dict.fromkeys(words)))[:500]
