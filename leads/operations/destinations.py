"""Where a value of a lead can go: into a custom field, or into a built-in one, of what it becomes.

Names, emails and phone numbers are no destinations: records are told apart by them, so they are
filled from the lead's own and from nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from opportunities.models import Opportunity
from records.custom import choices_of, from_text, in_use_for, in_words, is_empty, stored
from records.models import CustomField
from users import formats

if TYPE_CHECKING:
    from users.models import User

TYPES = CustomField.Type
COLUMNS: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "account": (
        Account,
        (
            "industry", "employees", "annual_revenue", "street", "city", "region", "postal_code",
            "description",
        ),
    ),
    "contact": (
        Contact,
        ("salutation", "job_title", "street", "city", "region", "postal_code", "description"),
    ),
    "opportunity": (
        Opportunity,
        (
            "customer_need", "proposed_solution", "description", "budget_amount", "budget_status",
            "decision_maker_known", "decision_maker", "purchase_process", "need",
            "need_description", "timeframe",
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Destination:
    """A field that a value of a lead can go into, a column or a custom one.

    `name` is what it is called in plans and receipts, `key` where its record keeps it.
    """

    kind: str
    name: str
    key: str
    label: str
    type: str
    choices: dict[str, str]
    definition: CustomField | None = None

    def __str__(self) -> str:
        return self.label

    @property
    def is_custom(self) -> bool:
        return self.definition is not None

    @property
    def kind_label(self) -> str:
        return str(CustomField.Kind(self.kind).label)

    @property
    def type_label(self) -> str:
        return str(TYPES(self.type).label)

    @property
    def has_choices(self) -> bool:
        return bool(self.choices)

    def held_by(self, record: Any) -> Any:
        """Return what a record has there; None for nothing."""
        if self.is_custom:
            return record.custom.get(self.key)
        value = getattr(record, self.key)
        return None if value == "" else value

    def stored(self, value: Any) -> Any:
        """Return a value as it is kept there, or None where it cannot be."""
        if is_empty(value):
            return None
        try:
            if self.definition is not None:
                return stored(self.definition, value)
            column: Any = COLUMNS[self.kind][0]._meta.get_field(self.key)
            return column.clean(column.to_python(value), None)
        except (ValueError, ValidationError):
            return None

    def read(self, text: str) -> Any:
        """Return what somebody means by a text, as it is kept; raises `ValueError` with a sentence.

        A choice may be given by its key or its label.
        """
        if self.definition is not None:
            return stored(self.definition, from_text(self.definition, text))
        value: Any = text.strip()
        if self.type == TYPES.YES_NO:
            words = {"yes": True, _("Yes").lower(): True, "no": False, _("No").lower(): False}
            value = words.get(value.lower(), value)
        labels = {label.casefold(): key for key, label in self.choices.items()}
        value = labels.get(str(value).casefold(), value) if self.choices else value
        found = self.stored(value)
        if found is None:
            raise ValueError(
                _("%(label)s cannot hold “%(value)s”: it is a %(type)s.")
                % {"label": self.label, "value": text[:60], "type": self.type_label.lower()}
            )
        return found

    def words(self, value: Any) -> str:
        """Return a value as people read it; nothing is an empty text."""
        if self.definition is not None:
            return in_words(self.definition, value)
        if is_empty(value):
            return ""
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, Decimal):
            return formats.number(value, 2)
        if isinstance(value, int):
            return formats.number(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            return formats.day(value)
        return self.choices.get(str(value), str(value))


def destinations_for(user: User) -> dict[tuple[str, str], Destination]:
    """Return every field that a lead can fill, by kind and name: built-in ones, then custom."""
    found = {
        (kind, name): built_in(kind, name)
        for kind, (_model, names) in COLUMNS.items()
        for name in names
    }
    for kind, fields in in_use_for(user).items():
        if kind in COLUMNS:
            found |= {(kind, each.name): of_definition(each) for each in fields}
    return found


def of_definition(field: CustomField) -> Destination:
    choices = {key: str(choice["label"]) for key, choice in choices_of(field).items()}
    return Destination(field.kind, field.name, field.key, field.label, field.type, choices, field)


@cache
def _column(kind: str, name: str) -> Any:
    return COLUMNS[kind][0]._meta.get_field(name)


def built_in(kind: str, name: str) -> Destination:
    column = _column(kind, name)
    label = str(capfirst(column.verbose_name))
    return Destination(kind, name, name, label, *type_of(column))


def type_of(column: Any) -> tuple[str, dict[str, str]]:
    """Return the type that a custom field like this column would have, and its choices."""
    if column.choices:
        words = {str(key): str(word) for key, word in column.flatchoices if key != ""}
        return TYPES.CHOICE, words
    types: tuple[tuple[type[Any], str], ...] = (
        (models.BooleanField, TYPES.YES_NO),
        (models.DateField, TYPES.DATE),
        (models.DecimalField, TYPES.DECIMAL),
        (models.IntegerField, TYPES.WHOLE),
        (models.TextField, TYPES.LONG_TEXT),
    )
    return next((type_ for kind, type_ in types if isinstance(column, kind)), TYPES.TEXT), {}
