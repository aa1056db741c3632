"""What `records.conditions` means, said to the database: the same answer on both engines.

Every test becomes an expression that is true, or else false or null; nothing is negated above a
test, so that null never turns into true.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Left
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from records.conditions import (
    DAY_TEXT,
    MOMENT_TEXT,
    NUMBER_TEXT,
    WHOLE_TEXT,
    Group,
    beginning_of,
    folded,
    moment_text,
    span_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from records.conditions import Field, Test

# What `str.strip` takes off.
_BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
_LARGEST_ID = 2**63 - 1

_BOUNDS = {
    "at_least": GreaterThanOrEqual,
    "at_most": LessThanOrEqual,
    "more_than": GreaterThan,
    "less_than": LessThan,
    "is": Exact,
    "is_not": Exact,
}


class _Spelled(models.Func):
    """An expression that each engine spells in its own way; `{0}` is the first argument."""

    sqlite = ""
    postgresql = ""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._filled(compiler, self.sqlite)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._filled(compiler, self.postgresql)

    def _filled(
        self, compiler: Any, spelling: str, arguments: list[Any] | None = None
    ) -> tuple[str, tuple[Any, ...]]:
        """Put in the arguments, each as often as it is named; `{*}` is all behind the second."""
        parts = [compiler.compile(part) for part in arguments or self.get_source_expressions()]
        sql: list[str] = []
        values: list[Any] = []
        for words, place, _format, _conversion in string.Formatter().parse(spelling):
            sql.append(words)
            named = parts[2:] if place == "*" else [] if place is None else [parts[int(place)]]
            sql.append(", ".join(part[0] for part in named))
            values += [value for part in named for value in part[1]]
        return "".join(sql), tuple(values)


class Stripped(_Spelled):
    """A text without the blanks around it, as `str.strip` has it."""

    sqlite = "TRIM({0}, {1})"
    postgresql = "BTRIM({0}, {1})"
    output_field = models.TextField()

    def __init__(self, text: Any, **extra: Any) -> None:
        super().__init__(text, Value(_BLANKS), **extra)


class Folded(_Spelled):
    """A text as conditions compare it, like `records.conditions.folded`."""

    sqlite = "LOWER({0})"
    postgresql = 'LOWER({0} COLLATE "C")'
    output_field = models.TextField()

    def __init__(self, text: Any, **extra: Any) -> None:
        super().__init__(Stripped(text), **extra)


class Contains(_Spelled):
    """Whether a text has another one in it; so spelled that PostgreSQL can ask an index."""

    sqlite = "(INSTR({0}, {1}) > 0)"
    postgresql = "({0} LIKE {2})"
    output_field = models.BooleanField()

    def __init__(self, text: Any, part: str, **extra: Any) -> None:
        pattern = "".join(f"\\{each}" if each in "\\%_" else each for each in part)
        super().__init__(text, Value(part), Value(f"%{pattern}%"), **extra)


class Number(_Spelled):
    """A number given as text: bound as such, SQLite would compare it in binary or not at all."""

    sqlite = postgresql = "CAST({0} AS NUMERIC)"
    output_field = models.DecimalField()


class _InJson(_Spelled):
    """What a JSON object has under a key, where it is of the right kind; null everywhere else."""

    def __init__(self, column: str, key: str, *values: str, **extra: Any) -> None:
        super().__init__(F(column), Value(key), *map(Value, values), **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # A key is a slug; in a path of SQLite it stands in quotes, for the hyphen's sake.
        column, key, *values = self.get_source_expressions()
        path = Value(f'$."{key.value}"')
        return self._filled(compiler, self.sqlite, [column, path, *values])


class JsonText(_InJson):
    sqlite = "CASE WHEN JSON_TYPE({0}, {1}) = 'text' THEN JSON_EXTRACT({0}, {1}) END"
    postgresql = "CASE WHEN JSONB_TYPEOF({0} -> {1}) = 'string' THEN {0} ->> {1} END"
    output_field = models.TextField()


class JsonKey(_InJson):
    """The key of a choice: a text, or the number of a row of another table."""

    sqlite = (
        "CASE WHEN JSON_TYPE({0}, {1}) = 'text'"
        " OR (JSON_TYPE({0}, {1}) = 'integer' AND JSON_EXTRACT({0}, {1}) REGEXP {2})"
        " THEN CAST(JSON_EXTRACT({0}, {1}) AS TEXT) END"
    )
    postgresql = (
        "CASE WHEN JSONB_TYPEOF({0} -> {1}) = 'string'"
        " OR (JSONB_TYPEOF({0} -> {1}) = 'number' AND ({0} ->> {1}) ~ {2})"
        " THEN {0} ->> {1} END"
    )
    output_field = models.TextField()

    def __init__(self, column: str, key: str, **extra: Any) -> None:
        super().__init__(column, key, WHOLE_TEXT, **extra)


class JsonYes(_InJson):
    sqlite = "COALESCE(JSON_TYPE({0}, {1}) = 'true', FALSE)"
    postgresql = "COALESCE({0} -> {1} = 'true'::jsonb, FALSE)"
    output_field = models.BooleanField()


class JsonDay(_InJson):
    """A day as ISO text, which orders like days do."""

    sqlite = (
        "CASE WHEN JSON_TYPE({0}, {1}) = 'text' AND JSON_EXTRACT({0}, {1}) REGEXP {2}"
        " THEN JSON_EXTRACT({0}, {1}) END"
    )
    postgresql = (
        "CASE WHEN JSONB_TYPEOF({0} -> {1}) = 'string' AND ({0} ->> {1}) ~ {2}"
        ' THEN ({0} ->> {1}) COLLATE "C" END'
    )
    output_field = models.TextField()

    pattern = DAY_TEXT

    def __init__(self, column: str, key: str, **extra: Any) -> None:
        super().__init__(column, key, self.pattern, **extra)


class JsonMoment(JsonDay):
    """A moment in UTC as ISO text, which orders like moments do."""

    pattern = MOMENT_TEXT


class JsonNumber(_InJson):
    """A whole number, or a decimal in its text form; the cast sees nothing that it would refuse."""

    sqlite = (
        "CASE WHEN (JSON_TYPE({0}, {1}) = 'text' AND JSON_EXTRACT({0}, {1}) REGEXP {2})"
        " OR (JSON_TYPE({0}, {1}) = 'integer' AND JSON_EXTRACT({0}, {1}) REGEXP {3})"
        " THEN CAST(JSON_EXTRACT({0}, {1}) AS NUMERIC) END"
    )
    postgresql = (
        "CASE WHEN (JSONB_TYPEOF({0} -> {1}) = 'string' AND ({0} ->> {1}) ~ {2})"
        " OR (JSONB_TYPEOF({0} -> {1}) = 'number' AND ({0} ->> {1}) ~ {3})"
        " THEN ({0} ->> {1})::numeric END"
    )
    output_field = models.DecimalField()

    def __init__(self, column: str, key: str, **extra: Any) -> None:
        super().__init__(column, key, NUMBER_TEXT, WHOLE_TEXT, **extra)


class JsonAmount(_InJson):
    """The amount of money in its text form, as a number."""

    sqlite = (
        "CASE WHEN JSON_TYPE({0}, {1} || '.amount') = 'text'"
        " AND JSON_EXTRACT({0}, {1} || '.amount') REGEXP {2}"
        " THEN CAST(JSON_EXTRACT({0}, {1} || '.amount') AS NUMERIC) END"
    )
    postgresql = (
        "CASE WHEN JSONB_TYPEOF({0} -> {1} -> 'amount') = 'string'"
        " AND ({0} -> {1} ->> 'amount') ~ {2} THEN ({0} -> {1} ->> 'amount')::numeric END"
    )
    output_field = models.DecimalField()

    def __init__(self, column: str, key: str, **extra: Any) -> None:
        super().__init__(column, key, NUMBER_TEXT, **extra)


class JsonHasAny(_InJson):
    """Whether a list of keys has one of those given."""

    sqlite = (
        "(COALESCE(JSON_TYPE({0}, {1}) = 'array', FALSE) AND EXISTS (SELECT 1 FROM"
        " JSON_EACH({0}, {1}) AS item WHERE item.type = 'text' AND item.value IN ({*})))"
    )
    postgresql = (
        "CASE WHEN JSONB_TYPEOF({0} -> {1}) = 'array'"
        " THEN JSONB_EXISTS_ANY({0} -> {1}, ARRAY[{*}]::text[]) ELSE FALSE END"
    )
    output_field = models.BooleanField()


class JsonHasSome(_InJson):
    """Whether a list has any key at all."""

    sqlite = (
        "(COALESCE(JSON_TYPE({0}, {1}) = 'array', FALSE) AND EXISTS (SELECT 1 FROM"
        " JSON_EACH({0}, {1}) AS item WHERE item.type = 'text'))"
    )
    postgresql = (
        "CASE WHEN JSONB_TYPEOF({0} -> {1}) = 'array' THEN JSONB_PATH_EXISTS({0} -> {1},"
        " 'strict $[*] ? (@.type() == \"string\")') ELSE FALSE END"
    )
    output_field = models.BooleanField()


def rows_where(
    condition: Test | Group,
    fields: Mapping[str, Field],
    *,
    model: type[models.Model],
    now: datetime,
) -> Q:
    """Return the filter for the rows of `model` for which `records.conditions.holds`.

    Relations to one are joined; relations to many are asked by a subquery, so that no row comes
    twice.
    """
    if isinstance(condition, Group):
        parts = [rows_where(part, fields, model=model, now=now) for part in condition.parts]
        if not parts:
            return _nothing()
        joined = parts[0]
        for part in parts[1:]:
            joined = joined & part if condition.kind == "all" else joined | part
        return joined
    about = fields.get(condition.field)
    if about is None or about.type != condition.type:
        return _nothing()
    if condition.type == "choices":
        return _of_lists(condition, about, model)
    is_unknown, is_met = _of_one(condition, about, now)
    match condition.comparison:
        case "unknown" | "no":
            return is_unknown
        case "is_not" | "none_of" | "not_me":
            return is_unknown | ~is_met
    return is_met


def _nothing() -> Q:
    return Q(pk__in=[])


def _of_one(test: Test, about: Field, now: datetime) -> tuple[Q, Q]:
    """Return the rows where the value is unknown, and those where the positive test holds."""
    match test.type:
        case "text":
            is_unknown, is_met = _of_texts(
                test, Folded(_place(about)), [folded(v) for v in _values(test)]
            )
            if isinstance(place := _place(about), F):
                # The same rows, said so that the database knows how many they are.
                is_unknown |= Q(Exact(place, ""))
            return is_unknown, is_met
        case "choice" | "person" if about.path.endswith("_id"):
            return _of_ids(test, _place(about))
        case "choice" | "person":
            return _of_texts(test, _place(about), _values(test))
        case "yes_no":
            is_yes = Q(Exact(_place(about), True))
            return Q(IsNull(_place(about), True)) | ~is_yes, is_yes
        case "number" | "money" | "link":
            is_unknown, met = Q(IsNull(_place(about), True)), None
            if test.comparison in _BOUNDS:
                number = Number(Value(f"{test.value:f}"))
                met = Q(_BOUNDS[test.comparison](_place(about), number))
            return is_unknown, met or ~is_unknown
    return _of_days(test, about, now)


def _values(test: Test) -> list[Any]:
    return list(test.value) if isinstance(test.value, tuple) else [test.value or ""]


def _of_texts(test: Test, text: Any, values: list[str]) -> tuple[Q, Q]:
    is_unknown = Q(IsNull(text, True)) | Q(Exact(text, ""))
    match test.comparison:
        case "known" | "unknown":
            return is_unknown, ~Q(Exact(text, ""))
        case "contains":
            return is_unknown, Q(Contains(text, values[0]))
        case "starts_with":
            return is_unknown, Q(Exact(Left(text, len(values[0])), values[0]))
    return is_unknown, Q(In(text, values))


def _of_ids(test: Test, place: Any) -> tuple[Q, Q]:
    is_unknown = Q(IsNull(place, True))
    if test.comparison in {"known", "unknown"}:
        return is_unknown, ~is_unknown
    # What is no id is nobody's: no column can hold it.
    ids = [int(v) for v in _values(test) if v.isdecimal() and v == str(int(v))]
    return is_unknown, Q(In(place, [n for n in ids if n <= _LARGEST_ID])) if ids else _nothing()


def _of_days(test: Test, about: Field, now: datetime) -> tuple[Q, Q]:
    is_unknown = Q(IsNull(_place(about), True))
    if test.comparison in {"known", "unknown"}:
        return is_unknown, ~is_unknown

    def bound(day: Any) -> Any:
        if test.type == "moment":
            moment = beginning_of(day, now)
            return moment_text(moment) if _is_in_json(about) else moment
        return day.isoformat() if _is_in_json(about) else day

    first, end = span_of(test, now)
    is_met = ~is_unknown
    if first is not None:
        is_met &= Q(GreaterThanOrEqual(_place(about), bound(first)))
    if end is not None:
        is_met &= Q(LessThan(_place(about), bound(end)))
    return is_unknown, is_met


def _of_lists(test: Test, about: Field, model: type[models.Model]) -> Q:
    def has_any(keys: list[str]) -> Q:
        if _is_in_json(about):
            return Q(JsonHasAny(*about.path.split(".", 1), *keys))
        return of_relation(f"{about.path}__in", keys)

    def of_relation(lookup: str, value: Any) -> Q:
        # Not by way of the manager of the pages: what is in the bin can be asked about as well.
        rows = model._base_manager.filter(pk=OuterRef("pk"))
        return Q(Exists(rows.filter(**{lookup: value})))

    match test.comparison:
        case "any_of":
            return has_any(list(test.value))
        case "none_of":
            return ~has_any(list(test.value))
        case "all_of":
            every = has_any([test.value[0]])
            for key in test.value[1:]:
                every &= has_any([key])
            return every
    if _is_in_json(about):
        is_known = Q(JsonHasSome(*about.path.split(".", 1)))
    else:
        is_known = of_relation(f"{about.path}__isnull", value=False)
    return is_known if test.comparison == "known" else ~is_known


def _is_in_json(about: Field) -> bool:
    return "." in about.path


_IN_JSON: dict[str, type[_InJson]] = {
    "text": JsonText,
    "choice": JsonKey,
    "person": JsonKey,
    "number": JsonNumber,
    "money": JsonAmount,
    "link": JsonNumber,
    "date": JsonDay,
    "moment": JsonMoment,
    "yes_no": JsonYes,
}


def _place(about: Field) -> Any:
    """Return the expression for the value of a field."""
    if about.rows is not None:
        return about.rows
    if _is_in_json(about):
        return _IN_JSON[about.type](*about.path.split(".", 1))
    return F(about.path)
