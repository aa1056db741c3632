"""Forms on the web, doors for other systems, and what came in by them, in the administration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake import mapping, operations, rules
from intake.forms import TryForm, snippet_of
from intake.models import (
    Delivery,
    Door,
    DoorField,
    Reference,
    WebForm,
    WebFormField,
)
from records.errors import Refused
from workbench.admin import (
    Button,
    ReadOnlyAdmin,
    SettingAdmin,
    SettingInline,
    VersionedForm,
    user_of,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from users.models import User

LEAD = (
    gettext_lazy("What becomes of a lead"),
    {"fields": ["topic", "source", "campaign", "owner", "on_known"]},
)


def field_choice(label: str, fields: list[tuple[str, str]]) -> forms.ChoiceField:
    """Return the choice of a field. A line on one that is left out still says which it was."""
    return forms.ChoiceField(
        label=label, choices=[("", "---------"), *fields, *rules.fields_left_out(fields)]
    )


# Web forms


class WebFormFieldInline(SettingInline):
    """What the form asks for, in this order."""

    model = WebFormField
    fields = ("position", "field", "label", "help_text", "is_required", "is_hidden", "value")
    ordering = ("position", "pk")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "field":
            return field_choice(_("Field"), rules.fields_to_ask())
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(WebForm)
class WebFormAdmin(SettingAdmin):
    """Forms that anybody on the web can send, as a page here or inside another website."""

    form = VersionedForm
    list_display = ("name", "slug", "is_active", "campaign", "source", "owner")
    list_filter = ("is_active",)
    list_select_related = ("campaign", "source", "owner")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("owner", "campaign")
    inlines = (WebFormFieldInline,)
    parts = ("fields",)
    actions = ("renew_snippet",)
    readonly_fields = ("page", "consent_version")
    fieldsets = (
        (None, {"fields": ["name", "slug", "is_active", "page"]}),
        (
            gettext_lazy("What visitors read"),
            {"fields": ["title", "introduction", "button", "thanks", "redirect_url"]},
        ),
        (
            gettext_lazy("Consent"),
            {"fields": ["consent_text", "is_consent_required", "consent_version"]},
        ),
        LEAD,
        (gettext_lazy("Robots"), {"fields": ["hourly_limit"]}),
    )

    @admin.display(description=gettext_lazy("page"))
    def page(self, form: WebForm) -> str:
        return form.get_absolute_url() if form.pk else _("Save it first.")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        buttons = [Button(_("HTML for another website"), url=self.address("snippet", obj.pk))]
        if self.has_change_permission(request, obj):
            buttons.append(Button(_("Make a new snippet"), "renew_snippet"))
        return buttons

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "redirect_url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: WebForm, form: Any, change: bool) -> None:
        operations.save_web_form(obj, by=user_of(request))

    @admin.action(permissions=["change"], description=gettext_lazy("Make a new snippet"))
    def renew_snippet(self, request: HttpRequest, queryset: Any) -> None:
        for form in queryset:
            operations.renew_snippet(form, by=user_of(request))
            told = _("%(form)s has a new snippet; what the old one sends waits in quarantine.")
            self.message_user(request, told % {"form": form}, messages.SUCCESS)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.snippet_view)
        return [
            path("<int:pk>/snippet/", view, name="intake_webform_snippet"),
            *super().get_urls(),
        ]

    def snippet_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the form as HTML to copy."""
        web_form = self.get_object(request, str(pk))
        if web_form is None or not self.has_view_permission(request, web_form):
            raise Http404
        context = {
            "snippet": snippet_of(
                web_form, request.build_absolute_uri(web_form.get_absolute_url())
            ),
        }
        title = _("%(form)s on another website") % {"form": web_form}
        return self.own_page(request, "form_snippet", title, context, original=web_form)


# Doors


class DoorFieldInline(SettingInline):
    """Where in a payload each field stands, besides what its kind of system always sends."""

    model = DoorField
    fields = ("position", "path", "field", "value")
    ordering = ("position", "pk")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "field":
            return field_choice(_("Field of the lead"), rules.fields_to_map())
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class DoorForm(VersionedForm):
    """A door. The secret of a sender is typed here and not shown among the fields again."""

    secret = forms.CharField(
        label=gettext_lazy("Secret of the sender"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "For HubSpot and Meta the secret of your app, for Standard Webhooks that of the "
            "sender. Empty: it stays as it is; a door has one of its own from the start."
        ),
    )


@admin.register(Door)
class DoorAdmin(SettingAdmin):
    """Addresses at which other systems hand in leads."""

    form = DoorForm
    list_display = ("name", "slug", "kind", "is_active", "campaign", "source")
    list_filter = ("kind", "is_active")
    list_select_related = ("campaign", "source")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("owner", "campaign")
    inlines = (DoorFieldInline,)
    parts = ("fields", "keys")
    actions = ("add_key", "drop_old_keys")
    readonly_fields = ("addresses",)
    fieldsets = (
        (None, {"fields": ["name", "slug", "kind", "is_active"]}),
        (gettext_lazy("How the sender gets in"), {"fields": ["addresses", "secret"]}),
        LEAD,
    )

    @admin.display(description=gettext_lazy("addresses"))
    def addresses(self, door: Door) -> str:
        return door.shown if door.pk else _("Save it first.")  # type: ignore[attr-defined]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Fetch a door, with its addresses for those who may change it."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.shown = (
                "\n".join(_lines_of(request, found))
                if self.has_change_permission(request, found)
                else _("Only who may change the door sees them.")
            )
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # What came in is read as its kind says; another kind would read it otherwise.
        return [*super().get_readonly_fields(request, obj), *(["kind"] if obj else [])]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        buttons = [Button(_("Try a payload"), url=self.address("try", obj.pk))]
        if self.has_change_permission(request, obj):
            buttons.append(Button(_("Add an address"), "add_key"))
            if obj.keys.count() > 1:
                buttons.append(Button(_("Close the old addresses"), "drop_old_keys"))
        return buttons

    def save_model(self, request: HttpRequest, obj: Door, form: Any, change: bool) -> None:
        operations.save_door(obj, by=user_of(request))
        if secret := form.cleaned_data.get("secret"):
            operations.set_secret(obj, by=user_of(request), secret=secret)

    @admin.action(permissions=["change"], description=gettext_lazy("Add an address"))
    def add_key(self, request: HttpRequest, queryset: Any) -> None:
        for door in queryset:
            operations.add_key(door, by=user_of(request))
            told = _("%(door)s has another address. The old one stays open until you close it.")
            self.message_user(request, told % {"door": door}, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Close the old addresses"))
    def drop_old_keys(self, request: HttpRequest, queryset: Any) -> None:
        for door in queryset:
            count = operations.drop_old_keys(door, by=user_of(request))
            told = ngettext(
                "%(count)d address is closed.", "%(count)d addresses are closed.", count
            )
            self.message_user(request, told % {"count": count}, messages.SUCCESS)

    # Trying a mapping

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.try_view)
        return [path("<int:pk>/try/", view, name="intake_door_try"), *super().get_urls()]

    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what the mapping makes of the last payload, or of a typed one. Stores nothing."""
        door = self.get_object(request, str(pk))
        if door is None or not self.has_view_permission(request, door):
            raise Http404
        last = door.deliveries.exclude(raw=b"").order_by("-pk").first()
        given = None if request.method == "POST" or last is None else _text_of(last)
        form = TryForm(request.POST if request.method == "POST" else given)
        context = {
            "form": form,
            "is_last": given is not None,
        }
        if form.is_bound and form.is_valid():
            data = form.cleaned_data
            context |= tried(door, data["payload"], data["content_type"], by=user_of(request))
        title = _("Try a payload on %(door)s") % {"door": door}
        return self.own_page(request, "door_try", title, context, original=door)


def _lines_of(request: HttpRequest, door: Door) -> list[str]:
    """Return the addresses of a door, each with what its sender has to send along."""
    lines = []
    for key in door.keys.order_by("-pk"):
        lines.append(f"POST {request.build_absolute_uri(key.get_absolute_url())}")
        match door.kind:
            case Door.Kind.MARKETO:
                lines.append(f"X-Door-Key: {key.secret}")
            case Door.Kind.DATAVERSE:
                lines.append(f"X-Door-Key: {key.secret}")
                lines.append(_("or ?code=%(secret)s") % {"secret": key.secret})
            case Door.Kind.GOOGLE:
                lines.append(_("key of the form: %s") % key.secret)
            case Door.Kind.META:
                lines.append(_("word to verify: %s") % key.key)
                lines.append(_("signed with the secret of your app, typed below"))
            case Door.Kind.STANDARD:
                lines.append(_("signed with the secret of the sender, typed below"))
            case Door.Kind.HMAC:
                lines.append(
                    _("X-Timestamp: seconds; X-Signature: HMAC-SHA-256 over “seconds.body” by %s")
                    % key.secret
                )
            case Door.Kind.HUBSPOT:
                lines.append(
                    _("signed with the secret that you typed, or for a workflow: X-Door-Key: %s")
                    % key.secret
                )
    return lines


def _text_of(delivery: Delivery) -> dict[str, str]:
    kind = delivery.content_type.partition(";")[0].strip()
    fields = "application/x-www-form-urlencoded"
    return {
        "payload": bytes(delivery.raw)[:100_000].decode("utf-8", "replace").replace("\x00", "�"),
        "content_type": fields if kind == fields else "application/json",
    }


def tried(door: Door, payload: str, content_type: str, *, by: User) -> dict[str, Any]:
    """Return what a door would make of a payload: events with fields, or what is wrong."""
    try:
        data = mapping.payload_of(payload.encode(), content_type)
        events = mapping.events_of(door.kind, data)
        results = []
        for event in events[:20]:
            told = rules.told_by(mapping.mapped(event.values, rules.rows_of(door)), by=by)
            own = {f"custom.{key}": mapping.said(value) for key, value in told.custom.items()}
            found = {**told.fields, **own, **told.utm}
            fields = [(rules.label_of(name), value) for name, value in found.items()]
            if told.products:
                fields.append((rules.label_of("products"), ", ".join(map(str, told.products))))
            results.append(
                {
                    "subject": event.subject or told.external_id,
                    "fields": fields,
                    "unread": told.unread,
                    "problem": event.unread or rules.missing_in(told),
                }
            )
    except mapping.PayloadIsWrong as wrong:
        return {"wrong": str(wrong)}
    except Refused as refusal:
        return {"wrong": str(refusal)}
    paths = [(name, mapping.said(value)[:200]) for name, value in mapping.leaves(events[0].values)]
    return {"results": results, "paths": paths[:200]}


# What came in


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Everything that came in, and what became of it; the inbox decides about it."""

    list_display = ("id", "entrance", "state", "received_at", "repeats", "attempts", "lead")
    list_filter = ("state", "door", "form", "received_at")
    list_select_related = ("door", "form", "lead")
    ordering = ("-pk",)
    sortable_by = ("received_at",)
    date_hierarchy = "received_at"
    fields = (
        "entrance",
        "state",
        "error",
        "received_at",
        "processed_at",
        "repeats",
        "attempts",
        "lead",
        "subject",
        "has_consent",
        "consent_text",
        "consent_version",
        "payload",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description=gettext_lazy("came by"))
    def entrance(self, delivery: Delivery) -> str:
        return str(delivery.entrance)

    @admin.display(description=gettext_lazy("payload"))
    def payload(self, delivery: Delivery) -> str:
        return bytes(delivery.raw)[:20_000].decode("utf-8", "replace")


@admin.register(Reference)
class ReferenceAdmin(ReadOnlyAdmin):
    """What other systems call what they told of, and the lead that came of it."""

    list_display = ("name", "door", "lead")
    list_filter = ("door",)
    list_select_related = ("door", "lead")
    search_fields = ("name",)
    ordering = ("-pk",)
    sortable_by = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)
