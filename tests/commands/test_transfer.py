"""Reading difficult files, and the examples in the texts of the modules that do it."""

from __future__ import annotations

import doctest
import json
from importlib import import_module

import pytest

from tests.reference import folder_of
from workbench.transfer import FileIsUnreadable, open_table

MODULES = (
    "workbench.transfer.cells",
    "workbench.transfer.mapping",
    "workbench.transfer.workbook",
    "crm.management.commands._names",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name):
    results = doctest.testmod(import_module(name))

    assert results.attempted > 0
    assert results.failed == 0


@pytest.fixture
def messy():
    return folder_of("csv-torture") / "messytables"


@pytest.mark.reference_data("csv-torture")
@pytest.mark.parametrize(
    ("name", "header", "first", "columns", "rows"),
    [
        ("utf-16le_encoded.csv", None, "Organisation_code", 19, 327),
        ("utf8bom.csv", None, "kitten", 2, 0),
        ("spanish_chars.csv", None, None, 8, 115),
        ("excel_pasting.csv", 4, "Year", 9, None),
        ("null.csv", 0, "1", 4, 10),
    ],
)
def test_reads_difficult_files(messy, name, header, first, columns, rows):
    table = open_table(messy / name, header=header)

    assert first in {None, table.headers[0]}
    assert len(table.headers) == columns
    assert rows in {None, sum(not row.problem for row in table.rows())}


@pytest.mark.reference_data("csv-torture")
def test_reads_what_the_spectrum_says():
    folder = folder_of("csv-torture") / "csv-spectrum"
    # The answer that comes with the file of coordinates is another file's.
    files = [f for f in (folder / "csvs").iterdir() if f.stem != "location_coordinates"]
    for file in files:
        expected = json.loads((folder / "json" / f"{file.stem}.json").read_text())

        rows = [row.cells for row in open_table(file).rows()]

        assert [_stripped(row) for row in rows] == [_stripped(row) for row in expected], file.name


def _stripped(row):
    """Return a row without the blanks around its cells: the import takes them away as well."""
    return {" ".join(header.split()): cell.strip() for header, cell in row.items()}


@pytest.mark.reference_data("csv-torture")
def test_names_the_row_that_a_blank_before_a_quote_breaks(messy):
    rows = list(open_table(messy / "complex.csv").rows())

    assert [bool(row.problem) for row in rows] == [False] * len(rows)
    assert len(rows) == 3


@pytest.mark.reference_data("csv-torture")
def test_reads_accents_of_windows(messy):
    assert open_table(messy / "spanish_chars.csv").headers[7] == "Descripción"


@pytest.mark.reference_data("csv-torture")
def test_asks_where_a_padded_table_begins(messy):
    with pytest.raises(FileIsUnreadable, match="headers"):
        open_table(messy / "weird_head_padding.csv")


def test_holds_a_long_cell_to_its_limit(tmp_path):
    file = tmp_path / "long.csv"
    file.write_text("a,b\n1," + "x" * 40_000 + "\n2,3\n")

    problems = [bool(row.problem) for row in open_table(file).rows()]

    assert problems == [True, False]


def test_refuses_a_table_that_is_too_wide(tmp_path):
    file = tmp_path / "wide.csv"
    file.write_text(",".join(map(str, range(300))) + "\n")

    with pytest.raises(FileIsUnreadable, match="300 columns"):
        open_table(file)


def test_names_columns_without_a_header_and_twins(tmp_path):
    file = tmp_path / "twins.csv"
    file.write_text("name,,name\n1,2,3\n")

    table = open_table(file)

    assert table.headers == ["name", "2", "name (3)"]
    assert next(table.rows()).cells == {"name": "1", "2": "2", "name (3)": "3"}
