"""What every file with rows has: lines, places between them, and reasons why it cannot be read."""

from __future__ import annotations

from typing import NamedTuple

from records.errors import Refused

LONGEST_CELL = 32_768
MOST_COLUMNS = 200
LONGEST_ROW = 1_000_000  # characters of a row of text


class FileIsUnreadable(Refused):
    """The file as a whole cannot be read as a table."""


class Place(NamedTuple):
    """A place between two rows of a file: the bytes and the lines before it.

    Where bytes cannot be counted, `offset` is 0, and going on reads over the lines.
    """

    offset: int = 0
    line: int = 0


BEGINNING = Place()


class Line(NamedTuple):
    """What a file has at a line: cells, or why they cannot be read, and the place behind it.

    A fraction of a workbook is a number still.
    """

    number: int
    cells: list[str | float]
    problem: str
    place: Place
