"""All rows of the business, to compare before with after."""

from __future__ import annotations

from collections.abc import Set
from functools import cache

from django.apps import apps
from django.db import connection
from django.db.models import Model

# What moves on whatever happens: versions, who changed last, how often it was qualified.
MOVES_ON = frozenset({"version", "changed_at", "changed_by", "cycles"})
ROOMS = frozenset({"intake", "leads", "accounts", "opportunities", "activities", "records"})
# Trails of what was done; rows that are only there to be held on to; and words that were written
# once, by which searches forgive slips.
TRAILS = frozenset(
    "AuditEntry Qualification QualifiedOpportunity IdentityLock Merge Notice SearchWord".split()
)


def rows(*, with_trails: bool = False) -> dict[str, list[str]]:
    """Return every row of the business as text, by table.

    Without trails: what people see of a record. With trails: every column of every row,
    but the rows that are only held on to, which say nothing.
    """
    return fetched(statements(with_trails=with_trails))


def fetched(statements: dict[str, str]) -> dict[str, list[str]]:
    """Return what each statement reads, row by row as text."""
    tables = {}
    with connection.cursor() as cursor:
        for name, sql in statements.items():
            cursor.execute(sql)
            tables[name] = sorted(map(as_text, cursor.fetchall()))
    return tables


@cache
def statements(*, with_trails: bool) -> dict[str, str]:
    """Return what reads each table, as plain SQL: written by the ORM each time it took ten times
    as long, and tests read every table after every step.
    """
    statements = {}
    for model in apps.get_models():
        name = model.__name__
        if model._meta.app_label not in ROOMS or name == "IdentityLock":
            continue
        if not with_trails and (name in TRAILS or name.startswith("Historical")):
            continue
        left_out = set() if with_trails else set(MOVES_ON)
        if name == "IdentityClaim" and not with_trails:
            left_out.add("id")  # a claim is made anew; only what it says counts
        statements[model._meta.label] = read(model, left_out)
    return statements


def read(model: type[Model], left_out: Set[str] = frozenset()) -> str:
    """Return the statement that reads all rows of a model, but for some of their fields."""
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if field.name not in left_out]
    columns = ", ".join(quote(field.column) for field in fields)
    return f"SELECT {columns} FROM {quote(model._meta.db_table)}"


def as_text(row: tuple[object, ...]) -> str:
    """Return a row as text: PostgreSQL hands out bytes as a view, which shows where it lies."""
    return str(tuple(bytes(v) if isinstance(v, memoryview) else v for v in row))
