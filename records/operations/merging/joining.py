"""Making several records one: what is asked before, what is done, what is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from records import audit, custom
from records.errors import CannotMerge, IsGone
from records.models import Merge, MergedRecord, Record
from records.operations import locked, save_changed
from records.operations.merging.choosing import value_of
from records.permissions import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from records.operations.merging.image import Image
    from users.models import User

R = TypeVar("R", bound=Record)

MOST_RECORDS = 5


def refuse_these(survivor: Record, losers: Sequence[Record]) -> None:
    """Raise `CannotMerge` unless these are two to five different records of one kind."""
    if not losers:
        raise CannotMerge(_("Choose at least two records to merge."))
    if len(losers) >= MOST_RECORDS:
        raise CannotMerge(_("Choose at most %(n)d records to merge.") % {"n": MOST_RECORDS})
    if any(type(loser) is not type(survivor) for loser in losers):
        raise CannotMerge(_("Only records of one kind can be merged."))
    if len({survivor.pk, *(loser.pk for loser in losers)}) <= len(losers):
        raise CannotMerge(_("A record cannot be merged with itself. Choose another one."))


def together(
    survivor: R, losers: Sequence[R], *, by: User, versions: Mapping[int, int] | None = None
) -> tuple[R, list[R]]:
    """Lock and re-read the records that are to be one, by number, and refuse what may not be.

    Who merges may change all of them and delete those that go. Raises `NotPermitted`, `IsInBin`,
    `IsMerged` for one that was merged meanwhile, and `Stale` where `versions` names another version
    than the one that stands.
    """
    wanted = versions or {}
    everyone = sorted([survivor, *losers], key=lambda record: int(record.pk))
    current = {}
    for record in everyone:
        try:
            held = locked(record, by=by, action="change", version=wanted.get(record.pk))
        except IsGone as gone:
            raise CannotMerge(str(gone)) from gone
        current[record.pk] = held
    for loser in losers:
        require(by, "delete", current[loser.pk])
    return current[survivor.pk], [current[loser.pk] for loser in losers]


def begin(survivor: R, losers: Sequence[R], *, by: User, values: Mapping[str, int]) -> Merge:
    """Write down that these become one. The database sees to it that no loser is in two merges."""
    kind = str(survivor._meta.model_name)
    merge = Merge.objects.create(
        kind=kind,
        survivor_id=survivor.pk,
        loser_ids=[loser.pk for loser in losers],
        by=by,
        values=dict(values),
    )
    MergedRecord.objects.bulk_create(
        MergedRecord(merge=merge, kind=kind, record_id=loser.pk) for loser in losers
    )
    return merge


def survivor_of(record: Record) -> tuple[Merge, Any] | None:
    """Return the merge that a record went into, and what it is part of by now."""
    kind, pk, first = str(record._meta.model_name), record.pk, None
    while True:
        row = MergedRecord.objects.select_related("merge").filter(kind=kind, record_id=pk).first()
        if row is None:
            break
        first, pk = first or row.merge, row.merge.survivor_id
    if first is None:
        return None
    return first, type(record)._base_manager.select_related("owner").filter(pk=pk).first()


def put_into_bin(losers: Sequence[R], sources: Mapping[str, R], *, image: Image, by: User) -> None:
    """Put the losers into the recycle bin; an external id that the survivor takes is free then."""
    moment = timezone.now()
    for loser in losers:
        changes: dict[str, Any] = {"deleted_at": moment, "deleted_by_id": by.pk}
        if loser.external_id and sources["external_id"] == loser:
            changes["external_id"] = ""
        set_values(loser, changes, image)
        save_changed(loser, by=by)


def take(
    survivor: R, sources: Mapping[str, R], *, image: Image, **others: Any
) -> dict[str, list[Any]]:
    """Give the survivor, in hand, the values of its sources, and `others`.

    Return what changed by field, as the trail tells it.
    """
    values = {name: value_of(source, name) for name, source in sources.items()} | others
    changed = {
        name: [old, new] for name, new in values.items() if (old := value_of(survivor, name)) != new
    }
    set_values(survivor, {name: new for name, (_old, new) in changed.items()}, image)
    return changed


def set_values(record: Record, values: Mapping[str, Any], image: Image) -> None:
    """Set columns and custom values in hand, and note how they were.

    A reference is named by its column (`account_id`) and a number, or by its field and a record.
    """
    for name, new in values.items():
        if name.startswith(custom.PREFIX):
            key = name.removeprefix(custom.PREFIX)
            image.change(record, name, record.custom.get(key), new)
            record.custom = {k: v for k, v in record.custom.items() if k != key}
            if new is not None:
                record.custom[key] = new
            continue
        column = record._meta.get_field(name).attname  # type: ignore[union-attr]
        old = getattr(record, column)
        setattr(record, name, new)
        image.change(record, column, old, getattr(record, column))


def close(
    merge: Merge,
    image: Image,
    survivor: Record,
    losers: Sequence[Record],
    *,
    by: User,
    changed: Mapping[str, list[Any]],
) -> Merge:
    """Keep the image, and write the trail of the records that became one."""
    merge.image = image.as_data()
    merge.save(update_fields=["image"])
    kind = survivor._meta.model_name
    audit.write(
        audit.entry(
            survivor, f"{kind}.merged", by=by, changes={**changed, "merged": [[], list(losers)]}
        ),
        *(
            audit.entry(loser, f"{kind}.merged_away", by=by, changes={"merged": [None, survivor]})
            for loser in losers
        ),
    )
    return merge
