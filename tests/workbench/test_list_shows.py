"""What a list shows: in which order, how high the rows are, and what it passes over."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.custom import one_of_each
from tests.factories import LeadFactory
from users.models import User


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [lead.last_name for lead in answer.context["page"]["rows"]]


def test_is_sorted_by_one_column_after_another(reps: Client, rep: User) -> None:
    for company, name in (("Apex", "Bob"), ("Acme", "Cyd"), ("Apex", "Ada"), ("Acme", "Dan")):
        LeadFactory(owner=rep, company=company, last_name=name)

    answer = reps.get("/leads/?view=all&sort=-company,name")

    assert names(answer) == ["Ada", "Bob", "Cyd", "Dan"]
    heads = {head["name"]: head for head in answer.context["heads"]}
    assert (heads["company"]["direction"], heads["company"]["place"]) == ("descending", 1)
    assert heads["name"]["place"] == 2


def test_the_menu_sends_its_columns_one_by_one(reps: Client) -> None:
    answer = reps.get("/leads/?view=all&sort=-company&sort=name&sort=")

    assert answer.context["heads"][1]["url"] == "?view=all&sort=company"
    assert [row["value"] for row in answer.context["sort_menu"]["rows"]] == ["-company", "name", ""]


def test_pages_go_on_in_the_same_order(reps: Client, rep: User) -> None:
    for number in range(60):
        LeadFactory(owner=rep, company=f"Company {number % 3}", last_name=f"N{number % 20:02}")
    whole = names(reps.get("/leads/?view=all&sort=-company,name&per=100"))

    address, paged = "/leads/?view=all&sort=-company,name&per=25", []
    while address:
        answer = reps.get(address)
        paged += names(answer)
        address = f"/leads/{link}" if (link := answer.context["page"]["next"]) else ""

    assert paged == whole
    assert len(paged) == 60


def test_own_fields_sort_beside_others(reps: Client, rep: User, admin: User) -> None:
    fields = [f for f in one_of_each("lead", by=admin).values() if f.type in ("whole", "text")]
    sort = ",".join(f"-{field.name}" for field in fields)
    for number in range(30):
        LeadFactory(owner=rep, custom={"whole": number % 3, "text": f"T{number % 2}"})

    answer = reps.get(f"/leads/?view=all&sort={sort},company&per=25")

    assert answer.status_code == 200
    assert len(names(reps.get(f"/leads/{answer.context['page']['next']}"))) == 5


def test_columns_are_moved_one_place_up(reps: Client) -> None:
    shown = "/leads/?view=all&columns=name&columns=company&columns=value&columns=owner"
    menu = reps.get(shown).context["column_menu"]
    assert [c["name"] for c in menu["others"] if c["is_below"]] == ["value", "owner"]

    for up, order in (
        ("value", ["name", "value", "company", "owner"]),
        ("owner", ["name", "company", "owner", "value"]),
        ("company", ["name", "company", "value", "owner"]),  # the first always leads
        ("secret", ["name", "company", "value", "owner"]),
    ):
        answer = reps.get(f"{shown}&up={up}")
        assert [head["name"] for head in answer.context["heads"]] == order
        assert "up=" not in answer.context["sizes"][0][1]


def test_rows_are_as_high_as_the_address_says(reps: Client, rep: User) -> None:
    LeadFactory(owner=rep)

    page = reps.get("/leads/?view=all&density=compact")

    assert "c-table--compact" in page.content.decode()
    assert [each["is_current"] for each in page.context["densities"]] == [True, False, False]
    assert page.context["densities"][1]["url"] == "?view=all"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("colour=red", "colour"),
        ("sort=password", "password"),
        ("sort=-owner__password,name", "-owner__password"),
        ("columns=name,secret", "secret"),
        ("density=huge", "huge"),
        ("page=-1", "-1"),
        ("custom.gone=1", "custom.gone"),
    ],
)
def test_tells_what_it_passes_over(reps: Client, rep: User, query: str, told: str) -> None:
    LeadFactory(owner=rep)

    answer = reps.get(f"/leads/?view=all&{query}")

    assert f"“{told}”" in answer.context["ignored"]
    assert len(names(answer)) == 1


def test_tells_of_many_in_few_words(reps: Client) -> None:
    told = reps.get("/leads/?" + "&".join(f"x{n}={'y' * 50}" for n in range(900))).context[
        "ignored"
    ]

    assert "895 more" in told
    assert len(told) < 400


def test_passes_over_nothing_that_it_knows(reps: Client) -> None:
    address = (
        "/leads/?view=all&q=a&status=open&sort=name&per=50&columns=name,company&density=compact"
    )

    assert reps.get(f"{address}&page=1&where=owner:me").context["ignored"] == ""
