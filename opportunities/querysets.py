"""The questions asked of opportunities."""

from __future__ import annotations

from typing import Self

from records.querysets import RecordQuerySet


class OpportunityQuerySet(RecordQuerySet):
    """Opportunities, narrowed or annotated."""

    def open(self) -> Self:
        return self.filter(status="open")

    def won(self) -> Self:
        return self.filter(status="won")

    def lost(self) -> Self:
        return self.filter(status="lost")

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query."""
        return self.select_related("owner", "account", "contact", "stage")
