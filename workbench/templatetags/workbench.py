"""Icons, meters, money and moments in templates; so that templates do no arithmetic."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import template
from django.contrib import messages
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from users import formats

if TYPE_CHECKING:
    from collections.abc import Iterable

register = template.Library()

AVATAR_TINTS = 5
GOOD_SCORE, FAIR_SCORE = 60, 40
# The only address a message may carry: a path of ours.
UNDO = re.compile(r"(?:^|\s)undo:(/(?!/)\S*)")
QR_BOX = re.compile(r'viewBox="([\d. ]+)"')
QR_PATH = re.compile(r'\bd="([^"]+)"')

OBJECT_ICONS = {
    "lead": "target-arrow",
    "account": "building",
    "contact": "user",
    "opportunity": "briefcase",
    "activity": "clipboard-check",
    "delivery": "inbox",
    "job": "list-check",
}
SPRITE = "app/icons.svg"
KIND_ICONS = {
    "note": "note",
    "call": "phone",
    "task": "checkbox",
    "meeting": "calendar-event",
    "email": "mail",
    "file": "paperclip",
    "event": "bolt",
}
STEP_ICONS = {
    "late": "alert-circle",
    "today": "clock",
    "planned": "calendar",
    "none": "alert-triangle",
}


@register.simple_tag
def icon(name: str, size: int = 18, label: str = "") -> SafeString:
    """Draw an icon of the sprite. Without a label it is decoration and hidden from readers."""
    name = OBJECT_ICONS.get(name) or name
    if label:
        return format_html(
            '<svg class="c-icon" width="{0}" height="{0}" role="img" aria-label="{1}">'
            '<use href="{2}"/></svg>',
            size,
            label,
            f"{static(SPRITE)}#{name}",
        )
    return _decoration(name, size)


@lru_cache(maxsize=256)
def _decoration(name: str, size: int) -> SafeString:
    return format_html(
        '<svg class="c-icon" width="{0}" height="{0}" aria-hidden="true"><use href="{1}"/></svg>',
        size,
        f"{static(SPRITE)}#{name}",
    )


@register.simple_tag
def kind_icon(kind: str, size: int = 16) -> SafeString:
    """Draw the icon of a kind of activity."""
    return icon(KIND_ICONS.get(kind, "bolt"), size)


@register.simple_tag
def step_icon(state: str, size: int = 15) -> SafeString:
    """Draw the icon of a next step: late, today, planned or none."""
    return icon(STEP_ICONS.get(state, "calendar"), size)


@register.simple_tag
def meter(
    value: Any, of: Any = 100, width: int = 34, height: int = 5, tone: str = ""
) -> SafeString:
    """Draw how much of a whole; the number stands beside it in words."""
    try:
        share = max(0.0, min(1.0, float(value) / float(of)))
    except (TypeError, ValueError, ZeroDivisionError):
        share = 0.0
    return format_html(
        '<svg class="c-meter{}" width="{w}" height="{h}" viewBox="0 0 {w} {h}" aria-hidden="true">'
        '<rect class="c-meter__track" width="{w}" height="{h}" rx="{r}"/>'
        '<rect class="c-meter__value" width="{v}" height="{h}" rx="{r}"/></svg>',
        f" c-meter--{tone}" if tone else "",
        w=width,
        h=height,
        r=min(height / 2, 2.5),
        v=f"{share * width:.1f}",
    )


@register.filter
def score_tone(score: Any) -> str:
    """Say how a score is drawn: "" (good), middle or low."""
    try:
        number = float(score)
    except (TypeError, ValueError):
        return "low"
    if number >= GOOD_SCORE:
        return ""
    return "middle" if number >= FAIR_SCORE else "low"


@register.filter
def tint(user: Any) -> int:
    """Return which of the soft colours a person's avatar has; the same on every page."""
    key = getattr(user, "pk", user)
    return key % AVATAR_TINTS if isinstance(key, int) else len(str(key)) % AVATAR_TINTS


@register.filter
def initials(name: Any) -> str:
    """Return one or two letters for a name."""
    words = [word for word in re.split(r"[\s@.]+", str(name or "")) if word[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.filter
def breakable(address: Any) -> SafeString:
    """Let an email or web address go on in the next line behind "@" or before ".", in no word."""
    parts = re.split(r"(?<=[@/])|(?=\.)", str(address))
    return format_html_join("", "{}<wbr>", ((part,) for part in parts if part))


@register.simple_tag
def money(amount: Any, currency: str = "", compact: bool = False) -> str:
    """Write an amount as its reader does; `compact` is for tiles and charts: €1.26M."""
    return formats.money(amount, currency, compact=compact)


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """Write a number with its thousands parted: "12,431"."""
    return "" if value in (None, "") else formats.number(value, places)


@register.filter
def day(moment: date | datetime | None) -> str:
    """Write a date as "27 Nov 2026", in the words of the reader's language."""
    return formats.day(moment) if moment else ""


@register.filter
def long_day(moment: date | datetime | None) -> str:
    """Write a date as "Friday, 27 November 2026"."""
    return formats.long_day(moment) if moment else ""


@register.filter
def moment(at: datetime | None) -> str:
    """Write a moment as "27 Nov 2026, 14:30", where the reader is."""
    return formats.moment(at) if at else ""


@register.simple_tag
def today() -> date:
    """Return the day that it is where the reader is."""
    return timezone.localdate()


@register.filter
def ago(moment: date | datetime | None) -> SafeString | str:
    """Write a past moment as a person says it, with the full date for whoever points at it."""
    return _time(local := formats.local_of(moment), _since(local)) if moment else ""


@register.filter
def due(moment: date | datetime | None) -> SafeString | str:
    """Write a future moment as a person says it: "Today, 14:30", "2 days late", "27 Nov"."""
    return _time(local := formats.local_of(moment), _until(local)) if moment else ""


@register.filter
def due_state(moment: date | datetime | None) -> str:
    """Say how pressing a moment is: late, today, planned, or none when there is no moment."""
    if not moment:
        return "none"
    days = (_date(formats.local_of(moment)) - timezone.localdate()).days
    if days < 0 or (isinstance(moment, datetime) and moment < timezone.now()):
        return "late"
    return "planned" if days else "today"


@register.filter
def unfolded(rows: Iterable[Any]) -> list[Any]:
    """Return the fields of a group that are shown at once."""
    return [row for row in rows if not row.get("is_folded")]


@register.filter
def folded(rows: Iterable[Any]) -> list[Any]:
    """Return the fields of a group that hold nothing, and that the reader could fill in."""
    return [row for row in rows if row.get("is_folded") and row.get("edit_url")]


@register.filter
def undo_url(message: Any) -> str:
    """Return the address that takes back what a message tells of: its tags say "undo:/path/"."""
    found = UNDO.search(getattr(message, "extra_tags", "") or "")
    return found[1] if found else ""


@register.filter
def is_error(message: Any) -> bool:
    """Tell whether a message must stay until somebody has read it."""
    return getattr(message, "level", 0) >= messages.ERROR


@register.simple_tag
def qr_code(drawing: str) -> SafeString:
    """Draw a QR code in the page from the SVG text that allauth makes."""
    box, path = QR_BOX.search(drawing or ""), QR_PATH.search(drawing or "")
    if not box or not path:
        return SafeString("")
    return format_html(
        '<svg class="c-qr" width="200" height="200" viewBox="{}" role="img" aria-label="{}">'
        '<path d="{}"/></svg>',
        box[1],
        _("QR code for the authenticator app"),
        path[1],
    )


@register.simple_tag
def address(name: str, *args: Any) -> str:
    """Return the address of a page, or nothing while that room is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


# These are asked for every row of a list: a moment is brought to the reader's zone once.


def _date(local: date | datetime) -> date:
    return local.date() if isinstance(local, datetime) else local


def _time(local: date | datetime, words: str) -> SafeString:
    full = formats.moment(local) if isinstance(local, datetime) else formats.day(local)
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), full, words)


def _since(local: date | datetime) -> str:
    today = timezone.localdate()
    days = (today - _date(local)).days
    if days < 0:
        return formats.day(local)
    if days == 0:
        return _today_since(local)
    if days == 1:
        return _("Yesterday")
    if days < 7:
        return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}
    return formats.short_day(local)


def _today_since(local: date | datetime) -> str:
    if not isinstance(local, datetime):
        return _("Today")
    minutes = max(0, int((timezone.now() - local).total_seconds()) // 60)
    if minutes < 1:
        return _("Just now")
    if minutes < 60:
        return ngettext("%(n)s min ago", "%(n)s min ago", minutes) % {"n": minutes}
    hours = minutes // 60
    return ngettext("%(n)s h ago", "%(n)s h ago", hours) % {"n": hours}


def _until(local: date | datetime) -> str:
    today = timezone.localdate()
    days = (_date(local) - today).days
    if days < 0:
        return ngettext("%(n)s day late", "%(n)s days late", -days) % {"n": -days}
    name = (_("Today"), _("Tomorrow"))[days] if days <= 1 else formats.short_day(local)
    if days > 1 or not isinstance(local, datetime) or not (local.hour or local.minute):
        return name
    return f"{name}, {formats.clock(local)}"
