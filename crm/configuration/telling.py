"""The set-up as data that a file can hold: sorted, so that two of them can be compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Model

from crm.configuration.references import name_of, to_names
from crm.configuration.sections import SECTIONS
from leads.models import Lead, QualificationRuleSet
from users.models import Role
from users.operations import withheld_by

if TYPE_CHECKING:
    from crm.configuration.sections import Section

FORMAT = 1


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
    rows = section.model._base_manager.filter(**section.only)
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
        told["condition"] = to_names(told["condition"], section.asked_of(line))
    if section.parts and has_parts:
        parts = section.parts
        told[parts.name] = [line_of(parts, part) for part in lines_of(parts, line)]
    return told


def plain(value: Any) -> Any:
    """Return a value as JSON has it; another line by its name."""
    if isinstance(value, Model):
        return name_of(value)
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    return value.isoformat() if isinstance(value, date) else value


def rules_in_force() -> list[dict[str, Any]]:
    """Return the qualification rules in force."""
    active = QualificationRuleSet.objects.active().first()
    return list(to_names(active.rules, Lead)) if active else []


def role_of(role: Role) -> dict[str, Any]:
    grants = dict(role.grants.order_by("permission").values_list("permission", "scope"))
    told = {"name": role.name, "description": role.description, "grants": grants}
    return {**told, "fields": withheld_by(role)}
