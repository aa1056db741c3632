"""Which records are worth comparing, as the database finds them by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

MOST_OF_A_KEY = 25
# Columns of which each may have the key of the other.
TWINS = {
    "block_home": ("block_home", "block_home_2"),
    "block_home_2": ("block_home", "block_home_2"),
    "block_word": ("block_word", "block_word_2"),
    "block_word_2": ("block_word", "block_word_2"),
}


def sharing(
    rows: QuerySet[Any, Any],
    keys: Mapping[str, str],
    *,
    whole: Iterable[Q] = (),
    also: Iterable[Any] = (),
) -> QuerySet[Any, Any]:
    """Return those of `rows` that share a key: one statement, each key by its index.

    Of a key that very many have, the first `MOST_OF_A_KEY` are found by it; the others by the other
    keys, or not at all: they would be guesses. `whole` are conditions under which all are found,
    `also` querysets of more numbers.
    """
    first = rows.order_by("pk").values("pk")
    # `rows` are narrowed at the end: to narrow each way too would only cost the time to write it.
    numbers = rows.model._base_manager.order_by().values("pk")
    # A union, not OR: with OR neither engine would use all of the indexes.
    ways: list[Any] = [numbers.filter(way) for way in whole]
    for column, key in keys.items():
        if key:
            for other in TWINS.get(column, (column,)):
                some = first.filter(**{other: key})[:MOST_OF_A_KEY]
                # Within a union only a part in brackets may end early, on both engines.
                ways.append(numbers.filter(pk__in=some))
    ways += also
    if not ways:
        return rows.none()
    return rows.filter(pk__in=ways[0].union(*ways[1:]) if ways[1:] else ways[0])
