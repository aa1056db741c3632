"""What a transfer writes beside the records: missing lines of lists, moments of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.text import slugify

from records.operations import save_setting

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.db.models import Model

    from users.models import User

LONGEST_KEY = 60


def find_choice(model: type[Model], text: str) -> Any:
    """Return the line of an editable list whose key or name is `text`, or None."""
    return (
        model._default_manager.filter(Q(key__iexact=text) | Q(name__iexact=text))
        .order_by("position", "pk")
        .first()
    )


def add_choice(model: type[Model], name: str, *, by: User, **values: Any) -> Any:
    """Add a line to an editable list, under a key that is not taken.

    Raises `NotPermitted` unless `by` may shape the list.
    """
    stem = slugify(name)[: LONGEST_KEY - 4] or "choice"
    key, number = stem, 2
    while model._default_manager.filter(key=key).exists():
        key, number = f"{stem}-{number}", number + 1
    place = model._default_manager.count() + 1
    return save_setting(model(**{"key": key, "name": name, "position": place, **values}), by=by)


def back_date(record: Model, **moments: date | datetime | None) -> None:
    """Set moments that are known better elsewhere; neither a version nor an entry is written."""
    type(record)._base_manager.filter(pk=record.pk).update(**moments)
    for name, moment in moments.items():
        setattr(record, name, moment)
