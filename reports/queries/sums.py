"""What the summaries tell of the records that somebody may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from reports.models import AgeSum, ClosedSum, DecidedLeadSum, LeadSum, OpenSum

if TYPE_CHECKING:
    from reports.querysets import SummaryQuerySet
    from users.models import User


@dataclass(frozen=True)
class Sums:
    """The summaries of leads and opportunities, narrowed to the same rows as the records are.

    Whoever answers a question by them gives the answer that the records would give.
    """

    leads: SummaryQuerySet
    decided_leads: SummaryQuerySet
    open: SummaryQuerySet
    ages: SummaryQuerySet
    closed: SummaryQuerySet

    @classmethod
    def permitted(cls, user: User, *, database: str | None = None) -> Self:
        """Return what is told of all that `user` may view, as `database` has it."""
        kinds = (LeadSum, DecidedLeadSum, OpenSum, AgeSum, ClosedSum)
        return cls(*(kind.objects.permitted(user).using(database) for kind in kinds))
