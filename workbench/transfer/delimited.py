"""The rows of delimited text of any spelling: encoding and delimiter found out."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from io import TextIOWrapper
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workbench.transfer.source import BEGINNING, LONGEST_CELL, LONGEST_ROW, Line, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DELIMITERS = ",;\t|"
# Of these, a text that was read is encoded to as many bytes as it had.
_COUNTED = {"utf-8", "utf-16-le", "utf-16-be", "ascii", "cp1252", "iso8859-1", "iso8859-15"}


def encoding_of(path: Path) -> str:
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


def delimiter_of(path: Path, encoding: str) -> str:
    """Return the delimiter that cuts most of the first rows to one width above one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        lines = sample_of(text_lines(path, encoding, delimiter), 50)
        widths = Counter(len(line.cells) for line in lines)
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / widths.total(), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def sample_of(lines: Iterator[Line], size: int = 100) -> list[Line]:
    """Return the first lines that are not blank, of not much more than the first `size`."""
    sample = []
    for line in lines:
        if not line.problem and any(str(cell).strip() for cell in line.cells):
            sample.append(line)
        if len(sample) == size or line.number > 10 * size:
            break
    return sample


def text_lines(
    path: Path, encoding: str, delimiter: str, start: Place = BEGINNING
) -> Iterator[Line]:
    """Give what is at the first line of each record, and the place behind its last."""
    csv.field_size_limit(LONGEST_CELL)
    errors = "replace" if encoding == "cp1252" else "strict"
    with path.open("rb") as raw:
        mark, plain = _counted(raw.read(4), encoding)
        begin = start if plain and start.offset else BEGINNING
        raw.seek(begin.offset)
        # Behind the mark at its beginning a file is of the encoding that the mark names.
        codec = plain if begin.offset else encoding
        lines = _Lines(TextIOWrapper(raw, codec, errors, newline=""), plain)
        lines.offset = begin.offset or mark
        reader = csv.reader(
            lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True
        )
        while True:
            line = begin.line + lines.number + 1
            lines.length = 0
            cells: list[str | float] = []
            problem = ""
            try:
                cells = list(next(reader))
            except StopIteration:
                return
            except UnicodeError as error:
                problem = _("This is not text in %(encoding)s: %(error)s.") % {
                    "encoding": encoding,
                    "error": error,
                }
                yield Line(line, [], problem, lines.place(begin))
                return
            except csv.Error as error:
                last = begin.line + lines.number
                problem = _csv_problem(error)
                if last > line:
                    words = {"line": line, "last": last}
                    problem += " " + _("Lines %(line)d to %(last)d were read as one row.") % words
            yield Line(line, cells, problem, lines.place(begin))


class _RowIsTooLong(csv.Error):
    """Nobody's row is as long: it is not taken into memory to see how it goes on."""


class _Lines:
    """The lines of a text, the bytes that they took so far, and how long the row in hand is."""

    def __init__(self, stream: TextIOWrapper, codec: str) -> None:
        self.stream = stream
        self.codec = codec
        self.offset = 0
        self.number = 0
        self.length = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._piece()
        if not line:
            raise StopIteration
        self.number += 1
        self.length += len(line)
        if self.length > LONGEST_ROW:
            while line and not line.endswith(("\n", "\r")):
                line = self._piece()
            raise _RowIsTooLong
        return line

    def _piece(self) -> str:
        piece = self.stream.readline(LONGEST_ROW + 1)
        if self.codec:
            # What was no text of a one-byte encoding is one sign now, and was one byte.
            self.offset += len(piece.encode(self.codec, "replace"))
        return piece

    def place(self, begin: Place) -> Place:
        return Place(self.offset if self.codec else 0, begin.line + self.number)


def _counted(start: bytes, encoding: str) -> tuple[int, str]:
    """Return how long the mark at the beginning is, and the encoding of what is behind it.

    The encoding is "" where the bytes of a text cannot be told from its signs.
    """
    name = codecs.lookup(encoding).name
    if name == "utf-8-sig":
        return (3 if start.startswith(codecs.BOM_UTF8) else 0), "utf-8"
    if name == "utf-16":
        for mark, plain in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
            if start.startswith(mark):
                return 2, plain
    return 0, name if name in _COUNTED else ""


def _csv_problem(error: csv.Error) -> str:
    if isinstance(error, _RowIsTooLong):
        return _("A row is longer than %(most)s characters; is a quote not closed?") % {
            "most": f"{LONGEST_ROW:,}"
        }
    text = str(error)
    if "field larger" in text:
        return _("A cell is longer than %(most)d characters; is a quote not closed?") % {
            "most": LONGEST_CELL
        }
    if "unexpected end" in text:
        return _("A quote is opened and never closed.")
    if "expected after" in text:
        return _("There is text behind a closing quote.")
    return _("This row cannot be read: %(reason)s.") % {"reason": text}
