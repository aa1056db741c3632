"""The work on a file in steps: a dry run, the import itself, and taking it back."""

from __future__ import annotations

import csv
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imports.models import Import, ImportRow
from imports.operations import (
    ImportIsAtWork,
    ImportIsOver,
    forget_rows,
    held,
    note_job,
    saved,
    take_back,
    wait_no_longer,
    write_rows,
)
from imports.operations.uploading import require_import
from imports.queries import (
    digest_of,
    found_of,
    importer_for,
    pairs_of,
    path_of,
    revertible_until,
    table_of,
)
from records.errors import Refused, Unacceptable
from records.operations import operation
from workbench.jobs import End, Job, Kind, Step, start
from workbench.transfer import Place, safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from users.models import User
    from workbench.transfer import Row, Table, Verdict

CHUNK = 500  # rows of a step
REVERTED_AT_ONCE = 50
Judged = list[tuple["Row", "Verdict", bool]]


class NotChecked(Refused):
    """What would be imported is not what was checked."""


# Starting


@operation
def check(draft: Import, *, by: User, version: int | None = None) -> Import:
    """Have every row judged without writing any. Raises `MappingIsWrong` where nothing fits."""
    current = held(draft, by=by, version=version, is_changeable=True)
    require_import(by, current.kind)
    path_of(current)
    pairs_of(current)
    return _started(current, Import.State.CHECKING, by=by, digest=digest_of(current))


@operation
def run(checked: Import, *, by: User, version: int | None = None) -> Import:
    """Have the rows become records. Only what was checked can be run; raises `NotChecked`."""
    current = held(checked, by=by, version=version)
    if current.is_at_work:
        raise ImportIsAtWork(_("A job is about this file. Wait for its end."))
    if current.finished_at is not None or current.state == Import.State.RUNNING:
        raise ImportIsOver(_("This import was run already. Send the file again."))
    if current.state != Import.State.CHECKED or current.checked_as != digest_of(current):
        raise NotChecked(_("Check the rows first: only what was checked is imported."))
    require_import(by, current.kind)
    path_of(current)
    return _started(current, Import.State.RUNNING, by=by)


@operation
def revert(done: Import, *, by: User) -> Import:
    """Have an import taken back as a whole, as far as nobody has touched since what it wrote."""
    current = held(done, by=by)
    if problem := why_not_revertible(current):
        raise Unacceptable(errors={"import": [problem]})
    return _started(current, Import.State.REVERTING, by=by)


def why_not_revertible(imported: Import) -> str:
    """Return why an import cannot be taken back now; nothing when it can."""
    if imported.is_at_work:
        return _("A job is about this file. Cancel it or wait for its end.")
    if imported.state in (Import.State.DRAFT, Import.State.CHECKED, Import.State.CHECKING):
        return _("Nothing was imported yet.")
    if imported.state == Import.State.REVERTED:
        return _("This import was undone already.")
    if timezone.now() > revertible_until(imported):
        return _("It is too long ago: an import can be undone for 7 days.")
    if not imported.rows.to_take_back().exists():
        return _("It has changed nothing that could be undone.")
    return ""


KINDS: dict[str, Kind] = {}


def _started(current: Import, state: str, *, by: User, **more: Any) -> Import:
    """Start a job about an import that is held. One person has one such job at a time."""
    others = Import.objects.permitted(by).filter(state__in=Import.AT_WORK).exclude(pk=current.pk)
    if any(other.is_at_work for other in others.select_related("job")):
        raise ImportIsAtWork(_("Another of your imports is at work. Wait for its end."))
    titles = {
        Import.State.CHECKING: _("Check %(file)s"),
        Import.State.RUNNING: _("Import %(file)s"),
        Import.State.REVERTING: _("Undo the import of %(file)s"),
    }
    total = current.total
    changes: dict[str, Any] = {"state": state}
    if state == Import.State.REVERTING:
        total = current.rows.to_take_back().count()
    else:
        forget_rows(current)
        changes |= {"counts": {}}
    saved(current, job=None, **changes)
    job = start(
        KINDS[state],
        by=by,
        title=titles[Import.State(state)] % {"file": current.name},
        total=total,
        key=f"import:{current.pk}",
        imported=current.pk,
        **more,
    )
    return note_job(current, job)


# Working


@Kind
def check_rows(job: Job) -> Step | End:
    """Judge the next rows as the import would, and roll it back."""
    imported = _held(job, Import.State.CHECKING)
    chunk, cursor = _next_rows(imported, job.cursor)
    if chunk:
        with transaction.atomic():
            judged = _judged(imported, chunk, is_dry=True)
            transaction.set_rollback(True)
        write_rows(imported, _in_its_file(imported, judged))
        saved(imported)
        return Step(cursor, done=len(chunk))
    saved(imported, state=Import.State.CHECKED, checked_as=job.arguments["digest"])
    return End(_summary(imported), imported.get_absolute_url())


@Kind
def import_rows(job: Job) -> Step | End:
    """Make records of the next rows; in the end of those that waited for others."""
    imported = _held(job, Import.State.RUNNING)
    if "again" not in job.cursor:
        chunk, cursor = _next_rows(imported, job.cursor)
        if chunk:
            write_rows(imported, _judged(imported, chunk))
            saved(imported)
            return Step(cursor, done=len(chunk))
        return Step({"again": {"settled": 0}}, done=0)
    waiting = imported.rows.filter(waits=True)
    cursor = dict(job.cursor["again"])
    chunk, cursor = _next_waiting(imported, cursor)
    if chunk:
        judged = _judged(imported, chunk)
        cursor["settled"] += sum(not must_wait for _row, _verdict, must_wait in judged)
        write_rows(imported, judged)
        saved(imported)
        return Step({"again": cursor}, done=0)
    if cursor["settled"] and waiting.exists():
        return Step({"again": {"settled": 0}}, done=0)
    # What they name is not there: they stay rejected, as they were told.
    wait_no_longer(imported)
    saved(imported, state=Import.State.DONE, finished_at=timezone.now())
    return End(_summary(imported), imported.get_absolute_url())


@Kind
def revert_rows(job: Job) -> Step | End:
    """Take the next rows back, the last one first."""
    imported = _held(job, Import.State.REVERTING)
    rows = list(imported.rows.to_take_back()[:REVERTED_AT_ONCE])
    for row in rows:
        take_back(row, by=job.owner)
    if rows:
        return Step({}, done=len(rows))
    saved(imported, state=Import.State.REVERTED, reverted_at=timezone.now())
    back = imported.rows.filter(is_reverted=True).count()
    left = imported.rows.filter(is_reverted=False).count()
    told = ngettext("%(n)d row was taken back.", "%(n)d rows were taken back.", back) % {"n": back}
    if left:
        told += " " + ngettext(
            "%(n)d stays, or some of it.", "%(n)d stay, or some of it.", left
        ) % {"n": left}
    return End(told, imported.get_absolute_url())


KINDS |= {
    Import.State.CHECKING: check_rows,
    Import.State.RUNNING: import_rows,
    Import.State.REVERTING: revert_rows,
}


def _held(job: Job, state: str) -> Import:
    """Hold the import that a job is about. Raises `ImportIsOver` for a job of days gone by.

    A job that stopped can be resumed by its own page, when the import has gone another way since.
    """
    rows = Import.objects.select_for_update(of=("self",)).select_related("owner", "job")
    imported: Import | None = rows.filter(pk=job.arguments["imported"]).first()
    if imported is None or imported.state != state or imported.job_id not in (None, job.pk):
        raise ImportIsOver(_("The import has gone on without this job: nothing is left to do."))
    if state != Import.State.REVERTING:
        # The right may be taken away while a job runs. Of an undo each operation asks for its own.
        require_import(imported.owner, imported.kind)
    return imported


def _next_rows(imported: Import, cursor: dict[str, Any]) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows whose turn it is, and the cursor behind them."""
    table = table_of(imported, cursor.get("found", ()))
    rows = list(islice(table.rows(Place(*cursor.get("place", ()))), CHUNK))
    return rows, {"place": list(rows[-1].place), "found": found_of(table)} if rows else {}


def _next_waiting(imported: Import, cursor: dict[str, Any]) -> tuple[list[Row], dict[str, Any]]:
    """Return the next rows of those that wait for others, and the cursor behind them."""
    after = Place(*cursor.get("place", ()))
    waiting = imported.rows.filter(waits=True, line__gt=after.line).in_order()
    lines = set(waiting.values_list("line", flat=True)[:CHUNK])
    if not lines:
        return [], cursor
    rows, last = [], max(lines)
    for row in table_of(imported).rows(after):
        if row.line in lines:
            rows.append(row)
        if row.line >= last:
            break
    return rows, {**cursor, "place": list(rows[-1].place)}


def _judged(imported: Import, rows: list[Row], *, is_dry: bool = False) -> Judged:
    importer = importer_for(imported)
    importer.is_dry = is_dry
    return importer.verdicts_of(rows, pairs_of(imported))


def _in_its_file(imported: Import, judged: Judged) -> Judged:
    """Return what a dry run found, as it will be when the rows before have come in.

    Those of its own chunk a row has seen; what came in chunks before was rolled back.
    """
    pairs = pairs_of(imported)
    wanted = {link for row, _verdict, waits in judged if waits for link in _links_of(row, pairs)}
    there = _found_in(imported, wanted) if wanted else set()
    ids = [verdict.external_id for _row, verdict, _waits in judged if verdict.external_id]
    before = imported.rows.exclude(verdict=ImportRow.Verdict.REJECTED).filter(external_id__in=ids)
    first = {row.external_id: row.line for row in before.order_by("-line")}
    for row, verdict, waits in judged:
        if waits and there.issuperset(_links_of(row, pairs)):
            verdict.verdict, verdict.errors = ImportRow.Verdict.NEW.value, {}
        elif verdict.verdict == ImportRow.Verdict.NEW and verdict.external_id in first:
            told = _("Line %(line)d of this file has the same external id.")
            verdict.verdict = ImportRow.Verdict.UPDATED.value
            verdict.reasons = [told % {"line": first[verdict.external_id]}]
    return [(row, verdict, False) for row, verdict, _waits in judged]


def _links_of(row: Row, pairs: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return (column, text) for the records of its own file that a row may name."""
    return {
        (field.removeprefix("parent."), text.casefold())
        for header, field in pairs
        if field.startswith("parent.") and (text := row.cells.get(header, "").strip())
    }


def _found_in(imported: Import, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of `wanted` that some row of the file is."""
    there = _names_in(imported.pk, digest_of(imported))
    return {link for link in wanted if hash(link) in there}


@lru_cache(maxsize=1)
def _names_in(number: int, _digest: str) -> frozenset[int]:
    """Return what the rows of a file are, in a few bytes each; read once for all of its steps.

    Whoever goes on with a check in another process reads it again.
    """
    imported = Import.objects.get(pk=number)
    columns = [pair for pair in pairs_of(imported) if pair[1] in ("name", "external_id")]
    return frozenset(
        hash((name, row.cells.get(header, "").strip().casefold()))
        for row in table_of(imported).rows()
        for header, name in columns
    )


def _summary(imported: Import) -> str:
    """Return how many rows there are of each verdict, in a sentence."""
    told = [
        f"{label}: {imported.count(verdict):,}"
        for verdict, label in ImportRow.Verdict.choices
        if imported.count(verdict)
    ]
    return ", ".join(told) or _("The file has no rows.")


# What did not come in


def rejected_lines(imported: Import) -> Iterator[str]:
    """Give the rows that were rejected as they came, with the reasons in a column of their own.

    Mended, the file can be sent again: the reasons fill no field. Raises `Unacceptable` at once,
    not on the way, when the file is not kept any longer.
    """
    return _rejected(imported, table_of(imported))


def _rejected(imported: Import, table: Table) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([*map(safe_cell, table.headers), _("Why it was rejected")])
    rejected = imported.rows.filter(verdict=ImportRow.Verdict.REJECTED)
    place = Place()
    while rows := list(islice(table.rows(place), CHUNK)):
        place = rows[-1].place
        lines = {row.line: row for row in rejected.filter(line__in=[row.line for row in rows])}
        for row in rows:
            if row.line in lines:
                cells = [safe_cell(row.cells.get(header, "")) for header in table.headers]
                yield writer.writerow([*cells, safe_cell(_reason(lines[row.line]))])


def _reason(row: ImportRow) -> str:
    told = [f"{field}: {text}" if field else text for field, text in row.said()]
    return _("Line %(line)d") % {"line": row.line} + ": " + " ".join(told)


class _Echo:
    """A file that gives back what is written to it, for streaming."""

    def write(self, text: str) -> str:
        return text
