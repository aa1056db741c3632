"""Whether what many askers saw of one lead could have happened one call after the other.

A call takes effect at one moment between its beginning and its end. Somebody whose connection was
cut knows neither whether nor when: such a call has no end, and may have had no effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

UNKNOWN = 0


@dataclass(frozen=True)
class Call:
    """What was asked (qualify, undo, or read), when (seconds), and what was answered.

    `status` is that of HTTP, `UNKNOWN` where nobody heard it; `cycle` the number of the
    qualification that was answered, None for an open lead; `code` names a refusal.
    """

    kind: str
    begun: float
    ended: float
    status: int
    cycle: int | None = None
    code: str = ""

    @property
    def only_tells(self) -> bool:
        """Say whether this answer is given by what changes nothing, whatever the lead is."""
        changes = {"qualify": (UNKNOWN, 201), "undo": (UNKNOWN, 200), "read": ()}
        return self.status not in changes[self.kind]


@dataclass(frozen=True)
class State:
    """A lead is open, or qualified as `cycle`. `last` is the latest cycle that there ever was."""

    cycle: int | None = None
    last: int = 0


def next_states(state: State, call: Call, unheard: Collection[int]) -> list[State]:
    """Return what a lead in `state` may be after `call`: nothing where the answer was a lie.

    `unheard` are the qualifications that nobody was told of.
    """
    if call.kind == "read":
        return [state] if state.cycle == call.cycle else []
    after = _after_qualify if call.kind == "qualify" else _after_undo
    return after(state, call, unheard)


def _after_qualify(state: State, call: Call, unheard: Collection[int]) -> list[State]:
    is_open = state.cycle is None
    if call.status == UNKNOWN:
        made = [State(number, number) for number in unheard if number > state.last]
        return [state, *(made if is_open else [])]
    if call.status == 201 and call.cycle is not None:
        is_new = is_open and call.cycle > state.last
        return [State(call.cycle, call.cycle)] if is_new else []
    is_true = state.cycle == call.cycle if call.status == 200 else is_open
    return [state] if is_true else []


def _after_undo(state: State, call: Call, _unheard: Collection[int]) -> list[State]:
    is_open, undone = state.cycle is None, State(None, state.last)
    if call.status == UNKNOWN:
        return [state] if is_open else [state, undone]
    if call.status == 200:
        return [undone] if state.last else []
    is_true = is_open != (call.code == "cannot_undo")
    return [state] if is_true else []


def is_linear(calls: Sequence[Call], unheard: Collection[int] = ()) -> bool:
    """Say whether there is an order of `calls` that explains every answer."""
    ordered = sorted(calls, key=lambda call: call.begun)
    seen: set[tuple[frozenset[int], State]] = set()
    stack = [(frozenset(range(len(ordered))), State())]
    while stack:
        left, state = stack.pop()
        if (left, state) in seen:
            continue
        seen.add((left, state))
        if all(ordered[n].status == UNKNOWN for n in left):
            return True
        first_end = min((ordered[n].ended for n in left), default=math.inf)
        ready = [n for n in left if ordered[n].begun <= first_end]
        moves = [(n, next_states(state, ordered[n], unheard)) for n in ready]
        # What only tells, and tells the truth, may as well be now: no other order is lost by it.
        still = frozenset(n for n, states in moves if states and ordered[n].only_tells)
        if still:
            stack.append((left - still, state))
            continue
        stack += [(left - {n}, after) for n, states in moves for after in states]
    return False
