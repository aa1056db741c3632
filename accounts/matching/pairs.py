"""All records of a kind against each other, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, groupby
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from accounts.matching.preselected import TWINS
from records.models import PossibleDuplicate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from records.similarity import Likeness

R = TypeVar("R")

MOST_OF_A_KEY = 100  # records; what more than these share tells none of them from another
AT_ONCE = 2000  # records in memory
AT_A_TIME = 400  # rows of a step, more than `MOST_OF_A_KEY`; it takes a second at the most

# Columns in the order in which records are looked through; of twins each may have the other's key.
PERSON_KEYS = (
    ("email_key",),
    ("block_phone",),
    ("block_mail",),
    ("block_street",),
    ("block_home", "block_home_2"),
    ("block_name",),
)
FIRM_KEYS = (
    ("domain",),
    ("name_key",),
    ("block_phone",),
    ("block_street",),
    ("block_word", "block_word_2"),
    ("block_end",),
    ("block_start",),
)


@dataclass(frozen=True)
class Pair(Generic[R]):
    """Two records that may be one; `one` is the older.

    `score_alone` is the score of two contacts without what their accounts say, where it was asked.
    """

    one: R
    other: R
    likeness: Likeness
    score_alone: int | None = None

    @property
    def score(self) -> int:
        return self.likeness.score


def pairs_in(
    rows: QuerySet[Any, Any],
    groups: Sequence[tuple[str, ...]],
    compare: Callable[[Any, Any], Likeness],
    *,
    kind: str,
    least: int,
) -> Iterator[Pair[Any]]:
    """Yield the pairs of `rows` that score `least` or more, each once, key after key.

    What shares no key is not compared. Pairs of which somebody said that they are different are
    left out. However many rows there are, `AT_ONCE` of them are in memory.
    """
    crowded: list[set[str]] = []
    for position, group in enumerate(groups):
        crowded.append({key for key, numbers in _blocks(rows, group) if not numbers})
        for batch in _batches(rows, group):
            found = rows.in_bulk({number for _key, numbers in batch for number in numbers})
            close = []
            for key, numbers in batch:
                # A record that went meanwhile is in no pair.
                records = [found[number] for number in numbers if number in found]
                for one, other in _new_pairs(records, (position, key), groups, crowded):
                    likeness = compare(one, other)
                    if likeness.score >= least:
                        close.append(Pair(one, other, likeness))
            yield from together(close, kind=kind)


def together(pairs: Iterable[Pair[R]], *, kind: str) -> Iterator[Pair[R]]:
    """Leave out the pairs of which somebody said that they are different. One statement."""
    close = list(pairs)
    if not close:
        return
    said = PossibleDuplicate.objects.filter(
        kind=kind,
        low__in={min(p.one.pk, p.other.pk) for p in close},  # type: ignore[attr-defined]
        dismissed_at__isnull=False,
    )
    apart = set(said.values_list("low", "high"))
    for pair in close:
        numbers = sorted((pair.one.pk, pair.other.pk))  # type: ignore[attr-defined]
        if (numbers[0], numbers[1]) not in apart:
            yield pair


def _blocks(rows: QuerySet[Any, Any], group: tuple[str, ...]) -> Iterator[tuple[str, list[int]]]:
    """Yield each key with the numbers of its records, and with none where it has too many."""
    ways = [rows.exclude(**{c: ""}).order_by().values_list(c, "pk") for c in group]
    keyed = ways[0].union(*ways[1:]) if ways[1:] else ways[0]
    # By the first column, whatever it is called in a union.
    ordered = keyed.order_by(group[0], "pk")
    for key, items in groupby(ordered.iterator(chunk_size=AT_ONCE), key=lambda item: item[0]):
        numbers: list[int] = []
        for _key, number in items:
            if len(numbers) <= MOST_OF_A_KEY:
                numbers.append(number)
        if len(numbers) > 1:
            yield key, numbers if len(numbers) <= MOST_OF_A_KEY else []


def _batches(
    rows: QuerySet[Any, Any], group: tuple[str, ...]
) -> Iterator[list[tuple[str, list[int]]]]:
    """Yield as many keys at a time as have records for one batch."""
    batch: list[tuple[str, list[int]]] = []
    count = 0
    for key, numbers in _blocks(rows, group):
        if count + len(numbers) > AT_ONCE:
            yield batch
            batch, count = [], 0
        batch.append((key, numbers))
        count += len(numbers)
    if batch:
        yield batch


def _new_pairs(
    records: Sequence[Any],
    here: tuple[int, str],
    groups: Sequence[tuple[str, ...]],
    crowded: Sequence[set[str]],
) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs that no key before this one has brought together."""
    keys_of = {
        record.pk: {
            (position, key)
            for position, many in enumerate(crowded)
            for column in groups[position]
            if (key := getattr(record, column)) and key not in many
        }
        for record in records
    }
    for one, other in combinations(records, 2):
        # What was changed since its keys were read may share none by now.
        if min(keys_of[one.pk] & keys_of[other.pk], default=None) == here:
            yield one, other


# A part at a time


@dataclass(frozen=True)
class Part:
    """The pairs of some keys, and where the next ones begin."""

    pairs: tuple[Pair[Any], ...]
    column: int
    after: str


def part_after(
    rows: QuerySet[Any, Any],
    columns: Sequence[str],
    compare: Callable[[Any, Any], Likeness],
    *,
    least: int,
    alone: Callable[[Any, Any, Likeness], int] | None = None,
    column: int = 0,
    after: str = "",
) -> Part:
    """Return the pairs among the next `AT_A_TIME` rows by a column, and where to go on.

    What a worker does in one step. Pairs that share several keys come with each of them, and so do
    those that somebody said are different: whoever keeps them sees to that. `alone` is a second
    score: what reaches `least` by either of them is a pair. Four statements.
    """
    if column >= len(columns):
        return Part((), column, "")
    name = columns[column]
    page = list(
        rows.filter(**{f"{name}__gt": after}).order_by(name, "pk").values_list(name, "pk")
        [:AT_A_TIME]
    )  # fmt: skip
    blocks: dict[str, set[int]] = {}
    for key, number in page:
        blocks.setdefault(key, set()).add(number)
    if len(page) == AT_A_TIME and len(blocks) > 1:
        blocks.pop(page[-1][0])  # perhaps not all of it
    for twin in set(TWINS.get(name, ())) - {name}:
        shared = rows.filter(**{f"{twin}__in": list(blocks)}).order_by(twin, "pk")
        for key, number in shared.values_list(twin, "pk")[:AT_ONCE]:
            blocks[key].add(number)
    telling = {key: each for key, each in blocks.items() if 1 < len(each) <= MOST_OF_A_KEY}
    found = rows.in_bulk({number for numbers in telling.values() for number in numbers})
    close: dict[tuple[int, int], Pair[Any]] = {}
    seen: set[tuple[int, int]] = set()
    for numbers in telling.values():
        for low, high in combinations(sorted(numbers), 2):
            if (low, high) in seen or low not in found or high not in found:
                continue
            seen.add((low, high))
            one, other = found[low], found[high]
            likeness = compare(one, other)
            second = alone(one, other, likeness) if alone else None
            if max(likeness.score, second or 0) >= least:
                close[low, high] = Pair(one, other, likeness, second)
    if len(page) < AT_A_TIME:
        return Part(tuple(close.values()), column + 1, "")
    return Part(tuple(close.values()), column, list(blocks)[-1])
