"""Leads in the administration, what became of them, and why they are given up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from leads import operations
from leads.models import (
    DisqualifyReason,
    Lead,
    LeadLimits,
    Qualification,
    QualifiedOpportunity,
)
from workbench.admin import (
    ChoiceAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    RecordAdmin,
    SettingAdmin,
    VersionedForm,
)


@admin.register(Lead)
class LeadAdmin(RecordAdmin):
    """Leads. Qualifying, disqualifying and taking back are done on the page of the lead."""

    add_operation = staticmethod(operations.capture_lead)
    change_operation = staticmethod(operations.update_lead)
    delete_operation = staticmethod(operations.delete_lead)
    restore_operation = staticmethod(operations.restore_lead)
    assign_operation = staticmethod(operations.assign_lead)
    only_existing = ("status", "qualified_at", "disqualify_reason", "needs_decision")

    list_display = (
        "name",
        "company",
        "topic",
        "status",
        "rating",
        "source",
        "owner",
        "created_at",
    )
    list_filter = ("status", "progress", "rating", "source", "owner__team", "created_at")
    list_select_related = ("owner", "source")
    sortable_by = ("created_at",)
    autocomplete_fields = ("owner", "account", "contact", "campaign", "products", "tags")
    readonly_fields = (
        "status",
        "qualified_at",
        "disqualify_reason",
        "needs_decision",
        *RecordAdmin.readonly_fields,
    )
    fieldsets = (
        (
            None,
            {
                "fields": [
                    "topic",
                    "status",
                    "progress",
                    "rating",
                    "owner",
                    "needs_decision",
                    "qualified_at",
                    "disqualify_reason",
                ]
            },
        ),
        (
            _("Person"),
            {
                "fields": [
                    "salutation",
                    "first_name",
                    "last_name",
                    "job_title",
                    "email",
                    "phone",
                    "mobile",
                    "consent",
                    "do_not_contact",
                    "do_not_automate",
                    "contact",
                ]
            },
        ),
        (
            _("Company"),
            {
                "fields": [
                    "company",
                    "account",
                    "website",
                    "industry",
                    "employees",
                    "annual_revenue",
                    "street",
                    "postal_code",
                    "city",
                    "region",
                    "country",
                ]
            },
        ),
        (
            _("Interest"),
            {
                "fields": [
                    "source",
                    "campaign",
                    "products",
                    "tags",
                    "estimated_value",
                    "currency",
                    "estimated_close_date",
                    "description",
                ]
            },
        ),
        (
            _("Budget, authority, need and timeframe"),
            {
                "classes": ["collapse"],
                "fields": [
                    "budget_amount",
                    "budget_status",
                    "decision_maker_known",
                    "decision_maker",
                    "purchase_process",
                    "need",
                    "need_description",
                    "timeframe",
                ],
            },
        ),
        (_("More"), {"classes": ["collapse"], "fields": ["external_id"]}),
    )

    @admin.display(description=_("name"))
    def name(self, lead: Lead) -> str:
        return str(lead)

    def is_changeable(self, obj: Lead) -> bool:
        return super().is_changeable(obj) and obj.is_open


@admin.register(DisqualifyReason)
class DisqualifyReasonAdmin(ChoiceAdmin):
    """Why leads are given up."""

    list_display = (*ChoiceAdmin.list_display, "needs_comment")


@admin.register(LeadLimits)
class LeadLimitsAdmin(SettingAdmin):
    """How long leads may wait for a response, and for another touch."""

    form = VersionedForm
    list_display = ("__str__", "first_response_hours", "quiet_days")
    sortable_by = ()

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class QualifiedOpportunityInline(ReadOnlyInline):
    """The opportunities that a qualification opened or joined."""

    model = QualifiedOpportunity
    fields = ("opportunity", "is_primary", "is_created")
    verbose_name_plural = _("opportunities")

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("opportunity").order_by("pk")


@admin.register(Qualification)
class QualificationAdmin(ReadOnlyAdmin):
    """What came of qualifying, and what there was before; leads are taken back on their page."""

    list_display = ("lead", "seq", "state", "at", "by", "account", "contact")
    list_filter = ("state", "at")
    list_select_related = ("lead", "by", "account", "contact")
    search_fields = ("lead__search",)
    ordering = ("-pk",)
    sortable_by = ("at",)
    date_hierarchy = "at"
    inlines = (QualifiedOpportunityInline,)

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        """Show it as it was kept to those alone from whom no field is kept."""
        return not request.user.withheld and super().has_view_permission(request, obj)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)
