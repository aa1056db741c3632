"""What a comparison found, and the score that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# At so many bits it is even whether two are one: there a pair is worth showing.
EVEN = 2.5
# So many bits double the odds on the scale of scores: 80 is reached six bits above even.
SPREAD = 3.0
ENOUGH = EVEN + 2 * SPREAD  # the bits of a score of 80


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was compared: what it was, how it came out, and its weight in bits.

    `what` is name, first_name, last_name, email, mailbox, phone, company, domain, street, city,
    postal_code, region, country or day; `state` is same, alike, nickname, initial, swapped, tail,
    contained, unclear or different.
    """

    what: str
    state: str
    bits: float

    @property
    def agrees(self) -> bool:
        return self.state != "different"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are: 0 to 99, and the facts, the weightiest first."""

    score: int
    facts: tuple[Fact, ...] = ()

    def agrees_in(self, *whats: str) -> bool:
        """Say whether one of these facts agrees, wholly or about."""
        return any(fact.what in whats and fact.agrees for fact in self.facts)


def likeness_of(bits: float, facts: Sequence[Fact]) -> Likeness:
    """Return the score of so many bits, with the facts that led to them."""
    told = sorted(facts, key=lambda fact: -abs(fact.bits))
    return Likeness(score_of(round(bits, 2)), tuple(told))


@lru_cache(maxsize=10_000)
def score_of(bits: float) -> int:
    """Return the odds as a share of a hundred; certainty is for keys, not for likeness.

    >>> score_of(EVEN), score_of(ENOUGH), score_of(-40), score_of(60)
    (50, 80, 0, 99)
    """
    return min(99, round(100 / (1 + 2 ** (-(bits - EVEN) / SPREAD))))
