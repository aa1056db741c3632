"""What linked records are called before staff who may not see them: that there is one, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from records.models import Record
from records.permissions import hidden_from, unnamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from users.models import User


class Unnamed:
    """Stands for a record that may not be seen: it has a number, and no name."""

    def __init__(self, model: type[Record], pk: Any) -> None:
        self.pk = pk
        self._meta = model._meta
        self.name = unnamed(model)

    def __str__(self) -> str:
        return self.name


def is_record(model: Any) -> bool:
    """Say whether `model` is a kind of record, which not everybody may see."""
    return isinstance(model, type) and issubclass(model, Record)


def veil(rows: Iterable[Any], viewer: User) -> None:
    """Take the names out of the links of `rows` to records that `viewer` may not see.

    One statement at most, and none for who may see all.
    """
    links = [
        (row, field, getattr(row, field.attname)) for row in rows for field in _links_of(type(row))
    ]
    named: dict[Any, set[Any]] = {}
    for _row, field, pk in links:
        named.setdefault(field.related_model, set()).add(pk)
    hidden = hidden_from(viewer, {model: keys - {None} for model, keys in named.items()})
    for row, field, pk in links:
        if (field.related_model, pk) in hidden:
            field.set_cached_value(row, Unnamed(field.related_model, pk))


def _links_of(model: Any) -> Iterator[Any]:
    for field in model._meta.concrete_fields:
        if is_record(field.related_model):
            yield field
