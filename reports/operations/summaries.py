"""Rows of the summaries that say of the same columns are put together, now and then."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Window

from records.operations import operation
from reports.models import AgeSum, ClosedSum, DecidedLeadSum, LeadSum, OpenSum

if TYPE_CHECKING:
    from reports.models import Summary

SUMMARIES: tuple[type[Summary], ...] = (LeadSum, DecidedLeadSum, OpenSum, AgeSum, ClosedSum)
MEASURES = ("records", "base_value", "weighted")
CHUNK = 10_000  # rows that are put together at a time
MOST_TURNS = 20  # of these, before the scheduler goes on with something else


def fold() -> int:
    """Put together the rows that say of the same columns; return how many there are fewer.

    Nobody who reads or writes waits for it, and what the summaries say stays what it was.
    """
    folded = 0
    for summary in SUMMARIES:
        for _ in range(MOST_TURNS):
            fewer = fold_one(summary)
            if not fewer:
                break
            folded += fewer
    return folded


@operation
def fold_one(summary: type[Summary]) -> int:
    """Put together the rows of one summary. Who folds at the same time finds other rows."""
    names = [field.attname for field in summary._meta.concrete_fields]
    measures = [name for name in names if name in MEASURES]
    keys = [name for name in names if name not in {"id", *MEASURES}]
    rows: Any = summary._base_manager.all()
    alike = Window(Count("*"), partition_by=keys)
    many = rows.annotate(alike=alike).filter(alike__gt=1).order_by(*keys).values_list("pk")
    chosen = [pk for (pk,) in many[:CHUNK]]
    if not chosen:
        return 0
    held = rows.filter(pk__in=chosen).select_for_update(skip_locked=True)
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0] * len(measures))
    gone = []
    for pk, *values in held.values_list("pk", *keys, *measures):
        gone.append(pk)
        key = tuple(values[: len(keys)])
        found[key] = [a + b for a, b in zip(found[key], values[len(keys) :], strict=True)]
    rows.filter(pk__in=gone).delete()
    made = [
        summary(**dict(zip(keys, key, strict=True)), **dict(zip(measures, worth, strict=True)))
        for key, worth in found.items()
        if any(worth)
    ]
    rows.bulk_create(made)
    return len(gone) - len(made)
