"""Reading a table of any spelling: encoding, delimiter and header found out, rows one by one."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from records.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_CELL = 32_768
MOST_COLUMNS = 200
DELIMITERS = ",;\t|"


class FileIsUnreadable(Refused):
    """The file as a whole cannot be read as a table."""


class Row(NamedTuple):
    """One record of a file: where it begins, its cells, or why it has none."""

    line: int
    cells: dict[str, str]
    problem: str = ""


@dataclass
class Table:
    """A file of delimited text, with its headers, and its rows one by one."""

    path: Path
    encoding: str
    delimiter: str
    headers: list[str]
    header_line: int

    def rows(self) -> Iterator[Row]:
        """Give the rows in the order of the file, without holding more than one in memory."""
        for line, cells, problem in _records(self.path, self.encoding, self.delimiter):
            if line <= self.header_line:
                continue
            if problem:
                yield Row(line, {}, problem)
            elif not any(cell.strip() for cell in cells):
                continue
            elif len(cells) > len(self.headers) and any(
                c.strip() for c in cells[len(self.headers) :]
            ):
                yield Row(
                    line,
                    {},
                    f"This row has {len(cells)} cells, the header has {len(self.headers)}.",
                )
            else:
                # A short row leaves its last columns blank; what is over is blank, as said above.
                padded = [*cells, *[""] * (len(self.headers) - len(cells))]
                yield Row(line, dict(zip(self.headers, padded, strict=False)))


def open_table(
    path: Path, *, encoding: str = "", delimiter: str = "", header: int | None = None
) -> Table:
    """Find out how `path` is written. Raises `FileIsUnreadable` with the reason.

    `header` is the line of the headers; 0 says that there is none, and columns are called 1, 2, 3.
    Without it the first line that is not blank is the header, unless the rows below it are wider:
    then somebody has to say where the table begins.
    """
    try:
        encoding = encoding or _encoding_of(path)
        delimiter = delimiter or _delimiter_of(path, encoding)
        sample = _sample(path, encoding, delimiter)
    except (OSError, UnicodeError, LookupError) as error:
        raise FileIsUnreadable(f"{path.name} cannot be read: {error}") from error
    if not sample:
        raise FileIsUnreadable(f"{path.name} is empty.")
    width = max(len(cells) for _, cells in sample)
    if width > MOST_COLUMNS:
        raise FileIsUnreadable(f"{path.name} has {width} columns; at most {MOST_COLUMNS} are read.")
    if header == 0:
        return Table(path, encoding, delimiter, [str(n + 1) for n in range(width)], 0)
    if header is not None:
        named = [cells for line, cells in sample if line == header]
        if not named:
            raise FileIsUnreadable(f"Line {header} of {path.name} is blank or far down.")
        return Table(path, encoding, delimiter, _headers(named[0]), header)
    line, first = sample[0]
    wider = sum(len(_trimmed(cells)) > len(_trimmed(first)) for _, cells in sample[1:])
    if 2 * wider > len(sample) - 1:
        raise FileIsUnreadable(
            f"Line {line} of {path.name} is narrower than the rows below it. "
            "Say which line holds the headers."
        )
    return Table(path, encoding, delimiter, _headers(first), line)


def _encoding_of(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(4096)
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if start.startswith(mark):
            return name
    # Latin text in UTF-16 without a mark has a NUL in every second byte.
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(start) >= 4 and start[offset::2].count(0) > len(start) // 4:
            return name
    try:
        with path.open(encoding="utf-8") as text:
            while text.read(1 << 16):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter_of(path: Path, encoding: str) -> str:
    """Return the delimiter that cuts most of the first rows to one width above one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = Counter(len(cells) for _, cells in _sample(path, encoding, delimiter, 50))
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / widths.total(), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _sample(
    path: Path, encoding: str, delimiter: str, size: int = 100
) -> list[tuple[int, list[str]]]:
    sample = []
    for line, cells, problem in _records(path, encoding, delimiter):
        if not problem and any(cell.strip() for cell in cells):
            sample.append((line, cells))
        if len(sample) == size or line > 10 * size:
            break
    return sample


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Give the first line, the cells and the problem of each record."""
    csv.field_size_limit(LONGEST_CELL)
    errors = "replace" if encoding == "cp1252" else "strict"
    with path.open(encoding=encoding, errors=errors, newline="") as stream:
        reader = csv.reader(
            stream, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True
        )
        while True:
            line = reader.line_num + 1
            try:
                yield line, next(reader), ""
            except StopIteration:
                return
            except UnicodeError as error:
                yield line, [], f"This is not {encoding} text: {error}."
                return
            except csv.Error as error:
                last = reader.line_num
                where = f" Lines {line} to {last} were read as one row." if last > line else ""
                yield line, [], f"{_csv_problem(error)}{where}"


def _csv_problem(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text:
        return f"A cell is longer than {LONGEST_CELL} characters; is a quote not closed?"
    if "unexpected end" in text:
        return "A quote is opened and never closed."
    if "expected after" in text:
        return "There is text behind a closing quote."
    return f"This row cannot be read: {text}."


def _trimmed(cells: list[str]) -> list[str]:
    """Cut off the empty cells at the end: spreadsheets pad title lines with them."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _headers(cells: list[str]) -> list[str]:
    """Return unique headers; a column without one is called by its number."""
    headers: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or str(number)
        headers.append(name if name not in headers else f"{name} ({number})")
    return headers
