"""The qualification rules and what automation did, to look at: managers have their own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.models import AutomaticQualification, QualificationRuleSet, RuleRun
from workbench.admin import Button, ReadOnlyAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest


@admin.register(QualificationRuleSet)
class QualificationRuleSetAdmin(ReadOnlyAdmin):
    """Which rules were in force when."""

    list_display = ("number", "state", "is_automatic", "activated_at", "activated_by")
    list_filter = ("state",)
    list_select_related = ("activated_by",)
    ordering = ("-number",)
    sortable_by = ()
    fields = (
        "number",
        "state",
        "said",
        "threshold",
        "is_automatic",
        "hourly_limit",
        "created_at",
        "created_by",
        "activated_at",
        "activated_by",
    )
    readonly_fields = fields

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        return [Button(_("Open the page of the rules"), url=reverse("leads:rules"))]

    @admin.display(description=_("rules"))
    def said(self, rule_set: QualificationRuleSet) -> str:
        return "; ".join(str(rule.get("words") or rule.get("label")) for rule in rule_set.rules)


@admin.register(AutomaticQualification)
class AutomaticQualificationAdmin(ReadOnlyAdmin):
    """What automation has done about each lead."""

    list_display = ("lead", "outcome", "at", "reason", "rule_set")
    list_filter = ("outcome", "at")
    list_select_related = ("lead", "rule_set")
    search_fields = ("lead__search",)
    ordering = ("-at", "-pk")
    sortable_by = ("at",)
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)


@admin.register(RuleRun)
class RuleRunAdmin(ReadOnlyAdmin):
    """When the product went through leads by the rules, and what became of it."""

    list_display = ("kind", "ended_at", "looked_at", "changed", "stop")
    list_filter = ("kind", "stop")
    ordering = ("-ended_at", "-pk")
    sortable_by = ()
