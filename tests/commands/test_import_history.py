"""History comes in with its outcome: what another system qualified is qualified here, and says so.

Such files often name nobody; a template makes a name of what they have.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client

from accounts.models import Account, Contact
from leads.models import Lead, Qualification
from opportunities.models import Opportunity
from opportunities.operations import win
from records.models import CustomField
from tests.custom import define
from tests.factories import AccountFactory, ContactFactory, OpportunityFactory, UserFactory
from tests.world import stored
from users.models import User

pytestmark = pytest.mark.usefixtures("boss")

HISTORY = {
    "columns": {"Id": "external_id", "Outcome": "converted", "When": "converted_at"},
    "defaults": {"last_name": "Prospect {No}", "topic": "Courses"},
    "conversions": "make",
    "match": ["external_id"],
}
FILE = "Id,No,Outcome,When\na,7,1,2024-02-03\nb,8,0,\n"


def test_comes_in_qualified_with_a_contact_and_no_opportunity(take: Any):
    _, summary = take("lead", FILE, HISTORY)

    assert (summary["new"], summary["warnings"]) == (2, 0)
    converted, still_open = Lead.objects.order_by("external_id")
    assert (converted.status, str(converted.contact)) == ("qualified", "Prospect 7")
    assert converted.qualified_at.date().isoformat() == "2024-02-03"
    assert (still_open.status, still_open.last_name) == ("open", "Prospect 8")
    assert not Account.objects.exists()
    assert not Opportunity.objects.exists()
    assert Contact.objects.get().owner == converted.owner


def test_what_was_given_up_elsewhere_is_so_since_then(take: Any):
    take(
        "lead",
        "last_name,topic,status,disqualified_at\nByron,Looms,No budget,2024-02-03 10:00\n"
        "Lovelace,Engines,,\n",
    )

    given_up, still_open = Lead.objects.order_by("last_name")
    assert (given_up.status, given_up.disqualify_reason.key) == ("disqualified", "no-budget")
    assert given_up.disqualified_at.isoformat() == "2024-02-03T10:00:00+00:00"
    assert still_open.is_open


def test_receipt_says_that_another_system_decided(take: Any, boss: User, client: Client):
    take("lead", FILE, HISTORY)
    qualification = Qualification.objects.get()
    client.force_login(boss)

    page = client.get(f"/leads/{qualification.lead_id}/receipt/").content.decode()

    assert (qualification.rule_version, qualification.is_imported) == ("import", True)
    assert "Qualified in another system, brought in by Boss" in page
    assert "3 Feb 2024" in page
    assert "although a required rule was not met" not in page


def test_same_history_twice_changes_nothing(take: Any):
    take("lead", FILE, HISTORY)
    before = stored()

    verdicts, _ = take("lead", FILE, HISTORY)

    assert [verdict["verdict"] for verdict in verdicts] == ["unchanged", "unchanged"]
    assert stored() == before


def test_dry_run_says_the_same_and_writes_nothing(take: Any):
    before = stored()

    verdicts, _ = take("lead", FILE, HISTORY, dry_run=True)

    assert [verdict["verdict"] for verdict in verdicts] == ["new", "new"]
    assert stored() == before


def test_uses_the_records_that_exist(take: Any):
    account = AccountFactory(name="Engine Works")
    contact = ContactFactory(email="ada@engine.example", account=account)

    take(
        "lead",
        "last_name,topic,company,email,converted\n"
        "Lovelace,Engines,Engine Works Ltd,ADA@engine.example,yes\n",
        {"conversions": "make"},
    )

    lead = Lead.objects.get()
    assert (lead.status, lead.account, lead.contact) == ("qualified", account, contact)
    assert (Account.objects.count(), Contact.objects.count()) == (1, 1)


def test_what_only_a_person_can_decide_stays_open_and_says_so(take: Any):
    AccountFactory(name="Engine Works", country="FR")

    verdicts, _ = take(
        "lead",
        "last_name,topic,company,country,converted\nLovelace,Engines,Engine Works,GB,1\n",
        {"conversions": "make"},
    )

    assert verdicts[0]["verdict"] == "new"
    assert "The lead stays open." in verdicts[0]["warnings"]["converted"][0]
    assert Lead.objects.get().is_open
    assert not Contact.objects.exists()


def test_history_is_no_way_around_the_rules(take: Any):
    """Who may not qualify against the rules may not do so by a file either."""
    seller = UserFactory(
        may={
            "leads.add_lead": "own",
            "leads.view_lead": "own",
            "leads.change_lead": "own",
            "leads.qualify_lead": "own",
            "accounts.add_contact": "own",
        }
    )

    verdicts, _ = take("lead", FILE, HISTORY, by=seller.email)

    assert [verdict["verdict"] for verdict in verdicts] == ["rejected", "new"]
    assert Lead.objects.get().last_name == "Prospect 8"
    assert not Contact.objects.exists()


def test_template_says_nothing_where_its_cell_is_blank(take: Any):
    verdicts, _ = take("lead", "Id,No,Outcome,When\na,,0,\nb,8,0,\n", HISTORY)

    assert [verdict["verdict"] for verdict in verdicts] == ["rejected", "new"]
    assert verdicts[0]["errors"]["last_name"] == [
        "Enter a name, a company, an email or a phone number."
    ]


def test_column_that_has_a_value_goes_before_the_template(take: Any):
    take("lead", "last_name,No\nLovelace,1\n,2\n", {"defaults": HISTORY["defaults"]})

    assert list(Lead.objects.order_by("pk").values_list("last_name", flat=True)) == [
        "Lovelace",
        "Prospect 2",
    ]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"conversions": "guess"}, "“conversions” has to be one of link, make"),
        ({"defaults": {"last_name": "Prospect {Nr}"}}, "names no column of the file: Nr"),
    ],
)
def test_wrong_mapping_ends_the_command(take: Any, tmp_path: Any, mapping: Any, words: str):
    file = tmp_path / "m.json"
    file.write_text(json.dumps(HISTORY | mapping))

    with pytest.raises(CommandError, match=words):
        take("lead", FILE, str(file))
    assert not Lead.objects.exists()


def test_column_without_a_header_is_no_obstacle(take: Any):
    verdicts, _ = take("lead", "last_name,topic,\r\nLovelace,Engines,\r\n")

    assert [verdict["verdict"] for verdict in verdicts] == ["new"]


# Custom fields that a file needs

WITH_FIELDS = HISTORY | {
    "columns": {**HISTORY["columns"], "Work": "custom.occupation", "Visits": "custom.visits"},
    "values": {"custom.occupation": {"Select": ""}},
    "fields": {"occupation": {"type": "choice"}, "visits": {"label": "Seen", "type": "whole"}},
}
WITH_WORDS = "Id,No,Outcome,When,Work,Visits\na,7,1,,Student,3\nb,8,0,,Select,\nc,9,0,,student,0\n"


def test_defines_the_fields_that_it_needs_when_told_to(take: Any):
    _, summary = take("lead", WITH_WORDS, WITH_FIELDS, create_fields=True)

    assert summary["new"] == 3
    occupation, visits = CustomField.objects.order_by("position")
    assert (occupation.label, visits.label, visits.type) == ("Occupation", "Seen", "whole")
    assert [choice["label"] for choice in occupation.choices] == ["Student"]
    assert list(Lead.objects.order_by("pk").values_list("custom", flat=True)) == [
        {"occupation": "student", "visits": 3},
        {},
        {"occupation": "student", "visits": 0},
    ]


def test_fields_that_are_there_stay_as_they_are(take: Any, boss: User):
    define("lead", "visits", type="whole", label="Visits", by=boss)

    take("lead", WITH_WORDS, WITH_FIELDS, create_fields=True)
    before = stored()
    take("lead", WITH_WORDS, WITH_FIELDS, create_fields=True)

    assert CustomField.objects.get(key="visits").label == "Visits"
    assert stored() == before


def test_dry_run_defines_nothing(take: Any):
    verdicts, _ = take("lead", WITH_WORDS, WITH_FIELDS, create_fields=True, dry_run=True)

    assert {verdict["verdict"] for verdict in verdicts} == {"new"}
    assert not CustomField.objects.exists()


def test_without_being_told_to_it_defines_nothing(take: Any):
    with pytest.raises(CommandError, match=r"no field custom\.occupation"):
        take("lead", WITH_WORDS, WITH_FIELDS)

    assert not CustomField.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"occupation": {"type": "colour"}}, "occupation cannot be defined: Choose a type"),
        ({"status": {"type": "text"}}, "status cannot be defined: status means something"),
        ({"occupation": {"colour": "red"}}, "unknown parts: colour"),
        ({"occupation": "choice"}, "“fields” has to hold an object"),
    ],
)
def test_field_that_cannot_be_defined_ends_the_command(take: Any, fields: Any, words: str):
    fine = {"visits": {"type": "whole"}}

    with pytest.raises(CommandError, match=words):
        take("lead", WITH_WORDS, WITH_FIELDS | {"fields": fine | fields}, create_fields=True)

    assert not CustomField.objects.exists()
    assert not Lead.objects.exists()


def test_fields_are_defined_by_those_who_may(take: Any):
    seller = UserFactory(may={"leads.add_lead": "all", "leads.view_lead": "all"})

    with pytest.raises(CommandError, match="You may not add custom fields"):
        take("lead", WITH_WORDS, WITH_FIELDS, create_fields=True, by=seller.email)

    assert not Lead.objects.exists()


def test_a_row_whose_opportunity_is_another_companys_is_rejected_with_a_sentence(take, boss):
    acme, other = AccountFactory(owner=boss, name="Acme"), AccountFactory(owner=boss, name="Other")
    for number, account in enumerate((acme, other)):
        won = OpportunityFactory(owner=boss, account=account, external_id=f"o{number}")
        win(won, by=boss)
    text = (
        "external_id,last_name,topic,converted,account.name,opportunity.external_id\n"
        "l0,Lovelace,Engines,1,Acme,o0\nl1,Byron,Engines,1,Acme,o1\n"
    )

    verdicts, _summary = take("lead", text)

    assert [verdict["verdict"] for verdict in verdicts] == ["new", "rejected"]
    assert "belongs to another company" in verdicts[1]["errors"]["opportunity"][0]
    assert [lead.external_id for lead in Lead.objects.qualified()] == ["l0"]
    assert not Lead.objects.filter(external_id="l1").exists()
