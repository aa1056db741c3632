"""What a row of a file made and changed, written down so that it can be taken back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Model

from records.errors import IsGone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Field


class Trace:
    """What the row in hand has done so far; made anew for each row.

    As JSON it says: `created`, the records and list lines that were not there before, in the order
    in which they came; `updated`, the record that was, with its version before (`was`) and after,
    and the values before and after; `further`, when something happened to it that no old value
    takes back.
    """

    def __init__(self) -> None:
        self.created: list[Model] = []
        self.updated: tuple[Model, dict[str, Any], dict[str, Any]] | None = None
        self.was: int | None = None
        self.is_further = False
        # Whether the record in hand is as it stands, whatever happened to it.
        self.is_in_hand = False

    def as_json(self, record: Any) -> dict[str, Any]:
        """Return what to keep of a row that came in as `record`; nothing when it did nothing."""
        told: dict[str, Any] = {}
        if self.created:
            told["created"] = [self._named(each, record) for each in self.created]
        if self.updated is not None:
            updated, before, after = self.updated
            told["updated"] = {**self._named(updated, record), "before": before, "after": after}
            told["updated"]["was"] = self.was
        elif self.is_further and record is not None and not self.created:
            told["updated"] = {**self._named(record, record), "before": {}, "after": {}}
        if self.is_further:
            told["further"] = True
        return told

    def _named(self, each: Any, record: Any) -> dict[str, Any]:
        named: dict[str, Any] = {"model": each._meta.label_lower, "pk": each.pk}
        version = getattr(each, "version", None)
        if version is not None:
            if self.is_further and not self.is_in_hand and each.pk == getattr(record, "pk", None):
                # Operations work on a row that they read again: the one in hand is behind.
                rows = type(each)._base_manager.filter(pk=each.pk)
                version = rows.values_list("version", flat=True).get()
            named["version"] = version
        return named


def kept(record: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of a record as JSON can hold them and `given_back` reads them.

    `custom` is all of them, `tags` their names.
    """
    return {name: _kept(record, name) for name in names}


def _kept(record: Any, name: str) -> Any:
    if name == "tags":
        return sorted(tag.name for tag in record.tags.all())
    value = getattr(record, name)
    match value:
        case Model():
            return {"model": value._meta.label_lower, "pk": value.pk}
        case Decimal():
            # As the database gives it back, also where it is in hand and was never there.
            return f"{value:.{record._meta.get_field(name).decimal_places}f}"
        case date():
            return value.isoformat()
        case _:
            return getattr(value, "code", value)


def given_back(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return kept values as keywords of an update. Raises `IsGone` for a record that is not there.

    A custom value that was not there is taken away by None.
    """
    return {name: _given_back(model, name, value) for name, value in values.items()}


def _given_back(model: type[Model], name: str, value: Any) -> Any:
    if name in {"custom", "tags"} or value is None:
        return value
    if isinstance(value, dict) and value.keys() == {"model", "pk"}:
        found = apps.get_model(value["model"])._base_manager.filter(pk=value["pk"]).first()
        if found is None:
            raise IsGone("What stood here before is gone for good.", field=name)
        return found
    column: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
    return column.to_python(value)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return of kept values those that differ: before and after, of custom values key by key."""
    names = [name for name in after if name != "custom" and before[name] != after[name]]
    old, new = ({name: values[name] for name in names} for values in (before, after))
    customs = before.get("custom") or {}, after.get("custom") or {}
    different = sorted(
        k for k in {*customs[0], *customs[1]} if customs[0].get(k) != customs[1].get(k)
    )
    if different:
        old["custom"], new["custom"] = ({k: c.get(k) for k in different} for c in customs)
    return old, new
