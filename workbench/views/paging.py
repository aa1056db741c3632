"""One page of a long list: it begins after a row, so the last page costs what the first does."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import DecimalField, F, OrderBy, Q, QuerySet, Value

from records.keys import text_problem
from records.lookups import Number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import Field, Model

LONGEST_CURSOR = 4000
MOST_DIGITS = 40
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
) -> tuple[list[Any], bool]:
    """Return up to `size` rows beyond a place, in order, and whether more lie beyond them."""
    is_reversed = before is not None
    place = before if is_reversed else after
    if place is not None:
        rows = rows.filter(beyond(keys, place, is_reversed))
        offset = 0
    rows = rows.order_by(*[key.order(is_reversed) for key in keys])
    found = list(rows[offset : offset + size + 1])
    has_more = len(found) > size
    found = found[:size]
    return (found[::-1] if is_reversed else found), has_more


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
