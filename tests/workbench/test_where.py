"""Conditions in the address of a list: any field, any comparison, all of and any of."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from records.conditions import Field, Group, parse, period_of
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User
from workbench.filters.conditions import fields_for, read, read_all, written


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def asking(*where: str, path: str = "/leads/", **more: str) -> str:
    return f"{path}?{urlencode({'where': where, **more}, doseq=True)}"


def names(answer: Any) -> set[str]:
    assert answer.status_code == 200
    return {lead.last_name for lead in answer.context["page"]["rows"]}


COMPANY = {"company": Field("company", "company", "text")}

# What is kept

KEPT = [
    (["company:contains:acm"], {"Ada"}),
    (["company:is_not:Acme"], {"Bob", "Cyd"}),
    (["company:one_of:Acme,Apex"], {"Ada", "Bob"}),
    ([r"company:one_of:Cog\, Inc."], {"Cyd"}),
    (["owner:me"], {"Ada"}),
    (["owner:not_me"], {"Bob", "Cyd"}),
    (["owner:my_team"], {"Ada", "Bob"}),
    (["owner:unknown"], {"Cyd"}),
    (["created_at:during:today"], {"Ada", "Cyd"}),
    (["created_at:within_days:30"], {"Ada", "Bob", "Cyd"}),
    (["created_at:older_than_days:1"], {"Bob"}),
    (["employees:at_least:50", "employees:less_than:1000"], {"Bob"}),
    (["account.industry:is:Steel"], {"Ada"}),
    (["bant.budget:is:known"], set()),
    (['{"any":[{"field":"company","is":"is","value":"Acme"},{"field":"owner","is":"unknown"}]}'],
     {"Ada", "Cyd"}),
    ([('{"any":[{"field":"owner","is":"me"},{"all":[{"field":"employees","is":"known"},'
       '{"field":"owner","is":"my_team"}]}]}'), "company:contains:a"], {"Ada", "Bob"}),
]  # fmt: skip


@pytest.mark.parametrize(("where", "kept"), KEPT)
def test_keeps(reps: Client, rep: User, rep2: User, where: list[str], kept: set[str]) -> None:
    steel = AccountFactory(owner=rep, industry="Steel")
    LeadFactory(owner=rep, last_name="Ada", company="Acme", account=steel, employees=None)
    LeadFactory(
        owner=rep2, last_name="Bob", company="Apex", employees=50,
        created_at=timezone.now() - timedelta(days=3),
    )  # fmt: skip
    LeadFactory(owner=None, last_name="Cyd", company="Cog, Inc.", employees=1000)

    assert names(reps.get(asking(*where))) == kept


@pytest.mark.parametrize("path", ["/accounts/", "/contacts/", "/opportunities/", "/activities/"])
def test_every_list_can_be_asked(reps: Client, path: str) -> None:
    answer = reps.get(asking("owner:my_team", "created_at:during:this_quarter", path=path))

    assert answer.status_code == 200
    assert not answer.context["errors"]
    assert [chip["text"] for chip in answer.context["chips"]] == [
        "Owner is in my team",
        "Created this quarter",
    ]


def test_each_is_a_chip_that_can_be_taken_away(reps: Client) -> None:
    answer = reps.get(asking("company:contains:acme", "owner:me", status="open"))

    chips = {str(chip["label"]): chip["url"] for chip in answer.context["chips"]}

    assert parse_qs(chips["Company contains “acme”"][1:]) == {
        "where": ["owner:me"],
        "status": ["open"],
    }
    assert parse_qs(chips["Owner is me"][1:])["where"] == ["company:contains:acme"]


def test_stay_when_the_list_is_sorted_and_paged(reps: Client, rep: User) -> None:
    LeadFactory.create_batch(30, owner=rep, company="Acme")
    where = ["company:contains:acme", "owner:me"]

    answer = reps.get(asking(*where))

    for address in (answer.context["page"]["next"], answer.context["heads"][0]["url"]):
        assert parse_qs(address[1:])["where"] == where
    kept = [value for name, value in answer.context["kept"] if name == "where"]
    assert kept == where


def test_a_related_record_that_is_not_to_be_seen_tells_nothing(
    client: Client, rep: User, outsider: User
) -> None:
    theirs = AccountFactory(owner=outsider, industry="Steel", name="Secret")
    LeadFactory(owner=rep, last_name="Ada", account=theirs)
    OpportunityFactory(owner=rep, account=theirs)
    ContactFactory(owner=rep, account=theirs)
    client.force_login(rep)

    for path in ("/leads/", "/opportunities/", "/contacts/"):
        for where in ("account.industry:is:Steel", "account.name:starts_with:S"):
            if where.startswith("account.name") and path == "/opportunities/":
                continue
            answer = client.get(asking(where, path=path))
            assert answer.context["page"]["rows"] == [], (path, where)
        answer = client.get(asking("account.industry:unknown", path=path))
        assert len(answer.context["page"]["rows"]) == 1


# What is not to be read

NONSENSE = [
    "", ":", "::", "nothing:is:1", "company", "company:", "company:like:x", "company:is:",
    "owner__password:starts_with:a", "owner.password:known", "search:contains:a", "company:is:\x00",
    "owner:is:99999999999999999999", "owner:is:me", "created_at:during:never", "created_at:on:x",
    "employees:at_least:many", "employees:at_least:1e400", "{", "{}", "[]", "null", '{"all":[]}',
    '{"all":{"all":[]}}', '{"field":["company"],"is":"is","value":"x"}', '{"field":null}',
    '{"any":[{"field":{},"is":"is"}]}', '{"all":[1,2,null,"x",[[]]]}', '{"all":' * 900,
    '{"all":[' * 6 + '{"field":"company","is":"known"}' + "]}" * 6, "company:one_of:" + "a," * 500,
    "company:contains:" + "x" * 5000, "custom.gone:is:1", "custom.:is:1", "\ud800:is:1",
    "x" * 10_000,
    '{"field":"company","is":"is","value":{"a":1}}', '{"field":"employees","is":"is","value":NaN}',
    '{"field":"employees","is":"is","value":1e999}', '{"field":"company","is":["is"],"value":"x"}',
]  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize("where", NONSENSE)
def test_nonsense_is_told_and_shows_nothing(reps: Client, rep: User, where: str) -> None:
    LeadFactory(owner=rep)
    sent = quote(where.encode("utf-8", "surrogatepass"))

    answer = reps.get(f"/leads/?view=all&where={sent}")

    assert answer.status_code == 200
    assert bool(answer.context["errors"]) == bool(where.strip())
    assert len(answer.context["page"]["rows"]) == (0 if where.strip() else 1)
    assert reps.get(f"/filter/lead/?where={sent}").status_code == 200


@given(st.text(max_size=60), st.sampled_from(["", "company:", "{", '{"all":[']))
def test_any_text_is_read_or_refused(text: str, begin: str) -> None:
    with suppress(ValueError):
        read_all([begin + text])


def test_ten_thousand_of_them_are_refused(reps: Client) -> None:
    assert reps.get("/leads/?" + "where=owner:me&" * 10_000).status_code == 400


def test_more_than_fifty_are_told(reps: Client) -> None:
    answer = reps.get(asking(*["owner:me"] * 51))

    assert answer.status_code == 200
    assert "50" in str(answer.context["errors"])


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() == text
)


@given(st.lists(TEXT, min_size=1, max_size=5, unique=True), st.sampled_from(["one_of", "is"]))
def test_what_is_written_is_read_again(values: list[str], comparison: str) -> None:
    value: Any = values if comparison == "one_of" else values[0]
    group = parse({"all": [{"field": "company", "is": comparison, "value": value}]}, COMPANY)

    assert parse({"all": [read(written(group.parts[0]))]}, COMPANY) == group


def test_a_group_is_read_again() -> None:
    data = {"any": [{"field": "company", "is": "known"}, {"field": "company", "is": "unknown"}]}
    group = parse(data, COMPANY)

    assert isinstance(group, Group)
    assert parse(json.loads(written(group)), COMPANY) == group


def test_periods_meet_one_another() -> None:
    day = timezone.localdate()
    for unit in ("week", "month", "quarter", "year"):
        last, this, after = (period_of(f"{w}_{unit}", day) for w in ("last", "this", "next"))
        assert last[1] == this[0] <= day < this[1] == after[0] < after[1]


# The page


def test_is_edited_on_a_page_without_scripts(reps: Client) -> None:
    address = "/filter/lead/?status=open&page=4&where=company%3Acontains%3Aacme"
    page = reps.get(address)
    assert page.status_code == 200
    assert 'value="acme"' in page.content.decode()

    more = reps.post(
        address,
        {
            "where-kind": "all",
            "where-0-field": "company", "where-0-is": "contains", "where-0-value": "acme",
            "where-edit": "add ",
        },
    )  # fmt: skip
    assert more.status_code == 200
    assert "where-1-field" in more.content.decode()

    answer = reps.post(
        address,
        {
            "where-kind": "any",
            "where-0-field": "company", "where-0-is": "contains", "where-0-value": "acme",
            "where-1-field": "owner", "where-1-is": "me",
        },
    )  # fmt: skip

    assert answer.status_code == 302
    [where] = parse_qs(urlsplit(answer.url).query)["where"]
    assert json.loads(where)["any"][1] == {"field": "owner", "is": "me"}
    assert "page" not in parse_qs(urlsplit(answer.url).query)
    assert reps.get(answer.url).context["chips"][0]["text"] == (
        "Company contains “acme” or owner is me"
    )


@pytest.mark.once
def test_begins_with_a_row_for_the_field_that_was_chosen(reps: Client) -> None:
    page = reps.get("/filter/lead/?add=created_at&where=owner:me").content.decode()

    assert 'name="where-1-is"' in page
    assert '<option value="during"' in page


@pytest.mark.once
def test_says_what_is_missing(reps: Client) -> None:
    answer = reps.post(
        "/filter/lead/", {"where-kind": "all", "where-0-field": "company", "where-0-is": "is"}
    )

    assert answer.status_code == 422
    assert "Enter what company is compared with." in answer.content.decode()


def test_takes_every_filter_away(reps: Client) -> None:
    answer = reps.post("/filter/lead/?where=owner:me", {"where-kind": "all"})

    assert answer.url == "/leads/?view=all"


@pytest.mark.once
def test_fields_of_a_kind_are_those_of_its_vocabulary(rep: User) -> None:
    from leads.models import Lead

    assert fields_for(Lead, rep)["owner"].comparisons[0] == "me"
    assert "score" in fields_for(Lead, rep)


def test_the_menu_fetches_what_there_is_to_choose_from(reps: Client) -> None:
    address = reps.get("/leads/?status=open&where=owner:me&sort=name").context["filter_url"]
    assert address == "/filter/lead/?status=open&where=owner%3Ame&sort=name"

    menu = reps.get(address, headers={"HX-Request": "true", "HX-Target": "filter-panel"})

    fields = {label: url for _title, lines in menu.context["fields"] for label, url in lines}
    assert fields["Company"] == f"{address}&add=company"
    assert reps.get(fields["Company"]).status_code == 200
    assert ("where", "owner:me") in menu.context["kept"]
    assert "status" not in dict(menu.context["kept"])
    assert '<option value="open" selected>' in menu.content.decode()


@pytest.mark.once
def test_the_common_filters_stand_on_the_page_without_scripts(reps: Client) -> None:
    page = reps.get("/filter/opportunity/?status=open").content.decode()

    assert 'action="/opportunities/"' in page
    assert 'name="stage"' in page


@pytest.mark.once
@pytest.mark.parametrize("path", ["/leads/", "/filter/lead/"])
@pytest.mark.parametrize(
    "where",
    [
        '{"all":[' * 300 + "]}" * 300,
        '{"all":' + "[" * 900 + "]" * 900 + "}",
        r'{"all":[{"field":"\ud800","is":"is","value":"a"}]}',
        r'{"all":[{"field":"company","is":"is","value":"\ud800"}]}',
        r'{"all":[{"field":"company","is":"is","value":"a","\ud800":1}]}',
    ],
)
def test_what_no_page_can_show_is_refused(reps: Client, path: str, where: str) -> None:
    assert reps.get(asking(where, path=path)).status_code == 200
