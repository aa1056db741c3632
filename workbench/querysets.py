"""The questions that can be asked of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from records.permissions import restrict

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser

    from users.models import User

LIVE = ("waiting", "running")


class JobQuerySet(models.QuerySet[Any, Any]):
    """Jobs, narrowed to whose they are and how far."""

    def permitted(self, user: User | AnonymousUser, action: str = "view") -> Self:
        """Keep one's own jobs, and those of others on which the roles of `user` grant `action`."""
        return restrict(self, user, action) | self.filter(owner=user.pk)  # type: ignore[return-value]

    def live(self) -> Self:
        """Keep what is still to be done, or being done."""
        return self.filter(state__in=LIVE)

    def silent_since(self, moment: datetime) -> Self:
        """Keep live jobs of which nothing was heard since `moment`, the most silent first."""
        return self.live().filter(heartbeat_at__lt=moment).order_by("heartbeat_at", "pk")

    def finished_before(self, moment: datetime) -> Self:
        return self.filter(finished_at__lt=moment)

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query, the newest first."""
        return self.select_related("owner").order_by("-created_at", "-pk")
