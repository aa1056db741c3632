"""Jobs for programs: how far they are, and what they tell of each record."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from workbench.api.fields import Moment
from workbench.api.filters import filters_for
from workbench.api.views import ApiViewSet
from workbench.jobs import told_to
from workbench.models import Job

MOST_LINES = 1_000


class JobSerializer(serializers.ModelSerializer[Job]):
    """Work that goes on after the answer."""

    kind = serializers.SerializerMethodField(help_text="What it does, like qualify_leads.")
    owner = serializers.EmailField(source="owner.email", help_text="Who started it.")
    created_at = Moment(read_only=True)
    started_at = Moment(read_only=True)
    finished_at = Moment(read_only=True)
    url = serializers.CharField(help_text="The page of its results, where there is one.")

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "title",
            "owner",
            "state",
            "total",
            "done",
            "outcome",
            "url",
            "created_at",
            "started_at",
            "finished_at",
        ]

    def get_kind(self, job: Job) -> str:
        return job.kind.rpartition(".")[2]


class LineSerializer(serializers.Serializer[Any]):
    """What a job tells of one record; of one that the caller may not see neither id nor text."""

    kind = serializers.CharField(help_text="The kind of record: lead")
    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    state = serializers.CharField(help_text="done, skipped or refused")
    code = serializers.CharField(help_text="A stable word for the outcome.")
    text = serializers.CharField()


class JobWithReportSerializer(JobSerializer):
    """A job with its report: how many of each state, and the first 1,000 lines."""

    tally = serializers.SerializerMethodField()
    report = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "tally", "report"]

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_tally(self, job: Job) -> dict[str, int]:
        return dict(job.lines.order_by().values_list("state").annotate(count=Count("pk")))

    @extend_schema_field(LineSerializer(many=True))
    def get_report(self, job: Job) -> list[dict[str, Any]]:
        lines = job.lines.order_by("pk").select_related("record_type")[:MOST_LINES]
        return [
            {
                "kind": told.line.record_type.model if told.line.record_type else "",
                "id": told.record.pk if told.record else None,
                "name": told.name,
                "state": told.line.state,
                "code": told.line.code if told.text else "",
                "text": told.text,
            }
            for told in told_to(self.context["request"].user, lines)
        ]


class JobViewSet(ApiViewSet):
    """One's own jobs, and those of others as far as one may see them; the newest first."""

    model = Job
    order = ("-created_at", "-id")
    serializer_class = JobSerializer
    filterset_class = filters_for(Job, ["state"])

    def rows(self) -> Any:
        return Job.objects.permitted(self.user).select_related("owner")

    @extend_schema(responses=JobWithReportSerializer)
    def retrieve(self, request: Any, pk: str) -> Response:
        """Return a job with its report."""
        context = self.get_serializer_context()
        return self.answer(200, JobWithReportSerializer(self.get_object(), context=context).data)
