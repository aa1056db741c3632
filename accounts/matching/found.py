"""What matching answers with: candidates, and the one that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from accounts.matching.words import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

R = TypeVar("R")

PRESELECTED = 80  # from this score on a candidate is chosen beforehand
LISTED = 50  # below this one it is not shown unasked
FAINT = 10  # below this one it is nobody's candidate
MOST = 25  # candidates


@dataclass(frozen=True)
class Candidate(Generic[R]):
    """A record that may be meant: `score` is 0 to 100."""

    record: R
    score: int
    reasons: tuple[Reason, ...]
    decides: bool = False


@dataclass(frozen=True)
class Match(Generic[R]):
    """The candidates, best first, and the one that is meant where that is beyond doubt.

    `undecided` is a sentence where only a person can tell, else empty.
    """

    decided: R | None = None
    candidates: tuple[Candidate[R], ...] = ()
    undecided: str = ""

    def reasons_for(self, record: R) -> list[str]:
        """Return in words why `record` is a candidate."""
        for candidate in self.candidates:
            if candidate.record.pk == record.pk:  # type: ignore[attr-defined]
                return [reason.text for reason in candidate.reasons if reason.agrees]
        return []


def ranked(candidates: Iterable[Candidate[R]]) -> tuple[Candidate[R], ...]:
    """Return the candidates worth keeping: what decides first, then by score, then by age."""
    found = [each for each in candidates if each.decides or each.score >= FAINT]
    found.sort(key=lambda each: (not each.decides, -each.score, each.record.pk))  # type: ignore[attr-defined]
    return tuple(found[:MOST])


def listed(candidates: Sequence[Candidate[R]]) -> list[Candidate[R]]:
    """Return the candidates that are worth showing unasked."""
    return [candidate for candidate in candidates if candidate.score >= LISTED]
