"""The types of custom fields, a class for each: nothing else in the project knows what one is.

Whoever adds a type writes its class in this package, lists it here, and gives it a word in
`CustomField.Type`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from records.field_types.base import MOST_DIGITS, FieldType
from records.field_types.choices import Choice, Choices, YesNo
from records.field_types.limits import checked_limits, limit_problem
from records.field_types.links import Link
from records.field_types.numbers import DecimalNumber, Money, Whole, read_money
from records.field_types.people import Person
from records.field_types.texts import Email, LongText, Phone, Text, Url
from records.field_types.times import Day, Moment

if TYPE_CHECKING:
    from records.models import CustomField

__all__ = [
    "MOST_DIGITS", "TYPES", "FieldType", "Person", "checked_limits", "limit_problem", "read_money",
    "type_of",
]  # fmt: skip

TYPES: dict[str, FieldType] = {
    each.name: each()
    for each in (
        Text, LongText, Whole, DecimalNumber, Money, Day, Moment, YesNo, Choice, Choices, Url,
        Email, Phone, Person, Link,
    )
}  # fmt: skip


def type_of(definition: CustomField) -> FieldType:
    """Return what a custom field can do."""
    return TYPES[definition.type]
