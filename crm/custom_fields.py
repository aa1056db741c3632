"""Custom fields for programs: what is defined, and how those who may shape it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from records.custom import choices_of
from records.models import CustomField
from records.operations.deleting_fields import delete_field
from records.operations.shaping import MOST_CHOICES, save_field
from workbench import api

if TYPE_CHECKING:
    from users.models import User


@extend_schema_field(
    {
        "type": "array",
        "maxItems": MOST_CHOICES,
        "items": {
            "type": "object",
            "required": ["label"],
            "properties": {
                "key": {"type": "string"},
                "label": {"type": "string"},
                "is_active": {"type": "boolean", "default": True},
            },
        },
    }
)
class Choices(serializers.Field[Any, Any, Any, Any]):
    """The choices in their order, each a label or an object; a key is made where none is given."""

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            raise serializers.ValidationError(_("Send a list of choices."))
        lines = [{"label": line} if isinstance(line, str) else line for line in data]
        for line in lines:
            if not isinstance(line, dict) or line.keys() - {"key", "label", "is_active"}:
                raise serializers.ValidationError(
                    _("Send each choice as a label, or with key, label and is_active.")
                )
            if not isinstance(line.get("is_active", True), bool):
                raise serializers.ValidationError(_("is_active is true or false."))
            if not all(isinstance(line.get(name, ""), str) for name in ("key", "label")):
                raise serializers.ValidationError(_("Send key and label as texts."))
        return lines

    def get_attribute(self, instance: CustomField) -> list[dict[str, Any]]:
        return list(choices_of(instance).values())

    def to_representation(self, value: Any) -> Any:
        return value


class CustomFieldSerializer(api.Strict, serializers.ModelSerializer[CustomField]):
    """A field that was given to a kind of record. Its key names it for good."""

    kind = api.Word(choices=CustomField.Kind.choices)
    key = api.Text(required=False, max_length=60, allow_blank=True)
    label = api.Text(max_length=80)  # type: ignore[assignment]  # names of fields, not options
    type = api.Word(choices=CustomField.Type.choices)
    help = api.Text(source="help_text", required=False, allow_blank=True, max_length=200)
    required = api.YesNo(source="is_required", required=False)  # type: ignore[assignment]
    default = serializers.JSONField(required=False, allow_null=True)
    choices = Choices(required=False)
    target = api.Word(choices=CustomField.LAID_OUT, required=False, allow_blank=True)
    limits = serializers.DictField(required=False)
    translations = serializers.DictField(
        required=False,
        help_text="By the code of a language: `label`, `help` and `choices`, labels by key.",
    )
    section = api.Text(required=False, allow_blank=True, max_length=80)
    position = api.SmallWhole(required=False, min_value=0)
    is_active = api.YesNo(required=False)

    class Meta:
        model = CustomField
        validators: list[Any] = []  # the operation says, in words, that a key is taken
        read_only_fields = ("version", "deleted_at")
        fields = [
            "id",
            "version",
            "kind",
            "key",
            "label",
            "type",
            "help",
            "required",
            "default",
            "choices",
            "limits",
            "target",
            "translations",
            "section",
            "position",
            "is_active",
            "deleted_at",
        ]


class CustomFieldViewSet(api.SettingViewSet):
    """The custom fields, retired ones among them.

    Deleting one takes it out of use, and its data stays for 30 days: whoever sends `is_active` true
    until then brings it back.
    """

    model = CustomField
    has_versions = True
    serializer_class = CustomFieldSerializer
    filterset_class = api.filters_for(
        CustomField, ["kind", "key", "type", "is_active"], page=FilterSet
    )

    @staticmethod
    def create_operation(*, by: User, **values: Any) -> CustomField:
        return save_field(CustomField(**values), by=by)

    @staticmethod
    def update_operation(field: CustomField, *, by: User, **values: Any) -> CustomField:
        for name, value in values.items():
            if name != "version" or value is not None:
                setattr(field, name, value)
        return save_field(field, by=by)

    @staticmethod
    def delete_operation(field: CustomField, *, by: User, version: int | None = None) -> None:
        field.version = version or field.version
        delete_field(field, by=by)
