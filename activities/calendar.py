"""Meetings as calendars read them, by RFC 5545; it says what it is handed, and knows no record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PRODUCT = "-//CRM//EN"
LONGEST_LINE = 75  # octets, the line end not counted
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


@dataclass(frozen=True)
class Person:
    """Somebody in a calendar: an address, and what they are called."""

    email: str
    name: str = ""


@dataclass(frozen=True)
class Event:
    """An entry of a calendar. Moments are aware; without `minutes` it is a moment and no more.

    `uid` stays for ever; whoever changes what others were told raises `sequence`.
    """

    uid: str
    title: str
    start: datetime
    stamp: datetime
    minutes: int | None = None
    sequence: int = 0
    place: str = ""
    text: str = ""
    url: str = ""
    organizer: Person | None = None
    attendees: tuple[Person, ...] = ()
    is_cancelled: bool = False


def calendar_of(events: Iterable[Event], *, method: str = "PUBLISH", name: str = "") -> str:
    """Return a calendar. `method` is PUBLISH for a feed, REQUEST or CANCEL for an invitation.

    >>> noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    >>> told = calendar_of([Event("7@crm", "Demo; bring jars", noon, noon, minutes=45)])
    >>> print(told.replace("\\r", ""), end="")
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//CRM//EN
    CALSCALE:GREGORIAN
    METHOD:PUBLISH
    BEGIN:VEVENT
    UID:7@crm
    DTSTAMP:20261127T120000Z
    SEQUENCE:0
    DTSTART:20261127T120000Z
    DTEND:20261127T124500Z
    SUMMARY:Demo\\; bring jars
    STATUS:CONFIRMED
    END:VEVENT
    END:VCALENDAR
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN"]
    lines.append(f"METHOD:{method}")
    if name:
        lines.append(f"X-WR-CALNAME:{escaped(name)}")
    for event in events:
        lines += _lines_of(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)


def _lines_of(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    yield f"DTSTAMP:{in_utc(event.stamp)}"
    yield f"SEQUENCE:{event.sequence:d}"
    yield f"DTSTART:{in_utc(event.start)}"
    if event.minutes is not None:
        yield f"DTEND:{in_utc(event.start + timedelta(minutes=event.minutes))}"
    yield f"SUMMARY:{escaped(event.title)}"
    for word, value in (("LOCATION", event.place), ("DESCRIPTION", event.text)):
        if value:
            yield f"{word}:{escaped(value)}"
    if event.url:
        yield f"URL:{one_line(event.url)}"
    if event.organizer is not None:
        yield f"ORGANIZER{_named(event.organizer)}"
    for person in event.attendees:
        yield f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE{_named(person)}"
    yield f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _named(person: Person) -> str:
    name = one_line(person.name).replace('"', "'")
    called = f';CN="{name}"' if name else ""
    return f"{called}:mailto:{one_line(person.email)}"


def in_utc(moment: datetime) -> str:
    """Return an aware moment as calendars write it: in UTC, so that no time zone has to be told."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def escaped(text: str) -> str:
    """Return a text as the value of a line: whatever stands in it, it stays this one value.

    >>> print(escaped("a\\r\\nATTENDEE:mailto:eve@evil.example, b"))
    a\\nATTENDEE:mailto:eve@evil.example\\, b
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in text if sign == "\n" or _is_shown(sign)).translate(_ESCAPED)


def one_line(text: str) -> str:
    """Return a text without anything that could end its line.

    >>> one_line("Ada\\r\\nLovelace\\x07")
    'Ada Lovelace'
    """
    return " ".join("".join(sign if _is_shown(sign) else " " for sign in text).split())


def _is_shown(sign: str) -> bool:
    """Leave out what controls, what parts lines, and halves of characters that no file can hold."""
    return sign >= " " and sign not in "\x7f\x85\u2028\u2029" and not "\ud800" <= sign <= "\udfff"


def folded(line: str) -> str:
    """Return a line in parts of at most 75 octets, none of which ends inside a character.

    >>> [len(part.encode()) for part in folded("ä" * 60).split("\\r\\n")]
    [74, 47]
    """
    parts, part, size = [], "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > LONGEST_LINE:
            parts.append(part)
            part, size = " ", 1
        part += sign
        size += octets
    return "\r\n".join([*parts, part])
