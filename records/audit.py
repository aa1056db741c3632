"""The trail: one append-only line per operation and record. Only operations import this."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from records import writing
from records.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from users.models import User


def entry(
    record: Model,
    event: str,
    *,
    by: User,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Return a line that is not written yet, for `write`."""
    return AuditEntry(
        actor=by,
        event=event,
        record_type=ContentType.objects.get_for_model(type(record)),
        # A currency is known by its code alone; its label says which one it is.
        record_id=record.pk if isinstance(record.pk, int) else 0,
        label=str(record)[:300],
        changes={name: plain(value) for name, value in (changes or {}).items()},
        reason=reason[:500],
    )


def log_kind(model: type[Model], event: str, *, by: User, changes: Mapping[str, Any]) -> None:
    """Write one line about records of a kind together, under the number 0."""
    AuditEntry.objects.create(
        actor=by,
        event=event,
        record_type=ContentType.objects.get_for_model(model),
        record_id=0,
        label=str(model._meta.verbose_name_plural).capitalize()[:300],
        changes={name: plain(value) for name, value in changes.items()},
    )


def write(*entries: AuditEntry) -> None:
    """Write lines with one statement."""
    AuditEntry.objects.bulk_create(entries)


def log_each(records: Sequence[Model], event: str, *, by: User) -> None:
    """Write of each of many records of one kind that the same happened to it. One statement."""
    if len(records) < writing.FEW:
        write(*(entry(record, event, by=by) for record in records))
        return
    lines = ((record.pk, str(record)[:300]) for record in records)
    writing.insert_like(entry(records[0], event, by=by), ("record_id", "label"), lines)


def log(
    record: Model,
    event: str,
    *,
    by: User,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one line: `changes` maps a field to its old and new value."""
    write(entry(record, event, by=by, changes=changes, reason=reason))


def latest(record: Model, count: int) -> list[AuditEntry]:
    """Return the last so many lines about `record` that changed something, the newest first."""
    rows = AuditEntry.objects.filter(
        record_type=ContentType.objects.get_for_model(type(record)), record_id=record.pk
    ).exclude(changes={})
    return list(rows.select_related("actor").order_by("-at", "-pk")[:count])


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: money as text, moments as ISO 8601, records by id."""
    match value:
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case Model():
            return {"id": value.pk, "label": str(value)}
        case str() | int() | float() | bool() | None:
            return value
        case _:
            return str(value)
