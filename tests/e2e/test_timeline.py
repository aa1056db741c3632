"""The timeline of a record in a browser: written on, read through, and what a field has held."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from activities.models import Activity, File
from activities.operations import log_note
from leads.models import Lead
from leads.operations import update_lead
from records.models import Notice
from tests.e2e.hands import Keyboard
from tests.e2e.test_pages import DESK, dress, faults_in_all_clothes
from tests.factories import ActivityFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


def timeline(page: Page) -> Locator:
    return page.locator("#timeline-part")


def composer(page: Page) -> Locator:
    return page.locator("#composer")


def said(page: Page, words: str) -> None:
    """Wait until the live region or a message says it."""
    told = page.locator("#live, #toasts .c-toast")
    expect(told.filter(has_text=words).first).to_be_attached()


def test_every_kind_is_written_by_keys_and_the_next_one_can_be_begun(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())
    keyboard, box = Keyboard(page), composer(page)

    keyboard.keys("n")
    note = box.get_by_label("Note", exact=True)
    expect(note).to_be_focused()
    page.keyboard.type("They **like** it")
    keyboard.press(box.get_by_role("button", name="Preview"))
    expect(box.locator("#composer-preview strong")).to_have_text("like")
    expect(note).to_have_value("They **like** it")
    keyboard.reach(note)
    keyboard.keys("Control+Enter")
    expect(timeline(page).locator(".c-entry--note strong")).to_have_text("like")
    expect(note).to_be_focused()
    expect(note).to_have_value("")
    said(page, "Note added")

    keyboard.keys("Escape", "l")
    expect(box.get_by_label("Outcome")).to_be_focused()
    keyboard.choose(box.get_by_label("Outcome"), "No answer")
    keyboard.keys("Control+Enter")
    expect(timeline(page).locator(".c-entry--call")).to_contain_text("no answer")
    expect(box.get_by_label("Outcome")).to_be_focused()

    keyboard.keys("Escape", "t")
    expect(box.get_by_label("What is to be done")).to_be_focused()
    keyboard.keys("Control+Enter")  # nothing was typed: the browser says which field is wanted
    page.keyboard.type("Send the quote")
    keyboard.keys("Control+Enter")
    expect(page.get_by_role("button", name="Complete: Send the quote")).to_be_visible()
    expect(box.get_by_label("What is to be done")).to_be_focused()

    keyboard.keys("Escape", "m")
    expect(box.get_by_label("Subject")).to_be_focused()
    page.keyboard.type("Kick-off")
    keyboard.keys("Control+Enter")
    expect(page.get_by_text("Kick-off").first).to_be_visible()

    kinds = Activity.objects.exclude(subject="Send the catalogue").values_list("kind", flat=True)
    assert sorted(kinds) == ["call", "meeting", "note", "task"]


def test_a_refused_entry_says_why_and_keeps_what_was_typed(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())
    box = composer(page)

    page.keyboard.press("l")
    box.get_by_label("What was said").fill("Wants two")
    box.get_by_label("Minutes").fill("many")
    page.keyboard.press("Control+Enter")

    expect(box.get_by_role("alert")).to_be_focused()
    expect(box.get_by_label("What was said")).to_have_value("Wants two")
    assert not Activity.objects.filter(kind="call").exists()


def test_a_colleague_is_mentioned_by_a_finger_and_who_cannot_see_it_is_named(
    window: Window, rep: User, rep2: User, outsider: User, lead: Lead
) -> None:
    page = window(rep, touch=True, width=390, height=844)
    page.goto(f"{lead.get_absolute_url()}#timeline")
    box = composer(page)
    field = box.get_by_label("Note", exact=True)
    field.tap()

    page.keyboard.type("Ask @rep")
    people = page.get_by_role("listbox", name="Colleagues")
    expect(people).to_be_visible()
    said(page, "Rep2")
    people.get_by_role("option", name=re.compile("Rep2")).tap()
    expect(field).to_have_value(re.compile(r"^Ask @\S*Rep2\S* $"))
    expect(field).to_be_focused()
    page.keyboard.type("and @outsid")
    people.get_by_role("option", name=re.compile("Outsider")).tap()
    expect(box.locator(".c-people__blind")).to_contain_text("Outsider")
    box.get_by_role("button", name="Add note").tap()

    expect(timeline(page)).to_contain_text("and @Outsider")
    whom = Notice.objects.filter(what="mentioned").values_list("whom", flat=True)
    assert list(whom) == [rep2.pk]


@pytest.fixture
def full(lead: Lead, rep: User) -> Lead:
    """A lead on which much has happened, over more than one page of its timeline."""
    for number in range(45):
        ActivityFactory(on=lead, owner=rep, by=rep, kind="note", text=f"Note number {number:02}")
    for kind in ("call", "meeting", "email"):
        ActivityFactory(on=lead, owner=rep, by=rep, kind=kind, text=f"About the {kind}")
    when = timezone.now() - timedelta(days=40)
    Activity.objects.filter(text__startswith="Note number 0").update(done_at=when, created_at=when)
    return lead


def test_is_filtered_searched_and_read_to_its_end_without_losing_the_place(
    window: Window, rep: User, full: Lead
) -> None:
    page = window(rep)
    page.goto(full.get_absolute_url())
    entries = timeline(page).locator(".c-entry")
    keyboard = Keyboard(page)

    shown = entries.count()
    keyboard.press(page.get_by_role("link", name="Show older"))
    expect(entries.nth(shown)).to_be_focused()
    said(page, "entr")

    keyboard.press(page.locator("#timeline-call"))
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("About the call")
    expect(page.locator("#timeline-call")).to_be_focused()
    expect(page.locator("#timeline-call")).to_have_attribute("aria-current", "true")

    keyboard.press(page.locator("#timeline-all"))
    expect(page.locator("#timeline-all")).to_be_focused()
    keyboard.press(timeline(page).locator("#timeline-search > summary"))
    keyboard.write(page.locator("#timeline-text"), "number 33")
    keyboard.keys("Enter")
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("Note number 33")
    expect(page.locator("#timeline-text")).to_be_focused()
    keyboard.write(page.locator("#timeline-text"), "nothing like it")
    keyboard.keys("Enter")
    expect(timeline(page)).to_contain_text("Nothing matches.")


def test_a_note_is_pinned_above_all_days_and_unpinned(
    window: Window, rep: User, lead: Lead
) -> None:
    log_note(lead, by=rep, text="They pay late")
    log_note(lead, by=rep, text="They moved house")
    page = window(rep)
    page.goto(lead.get_absolute_url())
    entries = timeline(page).locator(".c-entry--note")
    expect(entries.first).to_contain_text("They moved house")

    old = entries.filter(has_text="They pay late")
    old.locator("summary").click()
    old.get_by_role("button", name="Pin", exact=True).click()
    expect(entries.first).to_contain_text("They pay late")
    expect(entries.first.get_by_role("img", name="Pinned")).to_be_visible()

    old.locator("summary").click()
    old.get_by_role("button", name="Unpin").click()
    expect(entries.first).to_contain_text("They moved house")
    assert not Activity.objects.filter(is_pinned=True).exists()


def test_files_are_listed_before_they_are_sent_and_a_picture_is_seen(
    window: Window, rep: User, lead: Lead, tmp_path: Path
) -> None:
    picture, text = tmp_path / "pump.png", tmp_path / "prices.txt"
    Image.new("RGB", (320, 200), "teal").save(picture)
    text.write_text("Pumps: 900")
    page = window(rep)
    page.goto(lead.get_absolute_url())
    box = composer(page)

    compose("file")(page)
    box.locator("#compose-files").set_input_files([picture, text])
    chosen = box.locator("[data-chosen] li")
    expect(chosen).to_have_text([re.compile("pump.png"), re.compile("prices.txt")])
    chosen.last.get_by_role("button", name="Remove prices.txt").click()
    expect(chosen).to_have_count(1)
    box.get_by_role("button", name="Add file").click()

    shown = timeline(page).locator(".c-file__picture")
    expect(shown).to_be_visible()
    page.wait_for_function("() => document.querySelector('.c-file__picture').naturalWidth > 0")
    assert [file.name for file in File.objects.all()] == ["pump.png"]


def test_a_value_is_given_back_from_the_timeline_and_from_its_history(
    window: Window, rep: User, lead: Lead
) -> None:
    update_lead(lead, by=rep, job_title="Buyer")
    update_lead(lead, by=rep, job_title="Head of purchasing")
    page = window(rep)
    page.goto(lead.get_absolute_url())

    page.locator("#timeline-changes").click()
    expect(page.locator("#timeline-changes")).to_have_attribute("aria-current", "true")
    more = re.compile("^More: .*from Buyer to Head of purchasing")
    timeline(page).locator("summary[aria-label]").and_(page.get_by_label(more)).click()
    page.get_by_role("button", name="Restore Job title: Buyer").click()
    expect(page.locator("#value-job_title")).to_contain_text("Buyer")

    page.locator("#timeline-changes").click()
    page.get_by_role("link", name="The history of each field").click()
    page.get_by_role("link", name="Job title").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Job title")
    values = page.get_by_role("listitem").filter(has=page.locator(".c-values__value"))
    expect(values.first).to_contain_text("Buyer")
    page.get_by_role("button", name="Restore this value Head of purchasing").first.click()
    expect(values.first).to_contain_text("Head of purchasing")
    lead.refresh_from_db()
    assert lead.job_title == "Head of purchasing"


def test_letters_that_follow_a_key_at_once_are_no_keys(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())

    page.keyboard.press("l")
    page.keyboard.press("e")  # alone it would lead to the form of all fields
    expect(composer(page).get_by_label("Outcome")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(composer(page).get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.type("They like it")
    page.keyboard.press("Escape")
    page.keyboard.press("n")  # once more: what was begun stays
    page.keyboard.type(", very much")

    expect(composer(page).get_by_label("Note", exact=True)).to_have_value("They like it, very much")
    assert urlsplit(page.url).path == lead.get_absolute_url()


def open_people(page: Page) -> None:
    page.keyboard.press("n")
    page.keyboard.type("@rep")
    expect(page.get_by_role("listbox", name="Colleagues")).to_be_visible()


def open_menu(page: Page) -> None:
    timeline(page).locator(".c-entry__menu summary").first.click()


def open_search(page: Page) -> None:
    timeline(page).locator("#timeline-search > summary").click()


def compose(kind: str) -> Callable[[Page], None]:
    def choose(page: Page) -> None:
        page.locator(f"#compose-{kind}").click()
        expect(page.locator(f"#compose-{kind}")).to_have_attribute("aria-current", "true")

    return choose


OPENED: dict[str, Callable[[Page], None]] = {
    "colleagues": open_people,
    "menu of an entry": open_menu,
    "search": open_search,
    "call": compose("call"),
    "task": compose("task"),
    "meeting": compose("meeting"),
    "file": compose("file"),
}


def test_nothing_is_wrong_with_what_opens_on_it(
    window: Window, rep: User, rep2: User, lead: Lead
) -> None:
    log_note(lead, by=rep, text="They pay late", is_pinned=True)
    page = window(rep)
    wrong: list[Any] = []

    for name, open_it in OPENED.items():
        dress(page, DESK, "light")
        page.goto(f"{lead.get_absolute_url()}#timeline")
        open_it(page)
        wrong += faults_in_all_clothes(page, name)

    assert not wrong, "\n".join(wrong)
