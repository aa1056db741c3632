"""The search over all kinds of records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records.keys import text_problem
from reports.queries import find
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User

DATA = Path(__file__).parent / "data"
MOST_STATEMENTS = 10


def names(text: str, user: User) -> dict[str, list[str]]:
    return {
        part.kind: [str(record) for record in part.records]
        for part in find(text, by=user)
        if part.records
    }


def test_finds_every_kind_by_a_part_of_a_word(rep: User) -> None:
    LeadFactory(owner=rep, first_name="Zoe", last_name="Quarrington", company="")
    AccountFactory(owner=rep, name="Quarry Works")
    ContactFactory(owner=rep, first_name="Max", last_name="Quarrel")
    OpportunityFactory(owner=rep, topic="A new quarry")

    assert names("QUARR", rep) == {
        "leads": ["Zoe Quarrington"],
        "accounts": ["Quarry Works"],
        "contacts": ["Max Quarrel"],
        "opportunities": ["A new quarry"],
    }


def test_wants_every_word(rep: User) -> None:
    LeadFactory(owner=rep, first_name="Zoe", last_name="Quarrington")
    LeadFactory(owner=rep, first_name="Tim", last_name="Quarrington")

    assert names("quarr zoe", rep) == {"leads": ["Zoe Quarrington"]}


@pytest.mark.parametrize("text", ["", " ", "z", "z z", "\t", "·"])
def test_does_not_look_for_single_characters(rep: User, text: str) -> None:
    LeadFactory(owner=rep, first_name="Zoe")

    assert find(text, by=rep) == ()


def test_puts_the_owner_of_an_address_first(rep: User) -> None:
    exact = LeadFactory(owner=rep, first_name="Zoe", email="zoe@quarry.example")
    for _ in range(10):
        LeadFactory(owner=rep, topic="Ask zoe@quarry.example")

    found = find(" ZOE@Quarry.example", by=rep)[0]

    assert found.records[0] == exact


def test_finds_a_number_in_any_spelling(rep: User) -> None:
    lead = LeadFactory(owner=rep, first_name="Zoe", phone="+1 (512) 757-6000")
    contact = ContactFactory(owner=rep, mobile="512.757.6000")

    assert names("512 757 6000", rep) == {"leads": [str(lead)], "contacts": [str(contact)]}
    assert names("+15127576000", rep) == {"leads": [str(lead)], "contacts": [str(contact)]}


def test_shows_nothing_of_another_team(rep: User, outsider: User) -> None:
    LeadFactory(owner=rep, last_name="Quarrington", email="zoe@quarry.example")
    AccountFactory(owner=rep, name="Quarry Works")

    assert names("quarr", outsider) == {}
    assert names("zoe@quarry.example", outsider) == {}


def test_leaves_the_bin_alone(rep: User) -> None:
    lead = LeadFactory(owner=rep, last_name="Quarrington")
    type(lead).objects.filter(pk=lead.pk).update(deleted_at=lead.created_at)

    assert names("quarr", rep) == {}


def test_shows_the_first_and_leads_to_all(client: Client, rep: User) -> None:
    for _ in range(9):
        LeadFactory(owner=rep, last_name="Quarrington")
    client.force_login(rep)

    page = client.get("/search/?q=quarr").content.decode()

    assert page.count("Quarrington") == 8
    assert 'href="/leads/?q=quarr"' in page


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/search/", "Search all records"),
        ("/search/?q=", "Search all records"),
        ("/search/?q=x", "at least two letters"),
        ("/search/?q=nowhere+to+be+found", "Nothing found for"),
        ("/search/?q=%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;"),
        ("/search/?q=" + "very+long+" * 200, "Nothing found for"),
        ("/search/?q=100%25", "Nothing found for"),
        ("/search/?q=__", "Nothing found for"),
    ],
)
def test_says_what_to_do_when_there_is_nothing_to_show(
    client: Client, rep: User, address: str, words: str
) -> None:
    LeadFactory(owner=rep)
    client.force_login(rep)

    answer = client.get(address)

    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_refuses_what_no_record_can_hold(client: Client, rep: User) -> None:
    client.force_login(rep)

    assert client.get("/search/?q=a%00b").status_code == 400


def test_needs_few_statements_however_much_it_finds(client: Client, rep: User) -> None:
    client.force_login(rep)

    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/search/?q=quarr").status_code == 200
        return len(caught)

    LeadFactory(owner=rep, last_name="Quarrington")
    OpportunityFactory(owner=rep, topic="Quarry", account=AccountFactory(name="Quarry", owner=rep))
    few = statements()
    for place in range(9):
        LeadFactory(owner=rep, last_name="Quarrington")
        account = AccountFactory(owner=rep, name=f"Quarry {place}")
        contact = ContactFactory(owner=rep, last_name="Quarrel", account=account)
        OpportunityFactory(owner=rep, topic="Quarry", account=account, contact=contact)

    assert few <= statements() <= MOST_STATEMENTS
    assert statements() == statements()


def test_sends_those_who_have_not_signed_in_to_the_door(client: Client, db: None) -> None:
    assert client.get("/search/?q=quarr").status_code == 302


def test_looks_for_two_letters_at_the_beginning_of_words(rep: User) -> None:
    LeadFactory(
        owner=rep, first_name="Quentin", last_name="Aster", company="", email="", phone="5127576000"
    )
    LeadFactory(
        owner=rep, first_name="Bert", last_name="Quist", company="", email="", phone="5127576000"
    )
    LeadFactory(
        owner=rep, first_name="Enquist", last_name="Cole", company="", email="", phone="5127576000"
    )

    assert names("qu", rep)["leads"] == ["Bert Quist", "Quentin Aster"]


def test_takes_whatever_is_typed(rep: User) -> None:
    LeadFactory(owner=rep)
    naughty = json.loads((DATA / "naughty-strings" / "blns.json").read_text(encoding="utf-8"))

    assert all(len(find(text, by=rep)) in (0, 4) for text in naughty if not text_problem(text))
