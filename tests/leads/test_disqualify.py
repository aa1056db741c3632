"""Giving a lead up, and taking it up again."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, Contact
from activities.models import Activity
from activities.operations import add_task, complete
from leads.errors import LeadIsClosed, LeadIsOpen
from leads.models import DisqualifyReason
from leads.operations import capture_lead, disqualify, qualify, reopen
from records.errors import NotPermitted, Unacceptable


@pytest.fixture
def lead(rep):
    return capture_lead(
        by=rep, topic="Engines", last_name="Lovelace", company="Acme", email="ada@engine.example"
    )


@pytest.fixture
def no_need(defaults):
    return DisqualifyReason.objects.get(key="no-need")


def test_closes_the_lead_with_its_reason(lead, rep, no_need):
    tomorrow = timezone.localdate() + timedelta(days=1)

    given_up = disqualify(lead, by=rep, reason=no_need, comment="All done", revisit_on=tomorrow)

    assert given_up.status == "disqualified"
    assert given_up.status_reason == "no-need"
    assert given_up.revisit_on == tomorrow
    assert given_up.disqualified_at is not None


def test_changes_nothing_the_second_time(lead, rep, no_need):
    version = disqualify(lead, by=rep, reason=no_need).version

    assert disqualify(lead, by=rep, reason=no_need).version == version


def test_refuses_another_reason_the_second_time(lead, rep, no_need):
    disqualify(lead, by=rep, reason=no_need)

    with pytest.raises(LeadIsClosed):
        disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="lost"))


def test_refuses_a_qualified_lead(lead, rep, no_need):
    qualify(lead, by=rep)

    with pytest.raises(LeadIsClosed):
        disqualify(lead, by=rep, reason=no_need)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"comment": " "}, "comment"),
        ({"comment": "Well", "revisit_on": timezone.localdate()}, "revisit_on"),
    ],
)
def test_refuses_bad_terms_and_names_the_field(lead, rep, terms, field):
    other = DisqualifyReason.objects.get(key="other")

    with pytest.raises(Unacceptable) as refusal:
        disqualify(lead, by=rep, reason=other, **terms)

    lead.refresh_from_db()
    assert set(refusal.value.errors) == {field}
    assert lead.is_open


def test_refuses_to_be_its_own_duplicate(lead, rep, no_need):
    with pytest.raises(Unacceptable):
        disqualify(lead, by=rep, reason=no_need, duplicate_of=lead)


def test_cancels_open_tasks_and_brings_back_just_these(lead, rep, no_need):
    done = add_task(lead, by=rep, subject="Write")
    complete(done, by=rep)
    add_task(lead, by=rep, subject="Call")

    disqualify(lead, by=rep, reason=no_need)
    assert set(Activity.objects.values_list("subject", "status")) == {
        ("Write", "done"),
        ("Call", "cancelled"),
    }
    reopen(lead, by=rep)

    lead.refresh_from_db()
    assert set(Activity.objects.values_list("subject", "status")) == {
        ("Write", "done"),
        ("Call", "open"),
    }
    assert lead.next_step == "Call"


def test_keeps_the_person_as_a_contact(lead, rep, no_need):
    given_up = disqualify(lead, by=rep, reason=no_need, keep_contact=True)

    assert given_up.contact == Contact.objects.get()
    assert Account.objects.get().name == "Acme"


def test_makes_no_twin_of_a_person_that_is_a_contact(lead, rep, no_need):
    again = capture_lead(by=rep, topic="More", last_name="L", email="ada@engine.example")

    disqualify(lead, by=rep, reason=no_need, keep_contact=True)
    disqualify(again, by=rep, reason=no_need, keep_contact=True)

    assert Contact.objects.count() == 1


def test_is_refused_to_those_who_may_not(lead, rep2, outsider, no_need):
    for stranger in (rep2, outsider):
        with pytest.raises(NotPermitted):
            disqualify(lead, by=stranger, reason=no_need)


def test_reopens_with_the_progress_it_had(lead, rep, no_need):
    disqualify(lead, by=rep, reason=no_need)

    reopened = reopen(lead, by=rep)

    assert (reopened.status, reopened.progress) == ("open", "new")
    assert reopened.disqualify_reason is None


def test_does_not_reopen_what_is_open(lead, rep):
    with pytest.raises(LeadIsOpen):
        reopen(lead, by=rep)


def test_does_not_reopen_for_those_who_may_not(lead, rep, rep2, no_need):
    disqualify(lead, by=rep, reason=no_need)

    with pytest.raises(NotPermitted):
        reopen(lead, by=rep2)


def test_does_not_come_back_in_a_year_that_nobody_sees(lead, rep, no_need):
    with pytest.raises(Unacceptable) as refusal:
        disqualify(lead, by=rep, reason=no_need, comment="Later", revisit_on=date(9999, 1, 1))

    assert set(refusal.value.errors) == {"revisit_on"}


def test_leads_are_not_given_up_for_each_other_in_a_circle(rep, no_need):
    first, second, third = (
        capture_lead(by=rep, topic=name, last_name=name) for name in ("Ada", "Bab", "Cas")
    )
    disqualify(first, by=rep, reason=no_need, duplicate_of=second)
    disqualify(second, by=rep, reason=no_need, duplicate_of=third)

    with pytest.raises(Unacceptable, match="Reopen it first"):
        disqualify(third, by=rep, reason=no_need, duplicate_of=first)


def test_is_not_given_up_for_a_lead_that_is_gone_for_good(lead, rep, no_need):
    other = capture_lead(by=rep, topic="Wings", last_name="Babbage")
    type(other).all_objects.filter(pk=other.pk).delete()

    with pytest.raises(Unacceptable, match="Choose another"):
        disqualify(lead, by=rep, reason=no_need, duplicate_of=other)
