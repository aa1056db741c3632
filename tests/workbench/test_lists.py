"""Any list, shown by that of leads: narrowed, sorted, page by page, at one price."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead
from leads.operations import qualify
from leads.views import LeadList
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
)
from users.models import User
from workbench.views.counting import MOST_COUNTED, CountUpTo, count_text
from workbench.views.paging import cursor_of, keys_for, place_of

Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def many(count: int, owner: User, **fields: Any) -> None:
    """Add leads without the operation's ceremony: a list only reads."""
    start = timezone.now()
    Lead.objects.bulk_create(
        Lead(
            topic=f"Topic {n}",
            last_name=f"Name {n:04}",
            company=f"Company {n % 7}",
            owner=owner,
            search=f"name {n:04} company {n % 7}",
            created_at=start - timedelta(minutes=n),
            base_value=None if n % 3 else n * 10,
            estimated_value=None if n % 3 else n * 10,
            **fields,
        )
        for n in range(count)
    )


def names(answer: Any) -> list[str]:
    return [lead.last_name for lead in answer.context["page"]["rows"]]


PART = {"HX-Request": "true", "HX-Target": "list-body"}


def walk(client: Client, address: str, way: str = "next") -> tuple[list[list[str]], Any]:
    """Follow the pager to the end; return the names on each page, and the last answer."""
    pages = []
    while True:
        answer = client.get(address, headers=PART)
        page = answer.context_data["page"]  # type: ignore[attr-defined]
        pages.append([lead.last_name for lead in page["rows"]])
        link = page[way]
        if not link:
            return pages, answer
        address = f"/leads/{link}"


# What is shown


def test_shows_my_open_leads_when_nothing_is_asked(reps: Client, rep: User, rep2: User) -> None:
    mine = LeadFactory(owner=rep)
    LeadFactory(owner=rep2)

    assert names(reps.get("/leads/")) == [mine.last_name]


def test_shows_all_that_one_may_see_and_no_more(reps: Client, rep2: User, outsider: User) -> None:
    theirs = LeadFactory(owner=rep2)
    queued = LeadFactory(owner=None)
    LeadFactory(owner=outsider)

    assert set(names(reps.get("/leads/?view=all"))) == {theirs.last_name, queued.last_name}


def test_adds_no_filter_of_its_own_to_a_link(reps: Client, rep2: User) -> None:
    theirs = LeadFactory(owner=rep2)
    qualify(theirs, by=rep2)

    assert names(reps.get("/leads/?status=qualified")) == [theirs.last_name]


def test_counts_every_tab(reps: Client, rep: User, rep2: User) -> None:
    LeadFactory.create_batch(2, owner=rep)
    LeadFactory(owner=rep2)
    LeadFactory(owner=None)

    counts = {str(t["label"]): t["count"] for t in reps.get("/leads/").context["views"]}

    assert counts["My open leads"] == "2"
    assert counts["All open"] == "4"
    assert counts["Unassigned"] == "1"


def test_marks_the_tab_whose_filters_hold(reps: Client) -> None:
    def current(address: str) -> list[str]:
        tabs = reps.get(address).context["views"]
        return [str(tab["label"]) for tab in tabs if tab["is_current"]]

    assert current("/leads/") == ["My open leads"]
    assert current("/leads/?owner=none&status=open&sort=name&q=ada") == ["Unassigned"]
    assert current("/leads/?owner=me") == []


def test_sums_the_whole_view(reps: Client, rep: User) -> None:
    many(60, rep)

    answer = reps.get("/leads/?owner=me&per=25")

    assert answer.context["sums"]["total"] == sum(n * 10 for n in range(0, 60, 3))
    assert answer.context["sums"]["by_currency"] == []


def test_sums_each_currency_where_there_are_several(reps: Client, rep: User) -> None:
    many(4, rep)
    many(4, rep, currency="USD")

    sums = reps.get("/leads/?owner=me").context["sums"]

    assert sums["total"] == 60
    assert sums["by_currency"] == [("EUR", 30), ("USD", 30)]


def test_counts_exactly_to_ten_thousand_and_no_further(
    reps: Client, rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_COUNTED == 10_000
    many(12, rep)
    count = CountUpTo.__init__

    def to_ten(self: Any, rows: Any, limit: int = 10) -> None:
        count(self, rows, min(limit, 10))

    monkeypatch.setattr(CountUpTo, "__init__", to_ten)
    for module in ("list", "paged"):
        monkeypatch.setattr(f"workbench.views.{module}.MOST_COUNTED", 10)
    monkeypatch.setattr("workbench.views.list.MOST_IN_TAB", 5)

    answer = reps.get("/leads/?view=all&per=25")

    assert answer.context["page"]["is_capped"]
    assert answer.context["sums"] is None
    assert {tab["count"] for tab in answer.context["views"]} == {"5+", "0"}
    assert count_text(10_001) == "10,000+"
    assert count_text(10_000) == "10,000"


# Narrowing

FILTERS = [
    ("owner=me", {"mine", "ready"}),
    ("owner=none", {"queued"}),
    ("q=lovelace+mine", {"mine"}),
    ("q=MINE", {"mine"}),
    ("status=open&owner=me", {"mine", "ready"}),
    ("progress=new&owner=me", {"mine", "ready"}),
    ("next_step=none&owner=me", {"ready"}),
    ("next_step=late", {"mine"}),
    ("ready=1", {"ready"}),
    ("source=none&owner=me", {"mine", "ready"}),
    ("created=today&owner=me", {"mine", "ready"}),
    ("qualified=month", set()),
    ("qualified_after=2001-01-01", set()),
    ("created_after=2001-01-01&owner=me", {"mine", "ready"}),
    ("created_before=2001-01-01", set()),
    ("created_before=9999-12-31&owner=me", {"mine", "ready"}),
    ("created_after=0001-01-01&owner=me", {"mine", "ready"}),
    ("closed_after=2001-01-01", set()),
    ("days_min=0", set()),
    ("team=none", {"queued"}),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_narrows(reps: Client, rep: User, query: str, expected: set[str]) -> None:
    mine = LeadFactory(owner=rep, last_name="mine", first_name="Lovelace")
    yesterday = timezone.now() - timedelta(days=1)
    ActivityFactory(on=mine, owner=rep, kind="task", due_at=yesterday)
    LeadFactory(owner=None, last_name="queued")
    LeadFactory(
        owner=rep, last_name="ready", budget_amount=1, budget_status="can_buy", need="must",
        need_description="Now", timeframe="immediate", decision_maker_known=True,
    )  # fmt: skip

    assert set(names(reps.get(f"/leads/?{query}"))) == expected


def test_a_value_that_is_no_choice_shows_nothing_and_says_so(reps: Client, rep: User) -> None:
    LeadFactory(owner=rep)

    answer = reps.get("/leads/?status=asleep")

    assert answer.status_code == 200
    assert names(answer) == []
    assert "asleep" in answer.content.decode()


def test_every_applied_filter_can_be_taken_away(reps: Client) -> None:
    chips = reps.get("/leads/?owner=me&status=open&sort=name").context["chips"]

    assert [(str(c["label"]), str(c["value"]), c["url"]) for c in chips] == [
        ("Owner", "me", "?status=open&sort=name"),
        ("Status", "Open", "?owner=me&sort=name"),
    ]


HOSTILE = [
    "sort=nothing", "sort=owner__password", "sort=--name", "sort=-", "sort=%00", "page=-1",
    "page=0", "page=9999999999", "page=1e9", "page=%00", "page=" + "9" * 5000, "per=7", "per=-1",
    "per=999999", "q=%00", "q=" + "x" * 10_000, "q=%ED%A0%80", "q=%F0%9F%92%A9", "q=%25%27%22",
    "q=---", "owner=%00", "owner=9999999999999999999999", "owner=-1", "owner=x", "status=%00",
    "source=x", "source=%00", "source=99999999999999999999", "created_after=x",
    "created_after=0000-00-00", "created_before=99999-01-01", "created=always", "ready=maybe",
    "days_min=-1", "days_max=" + "9" * 400, "after=x", "after=%00", "before=bnVsbA",
    "after=W10", "after=W251bGxd", "after=WyIyMDI2IiwgMV0", "after=WzEsWzFdXQ",
    "after=" + "W" * 9000, "before=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwxXQ",
    "after=WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTEyOjAwIiwxXQ", "sort=value&after=WyIxZTk5OTk5IiwxXQ",
    "sort=value&after=WyJOYU4iLDFd", "sort=company&after=WyJhXHUwMDAwYiIsMV0",
    "view=%00", "owner=me&owner=none", "&&&=&=", "team=x", "reason=x",
]  # fmt: skip


def test_answers_whatever_is_asked(reps: Client, rep: User) -> None:
    many(60, rep)

    for query in HOSTILE:
        whole = reps.get(f"/leads/?{query}")
        some = reps.get(f"/leads/?{query}&owner=me&status=open", headers=PART)
        assert max(whole.status_code, some.status_code) < 500, query[:80]


# Sorting and paging

SORTS = sorted(
    way + name
    for name, column in LeadList.table_class.base_columns.items()
    if column.order_by
    for way in ("", "-")
)


def test_every_row_comes_once_whatever_the_order(reps: Client, rep: User) -> None:
    many(60, rep)

    for sort in ("", *SORTS):
        forward, end = walk(reps, f"/leads/?view=all&per=25&sort={sort}")
        backward, _ = walk(reps, f"/leads/{end.context_data['page']['previous']}", "previous")

        assert [len(page) for page in forward] == [25, 25, 10], sort
        assert len({name for page in forward for name in page}) == 60, sort
        assert backward[::-1] == forward[:-1], sort


def test_sorts_what_has_no_value_last_both_ways(reps: Client, rep: User) -> None:
    many(9, rep)

    def values(sort: str) -> list[Any]:
        rows = reps.get(f"/leads/?view=all&sort={sort}").context["page"]["rows"]
        return [None if row.base_value is None else int(row.base_value) for row in rows]

    assert values("value")[:4] == [0, 30, 60, None]
    assert values("-value")[:4] == [60, 30, 0, None]


def test_says_which_way_it_is_sorted(reps: Client) -> None:
    heads = {head["name"]: head for head in reps.get("/leads/?sort=-name").context["heads"]}

    assert heads["name"]["direction"] == "descending"
    assert "sort=name" in heads["name"]["url"]
    assert "sort=-value" in heads["value"]["url"]


def test_a_page_by_its_number_stays_within_what_is_counted(reps: Client, rep: User) -> None:
    many(60, rep)

    page = reps.get("/leads/?view=all&per=25&page=2").context["page"]
    beyond = reps.get("/leads/?view=all&per=25&page=9999999999").context["page"]

    assert (page["first"], page["last"]) == (26, 50)
    assert (beyond["first"], beyond["last"]) == (51, 60)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_a_cursor_that_is_none_is_no_place(text: str) -> None:
    place = place_of(text, keys_for(Lead, ["-created_at"]))

    assert place is None or len(place) == 2


def test_a_cursor_survives_its_way_through_the_address() -> None:
    keys = keys_for(Lead, ["-created_at"])
    lead = Lead(pk=7, created_at=timezone.now().replace(microsecond=123000))

    assert place_of(cursor_of(lead, keys), keys) == [lead.created_at, 7]


# What it costs, and how it comes


@pytest.mark.once
@pytest.mark.parametrize(
    "query", ["", "?view=all", "?q=name&sort=-value&source=none&owner=me", "?sort=owner&per=100"]
)
def test_costs_the_same_at_ten_rows_and_at_a_thousand(
    reps: Client, rep: User, statements: Statements, query: str
) -> None:
    many(10, rep)
    reps.get(f"/leads/{query}")
    with statements() as few:
        reps.get(f"/leads/{query}")
    many(990, rep)

    with statements() as all_of_them:
        reps.get(f"/leads/{query}")

    assert len(few) == len(all_of_them)
    assert len(few) <= 10, "\n".join(few)


def test_a_page_is_light(reps: Client, rep: User) -> None:
    many(200, rep)

    assert len(reps.get("/leads/").content) <= 64 * 1024


@pytest.mark.parametrize("part", ["list", "list-body"])
def test_only_the_part_comes_to_htmx(reps: Client, part: str) -> None:
    answer = reps.get("/leads/", headers={"HX-Request": "true", "HX-Target": part})

    text = answer.content.decode()
    assert "<html" not in text
    assert f'id="{part}"' in text
    assert "HX-Request" in answer.headers["Vary"]


def test_what_stands_around_the_rows_follows_a_text_that_is_typed(reps: Client, rep: User) -> None:
    many(2, rep)
    part = {"HX-Request": "true", "HX-Target": "list-body"}

    text = reps.get("/leads/?q=ada&owner=me", headers=part).content.decode()

    parts = dict(
        re.findall(r'id="(list-\w+)" hx-swap-oob="true">(.*?)(?=id="list-|$)', text, re.DOTALL)
    )
    assert set(parts) == {"list-views", "list-chips", "list-tools"}
    assert 'action="/leads/?q=ada&amp;owner=me"' in parts["list-tools"]  # what is exported
    assert 'name="q" value="ada"' in parts["list-tools"]  # when it is sorted
    assert 'href="?q=ada"' in parts["list-chips"]  # without the other filter
    assert "q%3Dada" in parts["list-views"]  # what a new view keeps
    whole = reps.get("/leads/?q=ada", headers={**part, "HX-Target": "list"}).content.decode()
    assert 'id="list-tools" hx-swap-oob' not in whole


def test_proposes_records_while_one_types(reps: Client, rep: User, outsider: User) -> None:
    lead = LeadFactory(owner=rep, last_name="Marchetti")
    LeadFactory(owner=outsider, last_name="Marchetti", first_name="Hidden")

    text = reps.get("/lookup/lead/?field=lead&lead=marche").content.decode()

    assert f"(#{lead.pk})" in text
    assert "Hidden" not in text
    assert "option" not in reps.get("/lookup/lead/?q=").content.decode()
    assert reps.get("/lookup/user/?q=a").status_code == 404
    assert reps.get("/lookup/activity/?q=a").status_code == 200
    assert reps.get("/lookup/lead/?q=%00" + "x" * 9000).status_code == 200


# Columns


def heads(answer: Any) -> list[str]:
    return [head["name"] for head in answer.context["heads"]]


def test_shows_the_columns_that_the_address_names_in_its_order(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, company="Engines Ltd")

    answer = reps.get("/leads/?view=all&columns=status,company")

    assert heads(answer) == ["name", "status", "company"]
    (row,) = answer.context["table"].cells
    assert [len(row["cells"]), row["cells"][2][1]] == [3, lead.company]


def test_the_menu_sends_boxes_and_the_address_says_it_in_one_word(reps: Client, rep: User) -> None:
    LeadFactory(owner=rep)

    boxes = reps.get("/leads/?owner=me&columns=name&columns=source&columns=owner")

    assert heads(boxes) == ["name", "source", "owner"]
    assert "columns=name%2Csource%2Cowner" in boxes.context["sizes"][0][1]
    assert [head["url"] for head in boxes.context["heads"]] == [
        f"?owner=me&columns=name%2Csource%2Cowner&sort={name}"
        for name in ("name", "source", "owner")
    ]
    assert ("columns", "name,source,owner") in boxes.context["kept"]


def test_the_menu_keeps_filters_and_offers_the_standard_columns(reps: Client) -> None:
    first = reps.get("/leads/").context["column_menu"]
    chosen = reps.get("/leads/?owner=me&columns=name,company").context["column_menu"]

    assert ("status", "open") in first["kept"]
    assert first["reset_url"] == ""
    assert [c["name"] for c in first["others"] if not c["is_shown"]] == [
        "score",
        "owner",
        "tags",
        "decision",
        "why",
        "automation",
    ]
    assert chosen["reset_url"] == "?owner=me"
    assert [c["name"] for c in chosen["others"] if c["is_shown"]] == ["company"]


@pytest.mark.parametrize("columns", ["gone", "name", ",,", "custom.gone,name", "name," * 3000])
def test_a_column_that_is_gone_is_passed_over(reps: Client, columns: str) -> None:
    answer = reps.get("/leads/", {"view": "all", "columns": columns})

    assert answer.status_code == 200
    assert heads(answer) in (["name"], heads(reps.get("/leads/?view=all")))


def test_chosen_columns_stay_from_tab_to_tab(reps: Client) -> None:
    tabs = reps.get("/leads/?view=all&columns=company").context["views"]

    assert all(tab["url"].endswith("&columns=name%2Ccompany") for tab in tabs)
    assert heads(reps.get(f"/leads/{tabs[3]['url']}")) == ["name", "company"]


@pytest.mark.parametrize("path", ["/opportunities/", "/contacts/"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_neither_order_nor_place_tells_the_name_of_a_hidden_account(
    client: Client, rep: User, outsider: User, path: str, sign: str
) -> None:
    make: Any = OpportunityFactory if path == "/opportunities/" else ContactFactory
    names = ["Bath", "Orchardworth", "York"]
    owners = [outsider, outsider, rep]
    hidden, secret, seen = [
        AccountFactory(owner=owner, name=name) for owner, name in zip(owners, names, strict=True)
    ]
    rows = [make(owner=rep, account=account) for account in (secret, hidden, seen)]
    rows += [make(owner=rep, account=secret) for _ in range(30)]
    client.force_login(rep)

    page = client.get(f"{path}?sort={sign}account&view=all").context["page"]

    shown = [row.pk for row in page["rows"]]
    others = shown[1:]
    assert shown[0] == rows[2].pk  # the only one whose account is to be seen
    assert others == sorted(others, reverse=sign == "-")
    place = re.search("after=([^&]*)", page["next"])[1]  # type: ignore[index]
    assert b"Orchardworth" not in base64.urlsafe_b64decode(place + "==")
    rest = client.get(f"{path}{page['next']}").context["page"]["rows"]
    assert {row.pk for row in rest} == {row.pk for row in rows} - set(shown)
