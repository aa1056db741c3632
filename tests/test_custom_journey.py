"""One custom field of each type, from a value typed in to the record that a lead becomes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from leads.models import Lead
from leads.operations import capture_lead, qualify, undo
from tests.api.conftest import Caller
from tests.custom import ONE_OF_EACH, VALUES, define
from tests.snapshots import rows
from users.models import User

pytestmark = pytest.mark.once  # each type on every surface is asked of both elsewhere

TYPES = list(ONE_OF_EACH)
OTHER = {
    "text": "Another code",
    "long_text": "Nothing else",
    "whole": 3,
    "decimal": "-0.75",
    "money": {"amount": "-3.00", "currency": "EUR"},
    "date": "2025-01-31",
    "date_time": "2025-01-31T23:59:59Z",
    "yes_no": True,
    "choice": "large",
    "choices": ["south"],
    "tender_page": "https://other.example/",
    "buyer_email": "ada@other.example",
    "switchboard": "030 7654321",
}
# Filters that keep the value of `VALUES` and leave out that of `OTHER`.
NARROWED = {
    "text": ["=b-7 <B>%26", "__contains=-7 <b", "__startswith=B-7", "__in=x,b-7 <b>%26"],
    "long_text": ["__contains=lines", "__startswith=two"],
    "whole": ["=250", "__gte=250", "__gt=249", "__gte=100&custom.whole__lte=250.5"],
    "decimal": ["=12.50", "__gte=12.5", "__gt=-0.75", "__gt=0&custom.decimal__lt=12.51"],
    "money": ["=1250.5", "__gte=1250.50", "__gt=0", "__gte=1&custom.money__lte=1250.5"],
    "date_time": [
        "=2026-11-30",
        "__gte=2026-11-30",
        "__gt=2025-02-01",
        "__known=1&custom.date_time__lt=2027-01-01&custom.date_time__gt=2026-01-01",
    ],
    "date": ["=2026-11-30", "__gte=2026-11-30", "__gt=2025-01-31", "__gte=2026-01-01"],
    "yes_no": ["=false", "=0", "=no"],
    "choice": ["=small", "__in=small"],
    "choices": ["=north", "__in=north,east", "__all=east,north"],
    "tender_page": ["__contains=tender", "__startswith=HTTPS://tender"],
    "buyer_email": ["=Buyer@tender.example", "__contains=tender"],
    "switchboard": ["__contains=123456", "=%2B49 30 123456"],
}
SHOWN = {
    "text": "B-7 &lt;b&gt;&amp;",
    "long_text": "Two lines\nof text",
    "whole": "250",
    "decimal": "12.5",
    "date": "30 Nov 2026",
    "yes_no": "No",
    "money": "€1,250.50",
    "date_time": "30 Nov 2026",
    "choice": "Small",
    "choices": "North, East",
    "tender_page": "https://tender.example/lot?n=7&amp;x=&lt;b&gt;",
    "buyer_email": "buyer@tender.example",
    "switchboard": "+49 30 123456",
}


def a_lead(rep: User, **fields: Any) -> Lead:
    known = {
        "topic": "Engines",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company": "Analytical Engines",
        "email": "ada@engine.example",
    }
    return capture_lead(by=rep, **(known | fields))


def imported(text: str, folder: Any, *options: str) -> list[dict[str, Any]]:
    file = folder / "leads.csv"
    file.write_text(text, newline="")
    out = io.StringIO()
    call_command("import_records", "lead", str(file), *options, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("kind", TYPES)
def test_goes_all_the_way(kind: str, client: Client, rep: User, admin: User, tmp_path: Any) -> None:
    for room in ("lead", "account", "contact", "opportunity"):
        define(room, kind, by=admin, **{"type": kind, **ONE_OF_EACH[kind]})
    value, name, label = VALUES[kind], f"custom.{kind}", ONE_OF_EACH[kind]["label"]
    client.force_login(rep)
    lead = a_lead(rep, custom={kind: value})
    other = a_lead(rep, last_name="Byron", email="b@b.example", custom={kind: OTHER[kind]})
    a_lead(rep, last_name="Nobody", email="n@n.example")

    # The list: a column, a filter, an order.
    page = client.get(f"/leads/?view=all&columns={name}")
    assert SHOWN[kind] in page.content.decode()
    program = Caller(rep)
    for narrowed in NARROWED[kind]:
        found = client.get(f"/leads/?{name}{narrowed}&owner=me")
        listed = [row.pk for row in found.context["page"]["rows"]]
        assert lead.pk in listed, narrowed
        assert other.pk not in listed, narrowed
        assert any(label in chip.get("text", "") for chip in found.context["chips"])
        answer = program.get(f"leads/?{name}{narrowed}").json()
        assert [row["id"] for row in answer["results"]] == listed, narrowed
    known = program.get(f"leads/?{name}__known=yes")
    assert (known.status_code, len(known.json().get("results", []))) in {(200, 2), (400, 0)}

    # The API: read, merged by key, taken away.
    address = f"leads/{lead.pk}/"
    assert program.get(address).json()["custom"] == {kind: value}
    sent = program.patch(address, {"custom": {kind: OTHER[kind]}})
    assert sent.json()["custom"] == {kind: OTHER[kind]}
    assert program.patch(address, {"custom": {kind: None}}).json()["custom"] == {}
    assert program.patch(address, {"custom": {kind: value}}).json()["custom"] == {kind: value}
    wrong = program.patch(address, {"custom": {kind: {"no": "object"}}})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, [name])

    # Out as CSV, and in again.
    out = io.StringIO()
    call_command("export_records", "lead", by=rep.email, stdout=out)
    before = rows(with_trails=True)
    verdicts = imported(out.getvalue(), tmp_path, "--by", rep.email)
    assert [each["verdict"] for each in verdicts[:-1]] == ["unchanged"] * 3
    assert rows(with_trails=True) == before
    (cell, *_rest) = (row[name] for row in csv.DictReader(io.StringIO(out.getvalue())))
    text = out.getvalue().replace(name, label)
    lead.refresh_from_db()
    assert cell
    assert imported(text, tmp_path, "--by", rep.email)[0]["verdict"] == "unchanged"

    # Qualified, with the value on all that was made; and taken back.
    before = rows()
    preview = client.get(f"/leads/{lead.pk}/qualify/").content.decode()
    done = qualify(lead, by=rep)
    receipt = client.get(f"/leads/{lead.pk}/receipt/").content.decode()
    made = [done.account, done.contact, *done.opportunities]
    for record in made:
        record.refresh_from_db()
        assert record.custom == {kind: value}
    assert preview.count(SHOWN[kind]) >= 3
    assert receipt.count(SHOWN[kind]) >= 4
    undo(lead, by=rep)
    assert rows() == before
