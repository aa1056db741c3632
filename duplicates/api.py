"""Merges for programs: what became of records that are gone, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_filters import FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from duplicates import operations
from duplicates.queries import left_for, merges_for
from records.models import Merge
from workbench import api

if TYPE_CHECKING:
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
        return merges_for(self.user).select_related("by", "ended_by")

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
