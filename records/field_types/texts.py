"""Texts, short and long, and those of a form of their own: addresses and numbers to call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _

from records.field_types.base import FieldType, fitting_text
from records.lookups import Folded, JsonText
from records.models import CustomField

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES = CustomField.Type
_IS_URL = URLValidator(schemes=["http", "https"])
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//|[^0-9])")
_PHONE = re.compile(r"\+?[0-9()\[\]./\s-]{3,}(\s*(x|ext\.?|#)\s*[0-9]{1,8})?", re.IGNORECASE)
_LEAST_DIGITS = 3


class Text(FieldType):
    """A text in one line."""

    name = _TYPES.TEXT
    longest = 255
    limited_by = "text"
    fits_into: ClassVar[tuple[str, ...]] = (_TYPES.TEXT, _TYPES.LONG_TEXT)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> Any:
        text = fitting_text(definition, value, self.longest)
        if self.control != "lines" and "\n" in text and text != standing:
            told = _("%(label)s takes one line, and this has several lines")
            raise ValueError(told % {"label": definition.label})
        return text

    def read(self, definition: CustomField, text: str) -> Any:
        return text if self.control == "lines" else " ".join(text.splitlines())

    def sort_value(self, definition: CustomField) -> Any:
        return Folded(JsonText("custom", definition.key))

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}


class LongText(Text):
    """A text in several lines; no list is sorted by it."""

    name = _TYPES.LONG_TEXT
    control = "lines"
    longest = 10_000
    fits_into = (_TYPES.LONG_TEXT,)

    def sort_value(self, definition: CustomField) -> Any:
        return None


class Url(Text):
    """The address of a page. Nothing but http and https: a click on it must not run anything."""

    name = _TYPES.URL
    control = "url"
    longest = 500
    fits_into = (_TYPES.URL, _TYPES.TEXT, _TYPES.LONG_TEXT)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> str:
        text = fitting_text(definition, value, self.longest)
        if not _HAS_SCHEME.match(text):
            text = f"https://{text}"
        return _checked(_IS_URL, text, self.unreadable(definition))

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {**super().schema(definition), "format": "uri"}

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as a web address, like https://example.com") % {
            "label": definition.label
        }

    def address(self, definition: CustomField, value: Any) -> str:
        return str(value)


class Email(Text):
    """An email address."""

    name = _TYPES.EMAIL
    control = "email"
    longest = 254
    fits_into = (_TYPES.EMAIL, _TYPES.TEXT, _TYPES.LONG_TEXT)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> str:
        text = fitting_text(definition, value, self.longest)
        return _checked(validate_email, text, self.unreadable(definition))

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {**super().schema(definition), "format": "email"}

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as an email address, like ada@example.com") % {
            "label": definition.label
        }

    def address(self, definition: CustomField, value: Any) -> str:
        return f"mailto:{quote(str(value), safe='@')}"


class Phone(Text):
    """A number to call, as it was written."""

    name = _TYPES.PHONE
    control = "phone"
    longest = 40
    fits_into = (_TYPES.PHONE, _TYPES.TEXT, _TYPES.LONG_TEXT)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> str:
        text = fitting_text(definition, value, self.longest)
        digits = sum(sign.isdigit() for sign in text)
        if not _PHONE.fullmatch(text) or digits < _LEAST_DIGITS:
            raise ValueError(self.unreadable(definition))
        return text

    def unreadable(self, definition: CustomField) -> str:
        return _("Enter %(label)s as a phone number, like +49 30 123456") % {
            "label": definition.label
        }

    def address(self, definition: CustomField, value: Any) -> str:
        number = re.sub(r"[^0-9+]", "", re.split(r"[xe#]", str(value), flags=re.IGNORECASE)[0])
        return f"tel:{number}"


def _checked(check: Callable[[str], None], text: str, otherwise: str) -> str:
    try:
        check(text)
    except ValidationError as problem:
        raise ValueError(otherwise) from problem
    return text
