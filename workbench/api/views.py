"""The resources: how any kind of record is listed, read, added, changed and binned by programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from records import custom
from records.errors import Busy, Refused, Stale
from records.models import Record, TimelineRecord
from records.operations import assign, once, require_for_all, run_atomically
from records.permissions import reaches, require_any, restrict
from users import formats
from users.models import User
from workbench.api.body import JSONBody, JSONOnly, LengthIsMissing
from workbench.api.fields import RecordSerializer
from workbench.api.filters import ListFilters
from workbench.api.paging import Pages
from workbench.api.tokens import BearerToken, TokenReaches

Answer = tuple[int, Any]

_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_TAG = re.compile(r'(?:W/)?"v([0-9]{1,9})"')


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error there is: a sentence, a word for programs, and sentences by field."""

    detail = serializers.CharField()
    code = serializers.CharField()
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class Schema(AutoSchema):
    """Says in the schema what holds everywhere: the headers, and what an error looks like."""

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "basename", "") or "api"]

    def get_override_parameters(self) -> list[Any]:
        if self.method == "GET" or not getattr(self.view, "is_written", False):
            return []
        parameters = [
            OpenApiParameter(
                "Idempotency-Key",
                location=OpenApiParameter.HEADER,
                description="1 to 255 printable characters. The same key and body get the first "
                "answer again, with the header `Idempotent-Replayed: true`.",
            )
        ]
        if "{id}" in self.path and getattr(self.view, "has_versions", True):
            parameters.append(
                OpenApiParameter(
                    "If-Match",
                    location=OpenApiParameter.HEADER,
                    description='The `ETag` that was read, like `"v3"`; 412 when it has changed.',
                )
            )
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction=direction)
        error = self._get_response_for_code(  # type: ignore[no-untyped-call]
            ErrorSerializer, "4XX", direction=direction
        )
        bodies["4XX"] = {**error, "description": "Refused: `code` says why, `errors` which field."}
        return bodies


class ApiViewSet(GenericViewSet[Any]):
    """Anything that programs can ask for: by token, as JSON."""

    authentication_classes = [BearerToken]
    permission_classes = [IsAuthenticated, TokenReaches]
    parser_classes = [JSONBody]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = JSONOnly
    pagination_class = Pages
    filter_backends = [ListFilters]
    metadata_class = None
    schema = Schema()
    lookup_value_regex = "[0-9]{1,18}"

    model: type[Any]
    order: tuple[str, ...] = ("id",)
    filterset_class: Any = None

    @property
    def user(self) -> User:
        """Who calls; nobody gets here without having been recognised."""
        return self.request.user  # type: ignore[return-value]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let days begin where the caller is, as on the pages; `crm.middleware` ends that."""
        super().initial(request, *args, **kwargs)
        timezone.activate(formats.zone_of(self.user))

    def rows(self) -> QuerySet[Any]:
        """The rows that the caller may see."""
        return self.model._default_manager.all()  # type: ignore[no-any-return]

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()  # type: ignore[no-any-return]
        return self.rows()

    def get_object(self) -> Any:
        """Return the row; one that the caller may not see is as if it were not."""
        record = self.get_queryset().filter(pk=int(self.kwargs["pk"])).first()
        if record is None:
            raise NotFound
        return record

    def represent(self, records: list[Any]) -> list[Any]:
        """Return what the API shows of each of `records`."""
        serializer = self.get_serializer_class()(
            records, many=True, context=self.get_serializer_context()
        )
        return list(serializer.data)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.represent(page or []))

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.answer(200, self.represent([self.get_object()])[0])

    def answer(self, status: int, body: Any) -> Response:
        """Return `body`, with its version as the ETag where it has one."""
        response = Response(body, status=status)
        if isinstance(body, Mapping) and isinstance(body.get("version"), int):
            response["ETag"] = f'"v{body["version"]}"'
        return response


class WritingViewSet(ApiViewSet):
    """Anything that programs can change: in one transaction, once per idempotency key.

    The subclass says in `_create`, `_update` and `_delete` what is done; each returns status and
    body.
    """

    is_written = True
    http_method_names = ["get", "post", "patch", "delete", "head"]
    # What lets its owner in: told in the first answer and kept with none, so a repeated answer has
    # null instead.
    secrets: ClassVar[frozenset[str]] = frozenset()

    def create(self, request: Request) -> Response:
        return self.write(self._create)

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.write(self._update)

    def destroy(self, request: Request, pk: str) -> Response:
        return self.write(self._delete)

    def _create(self) -> Answer:
        raise NotImplementedError

    def _update(self) -> Answer:
        raise NotImplementedError

    def _delete(self) -> Answer:
        raise NotImplementedError

    @property
    def api_names(self) -> dict[str, str]:
        """Column → name in the API, for what an operation says about a column."""
        serializer: Any = self.get_serializer()
        return {field.source: name for name, field in serializer.fields.items()}

    def body(self) -> Any:
        """Return the body; nothing at all is an object without fields."""
        meta = self.request.META
        if meta.get("HTTP_TRANSFER_ENCODING") and not meta.get("CONTENT_LENGTH"):
            raise LengthIsMissing
        data: Any = self.request.data
        return data if type(data) is dict else {}

    def write(self, work: Callable[[], Answer], *, is_one_operation: bool = False) -> Response:
        """Do `work` in one transaction, once per idempotency key, and answer.

        Asked again with the same key and body the first answer comes again, a refusal too, but
        without `secrets`, and says so; what may succeed the next time (412, 503) is not kept. Work
        that `is_one_operation` has a transaction of its own, and what that leaves behind when it
        refuses stays.
        """
        self.body()  # what cannot be read is refused before anything is done
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            status, body = work() if is_one_operation else run_atomically(work)
            return self.answer(status, body)
        if not _KEY.fullmatch(key) or not key.strip():
            raise ValidationError({"Idempotency-Key": [_("Send 1 to 255 printable characters.")]})
        told: dict[str, Any] = {}

        def kept() -> tuple[int, str]:
            status, body = self._answered_by(work, is_one_operation=is_one_operation)
            told.clear()
            if isinstance(body, Mapping):
                told.update((name, body[name]) for name in self.secrets & body.keys())
                body = {**body, **dict.fromkeys(told)}
            # As JSON, a database would give its parts back in another order.
            return status, JSONRenderer().render(body).decode() or "null"

        status, text, is_repeated = once(
            key,
            by=self.user,
            request=[self.request.method, self.request.get_full_path(), self.body()],
            work=kept,
        )
        body = json.loads(text)
        response = self.answer(status, {**body, **told} if told else body)
        if is_repeated:
            response["Idempotent-Replayed"] = "true"
            left_out = sorted(self.secrets & body.keys()) if isinstance(body, Mapping) else []
            if left_out:
                response["Idempotent-Left-Out"] = ", ".join(left_out)
        return response

    def _answered_by(self, work: Callable[[], Answer], *, is_one_operation: bool) -> Answer:
        """Do `work`; return a refusal as the answer that it is, so that it can be kept."""
        try:
            with nullcontext() if is_one_operation else transaction.atomic():
                status, body = work()
        except (Busy, Stale):
            raise
        except (Refused, APIException) as refusal:
            response = self.get_exception_handler()(refusal, self.get_exception_handler_context())
            if response is None or response.status_code >= 500:
                raise
            status, body = response.status_code, response.data
        return status, body

    def named_versions(self) -> list[int] | None:
        """Return the versions that `If-Match` names, None when any will do."""
        header = self.request.headers.get("If-Match")
        if header is None or header.strip() == "*":
            return None
        return [int(version) for version in _TAG.findall(header)]

    def precondition(self, record: Any) -> int | None:
        """Return the version that the operation has to find; raises `Stale` when it cannot.

        Nothing is locked, as an operation may need other locks before the one on its record.
        """
        named = self.named_versions()
        if named is None:
            return None
        if record.version not in named:
            raise Stale(version=record.version)
        return int(record.version)


class RecordViewSet(WritingViewSet):
    """A kind of record. The subclass names its operations and what they take.

    The create operation takes `by`, `owner` and the fields, the update operation the record, `by`,
    `version` and the changed fields, the delete operation the record, `by` and `version`.
    """

    order = ("-created_at", "-id")
    model: type[Record]
    create_operation: Callable[..., Any]
    update_operation: Callable[..., Any]
    delete_operation: Callable[..., Any]
    assign_operation: Callable[..., Any] = staticmethod(assign)
    # Taken by the operations as they come, though they are no columns.
    options: ClassVar[frozenset[str]] = frozenset()

    def rows(self) -> QuerySet[Any]:
        rows: Any = restrict(self.model.objects.all(), self.user, "view")  # type: ignore[attr-defined]
        return self.with_details(rows)

    def found(self) -> Any:
        """Return the record to change, as `get_object` does, without what only showing needs."""
        rows: Any = restrict(self.model.objects.all(), self.user, "view")  # type: ignore[attr-defined]
        record = rows.select_related("owner").filter(pk=int(self.kwargs["pk"])).first()
        if record is None:
            raise NotFound
        return record

    def with_details(self, rows: Any) -> QuerySet[Any]:
        """Load what the API shows of a row besides its columns."""
        rows = rows.select_related("owner")
        is_tagged = issubclass(self.model, TimelineRecord)
        return rows.prefetch_related("tags") if is_tagged else rows  # type: ignore[no-any-return]

    # Reading

    def represent(self, records: list[Any]) -> list[Any]:
        serializer_class: Any = self.get_serializer_class()
        context = {**self.get_serializer_context(), "in_scope": {}}
        serializer = serializer_class(records, many=True, context=context)
        context["in_scope"].update(self.in_scope(serializer.child, records))
        if any(getattr(record, "custom", None) for record in records):
            for each in custom.definitions_for(self.user).get(custom.kind_of(self.model), ()):
                custom.prepare(each, records)
        return list(serializer.data)

    def in_scope(self, serializer: RecordSerializer, records: list[Any]) -> dict[Any, set[int]]:
        """Return which of the records that `records` name the caller may see."""
        named: dict[Any, set[int]] = {}
        for source, model in serializer.relations().items():
            ids = {getattr(record, f"{source}_id") for record in records} - {None}
            named.setdefault(model, set()).update(ids)
        return {
            model: set(
                model.objects.permitted(self.user)
                .filter(pk__in=ids)
                .order_by()
                .values_list("pk", flat=True)
            )
            for model, ids in named.items()
            if ids
        }

    def shown(self, record: Any) -> Any:
        """Return what the API shows of a record just written, also when it left one's scope."""
        rows = self.model._base_manager.filter(pk=record.pk)
        return self.represent(list(self.with_details(rows)))[0]

    # Writing

    def _create(self) -> Answer:
        require_any(self.user, "add", self.model)
        values = self.values()
        owner = values.get("owner", self.user)
        if owner != self.user:
            require_any(self.user, "assign", self.model)
            if not reaches(self.user, "add", self.model(owner=owner)):
                # Who may add for himself only, and hand on what is his, does one after the other.
                del values["owner"]
                record = type(self).assign_operation(self.add(values), by=self.user, owner=owner)
                return 201, self.shown(record)
        return 201, self.shown(self.add(values))

    def add(self, values: dict[str, Any]) -> Any:
        """Add a record. Without an owner it is the caller's; with `null` it is nobody's."""
        record = type(self).create_operation(by=self.user, **values)
        if "owner" in values and values["owner"] is None and record.owner_id is not None:
            record = type(self).assign_operation(record, by=self.user, owner=None)
        return record

    def _update(self) -> Answer:
        record = self.found()
        values = self.values(record)
        version = self.precondition(record)
        is_assigned = "owner" in values and values["owner"] != record.owner
        owner = values.pop("owner", None)
        if set(values) - self.options:
            record = self.change(record, version, values)
        elif is_assigned:
            self.keep_still(record)
        if is_assigned:
            record = type(self).assign_operation(record, by=self.user, owner=owner)
        return 200, self.shown(record)

    def change(self, record: Any, version: int | None, values: dict[str, Any]) -> Any:
        """Change the fields of a record."""
        return type(self).update_operation(record, by=self.user, version=version, **values)

    def _delete(self) -> Answer:
        record = self.found()
        type(self).delete_operation(record, by=self.user, version=self.precondition(record))
        return 204, None

    def values(self, record: Any = None) -> dict[str, Any]:
        """Return the fields of the body by column, or say of each what is wrong with it."""
        serializer: Any = self.get_serializer(record, data=self.body(), partial=record is not None)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        if not values.get("custom", True):
            del values["custom"]  # an empty object changes nothing
        return values

    def taken(self, serializer_class: Any, **context: Any) -> dict[str, Any]:
        """Return the body of an action, checked by `serializer_class`."""
        serializer = serializer_class(
            data=self.body(), context={**self.get_serializer_context(), **context}
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def act(self, serializer_class: Any, operation: Callable[..., Any]) -> Response:
        """Do `operation` to the record with the fields of the body, and show the record."""

        def work() -> Answer:
            record = self.found()
            values = self.taken(serializer_class)
            self.keep_still(record)
            operation(record, by=self.user, **values)
            return 200, self.shown(record)

        return self.write(work)

    def keep_still(self, record: Any) -> None:
        """Lock the record, if `If-Match` names its version, for an operation that asks for none."""
        if self.precondition(record) is None:
            return
        rows = self.model._base_manager.select_for_update(of=("self",)).filter(pk=record.pk)
        current = rows.values_list("version", flat=True).get()
        if current != record.version:
            raise Stale(version=current)


class SettingViewSet(WritingViewSet):
    """Lines of the configuration: read by whoever calls, shaped by those who may.

    The create operation takes `by` and the fields, the update operation the line, `by` and the
    changed fields, the delete operation the line and `by`. Where lines have versions, the last two
    take the `version` that `If-Match` names, too.
    """

    has_versions = False
    create_operation: Callable[..., Any]
    update_operation: Callable[..., Any]
    delete_operation: Callable[..., Any]

    def require(self, action: str) -> None:
        """Refuse those who may not, before anything is said about what they sent."""
        require_for_all(self.user, action, self.model)

    def _create(self) -> Answer:
        self.require("add")
        line = type(self).create_operation(by=self.user, **self.sent())
        return 201, self.shown(line)

    def _update(self) -> Answer:
        self.require("change")
        line = self.get_object()
        values = {**self.sent(line), **self.terms(line)}
        changed = type(self).update_operation(line, by=self.user, **values)
        return 200, self.shown(changed)

    def _delete(self) -> Answer:
        self.require("delete")
        line = self.get_object()
        type(self).delete_operation(line, by=self.user, **self.terms(line))
        return 204, None

    def terms(self, line: Any) -> dict[str, Any]:
        """Return what `If-Match` asks of an operation on a line, where lines have versions."""
        return {"version": self.precondition(line)} if self.has_versions else {}

    def sent(self, line: Any = None) -> dict[str, Any]:
        """Return the fields of the body by column, or say of each what is wrong with it."""
        serializer: Any = self.get_serializer(line, data=self.body(), partial=line is not None)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def shown(self, line: Any) -> Any:
        """Return what the API shows of a line just written."""
        return self.represent([line])[0]
