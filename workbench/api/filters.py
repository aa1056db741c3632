"""How a list of the API is narrowed: by the filters of the page, and by the fields themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.widgets import SuffixedMultiWidget
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request

from records.custom import PREFIX, kind_of
from records.models import Record
from records.permissions import hidden_fields
from users.models import User
from workbench.api import fields
from workbench.api.paging import Pages
from workbench.filters import (
    ConditionFilter,
    DayFilter,
    RecordFilter,
    custom_fields_of,
    custom_filters,
)

MOST_FILTERS = 20
MOST_IDS = 200
RANGE = {"": "exact", "__gt": "gt", "__gte": "gte", "__lt": "lt", "__lte": "lte"}


class Value(forms.Field):
    """The value of a filter, read as the API reads the same field in a body."""

    def __init__(self, reader: Any, *, is_number: bool = False, **options: Any) -> None:
        self.reader = reader
        self.is_number = is_number
        options.pop("lookup_expr", None)
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        if value in (None, ""):
            return None
        text: Any = str(value).strip()
        if "\x00" in text or len(text) > 320:
            raise ValidationError(_("This is not a value that a record could have."))
        if self.is_number and re.fullmatch(r"-?[0-9]{1,20}", text):
            text = int(text)
        try:
            return self.reader.run_validation(text)
        except serializers.ValidationError as error:
            detail = error.detail
            sentences = detail if isinstance(detail, list) else list(detail.values())
            raise ValidationError([str(sentence) for sentence in sentences]) from error


class ByValue(django_filters.Filter):
    """Compares a column with a value."""

    field_class = Value


class MomentOrDay(fields.Moment):
    """A moment, or a whole day."""

    def to_internal_value(self, value: Any) -> Any:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return fields.Day().run_validation(value)
        return super().to_internal_value(value)


class ByMoment(ByValue):
    """Compares a moment with another one, or with a day as the pages do."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if type(value) is not date:
            found: QuerySet[Any] = super().filter(qs, value)
            return found
        if self.lookup_expr == "exact":
            return self._by_day(self._by_day(qs, "gte", value), "lte", value)
        if self.lookup_expr == "gt":
            return self._by_day(qs, "gte", value + timedelta(days=1))
        if self.lookup_expr == "lt":
            return self._by_day(qs, "lte", value - timedelta(days=1))
        return self._by_day(qs, self.lookup_expr, value)

    def _by_day(self, qs: QuerySet[Any], lookup: str, day: date) -> QuerySet[Any]:
        return DayFilter(field_name=self.field_name, lookup_expr=lookup).filter(qs, day)


@extend_schema_field({"type": "string", "example": "7,8,9"})
class ByIds(django_filters.Filter):
    """Keeps the rows of these ids, parted by commas."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs if value is None else qs.filter(pk__in=value)

    @property
    def field(self) -> Any:
        return Ids(required=False)


class Ids(forms.Field):
    """Ids, parted by commas."""

    def clean(self, value: Any) -> list[int] | None:
        if value in (None, ""):
            return None
        words = str(value).split(",")
        if len(words) > MOST_IDS or not all(re.fullmatch(r"\s*[0-9]{1,18}\s*", w) for w in words):
            raise ValidationError(_("Give at most 200 ids, parted by commas."))
        return [int(word) for word in words]


@extend_schema_field({"type": "string"})
class ByOwner(django_filters.CharFilter):
    """Whose it is: an email, an id, `me` or `none`."""

    def __init__(self, field_name: str = "owner") -> None:
        text = _("Whose it is: an email, an id, `me` or `none`.")
        super().__init__(field_name, max_length=254, label=text)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        if value == "none":
            return qs.filter(**{self.field_name: None})
        if value == "me":
            return qs.filter(**{self.field_name: self.parent.user})
        if re.fullmatch(r"[0-9]{1,18}", value):
            return qs.filter(**{f"{self.field_name}_id": int(value)})
        return qs.filter(**{f"{self.field_name}__email": value.lower()})


@extend_schema_field({"type": "string"})
class ByKey(django_filters.CharFilter):
    """Keeps the rows with this line of an editable list, named by key or id, or `none`."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        if value == "none":
            return qs.filter(**{self.field_name: None})
        if re.fullmatch(r"[0-9]{1,18}", value):
            return qs.filter(**{self.field_name: int(value)})
        return qs.filter(**{f"{self.field_name}__key": value})


class ByRecord(ByValue):
    """Keeps the rows that name a record by its id, if that is one which the caller may see."""

    def __init__(self, field_name: str, *, model: type[Any]) -> None:
        self.rows = model._default_manager
        super().__init__(field_name, reader=fields.Whole(min_value=1), is_number=True)
        extend_schema_field({"type": "integer"})(self)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value is None:
            return qs
        seen = self.rows.permitted(self.parent.user).filter(pk=value).order_by()
        return qs.filter(**{f"{self.field_name}__in": seen.values("pk")})


def filters_for(
    model: type[models.Model],
    names: Iterable[str],
    *,
    page: type[django_filters.FilterSet] = RecordFilter,
    renamed: dict[str, str] | None = None,
    keys: dict[str, Callable[[str], str]] | None = None,
) -> type[django_filters.FilterSet]:
    """Return the filters of the list page, and one for each field of `names` besides.

    Numbers, dates and moments can be compared too (`__gte`, `__lt` …). `renamed` maps a name of the
    API to its column where they differ; `keys` maps a field to the function that makes the key by
    which it is looked up, in the column `<name>_key`.
    """
    found: dict[str, Any] = {
        name: _described(inner) for name, inner in page.base_filters.items() if name != "q"
    }
    found |= {"id__in": ByIds(label=_("Ids, parted by commas."))}
    for name in names:
        column = (renamed or {}).get(name, name)
        found.update(_filters_of(name, column, model, (keys or {}).get(name)))
    if any(field.name == "owner" for field in model._meta.fields):
        found["owner"] = ByOwner()
    return type(f"{model.__name__}ApiFilter", (page,), found)


def _described(found: django_filters.Filter) -> django_filters.Filter:
    """Return a filter of the page with its type, where the schema cannot find that by itself."""
    is_known = isinstance(found, django_filters.CharFilter | django_filters.DateFilter)
    if is_known or found.extra.get("choices"):
        return found
    kind = "integer" if found.field_class is forms.IntegerField else "string"
    return extend_schema_field({"type": kind})(copy(found))


def _filters_of(
    name: str, column: str, model: type[models.Model], key: Callable[[str], str] | None
) -> dict[str, Any]:
    if key is not None:
        return {name: _by_key(name, key)}
    field: Any = model._meta.get_field(column)
    if field.is_relation:
        other = field.remote_field.model
        if any(inner.name == "key" for inner in other._meta.fields):
            return {name: ByKey(column, distinct=field.many_to_many)}
        if issubclass(other, Record):
            return {name: ByRecord(column, model=other)}
        return {name: _values(column, "exact", fields.Whole(), "integer", is_number=True)}
    if field.choices and not hasattr(field, "countries"):
        words = [(word, label) for word, label in field.choices if word != ""]
        reader: Any = fields.Word(choices=words)
        return {
            name: _values(
                column, "exact", reader, {"type": "string", "enum": [w for w, _l in words]}
            )
        }
    readers: list[tuple[Any, Any, Any, bool]] = [
        (models.BooleanField, serializers.BooleanField(), "boolean", False),
        (models.DateTimeField, MomentOrDay(), {"type": "string", "format": "date-time"}, True),
        (models.DateField, fields.Day(), {"type": "string", "format": "date"}, True),
        (models.DecimalField, None, {"type": "string", "format": "decimal"}, True),
        (models.IntegerField, fields.Whole(), "integer", True),
    ]
    for kind, reader, schema, has_order in readers:
        if isinstance(field, kind):
            if reader is None:
                reader = fields.Money(  # noqa: PLW2901
                    max_digits=field.max_digits, decimal_places=field.decimal_places
                )
            is_number = isinstance(field, models.IntegerField)
            return {
                f"{name}{suffix}": _values(column, lookup, reader, schema, is_number=is_number)
                for suffix, lookup in (RANGE if has_order else {"": "exact"}).items()
            }
    return {name: _values(column, "exact", serializers.CharField(), "string")}


def _values(
    column: str, lookup: str, reader: Any, schema: Any, *, is_number: bool = False
) -> django_filters.Filter:
    kind = ByMoment if isinstance(reader, MomentOrDay) else ByValue
    found = kind(column, lookup, reader=reader, is_number=is_number)
    described = {"type": schema} if isinstance(schema, str) else schema
    return extend_schema_field(described)(found)


def _by_key(name: str, key: Callable[[str], str]) -> django_filters.Filter:
    def has_key(qs: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        found = key(value)
        return qs.filter(**{f"{name}_key": found}) if found else qs.none()

    return django_filters.CharFilter(method=has_key, max_length=320)


class ListFilters(DjangoFilterBackend):
    """Applies the filters; a parameter that is none of them is an error that names it."""

    def get_filterset_kwargs(self, request: Request, queryset: Any, view: Any) -> dict[str, Any]:
        options: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        if issubclass(view.filterset_class, RecordFilter):
            options["user"] = request.user
        return options

    def get_filterset(self, request: Request, queryset: Any, view: Any) -> Any:
        """Return the filters that are asked for: making all of them takes longer than the rows."""
        filterset = self.get_filterset_class(view, queryset)
        if filterset is None or not request.query_params.keys() - Pages.PARAMETERS:
            return None
        asked: Any = type(filterset.__name__, (filterset,), {})
        asked.base_filters = {
            name: inner
            for name, inner in filterset.base_filters.items()
            if any(key.startswith(name) for key in request.query_params)
        }
        asked.is_narrow = True
        return asked(**self.get_filterset_kwargs(request, queryset, view))

    def get_filterset_class(self, view: Any, queryset: Any = None) -> Any:
        """Return the filters; for the schema with one for each custom field that there is."""
        filterset: Any = super().get_filterset_class(view, queryset)
        is_described = getattr(view, "swagger_fake_view", False) and has_custom(filterset)
        user = getattr(getattr(view, "request", None), "user", None)
        if not is_described or not isinstance(user, User):
            return filterset
        found = {
            name: extend_schema_field(inner.field.sample)(inner)
            for name, inner in custom_filters(
                custom_fields_of(view.model, user), is_all=True
            ).items()
        }
        return type(filterset.__name__, (filterset,), found)

    def custom_names(self, request: Request, queryset: Any, filterset: Any) -> dict[str, bool]:
        """Return the filters on custom fields; nothing is read where none is asked for."""
        if not has_custom(filterset) or not any(n.startswith(PREFIX) for n in request.query_params):
            return {}
        fields = custom_fields_of(queryset.model, request.user)  # type: ignore[arg-type]
        return dict.fromkeys(custom_filters(fields, is_all=True), False)

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = getattr(view, "filterset_class", None)
        known = names_of(filterset) if filterset else {}
        hidden = hidden_fields(request.user, kind_of(queryset.model))
        for name, found in (filterset.base_filters if filterset and hidden else {}).items():
            if found.field_name in hidden:
                known.pop(name, None)
        known |= self.custom_names(request, queryset, filterset)
        errors: dict[str, list[Any]] = {}
        for name, values in request.query_params.lists():
            if name in Pages.PARAMETERS:
                continue
            if name not in known:
                errors[name[:100]] = [_("There is no such filter.")]
            elif len(values) > 1 and not known[name]:
                errors[name] = [_("This filter is given more than once.")]
        if len(request.query_params) > MOST_FILTERS + len(Pages.PARAMETERS):
            errors["filters"] = [_("Give at most 20 filters.")]
        if errors:
            raise Invalid(errors)
        narrowed = self.get_filterset(request, queryset, view)
        if narrowed is None:
            return queryset
        if not narrowed.is_valid():
            # The library fills in every sentence anew, though a sign of per cent may be a label's.
            raise Invalid(narrowed.errors)
        return narrowed.qs


def has_custom(filterset: Any) -> bool:
    """Say whether the filters are those of a kind of record."""
    return isinstance(filterset, type) and issubclass(filterset, RecordFilter)


def names_of(filterset: type[django_filters.FilterSet]) -> dict[str, bool]:
    """Return the parameters that `filterset` reads, and whether each may be given several times."""
    names: dict[str, bool] = {}
    for name, found in filterset.base_filters.items():
        is_multiple = isinstance(
            found,
            django_filters.MultipleChoiceFilter
            | django_filters.ModelMultipleChoiceFilter
            | ConditionFilter,
        )
        widget = getattr(getattr(found, "field_class", None), "widget", None)
        if isinstance(widget, type) and issubclass(widget, SuffixedMultiWidget):
            suffixes: Any = vars(widget).get("suffixes", ())
            names |= {f"{name}_{suffix}": False for suffix in suffixes if suffix}
        names[name] = is_multiple
    return names
