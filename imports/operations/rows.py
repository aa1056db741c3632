"""What became of the rows of a file is written down and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imports.models import Import, ImportRow
from imports.queries import name_of, pairs_of
from records import keys, writing
from records.operations import operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.models import Job
    from workbench.transfer import Row, Verdict


@operation
def write_rows(imported: Import, judged: Sequence[tuple[Row, Verdict, bool]]) -> None:
    """Write down what became of rows, and count it. What was said of them before is replaced.

    The import is held by the caller, who saves its counts.
    """
    pairs = pairs_of(imported)
    before = imported.rows.filter(line__in=[row.line for row, _verdict, _waits in judged])
    for gone in before.values_list("verdict", flat=True):
        imported.counts[gone] = imported.count(gone) - 1
    before.delete()
    lines = (_line(row, verdict, waits, pairs) for row, verdict, waits in judged)
    writing.insert_like(ImportRow(within=imported), TOLD, lines)
    for _row, verdict, _waits in judged:
        imported.counts[verdict.verdict] = imported.count(verdict.verdict) + 1


# What is told of a row, in the order of `_line`.
TOLD = (
    "line", "verdict", "name", "external_id", "record_id", "of", "errors", "warnings", "reasons",
    "waits", "undo",
)  # fmt: skip


def _line(row: Row, verdict: Verdict, waits: bool, pairs: list[tuple[str, str]]) -> tuple[Any, ...]:
    return (
        row.line,
        verdict.verdict,
        keys.clean_text(name_of(row.cells, pairs))[:200],
        keys.clean_text(verdict.external_id)[:120],
        verdict.id,
        verdict.of,
        _clean(verdict.errors),
        _clean(verdict.warnings),
        [keys.clean_text(text) for text in verdict.reasons],
        waits,
        verdict.undo,
    )


def _clean(told: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return sentences without what no database keeps: they may tell of a cell as it is."""
    return {name: [keys.clean_text(text) for text in texts] for name, texts in told.items()}


@operation
def forget_rows(imported: Import) -> None:
    """Forget what was said of the rows: they are judged anew."""
    imported.rows.all().delete()


@operation
def wait_no_longer(imported: Import) -> None:
    """Leave rows rejected that name what is nowhere to be found."""
    imported.rows.filter(waits=True).update(waits=False)


@operation
def note_job(imported: Import, job: Job) -> Import:
    """Write down which job is about an import; it may be over by now."""
    Import.objects.filter(pk=imported.pk).update(job=job)
    found: Import = Import.objects.select_related("owner", "job").get(pk=imported.pk)
    return found
