"""How an administrator says when a field of a form is shown, and when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from records import custom
from records.conditions import ConditionIsWrong, as_data, names_in, parse, stored
from records.errors import Unacceptable
from records.layouts import needed_of
from records.models import FormCondition
from records.operations import delete_setting, operation, require_for_all, save_setting
from records.vocabulary import fields_of

if TYPE_CHECKING:
    from users.models import User

MOST_CONDITIONS = 200  # of one form


@operation
def save_condition(line: FormCondition, *, by: User) -> FormCondition:
    """Save when a field is shown or asked for. Saving what stands writes nothing.

    Raises `Unacceptable` for a field that the form does not have, for one that nothing can be saved
    without, for a condition that asks about a field that is gone or about the field itself, and for
    fields that wait for each other in a circle, which it names.
    """
    require_for_all(by, "change" if line.pk else "add", FormCondition)
    # Two who would close a circle together wait for each other here.
    others = list(FormCondition.objects.select_for_update().filter(kind=line.kind))
    others = [other for other in others if other.pk != line.pk]
    labels = labels_of(line.kind, by)
    errors: dict[str, list[str]] = {}
    if problem := _field_problem(line, others, labels):
        errors["field"] = [problem]
    try:
        parsed = parse(line.condition, fields_of(custom.model_of(line.kind), by), translate=_)
    except ConditionIsWrong as wrong:
        errors["condition"] = wrong.errors["condition"]
    else:
        line.condition = as_data(parsed)
        if not errors and (problem := _circle_problem(line, others, labels, by)):
            errors["condition"] = [problem]
    if errors:
        raise Unacceptable(errors=errors)
    saved = save_setting(line, by=by)
    custom.forget(by)
    return saved


@operation
def delete_condition(line: FormCondition, *, by: User) -> None:
    """Take a condition away: its field is shown, or is not asked for, whatever else there is."""
    delete_setting(line, by=by)
    custom.forget(by)


def labels_of(kind: str, user: User | None) -> dict[str, str]:
    """Return the fields of a form that can have a condition, with what people call them."""
    model = custom.model_of(kind)
    every = [*model._meta.concrete_fields, *model._meta.many_to_many]
    columns = {
        column.name: str(capfirst(column.verbose_name)) for column in every if column.editable
    }
    own = custom.definitions_for(user).get(kind, ())
    return columns | {each.name: each.label for each in own}


def labels_ever(kind: str, user: User | None) -> dict[str, str]:
    """Return what people call the fields of a form, those that are retired by now too."""
    every = custom.known_to(user).fields.get(kind, ())
    return {each.name: each.label for each in every} | labels_of(kind, user)


def _field_problem(line: FormCondition, others: list[FormCondition], labels: dict[str, str]) -> str:
    if line.field not in labels:
        return _("There is no field %(name)s") % {"name": f"“{line.field[:60]}”"}
    label = labels[line.field]
    if any((other.field, other.effect) == (line.field, line.effect) for other in others):
        return _("%(label)s has such a condition already. Change that one") % {"label": label}
    if len(others) >= MOST_CONDITIONS:
        return _("A form has at most %(most)d conditions") % {"most": MOST_CONDITIONS}
    model = custom.model_of(line.kind)
    if line.effect == FormCondition.Effect.SHOW:
        if line.field in needed_of(model):
            told = _("%(label)s is always shown: nothing can be saved without it")
            return told % {"label": label}
        return ""
    columns: dict[str, Any] = {column.name: column for column in model._meta.concrete_fields}
    if isinstance(columns.get(line.field), BooleanField):
        return _("%(label)s is a box to tick, so it cannot be required") % {"label": label}
    return ""


def _circle_problem(
    line: FormCondition, others: list[FormCondition], labels: dict[str, str], by: User
) -> str:
    """Say which fields would wait for each other; what is asked for may wait for any but itself."""
    fields = fields_of(custom.model_of(line.kind), by)
    asks = {line.field: set(names_in(stored(line.condition, fields)))}
    if line.field in asks[line.field]:
        return _("%(label)s cannot depend on itself") % {"label": labels[line.field]}
    if line.effect != FormCondition.Effect.SHOW:
        return ""
    for other in others:
        if other.effect == FormCondition.Effect.SHOW:
            asks[other.field] = set(names_in(stored(other.condition, fields)))
    path = _way_back(line.field, line.field, asks, [line.field])
    if not path:
        return ""
    return _("These would wait for each other: %(fields)s") % {
        "fields": " → ".join(labels.get(name, name) for name in path)
    }


def _way_back(name: str, home: str, asks: dict[str, set[str]], path: list[str]) -> list[str]:
    """Return the fields on a way from `name` back `home`; nothing where there is none."""
    for each in sorted(asks.get(name, ())):
        if each == home:
            return [*path, home]
        is_new = each in asks and each not in path
        if is_new and (found := _way_back(each, home, asks, [*path, each])):
            return found
    return []
