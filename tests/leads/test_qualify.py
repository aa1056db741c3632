"""Qualifying a lead."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.errors import NeedsDecision
from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import create_account, create_contact
from activities.models import Activity
from activities.operations import add_task, log_note
from leads.errors import LeadIsClosed, RulesAreUnmet
from leads.models import DisqualifyReason, Lead, Qualification
from leads.operations import (
    Plan,
    Target,
    Terms,
    capture_lead,
    delete_lead,
    disqualify,
    qualify,
    update_lead,
)
from opportunities.models import Opportunity, Product, Stage
from opportunities.operations import open_opportunity
from records.errors import IsInBin, NotPermitted, Stale, Unacceptable
from records.models import AuditEntry


def a_lead(rep, **fields):
    known = {
        "topic": "Engines",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company": "Analytical Engines Ltd",
        "email": "ada@engine.example",
    }
    return capture_lead(by=rep, **(known | fields))


def counts():
    return (Account.objects.count(), Contact.objects.count(), Opportunity.objects.count())


def test_makes_an_account_a_contact_and_an_opportunity(rep):
    lead = a_lead(rep, estimated_value=Decimal("86000"), need="must", source=None)

    outcome = qualify(lead, by=rep)

    assert counts() == (1, 1, 1)
    opportunity = outcome.opportunities[0]
    assert (opportunity.topic, opportunity.value) == ("Engines", Decimal("86000"))
    assert (opportunity.account, opportunity.contact) == (outcome.account, outcome.contact)
    assert opportunity.need == "must"
    assert opportunity.stage.key == "develop"
    assert outcome.contact.account == outcome.account
    assert outcome.lead.status == "qualified"
    assert outcome.qualification.result["account"]["outcome"] == "created"


def test_uses_the_contact_and_account_that_exist(rep):
    known = qualify(a_lead(rep), by=rep)

    outcome = qualify(a_lead(rep, email="ADA@engine.example ", topic="More"), by=rep)

    assert (outcome.account, outcome.contact) == (known.account, known.contact)
    assert outcome.qualification.result["contact"] == {
        "id": known.contact.pk,
        "outcome": "reused",
        "reasons": ["Same email", "Same name", "Same company"],
    }
    assert counts() == (1, 1, 2)


def test_answers_the_same_when_it_is_asked_again(rep, manager):
    lead = a_lead(rep)
    first = qualify(lead, by=rep)

    again = qualify(lead, by=manager, plan=Plan(account=Target("skip")))

    assert again.is_repeat
    assert again.qualification == first.qualification
    assert again.opportunities == first.opportunities
    assert counts() == (1, 1, 1)


def test_leaves_nothing_behind_when_it_fails(rep):
    lead = a_lead(rep)
    Stage.objects.filter(is_for_leads=False).delete()  # no stage to open the opportunity at

    with pytest.raises(Exception):  # noqa: B017 - whatever the last step says
        qualify(lead, by=rep)

    lead.refresh_from_db()
    assert lead.is_open
    assert counts() == (0, 0, 0)
    assert not IdentityClaim.objects.exists()
    assert not AuditEntry.objects.exclude(event="lead.created").exists()


def test_is_refused_to_those_who_may_not(rep, rep2, outsider):
    lead = a_lead(rep)

    for stranger in (rep2, outsider):
        with pytest.raises(NotPermitted):
            qualify(lead, by=stranger)

    assert counts() == (0, 0, 0)


def test_is_refused_with_every_unmet_rule_at_once(rep):
    lead = a_lead(rep, email="", phone="12")

    with pytest.raises(RulesAreUnmet) as refusal:
        qualify(lead, by=rep)

    assert refusal.value.unmet == {
        "reachable": {"label": "No valid email or phone", "field": "email"}
    }


def test_goes_against_the_rules_with_a_reason_by_those_who_may(rep, manager):
    lead = a_lead(rep, email="", phone="12")
    plan = Plan(override_reason="Met her at the fair")

    with pytest.raises(RulesAreUnmet):
        qualify(lead, by=rep, plan=plan)
    outcome = qualify(lead, by=manager, plan=plan)

    assert outcome.qualification.override_reason == "Met her at the fair"
    assert AuditEntry.objects.get(event="lead.qualified").reason == "Met her at the fair"


def test_refuses_a_disqualified_and_a_deleted_lead(rep):
    given_up, binned = a_lead(rep), a_lead(rep)
    disqualify(given_up, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))
    delete_lead(binned, by=rep)

    with pytest.raises(LeadIsClosed):
        qualify(given_up, by=rep)
    with pytest.raises(IsInBin):
        qualify(binned, by=rep)


def test_refuses_a_lead_that_changed_since_it_was_read(rep):
    lead = a_lead(rep)

    update_lead(lead, by=rep, description="Seen at the fair")

    with pytest.raises(Stale, match="in the meantime"):
        qualify(lead, by=rep, plan=Plan(lead_version=lead.version))


def test_refuses_a_version_that_never_was_without_naming_anybody(rep):
    lead = a_lead(rep)

    with pytest.raises(Stale) as refusal:
        qualify(lead, by=rep, plan=Plan(lead_version=99))

    assert str(refusal.value) == f"There is no version 99 of {lead}; the current one is 1."


def test_parks_a_lead_about_which_only_a_person_can_decide(rep):
    create_account(by=rep, name="Analytical Engines", country="FR")
    lead = a_lead(rep, country="GB")

    with pytest.raises(NeedsDecision):
        qualify(lead, by=rep)

    lead.refresh_from_db()
    assert lead.is_open
    assert "different country" in lead.needs_decision
    assert counts() == (1, 0, 0)


def test_creates_beside_a_namesake_when_a_person_decides_so(rep):
    create_account(by=rep, name="Analytical Engines", country="GB")
    lead = a_lead(rep, country="GB")

    outcome = qualify(lead, by=rep, plan=Plan(account=Target("create")))

    assert counts() == (2, 1, 1)
    assert outcome.account.claims.get().slot == 1


def test_uses_the_account_that_a_person_chooses(rep):
    other = create_account(by=rep, name="Difference Engines")

    outcome = qualify(a_lead(rep), by=rep, plan=Plan(account=Target("use", other.pk)))

    assert outcome.account == other
    assert outcome.contact.account == other


def test_refuses_an_account_outside_the_scope_as_one_that_is_not_there(rep, outsider):
    theirs = create_account(by=outsider, name="Secret Engines")

    for pk in (theirs.pk, 987654321):
        with pytest.raises(Unacceptable) as refusal:
            qualify(a_lead(rep), by=rep, plan=Plan(account=Target("use", pk)))
        assert refusal.value.errors == {"account": ["There is no such account."]}


def test_links_a_twin_outside_the_scope_rather_than_doubling_it(rep, outsider):
    theirs = create_account(by=outsider, name="Analytical Engines", city="")

    outcome = qualify(a_lead(rep, city="London"), by=rep)

    assert outcome.account == theirs
    theirs.refresh_from_db()
    assert theirs.city == ""


def test_never_moves_a_contact_to_another_account(rep):
    home = create_account(by=rep, name="Difference Engines")
    contact = create_contact(by=rep, last_name="Lovelace", email="ada@engine.example", account=home)

    outcome = qualify(a_lead(rep), by=rep)

    assert (outcome.contact, outcome.account) == (contact, home)
    contact.refresh_from_db()
    assert contact.account == home


def test_fills_only_empty_fields_of_what_is_reused(rep):
    account = create_account(by=rep, name="Analytical Engines", city="Oxford")
    create_contact(by=rep, last_name="Byron", email="ada@engine.example", account=account)

    outcome = qualify(a_lead(rep, city="London", job_title="Countess", industry="Steam"), by=rep)

    assert (outcome.account.city, outcome.account.industry) == ("Oxford", "Steam")
    assert (outcome.contact.last_name, outcome.contact.job_title) == ("Byron", "Countess")


def test_keeps_do_not_contact_whatever_the_contact_said(rep):
    create_contact(by=rep, last_name="Lovelace", email="ada@engine.example")

    outcome = qualify(a_lead(rep, do_not_contact=True), by=rep)

    assert outcome.contact.do_not_contact


def test_skips_what_is_to_be_skipped(rep):
    outcome = qualify(a_lead(rep), by=rep, plan=Plan(account=Target("skip"), opportunities=()))

    assert outcome.account is None
    assert counts() == (0, 1, 0)


def test_refuses_to_skip_both(rep):
    with pytest.raises(Unacceptable):
        qualify(a_lead(rep), by=rep, plan=Plan(Target("skip"), Target("skip")))


def test_makes_no_person_of_a_bare_company(rep):
    lead = a_lead(rep, first_name="", last_name="", email="", phone="+442079460000")

    outcome = qualify(lead, by=rep, plan=Plan(contact=Target("skip")))

    assert outcome.contact is None
    assert outcome.account.phone == "+442079460000"


def test_opens_several_opportunities(rep):
    plan = Plan(opportunities=(Terms(topic="One", value=Decimal(5)), Terms(topic="Two")))

    outcome = qualify(a_lead(rep), by=rep, plan=plan)

    assert [o.topic for o in outcome.opportunities] == ["One", "Two"]
    assert outcome.qualification.opportunity_links.filter(is_primary=True).count() == 1


def test_takes_value_and_date_from_the_lead_where_nothing_is_said(rep):
    lead = a_lead(rep, estimated_value=Decimal(5000), estimated_close_date=date(2027, 3, 1))

    opened = qualify(lead, by=rep, plan=Plan(opportunities=(Terms(topic="One"),)))

    opportunity = opened.opportunities[0]
    assert (opportunity.value, opportunity.estimated_close_date) == (5000, date(2027, 3, 1))
    assert opened.qualification.plan["opportunities"][0].keys() >= {"topic", "stage", "owner"}
    assert "value" not in opened.qualification.plan["opportunities"][0]


def test_opens_an_opportunity_without_the_value_and_the_date_that_were_said_to_be_none(rep):
    lead = a_lead(rep, estimated_value=Decimal(5000), estimated_close_date=date(2027, 3, 1))

    terms = Terms(value=None, estimated_close_date=None)
    opened = qualify(lead, by=rep, plan=Plan(opportunities=(terms,)))

    opportunity = opened.opportunities[0]
    assert (opportunity.value, opportunity.estimated_close_date) == (None, None)
    assert opened.qualification.plan["opportunities"][0]["value"] is None


def test_joins_an_opportunity_that_is_open_already(rep):
    account = create_account(by=rep, name="Analytical Engines")
    standing = open_opportunity("Standing", by=rep, owner=rep, account=account)

    outcome = qualify(a_lead(rep), by=rep, plan=Plan(opportunities=(Terms(opportunity=standing),)))

    assert outcome.opportunities == (standing,)
    assert Opportunity.objects.count() == 1


def test_refuses_to_join_the_opportunity_of_another_account(rep):
    other = create_account(by=rep, name="Difference Engines")
    standing = open_opportunity("Standing", by=rep, owner=rep, account=other)

    with pytest.raises(Unacceptable):
        qualify(a_lead(rep), by=rep, plan=Plan(opportunities=(Terms(opportunity=standing),)))

    assert counts() == (1, 0, 1)


def test_shows_the_activities_of_the_lead_on_all_three_once(rep):
    lead = a_lead(rep)
    log_note(lead, by=rep, text="She wants steam")
    add_task(lead, by=rep, subject="Call her", due_at=timezone.now())

    outcome = qualify(lead, by=rep)

    for record in (lead, outcome.account, outcome.contact, *outcome.opportunities):
        assert Activity.objects.on(record).count() == 2
    opportunity = Opportunity.objects.get()
    assert opportunity.next_step == "Call her"


def test_carries_product_interest_into_lines(rep):
    product = Product.objects.create(key="engine", name="Engine", price=Decimal(10))
    lead = a_lead(rep, products=[product])

    outcome = qualify(lead, by=rep)

    assert outcome.opportunities[0].lines.get().product == product


def test_keeps_a_frozen_copy_of_the_lead(rep):
    outcome = qualify(a_lead(rep, city="London"), by=rep)

    frozen = Qualification.objects.get().frozen
    assert (frozen["city"], frozen["status"]) == ("London", "open")
    assert outcome.qualification.rule_version == "1"


def test_uses_what_was_picked_on_the_lead(rep):
    account = create_account(by=rep, name="Difference Engines")
    lead = a_lead(rep, account=account)

    assert qualify(lead, by=rep).account == account


def test_gives_an_unassigned_lead_to_who_qualifies_it(manager):
    lead = capture_lead(
        by=manager, is_unassigned=True, topic="Engines", company="Acme", email="a@acme.example"
    )

    outcome = qualify(lead, by=manager)

    assert outcome.opportunities[0].owner == manager
    assert Lead.objects.get().owner is None
