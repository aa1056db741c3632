"""When a field of a form is shown, and when it is asked for: by the one language of conditions.

A field without a condition is always shown. A condition that cannot be read any more, because a
field of it is gone, is as if there were none: nothing disappears, and nobody is stopped. Of a
change only that is refused which it brings about: what a record lacked before stays a matter of its
form.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from records import custom
from records.conditions import Test, as_data, holds, names_in, stored
from records.custom import PREFIX, asked_for, is_empty, known_to, model_of
from records.layouts import asked_for_column, hidden_in, required_of
from records.models import FormCondition
from records.permissions import fixed_fields, hidden_fields
from records.vocabulary import fields_of, reader_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from records.conditions import Group
    from users.models import User

SHOW, REQUIRE = FormCondition.Effect.SHOW, FormCondition.Effect.REQUIRE


@dataclass(frozen=True)
class FormConditions:
    """The conditions of one form that can be read, by field."""

    show: Mapping[str, Group] = field(default_factory=dict)
    require: Mapping[str, Group] = field(default_factory=dict)
    # Fields that are hidden from whom the form is for: what asks about them is not told.
    hidden: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.show or self.require)

    def hidden_on(self, record: Any) -> set[str]:
        """Return the fields that are not shown for a record as it is in hand."""
        return {name for name, condition in self.show.items() if not _holds(condition, record)}

    def required_on(self, record: Any) -> set[str]:
        """Return the fields that are asked for on a record as it is in hand."""
        hidden = self.hidden_on(record)
        return {
            name
            for name, condition in self.require.items()
            if name not in hidden and _holds(condition, record)
        }

    def as_data(self) -> dict[str, dict[str, Any]]:
        """Return them for the page, which follows what is typed: field → effect → condition."""
        told: dict[str, dict[str, Any]] = {}
        for effect, lines in ((SHOW, self.show), (REQUIRE, self.require)):
            for name, condition in lines.items():
                if self.hidden & names_in(condition):
                    continue  # it holds on the server alone
                told.setdefault(name, {})[str(effect)] = as_data(condition)
        return told


def conditions_for(kind: str, user: User | None) -> FormConditions:
    """Return the conditions of a form. No statement of its own."""
    lines = known_to(user).conditions.get(kind, ())
    if not lines:
        return FormConditions()
    hidden, fixed = hidden_in(kind, user), fixed_fields(user, kind)
    fields = fields_of(model_of(kind), user)
    found: dict[str, dict[str, Group]] = {SHOW: {}, REQUIRE: {}}
    for effect, name, data in lines:
        condition = stored(data, fields)
        is_wanted = name not in hidden and (effect == SHOW or name not in fixed)
        if is_wanted and effect in found and not _is_broken(condition):
            found[effect][name] = condition
    return FormConditions(found[SHOW], found[REQUIRE], hidden_fields(user, kind))


def _is_broken(condition: Group) -> bool:
    return any(
        (isinstance(part, Test) and not part.type)
        or (not isinstance(part, Test) and _is_broken(part))
        for part in condition.parts
    )


def _holds(condition: Group, record: Any) -> bool:
    return holds(condition, reader_of(record), now=timezone.localtime())


def value_on(record: Any, name: str) -> Any:
    """Return what a record has in a field of its form; of relations to many whether it has any."""
    if name.startswith(PREFIX):
        return (record.custom or {}).get(name.removeprefix(PREFIX))
    column: Any = record._meta.get_field(name)
    if column.many_to_many:
        return [1] if record.pk and getattr(record, name).exists() else []
    return getattr(record, column.attname)


def drafted(record: Any, values: Mapping[str, Any]) -> Any:
    """Return a copy of a record with `values`, as operations take them, to ask about; unsaved."""
    draft = copy(record)
    columns = {column.name for column in record._meta.concrete_fields}
    for name, value in values.items():
        if name == "custom" and isinstance(value, dict):
            draft.custom = {**(record.custom or {}), **value}
        elif name in columns:
            setattr(draft, name, value)
    return draft


def missing_in(kind: str, values: Mapping[str, Any], *, by: User | None) -> dict[str, list[str]]:
    """Return what a person who makes a record has left out, conditions counted: name → sentences.

    It is `records.layouts.required_of` for doors for programs and files; forms ask by themselves.
    """
    missing = required_of(kind, values, by=by)
    conditions = conditions_for(kind, by)
    if not conditions:
        return missing
    known = {name: value for name, value in values.items() if not isinstance(value, list)}
    draft = drafted(model_of(kind)(), known)
    hidden = conditions.hidden_on(draft)
    told = {name: said for name, said in missing.items() if name not in hidden}
    own = values.get("custom") or {}
    for name in conditions.required_on(draft) - told.keys():
        key = name.removeprefix(PREFIX)
        value = own.get(key) if key != name else values.get(name)
        if is_empty(value):
            told |= asked(kind, name, by)
    return told


def asked(kind: str, name: str, user: User | None) -> dict[str, list[str]]:
    """Say that a field is to be filled in."""
    definition = custom.field_of(kind, name, user)
    if definition is not None:
        return {name: [asked_for(definition)]}
    return asked_for_column(kind, name, is_sent=True)


def gaps_after(record: Any, changed: Iterable[str], *, by: User | None) -> dict[str, list[str]]:
    """Return which fields a change of these leaves empty though they are asked for then.

    `record` has the change already. Fields that the change has nothing to do with are left alone.
    """
    kind = custom.kind_of(record)
    conditions = conditions_for(kind, by)
    if not conditions.require:
        return {}
    touched = {_own(name) for name in changed}
    told: dict[str, list[str]] = {}
    for name in conditions.required_on(record):
        asks = {
            n if n.startswith(PREFIX) else n.split(".")[0]
            for n in names_in(conditions.require[name])
        }
        if touched & {name, *asks} and is_empty(value_on(record, name)):
            told |= asked(kind, name, by)
    return told


def _own(name: str) -> str:
    """Return the field of the record itself by way of which a condition asks."""
    return name if name.startswith(PREFIX) else name.partition(".")[0]
