"""A list taken along as a file: exactly what it shows, and nothing in it runs."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from records.models import AuditEntry
from tests.custom import VALUES, one_of_each
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory
from users.models import User
from workbench.transfer.shown import as_csv, as_xlsx


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def body(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(part.encode() if isinstance(part, str) else part for part in answer)


def taken(client: Client, address: str, kind: str = "csv") -> list[list[Any]]:
    """Return the rows of the file, its heading first."""
    sent = body(client.post(address, {"format": kind}))
    if kind == "csv":
        return list(csv.reader(StringIO(sent.decode("utf-8-sig"))))
    sheet = load_workbook(BytesIO(sent)).active
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_has_every_row_of_the_view_in_its_columns_and_order(reps: Client, rep: User) -> None:
    for number in range(60):
        LeadFactory(owner=rep, last_name=f"N{number:02}", first_name="", company="Acme")
    LeadFactory(owner=rep, company="Apex")

    head, *rows = taken(
        reps, "/leads/?view=all&where=company:is:acme&sort=-name&columns=name,company,owner&per=25"
    )

    assert head == ["Lead", "Company", "Owner"]
    assert [row[0] for row in rows] == [f"N{number:02}" for number in reversed(range(60))]
    assert rows[0][1:] == ["Acme", str(rep)]


def test_amounts_are_numbers_beside_their_currency(reps: Client, rep: User) -> None:
    LeadFactory(owner=rep, estimated_value="1234.50", currency="USD", base_value="1000")

    [head, row] = taken(reps, "/leads/?view=all&columns=name,value")
    [_head, in_sheet] = taken(reps, "/leads/?view=all&columns=name,value", "xlsx")

    assert head == ["Lead", "Est. value", "Est. value, currency"]
    assert row[1:] == ["1234.50", "USD"]
    assert in_sheet[1:] == [1234.5, "USD"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("path", ["leads", "accounts", "contacts", "opportunities", "activities"])
def test_every_list_can_be_taken_along(
    reps: Client, rep: User, admin: User, path: str, kind: str
) -> None:
    for record in ("lead", "account", "contact", "opportunity"):
        one_of_each(record, by=admin)
    LeadFactory(owner=rep, custom=VALUES)
    OpportunityFactory(owner=rep, account=AccountFactory(owner=rep, custom=VALUES), custom=VALUES)

    page = reps.get(f"/{path}/?view=all")
    columns = ",".join(column["name"] for column in page.context["column_menu"]["others"])
    rows = taken(reps, f"/{path}/?view=all&columns={columns}", kind)

    assert len(rows) == 1 + len(page.context["page"]["rows"])
    assert not [cell for row in rows for cell in row if "<span" in str(cell)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_nothing_in_it_is_a_formula(reps: Client, rep: User, kind: str) -> None:
    LeadFactory(owner=rep, company='=HYPERLINK("http://evil.example","x")', last_name="+1+1")

    sent = body(reps.post("/leads/?view=all&columns=name,company", {"format": kind}))

    if kind == "csv":
        assert "'=HYPERLINK" in sent.decode()
        return
    sheet = load_workbook(BytesIO(sent)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_any_text_can_be_written(values: list[str]) -> None:
    cells = [value.encode("utf-8", "ignore").decode() for value in values]

    [_mark, _head, row] = as_csv(["a"], [cells])
    sheet = load_workbook(BytesIO(b"".join(as_xlsx("x", ["a"], [cells])))).active

    assert row
    assert "f" not in {cell.data_type for line in sheet.iter_rows() for cell in line}


def test_has_only_what_its_reader_may_see(client: Client, rep: User, outsider: User) -> None:
    theirs = AccountFactory(owner=outsider, name="Secret")
    OpportunityFactory(owner=rep, account=theirs)
    OpportunityFactory(owner=outsider)
    client.force_login(rep)

    rows = taken(client, "/opportunities/?view=all&columns=topic,account")

    assert len(rows) == 2
    assert "Secret" not in str(rows)


def test_the_trail_says_who_took_what(reps: Client, rep: User) -> None:
    LeadFactory.create_batch(3, owner=rep)

    reps.post("/leads/?view=all&status=open&page=1", {"format": "csv"})

    entry = AuditEntry.objects.get(event="lead.exported")
    assert (entry.actor, entry.changes) == (rep, {"rows": 3, "filters": "status=open"})


def test_takes_nothing_along_by_an_address_that_makes_no_sense(reps: Client, rep: User) -> None:
    LeadFactory(owner=rep)

    for address, kind in (("/leads/?status=gone", "csv"), ("/leads/", "pdf")):
        answer = reps.post(address, {"format": kind})
        assert (answer.status_code, answer.url) == (302, address)
    assert not AuditEntry.objects.filter(event="lead.exported").exists()


def test_costs_as_many_statements_for_few_as_for_many(reps: Client, rep: User) -> None:
    counts = []
    for _ in range(2):
        LeadFactory.create_batch(5, owner=rep)
        with CaptureQueriesContext(connection) as asked:
            taken(reps, "/leads/?view=all&columns=name,owner,source,why")
        counts.append(len(asked))
    assert counts[0] == counts[1]
