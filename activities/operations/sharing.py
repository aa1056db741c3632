"""Where entries are shown: handed on to other records when a lead is qualified, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q

from activities.models import ActivityLink
from activities.operations.steps import (
    place_of,
    places_in,
    places_of,
    refresh_places,
    reread,
)
from records.operations import operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from records.models import TimelineRecord


@operation
def share(
    source: TimelineRecord,
    *,
    targets: Sequence[TimelineRecord],
    via: str,
    alike: Sequence[TimelineRecord] = (),
) -> int:
    """Show every entry of `source` on `targets` too, each once; return how many links were made.

    One statement whatever the number of entries and targets, and one for each kind of target to
    bring its next step up to date, in the database only, when there was anything to show. `via`
    names the reason, for `unshare`. Sharing again shares what is new. Targets that are `alike` have
    just been made with the next step of `source`, and have no other entries: they need no update.
    """
    if not targets:
        return 0
    table = connection.ops.quote_name(ActivityLink._meta.db_table)
    wanted = " UNION ALL ".join(
        ["SELECT CAST(%s AS bigint) AS record_type_id, CAST(%s AS bigint) AS record_id"]
        * len(targets)
    )
    # Copied inside the database: a timeline of thousands of entries never travels.
    statement = f"""
        INSERT INTO {table} (activity_id, record_type_id, record_id, is_origin, via)
        SELECT link.activity_id, target.record_type_id, target.record_id, FALSE, %s
        FROM {table} AS link CROSS JOIN ({wanted}) AS target
        WHERE link.record_type_id = %s AND link.record_id = %s
        ON CONFLICT DO NOTHING
    """  # noqa: S608  the only names in it are our own table's
    values: list[str | int] = [via]
    for target in targets:
        values += [_type_id(target), target.pk]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, _type_id(source), source.pk])
        made = int(cursor.rowcount)
    if made:
        refresh_places(place_of(target) for target in targets if target not in alike)
    return made


@operation
def unshare(via: str) -> int:
    """Take away the links that `share` made under this name; return how many there were."""
    links = ActivityLink.objects.filter(via=via, is_origin=False)
    places = places_in(links)
    gone, _kinds = links.delete()
    refresh_places(places)
    return gone


@operation
def bring_home(from_records: Sequence[TimelineRecord], to: TimelineRecord, via: str) -> int:
    """Make entries that were written on `from_records` entries of `to`; return how many.

    They are shown there and nowhere else any more. `via` names what was taken back.
    """
    written_there = Q(pk__in=[])
    for record in from_records:
        written_there |= Q(record_type_id=_type_id(record), record_id=record.pk)
    ids = list(
        ActivityLink.objects.filter(written_there, is_origin=True)
        .order_by("activity")
        .values_list("activity", flat=True)
    )
    if not ids:
        return 0
    before = places_of(ids)
    ActivityLink.objects.filter(activity__in=ids).delete()
    ActivityLink.objects.bulk_create(
        ActivityLink(
            activity_id=activity_id,
            record_type_id=_type_id(to),
            record_id=to.pk,
            is_origin=True,
            via=f"undo:{via}"[:60],
        )
        for activity_id in ids
    )
    refresh_places([*before, place_of(to)])
    reread(to)
    return len(ids)


def _type_id(record: TimelineRecord) -> int:
    return ContentType.objects.get_for_model(type(record)).pk
