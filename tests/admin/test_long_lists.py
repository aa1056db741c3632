"""Lists of the administration cost the same however long they are, and tell what they show."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from tests.admin.test_pages import page
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    TeamFactory,
    UserFactory,
)
from users.models import User

BIG = ["leads.Lead", "accounts.Account", "accounts.Contact", "opportunities.Opportunity"]
FACTORIES = {
    "leads.Lead": LeadFactory,
    "accounts.Account": AccountFactory,
    "accounts.Contact": ContactFactory,
    "opportunities.Opportunity": OpportunityFactory,
}


@pytest.mark.once
@pytest.mark.parametrize("label", BIG)
def test_asks_as_much_for_three_rows_as_for_thirty(
    label: str, admin: User, client: Client, statements: Any
):
    kind, factory = apps.get_model(label), FACTORIES[label]
    client.force_login(admin)
    ContentType.objects.clear_cache()

    def make(count: int) -> None:
        for _ in range(count):
            more = (
                {"account": AccountFactory()} if label.endswith(("Contact", "Opportunity")) else {}
            )
            factory(owner=UserFactory(team=TeamFactory()), **more)

    make(3)
    client.get(page(kind, "changelist"))
    with statements() as few:
        client.get(page(kind, "changelist"))
    make(27)
    with statements() as many:
        answer = client.get(page(kind, "changelist"))

    assert answer.context["cl"].result_count == 30
    assert len(few) == len(many), "\n".join(many)


def test_does_not_count_a_long_list_to_its_end(admin: User, client: Client, statements: Any):
    LeadFactory()
    client.force_login(admin)

    with statements() as told:
        client.get("/admin/leads/lead/")

    counts = [sql for sql in told if "COUNT(" in sql and "leads_lead" in sql]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)


def test_is_entered_by_staff_only(rep: User, client: Client):
    assert client.get("/admin/").status_code == 302

    client.force_login(rep)
    answer = client.get("/admin/leads/lead/", follow=True)

    assert answer.request["PATH_INFO"] != "/admin/leads/lead/"


@pytest.mark.once
@pytest.mark.parametrize(
    ("listed", "query", "status"),
    [
        ("users_user", "password__startswith=a", 400),
        ("webhooks_webhook", "secret__startswith=whsec_A", 400),
        ("webhooks_message", "body__icontains=a", 400),
        ("records_auditentry", "changes__budget_amount__1__gte=5", 400),
        ("leads_lead", "budget_amount__gte=50000", 400),
        ("leads_lead", "custom__fleet__gte=5", 400),
        ("leads_lead", "status__regex=(", 400),
        ("leads_lead", "bin=in", 200),
        ("leads_lead", "status__exact=open&owner__team__id__exact=1", 200),
        ("leads_lead", "created_at__gte=2026-01-01+00:00:00%2B00:00", 200),
        ("users_user", "roles__id__exact=1&is_staff__exact=1", 200),
    ],
)
def test_an_address_asks_no_more_than_the_filters(
    client: Client, admin: User, listed: str, query: str, status: int
) -> None:
    client.force_login(admin)

    assert client.get(f"{reverse(f'admin:{listed}_changelist')}?{query}").status_code == status
