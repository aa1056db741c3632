"""Many new records at once: what `save_new` does for one, in a few statements for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from records import writing
from records.operations.checking import acceptable
from records.operations.states import note_state, note_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from records.models import Record
    from users.models import User


def save_many_new(records: Sequence[Record], *, by: User) -> None:
    """Insert records of one kind that `made_ready` has checked, with their first lines of history.

    A few of them are saved as each by itself would be; a test holds both ways to the same rows.
    """
    if len(records) < writing.FEW:
        for record in records:
            record.save(force_insert=True)
            note_state(record)
        return
    model: Any = type(records[0])
    writing.number(model, records)
    fields = model._meta.concrete_fields
    prepared = writing.preparing()
    columns = [(field, field.attname) for field in fields]
    rows = [
        [prepared(field, values[name]) for field, name in columns] for values in map(vars, records)
    ]
    writing.insert(model, fields, rows)
    _remember(model, fields, rows, by=by)
    for record in records:
        record._state.adding = False  # noqa: SLF001 - as saving it does
    note_states(records)


def save_many_changed(
    records: Sequence[Record],
    names: Iterable[str],
    *,
    by: User,
    since: Mapping[int, datetime],
) -> None:
    """Do for records that this transaction has made what `save_changed` does for one.

    `names` are the columns that may have changed, with those that follow from them; `since` says by
    number since when it is so.
    """
    moment = timezone.now()
    for record in records:
        record.version += 1
        record.changed_by, record.changed_at = by, moment
        acceptable(record)
        record.derive()
    if len(records) < writing.FEW:
        for record in records:
            record._history_user = by  # type: ignore[attr-defined]
            record.save(force_update=True)
            note_state(record, since=since.get(record.pk))
        return
    model: Any = type(records[0])
    fields, prepared = model._meta.concrete_fields, writing.preparing()
    writing.update(model, [*names, "version", "changed_by", "changed_at"], records)
    rows = [[prepared(field, vars(each)[field.attname]) for field in fields] for each in records]
    _remember(model, fields, rows, by=by, kind="~")
    note_states(records, since=since)


def _remember(
    model: Any, fields: Sequence[Any], rows: Sequence[Sequence[Any]], *, by: User, kind: str = "+"
) -> None:
    """Write a line of history of each row, from the values that were written."""
    history, prepared = model.history.model, writing.preparing()
    place = {field.attname: number for number, field in enumerate(fields)}
    told = {
        "history_date": timezone.now(),
        "history_user_id": by.pk,
        "history_type": kind,
        "history_change_reason": None,
    }
    columns = [field for field in history._meta.concrete_fields if not field.primary_key]
    own = {
        column.attname: prepared(column, told[column.attname])
        for column in columns
        if column.attname in told
    }
    kept = [(own.get(column.attname), place.get(column.attname)) for column in columns]
    lines = [[value if at is None else row[at] for value, at in kept] for row in rows]
    writing.insert(history, columns, lines)
