"""What a finger has to hit on a phone is large enough on every main page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.e2e.planted import plant
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

# Of each control that is drawn: how large it is, its label, or what it adds around itself. A link
# within a sentence is as high as its line. Buttons, fields and menus are 44 high by design.
SMALL = """() => {
    const CONTROLS = ".c-button, .c-input, .form-control, .form-select, .c-bottom__item,"
        + ".c-menu__item";
    const [LEAST, CONTROL] = [24, 44];
    const parts = (element) => [element, ...(element.labels ?? [])];
    const isDrawn = (element) => {
        const {width, height} = element.getBoundingClientRect();
        const seen = {opacityProperty: true, visibilityProperty: true};
        let isClipped = false;
        for (let above = element; above; above = above.parentElement) {
            if (getComputedStyle(above).clipPath !== "none") isClipped = true;
        }
        return element.checkVisibility(seen) && width >= 2 && height >= 2 && !isClipped;
    };
    const isInText = (element) => element.matches("a, label")
        && getComputedStyle(element).display === "inline"
        && [...element.parentElement.childNodes].some(
            (node) => node !== element && node.textContent.trim());
    const isLarge = (element, least) => parts(element).some((part) => {
        const {width, height} = part.getBoundingClientRect();
        return height >= least - 0.5 && width >= LEAST;
    });
    const isHit = (element, x, y) => {
        const top = document.elementFromPoint(x, y);
        return top && parts(element).some((part) => part.contains(top));
    };
    const reaches = (element, least) => {
        element.scrollIntoView({block: "center", inline: "center"});
        const box = element.getBoundingClientRect();
        const [x, y, far] = [box.left + box.width / 2, box.top + box.height / 2, least / 2 - 1];
        return [[far, 0], [-far, 0], [0, far], [0, -far]].every(
            ([right, down]) => isHit(element, x + right, y + down));
    };
    const tell = (element, least) => {
        const {width, height} = element.getBoundingClientRect();
        const name = element.getAttribute("aria-label") ?? element.textContent;
        const what = `${element.tagName.toLowerCase()}.${element.className}`;
        const words = name.trim().replace(/\\s+/g, " ").slice(0, 40);
        return `${Math.round(width)}x${Math.round(height)} of ${least}: ${what} "${words}"`;
    };
    const wrong = new Set();
    const all = "a[href], button, summary, input, select, textarea";
    for (const element of document.querySelectorAll(all)) {
        if (element.matches("[type=hidden], :disabled, [tabindex='-1']")) continue;
        if (!isDrawn(element) || isInText(element)) continue;
        const least = element.matches(CONTROLS) ? CONTROL : LEAST;
        if (!isLarge(element, least) && !reaches(element, least)) wrong.add(tell(element, least));
    }
    return [...wrong];
}"""


def addresses(planted: dict[str, list[Any]]) -> list[str]:
    lead = planted["leads"][0].get_absolute_url()
    deal = planted["opportunities"][0].get_absolute_url()
    account, contact = planted["accounts"][0], planted["contacts"][0]
    return [
        "/", "/leads/", "/leads/new/", "/opportunities/board/", "/opportunities/?status=open",
        lead, f"{lead}#timeline", f"{lead}#fields", f"{lead}qualify/", f"{lead}disqualify/",
        deal, f"{deal}#timeline", account.get_absolute_url(), contact.get_absolute_url(),
        "/accounts/", "/contacts/", "/activities/", "/reports/", "/search/?q=ferrovia",
        reverse("notices:list"), reverse("users:profile"), "/duplicates/", "/jobs/",
    ]  # fmt: skip


def test_a_finger_hits_what_it_means(window: Window, rep: User, rep2: User) -> None:
    listed = addresses(plant(rep, rep2))
    page = window(rep, touch=True, width=390, height=844)
    wrong: dict[str, list[str]] = {}
    for address in listed:
        page.goto("about:blank")  # an address that differs by its end only would not be loaded
        answer = page.goto(address)
        assert answer
        assert answer.ok, address
        for fault in page.evaluate(SMALL):
            wrong.setdefault(fault, []).append(address)

    assert not wrong, "\n".join(f"{fault} on {', '.join(at[:3])}" for fault, at in wrong.items())


def test_menus_stay_on_the_screen(window: Window, rep: User, rep2: User) -> None:
    planted = plant(rep, rep2)
    page = window(rep, touch=True, width=390, height=844)
    wrong: list[str] = []
    opened: set[str] = set()
    for address in ("/leads/", "/opportunities/board/", planted["leads"][0].get_absolute_url()):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for menu in page.locator("details.c-menu:has(> summary:visible)").all():
            menu.locator("summary").tap()
            panel = menu.locator(".c-menu__panel").first.bounding_box()
            assert panel
            name = menu.locator("summary").inner_text().strip()
            opened.add(name)
            if panel["x"] < 0 or panel["x"] + panel["width"] > 390:
                wrong.append(f"{name} on {address}: {panel}")
            page.keyboard.press("Escape")

    assert {"Columns", "Sort", "Add filter", "Export"} <= opened
    assert not wrong, "\n".join(wrong)
