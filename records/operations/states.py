"""What a record was at each moment, for the kinds that keep it: one stretch of time after another.

Whoever saves a record notes its state in the same transaction, with the row held. So no operation
can forget it, and the last state is always what the row says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from records import writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from records.models import Record

R = TypeVar("R", bound="Record")
READ_AS = "_read_as"  # the attribute of a record in hand with the state in which it was read


def as_read(record: R) -> R:
    """Keep with a record that was locked what state it was in, to compare when it is saved."""
    if record.keeps_states_in:
        vars(record)[READ_AS] = _states_of(record).model.of(record)
    return record


def note_state(record: Record, *, since: datetime | None = None) -> None:
    """Begin the next state of a record that was saved, where it is another one than before.

    It begins when the record was made, or changed, or `since` when it is known to have been so; but
    never before the last one did, whatever the clocks of two machines say. A state that would have
    lasted no time has not been: the next one takes its place.
    """
    if not record.keeps_states_in:
        return
    states = _states_of(record)
    new = states.model.of(record)
    is_first = record.version == 1
    new.from_at = record.created_at if is_first else since or record.changed_at
    before = None if is_first else vars(record).get(READ_AS) or states.lasting().first()
    if before is not None and new.is_like(before):
        return
    vars(record)[READ_AS] = new
    if before is not None:
        new.follow(before)
        ended = states.lasting().filter(from_at__lt=new.from_at).update(until_at=new.from_at)
        if not ended and (last := states.lasting().first()) is not None:
            last.become(new)
            last.save()
            return
    new.save(force_insert=True)


def note_states(records: Sequence[Record], *, since: Mapping[int, datetime] | None = None) -> None:
    """Do for records of one kind what `note_state` does for one: all just made by this transaction.

    `since` says by number from when on. Four statements.
    """
    if not records or not records[0].keeps_states_in:
        return
    model: Any = _states_of(records[0]).model
    ended: list[Any] = []
    replaced: list[Any] = []
    begun: list[Any] = []
    for record in records:
        new, before = model.of(record), vars(record).get(READ_AS)
        is_first = record.version == 1
        moment = (since or {}).get(record.pk) or record.changed_at
        new.from_at = record.created_at if is_first else moment
        if before is None:
            begun.append(new)
        elif new.is_like(before):
            continue
        elif before.from_at < new.from_at:
            before.until_at = new.from_at
            new.follow(before)
            ended.append(before)
            begun.append(new)
        else:
            for name in new.KEPT:
                setattr(before, name, getattr(new, name))
            replaced.append(before)
            new = before
        vars(record)[READ_AS] = new
    for names, states in ((["until_at"], ended), (list(model.KEPT), replaced)):
        if states:
            columns = [model._meta.get_field(name.removesuffix("_id")).name for name in names]
            writing.update(model, columns, states)
    model.objects.bulk_create(begun)


def _states_of(record: Record) -> Any:
    return getattr(record, record.keeps_states_in)
