"""By what a file knows the lines that others refer to: by keys that last, never by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from opportunities.models import Campaign, Process, Source, Stage
from records.custom import PREFIX
from records.models import CustomField
from users.models import Role, Team, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model

# The columns that name a line, told with what stands between them.
NAMED_BY: dict[type[Model], tuple[str, tuple[str, ...]]] = {
    Campaign: ("", ("key",)),
    CustomField: (".", ("kind", "key")),
    Process: ("", ("key",)),
    Role: ("", ("name",)),
    Source: ("", ("key",)),
    Stage: ("/", ("process__key", "key")),
    Team: ("", ("name",)),
    User: ("", ("email",)),
}


class IsUnknown(Exception):
    """A file names a line that this installation does not have."""


def name_of(line: Model) -> str:
    """Return by what a file knows a line."""
    between, columns = NAMED_BY[type(line)]
    found = type(line)._base_manager.filter(pk=line.pk).values_list(*columns).get()
    return between.join(found)


def line_named(model: type[Model], name: Any) -> Any:
    """Return the line that a file names. Raises `IsUnknown` where there is none."""
    between, columns = NAMED_BY[model]
    parts = str(name).split(between, len(columns) - 1) if between else [str(name)]
    known = dict(zip(columns, parts, strict=False))
    found = model._base_manager.filter(**known).first() if len(known) == len(columns) else None
    if found is None:
        sentence = _("There is no %(kind)s %(name)s.")
        raise IsUnknown(sentence % {"kind": model._meta.verbose_name, "name": name})
    return found


# Conditions


def to_names(condition: Any, model: type[Model]) -> Any:
    """Return a condition over `model` in which lines that are known by number have their names."""

    def translate(of: type[Model], number: Any) -> Any:
        text = str(number)
        is_number = text.isascii() and text.isdigit() and len(text) < 19
        found = of._base_manager.filter(pk=int(text)).first() if is_number else None
        return number if found is None else name_of(found)

    return _translated(condition, model, translate)


def to_numbers(condition: Any, model: type[Model]) -> Any:
    """Return a condition from a file as it is stored. Raises `IsUnknown`."""
    return _translated(condition, model, lambda of, name: str(line_named(of, name).pk))


def _translated(
    condition: Any, model: type[Model], translate: Callable[[type[Model], Any], Any]
) -> Any:
    if isinstance(condition, list):
        return [_translated(part, model, translate) for part in condition]
    if not isinstance(condition, dict):
        return condition
    of = _asked_of(model, condition.get("field")) if "value" in condition else None
    if of is None:
        return {name: _translated(part, model, translate) for name, part in condition.items()}
    value = condition["value"]
    many = [translate(of, each) for each in value] if isinstance(value, list) else None
    return {**condition, "value": translate(of, value) if many is None else many}


def _asked_of(model: type[Model], field: Any) -> type[Model] | None:
    """Return what the values of a field in a condition are numbers of, if they are."""
    if not isinstance(field, str):
        return None
    if field.startswith(PREFIX):
        key, kind = field.removeprefix(PREFIX), str(model._meta.model_name)
        of = CustomField.Type.USER
        return User if CustomField.objects.filter(kind=kind, key=key, type=of).exists() else None
    there: Any = model
    for name in field.split("."):
        try:
            there = there._meta.get_field(name).related_model
        except FieldDoesNotExist:
            return None
        if there is None:
            return None
    has_keys = any(column.name == "key" and column.unique for column in there._meta.fields)
    return there if there in NAMED_BY and not has_keys else None
