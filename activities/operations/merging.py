"""What becomes of timelines when records are made one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType

from activities.models import ActivityLink
from activities.operations.steps import place_of, refresh_places
from records.operations import operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from records.models import TimelineRecord
    from records.operations.merging import Image


@operation
def merge_timelines(losers: Sequence[TimelineRecord], *, to: TimelineRecord, image: Image) -> int:
    """Show on `to` what is shown on `losers`, every entry once; return how many came along.

    An entry that `to` shows already stays one; if it was written on a loser, it counts as written
    on `to`. How the links were is noted in `image`.
    """
    image.quiet.append(ActivityLink._meta.label)
    kind = ContentType.objects.get_for_model(type(to))
    links = ActivityLink.objects.select_for_update(of=("self",)).filter(record_type=kind)
    pks = [loser.pk for loser in losers]
    standing = {link.activity_id: link for link in links.filter(record_id=to.pk)}
    came: list[ActivityLink] = []
    twins: list[ActivityLink] = []
    for link in sorted(
        links.filter(record_id__in=pks), key=lambda each: (not each.is_origin, each.pk)
    ):
        if link.activity_id in standing:
            twins.append(link)
        else:
            standing[link.activity_id] = link
            came.append(link)
    written = [standing[twin.activity_id] for twin in twins if twin.is_origin]
    for link in twins:
        image.remove(link)
    ActivityLink.objects.filter(pk__in=[link.pk for link in twins]).delete()
    for link in came:
        image.change(link, "record_id", link.record_id, to.pk)
    for link in written:
        image.change(link, "is_origin", old=False, new=True)
    rows = ActivityLink.objects
    rows.filter(pk__in=[link.pk for link in came]).update(record_id=to.pk)
    rows.filter(pk__in=[link.pk for link in written]).update(is_origin=True)
    refresh_places(place_of(record) for record in (to, *losers))
    return len(came)
