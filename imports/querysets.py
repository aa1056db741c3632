"""The questions that can be asked of imports and their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser

    from users.models import User


class ImportQuerySet(models.QuerySet[Any, Any]):
    """Imports, narrowed to whose they are."""

    def permitted(self, user: User | AnonymousUser, action: str = "view") -> Self:
        """Keep one's own: a file is read by nobody but who sent it, whatever his role."""
        return self.filter(owner=user.pk)

    def for_list(self) -> Self:
        """Fetch what a row of the history shows, in one query, the newest first."""
        return self.select_related("job").order_by("-created_at", "-pk")

    def untouched_since(self, moment: datetime) -> Self:
        return self.filter(changed_at__lt=moment)


class ImportRowQuerySet(models.QuerySet[Any, Any]):
    """Rows of files, narrowed to what became of them."""

    def in_order(self) -> Self:
        return self.order_by("line")

    def to_take_back(self) -> Self:
        """Keep what has changed a record and is still as the import left it, the last one first.

        Rows that waited for others were written last, wherever they stand in the file.
        """
        return self.filter(is_reverted=None).exclude(undo={}).order_by("-pk")
