"""What a rep reads nowhere: the names of records that lie outside of what he may see."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from accounts.operations import create_account, create_contact, update_account, update_contact
from activities.timeline import timeline_of
from leads.models import Lead
from leads.operations import Plan, Target, capture_lead, latest_qualification, made_by, qualify
from leads.views.pages import undo_effects
from opportunities.models import Opportunity
from opportunities.operations import add_stakeholder, open_opportunity
from tests.access import ACCESS
from tests.factories import ContactFactory
from tests.test_access import OURS, address_of, ask, world

__all__ = ["world"]

COMPANY, PERSON, DEPENDANT = "Orchardworth", "Quillfeather", "Bramblethwaite"
SECRETS = (COMPANY, PERSON, DEPENDANT)
HIDDEN = {"account": "an account that you cannot open", "contact": "a contact that you cannot open"}


@pytest.fixture
def account(outsider: Any) -> Account:
    return create_account(by=outsider, name=f"{COMPANY} Airways AG")


@pytest.fixture
def contact(outsider: Any, account: Account) -> Contact:
    return create_contact(by=outsider, first_name="Ada", last_name=PERSON, account=account)


@pytest.fixture
def lead(rep: Any, admin: Any, account: Account, contact: Contact) -> Lead:
    """A lead of rep, qualified into an account and a contact that he may not see."""
    lead = capture_lead(
        by=rep,
        topic="Engines",
        company="Acme",
        last_name="Lovelace",
        email="a@bath.example",
        city="Bath",
    )
    use = Plan(account=Target("use", account.pk), contact=Target("use", contact.pk))
    qualify(lead, by=admin, plan=use)
    lead.refresh_from_db()
    return lead


@pytest.fixture
def built_on(rep: Any, outsider: Any) -> Lead:
    """A lead of rep, on whose account somebody outside his scope has built."""
    lead = capture_lead(
        by=rep, topic="Wings", company="Apex", last_name="Babbage", email="c@apex.example"
    )
    done = qualify(lead, by=rep)
    ContactFactory(owner=outsider, last_name=DEPENDANT, account=done.account)
    lead.refresh_from_db()
    return lead


@pytest.fixture
def deal(rep: Any, admin: Any, account: Account) -> Opportunity:
    """An opportunity of rep that closes this month, for an account that he may not see."""
    today = timezone.localdate()
    return open_opportunity(
        "Wings", by=admin, owner=rep, account=account, estimated_close_date=today
    )


def told(answer: Any) -> list[str]:
    # A file is handed out piece by piece.
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return [secret for secret in SECRETS if secret in content.decode(errors="replace")]


@pytest.mark.once
def test_no_address_tells_a_hidden_name(world, rep, admin, lead, built_on, deal, account, contact):
    records, _users = world
    own = ContactFactory(owner=rep, account=account)
    worlds = [
        {**records, "leads": lead, "qualified lead": lead, "opportunities": deal, "contacts": own},
        {**records, "leads": built_on, "qualified lead": built_on},
    ]
    urls = {address_of(name, each) for each in worlds for name in ACCESS if name in OURS}
    urls |= {
        f"{reverse('leads:detail', args=[lead.pk])}?kind=changes",
        f"{reverse('leads:detail', args=[lead.pk])}?text=airways",
        f"{reverse('contacts:detail', args=[own.pk])}?kind=changes",
        f"{reverse('opportunities:detail', args=[deal.pk])}?kind=changes",
        f"/api/v1/leads/{lead.pk}/",
        f"/api/v1/leads/{lead.pk}/qualification/",
        "/search/?q=airways",
    }
    leaks = {url: told(ask(rep, "get", url, {})) for url in sorted(urls) if "logout" not in url}
    for which in (lead, built_on):
        for name in ("leads:undo", "leads-undo", "leads-qualify", "leads:qualify"):
            url = reverse(name, args=[which.pk])
            leaks[f"POST {url}"] = told(ask(rep, "post", url, {}))

    assert {url: secrets for url, secrets in leaks.items() if secrets} == {}
    # Who may see them reads them there: the addresses are the right ones.
    assert told(ask(admin, "get", reverse("leads:detail", args=[lead.pk]), {}))


def test_a_timeline_tells_that_there_is_a_record_and_not_its_name(rep, admin, lead, account):
    def words(viewer: Any) -> dict[str, str]:
        entries = timeline_of(lead, kind="changes", viewer=viewer).entries
        return {change.label: change.new for entry in entries for change in entry.changes}

    assert {words(rep)[kind.capitalize()] for kind in HIDDEN} == set(HIDDEN.values())
    assert words(rep)["Opportunities"] == "Engines"
    assert words(admin)["Account"] == account.name


def test_a_timeline_is_not_found_by_a_hidden_name(rep, lead):
    assert timeline_of(lead, text="airways", viewer=rep).entries == []
    assert timeline_of(lead, text="qualified", viewer=rep).entries


def test_reads_a_timeline_with_one_statement_more(rep, lead, statements):
    assert rep.scopes
    with statements() as asked:
        timeline_of(lead, viewer=rep)

    assert len(asked) <= 3 + 1, "\n".join(asked)


def test_undo_speaks_only_of_what_was_filled(rep, admin, lead, account):
    def effects(viewer: Any) -> str:
        made = made_by(latest_qualification(lead))
        return "\n".join(effect["text"] for effect in undo_effects(lead, made, viewer))

    assert f"Give {HIDDEN['account']} back what was filled in" in effects(rep)
    assert f"Give {account.name} back what was filled in" in effects(admin)

    qualification = latest_qualification(lead)
    qualification.before = {"account": {}, "contact": {}}
    qualification.save(update_fields=["before"])
    assert "back what was filled in" not in effects(admin)


def test_undo_names_what_stands_in_its_way_as_far_as_one_may_see(rep, admin, built_on):
    update_account(built_on.account, by=admin, annual_revenue=5)
    url = reverse("leads:undo", args=[built_on.pk])

    shown = ask(rep, "get", url, {}).content.decode()
    refused = ask(rep, "post", url, {}).content.decode()

    for page in (shown, refused):
        assert "Something that you cannot open depends on it" in page
        assert "changed account Apex: annual revenue" in page
        assert DEPENDANT not in page
    assert DEPENDANT in ask(admin, "get", url, {}).content.decode()


def test_the_start_page_names_only_an_account_that_one_may_open(rep, deal):
    client = Client()
    client.force_login(rep)

    page = client.get("/").content.decode()

    assert deal.get_absolute_url() in page
    assert COMPANY not in page


def test_of_a_hidden_candidate_only_that_there_is_one_is_told(rep, outsider):
    create_account(by=outsider, name="Acme", website="acme.example")
    lead = capture_lead(
        by=rep, topic="Engines", company="Acme", website="acme.example", last_name="Lovelace"
    )

    shown = ask(rep, "get", reverse("leads-qualification", args=[lead.pk]), {}).json()
    page = ask(rep, "get", reverse("leads:qualify", args=[lead.pk]), {}).content.decode()

    assert (shown["account"]["outcome"], shown["account"]["reasons"]) == ("reused", [])
    hidden = {"id": None, "label": "A record that you cannot open", "score": None, "reasons": []}
    assert shown["account"]["candidates"] == [hidden]
    assert "An existing account that you cannot open" in page
    assert "Same web domain" not in page


def test_nobody_feels_their_way_to_a_hidden_contact_by_the_answers(rep, outsider):
    create_contact(by=outsider, first_name="Jonathan", last_name="Quillfeather")
    create_contact(by=outsider, first_name="Jonathan", last_name="Quillfeathers")

    answers = []
    for last_name in ("Quillfeathex", "Quillfeather"):
        lead = capture_lead(by=rep, topic="Engines", first_name="Jonathan", last_name=last_name)
        url = reverse("leads-qualification", args=[lead.pk])
        answers.append(ask(rep, "get", url, {}).json()["contact"]["candidates"])

    assert answers[0] == answers[1]
    assert len(answers[0]) == 1


def test_of_hidden_lookalikes_only_that_there_are_some_is_told(rep, admin, outsider):
    same = {
        "topic": "Engines",
        "company": "Acme",
        "last_name": "Lovelace",
        "email": "a@acme.example",
    }
    for _ in range(2):
        capture_lead(by=outsider, **same)
    mine = capture_lead(by=rep, **same | {"topic": "Wings"})
    pages = {
        name: reverse(f"leads:{name}", args=[mine.pk])
        for name in ("detail", "qualify", "disqualify")
    }

    for name, url in pages.items():
        page = ask(rep, "get", url, {}).content.decode()
        assert page.count("A lead that you cannot open looks like this one") == 1, name
        for why in ("same email", "same last name", "same company"):
            assert why not in page, name
        assert (
            "same email, same last name, same company"
            in ask(admin, "get", url, {}).content.decode()
        )


def test_the_administration_tells_staff_no_hidden_name(rep, admin, lead, deal, account, contact):
    rep.is_staff = True
    rep.save(update_fields=["is_staff"])
    own = ContactFactory(owner=rep, account=account)
    update_contact(own, by=admin, account=None)
    update_contact(own, by=admin, account=account)
    add_stakeholder(deal, by=admin, contact=contact, role="other")
    records = (lead, own, deal)
    urls = {
        reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_{page}", args=numbers)
        for record in records
        for page, numbers in (
            ("changelist", []),
            ("change", [record.pk]),
            ("history", [record.pk]),
            ("delete", [record.pk]),
        )
    }

    asked = {url: ask(rep, "get", url, {}) for url in urls}

    assert {url: told(answer) for url, answer in asked.items() if told(answer)} == {}
    assert {url: answer.status_code for url, answer in asked.items() if "delete" not in url} == {
        url: 200 for url in urls if "delete" not in url
    }
    for record in records:
        space = f"admin:{record._meta.app_label}_{record._meta.model_name}"
        for page in ("change", "history"):
            url = reverse(f"{space}_{page}", args=[record.pk])
            words = asked[url].content.decode()
            assert HIDDEN["account"] in words or HIDDEN["contact"] in words, url
            # Who may see them reads them there.
            assert told(ask(admin, "get", url, {})), url
