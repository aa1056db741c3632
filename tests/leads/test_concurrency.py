"""Qualifying at the same moment: one lead, one company, one person, many askers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import Account, Contact, IdentityClaim
from leads.models import Lead, Qualification
from leads.operations import capture_lead, qualify, undo
from opportunities.models import Opportunity
from records.errors import Refused
from users.models import User

ASKERS = 20
SPELLINGS = [
    "Acme Inc",
    "ACME, Inc.",
    "acme",
    "Acme Ltd",
    "A.C.M.E.".replace(".", ""),
    "Acme GmbH & Co. KG",
]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boss(defaults):
    return User.objects.create_superuser("boss@crm.example", None)


def a_lead(boss, number=0, **fields):
    known = {
        "topic": f"Engines {number}",
        "first_name": "Ada",
        "last_name": f"Lovelace {number}",
        "company": SPELLINGS[number % len(SPELLINGS)],
        "email": f"ada{number}@acme.example",
    }
    return capture_lead(by=boss, **(known | fields))


def at_once(works):
    """Run all works at the same moment, each on a connection of its own; return what each gave."""
    barrier = Barrier(len(works))

    def run(work):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return work()
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_one_lead_asked_for_by_twenty_becomes_one_opportunity_and_all_get_it(boss):
    lead = a_lead(boss)

    outcomes = at_once([lambda: qualify(Lead.objects.get(pk=lead.pk), by=boss)] * ASKERS)

    assert Opportunity.objects.count() == Account.objects.count() == Contact.objects.count() == 1
    assert {outcome.qualification.pk for outcome in outcomes} == {Qualification.objects.get().pk}
    assert {outcome.opportunities for outcome in outcomes} == {(Opportunity.objects.get(),)}
    assert sum(not outcome.is_repeat for outcome in outcomes) == 1


def test_twenty_leads_of_one_company_share_one_account(boss):
    leads = [a_lead(boss, number) for number in range(ASKERS)]

    outcomes = at_once([lambda lead=lead: qualify(lead, by=boss) for lead in leads])

    assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert Account.objects.count() == 1
    assert Contact.objects.count() == Opportunity.objects.count() == ASKERS


def test_twenty_leads_of_one_person_share_one_contact(boss):
    leads = [a_lead(boss, number, email="ada@acme.example") for number in range(ASKERS)]

    at_once([lambda lead=lead: qualify(lead, by=boss) for lead in leads])

    assert Account.objects.count() == Contact.objects.count() == 1
    assert Opportunity.objects.count() == ASKERS


def test_a_company_known_by_domain_by_country_and_by_name_alone_stays_one(boss):
    knowledge = [{"website": "acme.example"}, {}, {"website": "acme.example", "country": "US"}]
    leads = [a_lead(boss, number, **knowledge[number % 3]) for number in range(ASKERS)]

    outcomes = at_once([lambda lead=lead: qualify(lead, by=boss) for lead in leads])

    assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert Account.objects.count() == 1


def test_undo_and_qualify_at_once_leave_no_half_state(boss):
    leads = [a_lead(boss, number) for number in range(6)]
    for lead in leads:
        qualify(lead, by=boss)

    works = [lambda lead=lead: undo(lead, by=boss) for lead in leads]
    works += [lambda lead=lead: qualify(lead, by=boss) for lead in leads]
    at_once(works)

    for lead in Lead.objects.all():
        active = lead.qualifications.filter(state="active").count()
        assert active == (1 if lead.status == "qualified" else 0)
    assert Opportunity.objects.count() == Lead.objects.qualified().count()
    assert Account.objects.count() <= 1
    assert IdentityClaim.objects.filter(contact__isnull=False).count() >= Contact.objects.count()
