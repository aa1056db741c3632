"""A timeline as a page shows it: day by day, each entry in a line, and the tabs to add to it."""

from __future__ import annotations

import uuid
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workbench.templatetags.workbench import address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

# Which entries to show: the kind, its word.
SHOWN = {
    "all": gettext_lazy("All"),
    "note": gettext_lazy("Notes"),
    "call": gettext_lazy("Calls"),
    "meeting": gettext_lazy("Meetings"),
    "email": gettext_lazy("Emails"),
    "task": gettext_lazy("Tasks"),
    "changes": gettext_lazy("Changes"),
}
# What to add: the kind, its word, its key.
COMPOSED = (
    ("note", gettext_lazy("Note"), "n"),
    ("call", gettext_lazy("Call"), "l"),
    ("task", gettext_lazy("Task"), "t"),
    ("meeting", gettext_lazy("Meeting"), "m"),
    ("email", gettext_lazy("Email"), "shift+e"),
)
CHANGES = "changes"
FOLDED_FROM = 3  # so many changes in a row become one line
LONGEST_TEXT = 200


def timeline_context(
    record: Any,
    asked: Mapping[str, str],
    *,
    viewer: Any,
    timeline_of: Callable[..., Any],
    next_up: Callable[..., Any],
) -> dict[str, Any]:
    """Return what composer and timeline show, as the query string asks for it."""
    kind = asked.get("kind", "all") if asked.get("kind") in SHOWN else "all"
    text = asked.get("text", "").replace("\x00", "")[:LONGEST_TEXT]
    try:
        before = asked.get("before", "")[:100]
        found = timeline_of(record, kind=kind, text=text, before=before, viewer=viewer)
    except OverflowError:  # a moment before the first or after the last one there is
        found = timeline_of(record, kind=kind, text=text, viewer=viewer)
    kinds = [name for name, _label, _key in COMPOSED]
    older = {"kind": kind, "text": text, "before": found.cursor}
    return {
        "timeline": found,
        "timeline_days": days_of(found.entries, is_folded=kind != CHANGES),
        "timeline_kind": kind,
        "timeline_text": text,
        "timeline_kinds": [
            {"label": label, "url": f"?kind={name}#timeline", "is_current": name == kind}
            for name, label in SHOWN.items()
        ],
        "timeline_older_url": f"?{urlencode(older)}#timeline" if found.cursor else "",
        "next_up": next_up(record),
        "compose": asked.get("compose") if asked.get("compose") in kinds else kinds[0],
        "composer_tabs": [
            {"kind": name, "label": label, "key": key} for name, label, key in COMPOSED
        ],
        "on": f"{record._meta.model_name}:{record.pk}",
        "submission": uuid.uuid4(),
    }


def days_of(entries: Iterable[Any], *, is_folded: bool = True) -> list[dict[str, Any]]:
    """Group entries by the day on which they happened; pinned ones stand above all days."""
    days = []
    for label, group in groupby(entries, key=_heading):
        lines = list(group)
        shown: list[dict[str, Any]] = []
        for is_change, run in groupby(lines, key=lambda entry: entry.kind == CHANGES):
            rows = list(run)
            if is_change and is_folded and len(rows) >= FOLDED_FROM:
                shown.append(_folded(rows))
            else:
                shown += [shown_entry(entry) for entry in rows]
        days.append({"label": label, "entries": shown})
    return days


def _heading(entry: Any) -> str:
    return _("Pinned") if entry.is_pinned else day_in_words(timezone.localtime(entry.at).date())


def day_in_words(day: date) -> str:
    """Return a day as a heading: "Today", "Friday 20 November"."""
    today = timezone.localdate()
    match (today - day).days:
        case 0:
            return _("Today")
        case 1:
            return _("Yesterday")
    return formats.date_format(day, _("l j F") if day.year == today.year else _("j F Y"))


def shown_entry(entry: Any) -> dict[str, Any]:
    """Return one entry as the template wants it."""
    at = timezone.localtime(entry.at)
    activity = entry.activity
    return {
        "kind": "event" if entry.kind == CHANGES else entry.kind,
        "title": change_in_words(entry) if activity is None else _title(activity),
        "people": "" if activity is None else _people(entry.actor, activity),
        "time": formats.time_format(at, "H:i"),
        "moment": at.isoformat(),
        "full": formats.date_format(at, "j M Y, H:i"),
        "text": "" if activity is None else entry.text,
        "is_pinned": entry.is_pinned,
        "url": "" if activity is None else address("activities:detail", activity.pk),
    }


def _folded(entries: list[Any]) -> dict[str, Any]:
    return {
        **shown_entry(entries[0]),
        "title": ngettext("%(n)d change", "%(n)d changes", len(entries)) % {"n": len(entries)},
        "text": "\n".join(change_in_words(entry) for entry in entries),
    }


def change_in_words(entry: Any) -> str:
    """Return a line of the trail as a sentence: "Status from New to Working by Ada"."""
    words = [
        _("%(field)s from %(old)s to %(new)s")
        % {"field": change.label, "old": change.old, "new": change.new}
        if change.old and change.new
        else f"{change.label}: {change.new}"
        if change.new
        else _("%(field)s removed") % {"field": change.label}
        for change in entry.changes
        if change.old or change.new
    ]
    sentence = f"{entry.title}: {'; '.join(words)}" if words else str(entry.title)
    if entry.text:
        sentence = f"{sentence}. {entry.text}"
    return _("%(what)s, by %(who)s") % {"what": sentence.rstrip("."), "who": entry.actor}


def _title(activity: Any) -> str:
    kind = str(activity.get_kind_display())
    title = f"{kind}: {activity.subject}" if activity.subject else kind
    if activity.status == "cancelled":
        title = _("%(activity)s, cancelled") % {"activity": title}
    if activity.duration:
        title = _("%(activity)s, %(minutes)d min") % {
            "activity": title,
            "minutes": activity.duration,
        }
    return title


def _people(actor: Any, activity: Any) -> str:
    words = [str(actor or "")]
    if activity.direction:
        words.append(str(activity.get_direction_display()).lower())
    if activity.outcome:
        words.append(str(activity.get_outcome_display()).lower())
    return ", ".join(word for word in words if word)
