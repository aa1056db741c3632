"""What a record's own page says of its likely duplicates."""

from __future__ import annotations

import pytest

from accounts.operations import create_account, create_contact
from leads.operations import capture_lead, dismiss_pair
from tests.factories import UserFactory

ADA = {"first_name": "Ada", "last_name": "Lovelace", "city": "Bonn", "phone": "+4930555001"}


def two_leads(by, other=None):
    known = {"last_name": "Lovelace", "first_name": "Ada", "email": "ada@one.example"}
    owners = (by, other or by)
    return [
        capture_lead(by=owner, owner=owner, topic=topic, **known)
        for owner, topic in zip(owners, ("Pumps", "Valves"), strict=True)
    ]


def two_contacts(by, other=None):
    mobile = {**ADA, "mobile": ADA["phone"], "phone": ""}
    return [
        create_contact(by=by, owner=by, **ADA),
        create_contact(by=other or by, owner=other or by, **mobile, job_title="Countess"),
    ]


def two_accounts(by, other=None):
    known = {"city": "Bonn", "country": "DE", "phone": "+4930555002"}
    return [
        create_account(by=by, owner=by, name="Nordwind Energie", **known),
        create_account(by=other or by, owner=other or by, name="Nordwind Energy", **known),
    ]


PAIRS = pytest.mark.parametrize("two", [two_leads, two_contacts, two_accounts])


@pytest.fixture
def visitor(client, rep):
    client.force_login(rep)
    return client


def page_of(client, record):
    return client.get(record.get_absolute_url()).content.decode()


@PAIRS
def test_leads_from_a_record_to_comparing_it_with_its_likely_duplicate(visitor, rep, two):
    one, other = two(rep)

    page = page_of(visitor, one)

    kind = one._meta.model_name
    compare = f"/duplicates/merge/?kind={kind}&amp;id={one.pk}&amp;id={other.pk}"
    assert "Possible duplicate." in page
    assert f'href="{compare}"' in page
    assert visitor.get(compare.replace("&amp;", "&")).status_code == 200


@PAIRS
def test_says_of_a_hidden_duplicate_only_that_it_is_there(visitor, rep, outsider, two):
    one, other = two(rep, outsider)

    page = page_of(visitor, one)

    assert "that you cannot open looks like this one" in page
    assert other.get_absolute_url() not in page
    assert "/duplicates/merge/?kind" not in page.split("Possible duplicate.")[1].split("</div>")[0]
    for secret in ("Valves", "Countess", "Nordwind Energy"):
        assert secret not in page


@PAIRS
def test_is_quiet_once_somebody_said_that_they_are_different(visitor, rep, two):
    one, other = two(rep)
    dismiss_pair(one, other, by=rep)

    assert "Possible duplicate." not in page_of(visitor, one)


@PAIRS
def test_offers_no_merge_to_those_who_may_not_change(client, rep, two):
    one, _other = two(rep)
    kinds = ("leads.view_lead", "accounts.view_contact", "accounts.view_account")
    client.force_login(UserFactory(may=dict.fromkeys(kinds, "all")))

    page = page_of(client, one)

    assert "Possible duplicate." in page
    assert "Compare and merge" not in page
