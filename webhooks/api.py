"""Webhooks for programs: whom we tell of what happens, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django_filters import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from records.operations import delete_setting, require_for_all
from webhooks import jobs, operations
from webhooks.models import EVENTS, Message, Webhook
from workbench import api

if TYPE_CHECKING:
    from users.models import User
    from workbench.api.views import Answer

MOST_MESSAGES = 100


@extend_schema_field({"type": "string", "nullable": True})
class Secret(serializers.Field[Any, Any, Any, Any]):
    """What the receiver knows us by; given out once, when it is made."""

    def get_attribute(self, instance: Webhook) -> None:
        return None

    def to_representation(self, value: Any) -> None:
        return None


class WebhookSerializer(api.Strict, serializers.ModelSerializer[Any]):
    """An address that is told of what happens."""

    name = api.Text(max_length=120)
    url = api.Text(max_length=1_000)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=[(event, event) for event in EVENTS]),
        required=False,
        help_text="What it is told of. Empty: everything.",
    )
    is_active = api.YesNo(required=False)
    secret = Secret(
        read_only=True,
        help_text="Null, except in the answer that makes the webhook or another secret.",
    )

    class Meta:
        model = Webhook
        read_only_fields = ("version",)
        fields = ["id", "version", "name", "url", "events", "is_active", "secret"]


class MessageSerializer(serializers.ModelSerializer[Any]):
    """What the webhook was told once, and how far that is."""

    id = serializers.CharField(source="name", help_text="The `webhook-id` of the message.")
    kind = serializers.CharField(source="record_type.model")
    state = serializers.CharField(help_text="waiting, sending, sent or failed.")

    class Meta:
        model = Message
        fields = [
            "id", "event", "kind", "record_id", "state", "attempts", "status", "error",
            "created_at", "next_at", "sent_at",
        ]  # fmt: skip


class WebhookViewSet(api.SettingViewSet):
    """The webhooks: only those whose role says so see them at all."""

    model = Webhook
    has_versions = True
    order = ("name", "id")
    serializer_class = WebhookSerializer
    secrets: ClassVar[frozenset[str]] = frozenset({"secret"})
    filterset_class = api.filters_for(Webhook, ["name", "is_active"], page=FilterSet)

    def rows(self) -> Any:
        require_for_all(self.user, "view", Webhook)
        return Webhook.objects.all()

    @staticmethod
    def create_operation(*, by: User, **values: Any) -> Webhook:
        return operations.save_webhook(Webhook(**values), by=by)

    @staticmethod
    def update_operation(webhook: Webhook, *, by: User, **values: Any) -> Webhook:
        current = Webhook.objects.select_for_update(of=("self",)).filter(pk=webhook.pk).first()
        if current is None:
            raise NotFound
        for name, value in values.items():
            if name != "version" or value is not None:
                setattr(current, name, value)
        return operations.save_webhook(current, by=by)

    @staticmethod
    def delete_operation(webhook: Webhook, *, by: User, version: int | None = None) -> None:
        delete_setting(webhook, by=by, parts=("messages",), version=version)

    def _create(self) -> Answer:
        status, body = super()._create()
        return status, self._with_secret(body)

    @extend_schema(request=None, responses=WebhookSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Any, pk: str) -> Response:
        """Make another secret. For a day messages are signed by both."""

        def work() -> Answer:
            self.require("change")
            webhook = operations.rotate_secret(self.get_object(), by=self.user)
            return 200, self._with_secret(self.shown(webhook))

        return self.write(work)

    @extend_schema(request=None, responses={202: MessageSerializer})
    @action(detail=True, methods=["post"])
    def ping(self, request: Any, pk: str) -> Response:
        """Send a message that says nothing, to see whether it arrives."""

        def work() -> Answer:
            self.require("change")
            return 202, MessageSerializer(jobs.ping(self.get_object(), by=self.user)).data

        return self.write(work)

    @extend_schema(responses=MessageSerializer(many=True))
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def messages(self, request: Any, pk: str) -> Response:
        """Return the last hundred messages, the newest first."""
        rows = self.get_object().messages.select_related("record_type").order_by("-pk")
        return Response(MessageSerializer(rows[:MOST_MESSAGES], many=True).data)

    def _with_secret(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "secret": Webhook.objects.get(pk=body["id"]).secret}
