"""Reading a table from any file: delimited text of any spelling, or a sheet of a workbook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _

from records import keys
from workbench.transfer.delimited import delimiter_of, encoding_of, sample_of, text_lines
from workbench.transfer.source import BEGINNING, MOST_COLUMNS, FileIsUnreadable, Line, Place
from workbench.transfer.unpacked import unpacked_lines
from workbench.transfer.workbook import fraction, is_workbook, sheet_lines, sheets_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.transfer.mapping import ColumnMapping

UNPACKED = "unpacked"  # in the place of an encoding: a sheet that `unpack` wrote


class Row(NamedTuple):
    """One record of a file: where it begins, its cells or why it has none, and what is behind."""

    line: int
    cells: dict[str, str]
    problem: str = ""
    place: Place = BEGINNING


@dataclass
class Table:
    """A file with rows, its headers, and the rows one by one.

    One of a workbook has a `sheet` and neither encoding nor delimiter; its fractions are written
    with the sign `decimal`.
    """

    path: Path
    encoding: str
    delimiter: str
    headers: list[str]
    header_line: int
    sheet: str = ""
    decimal: str = "."

    def rows(self, start: Place = BEGINNING) -> Iterator[Row]:
        """Give the rows in the order of the file, without holding more than one in memory.

        `start` is the place behind a row that was read before: what follows it is given.
        """
        passed = max(self.header_line, start.line)
        for line in self.lines(start):
            if line.number <= passed:
                continue
            cells = [c if isinstance(c, str) else fraction(c, self.decimal) for c in line.cells]
            if line.problem:
                yield Row(line.number, {}, line.problem, line.place)
            elif not any(cell.strip() for cell in cells):
                continue
            elif any(cell.strip() for cell in cells[len(self.headers) :]):
                problem = _("This row has %(cells)d cells, the header has %(headers)d.") % {
                    "cells": len(cells),
                    "headers": len(self.headers),
                }
                yield Row(line.number, {}, problem, line.place)
            else:
                # A short row leaves its last columns blank; what is over is blank, as said above.
                padded = [*cells, *[""] * (len(self.headers) - len(cells))]
                yield Row(
                    line.number, dict(zip(self.headers, padded, strict=False)), "", line.place
                )

    def lines(self, start: Place = BEGINNING) -> Iterator[Line]:
        """Give what stands in the file, with what is above the headers and without their names."""
        if self.sheet:
            return sheet_lines(self.path, self.sheet, start)
        if self.encoding == UNPACKED:
            return unpacked_lines(self.path, start)
        return text_lines(self.path, self.encoding, self.delimiter, start)


def table_for(path: Path, mapping: ColumnMapping, *, name: str = "") -> Table:
    """Open `path` as `mapping` says that it is written. Raises `FileIsUnreadable`."""
    return open_table(
        path,
        encoding=mapping.encoding,
        delimiter=mapping.delimiter,
        header=mapping.header,
        sheet=mapping.sheet,
        decimal=mapping.decimal,
        name=name,
    )


def open_table(
    path: Path,
    *,
    encoding: str = "",
    delimiter: str = "",
    header: int | None = None,
    sheet: str = "",
    decimal: str = ".",
    name: str = "",
    is_unpacked: bool = False,
) -> Table:
    """Find out how `path` is written. Raises `FileIsUnreadable` with the reason.

    `header` is the line of the headers; 0 says that there is none, and columns are called 1, 2, 3.
    Without it the first line that is not blank is the header, unless the rows below it are wider:
    then somebody has to say where the table begins. Of a workbook the first sheet is read, or the
    one called `sheet`; `is_unpacked` says that `unpack` wrote it. `name` is what people call it.
    """
    name = name or path.name
    try:
        if is_workbook(path):
            encoding = delimiter = ""
            sheet = _sheet_of(path, sheet)
        elif is_unpacked:
            encoding, delimiter, sheet = UNPACKED, "", ""
        else:
            encoding = encoding or encoding_of(path)
            delimiter, sheet = delimiter or delimiter_of(path, encoding), ""
        table = Table(path, encoding, delimiter, [], 0, sheet, decimal)
        table.headers, table.header_line = _head_of(sample_of(table.lines()), header, name)
    except (OSError, UnicodeError, LookupError) as error:
        words = {"file": name, "reason": error}
        raise FileIsUnreadable(_("%(file)s cannot be read: %(reason)s") % words) from error
    return table


def _sheet_of(path: Path, sheet: str) -> str:
    sheets = sheets_of(path)
    if sheet and sheet not in sheets:
        words = {"sheet": sheet, "sheets": ", ".join(sheets)}
        raise FileIsUnreadable(_("There is no sheet “%(sheet)s”. There are: %(sheets)s.") % words)
    return sheet or sheets[0]


def _head_of(sample: list[Line], header: int | None, name: str) -> tuple[list[str], int]:
    """Return the headers and their line."""
    if not sample:
        raise FileIsUnreadable(_("%(file)s is empty.") % {"file": name})
    width = max(len(line.cells) for line in sample)
    if width > MOST_COLUMNS:
        words = {"file": name, "width": width, "most": MOST_COLUMNS}
        raise FileIsUnreadable(
            _("%(file)s has %(width)d columns; at most %(most)d are read.") % words
        )
    if header == 0:
        return [str(n + 1) for n in range(width)], 0
    if header is not None:
        named = [line for line in sample if line.number == header]
        if not named:
            words = {"line": header, "file": name}
            raise FileIsUnreadable(_("Line %(line)d of %(file)s is blank or far down.") % words)
        return _headers(named[0].cells), header
    first = sample[0]
    length = len(_trimmed(first.cells))
    if 2 * sum(len(_trimmed(line.cells)) > length for line in sample[1:]) > len(sample) - 1:
        words = {"line": first.number, "file": name}
        raise FileIsUnreadable(
            _(
                "Line %(line)d of %(file)s is narrower than the rows below it. "
                "Say which line holds the headers."
            )
            % words
        )
    return _headers(first.cells), first.number


def _trimmed(cells: list[str | float]) -> list[str | float]:
    """Cut off the empty cells at the end: spreadsheets pad title lines with them."""
    end = len(cells)
    while end and not str(cells[end - 1]).strip():
        end -= 1
    return cells[:end]


def _headers(cells: list[str | float]) -> list[str]:
    """Return unique headers; a column without one is called by its number."""
    headers: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(keys.clean_text(str(cell)).split()) or str(number)
        headers.append(name if name not in headers else f"{name} ({number})")
    return headers
