"""Selecting rows of a list: boxes that belong to a form, and what its buttons then ask for."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead
from leads.operations import disqualify
from tests.factories import AccountFactory, ContactFactory, LeadFactory, UserFactory
from users.models import User
from workbench.views.selection import Selection

pytestmark = pytest.mark.once  # but for what is marked `both`


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def shown(client: Client, address: str) -> str:
    return client.get(address).content.decode()


# The list


def test_each_row_has_a_box_of_the_form_below(reps, rep):
    lead = LeadFactory(owner=rep, first_name="Ada", last_name="Lovelace")

    text = shown(reps, "/leads/")

    assert 'id="selection" method="get"' in text
    assert f'name="id" value="{lead.pk}" form="selection"' in text
    assert 'aria-label="Select Ada Lovelace"' in text
    assert 'formaction="/leads/bulk/qualify/"' in text
    assert 'formaction="/duplicates/merge/"' in text
    assert 'name="from" value="?owner=me&amp;status=open"' in text


@pytest.mark.parametrize("factory", [AccountFactory, ContactFactory])
def test_accounts_and_contacts_can_be_merged_from_the_list(reps, rep, factory):
    record = factory(owner=rep)

    text = shown(reps, f"{record.get_absolute_url().rsplit('/', 2)[0]}/?view=all")

    assert f'name="id" value="{record.pk}" form="selection"' in text
    assert f'name="kind" value="{record._meta.model_name}"' in text


def test_whoever_may_do_nothing_has_no_boxes(client, db):
    client.force_login(UserFactory(may={"leads.view_lead": "all"}))
    LeadFactory()

    assert "data-select" not in shown(client, "/leads/?view=all")


def test_in_the_recycle_bin_and_on_the_card_of_another_record_there_are_none(reps, rep):
    LeadFactory(owner=rep)

    assert "data-select" not in shown(reps, "/leads/?bin=1")
    card = reps.get("/leads/?view=all", headers={"HX-Request": "true", "HX-Target": "related-1"})
    assert "data-select" not in card.content.decode()


def test_a_whole_view_is_offered_where_it_is_more_than_the_page(reps, rep):
    for _ in range(26):
        LeadFactory(owner=rep)

    assert "Select all 26" in shown(reps, "/leads/")
    assert "Select all" not in shown(reps, "/leads/?owner=me&status=open&per=50")


# What is asked for


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=5), st.text(max_size=5))
def test_any_address_is_read(view, words, whole):
    data = QueryDict(mutable=True)
    data["from"], data["all"] = view, whole
    data.setlist("id", words)

    selection = Selection.of(data)

    assert all(0 <= number < 10**18 for number in selection.numbers)
    assert selection.list_url("leads").startswith("/leads/")
    assert (selection.view is not None) == (whole == "1")


def test_a_view_that_is_too_long_to_be_read_is_none(reps, rep):
    LeadFactory(owner=rep)
    address = f"/leads/bulk/delete/?all=1&from={quote('status=open&q=' + 'a' * 4_000)}"

    assert Selection.of(reps.get(address).wsgi_request.GET).view is None
    assert "more filters than can be taken along" in reps.get(address).context["closed"]


@pytest.mark.both
def test_the_ticked_ones_are_taken_each_once(reps, rep):
    one, other = LeadFactory(owner=rep), LeadFactory(owner=rep)
    LeadFactory(owner=rep)
    asked = f"from=&id={other.pk}&id={one.pk}&id={one.pk}&id=x"

    page = reps.get(f"/leads/bulk/qualify/?{asked}")

    assert page.context["form"].initial["leads"] == f"{one.pk},{other.pk}"


def test_what_one_may_not_see_is_not_there(reps, rep, outsider):
    theirs = LeadFactory(owner=outsider)

    for action in ("qualify", "disqualify"):
        page = reps.get(f"/leads/bulk/{action}/?id={theirs.pk}&id=999999")
        assert page.context["rows"] == []
    assert reps.get(f"/duplicates/merge/?kind=lead&id={theirs.pk}&id=1").status_code == 404


def test_with_nothing_ticked_nothing_is_taken(reps, rep):
    LeadFactory(owner=rep)

    for action in ("qualify", "disqualify"):
        assert reps.get(f"/leads/bulk/{action}/?from=status%3Dopen").context["rows"] == []


@pytest.mark.both
def test_a_whole_view_is_what_its_filters_leave(reps, rep, rep2):
    mine = [LeadFactory(owner=rep, company="Acme").pk for _ in range(2)]
    LeadFactory(owner=rep, company="Other")
    theirs = LeadFactory(owner=rep2, company="Acme")
    closed = disqualify(LeadFactory(owner=rep, company="Acme"), by=rep, reason=a_reason())

    page = reps.get(f"/leads/bulk/qualify/?id=1&all=1&from={quote('?q=acme')}")

    assert page.context["form"].initial["leads"] == ",".join(map(str, mine))
    blocked = {each.lead.pk for each in page.context["rows"] if not each.is_ready}
    assert blocked == {theirs.pk, closed.pk}, "what is seen but cannot be qualified says why"


def a_reason() -> Any:
    from leads.models import DisqualifyReason

    return DisqualifyReason.objects.filter(needs_comment=False).first()


def test_cancelling_leads_back_to_the_same_view(reps, rep):
    lead = LeadFactory(owner=rep)

    page = reps.get(f"/leads/bulk/disqualify/?id={lead.pk}&from={quote('?q=a b&sort=-age')}")

    assert page.context["cancel_url"] == "/leads/?q=a+b&sort=-age"


def test_a_list_with_boxes_asks_no_more(reps, rep, statements):
    LeadFactory(owner=rep)
    reps.get("/leads/")
    with statements() as one:
        reps.get("/leads/?per=100")
    for _ in range(60):
        LeadFactory(owner=rep)
    with statements() as many:
        reps.get("/leads/?per=100")

    assert len(one) == len(many)
    assert Lead.objects.count() == 61
