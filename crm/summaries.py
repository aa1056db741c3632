"""What keeps the sums of the figures in step with the records: triggers, on either engine.

Each summary of `reports.models` says of which records it is. When one of these is written, the
database adds rows with the difference, whatever program has written it and in its transaction.
`migrate` makes what is missing and sums up what is there; `check_integrity` counts anew and
compares; `rebuild_summaries` makes all of it anew. Why it is so: `docs/decisions/0013-sums.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from reports.models import AgeSum, ClosedSum, DecidedLeadSum, LeadSum, OpenSum

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reports.models import Summary

# What of a moment is told, in UTC: its month by the first day of it, or its day; or of a day.
MONTH, DAY, MONTH_OF_DAY = "month", "day", "month of a day"
VALUE = "coalesce({row}.base_value, 0)"


@dataclass(frozen=True)
class Kept:
    """A summary, and how its rows are made of records.

    summary    its model, which says of which records it is
    columns    what a record has under the same name
    times      a column that tells a time, what it tells, and of which moment
    condition  which records are in it; those in the recycle bin never are
    watched    the columns that are read for all of this
    """

    summary: type[Summary]
    columns: Sequence[str]
    times: tuple[str, str, str]
    watched: Sequence[str]
    condition: str = ""
    weighs: bool = False

    @property
    def table(self) -> str:
        return self.summary._meta.db_table

    @property
    def records(self) -> str:
        return self.summary.KIND._meta.db_table

    @property
    def keys(self) -> list[str]:
        return [*self.columns, self.times[0]]

    @property
    def measures(self) -> Mapping[str, str]:
        """The columns that are added up, and what a record adds to them."""
        weighted = {"weighted": f"{VALUE} * {{row}}.probability"} if self.weighs else {}
        return {"records": "1", "base_value": VALUE} | weighted

    @property
    def names(self) -> str:
        return ", ".join([*self.keys, *self.measures])

    def told(self, row: str, sign: str) -> str:
        """Write what one record adds to the summary, or takes from it."""
        name, unit, moment = self.times
        told = {column: f"{row}.{column}" for column in self.columns}
        told[name] = _begin_of(unit, moment.format(row=row))
        told |= {name: f"{sign}{of.format(row=row)}" for name, of in self.measures.items()}
        return ", ".join(f"{value} AS {column}" for column, value in told.items())

    def where(self, row: str) -> str:
        asked = [f"{row}.deleted_at IS NULL"]
        if self.condition:
            asked.append(self.condition.format(row=row))
        return f"WHERE {' AND '.join(asked)}"

    def of_one(self, row: str, sign: str) -> str:
        """Write what reads what the one record adds or takes that a trigger has in hand."""
        return f"SELECT {self.told(row, sign)} {self.where(row)}"

    def of_all(self, rows: str, sign: str = "") -> str:
        """Write what adds up what the records of a table add or take."""
        each = f"SELECT {self.told('one', sign)} FROM {rows} AS one {self.where('one')}"  # noqa: S608
        keys = ", ".join(self.keys)
        sums = ", ".join(f"sum({name})" for name in self.measures)
        return f"SELECT {keys}, {sums} FROM ({each}) AS told GROUP BY {keys}"  # noqa: S608

    def added(self, rows: str) -> str:
        return f"INSERT INTO {self.table} ({self.names}) {rows}"

    def differing(self) -> str:
        """Write what finds where the summary is not what the records say."""
        keys = ", ".join(self.keys)
        wrong = " OR ".join(f"round(sum({name}), 2) <> 0" for name in self.measures)
        anew = self.of_all(self.records, "-")
        both = f"SELECT {self.names} FROM {self.table} UNION ALL {anew}"  # noqa: S608
        return f"SELECT {keys}, sum(records) FROM ({both}) AS told GROUP BY {keys} HAVING {wrong}"  # noqa: S608


DECIDED = "coalesce({row}.qualified_at, {row}.disqualified_at)"
IS_OPEN, IS_CLOSED = "{row}.status = 'open'", "{row}.status IN ('won', 'lost')"
KEPT = (
    Kept(
        LeadSum,
        ("owner_id", "source_id", "status", "progress"),
        ("came", MONTH, "{row}.created_at"),
        ("owner_id", "source_id", "status", "progress", "created_at", "base_value"),
    ),
    Kept(
        DecidedLeadSum,
        ("owner_id", "source_id", "status"),
        ("decided", MONTH, DECIDED),
        ("owner_id", "source_id", "status", "qualified_at", "disqualified_at", "base_value"),
        condition=f"{DECIDED} IS NOT NULL",
    ),
    Kept(
        OpenSum,
        ("owner_id", "source_id", "stage_id", "forecast_category"),
        ("closes", MONTH_OF_DAY, "{row}.estimated_close_date"),
        (
            "owner_id", "source_id", "stage_id", "forecast_category", "estimated_close_date",
            "status", "base_value", "probability",
        ),
        condition=IS_OPEN,
        weighs=True,
    ),
    Kept(
        AgeSum,
        ("owner_id", "stage_id"),
        ("entered", DAY, "{row}.stage_entered_at"),
        ("owner_id", "stage_id", "stage_entered_at", "status", "base_value"),
        condition=IS_OPEN,
    ),
    Kept(
        ClosedSum,
        ("owner_id", "source_id", "status", "stage_id", "loss_reason_id"),
        ("closed", MONTH_OF_DAY, "{row}.closed_on"),
        (
            "owner_id", "source_id", "status", "stage_id", "loss_reason_id", "closed_on",
            "base_value",
        ),
        condition=f"{IS_CLOSED} AND {{row}}.closed_on IS NOT NULL",
    ),
)  # fmt: skip


def mend(*, anew: bool = False) -> list[str]:
    """Make what is missing of the triggers and sum up again what had been without.

    Returns what the summaries are called for which that was so. `anew` makes all of them as if
    nothing had been there. Those whose tables are not there yet are left out.
    """
    tables = set(connection.introspection.table_names())
    mended = []
    with transaction.atomic(), connection.cursor() as cursor:
        for kept in KEPT:
            if not {kept.table, kept.records} <= tables:
                continue
            if anew or _missing(kept):
                for statement in _statements(kept):
                    cursor.execute(statement)
                mended.append(str(kept.summary._meta.verbose_name_plural))
    return mended


def leave_off() -> None:
    """Let SQLite write rows without summing them up, which it does for each alone; then `mend`."""
    with connection.cursor() as cursor:
        for kept in KEPT:
            for name in _triggers_of(kept):
                drop = f"DROP TRIGGER IF EXISTS {name}"
                cursor.execute(drop)


def faults() -> Iterator[tuple[str, Any, str]]:
    """Yield what is not in step: of which summary, and what."""
    for kept in KEPT:
        for name in sorted(_missing(kept)):
            yield kept.table, None, f"The trigger {name} is missing. Run migrate."
        with connection.cursor() as cursor:
            cursor.execute(kept.differing())
            for *keys, count in cursor.fetchall():
                told = ", ".join(f"{n} {v}" for n, v in zip(kept.keys, keys, strict=True))
                yield kept.table, None, f"By {told} it is off by {count}. Run rebuild_summaries."


def _statements(kept: Kept) -> Iterator[str]:
    """Write what makes the triggers of a summary anew, and sums up what is there.

    PostgreSQL lets nobody write the records from the first of these on until the transaction ends.
    """
    on = "" if connection.vendor == "sqlite" else f" ON {kept.records}"
    for name, statements in _triggers_of(kept).items():
        yield f"DROP TRIGGER IF EXISTS {name}{on}"
        yield from statements
    yield f"DELETE FROM {kept.table}"  # noqa: S608
    yield kept.added(kept.of_all(kept.records))


def _missing(kept: Kept) -> set[str]:
    """Return which triggers are not there, or do something else than they should."""
    asked = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
        "postgresql": "SELECT tgname, prosrc || pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger"
        " JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = %s::regclass",
    }
    with connection.cursor() as cursor:
        cursor.execute(asked[connection.vendor], [kept.records])
        there = dict(cursor.fetchall())
    return {
        name
        for name, (making, *_rest) in _triggers_of(kept).items()
        if _work_in(making) not in there.get(name, "")
    }


def _work_in(making: str) -> str:
    """Return what a trigger does, out of the statement that makes it."""
    return making[making.index("BEGIN") : making.rindex("END")]


def _triggers_of(kept: Kept) -> dict[str, list[str]]:
    """Return the name of each trigger of a summary, and the statements that make it.

    Many records that are written by one statement are summed up together on PostgreSQL.
    """
    make = _on_sqlite if connection.vendor == "sqlite" else _on_postgres
    changed = f"{kept.of_one('old', '-')} UNION ALL {kept.of_one('new', '')}"
    return {
        f"{kept.table}_{event}": make(kept, f"{kept.table}_{event}", event, work)
        for event, work in (("new", ""), ("gone", ""), ("changed", changed))
    }


def _on_sqlite(kept: Kept, name: str, event: str, changed: str) -> list[str]:
    columns = [*kept.watched, "deleted_at"]
    differs = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    when = {
        "new": "INSERT",
        "gone": "DELETE",
        "changed": f"UPDATE OF {', '.join(columns)}",
    }[event]
    work = changed or kept.of_one(*{"new": ("new", ""), "gone": ("old", "-")}[event])
    asked = f"WHEN {differs} " if changed else ""
    return [
        f"CREATE TRIGGER {name} AFTER {when} ON {kept.records} {asked}BEGIN {kept.added(work)}; END"
    ]


def _on_postgres(kept: Kept, name: str, event: str, changed: str) -> list[str]:
    columns = [*kept.watched, "deleted_at"]
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("old", "new"))
    when = {
        "new": "INSERT ON {} REFERENCING NEW TABLE AS written FOR EACH STATEMENT",
        "gone": "DELETE ON {} REFERENCING OLD TABLE AS written FOR EACH STATEMENT",
        "changed": f"UPDATE OF {', '.join(columns)} ON {{}} FOR EACH ROW"
        f" WHEN (({old}) IS DISTINCT FROM ({new}))",
    }[event].format(kept.records)
    work = changed or kept.of_all("written", "-" if event == "gone" else "")
    body = f"BEGIN {kept.added(work)}; RETURN NULL; END"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} AFTER {when} EXECUTE FUNCTION {name}()",
    ]


def _begin_of(unit: str, moment: str) -> str:
    """Write what the month or the day of `moment` begins with."""
    if connection.vendor == "sqlite":
        return f"strftime('{'%Y-%m-%d' if unit == DAY else '%Y-%m-01'}', {moment})"
    if unit == MONTH_OF_DAY:
        return f"date_trunc('month', {moment}::timestamp)::date"
    return f"date_trunc('{unit}', {moment} AT TIME ZONE 'UTC')::date"
