"""Undoing a qualification."""

import pytest

from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import create_account, create_contact, merge_accounts, update_account
from activities.models import Activity
from activities.operations import add_task, log_note
from crm.integrity import findings
from leads.errors import CannotUndo, LeadIsOpen
from leads.models import Lead, Qualification
from leads.operations import (
    Plan,
    Target,
    Terms,
    capture_lead,
    leave,
    qualify,
    reopen,
    undo,
    update_lead,
)
from opportunities.models import Opportunity
from opportunities.operations import open_opportunity, update_opportunity
from records.errors import NotPermitted
from tests.custom import define
from tests.snapshots import rows
from users.models import User


def a_lead(rep, **fields):
    known = {
        "topic": "Engines",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company": "Analytical Engines Ltd",
        "email": "ada@engine.example",
        "phone": "+442079460000",
    }
    return capture_lead(by=rep, **(known | fields))


def test_gives_back_every_row_as_it_was(rep):
    lead = a_lead(rep)
    log_note(lead, by=rep, text="She wants steam")
    add_task(lead, by=rep, subject="Call her")
    before = rows()

    qualify(lead, by=rep)
    assert rows() != before
    undo(lead, by=rep)

    assert rows() == before


def test_gives_reused_records_back_as_they_were(rep):
    account = create_account(by=rep, name="Analytical Engines", city="Oxford")
    create_contact(by=rep, last_name="Byron", email="ada@engine.example", account=account)
    lead = a_lead(
        rep, city="London", industry="Steam", website="engine.example", job_title="Countess"
    )
    before = rows()

    qualify(lead, by=rep)
    assert rows() != before
    undo(lead, by=rep)

    assert rows() == before


def test_lets_qualify_work_again_and_keeps_each_cycle(rep):
    lead = a_lead(rep)

    for _ in range(3):
        qualify(lead, by=rep)
        undo(lead, by=rep)
    qualify(lead, by=rep)

    states = Qualification.objects.order_by("seq").values_list("seq", "state")
    assert list(states) == [(1, "undone"), (2, "undone"), (3, "undone"), (4, "active")]
    assert Opportunity.objects.count() == 1


def test_changes_nothing_when_it_is_asked_again(rep):
    lead = a_lead(rep)
    qualify(lead, by=rep)
    first = undo(lead, by=rep)
    version = Lead.objects.get().version

    assert undo(lead, by=rep) == first

    assert Lead.objects.get().version == version


def test_brings_home_what_was_added_since(rep):
    lead = a_lead(rep)
    outcome = qualify(lead, by=rep)
    log_note(outcome.opportunities[0], by=rep, text="They agree")
    log_note(outcome.contact, by=rep, text="Prefers mail")

    undo(lead, by=rep)

    assert {a.text for a in Activity.objects.on(lead)} == {"They agree", "Prefers mail"}


def test_is_refused_with_what_people_have_changed(rep):
    lead = a_lead(rep)
    outcome = qualify(lead, by=rep)
    update_opportunity(outcome.opportunities[0], by=rep, topic="Bigger engines")

    with pytest.raises(CannotUndo) as refusal:
        undo(lead, by=rep)

    assert [b.record for b in refusal.value.blockers] == [outcome.opportunities[0]]
    assert "topic" in refusal.value.reasons[0]
    assert Lead.objects.get().status == "qualified"


def test_is_not_refused_for_what_a_machine_has_changed(rep, admin):
    machine = User.objects.create_superuser("machine@crm.example", None, is_machine=True)
    lead = a_lead(rep)
    outcome = qualify(lead, by=rep)
    update_opportunity(outcome.opportunities[0], by=machine, topic="Scored engines")

    undo(lead, by=rep)

    assert not Opportunity.objects.exists()


def test_is_refused_with_what_depends_on_it(rep):
    lead = a_lead(rep)
    outcome = qualify(lead, by=rep)
    person = create_contact(by=rep, last_name="Babbage", account=outcome.account)
    deal = open_opportunity("Second", by=rep, owner=rep, account=outcome.account)
    branch = create_account(by=rep, name="Engines North", parent=outcome.account)

    with pytest.raises(CannotUndo) as refusal:
        undo(lead, by=rep)

    assert {b.record for b in refusal.value.blockers} == {person, deal, branch}


def test_is_refused_when_another_lead_shares_what_was_made(rep):
    lead = a_lead(rep)
    qualify(lead, by=rep)
    second = a_lead(rep, topic="More")
    qualify(second, by=rep)

    with pytest.raises(CannotUndo) as refusal:
        undo(lead, by=rep)
    undo(second, by=rep)
    undo(lead, by=rep)

    assert second in {b.record for b in refusal.value.blockers}
    assert not Account.objects.exists()


def test_is_not_refused_for_a_lead_that_joined_and_was_undone(rep):
    lead, second = a_lead(rep), a_lead(rep, topic="More")
    deal = qualify(lead, by=rep).opportunities[0]
    qualify(second, by=rep, plan=Plan(opportunities=(Terms(opportunity=deal),)))

    with pytest.raises(CannotUndo):
        undo(lead, by=rep)
    undo(second, by=rep)
    undo(lead, by=rep)

    assert not Opportunity.objects.exists()


def test_forgets_the_account_that_was_picked_before_and_is_gone(rep):
    first = a_lead(rep)
    made = qualify(first, by=rep).account
    other = create_account(by=rep, name="Difference Works")
    lead = a_lead(rep, last_name="Babbage", email="charles@works.example", phone="", account=made)
    qualify(lead, by=rep, plan=Plan(account=Target("use", other.pk)))
    undo(first, by=rep)

    undo(lead, by=rep)

    assert Lead.objects.get(pk=lead.pk).account is None
    assert list(findings()) == []


def test_gives_back_what_the_account_was_merged_into_that_was_picked_before(rep):
    picked, kept = (create_account(by=rep, name=name) for name in ("Engines", "Mills"))
    other = create_account(by=rep, name="Difference Works")
    lead = a_lead(rep, account=picked)
    qualify(lead, by=rep, plan=Plan(account=Target("use", other.pk)))
    merge_accounts(kept, [picked], by=rep)

    undo(lead, by=rep)

    assert Lead.objects.get(pk=lead.pk).account == kept
    assert list(findings()) == []


def test_keeps_a_change_of_another_field_of_a_reused_record(rep):
    account = create_account(by=rep, name="Analytical Engines")
    lead = a_lead(rep, city="London")
    qualify(lead, by=rep)
    update_account(account, by=rep, description="Old friends")

    undo(lead, by=rep)

    account.refresh_from_db()
    assert (account.city, account.description) == ("", "Old friends")


def test_is_refused_when_somebody_changed_what_was_filled_in(rep):
    account = create_account(by=rep, name="Analytical Engines")
    lead = a_lead(rep, city="London")
    qualify(lead, by=rep)
    update_account(account, by=rep, city="Paris")

    with pytest.raises(CannotUndo):
        undo(lead, by=rep)


def test_is_not_refused_for_a_second_lead_that_replaced_values_and_was_undone(rep):
    account = create_account(by=rep, name="Analytical Engines")
    first = a_lead(rep, website="engine.example", industry="Steam")
    second = a_lead(rep, first_name="Charles", email="charles@engine.example", phone="",
                    website="machines.example", industry="Brass")  # fmt: skip
    before = rows()
    qualify(first, by=rep)
    took = Target("use", account.pk, take=("industry",))
    qualify(second, by=rep, plan=Plan(account=took))
    with pytest.raises(CannotUndo):
        undo(first, by=rep)

    undo(second, by=rep)
    undo(first, by=rep)

    assert rows() == before
    assert list(findings()) == []


def test_is_not_refused_for_a_second_lead_that_filled_what_the_first_one_made(rep):
    first = a_lead(rep, phone="")
    second = a_lead(rep, first_name="Charles", email="charles@engine.example", industry="Brass")
    before = rows()
    account = qualify(first, by=rep).account
    qualify(second, by=rep, plan=Plan(account=Target("use", account.pk)))

    undo(second, by=rep)
    undo(first, by=rep)

    assert rows() == before


def test_is_refused_when_a_second_edit_left_another_value_than_the_first(rep):
    account = create_account(by=rep, name="Analytical Engines")
    lead = a_lead(rep, industry="Steam")
    qualify(lead, by=rep)
    for industry in ("Brass", "Iron"):
        account = update_account(account, by=rep, industry=industry)

    with pytest.raises(CannotUndo) as refusal:
        undo(lead, by=rep)
    update_account(account, by=rep, industry="Steam")
    undo(lead, by=rep)

    assert len(refusal.value.blockers) == 2
    assert Account.objects.get().industry == ""


def test_frees_what_was_claimed(rep):
    lead = a_lead(rep)
    qualify(lead, by=rep)

    undo(lead, by=rep)

    assert not IdentityClaim.objects.exists()


def test_is_refused_to_those_who_may_not(rep, rep2, outsider):
    lead = a_lead(rep)
    qualify(lead, by=rep)

    for stranger in (rep2, outsider):
        with pytest.raises(NotPermitted):
            undo(lead, by=stranger)

    assert Contact.objects.count() == 1


def test_is_refused_for_a_lead_that_was_never_qualified(rep):
    with pytest.raises(LeadIsOpen):
        undo(a_lead(rep), by=rep)


def test_leaves_the_records_where_a_person_wants_to_keep_them(rep):
    lead = a_lead(rep)
    outcome = qualify(lead, by=rep)
    update_opportunity(outcome.opportunities[0], by=rep, topic="Bigger engines")

    reopen(lead, by=rep)

    lead.refresh_from_db()
    assert lead.is_open
    assert Opportunity.objects.count() == 1
    again = qualify(lead, by=rep)
    assert (again.account, again.contact) == (outcome.account, outcome.contact)


def test_leaves_a_lead_only_once(rep):
    lead = a_lead(rep)
    qualify(lead, by=rep)
    leave(lead, by=rep)

    with pytest.raises(LeadIsOpen):
        leave(lead, by=rep)


def test_is_stopped_by_a_custom_field_that_links_to_what_was_made(admin, rep):
    define("lead", "deal", type="record", target="opportunity", label="Deal", by=admin)
    lead = a_lead(rep)
    qualify(lead, by=rep)
    opportunity = Opportunity.objects.get()
    by = User.objects.get(pk=rep.pk)
    other = capture_lead(
        by=by, topic="Looms", last_name="Jacquard", custom={"deal": opportunity.pk}
    )

    with pytest.raises(CannotUndo) as refusal:
        undo(lead, by=rep)

    assert [(b.text, b.record) for b in refusal.value.blockers] == [
        (f"Lead {other} links to it: Deal", other)
    ]
    update_lead(other, by=User.objects.get(pk=rep.pk), custom={"deal": None})
    undo(lead, by=rep)
