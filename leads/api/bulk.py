"""Many leads at once for programs: each verb is a job that tells what came of each lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from leads import operations
from leads.jobs import MOST_LEADS, disqualify_many, qualify_many, undo_many
from leads.jobs.bulk import numbers_of
from leads.models import DisqualifyReason, Lead
from workbench import api
from workbench.models import Job

if TYPE_CHECKING:
    from workbench.api.views import Answer


class BulkQualifySerializer(api.Strict):
    """Which leads to qualify, where the filters of the address do not say it."""

    ids = serializers.ListField(
        child=api.Whole(min_value=1), required=False, allow_empty=False, max_length=MOST_LEADS
    )
    opens_opportunities = api.YesNo(
        required=False, help_text="False qualifies without an opportunity."
    )
    override_reason = api.Text(
        required=False,
        max_length=500,
        allow_blank=True,
        help_text="Why those are qualified too that lack something, where you may override it.",
    )


class BulkPreviewSerializer(api.Strict):
    """Which leads to look at, where the filters of the address do not say it."""

    ids = serializers.ListField(
        child=api.Whole(min_value=1), required=False, allow_empty=False, max_length=MOST_LEADS
    )


class ProspectSerializer(serializers.Serializer[Any]):
    """A lead among those to qualify, and what stands in its way."""

    lead = serializers.IntegerField()
    is_ready = serializers.BooleanField()
    blockers = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())
    companions = serializers.IntegerField(help_text="How many others are of the same company.")


class ProspectsSerializer(serializers.Serializer[Any]):
    """What would come of each lead, were they qualified in the order of their ids."""

    results = ProspectSerializer(many=True)


class BulkDisqualifySerializer(api.Strict):
    """Which leads to give up, where the filters of the address do not say it, and why."""

    ids = serializers.ListField(
        child=api.Whole(min_value=1), required=False, allow_empty=False, max_length=MOST_LEADS
    )
    reason = api.Listed(DisqualifyReason)
    comment = api.Text(required=False, allow_blank=True, max_length=10_000)
    revisit_on = api.Day(required=False, allow_null=True)


class BulkUndoSerializer(api.Strict):
    """The job whose work is to be taken back."""

    job = api.Whole(min_value=1)


class ManyLeadsViewSet(api.MergingViewSet):
    """Leads as far as many are dealt with at once."""

    @extend_schema(request=BulkPreviewSerializer, responses={200: ProspectsSerializer})
    @action(detail=False, methods=["post"], url_path="bulk-qualification")
    def bulk_qualification(self, request: Any) -> Response:
        """Say what `bulk-qualify` would do with each lead, without a reason. Writes nothing."""
        numbers = numbers_of(self._asked_for(self.taken(BulkPreviewSerializer).get("ids"), "view"))
        rows = Lead.objects.permitted(self.user, "view").filter(pk__in=numbers).order_by("pk")
        found = [
            {
                "lead": each.lead.pk,
                "is_ready": each.is_ready,
                "blockers": each.blockers,
                "warnings": each.warnings,
                "companions": each.companions,
            }
            for each in operations.prospects(rows, by=self.user)
        ]
        seen = {each["lead"] for each in found}
        missing = _("There is no such lead, or you cannot see it.")
        nothing = {"is_ready": False, "blockers": [missing], "warnings": [], "companions": 0}
        found += [{"lead": number, **nothing} for number in numbers if number not in seen]
        return Response(ProspectsSerializer({"results": found}).data)

    @extend_schema(request=BulkQualifySerializer, responses={202: api.JobSerializer})
    @action(detail=False, methods=["post"], url_path="bulk-qualify")
    def bulk_qualify(self, request: Any) -> Response:
        """Have many leads qualified by a job: those of `ids`, or those of the filters."""
        return self.write(self._bulk_qualify)

    def _bulk_qualify(self) -> Answer:
        sent = self.taken(BulkQualifySerializer)
        numbers = self._asked_for(sent.pop("ids", None), "qualify")
        return 202, api.JobSerializer(qualify_many(numbers, by=self.user, **sent)).data

    @extend_schema(request=BulkDisqualifySerializer, responses={202: api.JobSerializer})
    @action(detail=False, methods=["post"], url_path="bulk-disqualify")
    def bulk_disqualify(self, request: Any) -> Response:
        """Have many leads given up by a job: those of `ids`, or those of the filters."""
        return self.write(self._bulk_disqualify)

    def _bulk_disqualify(self) -> Answer:
        sent = self.taken(BulkDisqualifySerializer)
        numbers = self._asked_for(sent.pop("ids", None), "disqualify")
        return 202, api.JobSerializer(disqualify_many(numbers, by=self.user, **sent)).data

    @extend_schema(request=BulkUndoSerializer, responses={202: api.JobSerializer})
    @action(detail=False, methods=["post"], url_path="bulk-undo")
    def bulk_undo(self, request: Any) -> Response:
        """Have a job take back what another one did to leads: qualified them, or gave them up."""
        return self.write(self._bulk_undo)

    def _bulk_undo(self) -> Answer:
        number = self.taken(BulkUndoSerializer)["job"]
        job = Job.objects.permitted(self.user, "change").filter(pk=number).first()
        if job is None:
            raise ValidationError({"job": [_("There is no such job.")]})
        return 202, api.JobSerializer(undo_many(job, by=self.user)).data

    def _asked_for(self, numbers: list[int] | None, action: str) -> list[int]:
        """Return the leads that a job is asked for: those named, or those of the filters."""
        asked = self.request.query_params
        if paging := sorted(asked.keys() & self.pagination_class.PARAMETERS):
            raise ValidationError({name: [_("There are no pages here.")] for name in paging})
        has_filters = any(asked.values())
        if (numbers is None) != has_filters:
            raise ValidationError({"ids": [_("Give either ids or filters in the address.")]})
        if numbers is None:
            rows = self.filter_queryset(Lead.objects.permitted(self.user, action).open())
            numbers = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST_LEADS + 1])
        return numbers
