"""The page that says what somebody may do with a record, and why."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.may import KINDS, verdicts_on
from leads.models import Lead
from records.permissions import reaches
from tests.factories import LeadFactory, TeamFactory, UserFactory
from users.models import User

pytestmark = pytest.mark.django_db


def test_says_what_permissions_decide(rep: User, rep2: User, admin: User) -> None:
    lead = LeadFactory(owner=rep2)
    for user in (rep, rep2, admin):
        for verdict, action in zip(
            verdicts_on(user, Lead, lead),
            ("view", "add", "change", "delete"),
            strict=False,
        ):
            assert verdict.may == reaches(user, action, lead)


def test_says_why(admin: User, client: Client) -> None:
    reader = UserFactory(may={"leads.view_lead": "own"}, team=TeamFactory(name="North"))
    other = UserFactory(name="Ada", team=TeamFactory(name="South"))
    lead = LeadFactory(owner=other)
    client.force_login(admin)
    address = reverse("admin:users_user_may", args=[reader.pk])

    page = client.get(address, {"kind": "lead", "number": lead.pk}).content.decode()
    gone = client.get(address, {"kind": "lead", "number": lead.pk + 999}).content.decode()

    assert "only those that they own. This one belongs to Ada (South)." in page
    assert "No role grants it." in page
    assert "There is no such record." in gone
    client.force_login(reader)
    assert client.get(address).status_code in {302, 403, 404}


def test_asks_little_of_the_database(rep: User, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        for model in KINDS.values():
            verdicts_on(User.objects.get(pk=rep.pk), model)
