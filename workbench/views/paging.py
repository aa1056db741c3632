"""One page of a long list: it begins after a row, so the last page costs what the first does."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import DecimalField, F, OrderBy, Q, QuerySet, Value

from records.fulltext import InParts, Said
from records.keys import text_problem
from records.lookups import Number
from records.models import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import Field, Model

LONGEST_CURSOR = 4000
MOST_DIGITS = 40
MOST_GROUPS = 60  # lines of another table by whose names rows are sorted
FIRST_YEAR, LAST_YEAR = 1900, 9000  # zones have no rules beyond


@dataclass(frozen=True)
class Key:
    """One column of an order. Rows without a value come last, whichever way it goes."""

    path: str
    is_descending: bool
    is_nullable: bool
    field: Field[Any, Any]
    is_annotated: bool = False

    def order(self, is_reversed: bool) -> OrderBy:
        name = F(self.path)
        descending = self.is_descending != is_reversed
        nulls: dict[str, Any] = {}
        if self.is_nullable:
            nulls = {"nulls_first": True} if is_reversed else {"nulls_last": True}
        return name.desc(**nulls) if descending else name.asc(**nulls)

    def beyond(self, value: Any, is_reversed: bool) -> Q | None:
        """Return what rows beyond `value` meet, or None when there can be none."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if is_reversed else None
        comparison = "lt" if self.is_descending != is_reversed else "gt"
        rows = Q(**{f"{self.path}__{comparison}": self.bound(value)})
        if self.is_nullable and not is_reversed:
            rows |= Q(**{f"{self.path}__isnull": True})
        return rows

    def same(self, value: Any) -> Q:
        if value is None:
            return Q(**{f"{self.path}__isnull": True})
        return Q(**{self.path: self.bound(value)})

    def bound(self, value: Any) -> Any:
        """Return a value of a cursor as it compares with the column, or with what is none."""
        is_number = self.is_annotated and isinstance(value, Decimal)
        return Number(Value(f"{value:f}")) if is_number else value

    def value_of(self, row: Any) -> Any:
        for name in self.path.split("__"):
            row = getattr(row, name, None)
        return row


def keys_for(
    model: type[Model],
    order: Sequence[str],
    annotated: Mapping[str, Field[Any, Any]] | None = None,
) -> list[Key]:
    """Return the columns of an order, ended by the primary key so that pages never shuffle.

    `annotated` tells the type of what is no column: an annotation that may be empty.
    """
    keys = []
    for name in [*order, ("-" if order and order[0].startswith("-") else "") + "pk"]:
        path, field, is_nullable, owner = name.lstrip("-"), None, False, model
        if annotated and path in annotated:
            keys.append(Key(path, name.startswith("-"), True, annotated[path], is_annotated=True))
            continue
        for part in path.split("__"):
            field = owner._meta.pk if part == "pk" else owner._meta.get_field(part)
            is_nullable = is_nullable or bool(getattr(field, "null", False))
            owner = getattr(field, "related_model", None) or owner
        keys.append(Key(path, name.startswith("-"), is_nullable, field))  # type: ignore[arg-type]
    return keys


def cursor_of(row: Any, keys: Sequence[Key]) -> str:
    """Return a word that marks the place of `row` in the order."""
    return cursor_for([key.value_of(row) for key in keys])


def cursor_for(values: Iterable[Any]) -> str:
    """Return the word for these values of the columns of an order."""
    text = json.dumps([_plain(value) for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    # Moments keep their microseconds: rows of one import differ in nothing else.
    return (
        value
        if value is None or isinstance(value, str | int)
        else (value.isoformat() if isinstance(value, date) else str(value))
    )


def place_of(cursor: str, keys: Sequence[Key]) -> list[Any] | None:
    """Return the values in a cursor; None for what we did not write."""
    if not cursor or len(cursor) > LONGEST_CURSOR:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(keys):
            return None
        return [_value(key, value) for key, value in zip(keys, values, strict=True)]
    except (ValueError, TypeError, RecursionError, binascii.Error, ValidationError):
        return None


def _value(key: Key, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str | int) or (isinstance(value, str) and text_problem(value)):
        raise ValueError(value)
    value = key.field.to_python(value)
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(value)
    if isinstance(key.field, DecimalField):
        key.field.run_validators(value)
        if abs(value.adjusted()) > MOST_DIGITS:
            raise ValueError(value)
    return value


def slice_of(
    rows: QuerySet[Any, Any],
    keys: Sequence[Key],
    size: int,
    *,
    after: list[Any] | None = None,
    before: list[Any] | None = None,
    offset: int = 0,
    by: tuple[str, Q] | None = None,
) -> tuple[list[Any], bool]:
    """Return up to `size` rows beyond a place, in order, and whether more lie beyond them.

    The numbers of the rows are looked for first, which an index often has all of, and only then
    are the rows themselves opened, with what stands beside them in other tables. `by` is the name
    of a related record that they are sorted by, and what those meet that may be told it.
    """
    is_reversed = before is not None
    place = before if is_reversed else after
    if place is not None:
        offset = 0
    order = [key.order(is_reversed) for key in keys]
    wanted: Any
    groups: list[QuerySet[Any, Any]] = []
    if is_by_few(rows.model, keys):
        groups = groups_of(rows, keys, place, is_reversed)
    elif by is not None and len(keys) == 2:
        groups = named_and_others(rows, keys, place, is_reversed, by)
    if groups:
        most = offset + size + 1
        parts = [Said(*part[:most].query.sql_with_params()) for part in groups]
        wanted = Q(InParts(parts, size + 1, offset))
    else:
        numbers = rows if place is None else rows.filter(beyond(keys, place, is_reversed))
        wanted = Q(pk__in=numbers.order_by(*order).values("pk")[offset : offset + size + 1])
    found = list(rows.filter(wanted).order_by(*order))
    has_more = len(found) > size
    found = found[:size]
    return (found[::-1] if is_reversed else found), has_more


def is_by_few(model: type[Model], keys: Sequence[Key]) -> bool:
    """Say whether an order is that of lines of a list, like sources, or of people."""
    relation, way, _name = keys[0].path.partition("__")
    if not way or keys[0].is_annotated or len(keys) != 2:
        return False
    related: Any = model._meta.get_field(relation).related_model
    return not issubclass(related, Record)


def groups_of(
    rows: QuerySet[Any, Any], keys: Sequence[Key], place: Sequence[Any] | None, is_reversed: bool
) -> list[QuerySet[Any, Any]]:
    """Return the numbers of the rows beyond a place, those of each name by themselves, in order.

    No index is in the order of what stands in another table, so that all rows would be sorted for
    a page. Where there are few names, the rows of each are read in the order of their numbers, and
    of the next name nothing when that is enough. Nothing is returned where there are many, or
    where the name of the place is gone.
    """
    by, number = keys
    relation, _way, name = by.path.partition("__")
    related: Any = rows.model._meta.get_field(relation).related_model
    is_descending = by.is_descending != is_reversed
    lines = related._base_manager.order_by(f"-{name}" if is_descending else name, "pk")
    said: dict[Any, list[int]] = {}
    for pk, value in lines.values_list("pk", name)[: MOST_GROUPS + 1]:
        said.setdefault(value, []).append(pk)
    names: list[tuple[Any, Q]] = [(n, Q(**{f"{relation}__in": pks})) for n, pks in said.items()]
    if sum(map(len, said.values())) > MOST_GROUPS:
        return []
    nameless = (None, Q(**{relation: None}))
    names = [nameless, *names] if is_reversed else [*names, nameless]
    if place is not None:
        first = next((at for at, (value, _rows) in enumerate(names) if value == place[0]), None)
        beyond_it = number.beyond(place[1], is_reversed)
        if first is None or beyond_it is None:
            return []
        names = [(place[0], names[first][1] & beyond_it), *names[first + 1 :]]
    ordered = rows.order_by(number.order(is_reversed))
    return [ordered.filter(of_name).values("id") for _value, of_name in names]


def named_and_others(
    rows: QuerySet[Any, Any],
    keys: Sequence[Key],
    place: Sequence[Any] | None,
    is_reversed: bool,
    by: tuple[str, Q],
) -> list[QuerySet[Any, Any]]:
    """Return the numbers of the rows beyond a place: those with a related record that may be seen,
    by its name, and all others behind them.

    Apart, the former can be read in the order of an index on that name, and no others are sorted.
    """
    (path, seen), (name, number) = by, keys
    named = [replace(name, path=path, is_annotated=False, is_nullable=False), number]
    parts = [
        (rows.filter(seen, **{f"{path}__isnull": False}), named),
        (rows.filter(**{f"{name.path}__isnull": True}), [number]),
    ]
    if is_reversed:
        parts.reverse()
    if place is not None:
        first = int((place[0] is None) != is_reversed)
        part, by_keys = parts[first]
        values = place if by_keys is named else place[1:]
        parts = [(part.filter(beyond(by_keys, values, is_reversed)), by_keys), *parts[first + 1 :]]
    return [
        part.order_by(*[key.order(is_reversed) for key in by_keys]).values("id")
        for part, by_keys in parts
    ]


def beyond(keys: Sequence[Key], place: Sequence[Any], is_reversed: bool) -> Q:
    """Return what rows after a place meet, or rows before it where the order `is_reversed`."""
    condition = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, place, strict=True):
        beyond = key.beyond(value, is_reversed)
        if beyond is not None:
            condition |= same & beyond
        same &= key.same(value)
    first, value = keys[0], place[0]
    if value is not None and not (first.is_nullable and not is_reversed):
        # Implied by the rest, but said so that an index can start at the place.
        comparison = "lte" if first.is_descending != is_reversed else "gte"
        condition &= Q(**{f"{first.path}__{comparison}": first.bound(value)})
    return condition
