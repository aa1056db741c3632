"""The questions that can be asked of what other systems are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from datetime import datetime

UNSENT = ("waiting", "sending")


class MessageQuerySet(models.QuerySet[Any, Any]):
    """Messages, narrowed to how far they are."""

    def free(self, now: datetime, *, lost_before: datetime) -> Self:
        """Keep what waits and may be tried, and what somebody began to send and never ended."""
        is_its_time = Q(state="waiting", next_at__lte=now)
        return self.filter(is_its_time | Q(state="sending", taken_at__lt=lost_before))

    def due(self, now: datetime, *, lost_before: datetime) -> Self:
        """Keep what may be sent now: of each record the first that has not arrived."""
        earlier: Any = self.model._base_manager.filter(
            webhook=OuterRef("webhook"),
            record_type=OuterRef("record_type"),
            record_id=OuterRef("record_id"),
            pk__lt=OuterRef("pk"),
            state__in=UNSENT,
        )
        free = self.free(now, lost_before=lost_before)
        return free.filter(~Exists(earlier), webhook__is_active=True)

    def settled_before(self, moment: datetime) -> Self:
        """Keep what is from before `moment` and not on its way, or for a webhook that is off."""
        return self.filter(created_at__lt=moment).exclude(state__in=UNSENT, webhook__is_active=True)
