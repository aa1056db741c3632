"""Many programs at once: one effect, and the same answer for everybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from accounts.models import Account
from leads.models import Lead, Qualification
from opportunities.models import Opportunity
from tests.api.conftest import LEAD
from tests.factories import LeadFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("defaults")]

MANY = 12


def at_once(*requests: Any) -> list[Any]:
    """Send all requests from a thread each; return the answers."""

    def run(send: Any) -> Any:
        try:
            return send()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(run, requests))


def test_one_key_is_one_lead(rep):
    answers = at_once(*[lambda: rep.post("leads/", LEAD, Idempotency_Key="k")] * MANY)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert Lead.objects.count() == 1


def test_one_lead_is_qualified_once(rep):
    lead = LeadFactory(owner=rep.user)

    answers = at_once(*[lambda: rep.post(f"leads/{lead.pk}/qualify/")] * MANY)

    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert len({answer.content for answer in answers}) == 1
    assert Opportunity.objects.count() == Account.objects.count() == 1
    assert Qualification.objects.count() == 1


def test_leads_of_one_company_share_one_account(rep):
    spellings = ["Engines Ltd", "ENGINES", "engines, inc.", "Engines Limited"]
    leads = [LeadFactory(owner=rep.user, company=spellings[n % 4]) for n in range(MANY)]

    answers = at_once(
        *[
            lambda pk=lead.pk: rep.post(f"leads/{pk}/qualify/", Idempotency_Key=f"k{pk}")
            for lead in leads
        ]
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["account"]["id"] for answer in answers}) == 1
    assert Account.objects.count() == 1
    assert Opportunity.objects.count() == MANY


def test_of_two_edits_of_one_version_one_is_refused(rep):
    lead = LeadFactory(owner=rep.user)

    answers = at_once(
        *[
            lambda n=n: rep.patch(f"leads/{lead.pk}/", {"city": f"City {n}"}, If_Match='"v1"')
            for n in range(MANY)
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (MANY - 1)
    assert Lead.objects.get(pk=lead.pk).version == 2
