"""The rows of a sheet of a workbook: each cell as somebody would have typed it."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from workbench.transfer.source import (
    BEGINNING,
    LONGEST_CELL,
    MOST_COLUMNS,
    FileIsUnreadable,
    Line,
    Place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ROWS = 1_048_576  # of a sheet, as spreadsheets have it
MOST_CELLS = 40_000_000
MOST_PARTS = 10_000
MOST_UNPACKED = 1_000_000_000  # bytes
MOST_TIMES = 200  # that a large part may be larger unpacked
LARGE = 1_000_000  # bytes
LONGEST_ROW = 8_000_000  # bytes: more than all cells that a row may have
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Where a row of a sheet or a line of the shared texts begins or ends.
_MARKS = (b"row ", b"row>", b"si>")
_ZEROS = re.compile(r"0+")
DIGITS = 15  # that a spreadsheet keeps of a number


def is_workbook(path: Path) -> bool:
    """Say whether a file is a workbook by what it begins with, whatever it is called.

    Raises `FileIsUnreadable` for one that is locked with a password or of the old kind.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
    if start == _COMPOUND:
        raise FileIsUnreadable(
            _(
                "This workbook is locked with a password, or of the old kind (.xls). Save it as an "
                "unlocked .xlsx or as CSV, and choose it again."
            )
        )
    return start.startswith(_ZIP)


def sheets_of(path: Path) -> list[str]:
    """Return the names of the sheets, those that are hidden last."""
    with _opened(path) as book:
        sheets = sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible")
        return [sheet.title for sheet in sheets]


def sheet_lines(path: Path, sheet: str, start: Place = BEGINNING) -> Iterator[Line]:
    """Give the rows of a sheet by their numbers; going on reads over those before `start`.

    A cell with a formula has the value that was worked out when the file was saved.
    """
    with _opened(path) as book:
        rows = book[sheet]
        # What a file says about its own size pads every row, and need not be true.
        rows.reset_dimensions()
        cells_read = 0
        for number, cells in enumerate(rows.iter_rows(), start=1):
            cells_read += len(cells)
            if number > MOST_ROWS or cells_read > MOST_CELLS:
                raise FileIsUnreadable(
                    _("This sheet has more than %(rows)d rows or %(cells)d cells.")
                    % {"rows": MOST_ROWS, "cells": MOST_CELLS}
                )
            if number <= start.line:
                continue
            typed = [as_typed(cell.value, cell) for cell in cells]
            while typed and typed[-1] == "":
                typed.pop()
            if problem := _problem(typed):
                yield Line(number, [], problem, Place(0, number))
            elif typed:
                yield Line(number, typed, "", Place(0, number))


def _problem(cells: list[str | float]) -> str:
    if len(cells) > MOST_COLUMNS:
        words = {"count": len(cells), "most": MOST_COLUMNS}
        return _("This row has %(count)d cells; at most %(most)d are read.") % words
    if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in cells):
        return _("A cell is longer than %(most)d characters.") % {"most": LONGEST_CELL}
    return ""


def as_typed(value: Any, cell: Any = None) -> str | float:
    """Return what somebody would have typed to get this cell; a fraction stays a number.

    Its sign is for the reader to choose. An error, as of a look-up that found nothing, is blank.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            shown = cell.number_format if cell is not None else ""
            return str(value).zfill(len(shown)) if _ZEROS.fullmatch(shown) else str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 10**DIGITS else value
        case datetime():
            is_day = value.time() == time()
            moment = value.replace(microsecond=0)
            return value.date().isoformat() if is_day else moment.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            text = str(value)
            return "" if getattr(cell, "data_type", "") == "e" else text


def fraction(value: float, decimal: str) -> str:
    """Return a number as it is written with this decimal sign, and without an exponent.

    >>> fraction(1234.5, ","), fraction(0.1 + 0.2, "."), fraction(1e-7, ".")
    ('1234,5', '0.3', '0.0000001')
    """
    return format(Decimal(format(value, f".{DIGITS}g")), "f").replace(".", decimal)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a workbook for reading row by row. Raises `FileIsUnreadable`."""
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            # The library warns of what it leaves out: pictures, rules, extensions.
            warnings.simplefilter("ignore")
            with ZipFile(stream) as archive:
                _refuse_bomb(archive)
            stream.seek(0)
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                if not book.worksheets:
                    raise FileIsUnreadable(_("This workbook has no sheet with rows."))
                yield book
            finally:
                book.close()
    except FileIsUnreadable:
        raise
    except (BadZipFile, OSError, EOFError) as error:
        raise _broken() from error
    except Exception as error:
        # A file may be wrong in any way that it likes, and the library then fails in any other.
        raise _broken() from error


def _broken() -> FileIsUnreadable:
    return FileIsUnreadable(
        _("This is no workbook, or it is broken. Open it in your spreadsheet and save it again.")
    )


def _refuse_bomb(archive: ZipFile) -> None:
    """Refuse an archive that would unpack to more than a sheet can hold, or a row of it could."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if any(part.flag_bits & 1 for part in parts):
        raise FileIsUnreadable(_("This file is locked with a password. Save it without one."))
    is_bomb = len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED
    for part in parts:
        if part.file_size > LARGE and part.file_size > MOST_TIMES * max(part.compress_size, 1):
            is_bomb = True
    if is_bomb or any(_has_endless_row(archive, p) for p in parts if p.file_size > LONGEST_ROW):
        raise FileIsUnreadable(
            _("This workbook unpacks to more than can be read. Save its rows as CSV.")
        )


def _has_endless_row(archive: ZipFile, part: Any) -> bool:
    """Say whether a part goes on for longer than a row may without beginning another one."""
    if not part.filename.endswith(".xml"):
        return False
    without = 0
    with archive.open(part) as stream:
        while piece := stream.read(1 << 20):
            last = max(piece.rfind(mark) for mark in _MARKS)
            without = without + len(piece) if last < 0 else len(piece) - last
            if without > LONGEST_ROW:
                return True
    return False
