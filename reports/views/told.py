"""How a record that was found is told: its name, what else one knows of it, what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Contact
from activities.models import Activity
from leads.bant import Part, known
from leads.models import Lead
from records import keys
from records.permissions import may, name_for, reaches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from users.models import User

AROUND = 60  # characters of a note that are shown before the words that were found in it
LONGEST_EXCERPT = 180


@dataclass(frozen=True)
class Line:
    """A record in a line: what it is called, and what else one knows it by."""

    record: Any
    kind: str
    kind_name: str
    title: str
    more: str
    state: str = ""
    tone: str = "plain"
    parts: tuple[Part, ...] = ()
    bant_words: str = ""


def line_of(record: Any, *, viewer: User, words: Sequence[str] = ()) -> Line:
    """Return `record` as it is told to `viewer`. Asks nothing of rows that `for_list` has read.

    Where neither its name nor what is told beside has any of `words`, the address or the number
    that does is told too.
    """
    told = [text for text in _known_by(record, viewer) if text]
    title = str(record)
    shown = keys.search_key(title, *told)
    if words and not any(word in shown for word in words):
        ways = (getattr(record, name, "") for name in ("email", "phone", "mobile", "website"))
        told += [way for way in ways if way and way != title and has_any(way, words)][:1]
    state, tone = _state_of(record)
    parts = record.bant if isinstance(record, Lead) and record.is_open else ()
    return Line(
        record,
        str(record._meta.model_name),
        capfirst(str(record._meta.verbose_name)),
        title,
        ", ".join(told),
        state,
        tone,
        parts,
        _("%(known)d of %(total)d parts of BANT are known")
        % {"known": known(parts), "total": len(parts)}
        if parts
        else "",
    )


def has_any(text: str, words: Sequence[str]) -> bool:
    folded = keys.search_key(text)
    return any(word in folded for word in words)


def _known_by(record: Any, viewer: User) -> Iterator[str]:
    if isinstance(record, Lead):
        yield record.company if record.full_name else ""
        yield record.topic
    elif isinstance(record, Account):
        yield record.place or record.website
    elif isinstance(record, Contact):
        yield record.job_title
        yield name_for(viewer, record.account) if record.account else ""
    else:
        yield name_for(viewer, record.account) if record.account else ""
        yield str(record.stage)


TONES = {
    "new": "new",
    "working": "active",
    "nurturing": "warn",
    "qualified": "good",
    "disqualified": "plain",
    "open": "active",
    "won": "good",
    "lost": "bad",
}


def _state_of(record: Any) -> tuple[str, str]:
    """Return the word on its badge and the tone of that, of what has one."""
    if isinstance(record, Lead):
        state = record.progress if record.is_open else record.status
        return record.status_label, TONES[state]
    if hasattr(record, "status"):
        return str(record.get_status_display()), TONES[record.status]
    return "", "plain"


# What can be done to a record: the words, the icon, the page, the permission, the key on the
# record's own page, and whether it opens as a dialog. A page without colon is a form on it.
LOG_CALL = (gettext_lazy("Log a call"), "phone", "call", "write", "L", False)
NOTE = (gettext_lazy("Write a note"), "note", "note", "write", "N", False)
TASK = (gettext_lazy("Add a task"), "checkbox", "task", "write", "T", False)
ASSIGN = (gettext_lazy("Assign to…"), "user-share", "assign", "assign", "A", True)
EDIT = (gettext_lazy("Edit all fields"), "pencil", "edit", "change", "E", False)
OPEN_LEAD = (
    (gettext_lazy("Qualify lead"), "circle-check", "qualify", "qualify", "Q", True),
    LOG_CALL,
    NOTE,
    TASK,
    ASSIGN,
    (gettext_lazy("Disqualify lead"), "ban", "disqualify", "disqualify", "Shift D", True),
    EDIT,
)
GIVEN_UP = ((gettext_lazy("Reopen lead"), "lock-open", "reopen", "disqualify", "", True),)
RECEIPT = ((gettext_lazy("Receipt"), "file-text", "receipt", "view", "", False),)
OPEN_OPPORTUNITY = (
    (gettext_lazy("Move to another stage"), "route", "stage", "change", "", False),
    LOG_CALL,
    NOTE,
    TASK,
    (gettext_lazy("Won"), "trophy", "win", "close", "", True),
    (gettext_lazy("Lost"), "ban", "lose", "close", "", True),
    ASSIGN,
    EDIT,
)
CLOSED_OPPORTUNITY = (
    (gettext_lazy("Reopen opportunity"), "arrow-back-up", "reopen", "close", "", True),
    LOG_CALL,
    NOTE,
    TASK,
)
CUSTOMER = (LOG_CALL, NOTE, TASK, ASSIGN, EDIT)


@dataclass(frozen=True)
class Action:
    """Something that can be done to a record: the same address and dialog as its button has."""

    label: str
    icon: str
    url: str
    keys: list[str]
    is_dialog: bool


def actions_on(record: Any, *, viewer: User) -> list[Action]:
    """Return what `viewer` may do to `record`, whose owner is loaded, as it stands."""
    found = []
    for label, icon, page, action, key, is_dialog in _actions_for(record):
        if action == "write":
            if not may(viewer, "add", Activity):
                continue
            url = f"{record.get_absolute_url()}?compose={page}#composer"
        elif reaches(viewer, action, record):
            url = reverse(f"{record.url_namespace}:{page}", kwargs={"pk": record.pk})
        else:
            continue
        found.append(Action(str(label), icon, url, key.split(), is_dialog))
    return found


def _actions_for(record: Any) -> tuple[Any, ...]:
    if isinstance(record, Lead):
        if record.is_open:
            return OPEN_LEAD
        return RECEIPT if record.status == Lead.Status.QUALIFIED else GIVEN_UP
    if hasattr(record, "status"):
        return OPEN_OPPORTUNITY if record.is_open else CLOSED_OPPORTUNITY
    return CUSTOMER


def excerpt(text: str, words: Sequence[str]) -> str:
    """Return the part of a text in which the words are, with dots where something was left out."""
    text = " ".join(text.split())
    letters, places = keys.folded(text)
    found = [at for word in words if (at := letters.find(word)) >= 0]
    first = places[min(found)] if found else 0
    start = max(first - AROUND, 0)
    if start:
        start = text.find(" ", start, first) + 1 or start
    end = start + LONGEST_EXCERPT
    before, behind = "…" if start else "", "…" if end < len(text) else ""
    return f"{before}{text[start:end].strip()}{behind}"
