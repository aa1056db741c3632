"""No text is cut off, sticks out or lies on other text: in longer words, spaced out and magnified.

At 320 pixels a page is as wide as one of 1280 at 400 %. Colours play no part: one theme is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from crm.form_layouts import laid_out
from intake.models import WebForm
from intake.operations import save_web_form
from records.models import FormLayout
from records.operations.shaping import save_layout
from tests.custom import define
from tests.e2e.clipped import SPACED, clipped
from tests.e2e.planted import WALKS, pages, pages_of, plant
from tests.intake.world import a_door
from tests.pseudo import CODE, spoken
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

SIZES = ((1440, 900), (390, 844), (320, 640))


@pytest.fixture
def longer(rep: User, manager: User) -> Iterator[None]:
    """Words a third longer, for everybody."""
    User.objects.update(language=CODE)
    with spoken():
        yield


def faults(page: Page, user: User, listed: list[str]) -> list[str]:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    found = pages(client, listed)
    assert found
    wrong = []
    for address in found:
        page.goto(address)
        for clothes in ("", " spaced"):
            if clothes:
                page.evaluate(SPACED)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                wrong += [f"{address} at {width}{clothes}: {each}" for each in clipped(page)]
    return wrong


@pytest.mark.parametrize("walk", WALKS)
def test_no_text_is_clipped_on_a_page(
    window: Window, rep: User, rep2: User, longer: None, walk: str
) -> None:
    listed = pages_of(walk, plant(rep, rep2))

    wrong = faults(window(rep), rep, listed)

    assert not wrong, f"{len(wrong)} faults:\n" + "\n".join(wrong)


def test_no_text_is_clipped_in_the_managers_figures_and_rules(
    window: Window, rep: User, rep2: User, manager: User, longer: None
) -> None:
    plant(rep, rep2)
    rules = [f"/rules/qualification/{page}" for page in ("", "new/", "need/edit/", "automation/")]

    wrong = faults(
        window(manager),
        manager,
        [
            "/",
            "/reports/",
            "/reports/?board=leads",
            "/reports/?board=team",
            "/reports/bridge/",
            "/reports/targets/",
            "/leads/",
            "/intake/",
            "/rules/assignment/",
            *rules,
        ],
    )

    assert not wrong, f"{len(wrong)} faults:\n" + "\n".join(wrong)


def test_no_text_is_clipped_in_what_is_shaped_and_before_visitors(
    window: Window, rep: User, admin: User
) -> None:
    """The administration has Django's words, so without longer ones."""
    choices = ["Early", "Late", "By night"]
    field = define("lead", "shifts", by=admin, type="choice", choices=choices)
    layout = FormLayout.objects.get(kind="lead", role=None, is_quick=False)
    layout.sections = laid_out("lead", admin)
    save_layout(layout, by=admin)
    save_web_form(WebForm(name="Ask for an offer", slug="offer"), by=admin)
    door = a_door(slug="partner")
    role = rep.roles.get()

    wrong = faults(
        window(admin),
        admin,
        [
            reverse("admin:users_role_grants", args=[role.pk]),
            reverse("admin:records_customfield_change", args=[field.pk]),
            reverse("admin:records_customfield_retype", args=[field.pk]) + "?type=text",
            reverse("admin:records_formlayout_change", args=[layout.pk]),
            reverse("admin:records_formlayout_versions", args=[layout.pk]),
            reverse("admin:intake_door_change", args=[door.pk]),
            reverse("admin:intake_door_try", args=[door.pk]),
            reverse("targets:person", args=[rep.pk, 2026]),
            reverse("dashboards:arrange"),
            "/rules/scoring/new/",
            "/rules/assignment/people/",
            "/f/offer/",
        ],
    )

    assert not wrong, f"{len(wrong)} faults:\n" + "\n".join(wrong)


def test_what_is_clipped_is_found(window: Window, rep: User) -> None:
    """The look itself: each kind of fault, and what is meant so."""
    page = window(rep)
    page.goto("/profile/")
    page.wait_for_load_state("networkidle")  # what is on its way would come into the new body

    def with_body(html: str) -> list[str]:
        page.evaluate("(html) => { document.body.innerHTML = html; }", html)
        page.evaluate("""() => {
            for (const element of document.querySelectorAll("[data-css]")) {
                element.style.cssText = element.dataset.css;
            }
        }""")
        return [each.partition(":")[0] for each in clipped(page)]

    words = "Some words that are long enough for more than a line"
    narrow = "width: 90px; height: 20px;"
    assert with_body(f"<p>{words}</p>") == []
    cut = f'<p class="c-cut" data-css="{narrow} overflow: hidden">{words}</p>'
    assert "cut off by c-cut" in with_body(cut)
    assert "out of its box" in with_body(f'<p data-css="{narrow}">{words}</p>')
    three_dots = "white-space: nowrap; overflow: hidden; text-overflow: ellipsis; width: 90px"
    assert with_body(f'<p data-css="{three_dots}">{words}</p>') == []
    up = "margin-top: -24px"
    assert with_body(f'<div>{words}</div><div data-css="{up}">{words}</div>') == ["on each other"]
    assert any(
        "wide in" in each for each in with_body(f'<p data-css="width: 3000px">{words * 9}</p>')
    )
