"""Whether the values of a row can be stored, field by field."""

from __future__ import annotations

import sys
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext as _

from records.errors import Unacceptable
from records.keys import text_problem
from records.models import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Any], bool]

_TEXTS = (models.CharField, models.TextField)
# Kinds of fields that take any value of a type of Python.
_TYPES = {models.BooleanField: bool, models.DateTimeField: datetime, models.DateField: date}


def acceptable(record: models.Model) -> None:
    """Raise `Unacceptable`, naming each field, unless the values of `record` can be stored.

    Blanks around a short text are nobody's intention: they are taken off.
    """
    errors: dict[str, list[str]] = {}
    values = vars(record)
    for field, name, is_fine in _checks_of(type(record)):
        value = values.get(name)
        if not value and value in field.empty_values and field.blank:
            continue
        if isinstance(value, str):
            if problem := text_problem(value):
                errors[field.name] = [problem]
                continue
            if isinstance(field, models.CharField) and value != (stripped := value.strip()):
                setattr(record, name, stripped)
                value = stripped
        elif isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
            errors[field.name] = [_out_of_range()]
            continue
        if not is_fine(value):
            try:
                setattr(record, name, field.clean(getattr(record, name), record))
            except ValidationError as error:
                errors[field.name] = list(dict.fromkeys(error.messages))  # each sentence once
    if errors:
        raise Unacceptable(errors=errors)
    try:
        record.clean()
    except ValidationError as error:
        raise Unacceptable(errors=error.message_dict) from error


def _out_of_range() -> str:
    years = {"first": FIRST_YEAR, "last": LAST_YEAR}
    return _("Choose a date between %(first)d and %(last)d.") % years


@cache
def _checks_of(model: type[models.Model]) -> list[tuple[models.Field[Any, Any], str, Check]]:
    """Return the columns of a kind, each with what tells quickly that a value is fine.

    Where it does not say so, the field itself has the word: most values are plain, and asking the
    field for each of a hundred of them takes longer than writing them.
    """
    return [
        (field, field.attname, _quick_check(field))
        for field in model._meta.concrete_fields
        if not (field.name == "id" or field.generated)
    ]


def _quick_check(field: models.Field[Any, Any]) -> Check:
    right = _TYPES.get(type(field))
    if field.is_relation:
        # It is a record in hand already.
        return lambda _value: True
    if right is not None and not field.choices:
        return lambda value: type(value) is right
    if not (isinstance(field, _TEXTS) and {*map(type, field.validators)} <= {MaxLengthValidator}):
        start = None if callable(field.default) else field.default
        return lambda value: value == start and type(value) is type(start)
    if field.choices:
        words = {key for key, _label in field.flatchoices}
        return lambda value: isinstance(value, str) and value in words
    longest = field.max_length or sys.maxsize
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest
