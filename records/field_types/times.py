"""Days, and moments of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from records.conditions import moment_text
from records.field_types.base import FieldType
from records.lookups import JsonDay, JsonMoment
from records.models import FIRST_YEAR, LAST_YEAR, CustomField
from users import formats

_TYPES = CustomField.Type


class Day(FieldType):
    """A day, stored as YYYY-MM-DD."""

    name = _TYPES.DATE
    asked_as = "date"
    control = "day"
    cell = "date"
    limited_by = "day"
    is_latest_first = True
    fits_into = (_TYPES.DATE,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> str:
        day = value.date() if isinstance(value, datetime) else value
        if isinstance(value, str):
            try:
                day = date.fromisoformat(value.strip())
            except ValueError:
                day = None
        if not isinstance(day, date):
            raise ValueError(
                _("Enter %(label)s as a date, like 2026-11-30") % {"label": definition.label}
            )
        _check_year(day.year)
        return day.isoformat()

    def natural(self, definition: CustomField, value: Any) -> date:
        return date.fromisoformat(value)

    def words(self, definition: CustomField, value: Any) -> str:
        return formats.day(date.fromisoformat(value))

    def in_file(self, definition: CustomField, value: Any) -> Any:
        return date.fromisoformat(value)

    def sort_value(self, definition: CustomField) -> Any:
        return JsonDay("custom", definition.key)

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as a date") % {"label": definition.label}


class Moment(FieldType):
    """A day and an hour, stored in UTC to the second: such texts order like the moments do."""

    name = _TYPES.DATE_TIME
    asked_as = "moment"
    control = "moment"
    cell = "moment"
    is_latest_first = True
    fits_into = (_TYPES.DATE_TIME,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> str:
        moment = value
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                moment = None
        if not isinstance(moment, datetime):
            raise ValueError(self.unreadable(definition))
        _check_year(moment.year)
        if timezone.is_naive(moment):
            moment = timezone.make_aware(moment)  # where the reader is
        moment = moment.astimezone(UTC)
        _check_year(moment.year)
        return moment_text(moment)

    def natural(self, definition: CustomField, value: Any) -> datetime:
        return datetime.fromisoformat(value)

    def words(self, definition: CustomField, value: Any) -> str:
        return formats.moment(datetime.fromisoformat(value))

    def in_file(self, definition: CustomField, value: Any) -> Any:
        return datetime.fromisoformat(value)

    def sort_value(self, definition: CustomField) -> Any:
        return JsonMoment("custom", definition.key)

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as a date with a time, like 2026-11-30 14:30") % {
            "label": definition.label
        }


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(
            _("Choose a date between %(first)d and %(last)d.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
