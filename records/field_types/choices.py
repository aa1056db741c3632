"""What is chosen: yes or no, one of a list, several of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db.models import Case, IntegerField, When
from django.utils.translation import gettext as _

from records.field_types.base import FieldType
from records.models import CustomField

if TYPE_CHECKING:
    from collections.abc import Iterable

_TYPES = CustomField.Type


class YesNo(FieldType):
    """Yes, no, or not known."""

    name = _TYPES.YES_NO
    asked_as = "yes_no"
    control = "yes_no"
    is_searched = False
    cell = "flag"
    fits_into = (_TYPES.YES_NO,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> bool:
        if not isinstance(value, bool):
            raise ValueError(_("Answer %(label)s with yes or no") % {"label": definition.label})
        return value

    def read(self, definition: CustomField, text: str) -> Any:
        words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
        words |= {_("Yes").lower(): True, _("No").lower(): False}
        return words.get(text.lower(), text)

    def sort_value(self, definition: CustomField) -> Any:
        return _order_of(definition, [False, True])

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(FieldType):
    """One of a list, stored by its key."""

    name = _TYPES.CHOICE
    asked_as = "choice"
    control = "choice"
    fits_into = (_TYPES.CHOICE, _TYPES.CHOICES, _TYPES.TEXT, _TYPES.LONG_TEXT)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> str:
        return _chosen(definition, value, [standing])

    def words(self, definition: CustomField, value: Any) -> str:
        return str(definition.known_choices[value]["label"])

    def read(self, definition: CustomField, text: str) -> Any:
        return _key_of(definition, text)

    def sort_value(self, definition: CustomField) -> Any:
        return _order_of(definition, definition.known_choices)

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "string", "enum": list(definition.known_choices)}


class Choices(FieldType):
    """Several of a list, stored as a list of keys in the order of the definition."""

    name = _TYPES.CHOICES
    asked_as = "choices"
    control = "choices"
    is_searched = False
    cell = "choices"
    fits_into = (_TYPES.CHOICES,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> list[str]:
        if not isinstance(value, list | tuple | set):
            raise ValueError(_("Give %(label)s as a list of choices") % {"label": definition.label})
        stands = standing if isinstance(standing, list) else []
        chosen = {_chosen(definition, each, stands) for each in value}
        return [key for key in definition.known_choices if key in chosen]

    def words(self, definition: CustomField, value: Any) -> str:
        known = definition.known_choices
        return ", ".join(str(known[key]["label"]) if key in known else key for key in value)

    def read(self, definition: CustomField, text: str) -> list[str]:
        parts = [part.strip() for part in re.split(r"[;,\n]", text)]
        return [_key_of(definition, part) for part in parts if part]

    def write(self, definition: CustomField, value: Any) -> str:
        return "; ".join(map(str, value)) if isinstance(value, list) else str(value)

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "enum": list(definition.known_choices)},
            "uniqueItems": True,
        }


def _chosen(definition: CustomField, value: Any, standing: Iterable[Any]) -> str:
    choices = definition.known_choices
    if not isinstance(value, str) or value not in choices:
        offered = [key for key, choice in choices.items() if choice["is_active"]]
        raise ValueError(
            _("Choose one of the list for %(label)s: %(keys)s")
            % {"label": definition.label, "keys": ", ".join(offered[:20])}
        )
    if not choices[value]["is_active"] and value not in standing:
        raise ValueError(
            _("%(choice)s is out of use. Choose another %(label)s")
            % {"choice": choices[value]["label"], "label": definition.label_in_sentence}
        )
    return value


def _key_of(definition: CustomField, text: str) -> str:
    choices = definition.known_choices
    if text in choices:
        return text
    # As it is called where nobody has translated it, too.
    labels = {
        str(choice[name]).casefold(): key
        for name in ("also", "label")
        for key, choice in choices.items()
        if name in choice
    }
    return labels.get(text.casefold(), text)


def _order_of(definition: CustomField, values: Iterable[Any]) -> Case:
    places = [
        When(**{f"custom__{definition.key}": value}, then=place)
        for place, value in enumerate(values)
    ]
    return Case(*places, output_field=IntegerField())
