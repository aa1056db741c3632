"""Workbooks come in as if somebody had typed their cells; what is none, or a trap, is refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart

from leads.models import Lead
from workbench.transfer import FileIsUnreadable, open_table, sheets_of, unpack
from workbench.transfer import workbook as workbooks
from workbench.transfer.shown import as_xlsx


@pytest.fixture
def saved(tmp_path):
    """Write rows into the sheets of a workbook and return its path."""

    def write(rows=(), formats=None, hidden=(), **sheets):
        book = Workbook()
        book.active.title = "First"
        for row in rows:
            book.active.append(row)
        for place, shown in (formats or {}).items():
            book.active[place].number_format = shown
        for title, lines in sheets.items():
            sheet = book.create_sheet(title)
            for line in lines:
                sheet.append(line)
        for title in hidden:
            book[title].sheet_state = "hidden"
        path = tmp_path / "rows.xlsx"
        book.save(path)
        return path

    return write


def cells_of(table):
    return [list(row.cells.values()) for row in table.rows()]


def test_reads_cells_as_they_would_have_been_typed(saved):
    path = saved(
        [
            ["day", "moment", "clock", "whole", "fraction", "flag", "zip", "text", "gap"],
            [
                date(2026, 5, 1),
                datetime(2026, 5, 1, 13, 45, 10),  # noqa: DTZ001 - as sheets have it
                time(8, 30),
                4930123456,
                1234.5,
                True,
                1234,
                " Ada ",
            ],
            [None, None, None, 5.0, 0.1 + 0.2, False, 12345, "=1+1"],
        ],
        formats={"G2": "00000", "G3": "00000", "H3": "General"},
    )

    assert cells_of(open_table(path)) == [
        [
            "2026-05-01",
            "2026-05-01 13:45:10",
            "08:30:00",
            "4930123456",
            "1234.5",
            "true",
            "01234",
            " Ada ",
            "",
        ],
        # The formula was never worked out: the file comes from a program, not a spreadsheet.
        ["", "", "", "5", "0.3", "false", "12345", "", ""],
    ]


def test_writes_fractions_with_the_decimal_sign_of_the_mapping(saved):
    path = saved([["value"], [1.234], [1234]])

    assert cells_of(open_table(path, decimal=",")) == [["1,234"], ["1234"]]


def test_reads_the_first_sheet_that_is_seen_or_the_one_that_is_named(saved):
    path = saved([["a"], [1]], hidden=["First"], Second=[["b"], [2]], Third=[["c"], [3]])

    assert sheets_of(path) == ["Second", "Third", "First"]
    assert open_table(path).headers == ["b"]
    assert open_table(path, sheet="Third").headers == ["c"]
    with pytest.raises(FileIsUnreadable, match="Second, Third, First"):
        open_table(path, sheet="Fourth")


def test_rows_have_the_numbers_of_the_sheet_and_blank_ones_are_left_out(saved):
    path = saved([["Title"], [], ["name", "city"], ["Ada", "London"], [], ["Bob", ""]])

    rows = list(open_table(path, header=3).rows())

    assert [(row.line, row.cells["name"]) for row in rows] == [(4, "Ada"), (6, "Bob")]


def test_goes_on_behind_any_row_packed_and_unpacked(saved, tmp_path):
    path = saved(
        [["n", "x"], *([n, n / 3, n][: 2 + (n == 5)] for n in range(2, 9)), [], [9, "é\n"]]
    )
    table = open_table(path)
    rows = list(table.rows())
    unpack(path, table.sheet, tmp_path / "rows")
    plain = open_table(tmp_path / "rows", is_unpacked=True)
    same = list(plain.rows())

    assert (plain.headers, plain.header_line) == (table.headers, table.header_line)
    assert [row._replace(place=None) for row in same] == [row._replace(place=None) for row in rows]
    assert "3 cells" in rows[3].problem
    for number, (packed, unpacked) in enumerate(zip(rows, same, strict=True), start=1):
        assert list(table.rows(start=packed.place)) == rows[number:]
        assert list(plain.rows(start=unpacked.place)) == same[number:]
    assert same[-1].place.offset == (tmp_path / "rows").stat().st_size


def test_what_a_list_gave_out_comes_back(tmp_path, take):
    heads = ["external_id", "topic", "last_name", "estimated_value", "estimated_close_date"]
    row = ["=x1", "+Engines", "Lovelace", 1000, date(2026, 5, 1)]
    path = tmp_path / "leads.xlsx"
    path.write_bytes(b"".join(as_xlsx("Leads", heads, [row])))

    verdicts, _ = take("lead", file=path)

    lead = Lead.objects.get()
    assert [v["verdict"] for v in verdicts] == ["new"]
    assert (lead.external_id, lead.topic, lead.estimated_value) == ("=x1", "+Engines", 1000)
    assert lead.estimated_close_date == date(2026, 5, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (b"PK\x03\x04 this is no archive", "broken"),
        (b"PK\x03\x04" + b"\0" * 5000, "broken"),
    ],
    ids=["old", "torn", "zeros"],
)
def test_refuses_what_is_no_workbook_with_what_to_do(tmp_path, content, words):
    path = tmp_path / "rows.xlsx"
    path.write_bytes(content)

    with pytest.raises(FileIsUnreadable, match=words):
        open_table(path)


def test_refuses_an_archive_of_something_else(tmp_path):
    path = tmp_path / "text.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")

    with pytest.raises(FileIsUnreadable, match="no workbook"):
        open_table(path)


def test_refuses_a_workbook_of_charts_only(tmp_path):
    book = Workbook()
    book.create_chartsheet("Chart").add_chart(BarChart())
    del book["Sheet"]
    book.save(tmp_path / "chart.xlsx")

    with pytest.raises(FileIsUnreadable, match="no sheet"):
        open_table(tmp_path / "chart.xlsx")


def packed_with(path, name, pieces):
    """Put a part in the place of one of a workbook, written piece by piece."""
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        with new.open(name, "w", force_zip64=True) as stream:
            for piece in pieces:
                stream.write(piece)
    return path


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = b"</sheetData></worksheet>"


def test_refuses_an_archive_that_unpacks_to_far_more(saved):
    path = saved([["a"], [1]])
    packed_with(path, "xl/worksheets/sheet1.xml", [SHEET, *[b" " * 100_000] * 50, TAIL])

    with pytest.raises(FileIsUnreadable, match="unpacks to more"):
        open_table(path)


def test_refuses_a_row_without_an_end(saved):
    path = saved([["a"], [1]])
    cells = (b"<c><v>%d</v></c>" % (n * 7919 % 999_983) for n in range(500_000))
    packed_with(path, "xl/worksheets/sheet1.xml", [SHEET, b"<row>", *cells, b"</row>", TAIL])

    with pytest.raises(FileIsUnreadable, match="unpacks to more"):
        open_table(path)


def test_row_that_says_to_be_far_down_costs_no_more_than_a_sheet_has(saved, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_ROWS", 1000)
    path = saved([["a"], [1]])
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="999999999"><c r="A999999999"/></row>'
    packed_with(path, "xl/worksheets/sheet1.xml", [SHEET, far, TAIL])

    with pytest.raises(FileIsUnreadable, match="more than 1000 rows"):
        list(open_table(path, header=0).rows())


def test_entities_that_grow_are_not_followed(saved):
    path = saved([["a"], [1]])
    bomb = b'<!DOCTYPE x [<!ENTITY a "%s">' % (b"lol" * 1000)
    for n in range(1, 9):
        bomb += b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10)
    bomb += b"]>"
    cell = b'<row r="1"><c t="inlineStr"><is><t>&i;</t></is></c></row>'
    packed_with(path, "xl/worksheets/sheet1.xml", [bomb, SHEET, cell, TAIL])

    with pytest.raises(FileIsUnreadable, match="broken"):
        open_table(path)


def test_row_that_is_too_wide_and_cell_that_is_too_long_are_named(saved, monkeypatch):
    monkeypatch.setattr(workbooks, "LONGEST_CELL", 50)
    path = saved([["a"], ["b" * 51], ["c"], ["d"], list(range(201))])

    problems = [row.problem for row in open_table(path, header=1).rows()]

    assert problems[1:3] == ["", ""]
    assert "longer than 50" in problems[0]
    assert "201 cells" in problems[3]
