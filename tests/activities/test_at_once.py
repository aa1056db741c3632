"""Many hands on one timeline at the same moment."""

from datetime import timedelta

import pytest
from django.utils import timezone

from activities.models import Activity
from activities.operations import RecordIsReadOnly, add_task, complete, edit_activity, log_note
from leads.models import Lead
from leads.operations import assign_lead, qualify
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory
from tests.world import after, at_once

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8


def test_the_earliest_task_is_the_next_step_whoever_was_last(admin):
    account = AccountFactory(owner=admin)
    deal = OpportunityFactory(owner=admin, account=account)
    now = timezone.now()

    def plan(number):
        due = now + timedelta(days=number)
        return lambda: add_task(deal, by=admin, subject=f"Task {number}", due_at=due)

    at_once(*(plan(number) for number in range(HANDS)))

    for record in (deal, account):
        record.refresh_from_db()
        assert record.next_step == "Task 0"


def test_the_next_step_is_gone_when_all_are_done(admin):
    account = AccountFactory(owner=admin)
    tasks = [
        add_task(OpportunityFactory(owner=admin, account=account), by=admin, subject=f"Task {n}")
        for n in range(HANDS)
    ]

    at_once(*(lambda task=task: complete(task, by=admin) for task in tasks))

    account.refresh_from_db()
    assert account.next_step == ""


def test_one_task_is_completed_once(admin):
    task = add_task(LeadFactory(owner=admin), by=admin, subject="Send offer")

    at_once(*[lambda: complete(task, by=admin, text="Sent")] * HANDS)

    task.refresh_from_db()
    assert (task.text, task.version) == ("Sent", 2)


def test_a_note_is_never_lost_while_the_lead_is_qualified(admin):
    lead = LeadFactory(owner=admin)

    def note(number):
        return lambda: log_note(Lead.objects.get(pk=lead.pk), by=admin, text=f"Note {number}")

    outcomes = at_once(*(note(number) for number in range(HANDS)), lambda: qualify(lead, by=admin))

    *notes, qualified = outcomes
    written = [each for each in notes if isinstance(each, Activity)]
    assert all(isinstance(each, Activity | RecordIsReadOnly) for each in notes)
    for record in (qualified.account, qualified.contact, qualified.opportunities[0]):
        assert set(Activity.objects.on(record)) == set(written)


def test_who_waits_for_an_entry_that_is_given_away_sees_who_has_it_now(manager, rep, rep2):
    task = add_task(LeadFactory(owner=rep), by=rep, subject="Send offer")

    def correct():
        return edit_activity(Activity.objects.get(pk=task.pk), by=manager, text="By post")

    changed = after(lambda: edit_activity(task, by=manager, owner=rep2), correct)

    assert (changed.owner, changed.text) == (rep2, "By post")


def test_who_waits_for_a_lead_that_is_given_away_writes_on_it_as_it_is_now(manager, rep, rep2):
    lead = LeadFactory(owner=rep)

    after(
        lambda: assign_lead(lead, by=manager, owner=rep2),
        lambda: log_note(Lead.objects.get(pk=lead.pk), by=manager, text="She called"),
    )

    assert Activity.objects.on(lead).filter(text="She called").exists()


def test_a_lead_that_is_given_away_before_it_is_qualified_brings_its_new_owner(manager, rep, rep2):
    lead = LeadFactory(owner=rep)

    outcome = after(
        lambda: assign_lead(lead, by=manager, owner=rep2),
        lambda: qualify(Lead.objects.get(pk=lead.pk), by=manager),
    )

    assert {outcome.account.owner, outcome.opportunities[0].owner} == {rep2}
