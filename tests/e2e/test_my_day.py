"""A day worked through where it stands: by keyboard, on a phone, and by a manager."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from activities.models import Activity
from leads.models import Lead
from tests.e2e.test_pages import faults_in_all_clothes
from tests.factories import ActivityFactory, LeadFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


@pytest.fixture
def waiting(site: str, rep: User) -> Lead:
    """A lead that has waited for two days, with a number to call."""
    lead = LeadFactory(
        owner=rep, first_name="Saskia", last_name="Vandermeer", phone="+31 20 555 0123"
    )
    Lead.objects.filter(pk=lead.pk).update(created_at=timezone.now() - timedelta(days=2, hours=1))
    return lead


def late(rep: User, lead: Any, subject: str, kind: str = "task") -> Activity:
    activity: Activity = ActivityFactory(
        on=lead, owner=rep, by=rep, kind=kind, subject=subject,
        due_at=timezone.now() - timedelta(days=2),
    )  # fmt: skip
    return activity


def test_a_task_is_ticked_off_taken_back_and_followed_by_keyboard(
    window: Window, rep: User, lead: Lead
) -> None:
    Activity.objects.all().delete()
    task = late(rep, lead, "Send the catalogue")
    page = window(rep)
    page.goto("/")
    keys, count = page.keyboard, page.locator("#late-count")
    section = page.get_by_role("region", name="Late")
    box = section.get_by_role("button", name="Complete: Send the catalogue")

    box.focus()
    keys.press("Enter")
    expect(section.get_by_label("What is to be done")).to_be_focused()
    expect(count).to_have_text("0")
    section.get_by_role("button", name="Undo: Send the catalogue").focus()
    keys.press("Enter")
    expect(box).to_be_visible()
    expect(count).to_have_text("1")
    expect(page.locator("#late-title")).to_be_focused()
    box.focus()
    keys.press("Enter")
    expect(section.get_by_label("What is to be done")).to_be_focused()
    keys.press("Enter")
    expect(section.get_by_role("alert")).to_contain_text("Say in a few words")
    section.get_by_label("What is to be done").fill("Ask what they think")
    keys.press("Enter")

    expect(section.get_by_text("Nothing late")).to_be_visible()
    expect(page.locator("#late-title")).to_be_focused()
    task.refresh_from_db()
    lead.refresh_from_db()
    assert (task.status, lead.next_step) == ("done", "Ask what they think")


def test_calls_are_logged_and_steps_planned_by_keyboard(
    window: Window, rep: User, lead: Lead, waiting: Lead
) -> None:
    call = late(rep, lead, "Call about the budget", "call")
    page = window(rep)
    page.goto("/")
    keys = page.keyboard

    # In one form; Escape closes it and gives the focus back.
    section = page.get_by_role("region", name="Late")
    opener = section.get_by_role("link", name="Log call: Call about the budget")
    opener.focus()
    keys.press("Enter")
    expect(section.get_by_label("Outcome")).to_be_focused()
    keys.press("Escape")
    expect(opener).to_be_focused()
    keys.press("Enter")
    expect(section.get_by_label("Outcome")).to_be_focused()
    keys.press("R")
    section.get_by_label("Next step").fill("Send the quote")
    keys.press("Enter")
    expect(page.get_by_role("region", name="Messages")).to_contain_text("is done")
    expect(section.get_by_text("Nothing late")).to_be_visible()
    call.refresh_from_db()
    assert (call.status, call.outcome) == ("done", "reached")
    assert Activity.objects.get(subject="Send the quote").is_open

    # Somebody has waited for too long: log the call, and the row is gone.
    region = page.get_by_role("region", name="No first response yet")
    expect(region).to_contain_text("Waits 2 days for a first response, limit 24 h")
    region.get_by_role("link", name="Log call: Saskia Vandermeer").focus()
    keys.press("Enter")
    expect(region.get_by_label("Outcome")).to_be_focused()
    keys.press("Control+Enter")
    expect(region).not_to_contain_text("Saskia Vandermeer")
    expect(page.locator("#waiting-title")).to_be_focused()

    # A lead without a next step gets one.
    region = page.get_by_role("region", name="Leads without a next step")
    region.get_by_role("link", name="Next step: Saskia Vandermeer").focus()
    keys.press("Enter")
    expect(region.get_by_label("What is to be done")).to_be_focused()
    region.get_by_label("What is to be done").fill("Visit them")
    keys.press("Enter")
    expect(page.get_by_text("Every open lead has a next step")).to_be_visible()
    waiting.refresh_from_db()
    assert waiting.next_step == "Visit them"
    assert waiting.contacted_at is not None


def test_a_morning_on_a_phone(window: Window, rep: User, lead: Lead, waiting: Lead) -> None:
    Activity.objects.all().delete()
    task = late(rep, lead, "Send the catalogue")
    page = window(rep, width=390, height=844)
    page.goto("/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # Put off until next week, and taken back from the message.
    row = page.get_by_role("region", name="Late")
    row.get_by_label("Snooze: Send the catalogue").click()
    row.get_by_role("button", name="Next week").click()
    expect(page.get_by_text("Nothing late")).to_be_visible()
    task.refresh_from_db()
    assert task.due_at > timezone.now()
    page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Late")).to_contain_text("Send the catalogue")

    # Dial, then log it.
    page.evaluate(
        "document.addEventListener('click', (e) => "
        "e.target.closest('a[href^=\"tel:\"]') && e.preventDefault(), true)"
    )
    region = page.get_by_role("region", name="No first response yet")
    dial = region.get_by_role("link", name="Call Saskia Vandermeer")
    assert dial.get_attribute("href") == "tel:+31205550123"
    dial.click()
    form = region.get_by_role("form", name="Log it?")
    form.get_by_label("Outcome").select_option("Left a message")
    form.get_by_label("What next?").fill("Call again")
    form.get_by_role("button", name=re.compile("Log")).click()
    expect(region).not_to_contain_text("Saskia Vandermeer")
    assert Activity.objects.get(subject="Call again").is_open


def test_nothing_is_wrong_with_a_full_day_of_somebody_else_and_its_forms(
    window: Window, manager: User, rep: User, lead: Lead, waiting: Lead
) -> None:
    late(rep, lead, "Send the catalogue")
    page = window(manager)
    page.goto(f"/?person={rep.pk}")
    page.get_by_text("Whose day").click()
    expect(page.get_by_role("link", name="My day", exact=True).last).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("region", name="Late").get_by_role(
        "button", name="Complete: Send the catalogue"
    ).click()
    expect(page.locator("[data-done]")).to_be_visible()
    page.get_by_role("link", name="Log call: Saskia Vandermeer").first.click()
    expect(page.locator(".c-inplace").last).to_be_visible()

    assert faults_in_all_clothes(page, "a day") == []

    page.goto(f"/handover/?person={rep.pk}")
    page.get_by_role("checkbox", name=str(manager)).check()
    expect(page.get_by_role("button", name=re.compile("Hand over"))).to_be_visible()
    assert faults_in_all_clothes(page, "hand over") == []
    page.get_by_role("button", name=re.compile("Hand over")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hand over from")
