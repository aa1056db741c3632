"""How a list of records is narrowed: one set of filters for the page, links to it and the API."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from records.custom import PREFIX, kind_of
from records.keys import search_key
from records.permissions import hidden_fields
from users import formats
from users.models import User
from workbench.filters.columns import OwnerFilter, RecordFilterById
from workbench.filters.conditions import WHERE, ConditionFilter
from workbench.filters.custom import CustomFilter, custom_fields_of, custom_filters

if TYPE_CHECKING:
    from collections.abc import Mapping


LONGEST_SEARCH = 200


class RecordFilter(django_filters.FilterSet):
    """What every list can be narrowed by: words, and whose it is.

    An empty value does not count. A value that is none of the choices is an error: the page says so
    and shows nothing, as showing everything would answer another question than was asked.
    """

    q = django_filters.CharFilter(
        label=_("Text"), method="has_words", max_length=LONGEST_SEARCH, strip=True
    )
    owner = OwnerFilter()
    where = ConditionFilter()

    # Filters that exist for links from figures, and are not offered in the form.
    unoffered: ClassVar[tuple[str, ...]] = ()
    # Made without a form: of the custom fields only the filters that are asked for.
    is_narrow: ClassVar[bool] = False

    def __init__(
        self, data: Any = None, queryset: Any = None, *, user: User, **kwargs: Any
    ) -> None:
        self.user = user
        super().__init__(data, queryset, **kwargs)
        hidden = hidden_fields(user, kind_of(self.queryset.model))
        for name in [n for n, each in self.filters.items() if each.field_name in hidden]:
            del self.filters[name]
        asked = [name for name in self.data or () if name.startswith(PREFIX)]
        if asked or not self.is_narrow:
            found = custom_filters(
                custom_fields_of(self.queryset.model, user),
                asked=asked,
                is_offered=not self.is_narrow,
            )
            for filter_ in found.values():
                filter_.parent = self
            self.filters.update(found)
        for filter_ in self.filters.values():
            if isinstance(filter_, django_filters.ChoiceFilter):
                filter_.extra.setdefault("empty_label", _("any"))

    def has_words(self, qs: Any, name: str, value: str) -> Any:
        return qs.matching(value) if search_key(value) else qs

    @property
    def chips(self) -> list[dict[str, Any]]:
        """Each applied filter in words: "Owner", "me"."""
        chips = []
        for name, filter_ in self.filters.items():
            value = self.form.cleaned_data.get(name) if self.form.is_valid() else None
            if name == "q" or value in (None, "", []):
                continue
            if isinstance(filter_, ConditionFilter):
                chips += filter_.chips(value)
                continue
            chip = {"name": name, "label": filter_.label}
            if isinstance(filter_, CustomFilter) and value is not None:
                chip["text"] = filter_.in_words(value)
            else:
                chip["value"] = self.words(name, value)
            chips.append(chip)
        return chips

    def words(self, name: str, value: Any) -> str:
        """Return a value as a person would say it."""
        field, filter_ = self.form.fields[name], self.filters[name]
        if isinstance(filter_, RecordFilterById | OwnerFilter):
            return filter_.name_of(value)
        if isinstance(field, forms.ModelChoiceField):
            return str(value)
        if isinstance(field, forms.ChoiceField):
            return str(dict(_flat(field.choices)).get(str(value), value))
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        return formats.day(value) if isinstance(value, date) else str(value)

    @property
    def offered(self) -> list[Any]:
        """The fields of the "Add filter" form."""
        names = [
            name
            for name in self.form.fields
            if name not in ("q", WHERE)
            and name not in self.unoffered
            and getattr(self.filters[name], "is_offered", True)
        ]
        for name in names:
            self.form.fields[name].widget.attrs.setdefault("class", "c-input")
        return [self.form[name] for name in names]


def _flat(choices: Any) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for value, label in choices:
        flat += _flat(label) if isinstance(label, list | tuple) else [(str(value), label)]
    return flat


def applied(data: Mapping[str, str], names: Any) -> dict[str, str]:
    """Return the filters that a query string applies: named, and not empty."""
    return {name: data[name] for name in names if data.get(name)}
