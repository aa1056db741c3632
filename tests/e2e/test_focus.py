"""Whatever htmx swaps, who works by keys is somewhere afterwards, and hears what has changed.

The requests are read from the templates: one that is added needs a line here, which names the walk
below that makes it, or the test elsewhere that sees where the focus goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Error, Locator, Page, expect

from imports.models import Import
from opportunities.models import Opportunity
from records.models import PossibleDuplicate
from tests.e2e.hands import Keyboard
from tests.e2e.planted import plant
from tests.factories import ActivityFactory, LeadFactory
from users.models import User
from workbench.models import Job

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
TEMPLATES = Path(settings.BASE_DIR) / "templates"
REQUEST = re.compile(r"hx-(get|post|put|patch|delete|boost)=")

BY_ITSELF = "a part that a page fetches for itself, where nobody has been yet"
# What a template asks for, in its order, and where it is walked.
WALKED: dict[str, list[str]] = {
    "activities/done_row.html": ["test_my_day", "test_my_day"],
    "activities/in_place.html": ["test_my_day"],
    "activities/list.html": ["to_do_typed", "to_do_typed", "to_do_done", "to_do_tabs"],
    "activities/todo.html": ["to_do_done", "to_do_asked"],
    "components/account_card.html": ["account_of_a_sale"],
    "components/add_filter.html": ["filter_panel"],
    "components/bell_panel.html": ["test_notices"],
    "components/chip.html": ["chip_opened", "chip_removed"],
    "components/column_menu.html": ["columns"],
    "components/command.html": ["test_hasty_hands"],
    "components/command_item.html": ["command_in_a_menu"],
    "components/composer.html": ["test_timeline", "test_timeline"],
    "components/composer/foot.html": ["preview"],
    "components/crumb.html": ["test_in_place", "test_in_place"],
    "components/densities.html": ["density"],
    "components/dialog.html": ["refused_in_a_dialog"],
    "components/edit_pencil.html": ["test_in_place"],
    "components/entry_menu.html": ["entry_deleted"],
    "components/field_value.html": ["value_edited"],
    "components/lookup.html": ["lookup"],
    "components/nav.html": [BY_ITSELF],
    "components/news.html": ["test_notices"],
    "components/part_row.html": ["test_in_place"],
    "components/process_bar.html": ["test_in_place"],
    "components/related.html": [BY_ITSELF],
    "components/sort_menu.html": ["sorted_by_menu"],
    "components/task.html": ["task_done"],
    "components/task_done.html": ["task_done"],
    "components/timeline.html": ["test_timeline", "test_timeline", "test_timeline"],
    "components/view_tabs.html": ["tabs"],
    "duplicates/list.html": ["duplicates_narrowed", "duplicate_dismissed"],
    "duplicates/side.html": ["hints"],
    "emails/composer.html": ["test_emails", BY_ITSELF],
    "emails/write_form.html": ["test_emails"],
    "handover/create.html": ["handover"],
    "imports/columns.html": ["test_imports"],
    "imports/detail.html": ["import_at_work"],
    "leads/qualify.html": ["qualify_choices"],
    "opportunities/board_cards.html": ["test_board"] * 4,
    "opportunities/board_won.html": ["test_board"],
    "opportunities/checklist.html": ["checklist"],
    "reports/arrange.html": ["arranged"],
    "reports/card.html": [BY_ITSELF, "report_choice"],
    "reports/day_lines.html": ["test_my_day", "test_my_day"],
    "reports/head.html": ["report_head"],
    "reports/home.html": ["test_my_day", "test_my_day"],
    "reports/overview.html": [BY_ITSELF],
    "reports/todo.html": ["test_my_day", "test_my_day", "test_my_day"],
    "workbench/bulk.html": ["bulk_choice"],
    "workbench/bulk_bar.html": ["bulk_dialog"],
    "workbench/cell.html": ["cell", "cell"],
    "workbench/common_filters.html": ["common_filters"],
    "workbench/field.html": ["test_in_place", "test_in_place"],
    "workbench/filter_panel.html": ["filter_panel", "filter_panel"],
    "workbench/job.html": [BY_ITSELF],
    "workbench/list.html": ["typed", "typed", "pages", "pages"],
    "workbench/operation.html": ["refused_in_a_dialog"],
}


def asked() -> dict[str, int]:
    """Return how many requests of htmx each template makes."""
    found = {}
    for file in sorted(TEMPLATES.rglob("*.html")):
        if number := len(REQUEST.findall(file.read_text())):
            found[str(file.relative_to(TEMPLATES))] = number
    return found


def test_every_request_of_htmx_is_walked() -> None:
    here = Path(__file__).parent
    names = {name for walks in WALKED.values() for name in walks} - {BY_ITSELF}

    assert {template: len(walks) for template, walks in WALKED.items()} == asked()
    elsewhere = {name for name in names if name.startswith("test_")}
    for name in elsewhere:
        assert "to_be_focused()" in (here / f"{name}.py").read_text(), name
    assert names - elsewhere == set(WALKS), "a walk of each name, and none that is not named"


# Where somebody is: on an element that is drawn, and not on the page as a whole.
PROMPT = 1_000  # milliseconds in which the focus is somewhere again
WHERE = """() => {
    const now = document.activeElement;
    if (now === document.body || now === document.documentElement) return "nowhere";
    if (now.getClientRects().length === 0) return `hidden: ${now.outerHTML.slice(0, 90)}`;
    return "";
}"""

Walk = Callable[[Keyboard, Page, dict[str, list[Any]]], None]
WALKS: dict[str, Walk] = {}


def walk(function: Walk) -> Walk:
    WALKS[function.__name__] = function
    return function


def told(page: Page, words: str | re.Pattern[str]) -> None:
    """Wait until one of the live regions says it."""
    live = page.locator("#live, #toasts, [aria-live], [role=alert]")
    expect(live.filter(has_text=words).first).to_be_attached()


def somewhere(page: Page) -> str:
    """Say why nobody knows where he is, or nothing where he does."""
    try:
        page.wait_for_function(f"() => !({WHERE})()", timeout=PROMPT)
    except Error:
        return str(page.evaluate(WHERE))
    return ""


def dialog(page: Page) -> Locator:
    box = page.locator("dialog[open]").last
    expect(box).to_be_visible()
    page.wait_for_function("() => document.activeElement.closest('dialog[open]')")
    return box


# Lists


@walk
def typed(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/")
    field = page.get_by_label("Filter leads")
    keyboard.write(field, "ferrovia")
    told(page, re.compile("^[12] leads?$"))
    expect(field).to_be_focused()
    keyboard.keys("Enter")
    page.wait_for_load_state("networkidle")
    expect(field).to_be_focused()


@walk
def tabs(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/")
    tab = page.locator(".c-views").get_by_role("link", name=re.compile("^All open"))
    keyboard.press(tab)
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_be_focused()
    told(page, "leads")


@walk
def pages(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/?status=open")
    head = page.get_by_role("columnheader").get_by_role("link").first
    words = head.inner_text()
    keyboard.press(head)
    expect(page.locator("th[aria-sort]")).to_have_count(1)
    expect(
        page.get_by_role("link", name=words, exact=False).and_(page.locator("th a"))
    ).to_be_focused()
    size = page.get_by_role("group", name="Rows on a page").get_by_role("link").last
    keyboard.press(size)
    expect(size).to_have_attribute("aria-current", "true")
    expect(size).to_be_focused()


@walk
def density(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/")
    link = page.get_by_role("navigation", name="Height of rows").get_by_role("link", name="Compact")
    keyboard.press(link)
    expect(link).to_have_attribute("aria-current", "true")
    expect(link).to_be_focused()


@walk
def sorted_by_menu(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/")
    summary = page.locator("#list-tools summary").filter(has_text="Sort")
    keyboard.press(summary)
    menu = page.locator("#list-tools details[open]")
    keyboard.choose(menu.locator("select").first, "Company, ascending")
    keyboard.press(menu.get_by_role("button", name="Sort"))
    expect(page).to_have_url(re.compile("sort=company"))
    told(page, "leads")


@walk
def columns(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/")
    keyboard.press(page.locator("#list-tools summary").filter(has_text="Columns"))
    menu = page.locator("#list-tools details[open]")
    keyboard.press(menu.get_by_role("button", name="Show columns").last)
    expect(page).to_have_url(re.compile("columns="))
    told(page, "leads")


@walk
def chip_removed(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/?owner=me&status=open")
    keyboard.press(page.get_by_role("link", name="Remove filter Owner"))
    expect(page.get_by_role("link", name="Remove filter Owner")).to_have_count(0)
    expect(page.get_by_role("link", name="Remove filter Status")).to_be_focused()


@walk
def filter_panel(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/")
    keyboard.keys("f")
    expect(page.get_by_label("Find a field")).to_be_focused()
    keyboard.press(page.locator("#filter-fields").get_by_role("link", name="City"))
    dialog(page)
    keyboard.keys("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert not somewhere(page)
    keyboard.keys("f")
    keyboard.press(page.get_by_role("link", name="All of, any of"))
    dialog(page)
    keyboard.keys("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


@walk
def common_filters(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/")
    keyboard.keys("f")
    keyboard.press(page.locator("#filter-panel").get_by_role("button", name="Apply filters"))
    told(page, "leads")


@walk
def chip_opened(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/?where=company:contains:Ferrovia")
    chip = page.locator("a.c-chip__text")
    keyboard.press(chip)
    dialog(page)
    keyboard.keys("Escape")
    expect(chip).to_be_focused()


@walk
def bulk_dialog(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/?status=open")
    keyboard.keys("j", "x")
    opener = page.get_by_role("toolbar").get_by_role("button", name="Status")
    keyboard.press(opener)
    dialog(page)
    keyboard.keys("Escape")
    expect(opener).to_be_focused()


@walk
def bulk_choice(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/?status=open")
    keyboard.keys("j", "s")
    choice = dialog(page).get_by_role("radio").first
    keyboard.tick(choice)
    expect(page.locator("#bulk-tally")).to_contain_text("Will change")
    expect(choice).to_be_focused()


@walk
def cell(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/?status=open")
    keyboard.keys("j", "e")
    form = page.locator(".c-cell-form")
    expect(form).to_be_visible()
    page.wait_for_function("() => document.activeElement.closest('.c-cell-form')")
    keyboard.keys("Escape")
    expect(form).to_have_count(0)
    assert not somewhere(page), "after Escape"
    keyboard.keys("e")
    keyboard.press(form.get_by_role("button", name="Save"))
    expect(form).to_have_count(0)


# Activities


@walk
def to_do_typed(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/activities/")
    field = page.get_by_label("Filter activities")
    keyboard.write(field, "call")
    told(page, "activities")
    expect(field).to_be_focused()
    keyboard.keys("Enter")
    page.wait_for_load_state("networkidle")
    expect(field).to_be_focused()


@walk
def to_do_tabs(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    lead = planted["leads"][0]
    for _n in range(25):
        ActivityFactory(on=lead, owner=lead.owner, by=lead.owner, kind="task")
    page.goto("/activities/?status=open")
    keyboard.press(page.get_by_role("link", name="Next page"))
    expect(page).to_have_url(re.compile("page=2"))
    told(page, "activities")
    expect(page.get_by_role("link", name="Previous page")).to_be_focused()


@walk
def to_do_done(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    owner, first = planted["leads"][0].owner, timezone.now() - timedelta(days=9)
    lead = LeadFactory(owner=owner)
    ActivityFactory(on=lead, owner=owner, by=owner, kind="task", subject="Ask", due_at=first)
    page.goto("/activities/?status=open")
    keyboard.press(page.get_by_role("button", name="Complete: Ask"))
    told(page, "is done")
    expect(page.locator("[data-done]")).to_be_visible()
    assert not somewhere(page), "after the tick"
    keyboard.press(page.get_by_role("button", name="Nothing for now"))
    expect(page.locator("[data-done]")).to_have_count(0)


@walk
def to_do_asked(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/activities/?status=open")
    opener = page.locator(".c-task a[hx-get]").first
    keyboard.press(opener)
    expect(page.locator("form[data-in-place]")).to_be_visible()
    page.wait_for_function("() => document.activeElement.closest('form[data-in-place]')")
    keyboard.keys("Escape")
    expect(opener).to_be_focused()


# Records


@walk
def task_done(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["leads"][0].get_absolute_url())
    tasks = page.locator("#timeline-part .c-tasks")
    keyboard.press(tasks.get_by_role("button", name=re.compile("^Complete: ")).first)
    expect(tasks.locator(".c-task--done")).to_be_visible()
    told(page, "is done")
    assert not somewhere(page), "after the tick"
    keyboard.write(tasks.get_by_label("What next?"), "Ask again")
    keyboard.keys("Enter")
    expect(tasks.get_by_role("button", name="Complete: Ask again")).to_be_visible()


@walk
def preview(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["leads"][0].get_absolute_url())
    keyboard.keys("n")
    page.keyboard.type("They **like** it")
    button = page.locator("#composer").get_by_role("button", name="Preview")
    keyboard.press(button)
    expect(page.locator("#composer-preview[aria-live] strong")).to_have_text("like")
    expect(button).to_be_focused()


@walk
def entry_deleted(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["leads"][0].get_absolute_url())
    entry = page.locator(".c-entry--note").first
    keyboard.press(entry.locator(".c-entry__menu summary"))
    keyboard.press(entry.get_by_role("link", name="Delete"))
    dialog(page)
    keyboard.keys("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


@walk
def value_edited(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["leads"][0].get_absolute_url())
    opener = page.locator("#value-city a[data-edit]")
    keyboard.press(opener)
    page.wait_for_function("() => document.activeElement.closest('[data-field-form]')")
    keyboard.keys("Escape")
    expect(opener).to_be_focused()


@walk
def command_in_a_menu(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["leads"][0].get_absolute_url())
    keyboard.press(page.get_by_label("More commands"))
    keyboard.press(page.get_by_role("link", name="Delete lead"))
    dialog(page)
    keyboard.keys("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


@walk
def refused_in_a_dialog(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["leads"][0].get_absolute_url())
    keyboard.keys("Shift+D")
    dialog(page)
    keyboard.keys("Control+Enter")
    expect(page.locator("dialog[open] [role=alert]")).to_contain_text("Choose a reason")
    expect(page.locator("dialog[open] [role=alert]")).to_be_focused()


@walk
def qualify_choices(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["leads"][0].get_absolute_url())
    keyboard.keys("q")
    none = dialog(page).get_by_role("radio", name="None", exact=True)
    keyboard.tick(none)
    page.wait_for_load_state("networkidle")
    expect(none).to_be_focused()


@walk
def account_of_a_sale(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto(Opportunity.objects.filter(account=None, status="open")[0].get_absolute_url())
    opener = page.locator("#value-account a[data-edit]")
    keyboard.press(opener)
    page.wait_for_function("() => document.activeElement.closest('[data-field-form]')")
    keyboard.keys("Escape")
    expect(opener).to_be_focused()


@walk
def checklist(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto(planted["opportunities"][0].get_absolute_url())
    step = page.locator(".c-checklist__tick[aria-pressed=false]:visible").first
    words = step.locator("span").inner_text()
    keyboard.press(step)
    done = page.locator(".c-checklist__tick[aria-pressed=true]:visible").filter(has_text=words)
    expect(done.first).to_be_focused()


@walk
def hints(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/leads/new/")
    field = page.get_by_label("Email")
    keyboard.write(field, "elena@ferrovia.example")
    expect(page.locator("#hints")).to_contain_text("Ferrovia")
    expect(field).to_be_focused()


@walk
def lookup(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/opportunities/new/")
    field = page.locator("input[list][hx-get]").first
    keyboard.write(field, "Ferr")
    expect(page.locator("datalist option").first).to_be_attached()
    expect(field).to_be_focused()


# Other rooms


@walk
def duplicates_narrowed(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/duplicates/?kind=lead")
    field = page.locator("#duplicates select").first
    keyboard.reach(field)
    with page.expect_response(lambda answer: "/duplicates/" in answer.url):
        keyboard.keys("ArrowDown")
    page.wait_for_load_state("networkidle")
    expect(field).to_be_focused()


@walk
def duplicate_dismissed(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    for _n in range(2):
        one, other = (LeadFactory(owner=planted["leads"][0].owner) for _n in range(2))
        PossibleDuplicate.objects.create(
            kind="lead", low=one.pk, high=other.pk, score=90, reasons=[["email", "same"]]
        )
    page.goto("/duplicates/?kind=lead")
    buttons = page.get_by_role("button", name=re.compile("^Not a duplicate"))
    expect(buttons).to_have_count(2)
    page.evaluate("() => { document.body.dataset.stayed = '' }")
    keyboard.press(buttons.first)
    told(page, "are not proposed again")
    expect(buttons).to_have_count(1)
    expect(buttons).to_be_focused()
    keyboard.press(buttons)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    told(page, "are not proposed again")
    assert page.locator("body[data-stayed]").count(), "only a part of the page is brought"


@walk
def handover(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    page.goto("/handover/")
    box = page.get_by_role("checkbox").first
    keyboard.tick(box)
    expect(page.get_by_role("button", name=re.compile("Hand over")).last).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(box).to_be_focused()


@walk
def report_head(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/reports/")
    field = page.locator("#head select").first
    keyboard.reach(field)
    keyboard.keys("ArrowDown")
    if (show := page.locator("#head").get_by_role("button", name="Show")).is_visible():
        keyboard.press(show)
    page.wait_for_url("**/reports/?*")
    page.wait_for_load_state("networkidle")


@walk
def report_choice(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/reports/")
    choice = page.locator(".c-chart__choices a:not([aria-current])").first
    words = choice.inner_text()
    keyboard.press(choice)
    now = page.locator(".c-chart__choices a[aria-current]").filter(has_text=words).first
    expect(now).to_be_visible()
    expect(now).to_be_focused()


@walk
def arranged(keyboard: Keyboard, page: Page, _planted: dict[str, list[Any]]) -> None:
    page.goto("/reports/dashboards/arrange/?cards=trend.5+pipeline.7")
    later = page.get_by_role("group", name="Lead conversion by month").get_by_role("button")
    later = later.and_(page.get_by_role("button", name="Later"))
    keyboard.press(later)
    page.wait_for_url("**cards=pipeline.7+trend.5")
    told(page, "Lead conversion by month is number 2 of 2")
    expect(later).to_be_focused()


@walk
def import_at_work(keyboard: Keyboard, page: Page, planted: dict[str, list[Any]]) -> None:
    sent = planted["imports"][0]
    job = Job.objects.create(kind="gone", title="Check", owner=sent.owner, total=7, done=3)
    Import.objects.filter(pk=sent.pk).update(state=Import.State.CHECKING, job=job)
    page.goto(f"/imports/{sent.pk}/")
    cancel = page.get_by_role("button", name="Cancel")
    keyboard.reach(cancel)
    with page.expect_response(re.compile("/imports/")):
        pass
    expect(cancel).to_be_focused()
    stopped = {"state": Job.State.FAILED, "finished_at": timezone.now(), "outcome": "It stopped."}
    Job.objects.filter(pk=job.pk).update(**stopped)
    told(page, sent.name)
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_what_comes_with_a_page_is_told_by_a_region_that_was_there(
    window: Window, rep: User
) -> None:
    lead = LeadFactory(owner=rep)
    page = window(rep)
    page.add_init_script("""
        window.came = [];
        new MutationObserver((changes) => {
            for (const { target, addedNodes } of changes)
                for (const each of addedNodes)
                    if (each.classList?.contains("c-toast"))
                        window.came.push(`${target.role} when ${document.readyState}`);
        }).observe(document, { childList: true, subtree: true });
    """)
    page.goto(f"/leads/{lead.pk}/delete/")
    page.locator("button[form=record-form]").click()

    expect(page.locator("#toasts .c-toast")).to_be_visible()
    page.wait_for_function("() => window.came.includes('status when complete')")


def test_the_focus_is_never_lost(window: Window, rep: User, rep2: User) -> None:
    planted = plant(rep, rep2)
    lost = []
    page = window(rep)
    page.set_default_timeout(8_000)
    for name, go in WALKS.items():
        try:
            go(Keyboard(page), page, planted)
            if where := somewhere(page):
                lost.append(f"{name}: {where}")
        except (AssertionError, Error) as wrong:
            lost.append(f"{name}: {str(wrong)[:300]}")

    assert not lost, "\n".join(lost)
