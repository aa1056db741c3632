"""Every page, in both themes, on a desk, on a phone and magnified: nothing is wrong with it.

One visit looks at a page in all its clothes, as the theme follows the system and the width the
window. What the script finds wrong is told for all pages together. The navigation around them is
looked at with the first page of a test: around the others it is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone
from playwright.sync_api import Page

from crm.management.commands._entrances import open_entrances
from intake.models import Delivery
from leads.jobs import rescore
from leads.operations import draft_rules, save_rule, switch_rule
from reports.operations import save_dashboard, set_targets
from reports.tables import REPORTS
from tests.e2e.planted import (
    LONG,
    WALKS,
    addresses,
    administration,
    pages,
    pages_of,
    patterns,
    plant,
)
from tests.leads.assigning import a_rule, a_scoring_rule
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

# Colours must stand still before they are measured.
STAND_STILL = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { transition: none !important; }");
    document.adoptedStyleSheets = [sheet];
}"""
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of a theme only these can tell anything: what colours are beside each other.
COLOURS = ["color-contrast", "link-in-text-block"]
# Of ours and of the administration; on most pages it is more than the half.
NAVIGATION = [".c-nav", ".c-bottom", "#nav-sidebar"]
EVERY = {"type": "tag", "values": RULES}
# Fetching the style sheets once more would break the content policy, not the page.
ASK = """async ({only, without}) => {
    const found = await axe.run({exclude: without.map((selector) => [selector])}, {
        runOnly: only, resultTypes: ["violations"], preload: false,
    });
    const why = (node) => [...node.any, ...node.all].map((check) => check.message).join("; ");
    const tell = (node) => `${node.html.slice(0, 160)} | ${why(node).slice(0, 160)}`;
    return found.violations.map((rule) => [rule.id, rule.nodes.map(tell)]);
}"""
# What is wider than its window, and cannot be scrolled in a region of its own.
TOO_WIDE = """() => {
    const wide = (element) => element && element.scrollWidth > element.clientWidth + 1;
    if (!wide(document.documentElement) && !wide(document.getElementById("main"))) return [];
    return [...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
}"""
# Rules that Swagger UI breaks in markup that it makes itself: a button around a link, headings that
# leave out a level, and a main part that begins below its own introduction.
THEIRS = {"nested-interactive", "heading-order", "region"}
DESK, PHONE, MAGNIFIED = (1440, 900), (390, 844), (320, 640)


def look(
    page: Page, address: str, *, wait_for: str = "", is_first: bool = True, is_new: bool = True
) -> list[str]:
    """Visit a page and return what is wrong with it, with what is around it if it `is_first`.

    One that `is_new` is the first of its view. Others of that view have the same colours, so theirs
    are looked at in one theme on a desk and in the other on a phone.
    """
    wrong = []
    dress(page, DESK, "light")
    page.goto(address)
    if page.locator("h1").count() != 1:
        wrong.append(f"{address}: {page.locator('h1').count()} first headings")
    if not page.title().strip() or page.title() == "CRM":
        wrong.append(f"{address}: the title says {page.title()!r}")
    if wait_for:
        page.locator(wait_for).first.wait_for()
    without = [] if is_first else NAVIGATION
    return wrong + faults_in_all_clothes(page, address, without=without, is_new=is_new)


def dress(page: Page, size: tuple[int, int], scheme: Any) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)


def faults_in_all_clothes(
    page: Page, name: str, *, without: Sequence[str] = (), is_new: bool = True
) -> list[str]:
    """Return what is wrong with a page as it stands open: every rule at every width, and in the
    other theme what it decides.
    """
    wrong = []
    colours = {"type": "rule", "values": COLOURS}
    page.evaluate(STAND_STILL)
    page.evaluate(AXE)
    for size, scheme, only in (
        (DESK, "light", EVERY), (DESK, "dark", colours),
        (PHONE, "dark", EVERY), (PHONE, "light", colours),
    ):  # fmt: skip
        if only is colours and not is_new:
            continue
        dress(page, size, scheme)
        for rule, nodes in page.evaluate(ASK, {"only": only, "without": list(without)}):
            wrong.append(f"{name} at {size[0]}, {scheme}: {rule} {json.dumps(nodes[:3])}")
    for size in (PHONE, MAGNIFIED):
        dress(page, size, "light")
        if wide := page.evaluate(TOO_WIDE):
            wrong.append(f"{name} at {size[0]}: wider than the window: {json.dumps(wide)}")
    return wrong


def view_of(address: str) -> str:
    """Return the name of what answers an address; an address that is none has a page, too."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return "not found"


def look_at(page: Page, user: User | None, listed: list[str]) -> None:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    found = pages(client, listed)
    assert found

    wrong = []
    seen: set[str] = set()
    for address in found:
        view = view_of(address)
        wrong += look(page, address, is_first=not seen, is_new=view not in seen)
        seen.add(view)

    assert not wrong, f"{len(wrong)} faults on {len(found)} pages:\n" + "\n".join(wrong)


# Looked at by tests of their own below; of the workbench there are only parts of pages.
ELSEWHERE = {"dashboards", "intake", "reports", "targets", "workbench"}


def test_no_room_is_left_out() -> None:
    rooms = {name.partition(":")[0] if ":" in name else "others" for name, *_rest in patterns()}

    assert rooms == {*" ".join(WALKS).split(), *ELSEWHERE}


@pytest.mark.parametrize("walk", WALKS)
def test_nothing_is_wrong_with_a_page(window: Window, rep: User, rep2: User, walk: str) -> None:
    listed = pages_of(walk, plant(rep, rep2))

    look_at(window(rep), rep, listed)


def test_nothing_is_wrong_with_the_managers_figures(
    window: Window, rep: User, rep2: User, manager: User
) -> None:
    plant(rep, rep2)
    year = timezone.localdate().year
    set_targets(rep, year, by=manager, amounts=dict.fromkeys(range(1, 13), Decimal(900)))
    cards = [f"/reports/{name}/" for name in REPORTS]
    boards = [f"/reports/?board={board}" for board in ("leads", "team", "mine")]
    kept = save_dashboard(by=manager, name="Monday", query="cards=funnel.12+trend.4")
    arranged = [f"/reports/?view={kept.pk}&period=this_year"] + [
        f"/reports/dashboards/{page}"
        for page in ("arrange/", f"arrange/?view={kept.pk}", "new/", f"{kept.pk}/edit/",
                     f"{kept.pk}/delete/")
    ]  # fmt: skip
    forms = [f"/reports/targets/{of}/{year}/" for of in (f"person/{rep.pk}", f"team/{rep.team_id}")]

    look_at(
        window(manager),
        manager,
        ["/", "/reports/", "/reports/?period=this_year", "/reports/?owner=me", *cards, *boards,
         *arranged, "/reports/targets/", *forms, "/leads/"],
    )  # fmt: skip


def test_nothing_is_wrong_with_empty_pages(window: Window, outsider: User) -> None:
    rooms = ["leads", "accounts", "contacts", "opportunities", "activities", "jobs", "reports"]

    look_at(window(outsider), outsider, ["/", *(f"/{room}/" for room in rooms)])


def test_nothing_is_wrong_with_the_doors(window: Window, rep: User) -> None:
    look_at(window(), None, addresses({})["others"])


def test_nothing_is_wrong_with_what_comes_in(
    window: Window, rep: User, manager: User, admin: User
) -> None:
    open_entrances(admin)
    waiting = [delivery.get_absolute_url() for delivery in Delivery.objects.all()]

    look_at(window(), None, ["/f/offer/", "/f/offer/thanks/"])
    look_at(window(manager), manager, ["/intake/", "/intake/?state=quarantined", *waiting])


def test_nothing_is_wrong_with_the_qualification_rules(
    window: Window, rep: User, rep2: User, manager: User
) -> None:
    plant(rep, rep2)
    draft = draft_rules(by=manager)
    large = {"all": [{"field": "budget_amount", "is": "at_least", "value": 10000}]}
    draft = save_rule(draft, by=manager, condition=large, is_required=True)
    switch_rule(draft, by=manager, key="need", is_active=False)
    rules = "/rules/qualification/"
    listed = ["", "1/", "new/", "need/edit/", "threshold/", "activate/", "preview/", "automation/"]

    look_at(
        window(manager),
        manager,
        [*(f"{rules}{page}" for page in listed), f"{rules}preview/?show=draft-stopped"],
    )


def test_nothing_is_wrong_with_the_assignment_rules(
    window: Window, rep: User, rep2: User, manager: User
) -> None:
    plant(rep, rep2)
    rule = a_rule(name=LONG, team=rep.team)
    a_rule("Nobody", person=rep, is_active=False)

    rules = "/rules/assignment/"
    pages = ["", "new/", "try/", f"{rule.pk}/", f"{rule.pk}/delete/"]
    pages += ["people/", f"people/{rep.pk}/"]
    look_at(window(manager), manager, [f"{rules}{page}" for page in pages])


def test_nothing_is_wrong_with_the_scoring_rules(
    window: Window, rep: User, rep2: User, manager: User
) -> None:
    plant(rep, rep2)
    rule = a_scoring_rule(LONG)
    rescore.call()

    pages = ["", "new/", "scale/", f"{rule.pk}/", f"{rule.pk}/delete/"]
    look_at(window(manager), manager, [f"/rules/scoring/{page}" for page in pages])


def test_nothing_is_wrong_with_the_description_for_programs(window: Window, rep: User) -> None:
    """Most of the page is Swagger UI's: what cannot be mended from outside is named one by one."""
    page = window(rep)

    found = {
        fault.partition(": ")[2].split()[0]
        for fault in look(page, "/api/docs/", wait_for=".opblock")
    }

    assert found == THEIRS


def test_what_is_wrong_is_found(window: Window, rep: User) -> None:
    """The look itself: in a theme what it decides, and around a page once."""
    page = window(rep)
    page.goto("/profile/")

    def found(place: str, html: str, *, without: Sequence[str] = ()) -> set[str]:
        page.evaluate(
            "([place, html]) => place && document.querySelector(place).insertAdjacentHTML("
            "'beforeend', `<div id=\"planted\">${html}</div>`)",
            [place, html],
        )
        page.evaluate("""() => document.querySelectorAll("#planted [data-css]").forEach(
            (element) => { element.style.cssText = element.dataset.css; })""")
        faults = faults_in_all_clothes(page, "page", without=without)
        page.evaluate("() => document.getElementById('planted')?.remove()")
        return {" ".join(fault.removeprefix("page at ").split()[:3]) for fault in faults}

    pale = '<p data-css="color: #777; background: #888">Words</p>'
    everywhere = {
        f"{width}, {theme}: color-contrast" for width in (1440, 390) for theme in ("light", "dark")
    }
    assert found("", "") == set()
    assert found("#main", pale) == found("#main", pale, without=NAVIGATION) == everywhere
    assert found("#main", "<button></button>", without=NAVIGATION) == {
        "1440, light: button-name",
        "390, dark: button-name",
    }
    assert found(".c-nav", pale) & everywhere
    assert found(".c-nav", pale, without=NAVIGATION) == set()


@pytest.mark.parametrize("part", [0, 1])
def test_nothing_is_wrong_with_the_administration(
    window: Window, rep: User, rep2: User, admin: User, part: int
) -> None:
    plant(rep, rep2)

    look_at(window(admin), admin, administration()[part::2])
