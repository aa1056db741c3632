"""Web forms and doors for programs: what an administrator shapes, by the same operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.shortcuts import get_object_or_404
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from intake import operations
from intake.forms import snippet_of
from intake.models import Door, DoorField, DoorKey, WebForm, WebFormField
from opportunities.models import Campaign, Source
from records.operations import delete_setting, require_for_all
from records.permissions import scope_of
from users.models import Grant
from workbench import api

if TYPE_CHECKING:
    from users.models import User
    from workbench.api.views import Answer

Entered = TypeVar("Entered", WebForm, Door)
ENTRANCE = [
    "id", "version", "name", "slug", "url", "is_active", "topic", "source", "campaign", "owner",
    "on_known",
]  # fmt: skip
FORMS_ON_KNOWN = [
    choice for choice in WebForm.OnKnown.choices if choice[0] != WebForm.OnKnown.UPDATE
]


class EntranceSerializer(api.Strict, serializers.ModelSerializer[Any]):
    """What a web form and a door have in common."""

    name = api.Text(max_length=120)
    slug = api.Text(
        required=False,
        max_length=60,
        help_text="Stands in the address. Left out, it is made of the name.",
    )
    url = serializers.SerializerMethodField()
    is_active = api.YesNo(required=False)
    topic = api.Text(required=False, allow_blank=True, max_length=200)
    source = api.Listed(Source, required=False, allow_null=True)
    campaign = api.Listed(Campaign, required=False, allow_null=True)
    owner = api.Person(required=False, allow_null=True)
    on_known = api.Word(required=False, choices=WebForm.OnKnown.choices)

    def absolute(self, path: str) -> str:
        return str(self.context["request"].build_absolute_uri(path))


def standing(entrance: Entered, values: dict[str, Any]) -> Entered:
    """Return an entrance as it stands by now, held, with these values and no others changed.

    It was read before it was held: what somebody else has changed since is not written over. A
    `version` among the values is the one that has to stand.
    """
    rows: Any = type(entrance)._default_manager.select_for_update(of=("self",))
    current: Entered | None = rows.filter(pk=entrance.pk).first()
    if current is None:
        raise NotFound
    for name, value in values.items():
        if name != "version" or value is not None:
            setattr(current, name, value)
    return current


# Web forms


class WebFormFieldSerializer(api.Strict, serializers.Serializer[WebFormField]):
    """One field that a form asks for, or a value that every lead of it gets."""

    field = api.Text(max_length=80)
    label = api.Text(required=False, allow_blank=True, max_length=120)
    help = api.Text(source="help_text", required=False, allow_blank=True, max_length=200)
    required = api.YesNo(source="is_required", required=False)
    hidden = api.YesNo(source="is_hidden", required=False)
    value = api.Text(required=False, allow_blank=True, max_length=300)


class FormFields(serializers.ListField):
    """The fields of a form in their order. What is sent takes the place of all that there were."""

    child = WebFormFieldSerializer()

    def get_attribute(self, instance: WebForm) -> list[WebFormField]:
        return sorted(instance.fields.all(), key=lambda line: (line.position, line.pk))

    def to_internal_value(self, data: Any) -> list[WebFormField]:
        return [WebFormField(**line) for line in super().to_internal_value(data)]


class WebFormSerializer(EntranceSerializer):
    """A form that anybody on the web can send."""

    on_known = api.Word(required=False, choices=FORMS_ON_KNOWN)
    title = api.Text(required=False, allow_blank=True, max_length=200)
    introduction = api.Text(required=False, allow_blank=True, max_length=2_000)
    button = api.Text(required=False, allow_blank=True, max_length=60)
    consent_text = api.Text(required=False, allow_blank=True, max_length=2_000)
    is_consent_required = api.YesNo(required=False)
    thanks = api.Text(required=False, allow_blank=True, max_length=2_000)
    redirect_url = api.Text(required=False, allow_blank=True, max_length=500)
    hourly_limit = api.Whole(required=False, min_value=1, max_value=100_000)
    fields = FormFields(required=False)

    class Meta:
        model = WebForm
        validators: ClassVar[list[Any]] = []  # the operation says that an address is taken
        read_only_fields = ("version", "consent_version")
        fields = [
            *ENTRANCE,
            "title", "introduction", "button", "consent_text", "consent_version",
            "is_consent_required", "thanks", "redirect_url", "hourly_limit", "fields",
        ]  # fmt: skip

    def get_url(self, form: WebForm) -> str:
        return self.absolute(form.get_absolute_url())


class SnippetSerializer(serializers.Serializer[Any]):
    """A form as HTML for another website."""

    html = serializers.CharField(allow_null=True, help_text="Null in a repeated answer.")


class EntranceViewSet(api.SettingViewSet):
    """What forms and doors have in common: only those whose role says so see them at all."""

    has_versions = True
    order = ("name", "id")

    def rows(self) -> Any:
        require_for_all(self.user, "view", self.model)
        rows = self.model._default_manager.select_related("source", "campaign", "owner")
        return rows.prefetch_related(*self.parts)

    parts: ClassVar[tuple[str, ...]] = ("fields",)

    def shown(self, line: Any) -> Any:
        return self.represent([get_object_or_404(self.rows(), pk=line.pk)])[0]


class WebFormViewSet(EntranceViewSet):
    """The web forms: what they ask for, what visitors read, what becomes of a lead."""

    model = WebForm
    serializer_class = WebFormSerializer
    secrets = frozenset({"html"})  # the key of the form is in it
    filterset_class = api.filters_for(WebForm, ["name", "slug", "is_active"], page=FilterSet)

    @staticmethod
    def create_operation(*, by: User, fields: Any = None, **values: Any) -> WebForm:
        return operations.save_web_form(WebForm(**values), by=by, fields=fields)

    @staticmethod
    def update_operation(form: WebForm, *, by: User, fields: Any = None, **values: Any) -> WebForm:
        return operations.save_web_form(standing(form, values), by=by, fields=fields)

    @staticmethod
    def delete_operation(form: WebForm, *, by: User, version: int | None = None) -> None:
        delete_setting(form, by=by, parts=("fields",), version=version)

    @extend_schema(responses=SnippetSerializer)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def snippet(self, request: Any, pk: str) -> Response:
        """Return the form as HTML to put into another website."""
        return Response(self.snippet_of(self.get_object()))

    @extend_schema(request=None, responses=SnippetSerializer)
    @action(detail=True, methods=["post"], url_path="renew-snippet")
    def renew_snippet(self, request: Any, pk: str) -> Response:
        """Make a new snippet: what the old one sends waits in quarantine from now on."""

        def work() -> Answer:
            self.require("change")
            form = operations.renew_snippet(self.get_object(), by=self.user)
            return 200, self.snippet_of(form)

        return self.write(work)

    def snippet_of(self, form: WebForm) -> dict[str, str]:
        address = self.request.build_absolute_uri(form.get_absolute_url())
        return {"html": snippet_of(form, address)}


# Doors


class DoorFieldSerializer(api.Strict, serializers.Serializer[DoorField]):
    """Where in a payload a field stands, or what it is always."""

    path = api.Text(required=False, allow_blank=True, max_length=200)
    field = api.Text(max_length=80)
    otherwise = api.Text(source="value", required=False, allow_blank=True, max_length=300)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "object", "additionalProperties": {"type": "string"}},
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field"],
                    "properties": {
                        "path": {"type": "string"},
                        "field": {"type": "string"},
                        "otherwise": {"type": "string"},
                    },
                },
            },
        ],
        "example": {"contact.email": "email"},
        "description": "Where in a payload a field stands: a list of `path`, `field` and "
        "`otherwise`, or, in short, an object of path and field. Given out as a list.",
    }
)
class Mapping(serializers.ListField):
    """The mapping of a door in its order. What is sent takes the place of all that there was."""

    child = DoorFieldSerializer()

    def get_attribute(self, instance: Door) -> list[DoorField]:
        return sorted(instance.fields.all(), key=lambda row: (row.position, row.pk))

    def to_internal_value(self, data: Any) -> list[DoorField]:
        if isinstance(data, dict):
            data = [{"path": path, "field": name} for path, name in data.items()]
        return [DoorField(**row) for row in super().to_internal_value(data)]


@extend_schema_field({"type": "string", "nullable": True})
class Secret(api.Text):
    """What its sender proves itself by; given out once, when it is made."""

    def get_attribute(self, instance: Door) -> None:
        return None


class DoorSerializer(EntranceSerializer):
    """An address at which another system hands in leads."""

    kind = api.Word(choices=Door.Kind.choices, required=False)
    mapping = Mapping(required=False)
    secret = Secret(
        required=False,
        max_length=200,
        help_text="For HubSpot the client secret of your app. Null, except in the answer that "
        "makes the door or adds a key.",
    )

    class Meta:
        model = Door
        validators: ClassVar[list[Any]] = []  # the operation says that an address is taken
        read_only_fields = ("version",)
        fields = [*ENTRANCE, "kind", "mapping", "secret"]

    @extend_schema_field({"type": "string", "nullable": True})
    def get_url(self, door: Door) -> str | None:
        """Return the newest address, for those who may change the door: whoever has it gets in."""
        if scope_of(self.context["request"].user, "change", Door) != Grant.Scope.ALL:
            return None
        newest = max(door.keys.all(), key=lambda key: key.pk, default=None)
        return self.absolute(newest.get_absolute_url()) if newest else None


class DoorKeySerializer(serializers.Serializer[Any]):
    """A new address, and the secret that is told this once; in a repeated answer neither."""

    url = serializers.CharField(allow_null=True)
    secret = serializers.CharField(allow_null=True)


class ClosedSerializer(serializers.Serializer[Any]):
    """How many addresses are closed now."""

    closed = serializers.IntegerField()


class DoorViewSet(EntranceViewSet):
    """The doors: how a sender gets in, where its payload says what, what becomes of a lead."""

    model = Door
    parts = ("fields", "keys__door")
    serializer_class = DoorSerializer
    secrets = frozenset({"secret", "url"})  # the key of the door is in its address
    filterset_class = api.filters_for(Door, ["name", "slug", "kind", "is_active"], page=FilterSet)

    @staticmethod
    def create_operation(*, by: User, mapping: Any = None, secret: str = "", **values: Any) -> Door:
        return operations.save_door(Door(**values), by=by, mapping=mapping, secret=secret)

    @staticmethod
    def update_operation(
        door: Door, *, by: User, mapping: Any = None, secret: str = "", **values: Any
    ) -> Door:
        return operations.save_door(standing(door, values), by=by, mapping=mapping, secret=secret)

    @staticmethod
    def delete_operation(door: Door, *, by: User, version: int | None = None) -> None:
        delete_setting(door, by=by, parts=("fields", "keys"), version=version)

    def _create(self) -> Answer:
        status, body = super()._create()
        return status, {**body, "secret": DoorKey.objects.get(door=body["id"]).secret}

    @extend_schema(request=None, responses={201: DoorKeySerializer})
    @action(detail=True, methods=["post"], url_path="add-key")
    def add_key(self, request: Any, pk: str) -> Response:
        """Give the door another address and, but for HubSpot, another secret. The old ones stay."""

        def work() -> Answer:
            self.require("change")
            key = operations.add_key(self.get_object(), by=self.user)
            url = self.request.build_absolute_uri(key.get_absolute_url())
            return 201, {"url": url, "secret": key.secret}

        return self.write(work)

    @extend_schema(request=None, responses=ClosedSerializer)
    @action(detail=True, methods=["post"], url_path="drop-old-keys")
    def drop_old_keys(self, request: Any, pk: str) -> Response:
        """Close every address but the newest."""

        def work() -> Answer:
            self.require("change")
            return 200, {"closed": operations.drop_old_keys(self.get_object(), by=self.user)}

        return self.write(work)
