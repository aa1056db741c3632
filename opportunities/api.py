"""Opportunities for programs, and the lists that leads and opportunities choose from."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account, Contact
from activities.api import WithFiles
from opportunities import operations
from opportunities.filters import OpportunityFilter
from opportunities.models import (
    Campaign,
    Competitor,
    LossReason,
    Opportunity,
    Process,
    Product,
    Source,
    Stage,
    Step,
)
from workbench import api


class StageByKey(api.Listed):
    """A stage by key, of the process that the opportunity goes through; by id of any."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Stage, **kwargs)

    def rows(self) -> Any:
        return Stage.objects.select_related("process").order_by("-process__is_default", "pk")

    def to_internal_value(self, data: Any) -> Stage:
        if not isinstance(data, str):
            return super().to_internal_value(data)  # type: ignore[no-any-return]
        current = self.context.get("opportunity")
        wanted = data.strip().lower()
        for stage in self.rows():
            is_of_process = (
                stage.process.is_default
                if current is None
                else stage.process_id == current.stage.process_id
            )
            if is_of_process and wanted in {stage.key, stage.name.lower()}:
                return stage  # type: ignore[no-any-return]
        self.fail("unknown")
        raise AssertionError("unreachable")


class OpportunitySerializer(api.RecordSerializer):
    """A deal."""

    account = api.Related(Account, required=False, allow_null=True)
    contact = api.Related(Contact, required=False, allow_null=True)
    process = serializers.CharField(source="stage.process.key", read_only=True)
    stage = StageByKey(required=False)
    status_reason = serializers.CharField(
        read_only=True, help_text="in_progress, on_hold, won, or the key of the loss reason."
    )
    weighted_value = api.Money(max_digits=16, decimal_places=2, read_only=True)
    estimated_close_on = api.Day(source="estimated_close_date", required=False, allow_null=True)
    loss_reason = api.Listed(LossReason, read_only=True)
    lost_to = api.Listed(Competitor, read_only=True)
    source = api.Listed(Source, required=False, allow_null=True)
    campaign = api.Listed(Campaign, required=False, allow_null=True)
    competitors = api.ListedMany(Competitor, required=False)
    tags = api.Tags()

    class Meta:
        model = Opportunity
        fields = [
            "id",
            "version",
            "external_id",
            "topic",
            "account",
            "contact",
            "process",
            "stage",
            "stage_entered_at",
            "probability",
            "forecast_category",
            "status",
            "status_reason",
            "is_on_hold",
            "value",
            "currency",
            "weighted_value",
            "estimated_close_on",
            "actual_value",
            "closed_on",
            "closed_at",
            "loss_reason",
            "lost_to",
            "close_comment",
            "source",
            "campaign",
            "competitors",
            "tags",
            "budget_amount",
            "budget_status",
            "decision_maker_known",
            "decision_maker",
            "purchase_process",
            "need",
            "need_description",
            "timeframe",
            "customer_need",
            "proposed_solution",
            "description",
            "owner",
            "next_step",
            "next_step_at",
            "custom",
            "created_at",
            "changed_at",
        ]
        read_only_fields = [
            "id",
            "version",
            "external_id",
            "stage_entered_at",
            "status",
            "is_on_hold",
            "actual_value",
            "closed_on",
            "closed_at",
            "close_comment",
            "next_step",
            "next_step_at",
            "created_at",
            "changed_at",
        ]
        extra_kwargs = {
            # The stage sets both, unless they are given.
            "probability": {"required": False},
            "forecast_category": {"required": False},
        }


class StageMoveSerializer(api.Strict):
    """The stage to move to."""

    stage = StageByKey()


class SwitchSerializer(api.Strict):
    """The process to go through."""

    process = api.Listed(Process)


class WinSerializer(api.Strict):
    """The terms on which it was won; what is left out is the value it has, and today."""

    actual_value = api.Money(
        max_digits=14, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    closed_on = api.Day(required=False, allow_null=True)
    comment = api.Text(required=False, allow_blank=True, max_length=10_000)


class LoseSerializer(WinSerializer):
    """Why it was lost, and to whom."""

    reason = api.Listed(LossReason)
    lost_to = api.Listed(Competitor, required=False, allow_null=True)


class NothingMoreSerializer(api.Strict):
    """An action that takes no fields."""


class OpportunityViewSet(WithFiles):
    """Opportunities: qualified leads with a real chance of a sale."""

    model = Opportunity
    serializer_class = OpportunitySerializer
    filterset_class = api.filters_for(
        Opportunity,
        page=OpportunityFilter,
        names=[
            "status",
            "stage",
            "is_on_hold",
            "account",
            "contact",
            "source",
            "campaign",
            "loss_reason",
            "lost_to",
            "competitors",
            "forecast_category",
            "currency",
            "external_id",
            "probability",
            "value",
            "actual_value",
            "estimated_close_on",
            "closed_on",
            "closed_at",
            "stage_entered_at",
            "next_step_at",
            "created_at",
            "changed_at",
        ],
        renamed={"estimated_close_on": "estimated_close_date"},
    )
    create_operation = staticmethod(operations.open_opportunity)
    update_operation = staticmethod(operations.update_opportunity)
    delete_operation = staticmethod(operations.delete_opportunity)
    assign_operation = staticmethod(operations.assign_opportunity)

    def rows(self) -> Any:
        """Return also what lies in the recycle bin by now, where it is asked how it was before."""
        asked = self.request.query_params
        if self.action != "list" or not any(asked.get(name) for name in OpportunityFilter.PAST):
            return super().rows()
        return self.with_details(Opportunity.all_objects.permitted(self.user, "view"))

    def with_details(self, rows: Any) -> Any:
        return rows.select_related(
            "owner", "stage__process", "source", "campaign", "loss_reason", "lost_to"
        ).prefetch_related("competitors", "tags")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "opportunity": getattr(self, "current", None)}

    def found(self) -> Any:
        self.current = super().found()
        return self.current

    def add(self, values: dict[str, Any]) -> Opportunity:
        owner = values.pop("owner", self.user)
        return operations.open_opportunity(by=self.user, owner=owner, **values)

    @extend_schema(request=StageMoveSerializer, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def stage(self, request: Any, pk: str) -> Response:
        """Move to another stage; 422 names the required steps that are missing before it."""
        return self.act(StageMoveSerializer, operations.move_to_stage)

    @extend_schema(request=SwitchSerializer, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def process(self, request: Any, pk: str) -> Response:
        """Go through another process, from its first stage on; the history stays."""
        return self.act(SwitchSerializer, operations.switch_process)

    @extend_schema(request=WinSerializer, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def win(self, request: Any, pk: str) -> Response:
        """Close as won."""
        return self.act(WinSerializer, operations.win)

    @extend_schema(request=LoseSerializer, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def lose(self, request: Any, pk: str) -> Response:
        """Close as lost, for a reason."""
        return self.act(LoseSerializer, operations.lose)

    @extend_schema(request=NothingMoreSerializer, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Any, pk: str) -> Response:
        """Open a closed one again."""
        return self.act(NothingMoreSerializer, operations.reopen)

    @extend_schema(request=NothingMoreSerializer, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Any, pk: str) -> Response:
        """Let it rest."""
        return self.act(NothingMoreSerializer, operations.put_on_hold)

    @extend_schema(request=NothingMoreSerializer, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Any, pk: str) -> Response:
        """Work on it again."""
        return self.act(NothingMoreSerializer, operations.resume)


class StepSerializer(serializers.ModelSerializer[Step]):
    """Something to do in a stage."""

    class Meta:
        model = Step
        fields = ["id", "key", "label", "field", "activity", "position", "is_required"]


class StageSerializer(serializers.ModelSerializer[Stage]):
    """A stretch of a process."""

    process = serializers.CharField(source="process.key")
    steps = serializers.SerializerMethodField()

    class Meta:
        model = Stage
        fields = [
            "id",
            "process",
            "key",
            "name",
            "position",
            "probability",
            "usual_days",
            "forecast_category",
            "is_for_leads",
            "steps",
        ]

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, stage: Stage) -> list[dict[str, Any]]:
        steps = sorted(stage.steps.all(), key=lambda step: (step.position, step.pk))
        return list(StepSerializer(steps, many=True).data)


class ProcessSerializer(serializers.ModelSerializer[Process]):
    """A way from the qualified lead to the decision."""

    class Meta:
        model = Process
        fields = ["id", "key", "name", "is_default", "is_active"]


class ChoiceSerializer(serializers.ModelSerializer[Any]):
    """A line of an editable list."""

    class Meta:
        model = Source
        fields = ["id", "key", "name", "is_active"]


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """An effort that brings leads."""

    class Meta:
        model = Campaign
        fields = ["id", "key", "name", "is_active", "starts_on", "ends_on"]


class ProductSerializer(serializers.ModelSerializer[Product]):
    """Something that we sell."""

    class Meta:
        model = Product
        fields = ["id", "key", "name", "is_active", "price", "currency", "external_id"]


class ProcessViewSet(api.ApiViewSet):
    """The processes; an administrator edits them."""

    model = Process
    serializer_class = ProcessSerializer


class StageViewSet(api.ApiViewSet):
    """The stages of all processes, with what is to be done in each."""

    model = Stage
    serializer_class = StageSerializer

    def rows(self) -> Any:
        return Stage.objects.select_related("process").prefetch_related("steps")


class SourceViewSet(api.ApiViewSet):
    """Where leads come from."""

    model = Source
    serializer_class = ChoiceSerializer


class CampaignViewSet(api.ApiViewSet):
    """The efforts that bring leads."""

    model = Campaign
    serializer_class = CampaignSerializer


class ProductViewSet(api.ApiViewSet):
    """What we sell."""

    model = Product
    serializer_class = ProductSerializer


class LossReasonSerializer(ChoiceSerializer):
    """Why an opportunity is lost."""

    class Meta(ChoiceSerializer.Meta):
        model = LossReason


class LossReasonViewSet(api.ApiViewSet):
    """The reasons for which opportunities are lost."""

    model = LossReason
    serializer_class = LossReasonSerializer


class CompetitorSerializer(ChoiceSerializer):
    """Somebody else who sells it."""

    class Meta(ChoiceSerializer.Meta):
        model = Competitor


class CompetitorViewSet(api.ApiViewSet):
    """Who else sells it."""

    model = Competitor
    serializer_class = CompetitorSerializer
