"""Files for programs: sent as they are, listed with their record or entry, and handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import FileResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, UnsupportedMediaType
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from activities import operations
from activities.models import Activity, File
from activities.operations import Upload
from records.errors import Unacceptable
from users.models import User
from workbench import api
from workbench.api.body import JSONBody, JSONOnly
from workbench.views.download import file_answer

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from activities.operations import Kept
    from workbench.api.views import Answer

SENT = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
    }
}
BYTES = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class Form(JSONOnly):
    """A file comes as a form; all else as JSON."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type = (request.content_type or "").lower().partition(";")[0].strip()
        if media_type == MultiPartParser.media_type:
            return next(p for p in parsers if isinstance(p, MultiPartParser))
        return super().select_parser(request, parsers)


class FileSerializer(serializers.ModelSerializer[File]):
    """A file of a timeline. `url` hands it out, `preview_url` a small picture of a picture."""

    activity = serializers.IntegerField(source="activity_id", help_text="The entry it came with.")
    created_by = serializers.IntegerField(source="created_by_id")
    url = serializers.SerializerMethodField()
    preview_url = serializers.SerializerMethodField()

    class Meta:
        model = File
        fields = [
            "id",
            "name",
            "size",
            "content_type",
            "sha256",
            "activity",
            "url",
            "preview_url",
            "created_at",
            "created_by",
        ]
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, file: File) -> str:
        return str(self.context["request"].build_absolute_uri(address_of(file.pk)))

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_preview_url(self, file: File) -> str | None:
        if not file.preview:
            return None
        return f"{self.get_url(file)}?preview=1"


def address_of(pk: int) -> str:
    """Return where programs get the bytes of a file."""
    return reverse("files-content", kwargs={"pk": pk})


class WithFiles(api.RecordViewSet):
    """A kind of record on whose timeline programs find and put files."""

    kept_file: Kept | None = None

    @extend_schema(methods=["GET"], responses=FileSerializer(many=True))
    @extend_schema(methods=["POST"], request=SENT, responses={201: FileSerializer})
    @action(
        detail=True,
        methods=["get", "post"],
        parser_classes=[JSONBody, MultiPartParser],
        content_negotiation_class=Form,
        filter_backends=[],
    )
    def files(self, request: Any, pk: str) -> Response:
        """List the files of the timeline, the newest first; POST a form with `file` to add one.

        What is sent has to be what its name says, and within the limits of the installation.
        """
        if request.method != "POST":
            page = self.paginate_queryset(self.files_of(self.get_object()))
            context = self.get_serializer_context()
            shown = FileSerializer(page or [], many=True, context=context)
            return self.get_paginated_response(shown.data)
        record = self.found()
        try:
            sent = request.FILES.get("file")
        except UnsupportedMediaType:
            sent = None
        if sent is None:
            told = _("Send the file as multipart/form-data, in the field “file”.")
            raise Unacceptable(errors={"file": [told]})
        with operations.kept([Upload(sent.name or "", sent)]) as kept:
            self.kept_file = kept[0]
            return self.write(lambda: self._attach(record, kept))

    def files_of(self, record: Any) -> QuerySet[File]:
        """Return the files that are shown with a record."""
        rows = Activity.objects.filter(pk=record.pk) if isinstance(record, Activity) else None
        shown = Activity.objects.on(record) if rows is None else rows
        return File.objects.filter(activity__in=shown.order_by().values("pk"))

    def _attach(self, record: Any, kept: list[Kept]) -> Answer:
        if isinstance(record, Activity):
            entry = operations.add_files(record, by=self.user, files=kept)
        else:
            entry = operations.log_files(record, by=self.user, files=kept)
        file = File.objects.get(activity=entry, key=kept[0].key)
        return 201, FileSerializer(file, context=self.get_serializer_context()).data

    def body(self) -> Any:
        if self.kept_file is not None:
            # What makes two requests the same one is the file itself.
            return {"name": self.kept_file.name, "sha256": self.kept_file.sha256}
        return super().body()


class FileViewSet(api.WritingViewSet):
    """The files of all timelines: what they are, their bytes, and into the bin with them."""

    model = File
    serializer_class = FileSerializer
    http_method_names = ["get", "delete", "head"]
    has_versions = False

    @property
    def user(self) -> User:
        return self.request.user  # type: ignore[return-value]

    def rows(self) -> Any:
        return File.objects.shown_to(self.user)

    @extend_schema(exclude=True)
    def list(self, request: Any) -> Response:
        """Files are listed with their record or entry."""
        raise NotFound

    def _delete(self) -> Answer:
        operations.remove_file(self.get_object(), by=self.user)
        return 204, None

    @extend_schema(responses=BYTES, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def content(self, request: Any, pk: str) -> FileResponse:
        """Return the bytes of a file, with `?preview=1` of the small picture of a picture."""
        file: File = self.get_object()
        if request.query_params.get("preview"):
            if not file.preview:
                raise NotFound
            return file_answer(file.preview, "preview.webp", "image/webp")
        return file_answer(file.key, file.name, file.content_type)
