"""Numbers: whole ones, decimal ones, and amounts of money."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from records.field_types.base import MOST_DIGITS, FieldType
from records.lookups import JsonAmount, JsonNumber
from records.models import Currency, CustomField
from users import formats

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = CustomField.Type
_CENT = Decimal("0.01")


class Whole(FieldType):
    """A whole number, stored as such."""

    name = _TYPES.WHOLE
    asked_as = "number"
    control = "whole"
    is_searched = False
    cell = "whole"
    limited_by = "number"
    is_number = is_latest_first = True
    fits_into = (_TYPES.WHOLE, _TYPES.DECIMAL)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(self.unreadable(definition))
        if abs(value) >= 10**MOST_DIGITS:
            raise ValueError(_too_long(definition))
        return int(value)

    def words(self, definition: CustomField, value: Any) -> str:
        return formats.number(value)

    def read(self, definition: CustomField, text: str) -> Any:
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,40}", text) else text

    def in_file(self, definition: CustomField, value: Any) -> Any:
        return value

    def sort_value(self, definition: CustomField) -> Any:
        return JsonNumber("custom", definition.key)

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "integer", "format": "int64"}

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as a whole number, like 250") % {"label": definition.label}


class DecimalNumber(FieldType):
    """A decimal number, stored as text without an exponent."""

    name = _TYPES.DECIMAL
    asked_as = "number"
    control = "decimal"
    cell = "number"
    limited_by = "number"
    is_number = is_latest_first = True
    fits_into = (_TYPES.DECIMAL,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ValueError(self.unreadable(definition))
        try:
            number = Decimal(str(value).strip()[:60])
        except InvalidOperation as error:
            raise ValueError(self.unreadable(definition)) from error
        if not number.is_finite():
            raise ValueError(self.unreadable(definition))
        if abs(number.adjusted()) > 2 * MOST_DIGITS:
            raise ValueError(_too_long(definition))
        text = format(number.normalize() + 0, "f")
        if sum(sign.isdigit() for sign in text) > MOST_DIGITS:
            raise ValueError(_too_long(definition))
        return text

    def natural(self, definition: CustomField, value: Any) -> Decimal:
        return Decimal(value)

    def words(self, definition: CustomField, value: Any) -> str:
        return formats.number(Decimal(value))

    def in_file(self, definition: CustomField, value: Any) -> Any:
        return Decimal(value)

    def sort_value(self, definition: CustomField) -> Any:
        return JsonNumber("custom", definition.key)

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "string", "format": "decimal"}

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as a number, like 12.5") % {"label": definition.label}


class Money(FieldType):
    """An amount in a currency: `{"amount": "1250.50", "currency": "EUR"}`.

    Compared and sorted by the amount as it is written, like the amounts of leads: a rate would
    let the same rows answer differently from one day to the next.
    """

    name = _TYPES.MONEY
    asked_as = "money"
    control = "money"
    is_searched = False
    cell = "money"
    limited_by = "number"
    is_number = is_latest_first = True
    fits_into = (_TYPES.MONEY,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> dict[str, str]:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            value = {"amount": value}
        elif isinstance(value, str):
            value = self.read(definition, value)
        if not isinstance(value, dict) or value.keys() - {"amount", "currency"}:
            raise ValueError(self.unreadable(definition))
        amount = DecimalNumber().store(definition, value.get("amount"))
        number = Decimal(amount).quantize(_CENT, rounding=ROUND_HALF_UP) + 0
        if sum(sign.isdigit() for sign in str(number)) > MOST_DIGITS:
            raise ValueError(_too_long(definition))
        code = _currency(definition, value, standing if isinstance(standing, dict) else {})
        return {"amount": f"{number:f}", "currency": code}

    def natural(self, definition: CustomField, value: Any) -> Any:
        return value

    def words(self, definition: CustomField, value: Any) -> str:
        return formats.money(Decimal(value["amount"]), value["currency"])

    def read(self, definition: CustomField, text: str) -> Any:
        return read_money(text) or text

    def write(self, definition: CustomField, value: Any) -> str:
        if not isinstance(value, dict):
            return str(value)
        return f"{value.get('amount', '')} {value.get('currency', '')}".strip()

    def in_file(self, definition: CustomField, value: Any) -> Any:
        return self.write(definition, value)

    def sort_value(self, definition: CustomField) -> Any:
        return JsonAmount("custom", definition.key)

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["amount"],
            "additionalProperties": False,
            "properties": {
                "amount": {"type": "string", "format": "decimal"},
                "currency": {"type": "string", "minLength": 3, "maxLength": 3},
            },
        }

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as an amount, like 1250.50 %(currency)s") % {
            "label": definition.label,
            "currency": settings.DEFAULT_CURRENCY,
        }


_MONEY = re.compile(r"([A-Za-z]{3})?\s*([^A-Za-z]*[0-9][^A-Za-z]*?)\s*([A-Za-z]{3})?")


def read_money(text: str) -> dict[str, str] | None:
    """Part an amount from the code of its currency, before or behind it; None where neither is.

    >>> read_money("1,250.50 eur"), read_money("7"), read_money("much")
    ({'amount': '1,250.50', 'currency': 'EUR'}, {'amount': '7'}, None)
    """
    found = _MONEY.fullmatch(text.strip()[:60])
    if found is None or (found[1] and found[3]):
        return None
    code = (found[1] or found[3] or "").upper()
    return {"amount": found[2].strip(), **({"currency": code} if code else {})}


def _currency(
    definition: CustomField, value: Mapping[str, Any], standing: Mapping[str, Any]
) -> str:
    code = value.get("currency") or settings.DEFAULT_CURRENCY
    code = code.strip().upper() if isinstance(code, str) else ""
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError(
            _("Write the currency of %(label)s as a code of three letters, like EUR")
            % {"label": definition.label}
        )
    if code in {settings.DEFAULT_CURRENCY, standing.get("currency")}:
        return code
    if not Currency.objects.filter(pk=code).exists():
        raise ValueError(
            _("There is no currency %(code)s. An administrator can add it") % {"code": code}
        )
    return code


def _too_long(definition: CustomField) -> str:
    return _("%(label)s can have at most %(most)d digits") % {
        "label": definition.label,
        "most": MOST_DIGITS,
    }
