"""The people of the tests: rep and rep2 in manager's team, outsider in another, and admin."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from threading import Barrier, Event
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from records.errors import Refused
from tests.factories import TeamFactory, UserFactory
from tests.snapshots import fetched, read
from users.models import Role, Team, User

DEFAULTS = {
    "users.migrations.0002_default_roles": "add_roles",
    "records.migrations.0002_currencies": "add_currencies",
    "opportunities.migrations.0002_defaults": "add_defaults",
    "leads.migrations.0002_disqualify_reasons": "add_reasons",
    "records.migrations.0004_layouts": "add_layouts",
    "records.migrations.0019_retention_for_administrators": "add_retention",
    "leads.migrations.0023_default_rules": "add_rules",
    "intake.migrations.0002_inbox_for_managers": "add_grants",
    "leads.migrations.0021_assignment_for_managers": "add_grants",
    "leads.migrations.0049_scoring_for_managers": "add_scale",
    "leads.migrations.0051_availability_for_managers": "add_grants",
    "leads.migrations.0040_limits_for_administrators": "add_limits",
    "workbench.migrations.0002_jobs_of_the_team": "add_grants",
    "workbench.migrations.0005_views_for_all": "add_grants",
    "emails.migrations.0002_templates_for_all": "add_grants",
    "imports.migrations.0002_who_may_import": "add_grants",
    "reports.migrations.0004_who_sets_targets": "add_grants",
}


@pytest.fixture
def defaults(db: None) -> None:
    """What a new installation starts with: every test finds it, this one says that it needs it."""


def new_installation() -> None:
    """Fill an emptied database with what the migrations put into a new one."""
    for module, function in DEFAULTS.items():
        getattr(import_module(module), function)(apps, None)


def a_person(name: str, role: str, team: Team | None) -> User:
    return UserFactory(
        name=name.capitalize(),
        email=f"{name}@crm.example",
        team=team,
        roles=[Role.objects.get(name=role)],
    )


@pytest.fixture
def team(defaults: None) -> Team:
    return TeamFactory(name="North")


@pytest.fixture
def rep(team: Team) -> User:
    return a_person("rep", "Sales rep", team)


@pytest.fixture
def rep2(team: Team) -> User:
    return a_person("rep2", "Sales rep", team)


@pytest.fixture
def manager(team: Team) -> User:
    return a_person("manager", "Sales manager", team)


@pytest.fixture
def admin(defaults: None) -> User:
    return a_superuser()


def a_superuser() -> User:
    person = a_person("admin", "Administrator", None)
    person.is_staff = person.is_superuser = True
    person.save(update_fields=["is_staff", "is_superuser"])
    return person


@pytest.fixture
def outsider(defaults: None) -> User:
    return a_person("outsider", "Sales rep", TeamFactory(name="South"))


@pytest.fixture
def broken_trail(db: None) -> Callable[[], None]:
    """Call it, and the trail can no longer be written: the last step of every operation fails."""

    def break_it() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "CREATE FUNCTION the_trail_is_full() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'the trail is full'; END $$"
                )
                cursor.execute(
                    "CREATE TRIGGER full_trail BEFORE INSERT ON records_auditentry "
                    "FOR EACH ROW EXECUTE FUNCTION the_trail_is_full()"
                )
            else:
                cursor.execute(
                    "CREATE TRIGGER full_trail BEFORE INSERT ON records_auditentry "
                    "BEGIN SELECT RAISE(ABORT, 'the trail is full'); END"
                )

    return break_it


@pytest.fixture
def statements(db: None) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with statements() as told:` collects what was asked of the database, but for savepoints."""

    @contextmanager
    def listen() -> Iterator[list[str]]:
        told: list[str] = []
        with CaptureQueriesContext(connection) as captured:
            yield told
        told += [
            query["sql"]
            for query in captured.captured_queries
            if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO"))
        ]

    return listen


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all works at the same moment, each on a connection of its own; return what each gave.

    A refusal is what a work gives, too. For tests on real transactions.
    """
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return work()
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def after(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """Return what `second` gives that begins while `first` has happened, but is not committed yet.

    Where both want one row, `second` waits for it. For tests on real transactions.
    """
    has_happened, begins = Event(), Event()

    def run_first() -> None:
        try:
            with transaction.atomic():
                first()
                has_happened.set()
                begins.wait(timeout=30)
                time.sleep(0.3)  # until it waits; too little only makes the test mild
        finally:
            connection.close()

    def run_second() -> Any:
        try:
            connection.ensure_connection()
            has_happened.wait(timeout=30)
            begins.set()
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(run_first), pool.submit(run_second)
        one.result()
        return two.result()


def stored() -> dict[str, list[str]]:
    """Return every row of the business, its history and its trail, to compare before and after."""
    rooms = {"intake", "leads", "opportunities", "accounts", "activities", "records"}
    return fetched(
        {
            model._meta.label: read(model)
            for model in apps.get_models()
            if model._meta.app_label in rooms
        }
    )
