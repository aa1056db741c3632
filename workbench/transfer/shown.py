"""The rows of a list as a file, in the columns and the order in which the list shows them."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from workbench.transfer.cells import safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_DIGITS = 15  # what a spreadsheet keeps exactly
LONGEST_CELL = 32_767  # characters of a cell of a spreadsheet
MOST_ROWS = 1_048_575  # of a sheet, beside its head
CHUNK = 64 * 1024  # bytes
# What XML has no way to say: one of them in a cell, and no program opens the workbook.
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class _Echo:
    """A file that gives back what is written to it, for streaming."""

    def write(self, text: str) -> str:
        return text


def as_csv(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Give the lines of a file with commas; no cell of it is a formula to a spreadsheet."""
    writer = csv.writer(_Echo())
    yield "\ufeff"  # by which a spreadsheet knows the encoding
    yield writer.writerow([safe_cell(head) for head in heads])
    for row in rows:
        yield writer.writerow([safe_cell(_local(value)) for value in row])


def as_xlsx(title: str, heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Give a workbook of one sheet, piece by piece. Texts are texts: nothing in it is a formula.

    Numbers and days are such. What is more than a sheet can hold is left out.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(title))
    sheet.freeze_panes = "B2"
    sheet.append([_cell(sheet, head) for head in heads])
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            break
        sheet.append([_cell(sheet, value) for value in row])
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def _sheet_title(title: str) -> str:
    return "".join(c for c in title if c not in r"\/*?:[]")[:31] or "List"


def _local(value: Any) -> Any:
    return (
        timezone.localtime(value).replace(microsecond=0) if isinstance(value, datetime) else value
    )


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return WriteOnlyCell(sheet, value)
    if isinstance(value, datetime):
        return WriteOnlyCell(sheet, _local(value).replace(tzinfo=None))
    if isinstance(value, date) and value.year >= 1900:
        return WriteOnlyCell(sheet, value)
    if isinstance(value, int | Decimal) and len(Decimal(value).as_tuple().digits) <= MOST_DIGITS:
        return WriteOnlyCell(sheet, value)
    text = _UNSAYABLE.sub("", str(value))[:LONGEST_CELL]
    cell = WriteOnlyCell(sheet, text)
    # The library takes a text that begins with = for a formula, and #REF! for an error.
    cell.data_type = "s"
    return cell
