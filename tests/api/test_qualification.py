"""Qualifying by program at its edges: a chosen plan looked at, who is not meant, and receipts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leads.models import Lead
from records.models import PossibleDuplicate
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from tests.snapshots import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(rep):
    return LeadFactory(owner=rep.user, phone="+49 30 1234567", city="Berlin", industry="Steel")


def look(caller, lead, plan=None, **headers):
    return caller.post(f"leads/{lead.pk}/qualification/", plan or {}, **headers)


# A chosen plan, looked at


def test_a_chosen_plan_is_told_field_by_field_and_nothing_is_written(rep, lead):
    account = AccountFactory(owner=rep.user, name=lead.company, phone="+49 30 7654321", city="Bonn")
    plan = {
        "account": {"id": account.pk, "take": ["phone"], "keep": ["industry"]},
        "contact": {"action": "skip"},
        "opportunities": [{"topic": "First", "value": "10.50", "stage": "propose"}],
    }
    before = rows(with_trails=True)

    shown = look(rep, lead, plan)

    assert shown.status_code == 200, shown.content
    told = shown.json()
    outcomes = {line["name"]: line["outcome"] for line in told["account"]["differences"]}
    assert outcomes == {"phone": "taken", "city": "kept", "industry": "kept"}
    assert told["contact"]["outcome"] == "skipped"
    assert told["plan"]["opportunities"][0]["topic"] == "First"
    assert told["plan"]["opportunities"][0]["value"] == "10.50"
    assert told["plan"]["opportunities"][0]["stage"] == "propose"
    assert told["refusal"] is None
    assert any("Replace on the account" in step["text"] for step in told["steps"])
    assert rows(with_trails=True) == before


def test_the_plan_that_is_told_does_what_was_told(rep, lead):
    AccountFactory(owner=rep.user, name=lead.company, phone="+49 30 7654321", city="Bonn")
    twin = LeadFactory(owner=rep.user)

    told = look(rep, lead, {"duplicates": [twin.pk], "override_reason": "known"}).json()
    done = rep.post(f"leads/{lead.pk}/qualify/", told["plan"])

    assert done.status_code == 201, done.content
    for kind in ("account", "contact"):
        assert done.json()[kind]["outcome"] == told[kind]["outcome"]
    assert done.json()["account"]["id"] == told["account"]["id"]
    assert not Lead.objects.get(pk=twin.pk).is_open


def test_a_value_of_nothing_on_the_lead_is_told_as_it_will_be(rep):
    lead = LeadFactory(owner=rep.user, estimated_value=Decimal(0), budget_amount=Decimal(100))

    told = rep.get(f"leads/{lead.pk}/qualification/").json()["plan"]["opportunities"][0]
    done = rep.post(f"leads/{lead.pk}/qualify/").json()

    assert told["value"] == "0.00"
    assert rep.get(f"opportunities/{done['opportunities'][0]}/").json()["value"] == "0.00"


def unmet(rep, lead):
    Lead.objects.filter(pk=lead.pk).update(email="", phone="", email_key="", phone_key="")
    return {}, {}


def undecided(rep, lead):
    for country in ("DE", "FR"):
        AccountFactory(owner=rep.user, name=lead.company, country=country)
    return {}, {}


def stale(rep, lead):
    return {}, {"If_Match": '"v9"'}


def closed(rep, lead):
    rep.post(f"leads/{lead.pk}/disqualify/", {"reason": "no-budget"})
    return {}, {}


def of_another_account(rep, lead):
    deal = OpportunityFactory(owner=rep.user, account=AccountFactory(owner=rep.user))
    return {"opportunities": [{"id": deal.pk}]}, {}


def somebody_elses_email(rep, lead):
    ContactFactory(owner=rep.user, email=lead.email)
    mine = ContactFactory(owner=rep.user, email="other@engines.example")
    return {"contact": {"id": mine.pk, "take": ["email"]}}, {}


@pytest.mark.parametrize(
    "reason", [unmet, undecided, stale, closed, of_another_account, somebody_elses_email]
)
def test_a_refusal_is_told_as_qualifying_would_answer(rep, lead, reason):
    plan, headers = reason(rep, lead)
    before = rows(with_trails=True)

    told = look(rep, lead, plan, **headers).json()["refusal"]
    assert rows(with_trails=True) == before
    refused = rep.post(f"leads/{lead.pk}/qualify/", plan, **headers)

    assert refused.status_code >= 400
    assert told == {"status": refused.status_code, **refused.json()}


def test_a_plan_that_nobody_can_carry_out_is_refused_at_once(rep, lead):
    for plan, field in (
        ({"account": {"id": 999}}, "account"),
        ({"account": {"action": "skip"}, "contact": {"action": "skip"}}, "account"),
        ({"mood": "sad"}, "mood"),
    ):
        refused = look(rep, lead, plan)
        assert refused.status_code == 400, plan
        assert field in refused.json()["errors"]


def test_who_may_only_see_the_lead_is_told_that(colleague, lead):
    told = look(colleague, lead).json()["refusal"]

    assert (told["status"], told["code"]) == (403, "not_permitted")


def test_the_leads_that_may_be_the_same_are_told(rep, outsider, lead):
    twin = LeadFactory(owner=rep.user, email=lead.email, last_name=lead.last_name)
    LeadFactory(owner=outsider.user, email=lead.email, last_name="Secretive")

    told = rep.get(f"leads/{lead.pk}/qualification/")

    first, hidden = told.json()["duplicates"]
    assert (first["id"], first["may_close"]) == (twin.pk, True)
    assert first["reasons"]
    assert (hidden["id"], hidden["may_close"], hidden["reasons"]) == (None, False, [])
    assert "Secretive" not in told.content.decode()


# Who is not meant


def test_who_is_not_meant_is_remembered_with_the_qualification(rep, lead):
    known = ContactFactory(owner=rep.user, email=lead.email)
    plan = {"contact": {"action": "create"}, "apart": {"contact": [known.pk]}}
    before = rows(with_trails=True)

    told = look(rep, lead, plan).json()
    assert rows(with_trails=True) == before
    done = rep.post(f"leads/{lead.pk}/qualify/", plan)

    assert told["contact"]["outcome"] == "created"
    assert told["plan"]["apart"] == {"contact": [known.pk]}
    assert done.status_code == 201, done.content
    assert done.json()["contact"]["id"] != known.pk
    pair = PossibleDuplicate.objects.get(kind="lead_contact", low=lead.pk, high=known.pk)
    assert (pair.dismissed_by, pair.dismissed_at is None) == (rep.user, False)
    rep.post(f"leads/{lead.pk}/undo/")
    again = rep.get(f"leads/{lead.pk}/qualification/").json()
    assert again["apart"] == {"account": [], "contact": [known.pk], "lead": []}
    assert again["contact"]["outcome"] == "undecided"


def test_who_is_not_meant_is_proposed_no_more(rep, lead):
    similar = ContactFactory(owner=rep.user, first_name=lead.first_name, last_name=lead.last_name)
    assert similar.pk in {each["id"] for each in look(rep, lead).json()["contact"]["candidates"]}

    told = look(rep, lead, {"apart": {"contact": [similar.pk]}}).json()

    assert told["contact"]["candidates"] == []


def test_without_a_word_what_to_do_instead_a_person_decides(rep, lead):
    known = ContactFactory(owner=rep.user, email=lead.email)

    refused = rep.post(f"leads/{lead.pk}/qualify/", {"apart": {"contact": [known.pk]}})

    assert (refused.status_code, refused.json()["code"]) == (409, "needs_decision")
    assert not PossibleDuplicate.objects.exists()


def test_nobody_is_meant_and_not_meant(rep, outsider, lead):
    known = ContactFactory(owner=rep.user)
    twin = LeadFactory(owner=rep.user)
    hidden = ContactFactory(owner=outsider.user)

    for plan in (
        {"contact": {"id": known.pk}, "apart": {"contact": [known.pk]}},
        {"duplicates": [twin.pk], "apart": {"lead": [twin.pk]}},
        {"apart": {"lead": [lead.pk]}},
        {"apart": {"contact": [hidden.pk]}},
        {"apart": {"contact": [999_999]}},
        {"apart": {"opportunity": [1]}},
        {"apart": {"contact": ["1"]}},
    ):
        refused = rep.post(f"leads/{lead.pk}/qualify/", plan)
        assert refused.status_code == 400, plan
        assert any(name.startswith("apart") for name in refused.json()["errors"])
    assert Lead.objects.get(pk=lead.pk).is_open
    assert not PossibleDuplicate.objects.exists()


@pytest.mark.parametrize("kind", ["account", "contact", "lead"])
def test_not_meant_can_be_said_by_itself_and_taken_back(rep, lead, kind):
    factory = {"account": AccountFactory, "contact": ContactFactory, "lead": LeadFactory}[kind]
    other = factory(owner=rep.user)
    nobody = {"account": [], "contact": [], "lead": []}

    said = rep.post(f"leads/{lead.pk}/apart/", {kind: [other.pk]})
    again = rep.post(f"leads/{lead.pk}/apart/", {kind: [other.pk]})
    back = rep.post(f"leads/{lead.pk}/together/", {kind: [other.pk]})

    assert said.status_code == 200, said.content
    assert said.json() == again.json() == {**nobody, kind: [other.pk]}
    assert back.json() == nobody
    assert PossibleDuplicate.objects.get().dismissed_at is None


# Receipts


def test_receipts_tell_each_time_and_what_became_of_each_value(rep, lead):
    account = AccountFactory(owner=rep.user, name=lead.company, phone="+49 30 7654321", city="Bonn")
    twin = LeadFactory(owner=rep.user)
    rep.post(f"leads/{lead.pk}/qualify/", {"account": {"action": "create"}})
    rep.post(f"leads/{lead.pk}/undo/")
    plan = {"account": {"id": account.pk, "take": ["phone"]}, "duplicates": [twin.pk]}
    done = rep.post(f"leads/{lead.pk}/qualify/", plan).json()

    latest, first = rep.get(f"leads/{lead.pk}/receipts/").json()["results"]

    assert (first["seq"], first["state"], first["account"]["outcome"]) == (1, "undone", "created")
    assert first["ended_by"] == rep.user.email
    assert (latest["qualification"], latest["state"]) == (done["qualification"], "active")
    assert (latest["by"], latest["duplicates"]) == (rep.user.email, [twin.pk])
    assert latest["account"]["id"] == account.pk
    lines = {line["name"]: line for line in latest["account"]["fields"]}
    assert lines["phone"] == {
        "name": "phone",
        "lead": lead.phone,
        "before": "+49 30 7654321",
        "outcome": "taken",
    }
    assert (lines["industry"]["outcome"], lines["city"]["outcome"]) == ("filled", "kept")
    email = next(line for line in latest["contact"]["fields"] if line["name"] == "email")
    assert (email["lead"], email["before"], email["outcome"]) == (lead.email, None, "filled")
    assert latest["opportunities"] == [{"id": done["opportunities"][0], "outcome": "created"}]
    assert (latest["lead"]["city"], latest["lead"]["topic"]) == ("Berlin", lead.topic)


def test_a_receipt_tells_nothing_of_what_one_may_not_see(rep, outsider, lead):
    account = AccountFactory(owner=rep.user, name=lead.company, city="Secretville")
    rep.post(f"leads/{lead.pk}/qualify/", {"account": {"id": account.pk}})
    account.owner = outsider.user
    account.save()

    told = rep.get(f"leads/{lead.pk}/receipts/")

    assert told.json()["results"][0]["account"]["id"] is None
    assert told.json()["results"][0]["account"]["fields"] == []
    assert "Secretville" not in told.content.decode()


def test_a_lead_that_was_never_qualified_has_no_receipt(rep, lead):
    assert rep.get(f"leads/{lead.pk}/receipts/").json() == {"results": []}
