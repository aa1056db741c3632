"""The qualification rules for programs: versions to read, a draft to shape and to activate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django_filters import FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads import jobs, operations
from leads.models import QualificationRuleSet
from leads.models.rules import MOST_AN_HOUR, MOST_POINTS
from leads.operations.rules import LONGEST_LABEL, MOST_RULES
from leads.rules import RuleSet
from leads.rules.backtest import FIGURES, TRIED, backtest, won_value
from records.operations import require_for_all
from records.permissions import scope_of
from users.models import Grant
from workbench import api

if TYPE_CHECKING:
    from leads.rules.backtest import Tried
    from users.models import User
    from workbench.api.views import Answer


@extend_schema_field(
    {
        "type": "object",
        "description": "A group: `all` or `any` with a list of tests "
        '`{"field": …, "is": …, "value": …}` and of groups.',
        "additionalProperties": True,
    }
)
class Conditions(serializers.JSONField):
    """A condition on leads."""


class QualificationRuleSerializer(api.Strict):
    """One rule of a version. Without a key it is a new one."""

    key = api.Text(required=False, max_length=60, allow_blank=True)
    conditions = Conditions(source="condition")
    label = api.Text(required=False, allow_blank=True, max_length=LONGEST_LABEL)
    unmet_label = api.Text(required=False, allow_blank=True, max_length=LONGEST_LABEL)
    is_required = api.YesNo(required=False)
    points = api.Whole(required=False, min_value=0, max_value=MOST_POINTS)
    is_active = api.YesNo(required=False)
    words = serializers.CharField(read_only=True, help_text="The conditions as a sentence.")


class RuleSetSerializer(api.Strict, serializers.ModelSerializer[QualificationRuleSet]):
    """A version of the qualification rules: a draft takes rules, the active one the switch."""

    rules = QualificationRuleSerializer(many=True, required=False, max_length=MOST_RULES)  # type: ignore[call-arg]
    threshold = api.Whole(required=False, min_value=0, max_value=MOST_POINTS)
    is_automatic = api.YesNo(required=False)
    hourly_limit = api.Whole(required=False, min_value=1, max_value=MOST_AN_HOUR)

    class Meta:
        model = QualificationRuleSet
        fields = [
            "id",
            "number",
            "version",
            "state",
            "rules",
            "threshold",
            "is_automatic",
            "hourly_limit",
            "valid_from",
            "created_at",
            "created_by",
            "activated_at",
            "activated_by",
        ]
        read_only_fields = [
            "number", "version", "state", "valid_from", "created_at", "created_by", "activated_at",
            "activated_by",
        ]  # fmt: skip


class FiguresSerializer(serializers.Serializer[Any]):
    """How many of the last leads a version lets through and stops, and what came of them."""

    number = serializers.IntegerField(help_text="The version.")
    leads = serializers.IntegerField(help_text="How many were looked at.")
    passed = serializers.IntegerField()
    qualified = serializers.IntegerField(help_text="Of those that passed.")
    opportunities = serializers.IntegerField(help_text="Of those that passed.")
    won = serializers.IntegerField(help_text="Of those that passed.")
    won_value = serializers.DecimalField(max_digits=20, decimal_places=2)
    stopped = serializers.IntegerField()
    lost = serializers.IntegerField(help_text="Stopped, and qualified all the same.")
    missed = serializers.IntegerField(help_text="Stopped, and won all the same.")
    untold = serializers.IntegerField(help_text="A rule asks about a record that you cannot see.")


class BacktestSerializer(serializers.Serializer[Any]):
    """A version beside the one in force, on the same leads."""

    this = FiguresSerializer()
    active = FiguresSerializer(allow_null=True)


def figures_of(rules: RuleSet, tried: list[Tried]) -> dict[str, Any]:
    """Return what is told of a version on the leads that were tried."""
    counts = {name: sum(map(test, tried)) for name, test in FIGURES.items()}
    value = won_value(filter(FIGURES["won"], tried))
    return {"number": rules.number, "leads": len(tried), "won_value": value, **counts}


class ActivateSerializer(api.Strict):
    """With the version of the draft that was read, a draft that has changed since is refused."""

    version = serializers.IntegerField(required=False)
    valid_from = serializers.DateTimeField(
        required=False, allow_null=True, help_text="A moment to come; else at once."
    )


class QualificationRuleViewSet(api.SettingViewSet):
    """The versions of the qualification rules, for those who shape them.

    A POST begins a draft like the active version, or with the rules that are sent; those are
    refused where there is a draft already. Deleting a draft discards it; a version that was active
    stays.
    """

    model = QualificationRuleSet
    has_versions = True
    serializer_class = RuleSetSerializer
    filterset_class = api.filters_for(QualificationRuleSet, ["number", "state"], page=FilterSet)

    def rows(self) -> Any:
        if scope_of(self.user, "view", self.model) != Grant.Scope.ALL:
            raise PermissionDenied(_("You may not shape the rules. Ask an administrator."))
        return super().rows()

    def require(self, action: str) -> None:
        # Whoever changes the rules does it by drafts that come and go.
        require_for_all(self.user, "change", self.model)

    @staticmethod
    def create_operation(
        *, by: User, rules: Any = None, threshold: int | None = None, **switch: Any
    ) -> QualificationRuleSet:
        draft = operations.draft_rules(by=by, rules=rules)
        if threshold is not None:
            draft = operations.set_threshold(draft, by=by, threshold=threshold)
        return operations.set_automation(draft, by=by, **switch) if switch else draft

    @staticmethod
    def update_operation(
        rule_set: QualificationRuleSet,
        *,
        by: User,
        version: int | None,
        rules: Any = None,
        threshold: int | None = None,
        **switch: Any,
    ) -> QualificationRuleSet:
        if rules is not None:
            rule_set = operations.save_rules(rule_set, by=by, rules=rules, version=version)
            version = None  # what was read has been compared
        if threshold is not None:
            rule_set = operations.set_threshold(
                rule_set, by=by, threshold=threshold, version=version
            )
            version = None
        if switch:
            rule_set = operations.set_automation(rule_set, by=by, version=version, **switch)
        return rule_set

    delete_operation = staticmethod(operations.discard_rules)

    @extend_schema(
        parameters=[
            OpenApiParameter("last", int, description="How many leads, at most 10,000; else 100.")
        ],
        responses=BacktestSerializer,
    )
    @action(detail=True, methods=["get"])
    def backtest(self, request: Any, pk: str) -> Response:
        """Say what a version does with the last leads, beside what the one in force does."""
        text = request.query_params.get("last", str(TRIED[0]))
        if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= TRIED[-1]):
            sentence = _("Choose from 1 to %(most)d leads.") % {"most": TRIED[-1]}
            raise serializers.ValidationError({"last": [sentence]})
        active = QualificationRuleSet.objects.active().first()
        versions = [self.get_object(), *([active] if active else [])]
        rules = [RuleSet.of(version, by=self.user) for version in versions]
        tried = backtest(rules, viewer=self.user, most=int(text))
        figures = [figures_of(*each) for each in zip(rules, tried, strict=True)]
        answer = {"this": figures[0], "active": figures[1] if active else None}
        return Response(BacktestSerializer(answer).data)

    @extend_schema(request=ActivateSerializer, responses=RuleSetSerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Any, pk: str) -> Response:
        """Put a draft into force. Open leads are looked at by it in a job."""

        def work() -> Answer:
            self.require("change")
            sent = ActivateSerializer(data=self.body())
            sent.is_valid(raise_exception=True)
            draft = self.get_object()
            version = sent.validated_data.get("version", self.precondition(draft))
            moment = sent.validated_data.get("valid_from")
            active = jobs.activate(draft, by=self.user, version=version, valid_from=moment)
            return 200, self.shown(active)

        return self.write(work)
