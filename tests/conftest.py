"""What every test stands on: its own database and folder, quick passwords, a known browser."""

from __future__ import annotations

import gc
import os
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import TransactionTestCase, client, override_settings
from pytest_django.plugin import blocking_manager_key

from tests import chromium, reference, template

# The people of the tests, for every test to ask for by name.
from tests.world import (  # noqa: F401
    admin,
    broken_trail,
    defaults,
    manager,
    new_installation,
    outsider,
    rep,
    rep2,
    statements,
    team,
)

# Playwright's synchronous interface keeps an event loop in the main thread, which Django would
# take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session", autouse=True)
def _of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keep the run to itself: no file in var/, no counter shared with another process."""
    with override_settings(
        VAR_DIR=tmp_path_factory.mktemp("var"),
        MEDIA_ROOT=tmp_path_factory.mktemp("files"),
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        # The real hash is made to be slow. No test is about its strength.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        # Look for a static file when it is asked for: each client would list them all, in 60 ms.
        WHITENOISE_AUTOREFRESH=True,
        TASKS={"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}},
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _contexts_of_pages_alone() -> Any:
    """Keep for `answer.context` what a page was given, not a copy for each of its parts.

    Copies were half of what a test of a page took.
    """
    keep = client.store_rendered_templates

    def keep_page(
        store: dict[str, Any], signal: Any, sender: Any, template: Any, context: Any, **more: Any
    ) -> None:
        if template is context.template:
            keep(store, signal, sender, template, context, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "store_rendered_templates", keep_page)
        yield


@pytest.fixture(autouse=True)
def _no_counters_left() -> None:
    """Forget limits and throttles that an earlier test has used up."""
    cache.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Test on a file: in memory SQLite shares one lock table, and threads do not wait for it.

    Nobody needs it after a power cut, and waiting for the disk is most of what a commit takes.
    """
    if connection.vendor == "sqlite":
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        settings = connections["default"].settings_dict
        settings["TEST"]["NAME"] = str(file)
        begin = settings["OPTIONS"]["init_command"]
        settings["OPTIONS"]["init_command"] = begin.replace("synchronous=FULL", "synchronous=OFF")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
) -> Any:
    """Begin with a copy of a migrated database; after a test on real transactions renew it."""
    name = connection.creation._get_test_db_name()
    with django_db_blocker.unblock():
        template.prepare(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: renew())
        yield
    with django_db_blocker.unblock():
        template.remove(name)


def renew() -> None:
    """Bring the database back to what a new installation has."""
    with transaction.atomic():
        template.empty()
        new_installation()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave nothing on a server that was there before us; the workers have finished by now."""
    if os.environ.get("TEST_DATABASE_URL") and not hasattr(session.config, "workerinput"):
        with session.config.stash[blocking_manager_key].unblock():
            template.forget()


@pytest.fixture(scope="session", autouse=True)
def _the_right_driver() -> None:
    """Stop at once when something has brought psycopg 3 along: Django would prefer it silently."""
    if connection.vendor == "postgresql":
        assert connection.Database.__name__ == "psycopg2"


def pytest_configure(config: pytest.Config) -> None:
    """Let tests say which data from outside the project they need."""
    config.pluginmanager.register(reference, "reference")
    # What is loaded stays: looking through it for garbage is a sixth of the run.
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, among what the tests make and now and then."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on SQLite what is about PostgreSQL, and there what no engine decides: `once`.

    In a file that is marked `once`, `both` is the exception.
    """
    is_postgres = connection.vendor == "postgresql"
    once = []
    for item in items:
        is_about_postgres = item.get_closest_marker("postgres") is not None
        if is_about_postgres and not is_postgres:
            item.add_marker(pytest.mark.skip(reason="about PostgreSQL"))
        # Every way to the database leads through this fixture, or through the mark.
        has_rows = "django_db_setup" in getattr(item, "fixturenames", ())
        has_rows = has_rows or item.get_closest_marker("django_db") is not None
        if not has_rows and not is_about_postgres:
            item.add_marker(pytest.mark.once)
        is_once = item.get_closest_marker("once") is not None
        if is_once and item.get_closest_marker("both") is None:
            once.append(item)
    if is_postgres:
        left_out = set(once)
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=once)
        config.stash[LEFT_OUT] = len(once)
        if hasattr(config, "workeroutput"):
            config.workeroutput["left_out"] = len(once)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker how much it has left out; each of them has collected everything."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} tests ask what no engine decides: they are run on SQLite alone."
        )


# Pages of the browser's own frame, that nobody sees: they took half a second of each window.
FRAME = (
    "WebUIReloadButton", "WebUIToolbar", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "InitialWebUI", "PreloadTopChromeWebUI",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the system's Chromium, and keep it from asking anything of the network."""
    found = chromium.find()
    if found is None:
        pytest.skip("there is no chromium")
    return {
        **browser_type_launch_args,
        "executable_path": found,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            f"--disable-features={','.join(FRAME)}",
        ],
    }
