"""What the verdict on a row keeps, so that the row can be taken back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Account, Contact
from leads.jobs import IMPORTERS
from leads.models import Lead
from leads.operations import update_lead
from opportunities.models import Product, Source
from tests.custom import define
from tests.factories import AccountFactory, UserFactory
from workbench.transfer import ColumnMapping, given_back, kept, open_table


@pytest.fixture
def judged(boss, tmp_path):
    """Judge the rows of a text as one chunk, and return the verdicts."""

    def run(kind, text, **mapping):
        file = tmp_path / f"{kind}.csv"
        file.write_text(text)
        table = open_table(file)
        importer = IMPORTERS[kind](by=boss, mapping=ColumnMapping.of(mapping, kind))
        found = importer.verdicts_of(list(table.rows()), importer.pairs_for(table))
        assert not any(must_wait for _, _, must_wait in found)
        return [verdict for _, verdict, _ in found]

    return run


def test_names_what_a_new_lead_made(judged):
    (verdict,) = judged("lead", "topic,last_name,source\nEngines,Lovelace,Tea party\n")

    source = Source.objects.get(name="Tea party")
    assert verdict.undo == {
        "created": [
            {"model": "opportunities.source", "pk": source.pk, "version": 1},
            {"model": "leads.lead", "pk": verdict.id, "version": 1},
        ]
    }


def test_names_the_account_that_came_with_a_contact(judged):
    (verdict,) = judged("contact", "last_name,company\nLovelace,Engine Works\n")

    account, contact = Account.objects.get(), Contact.objects.get()
    assert [(made["model"], made["pk"]) for made in verdict.undo["created"]] == [
        ("accounts.account", account.pk),
        ("accounts.contact", contact.pk),
    ]


def test_says_that_more_happened_to_a_lead_that_came_in_closed(judged):
    (verdict,) = judged("lead", "topic,last_name,status\nEngines,Lovelace,disqualified\n")

    assert verdict.undo["further"] is True
    assert verdict.undo["created"][-1]["version"] == Lead.objects.get().version > 1


def test_updated_lead_gets_its_values_back(judged, boss):
    head = "external_id,topic,last_name,estimated_value,estimated_close_date,country,tags,source,"
    head += "account.name,owner.email\n"
    AccountFactory(name="Engine Works", owner=boss)
    UserFactory(email="rep@import.example")
    judged("lead", f"{head}x1,Engines,Lovelace,1000,2026-05-01,GB,Hot; Old,,,\n")
    before = Lead.objects.get()
    names = ["topic", "estimated_value", "estimated_close_date", "country", "tags", "source"]
    old = kept(before, [*names, "rate", "account", "company", "owner"])

    (verdict,) = judged(
        "lead",
        f"{head}x1,Pumps,Lovelace,5.50,2027-01-02,FR,Cold,Tea party,Engine Works,"
        "rep@import.example\n",
    )
    told = verdict.undo["updated"]
    after = Lead.objects.get()
    assert (told["pk"], told["version"]) == (after.pk, after.version)
    assert told["before"] == old
    assert told["after"] == kept(after, told["after"])
    assert after.company == "Engine Works"

    given = given_back(Lead, told["before"])
    assert (given["estimated_value"], given["estimated_close_date"]) == (
        Decimal("1000.00"),
        date(2026, 5, 1),
    )
    back = update_lead(after, by=boss, version=told["version"], **given)
    assert kept(Lead.objects.get(), old) == old
    assert back.version == told["version"] + 1


def test_keeps_of_custom_values_what_changed(judged, boss):
    define("lead", "shoe", by=boss)
    define("lead", "hat", by=boss)
    judged("lead", "external_id,topic,last_name,custom.shoe\nx1,Engines,Lovelace,36\n")

    (verdict,) = judged(
        "lead", "external_id,topic,last_name,custom.shoe,custom.hat\nx1,Engines,Lovelace,36,S\n"
    )

    assert verdict.undo["updated"]["before"] == {"custom": {"hat": None}}
    assert verdict.undo["updated"]["after"] == {"custom": {"hat": "S"}}


def test_keeps_the_price_that_a_product_had(judged):
    judged("product", "name,price\nPump,100\n")

    (verdict,) = judged("product", "name,price\nPump,120\n")

    assert verdict.undo["updated"] == {
        "model": "opportunities.product",
        "pk": Product.objects.get().pk,
        "was": 1,
        "version": 2,
        "before": {"price": "100.00"},
        "after": {"price": "120.00"},
    }


def test_keeps_nothing_of_what_changed_nothing(judged):
    text = "external_id,topic,last_name\nx1,Engines,Lovelace\nx2,Pumps,\n"
    judged("lead", text)

    assert [verdict.undo for verdict in judged("lead", text)] == [{}, {}]


def test_rejected_row_leaves_no_trace(judged):
    (verdict,) = judged("lead", "topic,source\nEngines,Tea party\n")

    assert (verdict.verdict, verdict.undo) == ("rejected", {})
    assert not Source.objects.filter(name="Tea party").exists()
