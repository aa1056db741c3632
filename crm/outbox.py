"""What notes for webhooks what happened: a trigger on the trail, on either engine.

Each operation writes its lines of the trail in its own transaction, by one row or by many at once.
The database notes a message beside each line for every webhook that is told of it, so that none can
be forgotten, and none is there for work that was taken back. `migrate` makes the trigger where it
is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from webhooks.models import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

TRAIL, NAME = "records_auditentry", "webhooks_note"
_COLUMNS = (
    "webhook_id, entry_id, event, record_type_id, record_id, state, body, attempts, error, worker, "
    "next_at, created_at"
)
_NAMES = ", ".join(f"'{event}'" for event in EVENTS)
_TOLD = {
    "sqlite": "json_array_length(hook.events) = 0"
    " OR EXISTS (SELECT 1 FROM json_each(hook.events) WHERE value = line.event)",
    "postgresql": "hook.events = '[]'::jsonb OR hook.events @> to_jsonb(line.event::text)",
}


def mend() -> bool:
    """Make the trigger if it is missing or does something else; say whether that was so.

    Without the tables it writes to it goes, or nobody could write the trail any more.
    """
    tables = set(connection.introspection.table_names())
    is_wanted = {"webhooks_message", "webhooks_webhook"} <= tables
    if TRAIL not in tables or is_there() == is_wanted:
        return False
    drop, *make = _statements()
    with connection.cursor() as cursor:
        for statement in (drop, *(make if is_wanted else ())):
            cursor.execute(statement)
    return True


def is_there() -> bool:
    """Say whether the trigger stands, and does what it should."""
    asked = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s",
        "postgresql": "SELECT prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
        " WHERE tgname = %s",
    }
    with connection.cursor() as cursor:
        cursor.execute(asked[connection.vendor], [NAME])
        found = cursor.fetchone()
    return found is not None and _work() in found[0]


def faults() -> Iterator[tuple[str, None, str]]:
    """Yield what keeps webhooks from being told."""
    if not is_there():
        yield "webhooks", None, f"The trigger {NAME} is missing. Run migrate."


def _work() -> str:
    """Write what notes the messages of new lines of the trail."""
    is_sqlite = connection.vendor == "sqlite"
    one = "SELECT new.id AS id, new.event AS event, new.at AS at,"
    one += " new.record_type_id AS record_type_id, new.record_id AS record_id"
    lines = f"({one})" if is_sqlite else "written"
    return (
        f"INSERT INTO webhooks_message ({_COLUMNS})"  # noqa: S608  names of our own
        " SELECT hook.id, line.id, line.event, line.record_type_id, line.record_id,"
        " 'waiting', '', 0, '', '', line.at, line.at"
        f" FROM {lines} AS line CROSS JOIN webhooks_webhook AS hook"
        f" WHERE hook.is_active AND line.event IN ({_NAMES}) AND ({_TOLD[connection.vendor]})"
        " ORDER BY line.id, hook.id"
    )


def _statements() -> list[str]:
    if connection.vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {NAME}",
            f"CREATE TRIGGER {NAME} AFTER INSERT ON {TRAIL} BEGIN {_work()}; END",
        ]
    body = f"BEGIN {_work()}; RETURN NULL; END"
    when = f"AFTER INSERT ON {TRAIL} REFERENCING NEW TABLE AS written FOR EACH STATEMENT"
    return [
        f"DROP TRIGGER IF EXISTS {NAME} ON {TRAIL}",
        f"CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {NAME} {when} EXECUTE FUNCTION {NAME}()",
    ]
