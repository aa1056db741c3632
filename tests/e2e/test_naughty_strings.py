"""Hostile text that is shown: it is read as it was written, and nothing in it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from activities.operations import add_task, log_note
from leads.operations import update_lead
from records.models import tag_problem
from tests.e2e.test_notices import bell, mention
from tests.factories import LeadFactory, OpportunityFactory
from tests.test_naughty_strings import naughty
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

MOST = 50  # rows of a page, and texts of a timeline
MARKS = ("<", "script", "{{", "{%", "&#", "onerror")
IN_MARKDOWN = (
    "[a](javascript:alert(1))",
    "![a](x onerror=alert(1))",
    "<a href='javascript:alert(1)'>a</a>",
    "[a](data:text/html,<script>alert(1)</script>)",
    "`<img src=x onerror=alert(1)>`",
)
# What no page of ours has, so that a text would have made it.
MADE = """() => [...document.querySelectorAll(
    "body :is(script:not([src]), iframe, object, embed, base, meta, style, video, img[src='x'])"
)].concat([...document.querySelectorAll("body *")].filter((element) =>
    [...element.attributes].some(({name, value}) =>
        name.startsWith("on")
        || /^(href|src|action)$/.test(name) && /^\\s*(javascript|data|vbscript):/i.test(value))
)).map((element) => element.outerHTML.slice(0, 160))"""


def hostile() -> list[str]:
    texts = [text for text in naughty() if any(mark in text.lower() for mark in MARKS)]
    assert len(texts) > MOST
    return texts[:MOST]


def words(text: str) -> str:
    return " ".join(text.split())


def test_hostile_text_is_shown_and_runs_nowhere(window: Window, rep: User, manager: User) -> None:
    texts = hostile()
    for text in texts:
        LeadFactory(owner=rep, first_name="", last_name=text, topic=text, company=text)
        OpportunityFactory(owner=rep, topic=text, value=10)
    lead = LeadFactory(owner=rep, first_name="", last_name=texts[0], city=texts[1], email="")
    lead = update_lead(lead, by=rep, tags=[each for each in texts if not tag_problem(each)][:8])
    for text in (*texts[:20], *IN_MARKDOWN):
        log_note(lead, by=rep, text=text)
        mention(rep, manager, lead, text)
    add_task(lead, by=rep, subject=texts[2])
    page = window(rep)
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(f"{page.url}: {dialog.message}"), dialog.accept()))
    made: list[str] = []

    def look() -> None:
        page.wait_for_load_state("networkidle")
        made.extend(f"{page.url}: {each}" for each in page.evaluate(MADE))

    page.goto("/leads/?status=open&per=100")
    look()
    shown = {words(name) for name in page.locator("tbody th a").all_inner_texts()}
    assert {words(text) for text in texts} - shown == set()
    page.goto("/opportunities/board/")
    look()
    expect(page.locator("#main").get_by_text(texts[4], exact=True).first).to_be_attached()
    page.goto(lead.get_absolute_url())
    expect(page.get_by_role("heading", level=1)).to_have_text(words(texts[0]))
    look()
    page.keyboard.press("Control+k")
    page.keyboard.type("alert")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
    look()
    page.keyboard.press("Escape")
    bell(page).locator("summary").click()
    expect(bell(page).get_by_text(IN_MARKDOWN[-1]).first).to_be_visible()
    look()
    for address in ("/", "/activities/", "/notices/", "/search/?q=alert", "/duplicates/?kind=lead"):
        page.goto(address)
        look()

    assert made == []
    assert ran == []
