"""The questions asked of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from records.querysets import RecordQuerySet, WholeDays

if TYPE_CHECKING:
    from datetime import datetime


class LeadQuerySet(RecordQuerySet):
    """Leads, narrowed or annotated."""

    def open(self) -> Self:
        return self.filter(status="open")

    def qualified(self) -> Self:
        return self.filter(status="qualified")

    def disqualified(self) -> Self:
        return self.filter(status="disqualified")

    def ready(self) -> Self:
        """Keep open leads that meet every rule and have not been qualified."""
        return self.open().filter(ready_since__isnull=False)

    def untouched_since(self, moment: datetime) -> Self:
        """Keep open leads on which nobody has worked since `moment`."""
        return self.open().filter(Q(touched_at=None) | Q(touched_at__lt=moment))

    def with_days_to_convert(self) -> Self:
        """Add `days_to_convert`, in whole days; None for a lead that is not qualified."""
        return self.annotate(days_to_convert=WholeDays("qualified_at", "created_at"))

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query."""
        return self.select_related("owner", "source")
