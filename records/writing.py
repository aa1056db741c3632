"""Many rows at once, in the way that each engine takes quickest. Only operations import this.

What a model does by itself when a record is saved does not happen here: whoever writes rows so
has derived and checked them, and writes what follows from them too.
"""

from __future__ import annotations

import io
import json
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection, models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Below it, preparing costs more than it saves.
FEW = 20
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def number(model: type[models.Model], records: Sequence[models.Model]) -> None:
    """Give new records the numbers that they will have. One statement.

    SQLite has one writer at a time: what another one takes meanwhile fails, and is tried again.
    """
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s"
            cursor.execute(last, [table])
            first = cursor.fetchone()[0] + 1
            numbers = list(range(first, first + len(records)))
        else:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [f'"{table}"', column, len(records)],
            )
            numbers = [row[0] for row in cursor.fetchall()]
    for record, pk in zip(records, numbers, strict=True):
        record.pk = pk


def preparing() -> Callable[[models.Field[Any, Any], Any], Any]:
    """Return what makes of a field and its value what `insert` takes: for PostgreSQL, a text."""
    return _plain if connection.vendor == "sqlite" else _as_text


def _plain(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(field, models.JSONField):
        return json.dumps(value, cls=field.encoder)
    return field.get_db_prep_save(value, connection)


def _as_text(field: models.Field[Any, Any], value: Any) -> str:
    # Most values are texts, or nothing at all.
    plain = value if type(value) is str else _plain(field, value)
    if plain is None:
        return "\\N"
    if type(plain) is str:
        return plain.translate(_ESCAPED) if plain else ""
    if plain is True or plain is False:
        return "t" if plain else "f"
    return plain.isoformat() if isinstance(plain, date) else str(plain)


def insert(
    model: type[models.Model],
    fields: Sequence[models.Field[Any, Any]],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Insert rows of prepared values."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join(["%s"] * len(fields))
            insert = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
            cursor.executemany(insert, rows)
            return
        text = "".join("\t".join(row) + "\n" for row in rows)
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(text))


def update(
    model: type[models.Model], names: Sequence[str], records: Sequence[models.Model]
) -> None:
    """Write these columns of records that are there. One statement."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    own: Any = model._meta.pk
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), [quote(field.column) for field in fields]
    rows = [
        [*(field.get_db_prep_save(getattr(each, field.attname), connection) for field in fields),
         each.pk]
        for each in records
    ]  # fmt: skip
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join(f"{column} = %s" for column in columns)
            cursor.executemany(
                f"UPDATE {table} SET {places} WHERE {quote(own.column)} = %s",  # noqa: S608
                rows,
            )
            return
        # A list for each column: a statement with a place for each value takes long to read.
        kinds = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in [*fields, own])
        told = ", ".join(f"{column} = new.{column}" for column in columns)
        names_of = ", ".join([*columns, quote(own.column)])
        # Names of models alone are put together here; every value is a parameter.
        statement = (
            f"UPDATE {table} SET {told} FROM unnest({kinds}) AS new ({names_of})"  # noqa: S608
            f" WHERE {table}.{quote(own.column)} = new.{quote(own.column)}"
        )
        cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def insert_like(line: models.Model, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert lines that say what `line` does, but in the columns `names`, of which each has values
    of its own. Nobody refers to them; they get no numbers here.
    """
    fields = [field for field in line._meta.concrete_fields if not field.primary_key]
    prepared = preparing()
    common = [prepared(field, getattr(line, field.attname)) for field in fields]
    places = [[field.name for field in fields].index(name) for name in names]
    lines = []
    for row in rows:
        values = common.copy()
        for place, value in zip(places, row, strict=True):
            values[place] = prepared(fields[place], value)
        lines.append(values)
    insert(type(line), fields, lines)
