"""What the first visit and each step in a list weigh on their way to the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.factories import LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

FIRST, STEP = 150_000, 10_000  # bytes, heads of answers included
NAMES = (
    "Elena Marchetti", "Jonas Weidenfeld", "Amina Haddad", "Søren Ångström", "Mary-Anne O'Neill",
    "Nikhil Ramachandran", "Zoë Castellanos",
)  # fmt: skip
FIRMS = ("Ferrovia Pumps", "Kestrel & Sons", "Osprey Marine Ltd", "Blue Anchor GmbH", "Delta 9")
THINGS = ("Eight pumps", "Spare parts for 2027", "A second line", "Maintenance of three ships")


@pytest.fixture
def leads(rep: User) -> list[Any]:
    """More leads than two pages have, no two of them alike."""
    made = []
    for n in range(60):
        first, last = NAMES[n % len(NAMES)].split()
        made.append(
            LeadFactory(
                owner=rep, first_name=first, last_name=f"{last} {n}",
                company=f"{FIRMS[n % len(FIRMS)]} {n}", topic=f"{THINGS[n % len(THINGS)]}, {n}",
                email=f"person{n}@customer{n}.example", estimated_value=1000 + 37 * n,
                phone=f"+39 011 555 {1000 + n}",
            )
        )  # fmt: skip
    for n in range(30):
        OpportunityFactory(owner=rep, topic=f"{THINGS[n % len(THINGS)]}, {n}", value=500 + 91 * n)
    return made


class Scales:
    """What has come over the wire since it was last emptied, by address."""

    def __init__(self, page: Page) -> None:
        self.came: dict[str, float] = {}
        names: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")

        def asked(event: dict[str, Any]) -> None:
            names[event["requestId"]] = event["request"]["url"]

        def came(event: dict[str, Any]) -> None:
            name = names.get(event["requestId"], "?")
            self.came[name] = self.came.get(name, 0) + event["encodedDataLength"]

        session.on("Network.requestWillBeSent", asked)
        session.on("Network.loadingFinished", came)

    @property
    def total(self) -> float:
        return sum(self.came.values())

    def told(self) -> str:
        return "\n".join(f"{size:9.0f} {name}" for name, size in sorted(self.came.items()))

    def weigh(self, page: Page, act: Callable[[], Any]) -> float:
        """Return what comes when `act` asks for a part of the list."""
        self.came.clear()
        with page.expect_response(lambda answer: "/leads/" in answer.url) as asked:
            act()
        asked.value.finished()
        while asked.value.url not in self.came:  # the scales hear of it a moment later
            page.wait_for_timeout(20)
        return self.total


@pytest.mark.parametrize("where", ["list", "record", "dashboard", "board", "day"])
def test_a_first_visit_weighs_little_and_leaves_the_machine_for_nothing(
    window: Window, site: str, manager: User, rep: User, leads: list[Any], where: str
) -> None:
    addresses = {
        "list": "/leads/", "record": leads[0].get_absolute_url(), "dashboard": "/reports/",
        "board": "/opportunities/", "day": "/",
    }  # fmt: skip
    page = window(manager if where == "dashboard" else rep)
    scales = Scales(page)

    page.goto(addresses[where], wait_until="networkidle")

    assert all(name.startswith(f"{site}/") for name in scales.came), scales.told()
    assert any(name.endswith("/app/sheet.css") for name in scales.came), scales.told()
    print(f"\n{where}: {scales.total:.0f} bytes in {len(scales.came)} requests")
    assert scales.total <= FIRST, scales.told()


def test_each_step_in_a_list_weighs_little(window: Window, rep: User, leads: list[Any]) -> None:
    page = window(rep)
    page.goto("/leads/?view=all", wait_until="networkidle")
    scales = Scales(page)
    steps: dict[str, Callable[[], Any]] = {
        "sort": page.get_by_role("columnheader").get_by_role("link").nth(1).click,
        "next page": page.locator(".c-pager a[rel=next]").click,
        "view": page.locator(".c-views__tabs a").nth(1).click,
        "text": lambda: page.locator("#filter-text").fill("Kestrel"),
    }

    weights = {name: scales.weigh(page, act) for name, act in steps.items()}

    print(f"\n{weights}")
    assert all(1_000 < weight <= STEP for weight in weights.values()), weights
