"""The way from a list to a record, on to the next one, and back to its row."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from leads.models import Lead
from leads.operations import update_lead
from records.operations import delete_record
from tests.custom import define
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User
from workbench.operations.saved_views import save_view
from workbench.views import trail

Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def along(record: Any, query: str) -> str:
    """Return the address of a record as the list of `query` links to it."""
    return f"{record.get_absolute_url()}?{urlencode({'list': query})}"


def place(client: Client, address: str) -> tuple[str, str, str]:
    """Return position, and the addresses before and after without what they carry."""
    way = client.get(address).context["trail"]
    return way.position, way.previous_url.partition("?")[0], way.next_url.partition("?")[0]


def test_a_list_takes_one_through_its_records_and_back(reps: Client, rep: User) -> None:
    first, second, third = (LeadFactory(owner=rep, last_name=name) for name in "CBA")
    listed = reps.get("/leads/")
    address = along(second, "owner=me&status=open")

    page = reps.get(address)

    assert f'href="{address.replace("&", "&amp;")}"' in listed.content.decode()
    assert page.context["trail"].position == "2 of 3"
    assert page.context["trail"].previous_url == along(third, "owner=me&status=open")
    assert page.context["trail"].next_url == along(first, "owner=me&status=open")
    assert [crumb["label"] for crumb in page.context["crumbs"]] == ["Leads", "My open leads"]
    back = page.context["crumbs"][1]["url"]
    assert back == f"/leads/?owner=me&status=open&page=1#row-{second.pk}"
    # The ends have one neighbour.
    assert place(reps, along(third, "owner=me&status=open"))[1] == ""
    assert place(reps, along(first, "owner=me&status=open"))[2] == ""


def test_every_order_of_a_list_leads_through_all_of_it_once(
    reps: Client, rep: User, admin: User
) -> None:
    define("lead", "fleet", type="decimal", by=admin)
    for n, (value, fleet) in enumerate([(5, "2"), (None, None), (7, "10.5"), (5, None), (1, "-1")]):
        LeadFactory(
            owner=rep,
            company=f"Firm {n % 2}",
            estimated_value=value,
            custom={"fleet": fleet} if fleet else {},
        )
    every = set(Lead.objects.values_list("pk", flat=True))
    for sort in ("", "value", "-value", "company,-value", "owner", "-source", "custom.fleet",
                 "-custom.fleet", "next_step", "status"):  # fmt: skip
        query = f"view=all&sort={sort}" if sort else "view=all"
        rows = [row.pk for row in reps.get(f"/leads/?{query}").context["page"]["rows"]]
        address, seen = along(Lead.objects.get(pk=rows[0]), query), []
        while address:
            page = reps.get(address)
            seen.append(page.context["record"].pk)
            assert page.context["trail"].position == f"{len(seen)} of 5", sort
            address = page.context["trail"].next_url
        assert seen == rows, sort
        assert set(seen) == every


def test_the_other_kinds_have_it_too(reps: Client, rep: User) -> None:
    accounts = [AccountFactory(owner=rep, name=name) for name in ("Alpha", "Beta")]
    people = [ContactFactory(owner=rep, last_name=n, account=accounts[0]) for n in ("Ada", "Bo")]
    deals = [OpportunityFactory(owner=rep, account=a) for a in accounts]

    assert place(reps, along(accounts[0], "view=all")) == (
        "1 of 2", "", accounts[1].get_absolute_url(),
    )  # fmt: skip
    assert place(reps, along(people[1], f"account={accounts[0].pk}"))[0] == "2 of 2"
    assert place(reps, along(deals[0], "sort=account")) == (
        "1 of 2",
        "",
        deals[1].get_absolute_url(),
    )


def test_what_has_left_the_list_keeps_its_place(reps: Client, rep: User) -> None:
    first, second, third = (LeadFactory(owner=rep, city="Bonn") for _ in range(3))
    where = {"all": [{"field": "city", "is": "is", "value": "Bonn"}]}
    query = urlencode({"where": json.dumps(where)})
    update_lead(second, by=rep, city="Rome")

    position, before, after = place(reps, along(second, query))
    delete_record(second, by=rep)
    gone = reps.get(along(second, query))

    assert position == "No longer in this list"
    assert (before, after) == (third.get_absolute_url(), first.get_absolute_url())
    assert gone.status_code == 404
    assert "was deleted" in gone.content.decode()
    assert gone.context["trail"].next_url == along(first, query)
    back = gone.context["trail"].list_url
    # The list begins where the row would be: with the one after it.
    rows = reps.get(back.partition("#")[0]).context["page"]["rows"]
    assert [row.pk for row in rows] == [first.pk]


def test_a_saved_view_is_named_to_those_who_see_it(
    reps: Client, client: Client, rep: User, rep2: User
) -> None:
    lead = LeadFactory(owner=rep)
    view = save_view("lead", by=rep, name="Pumps", query="status=open", audience="private")
    address = along(lead, f"status=open&from={view.pk}")

    assert reps.get(address).context["crumbs"][1]["label"] == "Pumps"
    client.force_login(rep2)
    assert client.get(address).context["crumbs"][1]["label"] == "All open"


def test_nobody_is_led_to_what_they_may_not_see(reps: Client, rep: User, outsider: User) -> None:
    LeadFactory(owner=outsider)
    mine = LeadFactory(owner=rep)
    LeadFactory(owner=outsider)

    assert place(reps, along(mine, "view=all")) == ("1 of 1", "", "")


HOSTILE = [
    "%00", "page=-1", "owner=x", "sort=password", "sort=owner__password", "where={", "where=[1]",
    "status=gone", "custom.gone=1", "bin=1", "list=list", "view=99999999999999999999", "from=%00",
    "created_after=0000-00-00", "q=%F0%9F%92%A9", "q=%00", "&".join(["a=1"] * 990), "=&=&", "%",
    "after=zzz&before=[]", "account=9999999999999999999999", "per=0", "columns=,,", "%ED%A0%80",
]  # fmt: skip


def test_a_hostile_list_does_no_harm(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)

    for query in [*HOSTILE, "x" * 5000, "a=1&" * 5000]:
        for address in (along(lead, query), f"{lead.get_absolute_url()}?list={query[:1500]}"):
            answer = reps.get(address)
            assert answer.status_code in (200, 400), query[:60]
    bomb = base64.b64encode(b"0" * 1000).decode()
    assert reps.get(along(lead, bomb)).status_code == 200


def test_links_on_the_page_do_not_forget_the_list(reps: Client, rep: User) -> None:
    page = reps.get(along(LeadFactory(owner=rep), "view=all")).content.decode()

    assert "?compose=call&amp;list=view%3Dall#composer" in page


def test_places_are_counted_only_so_far(
    reps: Client, rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "MOST", 2)
    leads = [LeadFactory(owner=rep) for _ in range(4)][::-1]

    assert [place(reps, along(lead, "view=all"))[0] for lead in leads] == [
        "1 of 2+", "2 of 2+", "2+", "2+",
    ]  # fmt: skip
    back = reps.get(along(leads[3], "view=all")).context["trail"].list_url
    rows = reps.get(back.partition("#")[0]).context["page"]["rows"]
    assert [row.pk for row in rows] == [leads[3].pk]


def test_the_way_costs_one_statement(reps: Client, rep: User, statements: Statements) -> None:
    deal = OpportunityFactory(owner=rep, estimated_close_date=date(2030, 1, 1))
    reps.get(deal.get_absolute_url())
    told = []
    for address in (
        deal.get_absolute_url(),
        along(deal, "owner=me&status=open&sort=close"),
        along(deal, "owner=me&status=open&sort=stage,-value,owner"),
        along(deal, "view=all&sort=account"),
    ):
        with statements() as asked:
            reps.get(address)
        told.append(len(asked))

    assert told[1] == told[2] == told[3] == told[0] + 1 <= 15
