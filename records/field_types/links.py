"""Links to other records. What somebody may not see is neither chosen nor named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.utils.translation import gettext as _

from records.field_types.base import FieldType
from records.models import CustomField
from records.permissions import unnamed

if TYPE_CHECKING:
    from collections.abc import Iterable

_TYPES = CustomField.Type


class Link(FieldType):
    """A record of the kind that the field is for, stored by number.

    The definitions of a user know him as their `viewer`; without one there is nobody to choose.
    """

    name = _TYPES.RECORD
    asked_as = "link"
    control = "record"
    is_searched = False
    fits_into = (_TYPES.RECORD,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> int:
        if isinstance(value, Model):
            value = value.pk if isinstance(value, definition.target_model) else None
        text = "" if isinstance(value, bool) else str(value).removeprefix("#")
        number = int(text) if re.fullmatch(r"[0-9]{1,15}", text) else 0
        if number and number == standing:
            return number
        if not number or not _seen(definition).filter(pk=number).exists():
            raise ValueError(self.unreadable(definition))
        return number

    def words(self, definition: CustomField, value: Any) -> str:
        self.prepare(definition, [value])
        known = definition.linked or {}
        return known.get(value) or unnamed(definition.target_model)

    def told(self, definition: CustomField, value: Any) -> Any:
        self.prepare(definition, [value])
        return value if (definition.linked or {}).get(value) else None

    def prepare(self, definition: CustomField, values: Iterable[Any]) -> None:
        known = definition.linked = definition.linked or {}
        asked = {value for value in values if type(value) is int} - known.keys()
        if asked:
            known |= dict.fromkeys(asked, "")
            known |= {each.pk: str(each) for each in _seen(definition).filter(pk__in=asked)}

    def address(self, definition: CustomField, value: Any) -> str:
        """Return the page of a record that the viewer may see; `words` has looked it up."""
        if not (definition.linked or {}).get(value):
            return ""
        return str(definition.target_model(pk=value).get_absolute_url())

    def read(self, definition: CustomField, text: str) -> Any:
        found = re.fullmatch(r"#?([0-9]{1,15})", text)
        return int(found[1]) if found else text

    def schema(self, definition: CustomField) -> dict[str, Any]:
        kind = str(definition.target_model._meta.verbose_name)
        told = _("A record by its number: %(kind)s") % {"kind": kind}
        return {"type": "integer", "description": told}

    def unreadable(self, definition: CustomField) -> str:
        return _("Choose for %(label)s one that you can see (%(kind)s), by number") % {
            "kind": definition.target_model._meta.verbose_name,
            "label": definition.label,
        }


def _seen(definition: CustomField) -> Any:
    rows = definition.target_model.objects.all()
    return rows.none() if definition.viewer is None else rows.permitted(definition.viewer, "view")
