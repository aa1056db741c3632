"""The bell and the end of a session in a browser, with a clock that the test sets on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from activities.models import Activity
from leads.models import Lead
from records.models import Notice
from records.operations.notices import tell
from tests.e2e.conftest import PATIENCE
from tests.e2e.hands import Keyboard
from tests.e2e.test_pages import DESK, PHONE, dress, faults_in_all_clothes
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
PASSWORD = "eight-green-pumps"
A_MINUTE = 61_000  # milliseconds; the bell looks once a minute


def bell(page: Page) -> Locator:
    return page.locator("[data-bell]")


def count_is(page: Page, words: str) -> None:
    expect(bell(page).locator("summary")).to_have_accessible_name(words)


def mention(whom: User, by: User, lead: Lead, text: str) -> Notice:
    tell(whom, "mentioned", by=by, about=lead, text=text)
    return Notice.objects.latest("pk")


@pytest.fixture
def quiet(lead: Lead) -> Lead:
    """A lead that nobody was told of yet."""
    Notice.objects.all().delete()
    return lead


# The bell


def test_the_number_follows_while_a_page_stands_open(
    window: Window, rep: User, manager: User, quiet: Lead
) -> None:
    page = window(rep)
    page.clock.install()
    page.goto(quiet.get_absolute_url())
    count_is(page, "Notifications")

    mention(rep, manager, quiet, "Look at this")
    page.clock.run_for(A_MINUTE)
    count_is(page, "1 unread notification")
    expect(page.locator("#live")).to_have_text("1 unread notification")

    # What was read elsewhere is taken off, and nobody is told of it.
    Notice.objects.update(read_at=timezone.now())
    page.locator("#live").evaluate("(region) => { region.textContent = ''; }")
    page.clock.run_for(A_MINUTE)
    count_is(page, "Notifications")
    expect(page.locator("#live")).to_have_text("")


def test_news_are_read_by_keys_in_the_panel(
    window: Window, rep: User, manager: User, quiet: Lead
) -> None:
    mention(rep, manager, quiet, "Older")
    newer = mention(rep, manager, quiet, "Newer, in another note")
    Notice.objects.filter(pk=newer.pk).update(at=timezone.now() + timedelta(seconds=1))
    page = window(rep)
    page.goto("/leads/")
    keyboard = Keyboard(page)
    unread = Notice.objects.filter(whom=rep, read_at=None)
    told = unread.count()
    count_is(page, f"{told} unread notifications" if told > 1 else "1 unread notification")

    keyboard.press(bell(page).locator("summary"))
    news = bell(page).locator(".c-news__item")
    expect(news).to_have_count(told)
    one = news.filter(has_text="Newer, in another note")
    mark = one.get_by_role("button", name=re.compile("^Mark as read"))
    keyboard.press(mark)
    back = one.get_by_role("button", name=re.compile("^Mark as unread"))
    expect(back).to_be_visible()
    expect(back).to_be_focused()
    assert unread.count() == told - 1
    keyboard.press(back)
    expect(mark).to_be_focused()
    assert unread.count() == told

    keyboard.press(bell(page).get_by_role("button", name="Mark all as read"))
    count_is(page, "Notifications")
    expect(bell(page).get_by_role("heading", name="Notifications")).to_be_focused()
    assert not unread.exists()

    keyboard.keys("Escape")
    expect(bell(page).locator("summary")).to_be_focused()
    bell(page).locator("#bell-panel").evaluate("(panel) => { panel.dataset.before = ''; }")
    keyboard.press(bell(page).locator("summary"))
    # It is told anew at each opening: a key would go to what is taken away.
    expect(bell(page).locator("[data-before]")).to_have_count(0)
    keyboard.press(news.first.locator(".c-news__open"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Elena Marchetti")


def test_says_how_one_wants_to_be_told(
    window: Window, rep: User, manager: User, quiet: Lead
) -> None:
    page = window(rep, touch=True, width=390, height=844)
    page.goto("/notifications/")
    page.get_by_role("link", name="Choose what to be told").tap()
    page.get_by_label("Somebody mentions me").select_option("By email")
    page.get_by_role("button", name="Save notifications").tap()
    expect(page.get_by_role("region", name="Messages")).to_contain_text(
        re.compile("saved", re.IGNORECASE)
    )
    expect(page.get_by_label("Somebody mentions me")).to_have_value("email")

    rep.refresh_from_db()
    notice = mention(rep, manager, quiet, "Look at this")
    assert (notice.is_shown, notice.mail) == (False, Notice.Mail.WAITING)


def test_nothing_is_wrong_with_the_open_bell(
    window: Window, rep: User, manager: User, quiet: Lead
) -> None:
    mention(rep, manager, quiet, "Look at this, please, " * 9)
    page = window(rep)
    page.goto("/leads/")
    bell(page).locator("summary").click()
    expect(bell(page).locator(".c-news__item")).to_have_count(1)
    # The list below is looked at when nothing covers half of a tab of it.
    assert faults_in_all_clothes(page, "bell", without=["#main"]) == []

    dress(page, DESK, "light")
    bell(page).get_by_role("button", name="Mark all as read").click()
    count_is(page, "Notifications")
    assert faults_in_all_clothes(page, "bell, all read", without=["#main"]) == []


# The end of a session


@pytest.fixture
def signed_in(rep: User) -> User:
    rep.set_password(PASSWORD)
    rep.save(update_fields=["password"])
    return rep


def come_in(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My day")


def ends_in(**left: int) -> None:
    Session.objects.update(expire_date=timezone.now() + timedelta(**left))


def warning(page: Page) -> Locator:
    return page.get_by_role("alert").filter(has_text="You will be logged out in 2 minutes.")


def test_warns_before_the_session_ends_and_lets_one_stay(
    window: Window, signed_in: User, lead: Lead
) -> None:
    page = window()
    come_in(page, signed_in)
    ends_in(seconds=240)
    page.clock.install()
    page.goto(lead.get_absolute_url())
    page.get_by_label("Note", exact=True).fill("Half a sentence")
    expect(warning(page)).to_have_count(0)

    ends_in(seconds=118)  # by the server's clock as much time has gone as by the page's
    page.clock.run_for(122_000)
    expect(warning(page)).to_be_visible()
    wrong: list[Any] = faults_in_all_clothes(page, "warning")
    assert not wrong, "\n".join(wrong)
    dress(page, DESK, "light")

    Keyboard(page).press(warning(page).get_by_role("button", name="Stay logged in"))
    expect(warning(page)).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")
    assert Session.objects.get().expire_date > timezone.now() + timedelta(hours=11)
    expect(page.get_by_label("Note", exact=True)).to_have_value("Half a sentence")


def test_another_window_that_goes_on_takes_the_warning_back(
    window: Window, signed_in: User, lead: Lead
) -> None:
    page = window()
    come_in(page, signed_in)
    ends_in(seconds=240)
    page.clock.install()
    page.goto(lead.get_absolute_url())

    ends_in(hours=12)
    with page.expect_response("**/session/") as answer:
        page.clock.run_for(122_000)
    answer.value.finished()
    page.wait_for_load_state("networkidle")
    expect(warning(page)).to_have_count(0)


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_what_was_typed_is_sent_once_somebody_is_signed_in_again(
    browser: Browser, site: str, signed_in: User, lead: Lead, size: tuple[int, int]
) -> None:
    # Here the console has to name refusals, of an ended session and of a wrong password.
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    dress(page, size, "light")
    come_in(page, signed_in)
    page.goto(f"{lead.get_absolute_url()}#timeline")
    note = page.get_by_label("Note", exact=True)
    note.fill("They like it")
    Session.objects.all().delete()
    page.get_by_role("button", name="Add note").click()

    dialog = page.get_by_role("dialog", name="You are logged out")
    expect(dialog).to_be_visible()
    password = dialog.get_by_label("Password")
    expect(password).to_be_focused()
    wrong = faults_in_all_clothes(page, "logged out")
    assert not wrong, "\n".join(wrong)
    dress(page, size, "light")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()  # what is behind it is nobody's now
    password.fill("not this")
    password.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("The email or the password is wrong.")
    expect(password).to_be_focused()
    password.fill(PASSWORD)
    password.press("Enter")

    expect(dialog).to_have_count(0)
    expect(page.locator("#timeline-part")).to_contain_text("They like it")
    expect(note).to_have_value("")
    assert Activity.objects.filter(kind="note").count() == 1
    context.close()
