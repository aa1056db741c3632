"""How a list is narrowed: the same filters for the page, its figures' links and the API."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from records.keys import search_key
from users.models import User
from workbench.forms import colleagues, date_input

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SEARCH = 200
NONE = "none"
FIRST_YEAR, LAST_YEAR = 1900, 9000  # zones have no rules beyond

PERIODS = [
    ("today", _("today")),
    ("week", _("this week")),
    ("month", _("this month")),
    ("quarter", _("this quarter")),
    ("year", _("this year")),
]


def period_start(period: str, today: date) -> date:
    """Return the first day of the period in which `today` lies.

    >>> period_start("quarter", date(2026, 11, 23)), period_start("week", date(2026, 11, 25))
    (datetime.date(2026, 10, 1), datetime.date(2026, 11, 23))
    """
    match period:
        case "week":
            return today - timedelta(days=today.weekday())
        case "month":
            return today.replace(day=1)
        case "quarter":
            return today.replace(month=today.month - (today.month - 1) % 3, day=1)
        case "year":
            return today.replace(month=1, day=1)
    return today


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins where we are."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


class PeriodFilter(django_filters.ChoiceFilter):
    """Moments of today, this week, this month, this quarter or this year."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=PERIODS, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        first = period_start(value, timezone.localdate())
        moment = midnight(first)
        return qs.filter(**{f"{self.field_name}__gte": moment})


class DayFilter(django_filters.DateFilter):
    """Moments from a day on (`gte`), or until its end (`lte`); in any of several columns."""

    def __init__(self, *columns: str, **kwargs: Any) -> None:
        kwargs.setdefault("widget", date_input())
        self.columns = columns
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        is_end = self.lookup_expr == "lte"
        if value.year < FIRST_YEAR or value.year > LAST_YEAR:
            return qs if is_end == (value.year > LAST_YEAR) else qs.none()
        if is_end:
            value += timedelta(days=1)
        moment = midnight(value)
        condition = Q(pk__in=[])
        for column in self.columns or (self.field_name,):
            condition |= Q(**{f"{column}__{'lt' if is_end else 'gte'}": moment})
        return qs.filter(condition)


class LineFilter(django_filters.ChoiceFilter):
    """A line of an editable list, by its number, or `none`. The lines are read once, if at all."""

    def __init__(self, rows: QuerySet[Any], **kwargs: Any) -> None:
        self.rows = rows
        super().__init__(choices=(), **kwargs)

    @property
    def field(self) -> forms.Field:
        if not hasattr(self, "_field"):
            self._field = self.make_field()
        return self._field

    def make_field(self) -> forms.Field:
        return forms.ChoiceField(choices=cache(self.lines), label=self.label, required=False)

    def lines(self) -> list[tuple[str, Any]]:
        lines = [(str(row.pk), str(row)) for row in self.rows.all()]
        return [("", _("any")), (NONE, _("none")), *lines]

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(**{self.field_name: None if value == NONE else int(value)})


class OwnerField(forms.ChoiceField):
    """`me`, `none` or a number: whether there is somebody of that number need not be asked."""

    def valid_value(self, value: Any) -> bool:
        text = str(value)
        return text in ("me", NONE) or (text.isascii() and text.isdigit() and len(text) < 19)


class OwnerFilter(LineFilter):
    """Whose it is: `me`, `none`, or a person by number."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Owner"))
        super().__init__(colleagues().only("name", "email"), **kwargs)

    def make_field(self) -> forms.Field:
        return OwnerField(choices=cache(self.lines), label=self.label, required=False)

    def lines(self) -> list[tuple[str, Any]]:
        people = [(str(person.pk), str(person)) for person in self.rows.all()]
        return [("", _("anybody")), ("me", _("me")), (NONE, _("nobody")), *people]

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return super().filter(qs, str(self.parent.user.pk) if value == "me" else value)


class RecordFilterById(django_filters.Filter):
    """Rows that belong to a record, by its number; the chip names it to those who may see it."""

    field_class = forms.IntegerField

    def __init__(self, rows: QuerySet[Any, Any], **kwargs: Any) -> None:
        self.rows = rows
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)

    def name_of(self, value: Any) -> str:
        """Return the name of the record, or its number where it is not to be seen."""
        rows = self.rows.all().permitted(self.parent.user, "view")  # type: ignore[attr-defined]
        record = rows.filter(pk=value).first()
        return str(record) if record is not None else f"#{value}"


class RecordFilter(django_filters.FilterSet):
    """What every list can be narrowed by: words, and whose it is.

    An empty value does not count. A value that is none of the choices is an error: the page says so
    and shows nothing, as showing everything would answer another question than was asked.
    """

    q = django_filters.CharFilter(
        label=_("Text"), method="has_words", max_length=LONGEST_SEARCH, strip=True
    )
    owner = OwnerFilter()

    # Filters that exist for links from figures, and are not offered in the form.
    unoffered: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, data: Any = None, queryset: Any = None, *, user: User, **kwargs: Any
    ) -> None:
        self.user = user
        super().__init__(data, queryset, **kwargs)
        for filter_ in self.filters.values():
            if isinstance(filter_, django_filters.ChoiceFilter):
                filter_.extra.setdefault("empty_label", _("any"))

    def has_words(self, qs: Any, name: str, value: str) -> Any:
        return qs.matching(value) if search_key(value) else qs

    @property
    def chips(self) -> list[dict[str, Any]]:
        """Each applied filter in words: "Owner", "me"."""
        chips = []
        for name, filter_ in self.filters.items():
            value = self.form.cleaned_data.get(name) if self.form.is_valid() else None
            if name == "q" or value in (None, "", []):
                continue
            chips.append({"name": name, "label": filter_.label, "value": self.words(name, value)})
        return chips

    def words(self, name: str, value: Any) -> str:
        """Return a value as a person would say it."""
        field, filter_ = self.form.fields[name], self.filters[name]
        if isinstance(filter_, RecordFilterById):
            return filter_.name_of(value)
        if isinstance(field, forms.ModelChoiceField):
            return str(value)
        if isinstance(field, forms.ChoiceField):
            return str(dict(_flat(field.choices)).get(str(value), value))
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        return str(value)

    @property
    def offered(self) -> list[Any]:
        """The fields of the "Add filter" form."""
        names = [n for n in self.form.fields if n != "q" and n not in self.unoffered]
        for name in names:
            self.form.fields[name].widget.attrs.setdefault("class", "c-input")
        return [self.form[name] for name in names]


def _flat(choices: Any) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for value, label in choices:
        flat += _flat(label) if isinstance(label, list | tuple) else [(str(value), label)]
    return flat


def applied(data: Mapping[str, str], names: Any) -> dict[str, str]:
    """Return the filters that a query string applies: named, and not empty."""
    return {name: data[name] for name in names if data.get(name)}
