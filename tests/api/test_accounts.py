"""Accounts and contacts by API."""

from __future__ import annotations

import pytest

from accounts.models import Account, Contact
from tests.factories import AccountFactory, ContactFactory

pytestmark = pytest.mark.django_db

ACCOUNT = {"name": "Engines Ltd", "website": "engines.example", "country": "GB", "employees": 12}
CONTACT = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@engines.example"}


def test_an_account_is_added_read_changed_and_binned(rep):
    parent = AccountFactory(owner=rep.user)

    added = rep.post("accounts/", {**ACCOUNT, "parent": parent.pk, "annual_revenue": "10"})
    address = f"accounts/{added.json()['id']}/"
    read = rep.get(address)
    changed = rep.patch(address, {"city": "London", "parent": None})
    binned = rep.delete(address)

    assert added.status_code == 201, added.content
    assert read.json() == added.json()
    assert read["ETag"] == added["ETag"] == '"v1"'
    assert read.json()["parent"] == parent.pk
    assert (changed.json()["city"], changed.json()["parent"]) == ("London", None)
    assert changed.json()["version"] == 2
    assert binned.status_code == 204
    assert binned.content == b""
    assert rep.get(address).status_code == 404


def test_a_contact_is_added_read_changed_and_binned(rep):
    account = AccountFactory(owner=rep.user)

    added = rep.post("contacts/", {**CONTACT, "account": account.pk, "consent": True})
    address = f"contacts/{added.json()['id']}/"
    changed = rep.patch(address, {"mobile": "+44 20 7946 0000"})

    assert added.status_code == 201, added.content
    assert added.json()["account"] == account.pk
    assert rep.get(address).json() == changed.json()
    assert changed.json()["mobile"] == "+44 20 7946 0000"
    assert rep.delete(address).status_code == 204
    assert rep.get("contacts/").json()["results"] == []


def test_a_twin_is_refused_and_named_unless_a_person_says_it_is_another(rep):
    first = rep.post("accounts/", ACCOUNT).json()

    refused = rep.post("accounts/", ACCOUNT)
    declared = rep.post("accounts/", {**ACCOUNT, "is_different": True})

    assert refused.status_code == 409
    assert refused.json()["code"] == "account_exists"
    assert refused.json()["existing"] == {"kind": "account", "id": first["id"]}
    assert "name" in refused.json()["errors"]
    assert declared.status_code == 201
    assert "is_different" not in declared.json()


def test_a_twin_that_one_may_not_see_is_told_without_a_field_of_it(rep, outsider):
    ContactFactory(
        owner=outsider.user, first_name="Secret", last_name="Name", email=CONTACT["email"]
    )

    refused = rep.post("contacts/", CONTACT)

    assert refused.status_code == 409
    assert refused.json()["existing"] is None
    assert "Secret" not in refused.content.decode()
    assert Contact.objects.count() == 1


def test_a_rep_changes_what_the_team_owns_but_does_not_bin_it(rep, colleague):
    account = AccountFactory(owner=colleague.user)

    assert rep.patch(f"accounts/{account.pk}/", {"city": "Rome"}).status_code == 200
    assert rep.delete(f"accounts/{account.pk}/").status_code == 403
    assert Account.objects.filter(pk=account.pk).exists()


def test_a_record_out_of_scope_cannot_be_named(rep, outsider):
    hidden = AccountFactory(owner=outsider.user)

    refused = rep.post("contacts/", {**CONTACT, "account": hidden.pk})
    unknown = rep.post("contacts/", {**CONTACT, "account": 999_999})

    assert refused.status_code == 400
    assert refused.json() == unknown.json()
    assert "account" in refused.json()["errors"]
