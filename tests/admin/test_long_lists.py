"""Lists of the administration cost the same however long they are, and are for staff."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import Client

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
