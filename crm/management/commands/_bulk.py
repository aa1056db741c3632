"""Writing very many rows: as one stream on PostgreSQL, by one prepared statement on SQLite."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import JSONField, Max, Model

from crm import search_index, summaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Row = list[Any]

# What a stream of PostgreSQL would take for the end of a value, and how it is written instead.
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Table:
    """The table of a kind, written to without its objects being asked.

    A row is a list of values as this engine takes them, in the order of the columns. The numbers
    are given here, so that what belongs to a row can be made before it is written.
    """

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.fields = {field.attname: field for field in model._meta.concrete_fields}
        self.places = {name: place for place, name in enumerate(self.fields)}
        self.is_stream = connection.vendor == "postgresql"
        self.last: int = model._base_manager.aggregate(last=Max("pk"))["last"] or 0
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.fields.values())
        self.into = f"{quote(model._meta.db_table)} ({columns})"

    def number(self) -> int:
        """Return the number of the next row."""
        self.last += 1
        return self.last

    def row_of(self, record: Model) -> Row:
        """Return the row of a record, which gets a number if it has none."""
        if record.pk is None:
            record.pk = self.number()
        return [self.written(name, getattr(record, name)) for name in self.fields]

    def put(self, row: Row, **values: Any) -> None:
        """Write other values into a row."""
        for name, value in values.items():
            row[self.places[name]] = self.written(name, value)

    def written(self, name: str, value: Any) -> Any:
        """Return the value of a column as this engine takes it."""
        field: Any = self.fields[name]
        if isinstance(field, JSONField):
            value = None if value is None else json.dumps(value, cls=field.encoder)
        else:
            value = field.get_db_prep_save(value, connection)
        if not self.is_stream:
            return value
        return "\\N" if value is None else str(value).translate(ESCAPED)

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows, in one statement."""
        with connection.cursor() as cursor:
            if self.is_stream:
                stream = io.StringIO("".join("\t".join(row) + "\n" for row in rows))
                cursor.copy_expert(f"COPY {self.into} FROM STDIN", stream)
            else:
                places = ", ".join(["%s"] * len(self.fields))
                cursor.executemany(f"INSERT INTO {self.into} VALUES ({places})", rows)  # noqa: S608

    def go_on(self) -> None:
        """Let the database number what it writes by itself after what was written here."""
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [self.model]):
                cursor.execute(statement)


def know_the_tables() -> None:
    """Tell the planner what there is, in our tables: the catalogs of a server are everybody's, and
    whoever reads them in a transaction makes others wait.
    """
    quote, tables = connection.ops.quote_name, connection.introspection.django_table_names()
    statements = ["ANALYZE"]
    if connection.vendor == "postgresql":
        statements = ["ANALYZE " + quote(table) for table in tables]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def without_indexes(models: Iterable[type[Model]]) -> Iterator[None]:
    """Take the indexes of these tables away, and make them anew afterwards, in one pass each.

    Sorting a million rows once takes a fraction of finding a place for each. What keeps rows unique
    stays. So that no other program ever sees the tables without, call this in a transaction.
    """
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What waits for the end of the transaction would forbid to change the table.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            asked = (
                "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c"
                " ON c.oid = i.indexrelid WHERE NOT i.indisunique"
                " AND i.indrelid = ANY(%s::regclass[]) ORDER BY 1"
            )
            cursor.execute(asked, [tables])
        else:
            places = ", ".join(["%s"] * len(tables))
            asked = (
                "SELECT name, sql FROM sqlite_master WHERE tbl_name IN"  # noqa: S608
                f" ({places}) AND type = 'index' AND sql NOT LIKE 'CREATE UNIQUE%%' ORDER BY 1"
            )
            cursor.execute(asked, tables)
        indexes = dict(cursor.fetchall())
        for name in indexes:
            drop = f"DROP INDEX {connection.ops.quote_name(name)}"
            cursor.execute(drop)
        if connection.vendor == "sqlite":
            search_index.leave_off()
            summaries.leave_off()
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in indexes.values():
            cursor.execute(statement)
    search_index.mend()
    summaries.mend()
