"""The people who have a say in an opportunity."""

import pytest
from django.db import DatabaseError

from accounts.operations import delete_contact
from activities.timeline import timeline_of
from opportunities.models import Stakeholder
from opportunities.operations import (
    OpportunityIsClosed,
    add_stakeholder,
    remove_stakeholder,
    win,
)
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import ContactFactory, OpportunityFactory
from tests.world import stored


def test_names_somebody_with_a_role(rep):
    opportunity, contact = OpportunityFactory(owner=rep), ContactFactory(owner=rep)

    stakeholder = add_stakeholder(opportunity, by=rep, contact=contact, role="champion")

    assert (stakeholder.contact, stakeholder.role) == (contact, "champion")
    entry = AuditEntry.objects.get(event="opportunity.stakeholder_added")
    assert entry.changes == {
        "contact": [None, {"id": contact.pk, "label": str(contact)}],
        "role": [None, "champion"],
    }


def test_names_nobody_to_those_who_may_not_see_them(rep, outsider, admin):
    opportunity = OpportunityFactory(owner=rep)
    contact = ContactFactory(owner=outsider, last_name="Unseen")
    add_stakeholder(opportunity, by=admin, contact=contact)

    told = [c.new for e in timeline_of(opportunity, viewer=rep).entries for c in e.changes]

    assert not [text for text in told if "Unseen" in text]


def test_gives_a_new_role_to_who_is_named_already(rep):
    opportunity, contact = OpportunityFactory(owner=rep), ContactFactory(owner=rep)
    add_stakeholder(opportunity, by=rep, contact=contact)

    add_stakeholder(opportunity, by=rep, contact=contact, role="evaluator")

    assert Stakeholder.objects.get().role == "evaluator"


def test_changes_nothing_the_second_time(rep):
    opportunity, contact = OpportunityFactory(owner=rep), ContactFactory(owner=rep)
    add_stakeholder(opportunity, by=rep, contact=contact, role="champion")
    before = stored()

    add_stakeholder(opportunity, by=rep, contact=contact, role="champion")

    assert stored() == before


def test_takes_somebody_off_once(rep):
    opportunity, contact = OpportunityFactory(owner=rep), ContactFactory(owner=rep)
    add_stakeholder(opportunity, by=rep, contact=contact)

    remove_stakeholder(opportunity, by=rep, contact=contact)
    remove_stakeholder(opportunity, by=rep, contact=contact)

    assert not Stakeholder.objects.exists()
    assert AuditEntry.objects.filter(event="opportunity.stakeholder_removed").count() == 1


def test_refuses_unknown_roles_and_people_who_are_gone_or_hidden(rep, outsider):
    opportunity = OpportunityFactory(owner=rep)
    gone = delete_contact(ContactFactory(owner=rep), by=rep)

    with pytest.raises(Unacceptable, match="one of the roles"):
        add_stakeholder(opportunity, by=rep, contact=ContactFactory(owner=rep), role="king")
    with pytest.raises(Unacceptable, match="recycle bin"):
        add_stakeholder(opportunity, by=rep, contact=gone)
    with pytest.raises(NotPermitted):
        add_stakeholder(opportunity, by=rep, contact=ContactFactory(owner=outsider))


def test_is_refused_when_it_is_closed(rep):
    opportunity, contact = OpportunityFactory(owner=rep), ContactFactory(owner=rep)
    win(opportunity, by=rep)

    with pytest.raises(OpportunityIsClosed):
        add_stakeholder(opportunity, by=rep, contact=contact)
    with pytest.raises(OpportunityIsClosed):
        remove_stakeholder(opportunity, by=rep, contact=contact)


@pytest.mark.parametrize("change", [add_stakeholder, remove_stakeholder])
def test_leaves_nothing_behind_when_it_fails(rep, change, broken_trail):
    opportunity, contact = OpportunityFactory(owner=rep), ContactFactory(owner=rep)
    if change is remove_stakeholder:
        add_stakeholder(opportunity, by=rep, contact=contact)
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        change(opportunity, by=rep, contact=contact)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2):
    opportunity, contact = OpportunityFactory(owner=rep), ContactFactory(owner=rep)

    for change in (add_stakeholder, remove_stakeholder):
        with pytest.raises(NotPermitted):
            change(opportunity, by=rep2, contact=contact)
