"""Where a custom field is asked about: what would ask in vain once it goes or changes its type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.models import DoorField, WebFormField
from leads.models import AssignmentRule, FieldMapping
from leads.rules import rules_in_force
from opportunities.models import Process, Step
from records.models import CustomField, FormCondition
from workbench.models import SavedView

if TYPE_CHECKING:
    from users.models import User


def uses_of(field: CustomField, *, by: User) -> list[str]:
    """Say in a sentence each what asks about a field, fills it or shows it.

    A view that somebody keeps for themselves is counted, and not named.
    """
    told = [
        _("A condition of the form asks about it, or shows it: %(condition)s.")
        % {"condition": each}
        for each in FormCondition.objects.filter(kind=field.kind)
        if each.field == field.name or asks(each.condition, field)
    ]
    if field.kind == CustomField.Kind.LEAD:
        told += _uses_of_leads(field, by=by)
    if field.kind == CustomField.Kind.OPPORTUNITY:
        told += [
            _("The step %(step)s of %(stage)s asks for it.") % {"step": step, "stage": step.stage}
            for step in Step.objects.filter(field=field.name).select_related("stage")
        ]
        told += [
            _("The process %(process)s is chosen by it.") % {"process": process}
            for process in Process.objects.order_by("position", "pk")
            if asks(process.condition, field)
        ]
    told += [
        _("The mapping from %(source)s fills it.") % {"source": mapping.source}
        for mapping in FieldMapping.objects.filter(target=field)
    ]
    return [*told, *_views_of(field)]


def asks(condition: Any, field: CustomField) -> bool:
    """Say whether a stored condition names a field."""
    return json.dumps(field.name) in json.dumps(condition)


def _uses_of_leads(field: CustomField, *, by: User) -> list[str]:
    rules = [rule for rule in rules_in_force(by=by).active if field.name in rule.asks]
    told = [_("The rule “%(rule)s” asks for it.") % {"rule": rule} for rule in rules]
    told += [
        _("The assignment rule “%(rule)s” asks about it.") % {"rule": rule.name}
        for rule in AssignmentRule.objects.order_by("position", "pk")
        if asks(rule.condition, field)
    ]
    named: Any = {"field": field.name}
    forms = WebFormField.objects.filter(**named).select_related("form")
    doors = DoorField.objects.filter(**named).select_related("door")
    entrances = [*(each.form for each in forms), *(each.door for each in doors)]
    return told + [_("“%(entrance)s” fills it.") % {"entrance": each} for each in entrances]


def _views_of(field: CustomField) -> list[str]:
    views = SavedView.objects.filter(kind=field.kind, query__contains=field.name).order_by("name")
    found = [view for view in views if _names(view.query, field.name)]
    shared = [view for view in found if view.audience != SavedView.Audience.PRIVATE]
    told = [_("The view “%(view)s” asks about it, or shows it.") % {"view": v.name} for v in shared]
    if count := len(found) - len(shared):
        told.append(
            ngettext(
                "%(n)d view that somebody keeps for themselves asks about it, or shows it.",
                "%(n)d views that people keep for themselves ask about it, or show it.",
                count,
            )
            % {"n": count}
        )
    return told


def _names(query: str, name: str) -> bool:
    """Say whether the query string of a list names a field, and not one that begins like it."""
    parts = query.split(name)[1:]
    return any(not (rest[:1].isalnum() or (rest[:1] == "_" and rest[:2] != "__")) for rest in parts)
