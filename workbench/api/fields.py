"""The fields of a resource: each takes exactly its type, and refuses the rest by name."""

from __future__ import annotations

from datetime import UTC
from typing import Any, ClassVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Model, Q
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from django_countries.fields import CountryField
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from records.custom import (
    KINDS,
    PREFIX,
    cleaned,
    definitions_for,
    kind_of,
)
from records.errors import Unacceptable
from records.field_types import type_of
from records.form_conditions import missing_in
from records.layouts import required_of
from records.models import FIRST_YEAR, LAST_YEAR, CustomField
from records.operations.tags import in_order
from records.permissions import fixed_fields, hidden_fields
from users.models import User

LARGEST_INTEGER = 2_147_483_647  # what the column of both databases holds
LARGEST_ID = 9_223_372_036_854_775_807


class Text(serializers.CharField):
    """A text; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Email(serializers.EmailField):
    """An email address."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number; a text is none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["max_value"] = min(kwargs.get("max_value") or LARGEST_INTEGER, LARGEST_INTEGER)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class SmallWhole(Whole):
    """A whole number for a small column."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "max_value": min(kwargs.get("max_value") or 32_767, 32_767)})


class YesNo(serializers.BooleanField):
    """True or false; neither 1 nor "yes"."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=_("This value"))
        return data


class Money(serializers.DecimalField):
    """An amount: given out as text, taken as text or number."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool | dict | list):
            self.fail("invalid")
        return super().to_internal_value(data)


class Word(serializers.ChoiceField):
    """One of a few words."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_choice": _("Choose one of: {words}.")
    }

    def to_internal_value(self, data: Any) -> Any:
        if data == "" and self.allow_blank:
            return ""
        if not isinstance(data, str) or data not in self.choice_strings_to_values:
            self.fail("invalid_choice", words=", ".join(self.choice_strings_to_values))
        return self.choice_strings_to_values[data]


class Moment(serializers.DateTimeField):
    """A moment in ISO 8601, given out in UTC; without a zone it is meant in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "default_timezone": UTC})

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss]Z")
        moment = super().to_internal_value(value)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail("overflow")
        return moment


class Day(serializers.DateField):
    """A date in ISO 8601."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "range": _("Choose a date between {first} and {last}.")
    }

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DD")
        day = super().to_internal_value(value)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail("range", first=FIRST_YEAR, last=LAST_YEAR)
        return day


@extend_schema_field({"type": "string", "maxLength": 2, "example": "DE"})
class Country(serializers.Field[Any, Any, Any, Any]):
    """A country by ISO 3166-1 alpha-2."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Give the country as a code of two letters, like DE (ISO 3166-1 alpha-2).")
    }

    def __init__(self, *, allow_blank: bool = True, **kwargs: Any) -> None:
        self.allow_blank = allow_blank
        kwargs.pop("max_length", None)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = data.strip().upper() if isinstance(data, str) else None
        if code == "" and self.allow_blank:
            return ""
        if code is None or len(code) != 2 or code not in countries:
            self.fail("invalid")
        return str(code)

    def to_representation(self, value: Any) -> str:
        return str(value.code or "")


@extend_schema_field({"type": "string", "example": "ada@example.com"})
class Person(serializers.Field[Any, Any, Any, Any]):
    """A user, given by email or id, given out by email. Only active ones can be chosen."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Name a user by email or id."),
        "unknown": _("There is no active user of this email or id."),
    }

    def to_internal_value(self, data: Any) -> User:
        if isinstance(data, str):
            who = {"email": data.strip().lower()}
        elif is_id(data):
            who = {"pk": data}
        else:
            self.fail("invalid")
        user = User.objects.filter(is_active=True, **who).first()
        if user is None:
            self.fail("unknown")
        return user

    def to_representation(self, value: User) -> str:
        return value.email


@extend_schema_field({"type": "string", "example": "trade-show"})
class Listed(serializers.Field[Any, Any, Any, Any]):
    """A line of an editable list, given by key, name or id, given out by key."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Name it by key or id."),
        "unknown": _("There is nothing like this in the list."),
    }

    def __init__(self, model: type[Any], **kwargs: Any) -> None:
        self.model = model
        super().__init__(**kwargs)

    def rows(self) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = self.model._default_manager.all()
        try:
            self.model._meta.get_field("is_active")
        except FieldDoesNotExist:
            return rows
        return rows.filter(is_active=True)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and data.strip():
            text = data.strip()[:200]
            spellings = {text, slugify(text), slugify(text).replace("-", "_")}
            which = Q(key__in=spellings) | Q(name__iexact=text)
        elif is_id(data):
            which = Q(pk=data)
        else:
            self.fail("invalid")
        found = list(self.rows().filter(which)[:10])
        # A name may be another line's key: what is written exactly wins.
        found.sort(key=lambda line: (line.key != data, line.pk))
        if not found:
            self.fail("unknown")
        return found[0]

    def to_representation(self, value: Any) -> str:
        return str(value.key)


class ListedMany(serializers.ListField):
    """Several lines of an editable list."""

    def __init__(self, model: type[Any], **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 100)
        super().__init__(child=Listed(model), **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        return list(dict.fromkeys(super().to_internal_value(data)))

    def to_representation(self, data: Any) -> list[str]:
        return [line.key for line in sorted(data.all(), key=lambda line: line.pk)]


class Tags(serializers.ListField):
    """The tags of a record by name. All of them are sent; one that is new is made."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=200), max_length=200, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        return list(super().to_internal_value(data))

    def to_representation(self, data: Any) -> list[str]:
        return in_order(data.all())


@extend_schema_field(OpenApiTypes.INT64)
class Related(serializers.Field[Any, Any, Any, Any]):
    """Another record by id, of those that the user can see; of others it is not even told that."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Name it by its id, a whole number."),
        "unknown": _("There is no record of this id."),
    }

    def __init__(self, model: type[Any], **kwargs: Any) -> None:
        self.model = model
        super().__init__(**kwargs)

    def get_attribute(self, instance: Any) -> Any:
        pk = getattr(instance, f"{self.source}_id")
        return pk if pk in self.context["in_scope"].get(self.model, ()) else None

    def to_representation(self, value: int) -> int:
        return value

    def to_internal_value(self, data: Any) -> Any:
        if not is_id(data):
            self.fail("invalid")
        record = seen(self.model, data, by=self.context["request"].user)
        if record is None:
            self.fail("unknown")
        return record


def seen(model: type[Any], pk: int, *, by: User) -> Any:
    """Return the record of this id if `by` may see it, else None."""
    return model._default_manager.permitted(by).filter(pk=pk).first()


class Custom(serializers.Field[Any, Any, Any, Any]):
    """The custom fields by key, each of its own type; what has no value is not there.

    A link to a record that the caller may not see is null.

    Of a record that is there only the keys that are sent change, and null takes a value away.
    """

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Send an object with the custom fields by key.")
    }

    @property
    def kind(self) -> str:
        serializer: Any = self.parent
        return kind_of(serializer.Meta.model)

    @property
    def user(self) -> User:
        return self.context["request"].user  # type: ignore[no-any-return]

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        self._refuse_kept(data)
        standing = getattr(self.parent.instance, "custom", None) or {}
        shown = self.to_representation(standing) if None in data.values() else {}
        # What is told as null stays when null is sent back: nobody takes away what he cannot see.
        sent = {
            key: value
            for key, value in data.items()
            if value is not None or key not in shown or shown[key] is not None
        }
        try:
            return cleaned(self.kind, sent, by=self.user, standing=standing) if sent else {}
        except Unacceptable as refusal:
            raise serializers.ValidationError(
                {name.removeprefix(PREFIX): told for name, told in refusal.errors.items()}
            ) from refusal

    def _refuse_kept(self, data: dict[str, Any]) -> None:
        """Refuse keys that the roles of the caller hide, as if there were none, and read-only."""
        hidden = hidden_fields(self.user, self.kind)
        told = {
            key: [_("There is no custom field of this key.")]
            if f"{PREFIX}{key}" in hidden
            else [_("This field cannot be written.")]
            for key in data
            if f"{PREFIX}{key}" in fixed_fields(self.user, self.kind)
        }
        if told:
            raise serializers.ValidationError(told)

    def to_representation(self, value: Any) -> dict[str, Any]:
        if not value or self.kind not in KINDS:
            return {}
        return {
            each.key: type_of(each).told(each, value[each.key])
            for each in definitions_for(self.user)[self.kind]
            if each.key in value
        }


def is_id(value: Any) -> bool:
    """Tell whether `value` can be the id of a row.

    >>> is_id(7), is_id(True), is_id("7"), is_id(0), is_id(2**63)
    (True, False, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_ID


class Strict(serializers.Serializer[Any]):
    """Takes the fields it has and no others; one that is only given out may not be sent."""

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        if isinstance(data, dict):
            for name in data:
                if name not in self.fields:
                    errors[name[:100]] = [ErrorDetail(str(_("There is no such field.")), "unknown")]
                elif self.fields[name].read_only:
                    errors[name] = [
                        ErrorDetail(str(_("This field cannot be written.")), "read_only")
                    ]
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **errors}) from error  # type: ignore[dict-item]
        if errors:
            raise serializers.ValidationError(errors)
        return values


class RecordSerializer(Strict, serializers.ModelSerializer[Any]):
    """A record as the API shows and takes it. It checks; operations save."""

    serializer_field_mapping: ClassVar[dict[type[models.Field[Any, Any]], Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        CountryField: Country,
        models.CharField: Text,
        models.TextField: Text,
        models.EmailField: Email,
        models.PositiveIntegerField: Whole,
        models.PositiveSmallIntegerField: SmallWhole,
        models.BooleanField: YesNo,
        models.DecimalField: Money,
        models.DateField: Day,
        models.DateTimeField: Moment,
    }
    serializer_choice_field = Word

    owner = Person(required=False, allow_null=True)
    custom = Custom(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields: for a caller without those that their roles hide."""
        found: dict[str, Any] = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        kind = kind_of(self.Meta.model)
        fixed, hidden = fixed_fields(user, kind), hidden_fields(user, kind)
        for name in [n for n, field in found.items() if (field.source or n) in fixed]:
            if (found[name].source or name) in hidden:
                del found[name]
            else:
                found[name].read_only = True
                found[name].required = False
        return found

    def to_internal_value(self, data: Any) -> Any:
        """Read the body; of a new record what is required has to be there."""
        missing = self._missing_of(data) if self.instance is None else {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            detail: Any = error.detail
            if "custom" in missing:
                missing["custom"] |= detail.get("custom", {})
            raise serializers.ValidationError({**detail, **missing}) from error
        if missing:
            raise serializers.ValidationError(missing)
        return values

    def _missing_of(self, data: Any) -> dict[str, Any]:
        """Return what a new record leaves out, by the names of the API: name → sentences."""
        fields: Any = self.fields
        custom = fields.get("custom")
        if custom is None or not isinstance(data, dict):
            return {}
        sent = {fields[name].source: value for name, value in data.items() if name in fields}
        is_object = isinstance(sent.get("custom", {}), dict)
        if not is_object:
            del sent["custom"]
        missing: dict[str, Any] = {}
        names = {field.source: name for name, field in fields.items() if not field.read_only}
        for source, told in missing_in(custom.kind, sent, by=custom.user).items():
            if source.startswith(PREFIX) and is_object:
                missing.setdefault("custom", {})[source.removeprefix(PREFIX)] = told
            elif source in names:
                missing[names[source]] = told
        return missing

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        if isinstance(model_field, CountryField):  # it has every country for its choices
            return Country, {"required": False}
        field_class, options = super().build_standard_field(field_name, model_field)
        if field_class is Word:
            options["choices"] = [choice for choice in options["choices"] if choice[0] != ""]
        return field_class, options

    def relations(self) -> dict[str, type[Model]]:
        """The fields that name other records, whose visibility has to be asked."""
        return {
            str(field.source): field.model
            for field in self.fields.values()
            if isinstance(field, Related) and not field.write_only
        }


class CustomSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """What the schema says of the custom fields: those that are defined while it is asked for."""

    target_class = "workbench.api.fields.Custom"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        field: Custom = self.target
        described: dict[str, Any] = {"type": "object", "additionalProperties": False}
        user = getattr(getattr(auto_schema.view, "request", None), "user", None)
        if not isinstance(user, User) or field.kind not in KINDS:
            # Told to a file there are none to name: they are an installation's own.
            return {**described, "additionalProperties": True}
        fields = definitions_for(user)[field.kind]
        described["properties"] = {each.key: custom_schema(each) for each in fields}
        # One description serves what is sent and what is given out, where old records may lack it.
        asked = required_of(field.kind, {}, by=user)
        if keys := ", ".join(each.key for each in fields if each.name in asked):
            described["description"] = f"A new record needs {keys}."
        return described


def custom_schema(definition: CustomField) -> dict[str, Any]:
    """Return the type of a custom field as OpenAPI says it."""
    described: dict[str, Any] = {
        "title": definition.label,
        "nullable": not definition.is_required,
    }
    if definition.help_text:
        described["description"] = definition.help_text
    return described | type_of(definition).schema(definition)
