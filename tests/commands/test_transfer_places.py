"""Going on in a file from behind any of its rows, whatever it is written in."""

from __future__ import annotations

import codecs

import pytest

from workbench.transfer import Place, open_table

TEXT = (
    "name,note\r\n"
    'Müller,"two\r\nlines"\r\n'
    "\r\n"
    'broken,"a"b\n'
    "Ångström;,€ ünd 😀\n"
    'O\'Neil,"a ""quote"""\r\n'
    "too,many,cells\r\n"
    "last,no end of line"
)
# Signs that are in no encoding of one byte are left out there.
NARROW = TEXT.replace("😀", "")


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("", TEXT.encode()),
        ("", codecs.BOM_UTF8 + TEXT.encode()),
        ("", codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")),
        ("", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")),
        ("utf-16-le", TEXT.encode("utf-16-le")),
        ("", NARROW.encode("cp1252") + b"\x81 undefined,x\r\nbehind,y\r\n"),
        ("latin-1", NARROW.replace("€", "").encode("latin-1")),
        ("mac-roman", NARROW.encode("mac-roman")),
    ],
    ids=["utf8", "utf8-mark", "utf16-le", "utf16-be", "utf16-bare", "cp1252", "latin", "uncounted"],
)
def test_goes_on_behind_any_row_as_if_it_had_never_stopped(tmp_path, encoding, content):
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    table = open_table(file, encoding=encoding, delimiter=",")
    rows = list(table.rows())

    assert len(rows) >= 6
    for number, row in enumerate(rows, start=1):
        assert list(table.rows(start=row.place)) == rows[number:]


def test_place_counts_the_bytes_before_it(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(TEXT.encode())

    places = [row.place for row in open_table(file, delimiter=",").rows()]

    assert places[0] == Place(len("name,note\r\nMüller,'two\r\nlines'\r\n".encode()), 3)
    assert places[-1] == Place(len(TEXT.encode()), 9)


def test_place_of_an_encoding_whose_bytes_cannot_be_counted_is_its_line(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(NARROW.encode("mac-roman"))

    rows = list(open_table(file, encoding="mac-roman", delimiter=",").rows())

    assert [row.place for row in rows[:2]] == [Place(0, 3), Place(0, 5)]
