"""Imports for programs: a file sent, matched, checked, run, told of row by row, taken back."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from django_filters import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from activities.api.files import Form
from imports import jobs, operations
from imports.models import Import, ImportRow
from imports.operations.uploading import MOST_BYTES
from records.errors import Unacceptable
from workbench import api
from workbench.api.body import JSONBody

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.api.views import Answer

SENT = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file", "kind"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "kind": {"type": "string", "enum": list(Import.Kind.values)},
            "mapping": {"type": "string", "description": "A mapping as JSON; else it is guessed."},
        },
    }
}
TABLE = {(200, "text/csv"): OpenApiTypes.BINARY}


class ImportSerializer(serializers.ModelSerializer[Import]):
    """A file on its way in; `state` is failed or cancelled when its job has stopped."""

    state = serializers.CharField(source="phase", read_only=True)
    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    mapping = serializers.DictField(read_only=True)
    headers = serializers.ListField(child=serializers.CharField(), read_only=True)
    job = serializers.IntegerField(source="job_id", allow_null=True, read_only=True)
    created_at = api.Moment(read_only=True)
    finished_at = api.Moment(read_only=True)
    reverted_at = api.Moment(read_only=True)

    class Meta:
        model = Import
        fields = [
            "id", "version", "kind", "name", "size", "sha256", "encoding", "delimiter", "header",
            "headers", "total", "mapping", "state", "counts", "job", "created_at", "finished_at",
            "reverted_at",
        ]  # fmt: skip
        read_only_fields = fields


class ImportChangeSerializer(api.Strict):
    """How the file is read, or how its columns are matched."""

    mapping = serializers.DictField(required=False, help_text="As in a mapping file.")
    encoding = api.Text(required=False, allow_blank=True, max_length=20)
    delimiter = serializers.CharField(
        required=False, allow_blank=True, max_length=1, trim_whitespace=False
    )
    header = api.Whole(required=False, allow_null=True, min_value=0, max_value=1_000)


class ImportRowSerializer(serializers.ModelSerializer[ImportRow]):
    """What became of a row: its verdict, the record, what it is a duplicate of, and why."""

    id = serializers.IntegerField(source="record_id", allow_null=True)
    errors = serializers.DictField()
    warnings = serializers.DictField()
    reasons = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ImportRow
        fields = [
            "line", "verdict", "id", "of", "name", "external_id", "errors", "warnings", "reasons",
            "is_reverted", "kept_because",
        ]  # fmt: skip
        read_only_fields = fields


class ImportViewSet(api.WritingViewSet):
    """One's own imports, the newest first."""

    model = Import
    order = ("-created_at", "-id")
    serializer_class = ImportSerializer
    filterset_class = api.filters_for(Import, ["kind"], page=FilterSet)
    parser_classes = [JSONBody, MultiPartParser]
    content_negotiation_class = Form
    longest_upload = MOST_BYTES
    file: Any = None
    digest = ""

    def rows(self) -> Any:
        return Import.objects.permitted(self.user).select_related("owner", "job")

    def body(self) -> Any:
        if self.file is not None:
            # What makes two requests the same one is the file itself.
            return {**self.sent(), "name": self.file.name, "sha256": self.digest}
        return super().body()

    def sent(self) -> dict[str, str]:
        """Return what came beside the file."""
        data: Any = self.request.data
        return {name: str(data.get(name, "")) for name in ("kind", "mapping")}

    @extend_schema(request=SENT, responses={201: ImportSerializer})
    def create(self, request: Any) -> Response:
        """Send a file as multipart/form-data, with its kind, and a mapping where one is known."""
        try:
            self.file = request.FILES.get("file")
        except UnsupportedMediaType:
            self.file = None
        if self.file is None:
            told = _("Send the file as multipart/form-data, in the field “file”.")
            raise Unacceptable(errors={"file": [told]})
        digest = hashlib.sha256()
        for piece in self.file.chunks():
            digest.update(piece)
        self.digest = digest.hexdigest()
        return self.write(self._create)

    def _create(self) -> Answer:
        sent = self.sent()
        draft = operations.upload(
            by=self.user,
            kind=sent["kind"],
            name=self.file.name or "",
            content=self.file,
            mapping=_object(sent["mapping"]) if sent["mapping"] else None,
        )
        return 201, self.told(draft)

    @extend_schema(request=ImportChangeSerializer, responses=ImportSerializer)
    def partial_update(self, request: Any, pk: str) -> Response:
        """Read the file in another way, or match its columns in another way."""
        return self.write(self._update)

    def _update(self) -> Answer:
        draft: Import = self.get_object()
        version = self.precondition(draft)
        sent = ImportChangeSerializer(data=self.body())
        sent.is_valid(raise_exception=True)
        changes = dict(sent.validated_data)
        mapping = changes.pop("mapping", None)
        if changes:
            now = {"encoding": draft.encoding, "delimiter": draft.delimiter, "header": draft.header}
            terms = {**now, **changes}
            draft = operations.read_as(draft, by=self.user, version=version, **terms)
            version = None
        if mapping is not None:
            draft = operations.remap(draft, by=self.user, mapping=mapping, version=version)
        return 200, self.told(draft)

    def _delete(self) -> Answer:
        operations.discard(self.get_object(), by=self.user)
        return 204, None

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Any, pk: str) -> Response:
        """Have every row judged by a job; nothing is written."""
        return self.write(lambda: self._done(jobs.check))

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def run(self, request: Any, pk: str) -> Response:
        """Have the rows that were checked become records."""
        return self.write(lambda: self._done(jobs.run))

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def revert(self, request: Any, pk: str) -> Response:
        """Have the whole import taken back, as far as nobody has touched since what it wrote."""
        return self.write(lambda: self._done(jobs.revert))

    def _done(self, work: Callable[..., Import]) -> Answer:
        started = work(self.get_object(), by=self.user)
        return 200, self.told(started)

    @extend_schema(responses=ImportRowSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], url_path="rows", url_name="rows")
    def rows_of(self, request: Any, pk: str) -> Response:
        """List what became of the rows, with `?verdict=rejected` those of one verdict."""
        rows = self.get_object().rows.all()
        verdict = request.query_params.get("verdict", "")
        if verdict in ImportRow.Verdict.values:
            rows = rows.filter(verdict=verdict)
        self.order = ("id",)  # they came in the order of the file
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(ImportRowSerializer(page or [], many=True).data)

    @extend_schema(responses=TABLE, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def rejected(self, request: Any, pk: str) -> StreamingHttpResponse:
        """Return the rejected rows as a file, with the reasons in a column of their own."""
        imported: Import = self.get_object()
        name = f"rejected-{imported.pk}.csv"
        answer = StreamingHttpResponse(
            jobs.rejected_lines(imported), content_type="text/csv; charset=utf-8"
        )
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def told(self, imported: Import) -> Any:
        return ImportSerializer(imported, context=self.get_serializer_context()).data


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unacceptable(errors={"mapping": [_("Send the mapping as a JSON object.")]})
    return found
