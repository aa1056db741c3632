"""Duplicates for programs: who may be twice, what was merged, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_filters import ChoiceFilter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from duplicates import operations
from duplicates.queries import (
    AGREEMENTS,
    KINDS,
    agreeing_in,
    left_for,
    merges_for,
    pairs_for,
    reasons_told,
    records_in,
    score_told,
)
from leads.operations import dismiss_pair, restore_pair
from records.models import Merge, PossibleDuplicate
from workbench import api

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.api.views import Answer


class MergeSerializer(serializers.ModelSerializer[Merge]):
    """Records that were made one."""

    survivor = serializers.IntegerField(source="survivor_id", help_text="The record that stayed.")
    losers = serializers.ListField(
        source="loser_ids", child=serializers.IntegerField(), help_text="Those that went."
    )
    by = serializers.EmailField(source="by.email")
    ended_by = serializers.EmailField(source="ended_by.email", allow_null=True, default=None)
    at = api.Moment(read_only=True)
    ended_at = api.Moment(read_only=True)
    left = serializers.SerializerMethodField(help_text="What an undo could not give back.")

    class Meta:
        model = Merge
        fields = [
            "id",
            "kind",
            "survivor",
            "losers",
            "state",
            "at",
            "by",
            "values",
            "ended_at",
            "ended_by",
            "left",
        ]

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_left(self, merge: Merge) -> list[str]:
        return left_for(merge, self.context["request"].user)


class UnmergeSerializer(api.Strict):
    """How far to go back."""

    keep = api.YesNo(
        required=False, help_text="True undoes the rest and keeps what has changed since."
    )


class MergeFilter(FilterSet):
    """Merges that a record went into, by its id."""

    loser = NumberFilter(field_name="merged_records__record_id", label="A record that went.")


class MergeViewSet(api.WritingViewSet):
    """Merges into records that the caller may see, the newest first."""

    model = Merge
    order = ("-at", "-id")
    serializer_class = MergeSerializer
    filterset_class = api.filters_for(
        Merge, ["kind", "state", "survivor"], page=MergeFilter, renamed={"survivor": "survivor_id"}
    )
    has_versions = False
    http_method_names = ["get", "post", "head"]

    def rows(self) -> Any:
        return merges_for(self.user).select_related("by", "ended_by").defer("image")

    @extend_schema(exclude=True)
    def create(self, request: Any) -> Response:
        """Refuse: a merge is made at the address of its kind, like `contacts/merge/`."""
        return self.http_method_not_allowed(request)

    @extend_schema(request=UnmergeSerializer, responses=MergeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Any, pk: str) -> Response:
        """Make several records again of what was made one; 409 lists what has changed since."""
        return self.write(self._undo)

    def _undo(self) -> Answer:
        merge = self.get_object()
        serializer = UnmergeSerializer(data=self.body(), context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        operations.unmerge(merge, by=self.user, keep=serializer.validated_data.get("keep", False))
        merge.refresh_from_db()
        return 200, self.represent([merge])[0]


class PairReasonSerializer(serializers.Serializer[Any]):
    """One thing that was compared."""

    text = serializers.CharField()
    agrees = serializers.BooleanField()


class PairSerializer(serializers.ModelSerializer[PossibleDuplicate]):
    """Two records that may be one."""

    score = serializers.SerializerMethodField(help_text="0 to 100.")
    records = serializers.SerializerMethodField(help_text="Their ids, the older first.")
    reasons = serializers.SerializerMethodField(help_text="What agrees and what differs, in words.")
    found_at = api.Moment(read_only=True)
    dismissed_at = api.Moment(read_only=True)

    class Meta:
        model = PossibleDuplicate
        fields = ["id", "kind", "records", "score", "reasons", "found_at", "dismissed_at"]

    def get_records(self, pair: PossibleDuplicate) -> list[int]:
        return [pair.low, pair.high]

    def get_score(self, pair: PossibleDuplicate) -> int:
        return score_told(pair)

    @extend_schema_field(PairReasonSerializer(many=True))
    def get_reasons(self, pair: PossibleDuplicate) -> list[dict[str, Any]]:
        return [{"text": each.text, "agrees": each.agrees} for each in reasons_told(pair)]


class PairFilter(FilterSet):
    """Pairs of a kind, of a score or more, that agree in something."""

    kind = ChoiceFilter(choices=[(kind, kind) for kind in KINDS], label="lead, contact or account.")
    min_score = NumberFilter(field_name="told_score", lookup_expr="gte", label="0 to 100.")
    reason = ChoiceFilter(
        choices=[(what, what) for what in AGREEMENTS], method="agreeing", label="What agrees."
    )

    def agreeing(self, pairs: Any, _name: str, what: str) -> Any:
        return agreeing_in(pairs, what)


class PairViewSet(api.WritingViewSet):
    """Pairs of records that may be one, both of which the caller may see; the likeliest first."""

    model = PossibleDuplicate
    order = ("-told_score", "-id")
    serializer_class = PairSerializer
    filterset_class = api.filters_for(PossibleDuplicate, [], page=PairFilter)
    has_versions = False
    http_method_names = ["get", "post", "head"]

    def rows(self) -> Any:
        is_one = self.action in {"retrieve", "dismiss", "restore"}
        asked = self.request.query_params.get("kind", "")
        kinds = [asked] if asked in KINDS else list(KINDS)
        return pairs_for(self.user, kinds, with_dismissed=is_one)

    @extend_schema(exclude=True)
    def create(self, request: Any) -> Response:
        """Refuse: pairs are found, not made."""
        return self.http_method_not_allowed(request)

    @extend_schema(request=None, responses=PairSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Any, pk: str) -> Response:
        """Say that the two are not the same; nothing proposes them again."""
        return self.write(lambda: self._say(dismiss_pair))

    @extend_schema(request=None, responses=PairSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Any, pk: str) -> Response:
        """Take that back."""
        return self.write(lambda: self._say(restore_pair))

    def _say(self, operation: Callable[..., Any]) -> Answer:
        pair = self.get_object()
        operation(*records_in(pair, self.user), by=self.user)
        pair.refresh_from_db()
        return 200, self.represent([pair])[0]
