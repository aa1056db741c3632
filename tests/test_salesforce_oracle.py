"""A real export of another CRM: what comes of its 22 leads is known beforehand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from accounts.models import Account, Contact
from leads.models import Lead, Qualification
from opportunities.models import Opportunity
from tests.factories import UserFactory
from users.operations import issue_token

EXPORT = Path(__file__).parent / "data" / "salesforce-export"
# The leads as they were before anybody converted or closed one.
UNCONVERTED = {
    "preset": "salesforce",
    "columns": dict.fromkeys(
        (
            "Status",
            "IsConverted",
            "ConvertedDate",
            "ConvertedAccountId",
            "ConvertedContactId",
            "ConvertedOpportunityId",
        )
    ),
}


def import_file(kind: str, file: Path, mapping: str = "salesforce") -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("import_records", kind, str(file), mapping=mapping, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def rows_of(name: str) -> list[dict[str, str]]:
    with (EXPORT / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(file: Path, rows: list[dict[str, str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.fixture
def admin(db):
    return UserFactory(is_superuser=True, is_staff=True, email="admin@oracle.example")


@pytest.fixture
def start(admin, tmp_path):
    """The 13 accounts and 20 contacts that no conversion made, and all 22 leads unconverted."""
    leads = rows_of("Lead.csv")
    made = {row[name] for row in leads for name in ("ConvertedAccountId", "ConvertedContactId")}
    for kind, name in (("account", "Account.csv"), ("contact", "Contact.csv")):
        rows = [row for row in rows_of(name) if row["Id"] not in made]
        import_file(kind, write(tmp_path / name, rows))
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(UNCONVERTED))
    import_file("lead", EXPORT / "Lead.csv", str(mapping))
    assert (Account.objects.count(), Contact.objects.count()) == (13, 20)
    assert Lead.objects.open().count() == 22


def counts() -> tuple[int, int, int]:
    return Account.objects.count(), Contact.objects.count(), Opportunity.objects.count()


def everything() -> list[tuple[Any, ...]]:
    """Return every row that qualifying could have touched."""
    return [
        row
        for model in (Lead, Account, Contact, Opportunity, Qualification)
        for row in model._base_manager.order_by("pk").values_list("pk", *_columns(model))
    ]


def _columns(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def assert_as_foretold() -> None:
    assert counts() == (32, 39, 22)
    assert Account.objects.filter(name__startswith="United Oil & Gas").count() == 3
    for name, account in (
        ("Stumuller", "Pyramid Construction Inc."),
        ("Young", "Dickenson plc"),
        ("Rogers", "Burlington Textiles Corp of America"),
    ):
        lead = Lead.objects.get(last_name=name)
        assert lead.contact.external_id
        assert lead.account.name == account
        assert lead.account.external_id


def test_qualified_by_command(start):
    out = io.StringIO()
    call_command("qualify", all=True, by="admin@oracle.example", stdout=out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["verdict"] for line in lines] == ["qualified"] * 22
    assert_as_foretold()


def test_qualified_by_command_again_changes_nothing(start):
    ids = [str(pk) for pk in Lead.objects.values_list("pk", flat=True)]
    call_command("qualify", *ids, by="admin@oracle.example", stdout=io.StringIO())
    before = everything()

    out = io.StringIO()
    call_command("qualify", *ids, by="admin@oracle.example", stdout=out)

    assert {json.loads(line)["verdict"] for line in out.getvalue().splitlines()} == {"repeated"}
    assert everything() == before


def test_qualified_by_api(start, admin, client):
    _, secret = issue_token(admin, by=admin, name="oracle")

    def post() -> list[tuple[int, Any]]:
        answers = [
            client.post(
                f"/api/v1/leads/{pk}/qualify/",
                data="{}",
                content_type="application/json",
                headers={"authorization": f"Bearer {secret}"},
            )
            for pk in Lead.objects.order_by("pk").values_list("pk", flat=True)
        ]
        return [(answer.status_code, answer.json()) for answer in answers]

    first = post()
    before = everything()
    second = post()

    assert [status for status, _ in first] == [201] * 22
    assert [status for status, _ in second] == [200] * 22
    assert [body for _, body in first] == [body for _, body in second]
    assert everything() == before
    assert_as_foretold()


def test_whole_export_comes_in_as_it_was(admin):
    verdicts = {
        kind: import_file(kind, EXPORT / name)
        for kind, name in (
            ("account", "Account.csv"),
            ("contact", "Contact.csv"),
            ("opportunity", "Opportunity.csv"),
            ("lead", "Lead.csv"),
        )
    }

    assert {kind: lines[-1]["summary"]["new"] for kind, lines in verdicts.items()} == {
        "account": 18,
        "contact": 25,
        "opportunity": 36,
        "lead": 22,
    }
    # The three with the status of a conversion and no links are none.
    assert Lead.objects.qualified().count() == 5
    assert Lead.objects.disqualified().count() == 3
    assert Lead.objects.open().count() == 14
    won, lost, still = (Opportunity.objects.filter(status=s) for s in ("won", "lost", "open"))
    assert (won.count(), won.aggregate(Sum("value"))["value__sum"]) == (12, 2_815_000)
    assert (lost.count(), lost.aggregate(Sum("value"))["value__sum"]) == (8, 830_000)
    assert (still.count(), still.aggregate(Sum("value"))["value__sum"]) == (16, 2_115_000)
    assert sum(deal.weighted_value or 0 for deal in still) == 1_094_500
    boxer = Lead.objects.get(last_name="Boxer")
    assert boxer.account.name == "Farmers Coop. of Florida"
    assert boxer.qualified_at.date().isoformat() == "2026-02-24"


def test_whole_export_again_changes_nothing(admin):
    files = (
        ("account", "Account.csv"),
        ("contact", "Contact.csv"),
        ("opportunity", "Opportunity.csv"),
        ("lead", "Lead.csv"),
    )
    for kind, name in files:
        import_file(kind, EXPORT / name)
    before = everything()

    summaries = [import_file(kind, EXPORT / name)[-1]["summary"] for kind, name in files]

    assert [summary["unchanged"] for summary in summaries] == [18, 25, 36, 22]
    assert everything() == before


def test_invalid_address_is_reported_and_not_lost(admin):
    import_file("account", EXPORT / "Account.csv")

    lines = import_file("contact", EXPORT / "Contact.csv")

    levy = next(line for line in lines if line.get("external_id") == "003bm00000zaptqAAA")
    assert levy["verdict"] == "new"
    assert "b.levy@expressl&t.net" in levy["warnings"]["email"][0]
    contact = Contact.objects.get(pk=levy["id"])
    assert contact.email == ""
    assert "b.levy@expressl&t.net" in contact.description
