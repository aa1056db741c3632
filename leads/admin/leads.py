"""Leads in the administration, what became of them, and why they are given up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads import operations
from leads.models import (
    DisqualifyReason,
    FieldMapping,
    Lead,
    LeadLimits,
    Qualification,
    QualifiedOpportunity,
)
from leads.operations.carrying import save_mapping, sources_for
from records.models import CustomField
from users.models import User
from workbench.admin import (
    ChoiceAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    RecordAdmin,
    SettingAdmin,
    VersionedForm,
    user_of,
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


class MappingForm(VersionedForm):
    """A line of the mapping: both ends are chosen from what there is."""

    source = forms.ChoiceField(label=_("field of the lead"))
    user: User

    class Meta:
        model = FieldMapping
        fields = ("source", "target", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = sources_for(self.user)
        choices = [(name, f"{each.label} ({name})") for name, each in sources.items()]
        if self.instance.source and self.instance.source not in sources:
            gone = _("%(name)s, out of use") % {"name": self.instance.source}
            choices.append((self.instance.source, gone))
        self.fields["source"].choices = choices  # type: ignore[attr-defined]
        targets: Any = self.fields["target"]
        targets.queryset = targets.queryset.filter(
            Q(is_active=True) | Q(pk=self.instance.target_id)
        )
        targets.label_from_instance = lambda field: (
            f"{field.get_kind_display()}: {field.label} ({field.name})"
        )


@admin.register(FieldMapping)
class FieldMappingAdmin(SettingAdmin):
    """Which field of a lead fills which custom field when the lead is qualified."""

    form = MappingForm
    list_display = ("source", "target_name", "kind", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("target",)
    search_fields = ("source", "target__label", "target__key")
    ordering = ("target__kind", "target__position", "pk")
    sortable_by = ()
    fieldsets = (
        (
            None,
            {
                "fields": ["source", "target", "is_active"],
                "description": _(
                    "A custom field is filled from the lead's custom field of the same key and "
                    "type by itself. A line here takes another field instead, or, out of use, "
                    "switches that off."
                ),
            },
        ),
    )

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        rows = CustomField.objects.exclude(kind=CustomField.Kind.LEAD)
        kwargs["queryset"] = rows.order_by("kind", "position", "pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        save_mapping(obj, by=user_of(request))

    @admin.display(description=_("custom field"))
    def target_name(self, mapping: FieldMapping) -> str:
        return mapping.target.label

    @admin.display(description=_("belongs to"))
    def kind(self, mapping: FieldMapping) -> str:
        return str(mapping.target.get_kind_display())


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

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)
