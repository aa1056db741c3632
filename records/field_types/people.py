"""Users: who looks after something, beside the owner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from records.field_types.base import FieldType
from records.models import CustomField
from users.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet

_TYPES = CustomField.Type


class Person(FieldType):
    """A user, stored by number. Only who works here is chosen anew; who has left stays named."""

    name = _TYPES.USER
    asked_as = "choice"
    control = "person"
    is_searched = False
    fits_into = (_TYPES.USER,)

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value == standing:
            return value
        if isinstance(value, User):
            value = value.pk
        rows = User.objects.all() if standing == value else _active()
        who = _named(value)
        found = rows.filter(**who).values_list("pk", flat=True).first() if who else None
        if found is None:
            raise ValueError(self.unreadable(definition))
        return int(found)

    def words(self, definition: CustomField, value: Any) -> str:
        return _people(definition).get(value, ("", _("a user who is gone")))[1]

    def read(self, definition: CustomField, text: str) -> Any:
        return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else text

    def write(self, definition: CustomField, value: Any) -> str:
        return _people(definition).get(value, (str(value), ""))[0]

    def schema(self, definition: CustomField) -> dict[str, Any]:
        return {"type": "integer", "description": _("The number of a user; an email is taken too")}

    def unreadable(self, definition: CustomField) -> str:
        return _("Choose an active user for %(label)s, by email or number") % {
            "label": definition.label
        }

    def offered(self, definition: CustomField, *, standing: Any = None) -> list[tuple[str, str]]:
        """Return who can be chosen, and who is: number and name."""
        active = [(str(each.pk), str(each)) for each in _active()]
        known = {number for number, _name in active}
        if isinstance(standing, int) and str(standing) not in known:
            active.append((str(standing), self.words(definition, standing)))
        return active


def _active() -> QuerySet[User]:
    return User.objects.filter(is_active=True, is_machine=False).order_by("name", "pk")


def _named(value: Any) -> dict[str, Any]:
    if isinstance(value, str) and "@" in value and "\x00" not in value:
        return {"email": value.strip().lower()[:254]}
    text = str(value)
    return {"pk": int(text)} if re.fullmatch(r"[0-9]{1,15}", text) else {}


def _people(definition: CustomField) -> dict[int, tuple[str, str]]:
    """Return email and name of every user by number: read once for a definition, not per row."""
    if definition.people is None:
        definition.people = {each.pk: (each.email, str(each)) for each in User.objects.all()}
    return definition.people
