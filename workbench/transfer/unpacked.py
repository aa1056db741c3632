"""A sheet that was unpacked once, a line for each row, so that reading can go on anywhere in it.

In a workbook one cannot begin in the middle: whoever reads it in many steps unpacks it first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workbench.transfer.source import BEGINNING, LONGEST_CELL, MOST_COLUMNS, Line, Place
from workbench.transfer.workbook import sheet_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 2 * LONGEST_CELL * MOST_COLUMNS  # bytes of a line


def unpack(path: Path, sheet: str, to: Path) -> None:
    """Write the rows of a sheet into a file that `open_table` reads as it reads the workbook.

    It has to be told, as anybody can write a text that looks like one. Raises `FileIsUnreadable`.
    """
    with to.open("wb") as stream:
        last = 0
        for line in sheet_lines(path, sheet):
            stream.write(b"[]\n" * (line.number - last - 1))
            told = line.problem or line.cells
            stream.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")
            last = line.number


def unpacked_lines(path: Path, start: Place = BEGINNING) -> Iterator[Line]:
    """Give the rows by the numbers that they have in their sheet."""
    with path.open("rb") as stream:
        offset = stream.seek(start.offset)
        number = start.line if start.offset else 0
        while text := stream.readline(_LONGEST):
            number += 1
            offset += len(text)
            cells, problem = _read(text)
            if cells or problem:
                yield Line(number, cells, problem, Place(offset, number))


def _read(text: bytes) -> tuple[list[str | float], str]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, str):
        return [], told
    if not isinstance(told, list) or not all(isinstance(cell, str | float) for cell in told):
        return [], _("This row cannot be read.")
    return told, ""
