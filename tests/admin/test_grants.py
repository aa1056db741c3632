"""The grants of a role as a table."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.admin import grantable
from tests.factories import UserFactory
from users.models import Grant, Role, User

pytestmark = pytest.mark.django_db


def test_is_filled_in_and_saved_whole(admin: User, client: Client) -> None:
    role = Role.objects.get(name="Sales rep")
    client.force_login(admin)
    address = reverse("admin:users_role_grants", args=[role.pk])
    before = dict(role.grants.values_list("permission", "scope"))

    rows = client.get(address).context["rows"]
    cells = [cell for row in rows for cell in (*row["cells"], *row["more"]) if cell]
    sent = {
        cell["name"]: value for cell in cells for value, _label, chosen in cell["options"] if chosen
    }
    client.post(address, sent)
    assert dict(role.grants.values_list("permission", "scope")) == before
    client.post(address, sent | {"grant-leads.view_lead": "all", "grant-leads.add_lead": ""})

    after = dict(role.grants.values_list("permission", "scope"))
    assert after["leads.view_lead"] == "all"
    assert "leads.add_lead" not in after
    assert after.keys() | {"leads.add_lead"} == before.keys()


def test_nobody_grants_more_than_they_hold(client: Client) -> None:
    role = Role.objects.create(name="Guest")
    may = {"users.view_role": "all", "users.change_role": "all", "leads.view_lead": "own"}
    clerk = UserFactory(may=may, is_staff=True)
    client.force_login(clerk)
    address = reverse("admin:users_role_grants", args=[role.pk])

    page = client.post(address, {"grant-leads.view_lead": "all"}).content.decode()

    assert "Nobody may grant more than they hold: leads.view_lead" in page
    assert not role.grants.exists()
    client.post(address, {"grant-leads.view_lead": "own"})
    assert role.grants.get().scope == "own"


@pytest.mark.once
def test_the_form_of_a_role_knows_every_grant_of_a_new_installation(defaults: None) -> None:
    known = {name for _kind, lines in grantable() for name, _words in lines}

    assert set(Grant.objects.values_list("permission", flat=True)) - known == set()
