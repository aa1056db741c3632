"""A browser over the real pages; whatever it complains about fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories import ActivityFactory, LeadFactory
from tests.watch import watch
from users.models import User

PATIENCE = 20_000  # milliseconds; two cores may be busy with other tests
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def live_server(django_db_setup: None) -> Iterator[LiveServer]:
    """The server of pytest-django, in which our own middleware hands out static files too: a
    browser gets them as people do, in the same weight.
    """
    server = LiveServer("localhost", start=False)
    server.thread.static_handler = lambda application: application
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(live_server: Any, defaults: None) -> str:
    """Where the pages are: the whole product behind a real socket."""
    return str(live_server.url)


@pytest.fixture
def window(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Call it for a window in which `user` is signed in.

    At the end it fails the test for any error of a script, breach of the content policy or part of
    a page that could not be loaded. `scripts=False` is a browser without JavaScript, `touch=True`
    a phone that knows no mouse.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(
        user: User | None = None,
        *,
        scripts: bool = True,
        touch: bool = False,
        width: int = 1440,
        height: int = 900,
    ) -> Page:
        context = browser.new_context(
            base_url=site,
            java_script_enabled=scripts,
            viewport={"width": width, "height": height},
            has_touch=touch,
            is_mobile=touch,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if user is not None:
            sign_in(context, user, site)
        page = context.new_page()
        watch(page, complaints)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not complaints


def sign_in(context: BrowserContext, user: User, site: str) -> None:
    """Give a browser the session of a user, without the door."""
    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site}])


@pytest.fixture
def lead(site: str, rep: User) -> Any:
    """A lead of rep's with a task to do."""
    lead = LeadFactory(
        owner=rep,
        topic="Eight pumps",
        first_name="Elena",
        last_name="Marchetti",
        company="Ferrovia Pumps",
        email="elena@ferrovia.example",
    )
    ActivityFactory(on=lead, owner=rep, by=rep, kind="task", subject="Send the catalogue")
    return lead
