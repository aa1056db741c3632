"""The search over all kinds of records."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.operations import add_task, log_call, log_note
from leads.models import DisqualifyReason, Lead
from leads.operations import delete_lead, update_lead
from records.keys import text_problem
from records.operations import restore_record
from reports.queries import find
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User

DATA = Path(__file__).parent / "data"
MOST_STATEMENTS = 10
PART = {"HX-Request": "true"}


def names(text: str, user: User) -> dict[str, list[str]]:
    return {
        part.kind: [str(record) for record in part.records]
        for part in find(text, by=user).parts
        if part.records
    }


def quiet_lead(owner: User, **values: Any) -> Lead:
    """A lead that is found by nothing but what a test gives it."""
    given = {"email": "", "company": "", "phone": "5127576000", "topic": "Talk"} | values
    lead: Lead = LeadFactory(owner=owner, **given)
    return lead


def test_finds_every_kind_by_a_part_of_a_word(rep: User) -> None:
    LeadFactory(owner=rep, first_name="Zoe", last_name="Quarrington", company="")
    AccountFactory(owner=rep, name="Quarry Works")
    ContactFactory(owner=rep, first_name="Max", last_name="Quarrel")
    OpportunityFactory(owner=rep, topic="A new quarry")

    assert names("UARR", rep) == {
        "leads": ["Zoe Quarrington"],
        "accounts": ["Quarry Works"],
        "contacts": ["Max Quarrel"],
        "opportunities": ["A new quarry"],
    }


def test_wants_every_word(rep: User) -> None:
    LeadFactory(owner=rep, first_name="Zoe", last_name="Quarrington")
    LeadFactory(owner=rep, first_name="Tim", last_name="Quarrington")

    assert names("quarr zoe", rep) == {"leads": ["Zoe Quarrington"]}


def test_finds_people_and_deals_by_a_company_that_one_may_see(rep: User, outsider: User) -> None:
    seen = AccountFactory(owner=rep, name="Quarry Works")
    hidden = AccountFactory(owner=outsider, name="Quarry Secrets")
    for account in (seen, hidden):
        ContactFactory(owner=rep, first_name="Max", last_name=f"of {account.pk}", account=account)
        OpportunityFactory(owner=rep, topic=f"Pumps {account.pk}", account=account)

    assert names("quarry", rep) == {
        "accounts": ["Quarry Works"],
        "contacts": [f"Max of {seen.pk}"],
        "opportunities": [f"Pumps {seen.pk}"],
    }
    assert names("secrets", rep) == {}


@pytest.mark.parametrize("text", ["", " ", "z", "z z", "\t", "·"])
def test_does_not_look_for_single_characters(rep: User, text: str) -> None:
    LeadFactory(owner=rep, first_name="Zoe")

    assert find(text, by=rep).parts == ()


def test_puts_the_owner_of_an_address_first(rep: User) -> None:
    exact = LeadFactory(owner=rep, first_name="Zoe", email="zoe@quarry.example")
    for _ in range(10):
        LeadFactory(owner=rep, topic="Ask zoe@quarry.example")

    found = find(" ZOE@Quarry.example", by=rep).parts[0]

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
    all_of_them = client.get("/search/?q=quarr&kind=lead").content.decode()

    assert page.count("<mark>Quarr</mark>ington") == 8
    assert 'href="/leads/?q=quarr"' in page
    assert "The first 8 results" in page
    assert all_of_them.count("<mark>Quarr</mark>ington") == 9


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/search/", "Search all records"),
        ("/search/?q=", "Search all records"),
        ("/search/?q=x", "at least two letters"),
        ("/search/?q=nowhere+to+be+found", "Nothing for"),
        ("/search/?q=%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;"),
        ("/search/?q=" + "very+long+" * 200, "Nothing for"),
        ("/search/?q=100%25", "Nothing for"),
        ("/search/?q=__", "Nothing for"),
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


@pytest.mark.once
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

    assert names("qu", rep)["leads"] == ["Quentin Aster", "Bert Quist"]


def test_takes_whatever_is_typed(rep: User) -> None:
    LeadFactory(owner=rep)
    naughty = json.loads((DATA / "naughty-strings" / "blns.json").read_text(encoding="utf-8"))

    for text in filter(lambda each: not text_problem(each), naughty):
        assert len(find(text, by=rep).parts) in (0, 4)


def test_puts_the_best_first_and_among_equals_what_is_open_and_was_touched_last(rep: User) -> None:
    long_ago = timezone.now() - timedelta(days=300)

    def ferr(first: str, last: str, **values: Any) -> Lead:
        lead = quiet_lead(rep, first_name=first, last_name=last, **values)
        Lead.objects.filter(pk=lead.pk).update(created_at=long_ago)
        return lead

    ferr("Misspelt", "Fera")
    ferr("Part", "Conferral")
    ferr("Beginning", "Ferrovia")
    ferr("Word, closed", "Ferr")
    ferr("Word, late", "Ferr")
    ferr("Word, early", "Ferr")
    ferr("Ferrand", "Name")
    ferr("Address", "Nobody", email="a.ferr@quarry.example")
    rows = Lead.objects
    rows.filter(first_name="Word, late").update(touched_at=timezone.now())
    rows.filter(first_name="Word, closed").update(
        status="disqualified",
        disqualified_at=timezone.now(),
        disqualify_reason=DisqualifyReason.objects.first(),
        touched_at=timezone.now(),
    )

    assert names("ferr", rep)["leads"] == [
        "Ferrand Name",
        "Word, late Ferr",
        "Word, early Ferr",
        "Word, closed Ferr",
        "Beginning Ferrovia",
        "Address Nobody",
        "Part Conferral",
        "Misspelt Fera",
    ]
    assert names("a.ferr@quarry.example", rep)["leads"][0] == "Address Nobody"


@pytest.mark.parametrize(
    "typed",
    ["marcheti", "marhcetti", "marchettti", "narchetti", "marchetto", "MARCHETI elena", "elna"],
)
def test_forgives_one_slip_in_a_word_of_four_letters(rep: User, typed: str) -> None:
    quiet_lead(rep, first_name="Elena", last_name="Marchetti")
    quiet_lead(rep, first_name="Paul", last_name="March")

    answer = find(typed, by=rep)

    assert [str(lead) for lead in answer.parts[0].records] == ["Elena Marchetti"]
    assert "marchetti" in answer.meant or answer.meant == "elena"


def test_forgives_no_second_slip_nor_one_in_a_short_word_or_a_number(rep: User) -> None:
    quiet_lead(rep, first_name="Ada", last_name="Marchetti", email="ada@quarry.example")

    for typed in ("marhceti", "adb", "ada@quarri.example", "5127576009"):
        assert names(typed, rep) == {}, typed


def test_proposes_no_spelling_that_only_others_may_see(
    client: Client, rep: User, outsider: User
) -> None:
    quiet_lead(rep, last_name="Marchetti")

    mine, theirs = find("marcheti", by=rep), find("marcheti", by=outsider)
    client.force_login(outsider)
    page = client.get("/search/?q=marcheti").content.decode()

    assert mine.meant == "marchetti"
    assert theirs.meant == ""
    assert "archetti" not in page


def test_finds_what_was_written_on_a_record(
    client: Client, rep: User, rep2: User, outsider: User
) -> None:
    lead = quiet_lead(rep, first_name="Zoe", last_name="Aster")
    log_note(lead, by=rep, text=f"{'They thought about it. ' * 60}The quarry needs <b>pumps</b>.")
    log_call(lead, by=rep2, text="Nothing new")
    add_task(lead, by=rep, subject="Visit the quarry")
    hidden = quiet_lead(outsider, last_name="Other")
    log_note(hidden, by=outsider, text="The quarry is ours")

    answer = find("quarry", by=rep)
    client.force_login(rep)
    page = client.get("/search/?q=quarry+pumps").content.decode()

    assert [(str(n.record), n.activity.kind) for n in answer.notes] == [
        ("Zoe Aster", "task"),
        ("Zoe Aster", "note"),
    ]
    assert not any(part.records for part in answer.parts)
    assert "<mark>quarry</mark> needs &lt;b&gt;<mark>pumps</mark>&lt;/b&gt;" in page
    assert f'href="{lead.get_absolute_url()}"' in page
    assert [str(n.record) for n in find("quarry", by=outsider).notes] == ["Ada Other"]


def test_forgets_what_was_deleted_and_knows_what_was_changed(rep: User) -> None:
    lead = quiet_lead(rep, last_name="Quarrington")

    delete_lead(lead, by=rep)
    in_the_bin = names("quarrington", rep)
    restore_record(lead, by=rep)
    back = names("quarrington", rep)
    lead.refresh_from_db()
    update_lead(lead, by=rep, last_name="Ferrovia")

    assert (in_the_bin, len(back["leads"])) == ({}, 1)
    assert names("quarrington", rep) == {}
    assert len(names("ferrovai", rep)["leads"]) == 1


def test_others_records_change_neither_the_answer_nor_its_order(rep: User, outsider: User) -> None:
    mine = [quiet_lead(rep, first_name="Zoe", last_name=f"Quarry {n}") for n in range(3)]
    before = names("quarry", rep)
    for n in range(70):  # more than are looked at of a kind
        quiet_lead(outsider, first_name="Quarry", last_name=f"Quarry {n}")

    assert names("quarry", rep) == before
    assert len(before["leads"]) == len(mine)


def test_shows_one_kind_or_the_notes_alone(client: Client, rep: User) -> None:
    lead = quiet_lead(rep, last_name="Quarrington")
    AccountFactory(owner=rep, name="Quarry Works")
    log_note(lead, by=rep, text="Ask the quarry")
    client.force_login(rep)

    def found(kind: str) -> list[str]:
        page = client.get(f"/search/?q=quarr&kind={kind}").content.decode()
        return [name for name in ("found-leads", "found-accounts", "found-notes") if name in page]

    assert found("") == ["found-leads", "found-accounts", "found-notes"]
    assert found("account") == ["found-accounts"]
    assert found("notes") == ["found-notes"]
    assert found("nonsense") == ["found-leads", "found-accounts", "found-notes"]


# The palette


def test_the_palette_puts_the_kind_of_the_page_first_and_offers_what_one_may_do(
    client: Client, rep: User, rep2: User
) -> None:
    lead = quiet_lead(rep, first_name="Zoe", last_name="Ferrier")
    account = AccountFactory(owner=rep, name="Ferrovia Works")
    client.force_login(rep)

    def told(scope: str = "") -> str:
        return client.get(f"/palette/?q=ferr&scope={scope}", headers=PART).content.decode()

    def before(page: str, one: Any, other: Any) -> bool:
        return page.index(f'href="{one.get_absolute_url()}"') < page.index(
            f'href="{other.get_absolute_url()}"'
        )

    assert before(told(), account, lead)
    assert before(told("lead"), lead, account)
    assert f'href="/leads/{lead.pk}/qualify/" data-dialog' in told()
    assert f'href="/leads/{lead.pk}/?compose=call#composer"' in told()
    client.force_login(rep2)
    assert f"/leads/{lead.pk}/qualify/" not in told()
    assert f'href="{lead.get_absolute_url()}"' in told()


def test_the_palette_begins_with_tasks_and_with_what_was_opened_last(
    client: Client, rep: User, outsider: User
) -> None:
    lead = quiet_lead(rep, first_name="Zoe", last_name="Aster")
    account = AccountFactory(owner=rep, name="Quarry Works")
    hidden = quiet_lead(outsider, last_name="Hidden")
    add_task(lead, by=rep, subject="Ring Zoe", due_at=timezone.now())
    client.force_login(rep)

    def opened(*records: Any) -> int:
        named = [f"{record._meta.model_name}:{record.pk}" for record in records]
        return client.post("/palette/opened/", {"opened": named}).status_code

    assert opened(lead, account, lead, hidden) == 204
    nonsense = {"opened": ["user:1", "lead:x", "lead:", "lead:99999999999999999"]}
    assert client.post("/palette/opened/", nonsense).status_code == 204
    page = client.get("/palette/", headers=PART).content.decode()

    assert "Ring Zoe" in page
    assert page.index("Zoe Aster") < page.index("Quarry Works")
    assert "Hidden" not in page
    assert client.get("/palette/opened/").status_code == 405
    assert client.get("/palette/?q=a+b").headers["Location"] == "/search/?q=a+b"


def test_the_palette_remembers_ten_and_not_more(client: Client, rep: User) -> None:
    leads = [quiet_lead(rep, last_name=f"Number {n:02}") for n in range(12)]
    client.force_login(rep)

    for lead in leads:
        client.post("/palette/opened/", {"opened": [f"lead:{lead.pk}"]})
    page = client.get("/palette/", headers=PART).content.decode()

    assert [f"Number {n:02}" in page for n in range(12)] == [False] * 2 + [True] * 10
    assert page.index("Number 11") < page.index("Number 02")


@pytest.mark.parametrize("address", ["/palette/?q=quarr", "/palette/"])
def test_the_palette_needs_few_statements(client: Client, rep: User, address: str) -> None:
    lead = quiet_lead(rep, last_name="Quarrington")
    others = [
        AccountFactory(owner=rep, name="Quarry"),
        ContactFactory(owner=rep, last_name="Quarry"),
        OpportunityFactory(owner=rep, topic="Quarry"),
    ]
    for record in (lead, *others):
        log_note(record, by=rep, text="Quarry")
        add_task(record, by=rep, subject="Quarry", due_at=timezone.now())
    client.force_login(rep)
    named = [f"{record._meta.model_name}:{record.pk}" for record in (lead, *others)]
    client.post("/palette/opened/", {"opened": named})

    with CaptureQueriesContext(connection) as caught:
        assert client.get(address, headers=PART).status_code == 200

    assert len(caught) <= MOST_STATEMENTS


def test_the_palette_runs_nothing_that_people_have_typed(client: Client, rep: User) -> None:
    evil = "<img src=x onerror=alert(1)>"
    quiet_lead(rep, last_name=evil, topic='"><script>alert(1)</script>')
    client.force_login(rep)

    page = client.get("/palette/", {"q": "onerror=alert(1)>"}, headers=PART).content.decode()

    assert "<img" not in page
    assert "<script" not in page
    assert "&lt;img src=x <mark>onerror=alert(1)&gt;</mark>" in page
