"""The ways in which something about a lead is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from records.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from records.models import Merge, Record


@dataclass(frozen=True)
class Blocker:
    """One thing that stands in the way of undo; `record` is what it is about.

    `is_edit` says that the record itself was changed, and not that it needs another. `place` is
    where it can be looked at, where that is not the record: a merge.
    """

    text: str
    record: Record | None = None
    is_edit: bool = False
    place: Merge | None = None

    @property
    def url(self) -> str:
        """The page where it can be looked at."""
        place = self.place or self.record
        return place.get_absolute_url() if place is not None else ""


class LeadIsClosed(Refused):
    """The lead is qualified or disqualified: reopen or undo first."""


class LeadIsOpen(Refused):
    """There is nothing to reopen or undo."""


class RulesAreUnmet(Refused):
    """Required rules fail. `unmet` maps the key of each to its sentence and field."""

    def __init__(self, message: str, *, unmet: dict[str, dict[str, str]], **options: Any) -> None:
        super().__init__(message, **options)
        self.unmet = unmet


class CannotUndo(Refused):
    """People have built on what the qualification made. `blockers` says on what."""

    def __init__(self, message: str, *, blockers: Sequence[Blocker], **options: Any) -> None:
        super().__init__(message, reasons=[blocker.text for blocker in blockers], **options)
        self.blockers = list(blockers)


class RulesAreSettled(Refused):
    """A version of the rules that was in force never changes: a draft does."""


class DraftExists(Refused):
    """Somebody shapes the next version of the rules already: there is one draft at a time."""


class RulesAreIncomplete(Refused):
    """A draft cannot be put into force as it stands."""


class RuleIsGone(Refused):
    """The draft does not have this rule."""
