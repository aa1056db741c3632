"""What is done in a hurry, in two windows or without a line happens once, and a page says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, Route, expect

from accounts.operations import merge_contacts
from leads.models import DisqualifyReason, Lead
from leads.operations import disqualify, qualify
from opportunities.operations import open_opportunity
from records.models import AuditEntry, PossibleDuplicate
from tests.e2e.conftest import PATIENCE, sign_in
from tests.e2e.test_pages import faults_in_all_clothes
from tests.factories import ContactFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


def nothing(_form: Page | Locator) -> None:
    """Leave a form as it stands."""


@dataclass(frozen=True)
class Deed:
    """Something to do on a page: where, what to type, what to press, and what the trail says."""

    address: Callable[[Lead, User], str]
    button: str
    event: str
    lines: int = 1
    fill: Callable[[Page | Locator], Any] = nothing


def lead_page(verb: str) -> Callable[[Lead, User], str]:
    return lambda lead, _by: f"{lead.get_absolute_url()}{verb}/"


def qualified(lead: Lead, by: User) -> str:
    qualify(lead, by=by)
    return f"{lead.get_absolute_url()}undo/"


def given_up(lead: Lead, by: User) -> str:
    disqualify(lead, by=by, reason=DisqualifyReason.objects.get(key="no-need"))
    return f"{lead.get_absolute_url()}reopen/"


def deal(verb: str) -> Callable[[Lead, User], str]:
    def made(_lead: Lead, by: User) -> str:
        return f"{open_opportunity('Eight pumps', by=by, owner=by).get_absolute_url()}{verb}"

    return made


def pair(_lead: Lead, by: User) -> str:
    one, other = ContactFactory(owner=by), ContactFactory(owner=by)
    PossibleDuplicate.objects.create(
        kind="contact", low=one.pk, high=other.pk, score=90, reasons=[["email", "same"]]
    )
    return "/duplicates/?kind=contact"


def twins(_lead: Lead, by: User) -> str:
    one, other = ContactFactory(owner=by), ContactFactory(owner=by)
    return f"/duplicates/merge/?kind=contact&id={one.pk}&id={other.pk}"


def merged(_lead: Lead, by: User) -> str:
    merge = merge_contacts(ContactFactory(owner=by), [ContactFactory(owner=by)], by=by)
    return merge.get_absolute_url()


DEEDS = {
    "qualify": Deed(lead_page("qualify"), "Qualify lead", "lead.qualified"),
    "disqualify": Deed(
        lead_page("disqualify"),
        "Disqualify lead",
        "lead.disqualified",
        fill=lambda form: form.get_by_role("radio", name="Cannot contact").check(),
    ),
    "undo": Deed(qualified, "Undo qualification", "lead.unqualified"),
    "reopen": Deed(given_up, "Reopen lead", "lead.reopened"),
    "win": Deed(deal("win/"), "Close as won", "opportunity.won"),
    "lose": Deed(
        deal("lose/"),
        "Close as lost",
        "opportunity.lost",
        fill=lambda form: form.get_by_role("radio").first.check(),
    ),
    "stage": Deed(deal(""), "Move to", "opportunity.stage_changed"),
    "merge": Deed(twins, "Merge 2 records", "contact.merged"),
    "un-merge": Deed(merged, "Undo the merge", "contact.unmerged", lines=2),
    "no duplicate": Deed(pair, "Not a duplicate", "pair.dismissed", lines=2),
}
IN_DIALOGS = {"qualify": "Qualify", "disqualify": "Disqualify", "undo": "Undo", "reopen": "Reopen"}


def pressed(page: Page | Locator, deed: Deed) -> Locator:
    """Return the button to press, after what has to be filled in."""
    button = page.get_by_role("button", name=re.compile(f"^{deed.button}")).first
    expect(button).to_be_visible(timeout=PATIENCE)
    deed.fill(page)
    return button


def happened(deed: Deed) -> int:
    return AuditEntry.objects.filter(event=deed.event).count()


@pytest.fixture
def hear() -> Iterator[Callable[[Response], None]]:
    """Hears what the server answers; at the end none of it may be an error of its own."""
    failed: list[str] = []

    def heard(answer: Response) -> None:
        if answer.status >= 500:
            failed.append(answer.url)

    yield heard
    assert not failed


@pytest.mark.parametrize("name", DEEDS)
def test_pressed_twice_sent_again_and_from_a_second_window_it_happens_once(
    browser: Browser, site: str, rep: User, lead: Lead, hear: Callable[[Response], None], name: str
) -> None:
    deed = DEEDS[name]
    address = deed.address(lead, rep)
    before = happened(deed)
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    sign_in(context, rep, site)
    one, other = context.new_page(), context.new_page()
    for page in (one, other):
        page.on("response", hear)
        page.goto(address)
    button, late = pressed(one, deed), pressed(other, deed)

    with one.expect_response(lambda answer: answer.request.method == "POST"):
        button.dblclick()
    one.wait_for_load_state("networkidle")
    assert happened(deed) == before + deed.lines

    with other.expect_response(lambda answer: answer.request.method == "POST"):
        late.click()
    other.wait_for_load_state("networkidle")
    expect(other.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)

    if one.url.endswith(address):
        one.reload()  # done in place: there is nothing to go back to
    else:
        one.evaluate("history.back()")
        one.wait_for_url(f"**{address}", wait_until="load")
    again = one.get_by_role("button", name=re.compile(f"^{deed.button}"))
    if again.count() and again.first.is_visible():
        deed.fill(one)
        again.first.click()
        one.wait_for_load_state("networkidle")
    expect(one.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)

    # Who sees the next stage after going back may move on to it; everything else is over.
    over = {before + deed.lines}
    assert happened(deed) in (over | {before + 2} if name == "stage" else over)
    context.close()


@pytest.mark.parametrize("name", ["disqualify", "undo", "reopen"])
def test_an_answer_that_is_lost_in_a_dialog_is_given_again(
    browser: Browser, site: str, rep: User, lead: Lead, hear: Callable[[Response], None], name: str
) -> None:
    deed = DEEDS[name]
    deed.address(lead, rep)
    before = happened(deed)
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    sign_in(context, rep, site)
    page = context.new_page()
    page.on("response", hear)
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name=re.compile(f"^{IN_DIALOGS[name]}")).first.click()
    button = pressed(page.get_by_role("dialog"), deed)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)  # done, but nobody hears of it
            route.abort()
        else:
            route.continue_()

    page.route("**/leads/**", lose)
    button.click()
    expect(page.get_by_role("alert").filter(has_text="no connection")).to_be_attached()
    assert happened(deed) == before + 1
    button.click()
    page.wait_for_load_state("networkidle")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert happened(deed) == before + 1
    context.close()


# How dialogs look and feel


@pytest.mark.parametrize("name", ["qualify", "disqualify", "undo", "reopen", "assign"])
def test_nothing_is_wrong_with_an_open_dialog_and_the_focus_is_kept(
    window: Window, rep: User, lead: Lead, name: str
) -> None:
    if name in DEEDS:
        DEEDS[name].address(lead, rep)
    page = window(rep)
    page.goto(lead.get_absolute_url())
    group = page.get_by_role("group", name="Commands")
    opener = group.get_by_role("link", name=re.compile(f"^{IN_DIALOGS.get(name, 'Assign')}"))
    opener.focus()

    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    is_inside = "() => Boolean(document.activeElement.closest('dialog[open]'))"
    page.wait_for_function(is_inside)
    # Round once, and once more backwards: nothing behind the dialog is ever reached.
    behind = "() => !['BODY', 'DIALOG'].includes(document.activeElement.tagName) && "
    behind += "!document.activeElement.closest('dialog[open]')"
    stops = dialog.locator("a, button, input, select, textarea, summary").count()
    for key in ("Tab", "Shift+Tab"):
        for _step in range(stops + 2):
            page.keyboard.press(key)
            assert not page.evaluate(behind)
    wrong = faults_in_all_clothes(page, name)
    assert not wrong, "\n".join(wrong)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_keys_are_heard_that_are_pressed_before_the_scripts_have_come(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(r"/app/shortcuts.*\.js"), hold)
    page.goto("/leads/", wait_until="commit")
    expect(page.get_by_role("link", name="Elena Marchetti")).to_be_visible()
    search = page.get_by_role("searchbox", name="Filter leads")
    search.press_sequentially("pumps")  # no key: it is typed
    expect(search).to_have_value("pumps")
    search.blur()

    page.keyboard.press("g")
    page.keyboard.press("o")
    held[0].continue_()

    expect(page.get_by_role("heading", level=1, name="Opportunities")).to_be_visible()
