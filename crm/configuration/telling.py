"""The set-up as data that a file can hold: sorted, so that two of them can be compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Model

from crm.configuration.sections import SECTIONS
from leads.models import QualificationRuleSet
from opportunities.models import Stage
from records.models import CustomField
from users.models import Role

if TYPE_CHECKING:
    from crm.configuration.sections import Section

FORMAT = 1
# Choices that are known by their number, where conditions ask about them.
NUMBERED = "stage"


def configuration() -> dict[str, Any]:
    """Return the set-up of this installation."""
    told: dict[str, Any] = {"format": FORMAT}
    for section in SECTIONS:
        told[section.name] = [line_of(section, line) for line in lines_of(section)]
    told["qualification_rules"] = rules_in_force()
    told["roles"] = [role_of(role) for role in Role.objects.order_by("name", "pk")]
    return told


def lines_of(section: Section, parent: Any = None) -> list[Any]:
    """Return the lines of a section, or those under one parent, in an order that lasts."""
    rows = section.model._base_manager.all()
    if section.parent:
        rows = rows.filter(**{section.parent: parent})
    rows = rows.select_related(*(n for n, column in section.columns.items() if column.is_relation))
    found = list(rows)
    if section.order:
        return sorted(found, key=lambda line: [getattr(line, name) for name in section.order])
    return sorted(found, key=lambda line: [str(plain(getattr(line, n)) or "") for n in section.key])


def line_of(section: Section, line: Any, *, has_parts: bool = True) -> dict[str, Any]:
    """Return a line as a file has it, with its parts."""
    told = {name: plain(getattr(line, name)) for name in section.columns}
    if "condition" in told:
        told["condition"] = portable(told["condition"], to_key)
    if section.parts and has_parts:
        parts = section.parts
        told[parts.name] = [line_of(parts, part) for part in lines_of(parts, line)]
    return told


def plain(value: Any) -> Any:
    """Return a value as JSON has it; a custom field by kind and key."""
    if isinstance(value, CustomField):
        return f"{value.kind}.{value.key}"
    if isinstance(value, Model):
        raise TypeError(f"{value!r} has no key that lasts.")
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    return value.isoformat() if isinstance(value, date) else value


def rules_in_force() -> list[dict[str, Any]]:
    """Return the qualification rules in force."""
    active = QualificationRuleSet.objects.active().first()
    return list(active.rules) if active else []


def role_of(role: Role) -> dict[str, Any]:
    grants = dict(role.grants.order_by("permission").values_list("permission", "scope"))
    return {"name": role.name, "description": role.description, "grants": grants}


def portable(condition: Any, translate: Any) -> Any:
    """Return a condition in which each value of a stage is translated."""
    if isinstance(condition, list):
        return [portable(part, translate) for part in condition]
    if not isinstance(condition, dict):
        return condition
    if condition.get("field") == NUMBERED and "value" in condition:
        value = condition["value"]
        many = [translate(each) for each in value] if isinstance(value, list) else translate(value)
        return {**condition, "value": many}
    return {name: portable(part, translate) for name, part in condition.items()}


def to_key(number: Any) -> Any:
    """Return a stage as process and key, by its number; what is none stays as it is."""
    found = Stage.objects.filter(pk=number).select_related("process") if _is_number(number) else ()
    return next((f"{stage.process.key}/{stage.key}" for stage in found), number)


def to_number(key: Any) -> Any:
    """Return the number of a stage that is told as process and key; else what was told."""
    process, _slash, stage = str(key).partition("/")
    found = Stage.objects.filter(process__key=process, key=stage).values_list("pk", flat=True)
    return next((str(number) for number in found), key)


def _is_number(text: Any) -> bool:
    return str(text).isascii() and str(text).isdigit() and len(str(text)) < 19
