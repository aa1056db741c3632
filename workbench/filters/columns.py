"""Filters on one column each: periods, days, lines of a list, owners, records."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from records.keys import tag_key
from users import formats
from users.models import User
from workbench.forms import colleagues, date_input
from workbench.forms.tags import names_in

NONE = "none"
FIRST_YEAR, LAST_YEAR = 1900, 9000  # zones have no rules beyond

PERIODS = [
    ("today", _("today")),
    ("week", _("this week")),
    ("month", _("this month")),
    ("quarter", _("this quarter")),
    ("year", _("this year")),
]


def period_start(period: str, today: date, first_weekday: int = 0) -> date:
    """Return the first day of the period in which `today` lies.

    >>> period_start("quarter", date(2026, 11, 23)), period_start("week", date(2026, 11, 25))
    (datetime.date(2026, 10, 1), datetime.date(2026, 11, 23))
    """
    match period:
        case "week":
            return today - timedelta(days=(today.weekday() - first_weekday) % 7)
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
        first = period_start(value, timezone.localdate(), formats.first_weekday())
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
        if not hasattr(self, "parent"):
            # The schema asks the class itself, which outlives every request: lines kept there
            # would be those of that day.
            return self.make_field()
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


class ValueFilter(django_filters.CharFilter):
    """Rows whose column has exactly this value; `none` are those that have none."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        if value == NONE:
            return qs.filter(Q(**{self.field_name: ""}) | Q(**{self.field_name: None}))
        return qs.filter(**{self.field_name: value})


class TagFilter(django_filters.CharFilter):
    """Rows that have a tag, or any of several with commas between; `none` are those without any."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Tag"), field_name="tags", max_length=1000, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        if value == NONE:
            return qs.filter(tags=None)
        column: Any = qs.model._meta.get_field("tags")
        keys = [tag_key(name) for name in names_in(value)]
        links = column.remote_field.through._base_manager.filter(tag__name_key__in=keys)
        return qs.filter(pk__in=links.values(column.m2m_field_name()))


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

    def name_of(self, value: str) -> str:
        """Say whose it is, without asking for everybody else."""
        words = {"me": _("me"), NONE: _("nobody")}
        if value in words:
            return str(words[value])
        person = self.rows.all().filter(pk=value).first()
        return str(person) if person is not None else value

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return super().filter(qs, str(self.parent.user.pk) if value == "me" else value)


class ManagerFilter(LineFilter):
    """Whose people own it: a manager by number; `none` is what belongs to nobody's people."""

    def __init__(self, **kwargs: Any) -> None:
        led = User.objects.filter(manager__isnull=False).order_by().values("manager")
        people = User.objects.filter(pk__in=led).only("name", "email").order_by("name", "pk")
        super().__init__(people, label=_("Manager"), field_name="owner__manager", **kwargs)


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
