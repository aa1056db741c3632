"""A timeline as a page shows it: day by day, each entry in a line, and the tabs to add to it."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.custom import definitions_for
from records.layouts import hidden_in
from records.models import FIRST_YEAR, LAST_YEAR
from records.permissions import fixed_fields
from users import formats
from workbench.forms import PageForm, own_fields
from workbench.markdown import markdown, plain
from workbench.templatetags.workbench import address

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from datetime import date

# Which entries to show: the kind, its word.
SHOWN = {
    "all": gettext_lazy("All"),
    "note": gettext_lazy("Notes"),
    "call": gettext_lazy("Calls"),
    "meeting": gettext_lazy("Meetings"),
    "email": gettext_lazy("Emails"),
    "task": gettext_lazy("Tasks"),
    "file": gettext_lazy("Files"),
    "changes": gettext_lazy("Changes"),
}
# What to add: the kind, its word, its key.
COMPOSED = (
    ("note", gettext_lazy("Note"), "n"),
    ("call", gettext_lazy("Call"), "l"),
    ("task", gettext_lazy("Task"), "t"),
    ("meeting", gettext_lazy("Meeting"), "m"),
    ("email", gettext_lazy("Email"), "shift+e"),
    ("file", gettext_lazy("File"), ""),
)
CHANGES = "changes"
FOLDED_FROM = 3  # so many changes in a row become one line
LONGEST_TEXT = 200
# About what fills six lines: a longer text is cut off there, and "Show all" leads to the rest.
SHORT_LINES, SHORT_TEXT = 6, 420


@dataclass(frozen=True)
class Restoring:
    """Where a field of a record is given back a value that it had, and which fields can be."""

    url: str = ""
    names: Container[str] = ()


def restoring_of(record: Any, user: Any) -> Restoring:
    """Return how the fields of `record`, which `user` may edit, get back what they held."""
    url = address(f"{record.url_namespace}:history", record.pk)
    if not url:
        return Restoring()
    edit_url = reverse(f"{record.url_namespace}:edit", kwargs={"pk": record.pk})
    form: Any = resolve(edit_url).func.view_class.form_class  # type: ignore[attr-defined]
    kind = str(record._meta.model_name)
    names = {*form.base_fields, *(each.name for each in definitions_for(user).get(kind, ()))}
    # An owner is given back by assigning, which asks for another permission.
    return Restoring(url, names - hidden_in(kind, user) - fixed_fields(user, kind) - {"owner"})


def timeline_context(
    record: Any,
    asked: Mapping[str, str],
    *,
    viewer: Any,
    timeline_of: Callable[..., Any],
    next_up: Callable[..., Any],
    restoring: Restoring | None = None,
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
        "timeline_days": days_of(
            found.entries,
            is_folded=kind != CHANGES,
            restoring=restoring,
            after=asked.get("before", "") if found.entries else "",
        ),
        "timeline_kind": kind,
        "timeline_text": text,
        "timeline_kinds": [
            {
                "label": label,
                "url": f"?{urlencode({'kind': name, 'text': text} if text else {'kind': name})}"
                "#timeline",
                "is_current": name == kind,
                "id": f"timeline-{name}",
            }
            for name, label in SHOWN.items()
        ],
        "timeline_older_url": f"?{urlencode(older)}#timeline" if found.cursor else "",
        "timeline_count": ngettext("%(n)d entry", "%(n)d entries", len(found.entries))
        % {"n": len(found.entries)},
        "history_url": address(f"{record.url_namespace}:history", record.pk),
        "next_up": next_up(record),
        "compose": asked.get("compose") if asked.get("compose") in kinds else kinds[0],
        "composer_tabs": [
            {"kind": name, "label": label, "key": key} for name, label, key in COMPOSED
        ],
        "own_fields": own_fields_of(viewer),
        "on": f"{record._meta.model_name}:{record.pk}",
        "submission": uuid.uuid4(),
    }


def own_fields_of(viewer: Any) -> list[Any]:
    """Return the custom fields that the composer asks for, as a page shows them."""
    form = PageForm(user=viewer, auto_id="compose-%s")
    form.fields |= own_fields("activity", viewer)
    return list(form)


def days_of(
    entries: Iterable[Any],
    *,
    is_folded: bool = True,
    restoring: Restoring | None = None,
    after: str = "",
) -> list[dict[str, Any]]:
    """Group entries by the day on which they happened; pinned ones stand above all days.

    `after` is the cursor of the page before: the day that it ended with gets no second heading.
    """
    days: list[dict[str, Any]] = []
    for label, group in groupby(entries, key=_heading):
        lines = list(group)
        shown: list[dict[str, Any]] = []
        for is_change, run in groupby(lines, key=lambda entry: entry.kind == CHANGES):
            rows = list(run)
            if is_change and is_folded and len(rows) >= FOLDED_FROM:
                shown.append(_folded(rows, restoring))
            else:
                shown += [shown_entry(entry, restoring) for entry in rows]
        days.append({"label": label, "entries": shown})
    moment = None
    with suppress(ValueError):
        moment = parse_datetime(after.partition("~")[0])
    if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
        moment = None  # a zone would carry it out of all years
    if days and moment is not None and moment.tzinfo is not None:
        days[0]["entries"][0]["is_first"] = True
        ended = day_in_words(timezone.localtime(moment).date())
        days[0]["goes_on"] = days[0]["label"] == ended
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
    return formats.weekday(day)


def shown_entry(entry: Any, restoring: Restoring | None = None) -> dict[str, Any]:
    """Return one entry as the template wants it."""
    at = timezone.localtime(entry.at)
    activity = entry.activity
    told = {
        "kind": "event" if entry.kind == CHANGES else entry.kind,
        # Pinned ones stand above all days, so they say theirs.
        "time": f"{formats.short_day(at)}, {formats.clock(at)}"
        if entry.is_pinned
        else formats.clock(at),
        "moment": at.isoformat(),
        "full": formats.moment(at),
        "is_pinned": entry.is_pinned,
    }
    if activity is None:
        return {
            **told,
            "title": change_in_words(entry),
            "restores": list(restores_of(entry, restoring)),
        }
    return {
        **told,
        "pk": activity.pk,
        "title": _title(activity),
        "people": _people(entry.actor, activity),
        "own": entry.own,
        "text": entry.text,
        "drawn": text_of(entry.kind, entry.text, entry.people),
        "is_long": is_long(entry.text),
        "files": [shown_file(file) for file in entry.files],
        "delivery": delivery_of(activity),
        "url": address("activities:detail", activity.pk),
        "edit_url": address("activities:edit", activity.pk) if "change" in entry.may else "",
        "pin_url": address("activities:pin", activity.pk) if "change" in entry.may else "",
        "delete_url": address("activities:delete", activity.pk) if "delete" in entry.may else "",
    }


def delivery_of(activity: Any) -> dict[str, Any] | None:
    """Return what has become of an email that was sent from here; nothing where all is well."""
    mail = activity.mail
    if mail is None or (mail.state == mail.State.SENT and not mail.refused):
        return None
    if mail.state == mail.State.SENT:
        return {"text": _("Not taken for: %(why)s") % {"why": mail.error}, "is_bad": True}
    if mail.state == mail.State.FAILED:
        text = _("Not sent: %(why)s") % {"why": mail.error}
        return {"text": text, "is_bad": True, "url": address("emails:again", activity.pk)}
    if mail.error:
        return {"text": _("Not sent yet: %(why)s. It is tried again.") % {"why": mail.error}}
    return {"text": _("On its way")}


def text_of(kind: str, text: str, people: Iterable[Any] = ()) -> Any:
    """Return the text of an entry as it is drawn: a note in its forms, an email as it was typed."""
    if not text:
        return ""
    if kind == "email":
        return plain(text)
    return markdown(text, [(person.name, person.email) for person in people])


def is_long(text: str) -> bool:
    """Say whether a text is cut off in a timeline."""
    return text.count("\n") >= SHORT_LINES or len(text) > SHORT_TEXT


def shown_file(file: Any) -> dict[str, Any]:
    """Return one file as the template wants it."""
    return {
        "name": file.name,
        "size": formats.size(file.size),
        "url": address("activities:file", file.id),
        "preview_url": address("activities:file-preview", file.id) if file.width else "",
        "width": file.width,
        "height": file.height,
        "is_image": file.is_image,
    }


def restores_of(entry: Any, restoring: Restoring | None) -> Iterable[dict[str, Any]]:
    """Yield the fields of a change that can be given back what they held before it."""
    for change in entry.changes:
        if restoring is not None and entry.audit is not None and change.name in restoring.names:
            yield {
                "url": restoring.url,
                "entry": entry.audit.pk,
                "field": change.name,
                "label": change.label,
                "value": change.old,
                "history_url": f"{restoring.url}?{urlencode({'field': change.name})}",
            }


def _folded(entries: list[Any], restoring: Restoring | None = None) -> dict[str, Any]:
    return {
        **shown_entry(entries[0]),
        "title": ngettext("%(n)d change", "%(n)d changes", len(entries)) % {"n": len(entries)},
        "restores": [],
        "folded": [shown_entry(entry, restoring) for entry in entries],
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
    if activity.kind == "file" and (count := len(activity.files_shown)):
        return ngettext("File", "%(n)d files", count) % {"n": count}
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
    if activity.people and activity.direction == "incoming":
        return _("From %(people)s") % {"people": activity.people}
    words = [str(actor or "")]
    if activity.people:
        words.append(_("to %(people)s") % {"people": activity.people})
    elif activity.direction:
        words.append(str(activity.get_direction_display()).lower())
    if activity.outcome:
        words.append(str(activity.get_outcome_display()).lower())
    return ", ".join(word for word in words if word)
