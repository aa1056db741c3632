"""Merging in a browser: how it looks; pressed twice, sent again, taken back from the message."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.operations import merge_contacts
from activities.operations import log_note
from records.models import Merge
from tests.e2e.planted import LONG
from tests.e2e.test_pages import look_at
from tests.factories import ContactFactory, LeadFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


def twins(rep: User) -> list:
    one = ContactFactory(owner=rep, last_name="Marchetti", email="elena@one.example")
    other = ContactFactory(owner=rep, last_name="Rossi", email="elena@two.example", job_title="CEO")
    log_note(other, by=rep, text="Prefers mail")
    return [one, other]


def address(*records, kind: str = "contact") -> str:
    return f"/duplicates/merge/?kind={kind}&" + "&".join(f"id={each.pk}" for each in records)


def test_nothing_is_wrong_with_the_pages(window: Window, rep: User) -> None:
    one, other = twins(rep)
    third = ContactFactory(owner=rep, last_name=LONG[:90])
    leads = [LeadFactory(owner=rep), LeadFactory(owner=rep, topic=LONG[:200])]
    gone = ContactFactory(owner=rep)
    merge = merge_contacts(ContactFactory(owner=rep), [gone], by=rep)
    listed = [
        address(one, other, third),
        address(*leads, kind="lead"),
        address(one),
        "/duplicates/merge/",
        "/duplicates/merged/",
        merge.get_absolute_url(),
        gone.get_absolute_url(),
    ]

    look_at(window(rep), rep, listed)


def test_pressed_twice_it_merges_once_and_is_undone_from_the_message(
    window: Window, rep: User
) -> None:
    one, other = twins(rep)
    page = window(rep)

    page.goto(address(one, other))
    page.get_by_label("Rossi").check()
    page.get_by_role("button", name="Merge 2 records").dblclick()
    expect(page.get_by_role("heading", name="Merge into Charles Rossi")).to_be_visible()
    assert Merge.objects.count() == 1
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The merge was undone by")).to_be_visible()

    other.refresh_from_db()
    assert not other.is_in_bin


def test_sent_again_after_going_back_it_says_what_became_of_it(window: Window, rep: User) -> None:
    one, other = twins(rep)
    page = window(rep)

    page.goto(address(one, other))
    page.get_by_role("button", name="Merge 2 records").click()
    page.wait_for_url("**/duplicates/merged/**")
    page.go_back()
    again = page.get_by_role("button", name="Merge 2 records")
    if again.count():
        again.click()
    expect(page.get_by_text("was merged into")).to_be_visible()

    assert Merge.objects.count() == 1
