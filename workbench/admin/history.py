"""What a history says in words: the trail of operations, and each version of the fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from records import custom
from records.models import AuditEntry
from records.permissions import hidden_fields, hidden_from, unnamed
from users import formats
from workbench.admin.names import is_record

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from django.db.models import Model

    from records.models import CustomField
    from users.models import User

MOST_OF_A_HISTORY = 100
# What a new version changes by itself, and what only the machine reads.
UNSAID = {"search", "version", "changed_at", "changed_by_id", "custom", "rate"}


@dataclass(frozen=True)
class Said:
    """One line of a history, in words."""

    at: Any
    who: str
    what: str
    changes: list[tuple[str, str, str]]
    reason: str = ""


def said(value: Any) -> str:
    """Return a value as a person reads it."""
    match value:
        case None | "" | []:
            return "—"
        case True:
            return _("yes")
        case False:
            return _("no")
        case {"label": label, "is_active": False}:
            return _("%(choice)s (out of use)") % {"choice": label}
        case {"label": label}:
            return str(label)
        case {"title": title, "fields": list() as fields}:
            return f"{title or '—'}: {', '.join(_placed(field) for field in fields)}"
        case list() | tuple():
            return ", ".join(said(item) for item in value)
        case _:
            return str(value)


def _placed(field: Any) -> str:
    """Return a field of a form layout, and whether it is hidden or required."""
    match field:
        case {"name": name, "is_visible": False}:
            return _("%(field)s (hidden)") % {"field": name}
        case {"name": name, "is_required": True}:
            return _("%(field)s (required)") % {"field": name}
        case _:
            return str(field.get("name", "")) if isinstance(field, dict) else str(field)


def trail_of(obj: Any, *, viewer: User) -> list[Said]:
    """Return what operations did to `obj`, the latest first, as `viewer` may read it.

    Three statements at most.
    """
    rows = AuditEntry.objects.filter(record_type=ContentType.objects.get_for_model(type(obj)))
    if isinstance(obj.pk, int):
        rows = rows.filter(record_id=obj.pk)
    else:
        rows = rows.filter(record_id=0, label=str(obj))
    entries = list(rows.select_related("actor").order_by("-at", "-pk")[:MOST_OF_A_HISTORY])
    names = {name for entry in entries for name in entry.changes}
    fields = custom_fields_of(type(obj), names)
    kinds = {name: kind_of(type(obj), name) for entry in entries for name in entry.changes}
    named: dict[Any, set[Any]] = {}
    for entry in entries:
        for name, pair in entry.changes.items():
            if is_record(kinds[name]):
                named.setdefault(kinds[name], set()).update(_numbers_in(pair))
    hidden = hidden_from(viewer, named)
    kept = hidden_fields(viewer, custom.kind_of(obj))
    return [
        Said(
            at=entry.at,
            who=str(entry.actor),
            what=entry.event,
            changes=[
                told(type(obj), name, _kept(pair, kinds[name], hidden, viewer), fields)
                for name, pair in entry.changes.items()
                if name not in kept
            ],
            reason=entry.reason,
        )
        for entry in entries
    ]


def custom_fields_of(model: type[Model], names: Iterable[str]) -> dict[str, CustomField]:
    """Return the custom fields of a kind by name, if `names` have one. One statement at most."""
    if not any(name.startswith(custom.PREFIX) for name in names):
        return {}
    found = custom.known_to(None).fields.get(custom.kind_of(model), ())
    return {each.name: each for each in found}


def told(
    model: type[Model], name: str, pair: Any, fields: Mapping[str, CustomField]
) -> tuple[str, str, str]:
    """Return a change of the trail in words: the field, what it was, what it is."""
    if not name.startswith(custom.PREFIX):
        return label_of(model, name), *_pair(pair)
    each = fields.get(name)
    label = each.label if each else name
    old, new = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
    return label, custom.in_words(each, old) or "—", custom.in_words(each, new) or "—"


def kind_of(model: type[Model], name: str) -> Any:
    """Return the kind of thing that a change of `name` speaks of; None when nobody knows."""
    for field in model._meta.get_fields():
        if field.name == name:
            return field.related_model
    kinds = (kind for kind in apps.get_models() if is_record(kind))
    return next((kind for kind in kinds if str(kind._meta.verbose_name_plural) == name), None)


def _numbers_in(value: Any) -> Iterator[Any]:
    match value:
        case {"id": pk, "label": _label}:
            yield pk
        case list():
            for item in value:
                yield from _numbers_in(item)


def _kept(value: Any, kind: Any, hidden: Container[Any], viewer: User) -> Any:
    """Return `value` with the names of records that are hidden taken out of it.

    A record of a kind that nobody knows is named to those who see everything alone.
    """
    match value:
        case {"id": pk, "label": _label}:
            if kind is None and not viewer.is_superuser:
                return _("a record")
            return unnamed(kind) if (kind, pk) in hidden else value
        case list():
            return [_kept(item, kind, hidden, viewer) for item in value]
    return value


def _pair(pair: Any) -> tuple[str, str]:
    if isinstance(pair, list) and len(pair) == 2:
        return said(pair[0]), said(pair[1])
    return "", said(pair)


def versions_of(obj: Any, *, viewer: User) -> list[Said]:
    """Return each stored version of the fields of `obj`, the latest first, by what differs.

    Records that `viewer` may not see go without their names.
    """
    if not hasattr(obj, "history"):
        return []
    kept = hidden_fields(viewer, custom.kind_of(obj))
    columns = [
        f
        for f in obj.history.model.tracked_fields
        # What is derived from several fields, like the parts of a score, may name a hidden one.
        if f.attname not in UNSAID
        and f.name not in kept
        and not (kept and isinstance(f, models.JSONField))
    ]
    rows = list(
        obj.history.select_related("history_user").order_by("-history_date", "-history_id")[
            : MOST_OF_A_HISTORY + 1
        ]
    )
    pairs = list(zip(rows, [*rows[1:], None], strict=True))[:MOST_OF_A_HISTORY]
    differing = [
        (
            row,
            [
                (column, getattr(older, column.attname), getattr(row, column.attname))
                for column in columns
                if older is not None
                and getattr(older, column.attname) != getattr(row, column.attname)
            ],
        )
        for row, older in pairs
    ]
    names = _names_of((change for _row, changes in differing for change in changes), viewer)
    custom_changes = [_custom_changes(row, older) for row, older in pairs]
    fields = custom_fields_of(type(obj), {name for each in custom_changes for name in each})
    model = type(obj)
    kinds = {"+": _("Created"), "~": _("Changed"), "-": _("Deleted")}
    return [
        Said(
            at=row.history_date,
            who=str(row.history_user or _("Somebody")),
            what=f"{kinds[row.history_type]} · {_('version')} {row.version}",
            changes=[
                (
                    str(capfirst(column.verbose_name)),
                    _shown(column, old, names),
                    _shown(column, new, names),
                )
                for column, old, new in changes
            ]
            + [told(model, n, pair, fields) for n, pair in customs.items() if n not in kept],
        )
        for (row, changes), customs in zip(differing, custom_changes, strict=True)
    ]


def _custom_changes(row: Any, older: Any) -> dict[str, list[Any]]:
    """Return by `custom.<key>` which custom values differ between two versions."""
    new, old = (getattr(each, "custom", None) for each in (row, older))
    if not isinstance(new, dict) or not isinstance(old, dict):
        return {}
    return {
        f"{custom.PREFIX}{key}": [old.get(key), new.get(key)]
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    }


def _names_of(changes: Iterable[tuple[Any, Any, Any]], viewer: User) -> dict[tuple[Any, Any], str]:
    """Return what `viewer` calls the records that changes speak of: a statement for each kind."""
    wanted: dict[Any, set[Any]] = {}
    for column, *values in changes:
        if column.is_relation:
            wanted.setdefault(column.related_model, set()).update(set(values) - {None})
    hidden = hidden_from(viewer, {m: keys for m, keys in wanted.items() if is_record(m)})
    names = {
        (model, row.pk): str(row)
        for model, keys in wanted.items()
        for row in model._base_manager.filter(pk__in=keys)
    }
    return names | {(model, pk): unnamed(model) for model, pk in hidden}


def _shown(column: Any, value: Any, names: Mapping[tuple[Any, Any], str]) -> str:
    if column.is_relation and value is not None:
        return names.get((column.related_model, value), f"#{value}")
    if column.choices:
        return str(dict(column.flatchoices).get(value, said(value)))
    if isinstance(column, models.DateTimeField) and value is not None:
        return formats.moment(value)
    return said(value)


def label_of(model: type[Model], name: str) -> str:
    """Return how people call a field of `model`."""
    field = next((f for f in model._meta.get_fields() if f.name == name), None)
    return str(capfirst(getattr(field, "verbose_name", name.replace("_", " "))))
