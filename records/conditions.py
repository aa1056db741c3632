"""Conditions on records, as managers write them: one small language, and what it means.

A condition is a group of tests, `{"all": […]}` or `{"any": […]}`; a group may stand where a test
may, and a test is `{"field": …, "is": …, "value": …}`. This module reads, checks, words and
evaluates them on a record in hand; `records.lookups` says the same to the database, and a test
proves that the two always agree.

The logic has two values. An empty value is unknown, and so is one of the wrong kind. `is_not`,
`none_of` and `no` are the exact opposites of `is`, `one_of` or `any_of`, and `yes`: they hold where
nothing is known. Every other comparison but `unknown` needs a value. Texts are compared without
the blanks around them and with the letters A to Z folded. Days begin where `now` is: its time zone
decides. A test on a field that is gone never holds, whatever it compares. Of people a viewer can
ask for himself and for his team: `addressed` says who that is, and before it nobody is.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from records.errors import Unacceptable
from records.keys import text_problem


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogue; `translate` looks it up where somebody reads it."""
    return text


def _as_it_is(text: str) -> str:
    return text


Translate = Callable[[str], str]

MOST_TESTS = 50
DEEPEST = 4
MOST_VALUES = 100
LONGEST_TEXT = 200
MOST_DIGITS = 15  # what every engine keeps exactly
MOST_DAYS = 36_500
FIRST_YEAR, LAST_YEAR = 1900, 2999

TYPES = (
    "text",
    "number",
    "money",
    "date",
    "moment",
    "yes_no",
    "choice",
    "choices",
    "person",
    "link",
)

_ON_DAYS = (
    "during", "before", "after", "on", "within_days", "next_days", "older_than_days", "known",
    "unknown",
)  # fmt: skip
_ON_NUMBERS = (
    "at_least", "at_most", "more_than", "less_than", "is", "is_not", "known", "unknown",
)  # fmt: skip
# Type → what can be asked of it, in the order of a menu.
COMPARISONS: dict[str, tuple[str, ...]] = {
    "text": ("is", "is_not", "contains", "starts_with", "one_of", "known", "unknown"),
    "number": _ON_NUMBERS,
    "money": _ON_NUMBERS,
    "date": _ON_DAYS,
    "moment": _ON_DAYS,
    "yes_no": ("yes", "no"),
    "choice": ("is", "is_not", "one_of", "none_of", "known", "unknown"),
    "link": ("is", "is_not", "known", "unknown"),
    "choices": ("any_of", "all_of", "none_of", "known", "unknown"),
    "person": (
        "me", "not_me", "my_team", "is", "is_not", "one_of", "none_of", "known", "unknown",
    ),
}  # fmt: skip

# Spans of days that go along with the calendar; weeks begin on Monday.
PERIODS = {
    "today": gettext_noop("today"),
    "yesterday": gettext_noop("yesterday"),
    "tomorrow": gettext_noop("tomorrow"),
    "this_week": gettext_noop("this week"),
    "last_week": gettext_noop("last week"),
    "next_week": gettext_noop("next week"),
    "this_month": gettext_noop("this month"),
    "last_month": gettext_noop("last month"),
    "next_month": gettext_noop("next month"),
    "this_quarter": gettext_noop("this quarter"),
    "last_quarter": gettext_noop("last quarter"),
    "next_quarter": gettext_noop("next quarter"),
    "this_year": gettext_noop("this year"),
    "last_year": gettext_noop("last year"),
    "next_year": gettext_noop("next year"),
}

# What a menu calls each comparison.
LABELS = {
    "is": gettext_noop("is"),
    "is_not": gettext_noop("is not"),
    "contains": gettext_noop("contains"),
    "starts_with": gettext_noop("starts with"),
    "one_of": gettext_noop("is one of"),
    "none_of": gettext_noop("is none of"),
    "any_of": gettext_noop("has any of"),
    "all_of": gettext_noop("has all of"),
    "at_least": gettext_noop("is at least"),
    "at_most": gettext_noop("is at most"),
    "more_than": gettext_noop("is more than"),
    "less_than": gettext_noop("is less than"),
    "before": gettext_noop("is before"),
    "after": gettext_noop("is after"),
    "on": gettext_noop("is on"),
    "during": gettext_noop("is in"),
    "within_days": gettext_noop("is in the last days"),
    "next_days": gettext_noop("is in the next days"),
    "older_than_days": gettext_noop("is more days ago than"),
    "me": gettext_noop("is me"),
    "not_me": gettext_noop("is not me"),
    "my_team": gettext_noop("is in my team"),
    "yes": gettext_noop("is yes"),
    "no": gettext_noop("is no"),
    "known": gettext_noop("is known"),
    "unknown": gettext_noop("is unknown"),
}

# How a sentence says each of them.
_PHRASES = {
    "is": gettext_noop("%(field)s is %(value)s"),
    "is_not": gettext_noop("%(field)s is not %(value)s"),
    "contains": gettext_noop("%(field)s contains %(value)s"),
    "starts_with": gettext_noop("%(field)s starts with %(value)s"),
    "one_of": gettext_noop("%(field)s is %(value)s"),
    "none_of": gettext_noop("%(field)s is not %(value)s"),
    "any_of": gettext_noop("%(field)s has %(value)s"),
    "all_of": gettext_noop("%(field)s has %(value)s"),
    "at_least": gettext_noop("%(field)s at least %(value)s"),
    "at_most": gettext_noop("%(field)s at most %(value)s"),
    "more_than": gettext_noop("%(field)s more than %(value)s"),
    "less_than": gettext_noop("%(field)s less than %(value)s"),
    "before": gettext_noop("%(field)s before %(value)s"),
    "after": gettext_noop("%(field)s after %(value)s"),
    "on": gettext_noop("%(field)s on %(value)s"),
    "during": gettext_noop("%(field)s %(value)s"),
    "within_days": gettext_noop("%(field)s in the last %(value)s days"),
    "next_days": gettext_noop("%(field)s in the next %(value)s days"),
    "older_than_days": gettext_noop("%(field)s more than %(value)s days ago"),
    "me": gettext_noop("%(field)s is me"),
    "not_me": gettext_noop("%(field)s is not me"),
    "my_team": gettext_noop("%(field)s is in my team"),
    "yes": gettext_noop("%(field)s: yes"),
    "no": gettext_noop("%(field)s: no"),
    "known": gettext_noop("%(field)s is known"),
    "unknown": gettext_noop("%(field)s is unknown"),
}

WITHOUT_VALUE = {"yes", "no", "known", "unknown", "me", "not_me", "my_team"}
WITH_MANY = {"one_of", "none_of", "any_of", "all_of"}
WITH_DAYS = {"within_days", "next_days", "older_than_days"}


@dataclass(frozen=True)
class Field:
    """Something that can be asked of a record.

    `type` is one of `TYPES`. `path` is where `records.lookups` finds it: a column by way of its
    relations (`account__industry`; choices by number end in `_id`), a key in a JSON column behind a
    point (`custom.size`), or nothing where `rows` is the expression. Choices may be loaded when
    they are first looked at.
    """

    name: str
    label: str
    type: str
    choices: Sequence[tuple[str, str]] = field(default=(), compare=False)
    path: str = ""
    # Choices that records may still have but nobody can choose any more.
    retired: Sequence[tuple[str, str]] = field(default=(), compare=False)
    # Other words for a choice, like the email of an owner.
    aliases: Mapping[str, str] = field(default_factory=dict, compare=False)
    rows: Any = field(default=None, compare=False)

    @property
    def comparisons(self) -> tuple[str, ...]:
        return COMPARISONS[self.type]


@dataclass(frozen=True)
class Test:
    """One question about one field. A `type` of nothing marks a field that is gone."""

    __test__ = False  # pytest takes the name for one of its own

    field: str
    comparison: str
    value: Any = None
    type: str = ""


@dataclass(frozen=True)
class Group:
    """Tests and groups of which all, or any, have to hold."""

    kind: str  # "all" | "any"
    parts: tuple[Test | Group, ...]


NEVER = Group("any", ())


class ConditionIsWrong(Unacceptable):
    """A condition cannot be used; `problems` lists where and why.

    A place is a path of positions from the outermost group, like "0.2"; nothing is that group.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = list(problems)
        sentences = list(dict.fromkeys(sentence for _place, sentence in self.problems))
        super().__init__(errors={"condition": sentences})


# Reading


def parse(data: Any, fields: Mapping[str, Field], *, translate: Translate = _as_it_is) -> Group:
    """Read a condition that somebody wants to use. Raises `ConditionIsWrong` with every problem.

    >>> fields = {"employees": Field("employees", "employees", "number")}
    >>> group = parse({"all": [{"field": "employees", "is": "at_least", "value": "50"}]}, fields)
    >>> group.kind, group.parts[0].comparison, group.parts[0].value
    ('all', 'at_least', Decimal('50'))
    >>> parse({"all": []}, fields)
    Traceback (most recent call last):
    records.conditions.ConditionIsWrong: Add a condition to this group, or remove the group.
    """
    reader = _Reader(fields, translate)
    condition = reader.outermost(data)
    if reader.problems:
        raise ConditionIsWrong(reader.problems)
    return condition


def stored(data: Any, fields: Mapping[str, Field]) -> Group:
    """Read a condition that was accepted once, whatever has become of its fields. Never raises.

    What no longer makes sense never holds; `problems_of` tells what that is. No choices are looked
    up, so that reading costs no statement.
    """
    return _Reader(fields, _as_it_is, is_strict=False).outermost(data)


def problems_of(
    data: Any, fields: Mapping[str, Field], *, translate: Translate = _as_it_is
) -> list[tuple[str, str]]:
    """Return what is wrong with a stored condition by now: place and sentence."""
    reader = _Reader(fields, translate)
    reader.outermost(data)
    return reader.problems


class _Reader:
    """Reads one condition and collects what is wrong with it."""

    def __init__(
        self, fields: Mapping[str, Field], translate: Translate, *, is_strict: bool = True
    ) -> None:
        self.fields = fields
        self.translate = translate
        self.is_strict = is_strict
        self.problems: list[tuple[str, str]] = []
        self.count = 0

    def outermost(self, data: Any) -> Group:
        part = self._part(data, "", 1)
        if isinstance(part, Group):
            return part
        if not self.problems:
            self._wrong("", gettext_noop("Begin with a group: all of, or any of."))
        return NEVER

    def _wrong(self, place: str, sentence: str, **words: Any) -> None:
        if len(self.problems) < 2 * MOST_TESTS:
            told = self.translate(sentence)
            self.problems.append((place, told % words if words else told))

    def _part(self, data: Any, place: str, depth: int) -> Test | Group:
        if not isinstance(data, Mapping):
            self._wrong(place, gettext_noop("Write a condition as a group or as a test."))
            return NEVER
        if "field" in data:
            return self._test(data, place)
        if len(data) != 1 or not data.keys() & {"all", "any"}:
            self._wrong(place, gettext_noop("Write a group as “all” or “any” with a list."))
            return NEVER
        [(kind, parts)] = data.items()
        if depth > DEEPEST:
            self._wrong(
                place,
                gettext_noop("Groups can stand in each other %(most)d deep. Take one away."),
                most=DEEPEST,
            )
            return NEVER
        if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
            self._wrong(place, gettext_noop("Add a condition to this group, or remove the group."))
            return NEVER
        begin = f"{place}." if place else ""
        read: list[Test | Group] = []
        for number, part in enumerate(parts):
            self.count += 1
            if self.count > MOST_TESTS:
                self._wrong(
                    place,
                    gettext_noop("A condition can have %(most)d parts. Take some away."),
                    most=MOST_TESTS,
                )
                return NEVER
            read.append(self._part(part, f"{begin}{number}", depth + 1))
        return Group(kind, tuple(read))

    def _test(self, data: Mapping[str, Any], place: str) -> Test:
        name, comparison, value = data["field"], data.get("is"), data.get("value")
        about = self.fields.get(name) if isinstance(name, str) else None
        gone = Test(str(name), str(comparison), value if _is_plain(value) else None)
        if about is None:
            words = {"field": str(name)[:60]}
            sentence = gettext_noop("There is no field “%(field)s” any more. Choose another one.")
            self._wrong(place, sentence if name else gettext_noop("Choose a field."), **words)
            return gone
        if unknown := data.keys() - {"field", "is", "value"}:
            words = {"word": str(min(unknown, key=str))[:60]}
            self._wrong(place, gettext_noop("A test knows no “%(word)s”."), **words)
        if comparison not in about.comparisons:
            words = {"field": about.label}
            self._wrong(place, gettext_noop("Choose how to compare %(field)s."), **words)
            return gone
        try:
            value = self._value(about, comparison, value)
        except _Unreadable as reason:
            self._wrong(place, reason.sentence, **{"field": about.label, **reason.words})
            return gone
        return Test(about.name, comparison, value, about.type)

    def _value(self, about: Field, comparison: str, value: Any) -> Any:
        if comparison in WITHOUT_VALUE:
            if value not in (None, "", []):
                raise _Unreadable(gettext_noop("“%(field)s” is compared without a value here."))
            return None
        if comparison in WITH_DAYS:
            return _days(value)
        if comparison == "during":
            return _period(value)
        if comparison in WITH_MANY:
            if not isinstance(value, list | tuple) or not value:
                raise _Unreadable(gettext_noop("Choose at least one value for %(field)s."))
            if len(value) > MOST_VALUES:
                raise _Unreadable(
                    gettext_noop("Choose at most %(most)d values for %(field)s."), most=MOST_VALUES
                )
            return tuple(dict.fromkeys(self._one(about, each) for each in value))
        return self._one(about, value)

    def _one(self, about: Field, value: Any) -> Any:
        match about.type:
            case "number" | "money" | "link":
                return _number(value)
            case "date" | "moment":
                return _day(value)
            case "text":
                return _text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value or text_problem(value):
            raise _Unreadable(gettext_noop("Choose a value for %(field)s."))
        return self._choice(about, value) if self.is_strict else value[:LONGEST_TEXT]

    def _choice(self, about: Field, value: str) -> str:
        if any(value == key for key, _label in about.choices):
            return value
        if value in about.aliases:
            return about.aliases[value]
        for key, label in about.retired:
            if key == value:
                raise _Unreadable(
                    gettext_noop("“%(choice)s” can no longer be chosen for %(field)s."),
                    choice=label,
                )
        raise _Unreadable(
            gettext_noop("“%(choice)s” is no choice of %(field)s."), choice=value[:60]
        )


class _Unreadable(Exception):
    """A value cannot be compared with; the sentence says what would do."""

    def __init__(self, sentence: str, **words: Any) -> None:
        self.sentence = sentence
        self.words = words
        super().__init__(sentence)


def _is_plain(value: Any) -> bool:
    """Say whether a value can be kept as it came, to be shown beside what is wrong with it."""
    return value is None or isinstance(value, str | int | float | bool)


def _text(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise _Unreadable(gettext_noop("Enter what %(field)s is compared with."))
    if len(text) > LONGEST_TEXT:
        raise _Unreadable(
            gettext_noop("Enter at most %(most)d characters for %(field)s."), most=LONGEST_TEXT
        )
    if text_problem(text):
        raise _Unreadable(gettext_noop("Enter %(field)s without control characters."))
    return text


_NUMBER = re.compile(r"\A[+-]?[0-9]+(\.[0-9]+)?\Z")


def _number(value: Any) -> Decimal:
    """Read a number of at most 15 digits.

    >>> _number("12.50"), _number(10), _number(0.1)
    (Decimal('12.5'), Decimal('10'), Decimal('0.1'))
    """
    text = value.strip() if isinstance(value, str) else str(value)
    is_number = isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)
    if not is_number or len(text) > 60 or not _NUMBER.match(_plainly(text)):
        raise _Unreadable(gettext_noop("Enter %(field)s as a number, like 80000."))
    number = Decimal(text)
    if number.is_zero():
        return Decimal(0)
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text.lstrip("-").replace(".", "").lstrip("0")) > MOST_DIGITS or len(text) > 32:
        raise _Unreadable(
            gettext_noop("Enter %(field)s with at most %(most)d digits."), most=MOST_DIGITS
        )
    return Decimal(text)


def _plainly(text: str) -> str:
    """Write a number without an exponent, as far as that is short."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    if not number.is_finite() or abs(number.adjusted()) > 2 * MOST_DIGITS:
        return ""
    return f"{number:f}"


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        day = value
    else:
        try:
            day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except (TypeError, ValueError):
            raise _Unreadable(gettext_noop("Enter %(field)s as a date, like 2026-11-25.")) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _Unreadable(
            gettext_noop("Choose a date between %(first)d and %(last)d."),
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    return day


def _period(value: Any) -> str:
    if not isinstance(value, str) or value not in PERIODS:
        raise _Unreadable(gettext_noop("Choose a period for %(field)s."))
    return value


def _days(value: Any) -> int:
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and re.fullmatch("[0-9]{1,6}", text):
        text = int(text)
    if isinstance(text, bool) or not isinstance(text, int) or not 0 <= text <= MOST_DAYS:
        raise _Unreadable(
            gettext_noop("Enter a whole number of days from 0 to %(most)d."), most=MOST_DAYS
        )
    return text


# Writing


def as_data(condition: Test | Group) -> dict[str, Any]:
    """Return the condition as JSON can hold it; `parse` reads the same condition from it.

    >>> as_data(Test("budget_amount", "at_least", Decimal("12.5"), "number"))
    {'field': 'budget_amount', 'is': 'at_least', 'value': '12.5'}
    """
    if isinstance(condition, Group):
        return {condition.kind: [as_data(part) for part in condition.parts]}
    data = {"field": condition.field, "is": condition.comparison}
    if condition.value is None:
        return data
    return {**data, "value": _plain(condition.value)}


def _plain(value: Any) -> Any:
    match value:
        case tuple():
            return [_plain(each) for each in value]
        case Decimal():
            return int(value) if value == int(value) else f"{value:f}"
        case date():
            return value.isoformat()
    return value


def names_in(condition: Test | Group) -> KeysView[str]:
    """Return the names of the fields that a condition asks about, a set in their order."""
    return dict.fromkeys(test.field for test in _tests_in(condition)).keys()


def _tests_in(condition: Test | Group) -> Iterator[Test]:
    if isinstance(condition, Test):
        yield condition
    else:
        for part in condition.parts:
            yield from _tests_in(part)


def written(value: Decimal | int | date) -> str:
    """Write a number or a day as English does: "10,000", "27 Nov 2026"."""
    match value:
        case date():
            return f"{value.day} {value:%b %Y}"
        case Decimal():
            return f"{value:,f}"
    return f"{value:,}"


def words(
    condition: Test | Group,
    fields: Mapping[str, Field],
    *,
    translate: Translate = _as_it_is,
    write: Callable[[Any], str] = written,
) -> str:
    """Say a condition in a sentence; `write` puts numbers and days into it.

    >>> needs = (("must", "Must have"), ("should", "Should have"))
    >>> fields = {
    ...     "budget_amount": Field("budget_amount", "budget", "number"),
    ...     "need": Field("need", "need", "choice", needs),
    ... }
    >>> words(parse({"all": [
    ...     {"field": "budget_amount", "is": "at_least", "value": 10000},
    ...     {"field": "need", "is": "one_of", "value": ["must", "should"]},
    ... ]}, fields), fields)
    'Budget at least 10,000 and need is Must have or Should have'
    """
    sentence = _worded(condition, fields, translate, write)
    return sentence[:1].upper() + sentence[1:]


def _worded(
    condition: Test | Group,
    fields: Mapping[str, Field],
    translate: Translate,
    write: Callable[[Any], str],
    depth: int = 0,
) -> str:
    if isinstance(condition, Test):
        return _test_in_words(condition, fields.get(condition.field), translate, write)
    if not condition.parts:
        return translate(gettext_noop("never"))
    both = translate(gettext_noop("and") if condition.kind == "all" else gettext_noop("or"))
    told = [_worded(part, fields, translate, write, depth + 1) for part in condition.parts]
    sentence = f" {both} ".join(told)
    return f"({sentence})" if depth and len(told) > 1 else sentence


def _test_in_words(
    test: Test, about: Field | None, translate: Translate, write: Callable[[Any], str]
) -> str:
    phrase = translate(_PHRASES.get(test.comparison, _PHRASES["known"]))
    label = test.field if about is None else str(about.label)
    if about is None or not test.type:
        gone = translate(gettext_noop("a field that is gone (%(field)s)"))
        return gone % {"field": label}
    joint = {"all_of": gettext_noop("and"), "none_of": gettext_noop("nor")}
    between = translate(joint.get(test.comparison, gettext_noop("or")))
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    if test.comparison == "during":
        return phrase % {"field": label, "value": translate(PERIODS[test.value])}
    told = f" {between} ".join(_value_in_words(test.type, value, about, write) for value in values)
    return phrase % {"field": label, "value": told}


def _value_in_words(kind: str, value: Any, about: Field, write: Callable[[Any], str]) -> str:
    match value:
        case Decimal() | int() | date():
            return write(value)
        case str() if kind == "text":
            return f"“{value}”"
    for key, label in (*about.choices, *about.retired):
        if key == value:
            return str(label)
    return str(value)


# Evaluating


def holds(condition: Test | Group, value_of: Callable[[str], Any], *, now: datetime) -> bool:
    """Say whether a condition holds for the record whose values `value_of` gives by name.

    `now` is aware; its zone says when days begin. A value is a text, a number (also as text), a
    date (also as ISO text), an aware moment, a bool, the key of a choice, or a list of keys; what
    is empty or of another kind counts as unknown.

    >>> noon = datetime.fromisoformat("2026-11-25T12:00:00+00:00")
    >>> test = Test("country", "is_not", "DE", "choice")
    >>> [holds(test, {"country": value}.get, now=noon) for value in ("DE", "FR", "", None)]
    [False, True, True, True]
    """
    if isinstance(condition, Group):
        outcomes = (holds(part, value_of, now=now) for part in condition.parts)
        return all(outcomes) if condition.kind == "all" else any(outcomes)
    if not condition.type:
        return False
    return _compare(condition, known_value(condition.type, value_of(condition.field)), now)


def points_of(
    parts: Iterable[tuple[Group, int]], value_of: Callable[[str], Any], *, now: datetime
) -> int:
    """Return the points of the conditions that hold for a record, added up."""
    return sum(points for condition, points in parts if holds(condition, value_of, now=now))


_FOLDED = {ord("A") + n: ord("a") + n for n in range(26)}
# The same patterns stand in the SQL of `records.lookups`: keep to what both dialects know.
NUMBER_TEXT = r"\A-?([0-9]{1,15}|(?=[0-9.]{3,16}\Z)[0-9]+\.[0-9]+)\Z"
WHOLE_TEXT = r"\A-?[0-9]{1,15}\Z"
DAY_TEXT = r"\A[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z"
MOMENT_TEXT = DAY_TEXT.removesuffix(r"\Z") + r"T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z\Z"


def folded(text: str) -> str:
    """Return a text as texts are compared: without blanks around it, A to Z as a to z.

    >>> folded("  Ärger GmbH ")
    'Ärger gmbh'
    """
    return text.strip().translate(_FOLDED)


def known_value(kind: str, value: Any) -> Any:
    """Return a value in the form in which this type is compared, or None where it is unknown."""
    match kind:
        case "text":
            return (folded(value) or None) if isinstance(value, str) else None
        case "choice" | "person":
            return _known_key(value)
        case "choices":
            keys = value if isinstance(value, list | tuple | set | frozenset) else ()
            return frozenset(key for key in keys if isinstance(key, str)) or None
        case "number" | "money" | "link":
            return _known_number(_amount_of(value) if kind == "money" else value)
        case "date":
            return _known_day(value)
        case "moment":
            return _known_moment(value)
        case "yes_no":
            return True if value is True else None
    return None


def _known_key(value: Any) -> str | None:
    """Return the key of a choice; a number names a row of another table in a JSON column."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MOST_DIGITS:
        return str(value)
    return (value or None) if isinstance(value, str) else None


def _amount_of(value: Any) -> Any:
    """Return the amount in an amount of money; like all decimals of a JSON column it is a text."""
    amount = value.get("amount") if isinstance(value, Mapping) else None
    return amount if isinstance(amount, str) else None


def _known_number(value: Any) -> Decimal | None:
    match value:
        case bool():
            return None
        case Decimal():
            return value if value.is_finite() else None
        case int():
            return Decimal(value) if abs(value) < 10**MOST_DIGITS else None
        case str():
            return Decimal(value) if re.match(NUMBER_TEXT, value) else None
    return None


def _known_day(value: Any) -> str | None:
    """Return a day as ISO text: days of JSON columns are text, and order like days.

    >>> _known_day(date(2026, 3, 1)), _known_day("2026-03-01"), _known_day("1 March")
    ('2026-03-01', '2026-03-01', None)
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) and re.match(DAY_TEXT, value) else None


def moment_text(moment: datetime) -> str:
    """Return an aware moment as JSON columns keep it: in UTC, such texts order like the moments.

    >>> moment_text(datetime.fromisoformat("2026-03-01T12:00:00.5+01:00"))
    '2026-03-01T11:00:00Z'
    """
    return f"{moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()}Z"


def _known_moment(value: Any) -> datetime | str | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else None
    return value if isinstance(value, str) and re.match(MOMENT_TEXT, value) else None


def span_of(test: Test, now: datetime) -> tuple[date | None, date | None]:
    """Return the first day on which a test of days holds, and the first on which no longer.

    >>> noon = datetime.fromisoformat("2026-11-25T12:00:00+00:00")
    >>> span_of(Test("created_at", "within_days", 7, "moment"), noon)
    (datetime.date(2026, 11, 18), datetime.date(2026, 11, 26))
    """
    if now.tzinfo is None:
        raise ValueError("Days begin somewhere: `now` has to know its zone.")
    day, today = timedelta(days=1), now.date()
    match test.comparison:
        case "before":
            return None, test.value
        case "after":
            return test.value + day, None
        case "on":
            return test.value, test.value + day
        case "during":
            return period_of(test.value, today)
        case "within_days":
            return today - test.value * day, today + day
        case "next_days":
            return today, today + (test.value + 1) * day
        case _:  # older_than_days
            return None, today - test.value * day


def period_of(period: str, today: date) -> tuple[date, date]:
    """Return the first day of one of `PERIODS`, and the first one after it.

    >>> [day.isoformat() for day in period_of("last_quarter", date(2026, 2, 3))]
    ['2025-10-01', '2026-01-01']
    >>> [day.isoformat() for day in period_of("next_week", date(2026, 11, 29))]
    ['2026-11-30', '2026-12-07']
    """
    day = timedelta(days=1)
    which, _mark, unit = period.partition("_")
    if not unit:
        first = today + {"yesterday": -1, "today": 0, "tomorrow": 1}[which] * day
        return first, first + day
    step = {"last": -1, "this": 0, "next": 1}[which]
    if unit == "week":
        monday = today + (7 * step - today.weekday()) * day
        return monday, monday + 7 * day
    length = {"month": 1, "quarter": 3, "year": 12}[unit]
    months = today.year * 12 + today.month - 1
    months += step * length - months % length
    first, after = (date(n // 12, n % 12 + 1, 1) for n in (months, months + length))
    return first, after


def beginning_of(day: date, now: datetime) -> datetime:
    """Return the moment at which a day begins where `now` is."""
    return datetime.combine(day, time.min, tzinfo=now.tzinfo)


_OPPOSITES = {"is_not": "is", "none_of": "any_of", "not_me": "me"}
_ORDERS = {
    "is": operator.eq,
    "at_least": operator.ge,
    "at_most": operator.le,
    "more_than": operator.gt,
    "less_than": operator.lt,
}


def _compare(test: Test, value: Any, now: datetime) -> bool:
    """Say whether a test holds for a value in the form of `known_value`."""
    if test.comparison in {"known", "yes"}:
        return value is not None
    if test.comparison in {"unknown", "no"}:
        return value is None
    if opposite := _OPPOSITES.get(test.comparison):
        return not _compare(replace(test, comparison=opposite), value, now)
    return value is not None and _compare_known(test, value, now)


def _compare_known(test: Test, value: Any, now: datetime) -> bool:
    match test.type:
        case "date" | "moment":
            return _is_in_span(test, value, now)
        case "choices":
            asked = frozenset(test.value)
            return asked <= value if test.comparison == "all_of" else bool(asked & value)
        case "text":
            return _compare_text(test, value)
    if test.comparison in {"one_of", "any_of"}:
        return value in test.value
    if test.comparison in {"me", "my_team"}:
        return False  # nobody has said who that is
    return bool(_ORDERS[test.comparison](value, test.value))


def _compare_text(test: Test, value: str) -> bool:
    match test.comparison:
        case "contains":
            return folded(test.value) in value
        case "starts_with":
            return value.startswith(folded(test.value))
        case "one_of":
            return value in {folded(each) for each in test.value}
        case _:  # is
            return value == folded(test.value)


def _is_in_span(test: Test, value: Any, now: datetime) -> bool:
    first, end = span_of(test, now)
    if test.type == "date":
        return (first is None or value >= first.isoformat()) and (
            end is None or value < end.isoformat()
        )
    write = moment_text if isinstance(value, str) else _as_moment
    return (first is None or value >= write(beginning_of(first, now))) and (
        end is None or value < write(beginning_of(end, now))
    )


def _as_moment(moment: datetime) -> datetime:
    return moment


# Who is meant


def addressed(
    condition: Test | Group, *, me: str, team: Iterable[str], week: date | None = None
) -> Test | Group:
    """Return a condition as `me` means it: with the keys of people instead of "me" and "my team".

    `week` is the first day of this week for whom it does not begin on Monday.

    >>> mine = Group("all", (Test("owner", "me", None, "person"),))
    >>> addressed(mine, me="7", team=("7", "9")).parts[0]
    Test(field='owner', comparison='is', value='7', type='person')
    >>> new = Test("created_at", "during", "last_week", "moment")
    >>> [str(t.value) for t in addressed(new, me="7", team=(), week=date(2026, 11, 22)).parts]
    ['2026-11-14', '2026-11-22']
    """
    if isinstance(condition, Group):
        parts = tuple(addressed(part, me=me, team=team, week=week) for part in condition.parts)
        return replace(condition, parts=parts)
    if week is not None and condition.comparison == "during" and condition.value in _WEEKS:
        first = week + timedelta(days=7 * _WEEKS[condition.value])
        after, before = first - timedelta(days=1), first + timedelta(days=7)
        since = replace(condition, comparison="after", value=after)
        return Group("all", (since, replace(condition, comparison="before", value=before)))
    match condition.comparison if condition.type == "person" else "":
        case "me":
            return replace(condition, comparison="is", value=me)
        case "not_me":
            return replace(condition, comparison="is_not", value=me)
        case "my_team":
            return replace(condition, comparison="one_of", value=tuple(team))
    return condition


_WEEKS = {"last_week": -1, "this_week": 0, "next_week": 1}


# Contradictions


def contradictions(
    condition: Test | Group,
    fields: Mapping[str, Field],
    *,
    now: datetime,
    translate: Translate = _as_it_is,
    write: Callable[[Any], str] = written,
) -> list[str]:
    """Return a sentence for every field that no value could satisfy; none found proves nothing.

    Looks at the tests of one field that all have to hold: their truth changes only at the values
    that they name, so that trying these and their neighbors is enough.

    >>> fields = {"employees": Field("employees", "employees", "number")}
    >>> noon = datetime.fromisoformat("2026-11-25T12:00:00+00:00")
    >>> contradictions(parse({"all": [
    ...     {"field": "employees", "is": "at_least", "value": 10},
    ...     {"field": "employees", "is": "at_most", "value": 5},
    ... ]}, fields), fields, now=noon)
    ['No record can meet this: employees at least 10 and employees at most 5.']
    """
    if isinstance(condition, Test):
        return []
    found: list[str] = []
    together: dict[str, list[Test]] = {}
    for part in condition.parts if condition.kind == "any" else _flat(condition):
        if isinstance(part, Group):
            found += contradictions(part, fields, now=now, translate=translate, write=write)
        elif condition.kind == "all" and part.type:
            together.setdefault(part.field, []).append(part)
    for tests in together.values():
        if len(tests) > 1 and not any(
            all(_compare(test, known_value(test.type, value), now) for test in tests)
            for value in _candidates(tests, now)
        ):
            told = _worded(Group("all", tuple(tests)), fields, translate, write)
            sentence = translate(gettext_noop("No record can meet this: %(tests)s."))
            found.append(sentence % {"tests": told})
    return found


def _flat(group: Group) -> Iterator[Test | Group]:
    """Yield the parts of an all-group, those of the all-groups in it among them."""
    for part in group.parts:
        if isinstance(part, Group) and part.kind == "all":
            yield from _flat(part)
        else:
            yield part


def _candidates(tests: Sequence[Test], now: datetime) -> list[Any]:
    """Return values among which one meets all the tests of a field, if any value does."""
    named = [
        each
        for test in tests
        if test.value is not None
        for each in (test.value if isinstance(test.value, tuple) else (test.value,))
    ]
    match tests[0].type:
        case "money":
            amounts = _candidates([replace(test, type="number") for test in tests], now)
            return [n if n is None else {"amount": f"{n:f}"} for n in amounts]
        case "number" | "link":
            step = Decimal(1).scaleb(-3 * MOST_DIGITS)
            return [None, *(n + d for n in named for d in (-step, Decimal(0), step))]
        case "date" | "moment":
            days = {day for test in tests for day in _span_ends(test, now)}
            near = [d + timedelta(days=n) for d in days for n in (-1, 0, 1)]
            is_date = tests[0].type == "date"
            return [None, *(d if is_date else beginning_of(d, now) for d in near)]
        case "choices":
            banned = {key for test in tests if test.comparison == "none_of" for key in test.value}
            return [None, sorted(set(named) - banned)]
        case "text":
            starts = [t.value for t in tests if t.comparison == "starts_with"]
            inside = [t.value for t in tests if t.comparison == "contains"]
            return [None, *named, "".join([max(starts, key=len, default=""), *inside, "\uffff"])]
        case "yes_no":
            return [None, True]
    return [None, *named, "\uffff"]


def _span_ends(test: Test, now: datetime) -> list[date]:
    if test.comparison in WITHOUT_VALUE:
        return [now.date()]
    return [day for day in span_of(test, now) if day is not None]
