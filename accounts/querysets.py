"""The questions asked of companies and contacts."""

from __future__ import annotations

from typing import Self

from records.querysets import RecordQuerySet


class AccountQuerySet(RecordQuerySet):
    """Accounts, narrowed or annotated."""

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query."""
        return self.select_related("owner")


class ContactQuerySet(RecordQuerySet):
    """Contacts, narrowed or annotated."""

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query."""
        return self.select_related("owner", "account__owner")
