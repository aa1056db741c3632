"""Leads by API: the record and its verbs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Account, Contact
from leads.models import Lead
from opportunities.models import Campaign, Opportunity, Product, Source
from tests.api.conftest import LEAD
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory

pytestmark = pytest.mark.django_db

FIELDS = set(
    "id version topic salutation first_name last_name job_title email phone mobile company website "
    "industry employees annual_revenue street city region postal_code country source campaign "
    "products rating description budget_amount budget_status decision_maker_known decision_maker "
    "purchase_process need need_description timeframe estimated_value currency estimated_close_on "
    "consent do_not_contact do_not_automate owner status status_reason score bant ready_since "
    "next_step next_step_at custom account contact opportunities created_at changed_at "
    "qualified_at".split()
)


def test_is_shown_with_every_field_that_is_promised(rep):
    lead = rep.post("leads/", LEAD).json()

    assert set(lead) >= FIELDS


def test_takes_and_gives_every_kind_of_value(rep):
    Product.objects.create(key="pump", name="Pump")
    Campaign.objects.create(key="fair", name="Fair")
    sent = {
        **LEAD,
        "employees": 250,
        "annual_revenue": "1500000.5",
        "estimated_value": 1200.25,
        "budget_amount": "0",
        "currency": "USD",
        "country": "de",
        "source": "Web",
        "campaign": "fair",
        "products": ["pump"],
        "rating": "hot",
        "decision_maker_known": True,
        "need": "must",
        "estimated_close_on": "2027-01-31",
        "consent": True,
    }

    lead = rep.post("leads/", sent)

    assert lead.status_code == 201, lead.content
    shown = lead.json()
    assert shown["annual_revenue"] == "1500000.50"
    assert shown["estimated_value"] == "1200.25"
    assert shown["budget_amount"] == "0.00"
    assert shown["country"] == "DE"
    assert shown["source"] == Source.objects.get(name="Web").key
    assert (shown["campaign"], shown["products"]) == ("fair", ["pump"])
    assert shown["estimated_close_on"] == "2027-01-31"
    assert shown["bant"] == {
        "budget": "partly",
        "authority": "known",
        "need": "partly",
        "timeframe": "unknown",
        "known": 1,
    }
    assert shown["created_at"].endswith("Z")
    assert shown["owner"] == rep.user.email
    assert rep.get(f"leads/{shown['id']}/").json() == shown


def test_is_listed_newest_first(rep):
    ids = [LeadFactory(owner=rep.user).pk for _ in range(3)]

    listed = rep.get("leads/").json()

    assert [lead["id"] for lead in listed["results"]] == ids[::-1]


def test_changes_only_what_is_sent(rep):
    lead = rep.post("leads/", {**LEAD, "city": "London"}).json()

    changed = rep.patch(f"leads/{lead['id']}/", {"topic": "Thirty pumps", "rating": "warm"})

    assert changed.status_code == 200
    assert changed["ETag"] == '"v2"'
    assert {**changed.json(), "version": 1, "changed_at": None} == {
        **lead,
        "topic": "Thirty pumps",
        "rating": "warm",
        "changed_at": None,
    }


def test_changing_nothing_makes_no_version(rep):
    lead = rep.post("leads/", LEAD).json()

    again = rep.patch(f"leads/{lead['id']}/", LEAD)

    assert again.json() == lead


def test_goes_to_the_bin(rep):
    lead = LeadFactory(owner=rep.user)

    assert rep.delete(f"leads/{lead.pk}/").status_code == 204
    assert rep.get(f"leads/{lead.pk}/").status_code == 404
    assert rep.delete(f"leads/{lead.pk}/").status_code == 404
    assert Lead.all_objects.get(pk=lead.pk).is_in_bin


def test_is_no_page_to_put(rep):
    lead = LeadFactory(owner=rep.user)

    refused = rep.send("PUT", f"leads/{lead.pk}/", LEAD)

    assert refused.status_code == 405
    assert refused.json()["code"] == "method_not_allowed"


def test_is_captured_for_somebody_else_or_nobody(rep, colleague, manager):
    theirs = rep.post("leads/", {**LEAD, "owner": colleague.user.email}).json()
    queued = manager.post("leads/", {**LEAD, "email": "b@b.example", "owner": None})

    assert theirs["owner"] == colleague.user.email
    assert queued.json()["owner"] is None, queued.content


def test_is_given_to_somebody_by_email_or_id(rep, colleague):
    lead = LeadFactory(owner=rep.user)
    other = LeadFactory(owner=rep.user)

    by_email = rep.post(f"leads/{lead.pk}/assign/", {"owner": colleague.user.email.upper()})
    by_id = rep.patch(f"leads/{other.pk}/", {"owner": colleague.user.pk, "city": "Rome"})

    assert by_email.json()["owner"] == colleague.user.email
    assert (by_id.json()["owner"], by_id.json()["city"]) == (colleague.user.email, "Rome")


def test_is_given_to_active_people_only(rep, colleague):
    lead = LeadFactory(owner=rep.user)
    colleague.user.is_active = False
    colleague.user.save()

    refused = rep.post(f"leads/{lead.pk}/assign/", {"owner": colleague.user.pk})

    assert refused.status_code == 400
    assert "owner" in refused.json()["errors"]


# Qualify


def test_preview_says_what_would_happen_and_writes_nothing(rep):
    lead = LeadFactory(owner=rep.user)
    account = AccountFactory(owner=rep.user, name=lead.company)

    shown = rep.get(f"leads/{lead.pk}/qualification/").json()

    assert {rule["key"] for rule in shown["rules"]} >= {"person_or_company", "reachable"}
    assert shown["may_qualify"]
    assert shown["account"]["outcome"] == "reused"
    assert shown["account"]["candidates"][0]["id"] == account.pk
    assert shown["account"]["candidates"][0]["reasons"]
    assert shown["plan"]["account"] == {"action": "use", "id": account.pk}
    assert shown["steps"]
    assert Lead.objects.get(pk=lead.pk).version == lead.version
    assert not Opportunity.objects.exists()


def test_qualify_answers_201_and_to_whoever_asks_again_200_and_the_same(rep, manager):
    lead = LeadFactory(owner=rep.user, estimated_value=Decimal(500))

    first = rep.post(f"leads/{lead.pk}/qualify/")
    again = rep.post(f"leads/{lead.pk}/qualify/", {})
    by_another = manager.post(f"leads/{lead.pk}/qualify/", {"account": {"action": "create"}})

    assert first.status_code == 201, first.content
    assert set(first.json()) == {
        "qualification",
        "lead",
        "account",
        "contact",
        "opportunities",
        "receipt",
    }
    assert first.json()["account"]["outcome"] == first.json()["contact"]["outcome"] == "created"
    assert (again.status_code, by_another.status_code) == (200, 200)
    assert first.json() == again.json() == by_another.json()
    shown = rep.get(f"leads/{lead.pk}/").json()
    assert (shown["status"], shown["status_reason"]) == ("qualified", "qualified")
    assert shown["opportunities"] == first.json()["opportunities"]
    assert shown["account"] == first.json()["account"]["id"]


def test_qualify_carries_out_a_plan(rep, colleague):
    lead = LeadFactory(owner=rep.user)
    account = AccountFactory(owner=colleague.user)
    plan = {
        "account": {"action": "use", "id": account.pk},
        "contact": {"action": "skip"},
        "opportunities": [
            {"topic": "First", "value": "10.50", "currency": "USD", "stage": "propose"},
            {"topic": "Second", "estimated_close_on": "2027-05-01", "owner": colleague.user.email},
        ],
        "lead_version": lead.version,
    }

    done = rep.post(f"leads/{lead.pk}/qualify/", plan)

    assert done.status_code == 201, done.content
    assert done.json()["account"]["id"] == account.pk
    assert done.json()["contact"] == {
        "id": None,
        "outcome": "skipped",
        "reasons": done.json()["contact"]["reasons"],
    }
    first, second = Opportunity.objects.order_by("pk")
    assert (first.topic, first.value, first.stage.key) == ("First", Decimal("10.50"), "propose")
    assert (second.topic, second.owner) == ("Second", colleague.user)
    assert not Contact.objects.exists()


def test_qualify_opens_no_opportunity_when_none_is_wanted(rep):
    lead = LeadFactory(owner=rep.user)

    done = rep.post(f"leads/{lead.pk}/qualify/", {"opportunities": []})

    assert done.json()["opportunities"] == []
    assert Account.objects.count() == 1


def test_qualify_takes_null_for_no_value_and_no_date(rep):
    lead = LeadFactory(
        owner=rep.user, estimated_value=Decimal(5000), estimated_close_date=date(2027, 3, 1)
    )
    terms = [{"topic": "First"}, {"topic": "Second", "value": None, "estimated_close_on": None}]

    done = rep.post(f"leads/{lead.pk}/qualify/", {"opportunities": terms})

    assert done.status_code == 201, done.content
    first, second = Opportunity.objects.order_by("pk")
    assert (first.value, first.estimated_close_date) == (5000, date(2027, 3, 1))
    assert (second.value, second.estimated_close_date) == (None, None)


def test_qualify_names_every_rule_that_is_not_met(rep):
    lead = LeadFactory(owner=rep.user, email="", company="Engines")

    refused = rep.post(f"leads/{lead.pk}/qualify/")

    assert refused.status_code == 422
    assert refused.json()["code"] == "rules_are_unmet"
    assert [rule["key"] for rule in refused.json()["rules"]] == ["reachable"]
    assert list(refused.json()["errors"]) == ["email"]
    assert Lead.objects.get(pk=lead.pk).is_open


def test_qualify_against_the_rules_needs_the_right_and_a_reason(rep, manager):
    lead = LeadFactory(owner=rep.user, email="")

    by_rep = rep.post(f"leads/{lead.pk}/qualify/", {"override_reason": "I know them"})
    by_manager = manager.post(f"leads/{lead.pk}/qualify/", {"override_reason": "I know them"})

    assert (by_rep.status_code, by_manager.status_code) == (422, 201)


def test_qualify_refuses_an_old_version(rep):
    lead = LeadFactory(owner=rep.user)
    rep.patch(f"leads/{lead.pk}/", {"city": "Rome"})

    by_plan = rep.post(f"leads/{lead.pk}/qualify/", {"lead_version": 1})
    by_header = rep.post(f"leads/{lead.pk}/qualify/", If_Match='"v1"')

    assert (by_plan.status_code, by_header.status_code) == (412, 412)
    assert by_plan.json()["version"] == 2
    assert not Account.objects.exists()


def test_qualify_asks_a_person_where_only_a_person_can_tell(rep):
    lead = LeadFactory(owner=rep.user, company="Engines", website="engines.example")
    there = AccountFactory(owner=rep.user, name="Engines", website="other.example")

    asked = rep.post(f"leads/{lead.pk}/qualify/", Idempotency_Key="one")

    assert asked.status_code == 409, asked.content
    assert asked.json()["code"] == "needs_decision"
    assert asked.json()["kind"] == "account"
    assert [candidate["id"] for candidate in asked.json()["candidates"]] == [there.pk]
    assert rep.get(f"leads/{lead.pk}/").json()["needs_decision"]
    assert not Contact.objects.exists()


def test_qualify_tells_nothing_of_a_candidate_that_one_may_not_see(rep, outsider):
    lead = LeadFactory(owner=rep.user, company="Engines", website="engines.example")
    hidden = AccountFactory(owner=outsider.user, name="Engines", website="secret.example")

    asked = rep.post(f"leads/{lead.pk}/qualify/")

    assert asked.status_code == 409
    assert asked.json()["candidates"][0]["id"] is None
    assert "secret" not in asked.content.decode()
    assert hidden.name in asked.content.decode()  # the lead's own word for the company


def test_qualify_links_what_one_may_not_see_without_telling_what_it_is(rep, outsider):
    lead = LeadFactory(owner=rep.user, company="Hidden Engines")
    hidden = AccountFactory(owner=outsider.user, name="Hidden Engines")

    done = rep.post(f"leads/{lead.pk}/qualify/")

    assert done.status_code == 201
    assert done.json()["account"]["id"] is None
    assert Lead.objects.get(pk=lead.pk).account == hidden
    assert rep.get(f"leads/{lead.pk}/").json()["account"] is None


@pytest.mark.once
@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"account": {"action": "use", "id": 999}}, "account"),
        ({"account": {"action": "use"}}, "account.id"),
        ({"account": {"action": "create", "id": 1}}, "account.id"),
        ({"contact": {"action": "marry"}}, "contact.action"),
        ({"contact": {"action": ["use"]}}, "contact.action"),
        ({"contact": "use"}, "contact"),
        ({"opportunities": {}}, "opportunities"),
        ({"opportunities": [{}, {"topic": "x" * 301}]}, "opportunities.1.topic"),
        ({"opportunities": [{"value": "-1"}]}, "opportunities.0.value"),
        ({"opportunities": [{"value": "NaN"}]}, "opportunities.0.value"),
        ({"opportunities": [{"stage": "qualify"}]}, "opportunities.0.stage"),
        ({"opportunities": [{"owner": "nobody@x.example"}]}, "opportunities.0.owner"),
        ({"opportunities": [{"price": 1}]}, "opportunities.0.price"),
        ({"opportunities": [{}] * 50}, "opportunities"),
        ({"lead_version": "1"}, "lead_version"),
        ({"account": {"take": ["phone"]}}, "account.take"),
        ({"contact": {"action": "create", "keep": ["phone"]}}, "contact.keep"),
        ({"account": {"id": 1, "take": "phone"}}, "account.take"),
        ({"account": {"id": 1, "take": ["phone"] * 201}}, "account.take"),
        ({"duplicates": [10**9]}, "duplicates"),
        ({"duplicates": list(range(1, 22))}, "duplicates"),
        ({"opportunity": []}, "opportunity"),
    ],
)
def test_qualify_names_what_is_wrong_with_a_plan(rep, plan, field):
    lead = LeadFactory(owner=rep.user)

    refused = rep.post(f"leads/{lead.pk}/qualify/", plan)

    assert refused.status_code == 400, refused.content
    assert field in refused.json()["errors"]
    assert Lead.objects.get(pk=lead.pk).is_open
    assert not Account.objects.exists()


def test_qualify_joins_an_open_opportunity(rep):
    lead = LeadFactory(owner=rep.user)
    account = AccountFactory(owner=rep.user)
    deal = OpportunityFactory(owner=rep.user, account=account)
    plan = {"account": {"id": account.pk}, "opportunities": [{"id": deal.pk}]}

    done = rep.post(f"leads/{lead.pk}/qualify/", plan)

    assert done.status_code == 201, done.content
    assert done.json()["opportunities"] == [deal.pk]
    assert Opportunity.objects.count() == 1


def test_qualify_takes_and_keeps_fields_of_a_record_as_the_plan_says(rep):
    lead = LeadFactory(owner=rep.user, phone="+49 30 1234567", city="Berlin", industry="Steel")
    account = AccountFactory(owner=rep.user, name=lead.company, phone="+49 30 7654321", city="Bonn")
    shown = rep.get(f"leads/{lead.pk}/qualification/").json()["account"]["differences"]
    assert {"name": "city", "theirs": "Bonn", "lead": "Berlin", "outcome": "kept"}.items() <= next(
        line for line in shown if line["name"] == "city"
    ).items()

    plan = {"account": {"id": account.pk, "take": ["phone"], "keep": ["industry"]}}
    done = rep.post(f"leads/{lead.pk}/qualify/", plan)

    assert done.status_code == 201, done.content
    found = rep.get(f"accounts/{account.pk}/").json()
    assert (found["phone"], found["city"], found["industry"]) == ("+49 30 1234567", "Bonn", "")


def test_qualify_names_a_field_that_no_lead_fills_in(rep):
    lead = LeadFactory(owner=rep.user)
    account = AccountFactory(owner=rep.user, name=lead.company)

    plan = {"account": {"id": account.pk, "take": ["shoe_size"]}}
    refused = rep.post(f"leads/{lead.pk}/qualify/", plan)

    assert refused.status_code == 400
    assert "shoe_size" in refused.json()["errors"]["account"][0]


def test_qualify_closes_the_duplicates_that_are_named(rep):
    lead, twin = LeadFactory(owner=rep.user), LeadFactory(owner=rep.user)

    done = rep.post(f"leads/{lead.pk}/qualify/", {"duplicates": [twin.pk]})

    assert done.status_code == 201, done.content
    shown = rep.get(f"leads/{twin.pk}/").json()
    assert (shown["status_reason"], shown["duplicate_of"]) == ("duplicate", lead.pk)


# Undo, disqualify, reopen


def test_undo_can_keep_the_records(rep):
    lead = LeadFactory(owner=rep.user)
    made = rep.post(f"leads/{lead.pk}/qualify/").json()

    kept = rep.post(f"leads/{lead.pk}/undo/", {"keep_records": True})
    again = rep.post(f"leads/{lead.pk}/qualify/", {"opportunities": []}).json()

    assert kept.status_code == 200, kept.content
    assert (kept.json()["status"], kept.json()["cycles"]) == ("open", 1)
    assert again["account"]["id"] == made["account"]["id"]
    assert rep.get(f"leads/{lead.pk}/").json()["cycles"] == 2


def test_undo_takes_everything_back_and_asked_again_changes_nothing(rep):
    lead = LeadFactory(owner=rep.user)
    rep.post(f"leads/{lead.pk}/qualify/")

    undone = rep.post(f"leads/{lead.pk}/undo/")
    again = rep.post(f"leads/{lead.pk}/undo/", {})

    assert undone.status_code == 200, undone.content
    assert undone.json()["status"] == "open"
    assert undone.json()["opportunities"] == []
    assert again.json() == undone.json()
    assert not Account.objects.exists()
    assert not Contact.objects.exists()
    assert rep.post(f"leads/{lead.pk}/qualify/").status_code == 201


def test_undo_lists_what_was_built_on_it(rep):
    lead = LeadFactory(owner=rep.user)
    made = rep.post(f"leads/{lead.pk}/qualify/").json()
    ContactFactory(owner=rep.user, account=Account.objects.get(pk=made["account"]["id"]))

    refused = rep.post(f"leads/{lead.pk}/undo/")

    assert refused.status_code == 409
    assert refused.json()["code"] == "cannot_undo"
    assert refused.json()["blockers"][0]["record"]["kind"] == "contact"
    assert refused.json()["blockers"][0]["text"]


def test_undo_names_nothing_that_one_may_not_see(rep, outsider):
    lead = LeadFactory(owner=rep.user)
    made = rep.post(f"leads/{lead.pk}/qualify/").json()
    account = Account.objects.get(pk=made["account"]["id"])
    ContactFactory(owner=outsider.user, account=account, last_name="Secretive")

    refused = rep.post(f"leads/{lead.pk}/undo/")

    assert refused.status_code == 409
    assert "Secretive" not in refused.content.decode()


def test_disqualify_needs_a_reason_and_reopen_takes_it_back(rep):
    lead = LeadFactory(owner=rep.user)
    other = LeadFactory(owner=rep.user)

    nothing = rep.post(f"leads/{lead.pk}/disqualify/", {})
    closed = rep.post(
        f"leads/{lead.pk}/disqualify/",
        {
            "reason": "No budget",
            "comment": "Next year",
            "revisit_on": "2030-01-01",
            "duplicate_of": other.pk,
        },
    )
    edited = rep.patch(f"leads/{lead.pk}/", {"city": "Rome"})
    reopened = rep.post(f"leads/{lead.pk}/reopen/")

    assert nothing.status_code == 400
    assert "reason" in nothing.json()["errors"]
    assert closed.status_code == 200, closed.content
    assert (closed.json()["status"], closed.json()["status_reason"]) == (
        "disqualified",
        "no-budget",
    )
    assert closed.json()["duplicate_of"] == other.pk
    assert (edited.status_code, edited.json()["code"]) == (409, "lead_is_closed")
    assert reopened.json()["status"] == "open"


def test_disqualify_says_what_is_wrong(rep):
    lead = LeadFactory(owner=rep.user)

    for terms, field in (
        ({"reason": "because"}, "reason"),
        ({"reason": "no-budget", "revisit_on": "2001-01-01"}, "revisit_on"),
        ({"reason": "no-budget", "duplicate_of": lead.pk}, "duplicate_of"),
        ({"reason": "no-budget", "duplicate_of": 999}, "duplicate_of"),
        ({"reason": "no-budget", "mood": "sad"}, "mood"),
    ):
        refused = rep.post(f"leads/{lead.pk}/disqualify/", terms)
        assert refused.status_code == 400, (terms, refused.content)
        assert field in refused.json()["errors"]
    assert Lead.objects.get(pk=lead.pk).is_open


def test_reopen_of_an_open_lead_is_refused(rep):
    lead = LeadFactory(owner=rep.user)

    refused = rep.post(f"leads/{lead.pk}/reopen/")

    assert (refused.status_code, refused.json()["code"]) == (409, "lead_is_open")
