"""The questions that can be asked of any kind of record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from records import keys
from records.permissions import restrict

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from users.models import User


class RecordQuerySet(models.QuerySet[Any, Any]):
    """Records, narrowed to what somebody may do or is looking for."""

    def permitted(self, user: User | AnonymousUser, action: str = "view") -> Self:
        """Keep the rows on which the roles of `user` grant `action`."""
        return restrict(self, user, action)  # type: ignore[return-value]

    def alive(self) -> Self:
        return self.filter(deleted_at=None)

    def in_the_bin(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def matching(self, text: str) -> Self:
        """Keep the rows whose search text contains every word of `text`."""
        rows = self
        for word in keys.search_key(text).split()[:8]:
            rows = rows.filter(search__contains=word)
        return rows


class AliveManager(models.Manager[Any]):
    """Records outside the recycle bin: what every list, page and figure means by "records"."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(deleted_at=None)
