"""Lists, search and matching find their rows by an index, and do not read them all.

`tests/test_search_index.py` asks SQLite.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.urls import resolve
from django.utils import timezone

from accounts.matching import contact_match
from accounts.models import Contact
from activities.models import Activity
from crm.management.commands._bulk import know_the_tables
from leads.matching import hints_for
from leads.models import Lead
from leads.querysets import LAST_TOUCH
from records.models import SearchWord
from records.similarity import place_of
from reports.queries import day_of, find
from tests.factories import UserFactory
from users.models import User
from workbench.views.paged import _flipped
from workbench.views.paging import keys_for

pytestmark = pytest.mark.postgres

ROWS = 10_000
# So many that even a hundred of these narrow rows are sooner looked up than all of them read.
ENTRIES = 40_000


@pytest.fixture
def manager(manager: User) -> User:
    """A manager of one team of several; leads and contacts enough that nobody reads them all."""
    UserFactory.create_batch(3, team=manager.team)
    UserFactory.create_batch(4)
    kinds = ("leads", "accounts", "contacts", "opportunities", "activities")
    call_command("seed", **dict.fromkeys(kinds, 20), stdout=StringIO())
    for model, rows in ((Lead, ROWS), (Contact, ROWS), (Activity, ENTRIES)):
        multiply(model, rows)
    with connection.cursor() as cursor:
        # Each entry is one of a lead.
        cursor.execute(
            "INSERT INTO activities_activitylink (activity_id, record_type_id, record_id,"
            " is_origin, via) SELECT entry.id, %s, lead.id, TRUE, '' FROM activities_activity AS"
            " entry JOIN leads_lead AS lead ON lead.id = entry.id ON CONFLICT DO NOTHING",
            [ContentType.objects.get_for_model(Lead).pk],
        )
        # The server may be tidying up the same tables by itself: then we wait for it.
        cursor.execute("SET LOCAL lock_timeout = 0")
        # What an index has not sorted in yet makes it dear; a vacuum would do both.
        for index in ("lead_search_idx", "contact_search_idx", "activity_search_idx"):
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
    know_the_tables()
    return manager


def multiply(model: Any, rows: int) -> None:
    """Make many rows of a few, inside the database; no two have a key in common."""
    keys = {"email_key", "name_key", "company_key", "domain", "phone_key", "mobile_key", "search"}
    columns = [f.column for f in model._meta.concrete_fields if f.column != "id"]
    taken = [
        f"md5(n::text || row.id || '{name}')"
        if name in keys or name.startswith("block_")
        else f"row.{name} - n * interval '1 minute'"
        if name == "created_at"
        else f"row.{name}"
        for name in columns
    ]
    table = model._meta.db_table
    count = model.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(taken)}"
            f" FROM {table} AS row CROSS JOIN generate_series(1, {rows // count}) AS n"
        )


def read_whole(ask: Callable[[], Any]) -> list[str]:
    """Return the plans by which `ask` reads leads or contacts from end to end."""
    asked: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        asked.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(listen):
        ask()
    found = []
    with connection.cursor() as cursor:
        for sql, values in asked:
            cursor.execute(f"EXPLAIN {sql}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            tables = ("leads_lead", "accounts_contact", "activities_activity", "records_searchword")
            found += [f"{t}:\n{plan}" for t in tables if f"Seq Scan on {t} " in plan]
    return found


@pytest.mark.parametrize("newest", [1_000, 20_000])
def test_no_record_is_looked_for_by_reading_all(
    manager: User, monkeypatch: pytest.MonkeyPatch, newest: int
) -> None:
    # Far fewer than there are, so that the older ones are asked for, too; and more.
    monkeypatch.setattr("reports.queries.search.NEWEST", newest)
    leads = Lead.objects.permitted(manager).for_list()
    SearchWord.objects.bulk_create(SearchWord(word=f"word{n:05}") for n in range(ROWS))

    questions = {
        "the first page": lambda: list(leads.order_by("-created_at", "-pk")[:51]),
        "a search": lambda: find("quarrington pumps", by=manager),
        "a search by email": lambda: find("ada@engines.example", by=manager),
        "a search by phone": lambda: find("+1 212 555 0199", by=manager),
        "a search with slips": lambda: find("quarringtno pmups", by=manager),
        "a search for the beginning of a word": lambda: find("qu", by=manager),
        "a search in notes": lambda: find("they asked again", by=manager),
        "a contact": lambda: contact_match(
            first_name="Ada", last_name="Lovelace", email="ada@engines.example",
            phone="+1 212 555 0199", company="Engines",
        ),
        "who looks like a contact": lambda: contact_match(
            first_name="Ada", last_name="Lovelace", email="ada@engines.example",
            phone="+1 212 555 0199", company="Engines", is_similar_wanted=True,
            place=place_of(street="4 Mill Lane", city="London", postal_code="SW1A 1AA"),
        ),
        "what looks like a lead that is typed": lambda: hints_for(
            "lead", {"last_name": "Lovelace", "first_name": "Ada", "phone": "+1 212 555 0199",
                     "city": "London", "email": "ada@engines.example"}, by=manager,
        ),
    }  # fmt: skip

    wrong = {name: found for name, ask in questions.items() if (found := read_whole(ask))}
    assert not wrong, wrong


def test_what_waits_for_a_decision_is_found_by_its_index(manager: User) -> None:
    assert "lead_decision_idx" in Lead.objects.undecided().explain()


def test_a_day_is_gathered_by_indexes(manager: User) -> None:
    mine = Lead.objects.filter(owner=manager)
    waiting = mine.waiting().order_by("contacted_at", "created_at", "pk")
    quiet = mine.quiet_since(timezone.now() - timedelta(days=400)).order_by(LAST_TOUCH, "pk")

    assert not read_whole(lambda: day_of(manager))
    assert "lead_waiting_idx" in waiting[:101].explain()
    assert "lead_quiet_idx" in quiet[:101].explain()


ROOMS = ("leads", "opportunities")


@pytest.mark.django_db
def test_whatever_a_list_is_sorted_by_has_an_index_in_that_order_both_ways() -> None:
    unsorted = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    for room in ROOMS:
        view: Any = resolve(f"/{room}/").func.view_class  # type: ignore[attr-defined]
        for name, column in view.table_class.base_columns.items():
            order = [str(path) for path in column.order_by or ()]
            if not order or "__" in order[0]:  # what stands beside is read by `slice_of`
                continue
            for is_flipped in (False, True):
                keys = keys_for(
                    view.model, [_flipped(path) if is_flipped else path for path in order]
                )
                rows = view.model.objects.order_by(*[key.order(is_reversed=False) for key in keys])
                plan = rows.values("pk")[:51].explain()
                if "Sort" in plan:
                    unsorted.append((room, name, is_flipped))
    assert not unsorted
