"""Filters on custom fields: what they keep is said by the language of conditions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.conditions import ConditionIsWrong, Field, Group, Test, parse, words
from records.custom import KINDS, definitions_for, kind_of
from records.models import CustomField
from records.vocabulary import asked_about
from users import formats
from users.models import User
from workbench.filters.conditions import link_seen
from workbench.forms import date_input
from workbench.templatetags.workbench import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


KNOWN = {"__known": "known"}
NUMBERS = {
    "__gte": "at_least",
    "__lte": "at_most",
    "": "is",
    "__gt": "more_than",
    "__lt": "less_than",
    **KNOWN,
}
DAYS = {"__gte": "From", "__lte": "Until", "": "on", "__gt": "after", "__lt": "before", **KNOWN}
# Type in a condition → ending of the filter's name → comparison of the language. What begins with
# a capital is none of its own: from a day on, until a day.
LOOKUPS: dict[str, dict[str, str]] = {
    "text": {
        "__contains": "contains",
        "": "is",
        "__startswith": "starts_with",
        "__in": "one_of",
        **KNOWN,
    },
    "number": NUMBERS,
    "money": NUMBERS,
    "date": DAYS,
    "moment": DAYS,
    "yes_no": {"": "yes"},
    "choice": {"": "is", "__in": "one_of", **KNOWN},
    "link": {"": "is", **KNOWN},
    "choices": {"": "any_of", "__in": "any_of", "__all": "all_of", **KNOWN},
}
# What the form of a list offers; the others are for links and programs.
OFFERED = {
    "text": ("__contains",),
    "number": ("__gte", "__lte"),
    "money": ("__gte", "__lte"),
    "date": ("__gte", "__lte"),
    "moment": ("__gte", "__lte"),
    "yes_no": ("",),
    "choice": ("",),
    "choices": ("",),
    "link": (),
}
FORM_LABELS = {
    "contains": _("%(field)s contains"),
    "at_least": _("%(field)s, at least"),
    "at_most": _("%(field)s, at most"),
    "From": _("%(field)s from"),
    "Until": _("%(field)s until"),
}
YES_OR_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
ONE_DAY = timedelta(days=1)


def custom_fields_of(model: Any, user: User) -> tuple[CustomField, ...]:
    """Return the custom fields in use of a kind of record; of a kind without any costs nothing."""
    kind = kind_of(model)
    return definitions_for(user)[kind] if kind in KINDS else ()


def looked_for(definition: CustomField) -> Field:
    """Return a custom field as conditions know it; choices out of use can be looked for as well."""
    field = asked_about(definition)
    if definition.type == CustomField.Type.USER:
        return field  # who they are is read when somebody looks
    if definition.type == CustomField.Type.RECORD and definition.viewer is not None:
        return replace(field, rows=link_seen(definition, definition.viewer))
    return replace(field, choices=[*field.choices, *field.retired], retired=())


class Compared(forms.Field):
    """The value of a filter on a custom field; clean it is the condition that it stands for."""

    def __init__(self, about: Field, comparison: str, **options: Any) -> None:
        self.about, self.comparison = about, comparison
        super().__init__(required=False, **options)

    def clean(self, value: Any) -> Test | Group | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return self._read(text)
        except ConditionIsWrong as wrong:
            raise forms.ValidationError(wrong.reasons) from wrong

    def _read(self, text: str) -> Test | Group:
        comparison: str = self.comparison
        value: Any = text
        if comparison in {"yes", "known"}:
            answer = YES_OR_NO.get(text.lower())
            if answer is None:
                raise forms.ValidationError(_("Choose yes or no"))
            other = {"yes": "no", "known": "unknown"}[comparison]
            return self._parsed(comparison if answer else other)
        if comparison in {"From", "Until"}:
            on = self._parsed("on", text).value
            shift = -ONE_DAY if comparison == "From" else ONE_DAY
            return Test(
                self.about.name,
                "after" if comparison == "From" else "before",
                on + shift,
                self.about.type,
            )
        if comparison in {"one_of", "any_of", "all_of"}:
            value = [part.strip() for part in text.split(",") if part.strip()]
        return self._parsed(comparison, value)

    def _parsed(self, comparison: str, value: Any = None) -> Test:
        test = {"field": self.about.name, "is": comparison}
        if value is not None:
            test["value"] = value
        group = parse({"all": [test]}, {self.about.name: self.about}, translate=gettext)
        return group.parts[0]  # type: ignore[return-value]

    @property
    def sample(self) -> dict[str, Any]:
        """What the schema of the API says of the value."""
        if self.comparison in {"one_of", "any_of", "all_of"}:
            return {"type": "string", "example": ",".join(k for k, _l in self.about.choices[:2])}
        match self.about.type:
            case "number" | "money" | "link" if self.comparison != "known":
                return {"type": "string", "format": "decimal"}
            case "date" | "moment" if self.comparison != "known":
                return {"type": "string", "format": "date"}
            case "choice" if self.comparison == "is" and isinstance(self.about.choices, list):
                return {"type": "string", "enum": [key for key, _label in self.about.choices]}
        return {"type": "boolean" if self.comparison in {"yes", "known"} else "string"}


class CustomFilter(django_filters.Filter):
    """Rows by a custom field: what it keeps is said by the language of conditions."""

    def __init__(self, definition: CustomField, lookup: str) -> None:
        self.about = looked_for(definition)
        self.comparison = LOOKUPS[self.about.type][lookup]
        self.is_offered = lookup in OFFERED[self.about.type]
        label = FORM_LABELS.get(self.comparison, "%(field)s") % {"field": definition.label}
        super().__init__(field_name="custom", label=label)

    @property
    def field(self) -> Compared:
        return Compared(self.about, self.comparison, label=self.label, widget=self.widget())

    def widget(self) -> forms.Widget:
        """Return the control of the form."""
        match self.about.type:
            case "yes_no":
                return forms.Select(
                    choices=[("", _("any")), ("true", _("yes")), ("false", _("no"))]
                )
            case "choice" | "choices" if self.is_offered:
                return forms.Select(choices=[("", _("any")), *self.about.choices])
            case "date" | "moment":
                return date_input()
            case "number" | "money":
                return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        return forms.TextInput(attrs={"autocomplete": "off"})

    def filter(self, qs: Any, value: Test | Group | None) -> Any:
        return qs if value is None else qs.meeting(value, {self.about.name: self.about})

    def in_words(self, value: Test | Group) -> str:
        """Say in a sentence what is kept."""
        if self.comparison in {"From", "Until"} and isinstance(value, Test):
            shift = ONE_DAY if self.comparison == "From" else -ONE_DAY
            return f"{self.label} {day(value.value + shift)}"
        return words(value, {self.about.name: self.about}, translate=gettext, write=formats.value)


def custom_filters(
    fields: Sequence[CustomField],
    *,
    asked: Iterable[str] = (),
    is_offered: bool = False,
    is_all: bool = False,
) -> dict[str, CustomFilter]:
    """Return the filters on custom fields: those asked for, those that a form offers, or all."""
    names, found = set(asked), {}
    for definition in fields:
        type_ = asked_about(definition).type
        for lookup in LOOKUPS[type_]:
            name = f"{definition.name}{lookup}"
            if is_all or name in names or (is_offered and lookup in OFFERED[type_]):
                found[name] = CustomFilter(definition, lookup)
    return found
