"""From a field that did not exist to a rate that opens its records: the whole promise, once.

Told a folder by `CRM_PICTURES`, it takes the pictures of the README on its way.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from intake import signatures
from intake.rules import YOUNGEST
from leads.models import Lead
from opportunities.models import Opportunity, Stage
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
PUMPS = "Pumps needed"
FORM = "/f/ask-for-an-offer/"
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


def heading(page: Page, name: str | re.Pattern[str]) -> None:
    """Wait for the page whose first heading this is."""
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def picture(page: Page, name: str) -> None:
    """Take a picture of where the journey is, if there is somewhere to put it."""
    if folder := os.environ.get("CRM_PICTURES"):
        page.wait_for_load_state("networkidle")
        page.screenshot(path=Path(folder) / f"promise-{name}.png")


def test_keeps_the_whole_promise(
    window: Window, admin: User, manager: User, rep: User, site: str
) -> None:
    desk = window(admin)
    define_the_field(desk)
    require_the_step(desk)
    build_the_form(desk)
    address = open_the_door(desk)

    boss = window(manager)
    write_the_rules(boss)
    give_germany_to(boss, rep)

    fill_in_the_form(window())
    rep_finds_the_lead(window(rep))

    hand_in_by_hubspot(desk, address)
    step_gates_the_move(boss)
    manager_opens_what_is_behind_the_rate(boss)


def define_the_field(page: Page) -> None:
    page.goto("/admin/records/customfield/add/")
    page.get_by_label("Belongs to:").select_option("Lead")
    page.get_by_label("Label:", exact=True).fill(PUMPS)
    page.get_by_label("Type:").select_option("Whole number")
    picture(page, "field")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_role("link", name=PUMPS).first).to_be_visible()


def require_the_step(page: Page) -> None:
    stage = Stage.objects.get(key="develop")
    page.goto(f"/admin/opportunities/stage/{stage.pk}/change/")
    page.get_by_role("button", name="Add another Step").click()
    place = stage.steps.count()
    page.locator(f"[name=steps-{place}-label]").fill("Site visited")
    page.locator(f"[name=steps-{place}-key]").fill("site-visited")
    page.locator(f"[name=steps-{place}-is_required]").check()
    page.get_by_role("button", name="Save", exact=True).first.click()
    heading(page, re.compile("Select stage"))


def build_the_form(page: Page) -> None:
    """A web form that asks for the new field, too, built line by line."""
    page.goto("/admin/intake/webform/add/")
    page.get_by_label("Name:", exact=True).fill("Ask for an offer")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Address:")).to_have_value("ask-for-an-offer")
    for place, label in enumerate(
        ("First name", "Last name", "Email", "Company", "Country", PUMPS)
    ):
        page.get_by_role("button", name="Add another Field of a web form").click()
        page.locator(f"[name=fields-{place}-position]").fill(str(place))
        page.locator(f"[name=fields-{place}-field]").select_option(label)
    picture(page, "form-built")
    page.get_by_role("button", name="Save and continue editing").first.click()
    expect(page.locator(".field-page .readonly")).to_have_text(FORM)


def open_the_door(page: Page) -> str:
    """Open a door for HubSpot that knows the new field; return the address that it shows."""
    page.goto("/admin/intake/door/add/")
    page.get_by_label("Name:", exact=True).fill("HubSpot")
    page.keyboard.press("Tab")
    page.get_by_label("Kind:").select_option("HubSpot")
    page.get_by_label("Secret of the sender:").fill(SECRET)
    page.get_by_role("button", name="Add another Mapping of a door").click()
    page.locator("[name=fields-0-path]").fill("pumps_needed")
    page.locator("[name=fields-0-field]").select_option(PUMPS)
    page.get_by_role("button", name="Save and continue editing").first.click()
    shown = page.locator(".field-addresses .readonly").inner_text()
    picture(page, "door")  # its address is gone with the test
    found = re.search(r"POST (http\S+)", shown)
    assert found, shown
    return found[1]


def write_the_rules(page: Page) -> None:
    page.goto("/rules/qualification/")
    page.get_by_role("button", name="Change the rules").click()
    for field, comparison, value in ((PUMPS, "is at least", "2"), ("Country", "is known", "")):
        page.get_by_role("link", name="Add rule").click()
        say(page, field, comparison, value)
        page.get_by_label("the lead cannot be qualified").check()
        save(page)
        heading(page, "Qualification rules")
    page.get_by_role("link", name=re.compile("Activate")).click()
    page.get_by_role("button", name=re.compile("Activate")).click()
    expect(page.get_by_role("region", name=re.compile("In force"))).to_contain_text(
        "Pumps needed at least 2"
    )
    picture(page, "rules")
    page.get_by_role("link", name="Automation").click()
    page.get_by_role("checkbox", name=re.compile("meets the rules")).check()
    page.get_by_role("button", name="Save", exact=False).first.click()
    expect(page.get_by_role("checkbox", name=re.compile("meets the rules"))).to_be_checked()


def give_germany_to(page: Page, rep: User) -> None:
    page.goto("/rules/assignment/new/")
    page.get_by_role("textbox", name="Name").fill("Germany")
    say(page, "Country", "is", "Germany")
    page.get_by_label("Go to").select_option(str(rep))
    save(page)
    heading(page, "Assignment rules")
    expect(page.get_by_role("main")).to_contain_text("Country is Germany")
    picture(page, "assignment")


def say(page: Page, field: str, comparison: str, value: str) -> None:
    """Fill in the first row of a condition."""
    if not page.get_by_label("Field of condition 1", exact=True).is_visible():
        page.get_by_role("button", name="Add condition").click()
    page.get_by_label("Field of condition 1", exact=True).select_option(field)
    page.get_by_label("Comparison of condition 1", exact=True).select_option(comparison)
    if not value:
        return
    control = page.get_by_label("Value of condition 1", exact=True)
    if control.evaluate("control => control.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)


def save(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^(Save|Add rule|Create)")).last.click()


def fill_in_the_form(page: Page) -> None:
    page.goto(FORM)
    for label, text in (
        ("First name", "Elena"),
        ("Last name", "Marchetti"),
        ("Email", "elena@ferrovia.example"),
        ("Company", "Ferrovia Pumps"),
        (PUMPS, "1"),
    ):
        page.get_by_label(label).fill(text)
    page.get_by_label("Country").select_option("Germany")
    picture(page, "form")
    page.wait_for_timeout(YOUNGEST * 1000)  # who is faster is taken for a robot
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you").first).to_be_visible()


def rep_finds_the_lead(page: Page) -> None:
    page.goto("/leads/")
    page.get_by_role("link", name="Elena Marchetti").first.click()
    heading(page, "Elena Marchetti")
    why = page.get_by_role("region", name="Why Rep?")
    expect(why).to_contain_text("Germany")
    ready = page.get_by_role("region", name="Ready to qualify?")
    expect(ready).to_contain_text("Pumps needed at least 2")
    picture(page, "why")
    assert Lead.objects.get().is_open


def hand_in_by_hubspot(page: Page, address: str) -> None:
    """A batch as HubSpot sends it, over the socket, signed for the address that it knows."""
    told = {
        "firstname": "Ada",
        "lastname": "Lovelace",
        "email": "ada@engine.example",
        "company": "Analytical Engines",
        "country": "Germany",
        "pumps_needed": "8",
    }
    body = json.dumps(
        [
            {
                "eventId": number,
                "subscriptionType": "contact.propertyChange",
                "objectId": 7,
                "occurredAt": 1_564_113_600_000 + number,
                "propertyName": name,
                "propertyValue": value,
            }
            for number, (name, value) in enumerate(told.items())
        ]
    ).encode()
    now = str(int(time.time() * 1000))
    answer = page.request.post(
        address,
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-HubSpot-Request-Timestamp": now,
            "X-HubSpot-Signature-v3": signatures.hubspot_v3(SECRET, "POST", address, body, now),
        },
    )
    assert answer.status == 202
    lead = Lead.objects.get(email="ada@engine.example")
    assert (lead.status, lead.custom) == ("qualified", {"pumps_needed": 8})


def step_gates_the_move(page: Page) -> None:
    lead = Lead.objects.get(email="ada@engine.example")
    page.goto(lead.get_absolute_url())
    heading(page, "Ada Lovelace")
    page.get_by_role("main").get_by_role("link", name=lead.topic).first.click()
    page.get_by_role("button", name="Move to Propose").first.click()
    expect(page.get_by_role("alert")).to_contain_text(
        "A required step is missing before Propose: Site visited."
    )
    assert Opportunity.objects.get().stage.key == "develop"


def manager_opens_what_is_behind_the_rate(page: Page) -> None:
    page.goto("/reports/")
    heading(page, "Sales overview")
    strip = page.get_by_role("region", name=re.compile("Open leads"))
    expect(strip.get_by_role("link", name=re.compile("Open leads 1"))).to_be_visible()
    picture(page, "dashboard")
    page.get_by_role("link", name=re.compile("1 of 2 leads qualified")).first.click()
    heading(page, "Leads")
    for person in ("Ada Lovelace", "Elena Marchetti"):
        expect(page.get_by_role("link", name=person).first).to_be_visible()
    expect(page.locator(".c-list__foot")).to_contain_text("of 2")
    picture(page, "records")
