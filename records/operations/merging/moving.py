"""Letting what refers to one record refer to another one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F
from django.utils import timezone

from records import audit, custom
from records.models import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from records.models import CustomField
    from records.operations.merging.image import Image
    from users.models import User


def name_of(key: Any) -> str:
    """Return a foreign key with its model, like `leads.Lead.account`."""
    return f"{key.model._meta.label}.{key.name}"


# docs/decisions/0001
LOCK_ORDER = {"lead": 0, "account": 1, "contact": 2, "opportunity": 3}


def references_to(model: type[Record], *, stays: Collection[str] = ()) -> list[Any]:
    """Return every foreign key to this kind, but those that `stays` names: `leads.Lead.account`.

    The history remembers what there was, so its keys never move. They come in the order in which
    everybody locks: leads, accounts, contacts, opportunities, then what hangs on those.
    """
    found = [
        relation.field
        for relation in model._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel)
        and not hasattr(relation.related_model, "instance_type")
        and name_of(relation.field) not in stays
    ]
    return sorted(found, key=lambda key: LOCK_ORDER.get(str(key.model._meta.model_name), 9))


def hold_references(model: type[Record], pks: Collection[int], *, rooms: Collection[str]) -> None:
    """Lock the records of these rooms that refer to any of `pks`, by number.

    For those that everybody locks before identities: leads.
    """
    for key in references_to(model):
        if key.model._meta.app_label in rooms and issubclass(key.model, Record):
            rows = key.model._base_manager.select_for_update(of=("self",))
            list(rows.filter(**{f"{key.name}__in": pks}).order_by("pk").values_list("pk"))
    for link in custom.links_to(model):
        if custom.model_of(link.kind)._meta.app_label in rooms:
            rows = custom.rows_linking(link, pks).select_for_update(of=("self",))
            list(rows.values_list("pk"))


def move_references(
    losers: Sequence[Record], *, to: Record, image: Image, by: User, stays: Collection[str] = ()
) -> None:
    """Let everything that refers to `losers` refer to `to`, each row once.

    A row that would then say what another one says already is removed and kept in the image. A
    record that moves is a new version of itself, with a line of its history and of the trail.
    """
    for key in references_to(type(to), stays=stays):
        _move(key, losers, to=to, image=image, by=by)
    for link in sorted(custom.links_to(type(to)), key=lambda link: LOCK_ORDER.get(link.kind, 9)):
        _move_link(link, losers, to=to, image=image, by=by)


def _move_link(
    link: CustomField, losers: Sequence[Record], *, to: Record, image: Image, by: User
) -> None:
    """Let custom fields that link to `losers` link to `to`, but for those that are merged."""
    model = custom.model_of(link.kind)
    for loser in losers:
        rows = custom.rows_linking(link, [loser.pk]).select_for_update(of=("self",))
        if model is type(to):
            rows = rows.exclude(pk__in=[to.pk, *(each.pk for each in losers)])
        found = list(rows)
        for row in found:
            image.change(row, link.name, loser.pk, to.pk)
        if found:
            change_rows(model, [row.pk for row in found], {link.name: to.pk}, by=by)
            _tell(found, link.name, loser.pk, to.pk, by=by)


def _move(key: Any, losers: Sequence[Record], *, to: Record, image: Image, by: User) -> None:
    model = key.model
    order = {loser.pk: place for place, loser in enumerate(losers)}
    rows = model._base_manager.select_for_update(of=("self",))
    found = list(rows.filter(**{f"{key.name}__in": list(order)}).order_by("pk"))
    if model is type(to):
        # Those that are merged themselves: what refers to oneself is nothing, the rest is gone.
        found = [row for row in found if row.pk not in {to.pk, *order}]
    found.sort(key=lambda row: (order[getattr(row, key.attname)], row.pk))
    taken = _standing(key, to)
    moved: dict[int, list[models.Model]] = defaultdict(list)
    for row in found:
        places = {(names, _said(row, names)) for names in _unique_beside(key)}
        if places & taken:
            image.remove(row)
            model._base_manager.filter(pk=row.pk).delete()
            continue
        taken |= places
        moved[getattr(row, key.attname)].append(row)
    for pk, several in moved.items():
        for row in several:
            image.change(row, key.attname, pk, to.pk)
        change_rows(model, [row.pk for row in several], {key.attname: to.pk}, by=by)
        loser = next(loser for loser in losers if loser.pk == pk)
        _tell(several, key.name, loser, to, by=by)


def _unique_beside(key: Any) -> list[tuple[str, ...]]:
    """Return the columns that must not repeat for one value of `key`, constraint by constraint."""
    options = key.model._meta
    sets = [list(names) for names in options.unique_together]
    sets += [
        list(constraint.fields)
        for constraint in options.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is None
    ]
    if key.unique:
        sets.append([key.name])
    return [
        tuple(options.get_field(name).attname for name in names if name != key.name)
        for names in sets
        if key.name in names
    ]


def _said(row: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _standing(key: Any, to: Record) -> set[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Return what the rows of `to` say in the columns that must not repeat."""
    sets = _unique_beside(key)
    if not sets:
        return set()
    rows = key.model._base_manager.filter(**{key.name: to.pk})
    return {(names, _said(row, names)) for row in rows for names in sets}


def change_rows(
    model: type[models.Model], pks: Sequence[int], values: Mapping[str, Any], *, by: User
) -> None:
    """Write the same values into many rows; records get their version and history with it.

    Values of custom fields are named `custom.<key>`.
    """
    rows = model._base_manager.filter(pk__in=pks)
    if not issubclass(model, Record):
        rows.update(**values)
        return
    columns = {name: new for name, new in values.items() if not name.startswith(custom.PREFIX)}
    own = {n.removeprefix(custom.PREFIX): new for n, new in values.items() if n not in columns}
    linking: Any = rows if own else ()
    for row in linking:
        row.custom = {**row.custom, **own}
        model._base_manager.filter(pk=row.pk).update(custom=row.custom)
    moment = timezone.now()
    rows.update(**columns, version=F("version") + 1, changed_by=by, changed_at=moment)
    history: Any = model.history
    history.bulk_history_create(list(rows), update=True, default_user=by, default_date=moment)


def _tell(rows: Sequence[models.Model], name: str, old: Any, new: Any, *, by: User) -> None:
    """Write into the trail that records lead somewhere else by now."""
    audit.write(
        *(
            audit.entry(row, f"{row._meta.model_name}.relinked", by=by, changes={name: [old, new]})
            for row in rows
            if isinstance(row, Record)
        )
    )
