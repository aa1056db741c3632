"""What a record was at each moment, for the kinds that keep it: one stretch of time after another.

Whoever saves a record notes its state in the same transaction, with the row held. So no operation
can forget it, and the last state is always what the row says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from records.models import Record

R = TypeVar("R", bound="Record")
READ_AS = "_read_as"  # the attribute of a record in hand with the state in which it was read


def as_read(record: R) -> R:
    """Keep with a record that was locked what state it was in, to compare when it is saved."""
    if record.keeps_states_in:
        vars(record)[READ_AS] = _states_of(record).model.of(record)
    return record


def note_state(record: Record) -> None:
    """Begin the next state of a record that was saved, where it is another one than before.

    It begins when the record was made, or changed; never before the last one did, whatever the
    clocks of two machines say. A state that would have lasted no time has not been: the next one
    takes its place.
    """
    if not record.keeps_states_in:
        return
    states = _states_of(record)
    new = states.model.of(record)
    is_first = record.version == 1
    new.from_at = record.created_at if is_first else record.changed_at
    before = None if is_first else vars(record).get(READ_AS) or states.lasting().first()
    if before is not None and new.is_like(before):
        return
    vars(record)[READ_AS] = new
    if before is not None:
        new.follow(before)
        ended = states.lasting().filter(from_at__lt=new.from_at).update(until_at=new.from_at)
        if not ended and states.lasting().update(**{n: getattr(new, n) for n in new.KEPT}):
            return
    new.save(force_insert=True)


def _states_of(record: Record) -> Any:
    return getattr(record, record.keeps_states_in)
