"""The questions that can be asked of what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime


class DeliveryQuerySet(models.QuerySet[Any, Any]):
    """Deliveries, narrowed to what is to be done about them."""

    def waiting(self) -> Self:
        return self.filter(state="stored")

    def due(self, moment: datetime) -> Self:
        """Keep what waits and may be tried at `moment`, the oldest first."""
        return self.waiting().filter(next_at__lte=moment).order_by("next_at", "pk")

    def failed(self) -> Self:
        return self.filter(state="failed")

    def quarantined(self) -> Self:
        return self.filter(state="quarantined")

    def in_the_inbox(self) -> Self:
        """Keep what only a person can decide about."""
        return self.filter(state__in=["failed", "quarantined"])

    def for_inbox(self) -> Self:
        """Fetch what a row of the inbox shows, in one query, the newest first."""
        return self.select_related("door", "form").order_by("-received_at", "-pk")

    def counted(self) -> dict[str, int]:
        """Return how many there are in each state. One statement."""
        return dict(self.order_by().values_list("state").annotate(count=models.Count("pk")))

    def finished_before(self, moment: datetime) -> Self:
        """Keep what nobody has to decide about any more, received before `moment`."""
        return self.filter(~Q(state__in=["stored", "failed"]), received_at__lt=moment)
