"""Files in and out: a table of any spelling, its columns mapped, a verdict per row; safe cells out.

A room says in a subclass of `Importer` how a row of its kind becomes a record, by the operations
that the pages use. A bad row is named with its line and reason, and stops no other.
"""

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
from workbench.transfer.rows import Importer, LinkIsMissing, Outcome, Verdict
from workbench.transfer.tables import FileIsUnreadable, open_table

__all__ = [
    "ColumnMapping",
    "FileIsUnreadable",
    "Importer",
    "LinkIsMissing",
    "MappingIsWrong",
    "Outcome",
    "Verdict",
    "as_date",
    "as_flag",
    "as_moment",
    "as_money",
    "as_text",
    "create_fields",
    "csv_lines",
    "mapping_from",
    "open_table",
    "plain_cell",
    "safe_cell",
]
