"""The questions asked of activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.contenttypes.models import ContentType
from django.db.models import OuterRef, Subquery

from records.querysets import RecordQuerySet

if TYPE_CHECKING:
    from records.models import Record


class ActivityQuerySet(RecordQuerySet):
    """Activities, narrowed or annotated."""

    def on(self, record: Record) -> Self:
        """Keep what is shown on the timeline of `record`."""
        return self.filter(
            links__record_type=ContentType.objects.get_for_model(type(record)),
            links__record_id=record.pk,
        )

    def open(self) -> Self:
        return self.filter(status="open")

    def to_do(self) -> Self:
        """Keep open tasks and meetings: what can be a next step."""
        return self.open().filter(kind__in=["task", "meeting", "call"])

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, and where it was written, in one query."""
        links = self.model._meta.get_field("links").related_model._default_manager
        origin = links.filter(activity=OuterRef("pk"), is_origin=True)
        return self.select_related("owner").annotate(
            origin_type=Subquery(origin.values("record_type")[:1]),
            origin_id=Subquery(origin.values("record_id")[:1]),
        )
