"""A migrated database to begin with: made once, then copied by every process that tests.

Migrations take seconds, a copy takes none. A template is known by all that the migrations say, so
that another one is made when they say something else.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from crm import outbox, search_index, summaries

if TYPE_CHECKING:
    from collections.abc import Iterator

# Kept from one run to the next, as migrating takes longer than many a test.
TEMPLATES = Path(settings.VAR_DIR) / "tests"
# What Django itself keeps about the tables, which no test changes.
KEPT = {"django_content_type", "django_migrations", "auth_permission"}


def digest() -> str:
    """Return a word for what the migrations of all apps make of an empty database."""
    told = hashlib.sha256(f"{django.VERSION} {connection.vendor}".encode())
    told.update(f"{settings.DEFAULT_CURRENCY} {settings.DEFAULT_COUNTRY}".encode())
    for module in (search_index, summaries, outbox):
        told.update(Path(module.__file__).read_bytes())
    for app in apps.get_app_configs():
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            told.update(f"{app.label}/{file.name}".encode())
            told.update(file.read_bytes())
    return told.hexdigest()[:16]


def prepare(name: str) -> None:
    """Make the database `name` for tests and connect to it."""
    copy = copy_on_postgres if connection.vendor == "postgresql" else copy_of_file
    copy(name)
    connect(name)


def remove(name: str) -> None:
    """Take away the database `name`."""
    connection.close()
    if connection.vendor == "postgresql":
        run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    else:
        Path(name).unlink(missing_ok=True)


def empty() -> None:
    """Take away every row of the product, in the one transaction that is allowed to.

    Django would truncate all tables, the empty ones too, and look for new permissions afterwards.
    """
    quote = connection.ops.quote_name
    # Sums come last: the database writes into them that the records are gone.
    sums = {kept.table for kept in summaries.KEPT}
    tables = [t for t in connection.introspection.django_table_names() if t not in KEPT]
    tables.sort(key=lambda table: table in sums)
    ask = " UNION ALL ".join(
        f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {quote(table)})"
        for number, table in enumerate(tables)
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ask)
        for (number,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quote(tables[number])}")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process of this machine at the templates."""
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    with (TEMPLATES / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@one_at_a_time()
def copy_of_file(name: str) -> None:
    """Make a migrated SQLite file of this name."""
    template = TEMPLATES / f"{digest()}.sqlite3"
    if not template.exists():
        for old in TEMPLATES.glob("*.sqlite3*"):
            old.unlink()
        draft = TEMPLATES / "draft.sqlite3"
        migrate(str(draft))
        draft.rename(template)
    shutil.copyfile(template, name)


@one_at_a_time()
def copy_on_postgres(name: str) -> None:
    template = f"crm_template_{digest()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        is_there = cursor.fetchone() is not None
    if not is_there:
        run("DROP DATABASE IF EXISTS crm_template_draft")
        run("CREATE DATABASE crm_template_draft")
        migrate("crm_template_draft")
        run(f"ALTER DATABASE crm_template_draft RENAME TO {template}")
    run(f'DROP DATABASE IF EXISTS "{name}"')
    run(f'CREATE DATABASE "{name}" TEMPLATE {template}')


def forget() -> None:
    """Take the template away from a server that is somebody else's."""
    run(f"DROP DATABASE IF EXISTS crm_template_{digest()}")


def run(sql: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql)


def migrate(name: str) -> None:
    connect(name)
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()


def connect(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
