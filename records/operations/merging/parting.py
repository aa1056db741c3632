"""Making several records again of what a merge made one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from records import audit, custom
from records.errors import CannotUnmerge, Obstacle
from records.models import Merge, MergedRecord, Record
from records.operations import row_of, save_changed, settled
from records.operations.merging.image import Image, columns_of
from records.operations.merging.joining import set_values
from records.operations.merging.moving import change_rows
from records.permissions import require

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from django.db import models

    from users.models import User

R = TypeVar("R", bound=Record)


def unmergeable(merge: Merge, model: type[R], *, by: User) -> tuple[Merge, R, list[R]]:
    """Lock the records of a merge, then the merge, and refuse who may not take it back.

    Raises `CannotUnmerge` when one of the records is gone for good or the survivor in the bin.
    """
    pks = sorted([merge.survivor_id, *merge.loser_ids])
    rows = model._base_manager.select_for_update(of=("self",)).select_related("owner")
    found = {row.pk: settled(row, "owner") for row in rows.filter(pk__in=pks).order_by("pk")}
    current = row_of(merge, Merge.objects.select_for_update(of=("self",)))
    survivor = found.get(merge.survivor_id)
    if survivor is None or len(found) < len(pks):
        raise CannotUnmerge(_("This merge cannot be undone: a record of it is gone for good."))
    require(by, "change", survivor)
    losers = [found[pk] for pk in merge.loser_ids]
    for loser in losers:
        require(by, "delete", loser)
    if current.is_active and survivor.is_in_bin:
        later = MergedRecord.objects.filter(kind=merge.kind, record_id=survivor.pk).first()
        if later is None:
            raise CannotUnmerge(
                _("%(record)s is in the recycle bin. Restore it first.") % {"record": survivor}
            )
        _refuse_later([later.merge])
    return current, survivor, losers


def later_merges(merge: Merge, touched: Mapping[str, Iterable[int]]) -> list[Merge]:
    """Return the active merges that came after `merge` and had to do with any of these records."""
    concerned = Q(pk__in=[])
    for kind, numbers in touched.items():
        pks = set(numbers)
        concerned |= Q(kind=kind, survivor_id__in=pks)
        concerned |= Q(merged_records__kind=kind, merged_records__record_id__in=pks)
    rows = Merge.objects.filter(concerned, state=Merge.State.ACTIVE, pk__gt=merge.pk)
    return list(rows.distinct().order_by("-pk"))


def refuse_later_merges(merge: Merge, touched: Mapping[str, Iterable[int]]) -> None:
    """Raise `CannotUnmerge` unless this is the latest merge of all that it touched."""
    if later := later_merges(merge, touched):
        _refuse_later(later)


def _refuse_later(later: Sequence[Merge]) -> None:
    raise CannotUnmerge(
        _("These records were merged again since. Undo the later merge first."),
        obstacles=[Obstacle(_("A later merge"), merge) for merge in later],
    )


def refuse_obstacles(obstacles: Sequence[Obstacle], *, keep: bool) -> None:
    """Raise `CannotUnmerge` with what has changed since, unless what has is to be kept."""
    if obstacles and not keep:
        raise CannotUnmerge(
            ngettext(
                "This merge cannot be undone as it was: %(n)d thing has changed since.",
                "This merge cannot be undone as it was: %(n)d things have changed since.",
                len(obstacles),
            )
            % {"n": len(obstacles)},
            obstacles=obstacles,
            may_keep=True,
        )


@dataclass
class Return:
    """What of an image can be given back: `rows` by model and number, and what stands in the way.

    `rows` maps to the columns with their old values, `removed` are rows to be made anew.
    """

    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    removed: list[list[Any]] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)


def return_of(
    image: Image, survivor: Record, losers: Sequence[Record], *, since: datetime
) -> Return:
    """Compare the image of a merge at `since` with what stands now; say what can be given back."""
    back = Return()
    _compare(image, back, since)
    back.removed = _returnable(image.removed)
    standing = back.rows.get(survivor._meta.label, {})
    for record in (survivor, *losers):
        columns = standing.get(record.pk, {})
        if wanted := columns.get("external_id"):
            others = type(record)._base_manager.filter(external_id=wanted)
            if "external_id" in standing.get(survivor.pk, {}):
                others = others.exclude(pk=survivor.pk)  # it gives up what it holds
            if other := others.first():
                columns["external_id"] = ""
                back.obstacles.append(
                    Obstacle(
                        _("%(record)s has the external id %(id)s by now")
                        % {"record": other, "id": wanted},
                        other,
                    )
                )
    return back


def _compare(image: Image, back: Return, since: datetime) -> None:
    for label, rows in image.changed.items():
        model = apps.get_model(label)
        found = model._base_manager.select_for_update(of=("self",)).in_bulk([int(p) for p in rows])
        is_quiet = label in image.quiet
        for pk, columns in rows.items():
            row = found.get(int(pk))
            if row is None:
                if not is_quiet:
                    back.obstacles.append(Obstacle(_gone(model)))
                continue
            same, differing = _compared(row, columns)
            settled = row.settled_since(since) if isinstance(row, Record) else frozenset()
            differing += [name for name in same if name in settled]
            same = {name: value for name, value in same.items() if name not in settled}
            if same:
                back.rows.setdefault(label, {})[row.pk] = same
            if differing and not is_quiet:
                back.obstacles.append(_changed_since(row, differing))


def _compared(row: Any, columns: Mapping[str, list[Any]]) -> tuple[dict[str, Any], list[str]]:
    """Return the columns that are as the merge left them with their old values; and the others."""
    same: dict[str, Any] = {}
    differing: list[str] = []
    for name, (old, new) in columns.items():
        if name.startswith(custom.PREFIX):
            now, before = row.custom.get(name.removeprefix(custom.PREFIX)), old
        else:
            now = audit.plain(getattr(row, name))
            before = row._meta.get_field(name).to_python(old)
        if now == new:
            same[name] = before
        else:
            differing.append(name)
    return same, differing


def _changed_since(row: models.Model, names: Iterable[str]) -> Obstacle:
    words = ", ".join(label_of(type(row), name) for name in names)
    if not isinstance(row, Record):
        return Obstacle(
            _("%(what)s was changed since") % {"what": str(row._meta.verbose_name).capitalize()}
        )
    return Obstacle(
        _("%(kind)s %(record)s was changed since: %(what)s")
        % {
            "kind": str(row._meta.verbose_name).capitalize(),
            "record": row,
            "what": words,
        },
        row,
    )


def label_of(model: type[models.Model], name: str) -> str:
    """Return what people call a column or a custom field."""
    if name.startswith(custom.PREFIX):
        known = custom.known_to(None).fields[custom.kind_of(model)]
        key = name.removeprefix(custom.PREFIX)
        return next((each.label for each in known if each.name == name), key)
    return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _gone(model: Any) -> str:
    between = model._meta.auto_created
    if between:
        name = next(
            f.verbose_name for f in between._meta.many_to_many if f.remote_field.through is model
        )
        return _("%(what)s was changed since") % {"what": str(name).capitalize()}
    return _("%(what)s was removed since") % {"what": str(model._meta.verbose_name).capitalize()}


def _returnable(removed: Sequence[list[Any]]) -> list[list[Any]]:
    """Return the removed rows of which everything is there yet that they spoke of.

    A statement for each column that refers to something, however many rows there are.
    """
    found: list[list[Any]] = []
    for label, rows in _by_label(removed).items():
        model = apps.get_model(label)
        key = model._meta.pk.attname
        standing = _there(model, {values[key] for values in rows})
        left = [values for values in rows if values[key] not in standing]
        for column in columns_of(model):
            if target := column.related_model:
                there = _there(target, {values[column.attname] for values in left} - {None})
                left = [v for v in left if v[column.attname] is None or v[column.attname] in there]
        found += [[label, values] for values in left]
    return found


def _by_label(removed: Iterable[list[Any]]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for label, values in removed:
        rows[label].append(values)
    return dict(rows)


def _there(model: type[models.Model], pks: Collection[Any]) -> set[Any]:
    """Return which of these numbers are there."""
    rows = model._base_manager.filter(pk__in=pks)
    return set(rows.values_list("pk", flat=True)) if pks else set()


def give_back(
    back: Return, image: Image, survivor: Record, losers: Sequence[Record], *, by: User
) -> None:
    """Give every row back what it held: new ones go, changed ones return, removed ones are made."""
    for label, pks in image.added.items():
        apps.get_model(label)._base_manager.filter(pk__in=pks).delete()
    own = survivor._meta.label
    for record in (survivor, *losers):
        columns = back.rows.get(own, {}).get(record.pk, {})
        set_values(record, columns, Image())
        save_changed(record, by=by)
    merged = {survivor.pk, *(loser.pk for loser in losers)}
    for label, rows in back.rows.items():
        alike: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
        for pk, columns in rows.items():
            if label != own or pk not in merged:
                alike[tuple(columns.items())].append(pk)
        model = apps.get_model(label)
        for values, pks in alike.items():
            change_rows(model, pks, dict(values), by=by)
            _tell_return(model, pks, image, {r.pk: r for r in (survivor, *losers)}, by=by)
    for label, removed in _by_label(back.removed).items():
        model = apps.get_model(label)
        columns = {c.attname: c for c in columns_of(model)}
        model._base_manager.bulk_create(
            model(**{name: columns[name].to_python(value) for name, value in values.items()})
            for values in removed
        )


def _by_field(model: Any, changes: Mapping[str, list[Any]]) -> Iterable[tuple[str, list[Any]]]:
    """Yield changes by the name of the field instead of that of its column."""
    for name, pair in changes.items():
        is_own = name.startswith(custom.PREFIX)
        yield (name if is_own else model._meta.get_field(name).name), pair


def _tell_return(
    model: Any, pks: Sequence[int], image: Image, merged: Mapping[int, Record], *, by: User
) -> None:
    """Write into the trail that records lead where they led before."""
    if not issubclass(model, Record):
        return
    changes = image.changed[model._meta.label]
    audit.write(
        *(
            audit.entry(
                row,
                f"{model._meta.model_name}.relinked",
                by=by,
                changes={
                    name: [new, old]
                    if name.startswith(custom.PREFIX)
                    else [merged.get(new, new), merged.get(old, old)]
                    for name, (old, new) in _by_field(model, changes[str(row.pk)])
                },
            )
            for row in model._base_manager.filter(pk__in=pks).order_by("pk")
        )
    )


def end(
    merge: Merge,
    survivor: Record,
    losers: Sequence[Record],
    *,
    by: User,
    left: Iterable[Obstacle],
) -> Merge:
    """Write down that a merge was undone, and what of it could not be."""
    merge.state = Merge.State.UNDONE
    merge.ended_at, merge.ended_by = timezone.now(), by
    merge.left = [
        {
            "text": obstacle.text,
            "model": obstacle.record._meta.label if obstacle.record else None,
            "id": obstacle.record.pk if obstacle.record else None,
        }
        for obstacle in left
    ]
    merge.save(update_fields=["state", "ended_at", "ended_by", "left"])
    merge.merged_records.all().delete()
    kind = survivor._meta.model_name
    audit.write(
        audit.entry(survivor, f"{kind}.unmerged", by=by, changes={"merged": [list(losers), []]}),
        *(
            audit.entry(loser, f"{kind}.unmerged", by=by, changes={"merged": [survivor, None]})
            for loser in losers
        ),
    )
    return merge
