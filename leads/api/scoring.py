"""The scoring rules for programs, the scale of scores, and what made the score of a lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads import jobs
from leads.api.assignment import Conditions
from leads.models import ScoreScale, ScoringRule
from leads.models.scoring import MOST_SCORE
from leads.rules.scoring import askable, scale_of_scores, scoring_problems
from records.conditions import stored, words
from records.operations import require_for_all
from workbench import api

if TYPE_CHECKING:
    from workbench.api.views import Answer

POINTS = {"min_value": -MOST_SCORE, "max_value": MOST_SCORE}


class ScoringRuleSerializer(api.Strict, serializers.ModelSerializer[ScoringRule]):
    """Which leads get how many points."""

    name = api.Text(max_length=120)
    conditions = Conditions(source="condition")
    points = api.Whole(**POINTS)
    is_active = api.YesNo(required=False)
    words = serializers.SerializerMethodField(help_text="The conditions in a sentence.")
    problems = serializers.SerializerMethodField(help_text="Why it never holds by now.")

    class Meta:
        model = ScoringRule
        fields = [
            "id", "name", "conditions", "points", "is_active", "version", "words", "problems",
        ]  # fmt: skip
        read_only_fields = ["version"]

    def get_words(self, rule: ScoringRule) -> str:
        known = self.context["known"]
        return words(stored(rule.condition, known), known, translate=_)

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_problems(self, rule: ScoringRule) -> list[str]:
        return scoring_problems(rule, self.context["known"], _)


class ScaleSerializer(api.Strict, serializers.ModelSerializer[ScoreScale]):
    """Between what scores are kept, and which of them suggest warm and hot."""

    lowest = api.Whole(required=False, **POINTS)
    highest = api.Whole(required=False, **POINTS)
    warm_from = api.Whole(required=False, **POINTS)
    hot_from = api.Whole(required=False, **POINTS)

    class Meta:
        model = ScoreScale
        fields = ["lowest", "highest", "warm_from", "hot_from"]


class ScorePartSerializer(serializers.Serializer[Any]):
    """What one rule gave to a score; of a rule about a hidden record neither name nor points."""

    rule = serializers.CharField()
    points = serializers.IntegerField(allow_null=True)


class ScoreSerializer(serializers.Serializer[Any]):
    """The score of a lead and what made it."""

    score = serializers.IntegerField(allow_null=True)
    parts = ScorePartSerializer(many=True)
    suggested_rating = serializers.CharField()


class ScoringRuleViewSet(api.SettingViewSet):
    """The scoring rules. Whenever one changes a job scores all leads anew."""

    model = ScoringRule
    has_versions = True
    serializer_class = ScoringRuleSerializer
    filterset_class = api.filters_for(ScoringRule, ["name", "is_active"], page=FilterSet)

    def rows(self) -> Any:
        require_for_all(self.user, "view", ScoringRule)
        return ScoringRule.objects.all()

    def represent(self, records: list[Any]) -> list[Any]:
        context = {**self.get_serializer_context(), "known": askable(self.user)}
        return list(ScoringRuleSerializer(records, many=True, context=context).data)

    create_operation = staticmethod(
        lambda *, by, **values: jobs.save_scoring_rule(ScoringRule(**values), by=by)
    )
    update_operation = staticmethod(jobs.change_scoring_rule)
    delete_operation = staticmethod(jobs.delete_scoring_rule)

    @extend_schema(methods=["GET"], responses=ScaleSerializer)
    @extend_schema(methods=["PATCH"], request=ScaleSerializer, responses=ScaleSerializer)
    @action(detail=False, methods=["get", "patch"])
    def scale(self, request: Any) -> Response:
        """Read or change the scale of scores."""
        if request.method == "GET":
            require_for_all(self.user, "view", ScoreScale)
            return Response(ScaleSerializer(scale_of_scores()).data)

        def work() -> Answer:
            require_for_all(self.user, "change", ScoreScale)
            sent = ScaleSerializer(data=self.body())
            sent.is_valid(raise_exception=True)
            return 200, ScaleSerializer(jobs.set_scale(by=self.user, **sent.validated_data)).data

        return self.write(work)
