"""What stands in every table, told so that two databases with the same business say the same."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import JSONField

from accounts.models import Account, Contact
from leads.models import Lead
from opportunities.models import Campaign, Product, Source
from records.models import SearchWord, Tag
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What may differ: numbers, and the moment of writing, which is no full minute as those of a file.
NUMBERS = {"id", "history_id", "record_id"}
NUMBER = re.compile(r"\d+")
SUM = 2**128


def names(place: Mapping[int, Any]) -> dict[Any, Mapping[int, Any]]:
    """Return by what rows are told that others refer to: leads by their `place` in the file."""
    told: dict[Any, Mapping[int, Any]] = {
        model: {each.pk: str(each) for each in model._base_manager.all()}
        for model in (Account, Contact, Campaign, Product, Source, Tag, User)
    }
    told[Lead] = place
    return told


def models() -> list[Any]:
    """Return all kinds of rows but words that are written once, by which searches forgive slips,
    and sums, which come in as many rows as statements were needed.
    """
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model is not SearchWord and not hasattr(model, "is_derived")
    ]


def plain_rows(model: Any, named: dict[Any, Mapping[int, Any]]) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a table without what another run would have otherwise."""
    fields = model._meta.concrete_fields
    for row in model._base_manager.values().iterator(2_000):
        yield tuple(sorted((f.name, repr(plain(f, row[f.attname], named))) for f in fields))


def plain(field: Any, value: Any, named: dict[Any, Mapping[int, Any]]) -> Any:
    """Return a value without what another run would have otherwise."""
    if field.model._meta.model_name in {"lead", "historicallead"} and field.name == "id":
        return named[Lead].get(value)
    if field.name in NUMBERS:
        return None
    if field.is_relation and value is not None:
        return named.get(field.related_model, {}).get(value, "something")
    if isinstance(field, JSONField):
        return NUMBER.sub("#", repr(value))
    is_now = isinstance(value, datetime) and (value.second or value.microsecond)
    return "now" if is_now else value


def sums(place: Mapping[int, Any], rooms: frozenset[str]) -> dict[str, str]:
    """Return of each table of these rooms how many rows it has, and a sum over what they say.

    In whatever order they are, the same rows have the same sum.
    """
    named, found = names(place), {}
    for model in models():
        if model._meta.app_label not in rooms:
            continue
        count = total = 0
        for row in plain_rows(model, named):
            digest = hashlib.blake2b(repr(row).encode(), digest_size=16).digest()
            count, total = count + 1, (total + int.from_bytes(digest)) % SUM
        found[model._meta.label] = f"{count} {total:032x}"
    return found
