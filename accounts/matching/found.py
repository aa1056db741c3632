"""What matching answers with: candidates, and the one that is meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from accounts.matching.words import Reason
from records.permissions import reaches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from users.models import User

R = TypeVar("R")

PRESELECTED = 80  # from this score on a candidate is chosen beforehand
LISTED = 50  # below this one it is not shown unasked
FAINT = 10  # below this one it is nobody's candidate
MOST = 25  # candidates that one person is shown


@dataclass(frozen=True)
class Candidate(Generic[R]):
    """A record that may be meant: `score` is 0 to 100.

    `bare` makes the same of a contact without what its account says, where that says something.
    """

    record: R
    score: int
    reasons: tuple[Reason, ...]
    decides: bool = False
    bare: Callable[[], Candidate[R]] | None = field(default=None, compare=False, repr=False)

    def for_eyes_of(self, viewer: User) -> Candidate[R]:
        """Return what `viewer` may know of it: nothing that only a hidden account tells."""
        account = getattr(self.record, "account", None)
        if self.bare is None or account is None or reaches(viewer, "view", account):
            return self
        return self.bare()


@dataclass(frozen=True)
class Seen(Generic[R]):
    """The candidates that somebody may see, best first and `MOST` of them, and the hidden ones."""

    candidates: tuple[Candidate[R], ...] = ()
    hidden: tuple[Candidate[R], ...] = ()


@dataclass(frozen=True)
class Match(Generic[R]):
    """All candidates, best first, and the one that is meant where that is beyond doubt.

    `undecided` is a sentence where only a person can tell, else empty. Who shows any of it to
    somebody asks for what is `seen_by` them.
    """

    decided: R | None = None
    candidates: tuple[Candidate[R], ...] = ()
    undecided: str = ""

    def reasons_for(self, record: R, *, by: User) -> list[str]:
        """Return in words why `record` is a candidate, as far as `by` may know."""
        for candidate in self.candidates:
            if candidate.record.pk == record.pk:  # type: ignore[attr-defined]
                told = candidate.for_eyes_of(by).reasons
                return [reason.text for reason in told if reason.agrees]
        return []

    def seen_by(self, viewer: User) -> Seen[R]:
        """Return what `viewer` may know of the candidates: first who may be seen, then how many."""
        seen: list[Candidate[R]] = []
        hidden: list[Candidate[R]] = []
        for each in self.candidates:
            (seen if reaches(viewer, "view", each.record) else hidden).append(each)
        known = ranked(each.for_eyes_of(viewer) for each in seen)
        return Seen(known[:MOST], tuple(hidden))


def ranked(candidates: Iterable[Candidate[R]]) -> tuple[Candidate[R], ...]:
    """Return the candidates worth keeping: what decides first, then by score, then by age."""
    found = [each for each in candidates if each.decides or each.score >= FAINT]
    found.sort(key=_rank)
    return tuple(found)


def _rank(candidate: Candidate[Any]) -> tuple[bool, int, int]:
    return not candidate.decides, -candidate.score, candidate.record.pk


def listed(candidates: Sequence[Candidate[R]]) -> list[Candidate[R]]:
    """Return the candidates that are worth showing unasked."""
    return [candidate for candidate in candidates if candidate.score >= LISTED]
