"""The assignment rules in the administration, and every assignment that was made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from leads.models import Assignment, AssignmentRule, Lead
from leads.operations import (
    change_assignment_rule,
    delete_assignment_rule,
    save_assignment_rule,
)
from leads.rules.assignment import condition_in_words
from records.vocabulary import fields_of
from users.models import User
from workbench.admin import ReadOnlyAdmin, SettingAdmin, VersionedForm, user_of
from workbench.forms import ConditionField


class RuleForm(VersionedForm):
    """A rule, with the condition in the editor that the managers' page has."""

    condition = ConditionField(Lead, label=_("Condition"))
    user: User

    class Meta:
        model = AssignmentRule
        fields = ("name", "condition", "person", "team", "is_active")

    def standing(self, name: str) -> str:
        if name != "condition":
            return super().standing(name)
        return condition_in_words(self.as_it_stands(), fields_of(Lead, self.user))


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(SettingAdmin):
    """The assignment rules. Managers have a page for them, with their order and a dry run."""

    form = RuleForm
    list_display = ("name", "position", "person", "team", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("person", "team")
    search_fields = ("name",)
    ordering = ("position", "pk")
    sortable_by = ()
    autocomplete_fields = ("person", "team")
    fields = ("name", "condition", "person", "team", "is_active", "known_version")

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if not change:
            save_assignment_rule(obj, by=user_of(request))
            return
        values = {name: form.cleaned_data[name] for name in form.Meta.fields}
        version = form.cleaned_data["known_version"]
        change_assignment_rule(obj, by=user_of(request), version=version, **values)

    def get_deleted_objects(self, objs: Any, request: Any) -> Any:
        """Say what would go: what the rules have assigned stays, and keeps no rule."""
        rules, counted, forbidden, _in_use = super().get_deleted_objects(objs, request)
        return rules, counted, forbidden, []

    def delete_model(self, request: Any, obj: Any) -> None:
        delete_assignment_rule(obj, by=user_of(request))

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        for rule in queryset:
            delete_assignment_rule(rule, by=user_of(request))


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    """Who was given which lead, by whom or by which rule, and why."""

    list_display = ("lead", "owner", "at", "by", "rule", "reason")
    list_filter = ("at", "rule")
    list_select_related = ("lead", "owner", "by", "rule")
    search_fields = ("lead__search",)
    ordering = ("-pk",)
    sortable_by = ()
    date_hierarchy = "at"
