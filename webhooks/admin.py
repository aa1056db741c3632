"""Webhooks and what became of each message, in the administration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.errors import Refused
from webhooks import jobs, operations
from webhooks.models import EVENTS, Message, Webhook
from workbench.admin import Button, ReadOnlyAdmin, SettingAdmin, VersionedForm, user_of

if TYPE_CHECKING:
    from django.http import HttpRequest


class WebhookForm(VersionedForm):
    """A webhook; what it is told of is ticked."""

    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        required=False,
        choices=[(event, event) for event in EVENTS],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: all of them."),
    )


@admin.register(Webhook)
class WebhookAdmin(SettingAdmin):
    """Addresses of other systems that are told of what happens here."""

    form = WebhookForm
    list_display = ("name", "url", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "url")
    ordering = ("name", "pk")
    parts = ("messages",)
    actions = ("ping", "rotate_secret")
    readonly_fields = ("secrets",)
    fieldsets = (
        (None, {"fields": ["name", "url", "is_active"]}),
        (gettext_lazy("How it knows us"), {"fields": ["secrets"]}),
        (gettext_lazy("What it is told"), {"fields": ["events"]}),
    )

    @admin.display(description=gettext_lazy("secret"))
    def secrets(self, webhook: Webhook) -> str:
        return webhook.shown if webhook.pk else _("Save it first.")  # type: ignore[attr-defined]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Fetch a webhook, with its secret for those who may change it."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.shown = (
                found.secret
                if self.has_change_permission(request, found)
                else _("Only who may change the webhook sees it.")
            )
        return found

    def get_buttons(self, request: HttpRequest, obj: Webhook) -> list[Button]:
        address = self.address("changelist").replace("/webhook/", "/message/")
        log = Button(_("Messages"), url=f"{address}?webhook__id__exact={obj.pk}")
        if not self.has_change_permission(request, obj):
            return [log]
        return [
            log,
            Button(_("Send a test"), "ping"),
            Button(_("Make a new secret"), "rotate_secret"),
        ]

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        operations.save_webhook(obj, by=user_of(request))

    @admin.action(permissions=["change"], description=gettext_lazy("Send a test"))
    def ping(self, request: HttpRequest, queryset: Any) -> None:
        for webhook in queryset:
            jobs.ping(webhook, by=user_of(request))
            told = _("A test goes to %(webhook)s. The messages say whether it has arrived.")
            self.message_user(request, told % {"webhook": webhook}, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Make a new secret"))
    def rotate_secret(self, request: HttpRequest, queryset: Any) -> None:
        for webhook in queryset:
            operations.rotate_secret(webhook, by=user_of(request))
            told = _(
                "%(webhook)s has a new secret. For a day messages are signed by the old one too."
            )
            self.message_user(request, told % {"webhook": webhook}, messages.SUCCESS)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What webhooks were told, how far each message is, and what was answered."""

    list_display = (
        "name", "event", "record_id", "webhook", "state", "status", "attempts", "error",
        "created_at",
    )  # fmt: skip
    list_filter = ("state", "webhook", "event", "created_at")
    list_select_related = ("webhook",)
    search_fields = ("event__istartswith", "error")
    ordering = ("-created_at", "-pk")
    sortable_by = ("created_at",)
    fields = (
        "name", "webhook", "event", "record_type", "record_id", "state", "attempts", "status",
        "error", "created_at", "next_at", "sent_at", "body",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("send_again",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show what was sent to whom nothing is kept from: it holds whole records."""
        is_kept = bool(user_of(request).withheld)
        return tuple(name for name in self.fields if name != "body" or not is_kept)

    @admin.display(description=gettext_lazy("message"))
    def name(self, message: Message) -> str:
        return message.name

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "change")

    def get_buttons(self, request: HttpRequest, obj: Message) -> list[Button]:
        is_open = not obj.is_on_its_way and self.has_resend_permission(request)
        return [Button(_("Send again"), "send_again")] if is_open else []

    @admin.action(permissions=["resend"], description=gettext_lazy("Send selected again"))
    def send_again(self, request: HttpRequest, queryset: Any) -> None:
        for message in queryset.order_by("pk"):
            try:
                jobs.resend(message, by=user_of(request))
            except Refused as refusal:
                self.message_user(request, f"{message}: {refusal}", messages.WARNING)
            else:
                told = _("%(message)s is sent again.") % {"message": message}
                self.message_user(request, told, messages.SUCCESS)
