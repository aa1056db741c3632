"""Opportunities in the administration, and what shapes them: processes, stages, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from opportunities import operations
from opportunities.models import (
    Campaign,
    Competitor,
    Line,
    LossReason,
    Opportunity,
    Process,
    Product,
    Source,
    Stage,
    StageMove,
    Stakeholder,
    Step,
)
from opportunities.rules import custom_fields_in_use, stages_to_begin
from records.conditions import stored, words
from records.errors import Refused
from records.operations import uses_of
from records.vocabulary import fields_of
from users import formats
from workbench.admin import (
    Button,
    ChoiceAdmin,
    ReadOnlyInline,
    RecordAdmin,
    SettingAdmin,
    SettingInline,
    TellingForm,
    VersionedForm,
    lines_of,
    met_now,
    user_of,
)
from workbench.forms import ConditionField, currency_choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse


# Opportunities


class LineInline(ReadOnlyInline):
    """What is sold; the lines are changed on the page of the opportunity."""

    model = Line
    fields = ("product", "description", "quantity", "price", "total")
    readonly_fields = ("total",)
    verbose_name_plural = gettext_lazy("products")

    @admin.display(description=gettext_lazy("amount"))
    def total(self, line: Line) -> Any:
        return line.amount

    def get_queryset(self, request: Any) -> Any:
        rows = super().get_queryset(request).select_related("product")
        return rows.order_by("position", "pk")


class StakeholderInline(ReadOnlyInline):
    """Who has a say."""

    model = Stakeholder
    fields = ("contact", "role")
    verbose_name_plural = gettext_lazy("stakeholders")

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("contact").order_by("pk")


class StageMoveInline(ReadOnlyInline):
    """How it went through the stages."""

    model = StageMove
    fields = ("at", "kind", "from_stage", "to_stage", "base_value", "by", "comment")

    def get_queryset(self, request: Any) -> Any:
        rows = super().get_queryset(request).select_related("from_stage", "to_stage", "by")
        return rows.order_by("-at", "-pk")


@admin.register(Opportunity)
class OpportunityAdmin(RecordAdmin):
    """Deals. Winning, losing and the lines are done on the page of the opportunity."""

    add_operation = staticmethod(operations.open_opportunity)
    change_operation = staticmethod(operations.update_opportunity)
    delete_operation = staticmethod(operations.delete_opportunity)
    restore_operation = staticmethod(operations.restore_opportunity)
    assign_operation = None  # changing terms gives it to somebody else by the operation for that
    only_existing = ("status", "probability", "forecast_category", "actual_value", "closed_on")

    list_display = (
        "topic",
        "account",
        "stage",
        "status",
        "value",
        "currency",
        "estimated_close_date",
        "owner",
        "created_at",
    )
    list_filter = ("status", "stage", "owner__team", "source", "created_at")
    list_select_related = ("owner", "account", "stage")
    sortable_by = ("created_at",)
    search_help_text = gettext_lazy("Words of the topic")
    autocomplete_fields = (
        "owner",
        "account",
        "contact",
        "campaign",
        "competitors",
        "sales_team",
        "tags",
    )
    readonly_fields = (
        "status",
        "actual_value",
        "closed_on",
        *RecordAdmin.readonly_fields,
    )
    inlines = (LineInline, StakeholderInline, StageMoveInline)
    fieldsets = (
        (
            None,
            {
                "fields": [
                    "topic",
                    "account",
                    "contact",
                    "owner",
                    "status",
                    "stage",
                    "probability",
                    "forecast_category",
                ]
            },
        ),
        (
            gettext_lazy("Money and time"),
            {
                "fields": [
                    "value",
                    "currency",
                    "estimated_close_date",
                    "actual_value",
                    "closed_on",
                ]
            },
        ),
        (
            gettext_lazy("Budget, authority, need and timeframe"),
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
        (
            gettext_lazy("More"),
            {
                "classes": ["collapse"],
                "fields": [
                    "customer_need",
                    "proposed_solution",
                    "description",
                    "source",
                    "campaign",
                    "competitors",
                    "sales_team",
                    "tags",
                    "external_id",
                ],
            },
        ),
    )

    def is_changeable(self, obj: Opportunity) -> bool:
        return super().is_changeable(obj) and obj.is_open

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "stage":
            kwargs["queryset"] = (
                Stage.objects.for_opportunities()
                .select_related("process")
                .order_by("process__position", "process_id", "position")
            )
            kwargs["required"] = False  # without one it begins at the first
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        initial.pop("stage", None)
        return initial

    def add(self, *, by: Any, **values: Any) -> Any:
        return operations.open_opportunity(values.pop("topic"), by=by, **values)


# Lists


@admin.register(Source, Competitor, LossReason)
class ListAdmin(ChoiceAdmin):
    """A plain list to choose from."""


@admin.register(Campaign)
class CampaignAdmin(ChoiceAdmin):
    """Efforts that bring leads."""

    list_display = (*ChoiceAdmin.list_display, "starts_on", "ends_on")
    date_hierarchy = "starts_on"


class PricedForm(VersionedForm):
    """A product, with its price in a currency that the installation knows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "currency" in self.fields:
            self.fields["currency"] = forms.ChoiceField(
                label=self.fields["currency"].label, choices=currency_choices
            )


@admin.register(Product)
class ProductAdmin(ChoiceAdmin):
    """What is sold."""

    form = PricedForm
    list_display = (*ChoiceAdmin.list_display, "price", "currency")
    search_fields = (*ChoiceAdmin.search_fields, "external_id")


# Processes


class PlacedForm(TellingForm):
    """A stage in the table of its process; whether places are free is asked of all at once."""

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "position"}


class StageInline(SettingInline):
    """The stages of a process, in their order; one that is not used is deleted on its own page."""

    model = Stage
    form = PlacedForm
    can_delete = False
    show_change_link = True
    prepopulated_fields = {"key": ("name",)}
    fields = (
        "position",
        "name",
        "key",
        "probability",
        "usual_days",
        "forecast_category",
        "is_for_leads",
    )
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(successor=None)


class DefaultForm(VersionedForm):
    """A process. Marking one as the default takes the mark from the other."""

    condition = ConditionField(
        Opportunity,
        label=gettext_lazy("For opportunities of which this holds"),
        required=False,
        help_text=Process._meta.get_field("condition").help_text,
    )

    def standing(self, name: str) -> str:
        if name != "condition":
            return super().standing(name)
        fields = fields_of(Opportunity, self.user)
        told = stored(self.as_it_stands().condition, fields)
        return words(told, fields, translate=_, write=formats.value)

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "is_default"}


@admin.register(Process)
class ProcessAdmin(ChoiceAdmin):
    """Ways from the qualified lead to the decision."""

    form = DefaultForm
    list_display = (*ChoiceAdmin.list_display, "is_default")
    readonly_fields = ("met",)
    inlines = (StageInline,)

    @admin.display(description=gettext_lazy("holds now for"))
    def met(self, process: Any) -> str:
        if process.pk is None or not process.condition:
            return _("Chosen by hand")
        return met_now(Opportunity, process.condition, by=process.reader)

    def save_model(self, request: HttpRequest, obj: Process, form: Any, change: bool) -> None:
        operations.save_process(obj, by=user_of(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        _gone, changed, new = lines_of(formset)
        operations.save_stages([*changed, *new], by=user_of(request))


class StepInline(SettingInline):
    """What is to do in a stage: fields to fill and boxes to tick."""

    model = Step
    prepopulated_fields = {"key": ("label",)}
    fields = ("position", "label", "key", "field", "activity", "is_required")
    ordering = ("position", "pk")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "field":
            return forms.ChoiceField(
                label=capitalised(db_field.verbose_name),
                choices=fields_to_fill,
                required=False,
                help_text=_("Without a field or an activity it is a box to tick."),
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def capitalised(text: Any) -> str:
    return str(text)[:1].upper() + str(text)[1:]


def fields_to_fill() -> Sequence[tuple[str, Any]]:
    """Return the fields that a step may ask for, on the opportunity or before it on the lead."""
    names = {
        field.name: capitalised(field.verbose_name)
        for field in Opportunity._meta.concrete_fields
        if field.editable and field.name not in {"id", "owner", "stage", "external_id"}
    }
    names |= {field.name: field.label for field in custom_fields_in_use()}
    known = set(Step.objects.exclude(field="").values_list("field", flat=True).distinct())
    names |= {name: name for name in known - names.keys()}
    return [("", _("— a box to tick —")), *sorted(names.items(), key=lambda pair: str(pair[1]))]


class RemovalForm(forms.Form):
    """Where the opportunities of a stage go that is taken away."""

    successor = forms.ModelChoiceField(
        Stage.objects.none(),
        label=gettext_lazy("Its open opportunities go to"),
        help_text=gettext_lazy("Probability and forecast follow the new stage."),
    )

    def __init__(self, *args: Any, stage: Stage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = stages_to_begin(stage.process_id).exclude(pk=stage.pk)
        self.fields["successor"].queryset = others  # type: ignore[attr-defined]


@admin.register(Stage)
class StageAdmin(SettingAdmin):
    """Stretches of a process, each with what there is to do."""

    form = VersionedForm
    list_display = (
        "name",
        "process",
        "position",
        "probability",
        "usual_days",
        "forecast_category",
        "successor",
    )
    list_filter = ("process", "forecast_category", ("successor", admin.EmptyFieldListFilter))
    list_select_related = ("process", "successor")
    actions = ("bring_back",)
    search_fields = ("name", "key")
    ordering = ("process__position", "process_id", "position")
    autocomplete_fields = ("process",)
    inlines = (StepInline,)
    parts = ("steps",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # A stage with opportunities in it does not change sides; programs know it by its key.
        return ["process", "key"] if obj else []

    def save_model(self, request: HttpRequest, obj: Stage, form: Any, change: bool) -> None:
        operations.save_stages([obj], by=user_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_in_use)

    # Taking one away

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.remove_view)
        name = "opportunities_stage_remove"
        return [path("<int:pk>/remove/", view, name=name), *super().get_urls()]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Ask where its opportunities go, where anything knows the stage."""
        stage = self.get_object(request, unquote(object_id))
        if stage is not None and stage.is_in_use and uses_of(stage, parts=self.parts):
            return HttpResponseRedirect(self.address("remove", stage.pk))
        return super().delete_view(request, object_id, extra_context)

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask where the opportunities of a stage go; a post moves them and takes it away."""
        stage = self.line_for(request, pk)
        if not self.has_delete_permission(request, stage):
            raise PermissionDenied
        form = RemovalForm(request.POST if request.method == "POST" else None, stage=stage)
        if form.is_valid():
            successor = form.cleaned_data["successor"]
            try:
                count = operations.remove_stage(stage, by=user_of(request), successor=successor)
            except Refused as refusal:
                for sentence in refusal.reasons:
                    form.add_error(None, sentence)
            else:
                told = ngettext(
                    "%(stage)s is out of use. %(count)s opportunity is in %(successor)s now.",
                    "%(stage)s is out of use. %(count)s opportunities are in %(successor)s now.",
                    count,
                )
                words = {"stage": stage, "successor": successor, "count": formats.count(count)}
                self.message_user(request, told % words, messages.SUCCESS)
                return HttpResponseRedirect(self.address("changelist"))
        title = _("Take %(stage)s away") % {"stage": stage}
        context = {"form": form, "inside": inside_of(stage)}
        return self.own_page(request, "stage_remove", title, context, original=stage)

    def get_buttons(self, request: HttpRequest, obj: Stage) -> list[Button]:
        if obj.is_in_use or not self.has_change_permission(request):
            return []
        return [Button(_("Put back into use"), "bring_back")]

    @admin.action(permissions=["change"], description=gettext_lazy("Put selected back into use"))
    def bring_back(self, request: HttpRequest, queryset: Any) -> None:
        for stage in queryset:
            operations.bring_stage_back(stage, by=user_of(request))
            told = _("%(stage)s is in use again, as the last stage of %(process)s.")
            words = {"stage": stage, "process": stage.process}
            self.message_user(request, told % words, messages.SUCCESS)


def inside_of(stage: Stage) -> dict[str, int]:
    """Count the opportunities of a stage, as whoever takes it away is told."""
    rows = Opportunity.all_objects.filter(stage=stage)
    return rows.aggregate(
        open=Count("pk", filter=Q(status="open", deleted_at=None)),
        binned=Count("pk", filter=Q(status="open", deleted_at__isnull=False)),
        closed=Count("pk", filter=~Q(status="open")),
    )
