"""The pages, files and answers about the past: what they show leads to exactly its rows."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from opportunities.models import Opportunity
from opportunities.operations import delete_opportunity, open_opportunity, update_opportunity, win
from tests.reports.test_overview import listed
from tests.reports.test_past import at, day
from users.models import User
from users.operations import issue_token

pytestmark = pytest.mark.once  # what a page makes of figures that are asked of both

PAST = f"/reports/pipeline-as-of/?as_of={day(1)}"
BRIDGE = f"/reports/bridge/?from={day(0)}&to={day(9)}"


@pytest.fixture
def deals(admin: User, rep: User) -> list[Opportunity]:
    """One that stays and is worth more, one that was won, one that lies in the recycle bin."""
    with at(0):
        stays, won, gone = (
            open_opportunity(name, by=admin, owner=rep, value=Decimal(value))
            for name, value in (("Stays", 1000), ("Won", 200), ("Gone", 30))
        )
    with at(3):
        update_opportunity(stays, by=admin, value=Decimal("1000.55"))
        win(won, by=admin)
        delete_opportunity(gone, by=admin)
    return [stays, won, gone]


def counts(card: Any) -> dict[str, int]:
    rows = card["table"].all_rows
    return {cell.url: cell.value for row in rows for cell in row.cells if cell.kind == "count"}


@pytest.mark.both
@pytest.mark.parametrize("address", [PAST, BRIDGE])
@pytest.mark.parametrize("who", ["rep", "manager", "outsider", "admin"])
def test_every_count_opens_its_list(
    client: Client, deals: Any, address: str, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))

    found = counts(client.get(address).context)

    assert {url: listed(client, url) for url in found} == found
    assert max(found.values()) == (0 if who == "outsider" else 3)


def test_what_lies_in_the_bin_is_listed_where_it_was_and_nowhere_else(
    client: Client, deals: Any, manager: User
) -> None:
    client.force_login(manager)
    page = client.get(f"/opportunities/?as_of={day(1)}").context

    stays, won, gone = (deal.get_absolute_url() for deal in deals)
    assert {row["url"].split("?")[0] for row in page["table"].cells} == {stays, won, gone}
    assert page["views"][1]["count"] == "1"  # all open, today
    assert listed(client, f"/opportunities/?as_of={day(4)}") == 1
    assert listed(client, "/opportunities/?view=all") == 2


def test_the_file_adds_up(client: Client, deals: Any, manager: User) -> None:
    client.force_login(manager)

    text = client.get(f"{BRIDGE}&format=csv").content.decode()

    heads, opening, *lines, closing = csv.reader(StringIO(text))
    for place in range(2, len(heads)):
        total = sum((Decimal(line[place]) for line in lines), Decimal(opening[place]))
        assert total == Decimal(closing[place]), heads[place]
    assert Decimal(closing[2]) == Decimal("1000.55")


@pytest.mark.parametrize(
    "query",
    [
        "as_of=", "as_of=today", "as_of=0000-00-00", "as_of=0001-01-01", "as_of=1726-07-04",
        "as_of=2999-12-31", "as_of=9999-12-31", "as_of=2026-02-30", "as_of=%00", "owner=9999999",
        "from=2026-05-02&to=2026-05-01", "from=1726-01-01&to=2999-12-31", "to=1000-01-01",
        "from=2999-12-31", "from=x&to=y", "team=none", "period=of+peace", f"as_of={'9' * 400}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["pipeline-as-of", "bridge"])
def test_bad_input_gets_a_sensible_card(
    client: Client, deals: Any, manager: User, name: str, query: str
) -> None:
    client.force_login(manager)

    page = client.get(f"/reports/{name}/?{query}")

    assert page.status_code == 200
    assert "NaN" not in page.content.decode()
    assert client.get(f"/reports/{name}/?{query}&format=csv").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "as_of=x", "as_of=0001-01-01", "as_of=9999-12-31", "since=2026-13-01", "change=sold",
        "then_stage=0", "then_owner=everybody", "then_team=x", "as_of=2026-03-01&change=",
        "change=won", "since=2026-03-01", "then_owner=me&change=moved_in", "then_stage=none",
        "change=lost&since=2999-01-01&as_of=1726-01-01",
    ],
)  # fmt: skip
def test_bad_input_gets_a_list_that_says_so(
    client: Client, deals: Any, manager: User, query: str
) -> None:
    client.force_login(manager)

    assert client.get(f"/opportunities/?{query}").status_code == 200


def test_says_what_is_wrong_with_a_day(client: Client, deals: Any, manager: User) -> None:
    client.force_login(manager)

    page = client.get("/reports/bridge/?from=2026-05-02&to=2026-05-01").content.decode()

    assert "To: The last day comes before the first." in page


def test_programs_get_the_same(client: Client, deals: Any, manager: User) -> None:
    _, secret = issue_token(manager, by=manager, name="past")
    bearer = {"Authorization": f"Bearer {secret}"}

    def ask(path: str) -> Any:
        return client.get(f"/api/v1/{path}", headers=bearer)

    past = ask(f"reports/pipeline/?as_of={day(1)}").json()
    bridge = ask(f"reports/bridge/?from={day(2)}&to={day(9)}").json()

    assert past["total"]["values"] == {"count": 3, "value": "1230.00", "weighted": "369.00"}
    rows = {row["key"]: row for row in bridge["rows"]}
    assert rows["opening"]["values"]["value"] == "1230.00"
    assert rows["won"]["values"]["value"] == "-200.00"
    assert rows["raised"]["values"]["value"] == "0.55"
    assert rows["deleted"]["values"]["count"] == 1
    assert bridge["total"]["values"]["value"] == "1000.55"
    for row in [*bridge["rows"], past["total"]]:
        query = row["url"].partition("?")[2]
        found = ask(f"opportunities/?{query}&count=1").json()
        assert found["count"] == row["values"]["count"], row


@pytest.mark.parametrize(
    "path",
    ["pipeline/?as_of=x", "trend/?as_of=2026-01-01", "bridge/?from=2026-02-01&to=2026-01-01"],
)
def test_programs_are_told_what_they_ask_wrongly(client: Client, manager: User, path: str) -> None:
    _, secret = issue_token(manager, by=manager, name="past")

    answer = client.get(f"/api/v1/reports/{path}", headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code in {400, 422}


def test_a_colleague_sees_nothing_of_others_in_the_past(
    client: Client, deals: Any, outsider: User
) -> None:
    client.force_login(outsider)

    for address in (PAST, BRIDGE, f"{BRIDGE}&team=1"):
        table = client.get(address).context["table"]
        assert {cell.value for row in table.all_rows for cell in row.cells} <= {0, Decimal(0)}
    assert listed(client, f"/opportunities/?as_of={day(1)}") == 0
