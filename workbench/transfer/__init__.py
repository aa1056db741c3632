"""Files in and out: a table of any spelling, its columns mapped, a verdict per row; safe cells out.

A room says in a subclass of `Importer` how a row of its kind becomes a record, by the operations
that the pages use. A bad row is named with its line and reason, and stops no other.
"""

from workbench.transfer.batch import Batch, Mark
from workbench.transfer.cells import (
    as_date,
    as_flag,
    as_moment,
    as_money,
    as_text,
    plain_cell,
    safe_cell,
)
from workbench.transfer.export import csv_lines
from workbench.transfer.fields import create_fields
from workbench.transfer.mapping import ColumnMapping, MappingIsWrong, mapping_from
from workbench.transfer.rows import Importer, LinkIsMissing, Outcome, Verdict, chunks_of
from workbench.transfer.source import FileIsUnreadable, Place
from workbench.transfer.tables import Row, Table, open_table, table_for
from workbench.transfer.undo import given_back, kept
from workbench.transfer.unpacked import unpack
from workbench.transfer.workbook import is_workbook, sheets_of

__all__ = [
    "Batch",
    "ColumnMapping",
    "FileIsUnreadable",
    "Importer",
    "LinkIsMissing",
    "MappingIsWrong",
    "Mark",
    "Outcome",
    "Place",
    "Row",
    "Table",
    "Verdict",
    "as_date",
    "as_flag",
    "as_moment",
    "as_money",
    "as_text",
    "chunks_of",
    "create_fields",
    "csv_lines",
    "given_back",
    "is_workbook",
    "kept",
    "mapping_from",
    "open_table",
    "plain_cell",
    "safe_cell",
    "sheets_of",
    "table_for",
    "unpack",
]
