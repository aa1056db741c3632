"""Leads for programs: the record, and the verbs that close and reopen it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account, Contact
from activities.api import WithFiles
from leads import operations
from leads.api.assignment import BY_RULES, OwnerOrRules
from leads.api.bulk import ManyLeadsViewSet
from leads.api.qualification import QualifyingViewSet
from leads.bant import known
from leads.filters import LeadFilter
from leads.models import DisqualifyReason, Lead, QualifiedOpportunity
from opportunities.models import Campaign, Opportunity, Product, Source
from records import keys
from workbench import api

if TYPE_CHECKING:
    from users.models import User

READ_ONLY = [
    "id",
    "version",
    "cycles",
    "external_id",
    "status",
    "score",
    "score_parts",
    "ready_since",
    "needs_decision",
    "next_step",
    "next_step_at",
    "revisit_on",
    "created_at",
    "changed_at",
    "qualified_at",
    "disqualified_at",
]


class BantSerializer(serializers.Serializer[Any]):
    """How far each of the four questions is answered: known, partly or unknown."""

    budget = serializers.CharField()
    authority = serializers.CharField()
    need = serializers.CharField()
    timeframe = serializers.CharField()
    known = serializers.IntegerField(help_text="How many of the four are known.")


class LeadSerializer(api.RecordSerializer):
    """A lead."""

    owner = OwnerOrRules(required=False, allow_null=True)
    source = api.Listed(Source, required=False, allow_null=True)
    campaign = api.Listed(Campaign, required=False, allow_null=True)
    products = api.ListedMany(Product, required=False)
    tags = api.Tags()
    country = api.Country(required=False)
    estimated_close_on = api.Day(source="estimated_close_date", required=False, allow_null=True)
    status_reason = serializers.CharField(
        read_only=True,
        help_text="new, working, nurturing, qualified, or the key of the disqualify reason.",
    )
    bant = serializers.SerializerMethodField()
    duplicate_of = api.Related(Lead, read_only=True)
    account = api.Related(Account, required=False, allow_null=True)
    contact = api.Related(Contact, required=False, allow_null=True)
    opportunities = serializers.SerializerMethodField()

    class Meta:
        model = Lead
        fields = [
            "id",
            "version",
            "external_id",
            "topic",
            "salutation",
            "first_name",
            "last_name",
            "job_title",
            "email",
            "phone",
            "mobile",
            "company",
            "website",
            "industry",
            "employees",
            "annual_revenue",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "source",
            "campaign",
            "products",
            "tags",
            "rating",
            "description",
            "budget_amount",
            "budget_status",
            "decision_maker_known",
            "decision_maker",
            "purchase_process",
            "need",
            "need_description",
            "timeframe",
            "estimated_value",
            "currency",
            "estimated_close_on",
            "consent",
            "do_not_contact",
            "do_not_automate",
            "owner",
            "status",
            "progress",
            "status_reason",
            "score",
            "bant",
            "ready_since",
            "needs_decision",
            "next_step",
            "next_step_at",
            "revisit_on",
            "duplicate_of",
            "custom",
            "account",
            "contact",
            "opportunities",
            "cycles",
            "created_at",
            "changed_at",
            "qualified_at",
            "disqualified_at",
        ]
        read_only_fields = READ_ONLY

    @extend_schema_field(BantSerializer)
    def get_bant(self, lead: Lead) -> dict[str, Any]:
        return {**{part.name: part.state for part in lead.bant}, "known": known(lead.bant)}

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_opportunities(self, lead: Lead) -> list[int]:
        found: list[int] = self.context["in_scope"]["opportunities"].get(lead.pk, [])
        return found


class DisqualifySerializer(api.Strict):
    """Why a lead is given up."""

    reason = api.Listed(DisqualifyReason)
    comment = api.Text(required=False, allow_blank=True, max_length=10_000)
    revisit_on = api.Day(required=False, allow_null=True)
    duplicate_of = api.Related(Lead, required=False, allow_null=True)
    keep_contact = api.YesNo(required=False)


class UndoSerializer(api.Strict):
    """How a qualification is taken back."""

    keep_records = api.YesNo(
        required=False, help_text="True leaves account, contact and opportunities where they are."
    )


class AssignSerializer(api.Strict):
    """Whose the record becomes; null puts it into the queue of nobody's, “rules” asks the rules."""

    owner = OwnerOrRules(allow_null=True)


class NothingSerializer(api.Strict):
    """An action that takes no fields."""


class LeadViewSet(QualifyingViewSet, ManyLeadsViewSet, WithFiles):
    """Leads: somebody showed interest, and has not been qualified yet."""

    model = Lead
    serializer_class = LeadSerializer
    filterset_class = api.filters_for(
        Lead,
        page=LeadFilter,
        names=[
            "status",
            "progress",
            "rating",
            "source",
            "campaign",
            "products",
            "email",
            "first_name",
            "last_name",
            "company",
            "city",
            "region",
            "country",
            "industry",
            "external_id",
            "currency",
            "account",
            "contact",
            "budget_status",
            "need",
            "timeframe",
            "purchase_process",
            "disqualify_reason",
            "estimated_value",
            "budget_amount",
            "employees",
            "annual_revenue",
            "estimated_close_on",
            "ready_since",
            "next_step_at",
            "qualified_at",
            "disqualified_at",
            "created_at",
            "changed_at",
            "consent",
            "do_not_contact",
            "do_not_automate",
            "bant_known",
        ],
        renamed={"estimated_close_on": "estimated_close_date"},
        keys={"email": keys.email_key},
    )
    create_operation = staticmethod(operations.capture_lead)
    update_operation = staticmethod(operations.update_lead)
    delete_operation = staticmethod(operations.delete_lead)
    merge_operation = staticmethod(operations.merge_leads)
    assign_operation = staticmethod(operations.assign_lead)

    def with_details(self, rows: Any) -> Any:
        return rows.select_related(
            "owner", "source", "campaign", "disqualify_reason"
        ).prefetch_related("products", "tags")

    def in_scope(self, serializer: Any, records: list[Any]) -> dict[Any, Any]:
        named: dict[Any, Any] = dict(super().in_scope(serializer, records))
        opened: dict[int, list[int]] = defaultdict(list)
        links = (
            QualifiedOpportunity.objects.filter(
                qualification__lead__in=[lead.pk for lead in records],
                opportunity__in=Opportunity.objects.permitted(self.user),
            )
            .exclude(qualification__state="undone")
            .order_by("pk")
            .values_list("qualification__lead", "opportunity")
        )
        for lead, opportunity in links:
            opened[lead].append(opportunity)
        named["opportunities"] = opened
        return named

    def values(self, record: Any = None) -> dict[str, Any]:
        values = super().values(record)
        self.is_by_rules = values.get("owner") == BY_RULES
        if self.is_by_rules:
            del values["owner"]
        return values

    def add(self, values: dict[str, Any]) -> Any:
        if self.is_by_rules:
            return operations.capture_by_rules(by=self.user, **values)
        is_unassigned = "owner" in values and values["owner"] is None
        return operations.capture_lead(by=self.user, is_unassigned=is_unassigned, **values)

    @extend_schema(request=UndoSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Any, pk: str) -> Response:
        """Take the qualification back, as if it had not been; 409 lists what has changed since.

        With `keep_records` the lead is open again and what was made of it stays.
        """
        return self.act(UndoSerializer, taken_back)

    @extend_schema(request=DisqualifySerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def disqualify(self, request: Any, pk: str) -> Response:
        """Give the lead up, for a reason."""
        return self.act(DisqualifySerializer, operations.disqualify)

    @extend_schema(request=NothingSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Any, pk: str) -> Response:
        """Take a closed lead up again; what a qualification made of it stays."""
        return self.act(NothingSerializer, operations.reopen)

    @extend_schema(request=AssignSerializer, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Any, pk: str) -> Response:
        """Give the lead to another owner or to nobody; one that nobody has, also by the rules."""
        return self.act(AssignSerializer, assigned)


def taken_back(lead: Lead, *, by: User, keep_records: bool = False) -> Any:
    """Undo a qualification, or reopen the lead and leave the records that were made of it."""
    return operations.leave(lead, by=by) if keep_records else operations.undo(lead, by=by)


def assigned(lead: Lead, *, by: User, owner: User | str | None) -> Lead:
    """Give a lead to somebody, or have the rules do it."""
    if isinstance(owner, str):
        return operations.assign_by_rules(lead, by=by)
    return operations.assign_lead(lead, by=by, owner=owner)


class DisqualifyReasonSerializer(serializers.ModelSerializer[DisqualifyReason]):
    """A reason to give a lead up."""

    class Meta:
        model = DisqualifyReason
        fields = ["id", "key", "name", "is_active", "needs_comment"]


class DisqualifyReasonViewSet(api.ApiViewSet):
    """The reasons for which leads are given up."""

    model = DisqualifyReason
    serializer_class = DisqualifyReasonSerializer
