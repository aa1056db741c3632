"""`export_records`: a spreadsheet runs nothing of it, and the import takes it again."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, Contact
from leads.jobs import LeadImporter
from leads.models import DisqualifyReason, Lead
from leads.operations import disqualify, qualify
from opportunities.models import Opportunity
from records.models import AuditEntry
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    UserFactory,
)
from workbench.transfer import csv_lines, plain_cell, safe_cell

FORMULAS = [
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "%0A=1",
    "|cmd",
    "\t=1",
    "\r=1",
    "  =1",
    "\u00a0=1",
    "\u200b=1",
    "＝1",
    "＋1",
    "＠A1",
    '=HYPERLINK("http://x.example")',
]


@pytest.fixture
def boss(defaults):
    return UserFactory(is_superuser=True, email="boss@export.example")


def export(kind, **options):
    out = io.StringIO()
    call_command("export_records", kind, stdout=out, **options)
    return out.getvalue()


def import_again(kind, text, tmp_path):
    file = tmp_path / f"{kind}.csv"
    file.write_text(text, newline="")
    out = io.StringIO()
    call_command("import_records", kind, str(file), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("formula", FORMULAS)
def test_cell_that_would_run_gets_a_quote(formula):
    cell = safe_cell(formula)

    assert cell == f"'{formula}"
    assert plain_cell(cell) == formula.strip()


@pytest.mark.parametrize("text", ["'=1+1", "''@SUM(A1)", "'s Gravenhage", "'", "''"])
def test_apostrophe_that_was_typed_comes_in_again(text):
    assert plain_cell(safe_cell(text)) == text


def test_numbers_and_phone_numbers_stay_what_they_are():
    assert safe_cell(Decimal("-5.00")) == "-5.00"
    assert safe_cell("+49 30 123456", "phone") == "+49 30 123456"
    assert safe_cell("+49 30 cmd", "phone") == "'+49 30 cmd"
    assert safe_cell("-5") == "'-5"


def test_formula_in_any_field_comes_out_dead_and_in_again_unchanged(boss, tmp_path):
    lead = LeadFactory(
        topic="=cmd|' /C calc'!A0", company="@company", description='say "hi",\nthen go'
    )

    text = export("lead")
    row = next(csv.DictReader(io.StringIO(text)))
    again = import_again("lead", text, tmp_path)

    assert (row["topic"], row["company"]) == ("'=cmd|' /C calc'!A0", "'@company")
    assert again[0]["verdict"] == "unchanged"
    lead.refresh_from_db()
    assert lead.version == 1


def test_every_kind_comes_in_again_unchanged(boss, tmp_path):
    account = AccountFactory(name="Engine Works", city="London", country="GB")
    contact = ContactFactory(account=account, phone="+44 20 7946 0000")
    OpportunityFactory(account=account, contact=contact, value=Decimal("12.50"))
    qualify(LeadFactory(), by=boss)
    disqualify(
        LeadFactory(), by=boss, reason=DisqualifyReason.objects.get(key="no-need"), comment="No"
    )
    before = [
        list(m._base_manager.order_by("pk").values()) for m in (Account, Contact, Opportunity, Lead)
    ]

    for kind in ("account", "contact", "opportunity", "lead"):
        verdicts = import_again(kind, export(kind), tmp_path)
        assert {v["verdict"] for v in verdicts[:-1]} == {"unchanged"}, verdicts

    after = [
        list(m._base_manager.order_by("pk").values()) for m in (Account, Contact, Opportunity, Lead)
    ]
    assert after == before


def test_export_fills_an_empty_installation(boss, tmp_path):
    account = AccountFactory(name="Engine Works", country="GB")
    ContactFactory(account=account)
    OpportunityFactory(account=account, topic="Looms")
    texts = {kind: export(kind) for kind in ("account", "contact", "opportunity")}
    for model in (Opportunity, Contact, Account):
        model._base_manager.all().delete()

    for kind, text in texts.items():
        assert import_again(kind, text, tmp_path)[0]["verdict"] == "new"

    assert Contact.objects.get().account.name == "Engine Works"
    assert Opportunity.objects.get().account.name == "Engine Works"


def test_shows_only_what_its_reader_may_see(boss):
    rep = UserFactory(may={"leads.view_lead": "own"})
    LeadFactory(owner=rep, topic="Mine")
    LeadFactory(topic="Theirs")

    text = export("lead", by=rep.email)

    assert "Mine" in text
    assert "Theirs" not in text


def test_is_written_line_by_line(boss, django_assert_num_queries):
    for _ in range(3):
        LeadFactory()

    lines = csv_lines(LeadImporter, by=boss)

    # The custom fields, how many, a line of the trail in its own transaction, then the rows with
    # their tags.
    with django_assert_num_queries(7):
        assert next(lines).startswith("id,")
        assert sum(1 for _ in lines) == 3


def test_is_written_to_a_file(boss, tmp_path):
    LeadFactory(topic="Größe")

    assert export("lead", out=tmp_path / "leads.csv") == ""

    assert "Größe" in (tmp_path / "leads.csv").read_text(encoding="utf-8")


def test_the_trail_says_who_took_what_and_how_many(boss):
    rep = UserFactory(may={"leads.view_lead": "own"})
    LeadFactory(owner=rep)
    LeadFactory(owner=rep, country="DE")
    LeadFactory()

    export("lead", by=rep.email)
    export("lead", by=rep.email, filter="country=DE")

    told = AuditEntry.objects.filter(event="lead.exported").order_by("pk")
    assert [(line.actor, line.label, line.changes) for line in told] == [
        (rep, "Leads", {"rows": 2, "filters": ""}),
        (rep, "Leads", {"rows": 1, "filters": "country=DE"}),
    ]


def test_the_trail_tells_of_an_export_that_was_broken_off(boss):
    LeadFactory()

    next(csv_lines(LeadImporter, by=boss))

    assert AuditEntry.objects.filter(event="lead.exported").count() == 1


def test_gives_what_the_list_would_show_under_the_same_filter(boss):
    LeadFactory(topic="Looms", country="DE")
    LeadFactory(topic="Pumps", country="FR")

    text = export("lead", filter="country=DE&status=open")

    assert "Looms" in text
    assert "Pumps" not in text


@pytest.mark.parametrize("query", ["status=maybe", "nonsense=1", "owner=nobody"])
def test_refuses_a_filter_that_the_list_refuses(boss, query):
    with pytest.raises(CommandError):
        export("lead", filter=query)

    assert not AuditEntry.objects.filter(event="lead.exported").exists()
