"""What has happened on a record, newest first, and what comes next."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Activity, ActivityLink, File, FileShown, PersonShown
from activities.rules import may_do
from records import custom
from records.models import FIRST_YEAR, LAST_YEAR, AuditEntry, Record
from records.permissions import hidden_fields, hidden_from, unnamed
from users import formats
from workbench.custom import shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from activities.querysets import ActivityQuerySet
    from records.models import CustomField, TimelineRecord
    from users.models import User

CHANGES = "changes"
KINDS = ("all", *Activity.Kind.values, CHANGES)

# The second half of an event's name, in the user's words. What is not here reads as it is written.
EVENTS = {
    "created": gettext_lazy("Created"),
    "changed": gettext_lazy("Changed"),
    "assigned": gettext_lazy("Assigned"),
    "deleted": gettext_lazy("Moved to the recycle bin"),
    "restored": gettext_lazy("Restored"),
    "qualified": gettext_lazy("Qualified"),
    "unqualified": gettext_lazy("Qualification undone"),
    "disqualified": gettext_lazy("Disqualified"),
    "reopened": gettext_lazy("Reopened"),
    "stage_changed": gettext_lazy("Moved to another stage"),
    "step_ticked": gettext_lazy("Step done"),
    "step_unticked": gettext_lazy("Step not done"),
    "won": gettext_lazy("Won"),
    "lost": gettext_lazy("Lost"),
    "put_on_hold": gettext_lazy("Put on hold"),
    "resumed": gettext_lazy("Resumed"),
    "lines_changed": gettext_lazy("Products changed"),
    "stakeholder_added": gettext_lazy("Stakeholder added"),
    "stakeholder_removed": gettext_lazy("Stakeholder removed"),
    "merged": gettext_lazy("Merged with others"),
    "merged_away": gettext_lazy("Merged into another one"),
    "unmerged": gettext_lazy("Merge undone"),
    "relinked": gettext_lazy("Moved by a merge"),
}

# How the trail calls a field whose form says something else, and which kind a name that is no field
# speaks of.
LABELS = {"account": gettext_lazy("Account"), "contact": gettext_lazy("Contact")}
NAMED = {"opportunities": "opportunities.opportunity"}
# What a merge made one is of the kind that the line is about.
MERGED = "merged"
# A line whose changes name a record: a quote inside of a text is escaped, and looks different.
NAMES_A_RECORD = '"label"'

Key = tuple[type[models.Model], Any]


@dataclass(frozen=True)
class Change:
    """One field of a change, in words."""

    name: str
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """Something that happened: an activity, or a line of the audit trail.

    `own` are the custom fields of an activity that hold something, by label; `may` names what the
    viewer may do to it: change, delete.
    """

    at: datetime
    kind: str
    activity: Activity | None
    audit: AuditEntry | None
    actor: User | None
    title: str
    text: str
    changes: tuple[Change, ...] = ()
    files: tuple[FileShown, ...] = ()
    people: tuple[PersonShown, ...] = ()
    own: tuple[tuple[str, Any], ...] = ()
    may: frozenset[str] = frozenset()

    @property
    def is_pinned(self) -> bool:
        return self.activity is not None and self.activity.is_pinned

    @property
    def place(self) -> tuple[datetime, int, int]:
        """What orders entries: the moment, then activities over changes, then the newer one."""
        if self.activity is not None:
            return self.at, 1, self.activity.pk
        return self.at, 0, self.audit.pk if self.audit else 0

    @property
    def cursor(self) -> str:
        """Name this entry for `before`."""
        at, rank, pk = self.place
        return f"{at.isoformat()}~{rank}~{pk}"


@dataclass(frozen=True)
class Timeline:
    """A page of entries, pinned ones first; `cursor` asks for the next page."""

    entries: list[Entry] = field(default_factory=list)
    has_more: bool = False

    @property
    def cursor(self) -> str:
        others = [entry for entry in self.entries if not entry.is_pinned]
        return others[-1].cursor if self.has_more and others else ""


def timeline_of(
    record: TimelineRecord,
    *,
    kind: str = "all",
    text: str = "",
    before: datetime | str | None = None,
    limit: int = 30,
    viewer: User | None = None,
) -> Timeline:
    """Return what happened on `record`, newest first, at most `limit` and the pinned entries.

    `kind` keeps one kind of activity (of files whatever came with one), or the changes; `text` what
    contains every word of it, or has it in the name of a file;
    `before` (a moment, or the cursor of a page) what is older. What is still to be done is not in
    it: that is `next_up`. Records that `viewer` may not see go without their names, and are not
    found by them; without a viewer everything is told. Two statements at most, one more where
    changes name records, and one where they tell of custom fields that nobody has loaded yet.
    """
    position = position_of(before)
    pinned: list[Entry] = []
    entries: list[Entry] = []
    if kind != CHANGES:
        rows = _activities(record, kind=kind, text=text)
        others = rows.filter(is_pinned=False)
        if position is None:
            # Pinned ones come along with the first page: one statement for both.
            newest = Q(pk__in=others.values("pk")[: limit + 1])
            found = list(_entries(rows.filter(Q(is_pinned=True) | newest), record, viewer))
            pinned += [entry for entry in found if entry.is_pinned]
            entries += [entry for entry in found if not entry.is_pinned]
        else:
            older = others.filter(_older("moment", 1, position))
            entries += _entries(older, record, viewer, limit + 1)
    if kind not in Activity.Kind.values:
        entries += _changes(record, text=text, before=position, limit=limit + 1, viewer=viewer)
    entries.sort(key=lambda entry: entry.place, reverse=True)
    return Timeline([*pinned, *entries[:limit]], has_more=len(entries) > limit)


def next_up(record: TimelineRecord) -> list[Activity]:
    """Return the open tasks, meetings and calls on `record`, the most urgent first."""
    rows = _with_origin(Activity.objects.on(record)).to_do().with_parts().select_related("owner")
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "pk"))


Position = tuple[datetime, int, int]


def position_of(before: datetime | str | None) -> Position | None:
    """Return the place that a cursor names; nonsense names the beginning."""
    if isinstance(before, datetime):
        return before, 0, 0
    try:
        moment, rank, pk = (before or "").split("~")
        at = parse_datetime(moment)
        if at is None or not at.tzinfo or not FIRST_YEAR <= at.year <= LAST_YEAR:
            return None
        return at, int(rank), int(pk)
    except ValueError:
        return None


def _older(at: str, rank: int, before: Position) -> Q:
    """Keep rows of this rank that stand behind `before`."""
    moment, its_rank, pk = before
    older = Q(**{f"{at}__lt": moment})
    if rank < its_rank:
        return older | Q(**{at: moment})
    if rank == its_rank:
        return older | Q(**{at: moment, "pk__lt": pk})
    return older


def _with_origin(rows: ActivityQuerySet) -> ActivityQuerySet:
    origin = ActivityLink.objects.filter(activity=OuterRef("pk"), is_origin=True)
    annotated: ActivityQuerySet = rows.annotate(
        origin_type=Subquery(origin.values("record_type")[:1]),
        origin_id=Subquery(origin.values("record_id")[:1]),
    )
    return annotated


def _activities(record: TimelineRecord, *, kind: str, text: str) -> ActivityQuerySet:
    rows: ActivityQuerySet = _with_origin(Activity.objects.on(record))
    rows = rows.annotate(moment=Coalesce("done_at", "changed_at"))
    if kind == Activity.Kind.FILE:
        # Also those of what is still to be done: somebody looks for a file, not for what was said.
        rows = rows.filter(Exists(File.objects.filter(activity=OuterRef("pk"))))
    else:
        rows = rows.exclude(status=Activity.Status.OPEN)
        rows = rows.filter(kind=kind) if kind in Activity.Kind.values else rows
    if text.strip():
        rows = rows.saying(text)
    rows = rows.select_related("owner", "created_by", "mail")
    # What the letter says is on the entry already.
    rows = rows.defer("mail__text", "mail__html", "mail__headers")
    return rows.order_by("-moment", "-pk")


def _entries(
    rows: ActivityQuerySet, record: TimelineRecord, viewer: User | None, limit: int | None = None
) -> Iterator[Entry]:
    actions = ("change", "delete") if viewer is not None else ()
    found = list(rows.with_parts()[:limit])
    own = own_values(found, viewer)
    for activity in found:
        yield Entry(
            at=activity.moment,
            kind=activity.kind,
            activity=activity,
            audit=None,
            actor=activity.owner or activity.created_by,
            title=activity.subject or str(activity.get_kind_display()),
            text=activity.text,
            files=tuple(activity.files_shown),
            people=tuple(activity.people_shown),
            own=own.get(activity.pk, ()),
            may=frozenset(
                action
                for action in actions
                if viewer is not None and may_do(viewer, action, activity, record)
            ),
        )


def own_values(
    activities: Iterable[Activity], viewer: User | None
) -> dict[int, tuple[tuple[str, Any], ...]]:
    """Return what entries hold in custom fields, by their numbers: pairs of label and words.

    Nothing is read where none of them holds anything.
    """
    holding = [activity for activity in activities if activity.custom]
    if viewer is None or not holding:
        return {}
    fields = custom.definitions_for(viewer)["activity"]
    for each in fields:
        custom.prepare(each, holding)
    return {
        activity.pk: tuple(
            (each.label, words)
            for each in fields
            if (words := shown(each, activity.custom.get(each.key)))
        )
        for activity in holding
    }


def _changes(
    record: TimelineRecord,
    *,
    text: str,
    before: Position | None,
    limit: int,
    viewer: User | None,
) -> Iterator[Entry]:
    lines = AuditEntry.objects.filter(
        record_type=ContentType.objects.get_for_model(type(record)), record_id=record.pk
    )
    kept = hidden_fields(viewer, custom.kind_of(record))
    for word in text.split()[:8]:
        told = Q(changes__icontains=word)
        if viewer is not None:
            # Or the search would tell the name that the entry keeps to itself.
            told &= ~Q(changes__icontains=NAMES_A_RECORD)
        if kept:
            told &= ~Q(changes__has_any_keys=sorted(kept))
        lines = lines.filter(Q(event__icontains=word) | Q(reason__icontains=word) | told)
    if before is not None:
        lines = lines.filter(_older("at", 0, before))
    found = list(lines.select_related("actor").order_by("-at", "-pk")[:limit])
    hidden = set() if viewer is None else _hidden(type(record), found, viewer)
    fields = _custom_fields(type(record), found, viewer)
    for line in found:
        yield Entry(
            at=line.at,
            kind=CHANGES,
            activity=None,
            audit=line,
            actor=line.actor,
            title=event_title(line.event),
            text=line.reason,
            changes=tuple(
                _in_words(
                    type(record),
                    {name: told for name, told in line.changes.items() if name not in kept},
                    hidden,
                    fields,
                )
            ),
        )


def event_title(event: str) -> str:
    """Return the user's words for an event.

    >>> event_title("lead.looked_at")
    'Looked at'
    """
    verb = event.rpartition(".")[2]
    return str(EVENTS[verb]) if verb in EVENTS else capfirst(verb.replace("_", " "))


def _hidden(model: type[Record], lines: Iterable[AuditEntry], viewer: User) -> set[Key]:
    """Return the records that `lines` name and `viewer` may not see. One statement at most."""
    named: dict[type[models.Model], set[Any]] = {}
    for line in lines:
        for name, change in line.changes.items():
            about = _about(model, name)
            if about is not None:
                named.setdefault(about, set()).update(_ids(change))
    return hidden_from(viewer, named)


def _ids(value: Any) -> Iterator[Any]:
    match value:
        case {"id": pk, "label": _label}:
            yield pk
        case list():
            for item in value:
                yield from _ids(item)


def _column(model: type[models.Model], name: str) -> Any:
    with suppress(FieldDoesNotExist):
        return model._meta.get_field(name)
    return None


def _about(model: type[Record], name: str) -> type[Record] | None:
    """Return the kind of record that a change speaks of, if it is one that may be hidden."""
    if name == MERGED:
        return model
    about = apps.get_model(NAMED[name]) if name in NAMED else None
    about = about or getattr(_column(model, name), "related_model", None)
    return about if isinstance(about, type) and issubclass(about, Record) else None


def _custom_fields(
    model: type[Record], lines: Iterable[AuditEntry], viewer: User | None
) -> dict[str, CustomField]:
    """Return the custom fields by name if `lines` speak of one, the retired ones among them.

    One statement at most, and none where the viewer's page has read them already.
    """
    if not any(name.startswith(custom.PREFIX) for line in lines for name in line.changes):
        return {}
    found = custom.known_to(viewer).fields.get(custom.kind_of(model), ())
    return {each.name: each for each in found}


def _in_words(
    model: type[TimelineRecord],
    changes: dict[str, Any],
    hidden: Container[Key],
    fields: Mapping[str, CustomField],
) -> Iterator[Change]:
    for name, change in changes.items():
        old, new = change if isinstance(change, list) and len(change) == 2 else (None, change)
        if name.startswith(custom.PREFIX):
            each = fields.get(name)
            label = each.label if each else name.removeprefix(custom.PREFIX).replace("_", " ")
            words = [custom.in_words(each, value) for value in (old, new)]
            yield Change(name, capfirst(label), *words)
            continue
        column = _column(model, name)
        said: Any = LABELS.get(name)
        label = said or getattr(column, "verbose_name", name.replace("_", " "))
        if about := _about(model, name):
            old, new = _kept(old, about, hidden), _kept(new, about, hidden)
        yield Change(name, capfirst(str(label)), word_for(old, column), word_for(new, column))


def words_of(
    model: type[TimelineRecord], lines: Iterable[AuditEntry], name: str, viewer: User
) -> list[tuple[str, str]]:
    """Return what a field held before and after each of `lines`, as `viewer` may read it."""
    lines = list(lines)
    hidden = _hidden(model, lines, viewer)
    fields = _custom_fields(model, lines, viewer)
    told = []
    for line in lines:
        (change,) = _in_words(model, {name: line.changes[name]}, hidden, fields)
        told.append((change.old, change.new))
    return told


def _kept(value: Any, about: type[Record], hidden: Container[Key]) -> Any:
    """Return `value` with the names of records that are hidden taken out of it."""
    match value:
        case {"id": pk, "label": _label} if (about, pk) in hidden:
            return unnamed(about)
        case list():
            return [_kept(item, about, hidden) for item in value]
    return value


def word_for(value: Any, column: Any = None) -> str:
    """Return a value of the trail as a person reads it; nothing is an empty text.

    The trail keeps amounts and days as text, so it takes the column to know them.
    """
    match value:
        case None | "":
            return ""
        case bool():
            return _("Yes") if value else _("No")
        case {"label": label}:
            return str(label)
        case list():
            return ", ".join(word_for(item, column) for item in value)
        case dict():
            return ", ".join(f"{name}: {word_for(item)}" for name, item in value.items())
        case str():
            return _text_in_words(value, column)
        case _:
            return str(dict(getattr(column, "flatchoices", ())).get(value, value))


def _text_in_words(value: str, column: Any) -> str:
    if isinstance(column, models.DecimalField):
        amount = Decimal(value)
        places = 0 if amount == amount.to_integral_value() else 2
        return formats.number(amount, places)
    if isinstance(column, models.DateTimeField) and (moment := parse_datetime(value)):
        return formats.moment(moment)
    if isinstance(column, models.DateField) and (day := parse_date(value)):
        return formats.day(day)
    return str(dict(getattr(column, "flatchoices", ())).get(value, value))
