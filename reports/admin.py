"""Targets in the administration: the same as on their page, one month at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from reports.models import Target
from reports.operations import set_targets
from workbench.admin import SettingAdmin, VersionedForm, user_of

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest


class TargetAdminForm(VersionedForm):
    """One month of a person or a team; with nothing to reach there is no target."""

    def clean_month(self) -> date:
        month: date = self.cleaned_data["month"]
        return month.replace(day=1)


@admin.register(Target)
class TargetAdmin(SettingAdmin):
    """What people and teams shall win. One that is taken back stays, with nothing to reach."""

    form = TargetAdminForm
    list_display = ("month", "owner", "team", "amount", "conversion")
    list_filter = ("month", "team")
    list_select_related = ("owner", "team")
    ordering = ("-month", "team", "owner", "pk")
    sortable_by = ("month",)
    autocomplete_fields = ("owner",)
    fields = ("month", "owner", "team", "amount", "conversion")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("month", "owner", "team") if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        month = obj.month
        saved = set_targets(
            obj.owner or obj.team,
            month.year,
            by=user_of(request),
            amounts={month.month: obj.amount},
            conversions={month.month: obj.conversion},
        )
        obj.pk = next((each.pk for each in saved if each.month == month), None)
