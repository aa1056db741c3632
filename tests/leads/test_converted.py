"""Leads converted elsewhere: into what they became there, unless that contradicts itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead
from leads.operations.converted import adopt_conversion
from opportunities.models import LossReason
from opportunities.operations import lose, win
from records.errors import Unacceptable
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory, clerk
from users.models import User


@pytest.fixture
def acme(rep: User) -> Any:
    return AccountFactory(owner=rep, name="Acme")


def an_opportunity(rep: User, *, end: str = "open", **places: Any) -> Any:
    opportunity = OpportunityFactory(owner=rep, **places)
    if end == "won":
        return win(opportunity, by=clerk())
    if end == "lost":
        return lose(opportunity, by=clerk(), reason=LossReason.objects.get(key="price"))
    return opportunity


@pytest.mark.parametrize("end", ["open", "won", "lost"])
def test_a_lead_becomes_what_it_became_whatever_its_opportunity_is_by_now(rep, acme, end):
    opportunity = an_opportunity(rep, end=end, account=acme)
    lead = LeadFactory(owner=rep)

    outcome = adopt_conversion(
        lead, by=clerk(), account=acme, contact=None, opportunity=opportunity
    )

    assert outcome.account == acme
    link = outcome.qualification.opportunity_links.get()
    assert (link.opportunity, link.is_created) == (opportunity, False)


@pytest.mark.parametrize("end", ["open", "won", "lost"])
def test_an_opportunity_of_another_company_is_refused(rep, acme, end):
    other = an_opportunity(rep, end=end, account=AccountFactory(owner=rep, name="Other"))
    lead = LeadFactory(owner=rep)

    with pytest.raises(Unacceptable, match="belongs to another company or person") as refusal:
        adopt_conversion(lead, by=clerk(), account=acme, contact=None, opportunity=other)

    assert list(refusal.value.errors) == ["opportunity"]
    lead.refresh_from_db()
    assert lead.is_open


def test_an_opportunity_is_known_by_the_person_where_no_company_is_named(rep, acme):
    ada = ContactFactory(owner=rep, account=acme)
    own = an_opportunity(rep, end="won", contact=ada, account=None)
    of_the_company = an_opportunity(rep, end="won", account=acme)
    bob = ContactFactory(owner=rep)
    bobs = an_opportunity(rep, end="won", contact=bob, account=None)

    for opportunity in (own, of_the_company):
        lead = LeadFactory(owner=rep)
        outcome = adopt_conversion(
            lead, by=clerk(), account=None, contact=ada, opportunity=opportunity
        )
        assert outcome.contact == ada
    with pytest.raises(Unacceptable):
        adopt_conversion(
            LeadFactory(owner=rep), by=clerk(), account=None, contact=ada, opportunity=bobs
        )


def test_an_opportunity_alone_says_whose_it_is(rep, acme):
    opportunity = an_opportunity(rep, end="won", account=acme)

    outcome = adopt_conversion(
        LeadFactory(owner=rep), by=clerk(), account=None, contact=None, opportunity=opportunity
    )

    assert outcome.account == acme


def test_a_moment_that_has_not_come_is_refused(rep, acme):
    lead = LeadFactory(owner=rep)

    with pytest.raises(Unacceptable, match="a day that has not come"):
        adopt_conversion(
            lead,
            by=clerk(),
            account=acme,
            contact=None,
            at=timezone.now() + timedelta(days=1),
        )

    assert Lead.objects.get(pk=lead.pk).is_open
