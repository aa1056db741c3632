"""What a form can ask for: records, money, dates; and how it is laid out.

A form validates; it never saves. The page hands its cleaned data to an operation.
"""

from __future__ import annotations

import json
import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Div, Fieldset, Layout, Row
from crispy_forms.utils import TEMPLATE_PACK
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model, Q, QuerySet
from django.forms.utils import ErrorDict, flatatt
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _

from records import custom
from records.form_conditions import asked, conditions_for, drafted
from records.keys import search_key, text_problem
from records.layouts import Part, parts_for, quick_parts_for
from records.models import FIRST_YEAR, LAST_YEAR, Currency, CustomField, Record
from records.models import MoneyField as MoneyColumn
from records.permissions import fixed_fields, hidden_fields
from users import formats
from users.models import User
from workbench.custom import Fitting, form_field, packed
from workbench.forms.conditions import AsksConditions, ConditionField, is_editing_only
from workbench.forms.tags import TagsField

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


__all__ = [
    "AsksConditions",
    "ConditionField",
    "CurrencyField",
    "LookupField",
    "LookupWidget",
    "MoneyField",
    "OperationForm",
    "PageForm",
    "RecordForm",
    "RecordsField",
    "Section",
    "TagsField",
    "amount_of",
    "colleagues",
    "currency_choices",
    "date_input",
    "error_links",
    "helper_for",
    "is_editing_only",
    "label_of",
    "narrow",
    "word",
]

LONGEST_AMOUNT = 40
LARGEST_ID = 2**63 - 1
MANY = 8  # more records than this are not listed to choose from
_ENDINGS = {"": 0, "k": 3, "m": 6, "mio": 6, "b": 9, "bn": 9}
_AMOUNT = re.compile(r"(?P<digits>[\d.,'’ ]*\d)\s*(?P<ending>k|m|mio|bn?)?", re.IGNORECASE)


# Money


def amount_of(text: str, *, decimal: str = ".", group: str = ",", inner: int = 3) -> Decimal | None:
    """Read an amount as people write it; None when there is any doubt what is meant.

    A currency around it is skipped, blanks and apostrophes part thousands everywhere, and `k` and
    `m` stand for thousands and millions. `inner` is how many digits stand together before the last
    three: two in India.

    >>> amount_of("30k"), amount_of("€30 000"), amount_of("1,250,000.50 EUR")
    (Decimal('30000'), Decimal('30000'), Decimal('1250000.50'))
    >>> amount_of("30.000,50", decimal=",", group="."), amount_of("1.5m")
    (Decimal('30000.50'), Decimal('1500000'))
    >>> amount_of("1,00,000", inner=2), amount_of("1,00,000")
    (Decimal('100000'), None)
    >>> amount_of("around 30k"), amount_of("30.000"), amount_of("3,00"), amount_of("1e5")
    (None, None, None, None)
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if len(text) > LONGEST_AMOUNT:
        return None
    text, decimal, group = formats.plainly(text, decimal, group)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Sc").strip()
    text = re.sub(r"^[A-Z]{3}\s*(?=[\d])|(?<=[\dkKmM])\s*[A-Z]{3}$", "", text).strip()
    found = _AMOUNT.fullmatch(text)
    if not found or (not text.isascii() and "’" not in text):
        return None
    whole, point, rest = found["digits"].partition(decimal)
    groups = re.split(f"[{re.escape(group)}'’ ]", whole)
    is_grouped = formats.is_grouped(groups, inner)
    ending = _ENDINGS[(found["ending"] or "").lower()]
    if (len(groups) > 1 and not is_grouped) or not "".join(groups).isdigit():
        return None
    if point and (not rest.isdigit() or (len(rest) > 2 and not ending)):
        return None
    return (
        Decimal(f"{''.join(groups)}.{rest or 0}e{ending}").normalize() + 0
        if ending
        else (Decimal("".join(groups) + (f".{rest}" if rest else "")))
    )


class MoneyField(forms.DecimalField):
    """An amount, typed as people write it: 30k, 30,000 or €30 000."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter the amount as a number, like %(example)s"),
        "min_value": _("Enter an amount that is not below zero"),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("min_value", Decimal(0))
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or isinstance(value, Decimal):
            return value or None if not isinstance(value, Decimal) else value
        if not str(value).strip():
            return None
        decimal, group, inner = formats.separators()
        amount = amount_of(str(value), decimal=decimal, group=group, inner=inner)
        if amount is None:
            text = str(value).strip()
            below = amount_of(text[1:], decimal=decimal, group=group, inner=inner)
            if text[0] in "-−" and below is not None:
                raise ValidationError(self.error_messages["min_value"], code="min_value")
            raise ValidationError(
                self.error_messages["invalid"],
                code="invalid",
                params={"example": formats.number(80000)},
            )
        return amount.quantize(Decimal("0.01")) if amount.adjusted() < 20 else amount

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return formats.number(value, 0 if value == value.to_integral() else 2)
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


class CurrencyField(forms.ChoiceField):
    """One of the currencies that the installation knows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=cache(currency_choices), **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> CurrencyField:
        """Let each form read the currencies once, if it shows them at all."""
        copy: CurrencyField = super().__deepcopy__(memo)
        copy.choices = cache(currency_choices)
        return copy

    def valid_value(self, value: Any) -> bool:
        at_hand = {str(settings.DEFAULT_CURRENCY), self.initial}
        return str(value) in at_hand or super().valid_value(value)


def currency_choices() -> list[tuple[str, str]]:
    codes = {settings.DEFAULT_CURRENCY, *Currency.objects.values_list("pk", flat=True)}
    return [(code, code) for code in sorted(codes)]


# Records


class LookupWidget(forms.TextInput):
    """A text field that proposes records while one types, and offers a choice of several."""

    model: type[Model]
    candidates: Sequence[Model] = ()
    found: Model | None = None

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return data.get(f"{name}-choice") or data.get(name)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        context = self.get_context(name, value, attrs)
        context["candidates"] = [(candidate, label_of(candidate)) for candidate in self.candidates]
        context["lookup_url"] = reverse(
            "workbench:lookup", kwargs={"kind": self.model._meta.model_name}
        )
        context["name"] = name
        context["attributes"] = flatatt(context["widget"]["attrs"])
        return render_to_string("components/lookup.html", context)


def label_of(record: Model) -> str:
    """Return a text that names `record` for people and, by its number, without doubt."""
    return f"{record} (#{record.pk})"


def _is_label(text: str, record: Model) -> bool:
    return text.casefold().split() == label_of(record).casefold().split()


class LookupField(forms.ModelChoiceField):
    """A record named by its name, its number or both; never a list of all of them.

    Without scripts one types a name; when several records match, the form comes back and asks.
    What is `standing` but cannot be seen looks as if there were none: leaving it so keeps it.
    """

    widget = LookupWidget
    standing: int | None = None
    # What the user may see, the recycle bin among it.
    with_bin: QuerySet[Any] | None = None
    default_error_messages: ClassVar[dict[str, Any]] = {
        "none": _("Nothing is called “%(value)s”"),
        "several": _("Several are called “%(value)s”. Choose one"),
        "many": _("More than %(many)d are called “%(value)s”. Type more of the name"),
    }

    def __init__(self, queryset: QuerySet[Any], **kwargs: Any) -> None:
        super().__init__(queryset, **kwargs)
        self.widget.model = queryset.model

    # A list of choices would hold every record there is.
    choices = property(lambda self: (), lambda self, value: None)

    @property
    def rows(self) -> Any:
        """The records that can be named, as `narrow` has left them."""
        return self.queryset

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Model):
            return label_of(value)
        if isinstance(value, int) and not isinstance(value, bool):
            record = self.nameable(value)
            return label_of(record) if record else ""
        return value

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return self.unseen()
        rows = self.rows
        if problem := text_problem(text):
            raise ValidationError(problem)
        if (record := self._numbered(text)) is not None:
            return record
        found = list(rows.matching(text).order_by("pk")[: MANY + 1]) if search_key(text) else []
        named = [record for record in found if str(record).casefold() == text.casefold()]
        if len(named or found) == 1:
            self.widget.candidates = ()
            return (named or found)[0]
        self.widget.candidates = found[:MANY]
        code = "none" if not found else "many" if len(found) > MANY else "several"
        raise ValidationError(
            self.error_messages[code], code=code, params={"value": text[:60], "many": MANY}
        )

    def _numbered(self, text: str) -> Any:
        """Return the record that is named by its number; a name before that has to be its own.

        Else a record called “Plant #1” would be the one of that number. What stands may have got
        another name while the form was open.
        """
        found = re.fullmatch(r"#(\d{1,18})|(?s:.*) \(#(\d{1,18})\)", text)
        if found is None:
            return None
        record = self.nameable(int(found[1] or found[2]))
        if record is None or found[1] or record.pk == self.standing or _is_label(text, record):
            return record
        return None

    def nameable(self, pk: int) -> Any:
        """Return the record of a number, if it can be named here; what stands also from the bin."""
        record = self.rows.filter(pk=pk).first()
        if record is None and pk == self.standing and self.with_bin is not None:
            record = self.with_bin.filter(pk=pk).first()
        return record

    def unseen(self) -> Any:
        """Return the record that stands here and that the user cannot see, if there is one."""
        if self.standing is None or self.nameable(self.standing) is not None:
            return None
        return self.rows.model._base_manager.filter(pk=self.standing).first()

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = initial.pk if isinstance(initial, Model) else initial
        try:
            after = self.to_python(data)
        except ValidationError:
            return True
        return bool(before != (after.pk if after else None))


class LinkField(Fitting, LookupField):
    """The record that a custom field links to."""

    @classmethod
    def of(cls, definition: CustomField, user: User, *, standing: Any) -> LinkField:
        rows: Any = definition.target_model.objects.all()
        field = cls(
            rows.permitted(user, "view"),
            label=definition.label,
            help_text=escape(definition.help_text) or _("Type a name"),
            required=definition.is_required,
        )
        field.definition = definition
        field.standing = standing if isinstance(standing, int) else None
        field.with_bin = definition.target_model.all_objects.permitted(user, "view")
        return field

    def clean(self, value: Any) -> int | None:
        """Return the number: the name of a record that is hidden must not come along."""
        record = super().clean(value)
        return None if record is None else int(record.pk)


def own_field(definition: CustomField, user: User, *, standing: Any = None) -> Fitting:
    """Return the form field of a custom field, a link to a record among them."""
    if definition.type == CustomField.Type.RECORD:
        return LinkField.of(definition, user, standing=standing)
    return form_field(definition, standing=standing)


def own_fields(kind: str, user: User) -> dict[str, Fitting]:
    """Return the fields that a new record of `kind` has besides its built-in ones, by name."""
    fields = {}
    fixed = fixed_fields(user, kind)
    for each in (each for each in custom.definitions_for(user)[kind] if each.name not in fixed):
        field = fields[each.name] = own_field(each, user, standing=each.default)
        field.initial = custom.natural(each, each.default)
    return fields


class RecordsField(forms.ModelMultipleChoiceField):
    """Any number of lines of a list, each named by its number."""

    def clean(self, value: Any) -> Any:
        # A number that no column can hold is a choice that is not there, not a fault of ours.
        for key in value if isinstance(value, list | tuple) else ():
            text = str(key)
            if not (text.isascii() and text.isdigit() and 1 <= int(text[:20]) <= LARGEST_ID):
                raise ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": text[:60]},
                )
        return super().clean(value)


class ToldWidget(forms.Widget):
    """A value to read, in the place of its input."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        return format_html('<output id="{}">{}</output>', (attrs or {}).get("id", name), value)


class ToldField(forms.Field):
    """A field that somebody may read and not change: nothing that is sent is taken."""

    widget = ToldWidget

    def __init__(self, told: Any, **options: Any) -> None:
        words = _("Not filled in") if told in (None, "") else told
        super().__init__(required=False, disabled=True, initial=words, **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


# Forms


@dataclass(frozen=True)
class Section:
    """A part of a form: a heading and rows of one or two fields."""

    title: Any
    rows: Sequence[str | tuple[str, ...]]


class TitledRows(Fieldset):
    """The rows of a section under its title, which administrators write: it is text.

    The library would read it as a template, and run what stands in it.
    """

    def render(self, form: Any, context: Any, template_pack: Any = TEMPLATE_PACK, **kw: Any) -> Any:
        fields = self.get_rendered_fields(form, context, template_pack, **kw)
        return render_to_string(
            "bootstrap5/layout/section.html", {"title": self.legend, "fields": fields}
        )


class Conditions(Div):
    """What the page reads to follow the conditions of a form; nothing is seen of it."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(data_follows=json.dumps(told), hidden=True)


def helper_for(sections: Iterable[Section], fields: Mapping[str, Any]) -> FormHelper:
    """Return the layout of a form: its sections, then whatever they leave out."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.form_show_errors = True
    placed: set[str] = set()
    parts: list[Any] = []
    for section in sections:
        rows = []
        for row in section.rows:
            names = [name for name in ([row] if isinstance(row, str) else row) if name in fields]
            placed.update(names)
            if names:
                rows.append(Row(*[Column(name) for name in names]))
        if rows:
            parts.append(TitledRows(section.title, *rows) if section.title else Div(*rows))
    parts += [name for name in fields if name not in placed]
    helper.layout = Layout(*parts)
    return helper


class PageForm(AsksConditions, forms.Form):
    """A form of a page: it knows who fills it in, and has a layout."""

    sections: ClassVar[Sequence[Section]] = ()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        narrow(self.fields, user)
        word(self.fields)

    @property
    def helper(self) -> FormHelper:
        return helper_for(self.sections, self.fields)


class OperationForm(PageForm):
    """What an operation on a record asks for: the names of its fields are its keywords."""

    def __init__(self, *args: Any, record: Any, **kwargs: Any) -> None:
        self.record = record
        super().__init__(*args, **kwargs)


class RecordForm(forms.ModelForm[Any]):
    """A record's own fields. `save` is not for forms: an operation does it.

    Choices of other records are narrowed to what the user may see, money is read as people write
    it, and a hidden `version` (editing) or `submission` (creating) comes and goes with the form.
    Custom fields, named `custom.<key>`, and the layout of an administrator are part of it; `packed`
    makes of its values what operations take.
    """

    sections: ClassVar[Sequence[Section]] = ()
    # Of these at least one has to be filled in, so a layout cannot hide them all.
    one_of: ClassVar[Sequence[str]] = ()
    one_of_words: ClassVar[Any] = ""
    # The fields of the short form in which a new record begins, unless it is laid out otherwise.
    quick: ClassVar[Sequence[str]] = ()
    # Fields that say one thing and are changed as one, under the name of the first.
    together: ClassVar[Sequence[tuple[str, ...]]] = ()
    # Shown again as it was typed, unchecked.
    is_draft = False
    # Fields that the page shows in a place of its own.
    apart: Sequence[str] = ()

    def __init__(
        self,
        *args: Any,
        user: User,
        only: Collection[str] = (),
        is_quick: bool = False,
        **kwargs: Any,
    ) -> None:
        """Make the form; of `only` some fields where not all of the record is in question.

        A quick one is the short form in which a new record begins.
        """
        self.user = user
        self.is_quick = is_quick
        super().__init__(*args, **kwargs)
        narrow(self.fields, user, self.instance)
        self._read_as_people_write()
        self._add_custom_fields()
        word(self.fields)
        self.adapt()
        self._lay_out()
        self._fix(is_whole=not only)
        self.conditions = conditions_for(self.kind, self.user)
        self.is_whole = not only
        if only:
            self.fields = {name: self.fields[name] for name in only if name in self.fields}
        if self.instance.pk:
            self.fields["version"] = forms.IntegerField(
                widget=forms.HiddenInput, initial=self.instance.version, required=True, min_value=1
            )
        else:
            self.fields["submission"] = forms.UUIDField(
                widget=forms.HiddenInput, initial=uuid.uuid4, required=False
            )

    def full_clean(self) -> None:
        if not self.is_draft:
            super().full_clean()
            if self.is_bound and self.is_whole and self.conditions:
                self._heed_conditions()
            return
        self._errors = ErrorDict()
        self.cleaned_data: dict[str, Any] = {}

    def _heed_conditions(self) -> None:
        """Ask for what is asked for now, and take nothing of what is not shown now."""
        draft = drafted(self.instance, packed(self.values))
        for name in self.conditions.hidden_on(draft):
            self.cleaned_data.pop(name, None)
            self.errors.pop(name, None)
        for name in self.conditions.required_on(draft):
            if (name in self.fields or self.is_quick) and name not in self.errors:
                value: Any = self.cleaned_data.get(name)
                if custom.is_empty(value) or (isinstance(value, QuerySet) and not value.exists()):
                    for sentence in asked(self.kind, name, self.user).get(name, ()):
                        self.add_error_to([name], sentence)

    def adapt(self) -> None:
        """Change fields to what this record and this user need; the layout comes after it."""

    @property
    def kind(self) -> str:
        return custom.kind_of(self.instance)

    def _read_as_people_write(self) -> None:
        for name, field in self.fields.items():
            column = _column_of(self.instance, name)
            if isinstance(column, MoneyColumn):
                self.fields[name] = MoneyField(
                    label=field.label, required=field.required, max_digits=column.max_digits
                )
            elif isinstance(field, forms.DateField):
                field.widget = date_input()
            elif name == "currency":
                self.fields[name] = CurrencyField(label=field.label, initial=field.initial)
            elif name == "tags":
                self.fields[name] = TagsField(required=field.required)

    def _add_custom_fields(self) -> None:
        """Ask for the custom fields in use, with what stands or, for a new record, the default."""
        if self.kind not in custom.KINDS:
            return
        stored = self.instance.custom if isinstance(self.instance.custom, dict) else {}
        for each in custom.definitions_for(self.user).get(self.kind, ()):
            standing = stored.get(each.key) if self.instance.pk else each.default
            self.fields[each.name] = own_field(each, self.user, standing=standing)
            self.initial.setdefault(each.name, custom.natural(each, standing))

    def _lay_out(self) -> None:
        """Put the fields into their sections; what the layout hides is not taken, however sent."""
        self.laid_out: list[Section] = list(self.sections)
        if self.kind not in custom.KINDS:
            return
        rows = {n: row for each in self.sections for row in each.rows for n in _named(row)}
        standard = [(section.title, _names_in(section)) for section in self.sections]
        first: list[str | tuple[str, ...]] = []
        if self.is_quick or custom.known_to(self.user).layouts.get(self.kind) is not None:
            # What is no field of the record, like the word for "a different one", is not laid out.
            first = [name for name in rows if _column_of(self.instance, name) is None]
            standard = [(title, [n for n in names if n not in first]) for title, names in standard]
            rows = {}
        parts = parts_for(self.kind, self.user, standard)
        self._heed(parts)
        if self.is_quick:
            parts = self._shortened(parts)
        self.laid_out = [Section("", first)] if first else []
        self.laid_out += [Section(part.title, self._rows(part, rows)) for part in parts]

    def _fix(self, *, is_whole: bool) -> None:
        """Take nothing of what the roles of the user keep: hidden fields go, others are told."""
        hidden = hidden_fields(self.user, self.kind)
        for name in fixed_fields(self.user, self.kind) & self.fields.keys():
            if name in hidden or not self.instance.pk or not is_whole:
                del self.fields[name]
                continue
            field = self.fields[name]
            told = field.prepare_value(self.get_initial_for_field(field, name))
            if isinstance(field, Fitting):
                told = custom.in_words(field.definition, field.standing)
            elif isinstance(field, forms.ChoiceField):
                told = dict(field.choices).get(told, told)  # type: ignore[arg-type]
            self.fields[name] = ToldField(told, label=field.label)
            self.initial.pop(name, None)  # or it would be told as it is stored

    def _heed(self, parts: Iterable[Part]) -> None:
        """Take away what is hidden, and ask for what is required."""
        for place in (place for part in parts for place in part.places):
            field = self.fields.get(place.name)
            if field is not None and not place.is_visible:
                del self.fields[place.name]
            elif field is not None and place.is_required:
                field.required = field.widget.is_required = True

    def _shortened(self, parts: Iterable[Part]) -> list[Part]:
        """Keep what the short form names, and what no record can be saved without."""
        quick = quick_parts_for(self.kind, self.user, self.quick)
        self._heed(quick)
        named = {place.name for part in quick for place in part.places}
        others = [place for part in parts for place in part.places if place.name not in named]
        needed = tuple(place for place in others if self._is_asked(place.name))
        for place in others:
            if place not in needed:
                self.fields.pop(place.name, None)
        return [*quick, Part("", needed)]

    def _is_asked(self, name: str) -> bool:
        """Say whether a field has to be filled in and has nothing in it by itself."""
        field = self.fields.get(name)
        return bool(
            field and field.required and custom.is_empty(self.get_initial_for_field(field, name))
        )

    def _rows(self, part: Part, built_in: Mapping[str, Any]) -> list[str | tuple[str, ...]]:
        """Return the rows of a section: as built in, or short fields two in a row."""
        rows: list[str | tuple[str, ...]] = []
        waiting: str | None = None
        for name in (place.name for place in part.places if place.name in self.fields):
            row = built_in.get(name)
            is_wide = row is None and _is_wide(self.fields[name])
            if row is not None or is_wide:
                rows += [waiting] if waiting else []
                waiting = None
                if row is None or row not in rows:
                    rows.append(name if row is None else row)
            elif waiting:
                rows.append((waiting, name))
                waiting = None
            else:
                waiting = name
        return [*rows, waiting] if waiting else rows

    @property
    def helper(self) -> FormHelper:
        shown = {name: field for name, field in self.fields.items() if name not in self.apart}
        helper = helper_for(self.laid_out, shown)
        if told := self.told_conditions():
            helper.layout.insert(0, Conditions(told))
        return helper

    def told_conditions(self) -> dict[str, Any]:
        """Return the conditions as the page follows them while somebody types."""
        return self.conditions.as_data() if self.conditions else {}

    def add_error_to(self, names: Iterable[str], sentence: Any) -> None:
        """Add an error to the first of these fields that the form shows, else at the top."""
        self.add_error(next((name for name in names if name in self.fields), None), sentence)

    @property
    def values(self) -> dict[str, Any]:
        """The cleaned data, without what only the form itself needs."""
        mine = {"version", "submission"}
        mine |= {name for name, field in self.fields.items() if isinstance(field, ToldField)}
        return {name: v for name, v in self.cleaned_data.items() if name not in mine}

    @property
    def changes(self) -> dict[str, Any]:
        """The cleaned data of the fields that somebody changed."""
        changed = set(self.changed_data)
        return {name: value for name, value in self.values.items() if name in changed}

    def clean(self) -> dict[str, Any]:
        # Uniqueness and constraints are the operation's to say: it says them under a lock.
        data, who = self.cleaned_data, self.one_of
        is_asked = self.is_whole and bool(who) and not self.errors.keys() & set(who)
        if is_asked and not any(data.get(name) for name in who):
            self.add_error_to(who, self.one_of_words)
        return data

    @classmethod
    def names_with(cls, name: str) -> tuple[str, ...]:
        """Return the fields that are changed together with one: all that say the same thing."""
        alone = (name,)
        if name == "currency":
            return alone
        return next((names for names in cls.together if name in names), alone)

    def _post_clean(self) -> None:
        """Leave the instance alone: it shows what stands, until the operation changes it."""

    def save(self, commit: bool = True) -> Any:
        raise TypeError("A form never saves: hand its data to an operation.")


def _named(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row


def _names_in(section: Section) -> list[str]:
    return [name for row in section.rows for name in _named(row)]


def _is_wide(field: forms.Field) -> bool:
    """Say whether a field takes a row of its own: long texts, and lists to tick."""
    return isinstance(field.widget, forms.Textarea | forms.CheckboxSelectMultiple)


def _column_of(instance: Model, name: str) -> Any:
    return next((f for f in instance._meta.get_fields() if f.name == name), None)


# The days that a filter takes: what a record can hold.
DAYS = [MinValueValidator(date(FIRST_YEAR, 1, 1)), MaxValueValidator(date(LAST_YEAR, 12, 31))]


def date_input() -> forms.DateInput:
    """Return the browser's own date field."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def narrow(fields: dict[str, forms.Field], user: User, instance: Model | None = None) -> None:
    """Keep of every choice of records those that `user` may see, and of lists the active lines.

    A drop-down leaks as well as a list does, and a list of every account is no drop-down.
    """
    for name, field in fields.items():
        if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
            continue
        model = field.queryset.model
        if issubclass(model, Record):
            rows = field.queryset.permitted(user, "view")  # type: ignore[attr-defined]
            if isinstance(field, LookupField):
                lookup = field
                lookup.queryset = rows
            else:
                lookup = fields[name] = LookupField(
                    rows, label=field.label, required=field.required, help_text=_("Type a name")
                )
            lookup.standing = getattr(instance, f"{name}_id", None)
            lookup.with_bin = model.all_objects.permitted(user, "view")  # type: ignore[attr-defined]
        elif issubclass(model, User):
            field.queryset = colleagues()
        elif any(column.name == "is_active" for column in model._meta.fields):
            # What was chosen before it went out of use stays chosen.
            kept = getattr(instance, f"{name}_id", None)
            field.queryset = field.queryset.filter(Q(is_active=True) | Q(pk=kept)).order_by(
                "position", "name", "pk"
            )
        if isinstance(field, forms.ModelMultipleChoiceField):
            fields[name] = RecordsField(
                field.queryset,
                label=field.label,
                required=field.required,
                widget=field.widget,
                help_text=field.help_text,
                initial=field.initial,
            )


def word(fields: Mapping[str, forms.Field]) -> None:
    """Say in the field's own terms what is to be entered, instead of that something is invalid."""
    for name, field in fields.items():
        if isinstance(field, Fitting):
            continue  # it has words of its own
        label = str(field.label or name.replace("_", " ")).lower()
        is_chosen = isinstance(field, forms.ChoiceField) and not isinstance(field, LookupField)
        required = _("Choose the %(label)s") if is_chosen else _("Enter the %(label)s")
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = required % {"label": label}
        match field:
            case MoneyField():
                field.error_messages["invalid"] = _(
                    "Enter the %(label)s as a number, like %(example)s"
                ) % {"label": label, "example": "%(example)s"}
            case forms.EmailField():
                field.error_messages["invalid"] = _(
                    "Enter an email address in the format name@example.com"
                )
            case forms.DateField():
                field.error_messages["invalid"] = _("Enter the %(label)s as a date") % {
                    "label": label
                }
            case forms.IntegerField():
                field.error_messages["invalid"] = _("Enter a whole number, like 250")


def colleagues() -> QuerySet[User]:
    """Return the people who can be chosen: everybody who is active, by name."""
    return User.objects.filter(is_active=True, is_machine=False).order_by("name", "email", "pk")


def error_links(form: Any) -> list[dict[str, Any]]:
    """Return each error of a form with the id of its field, for the summary at its top."""
    links: list[dict[str, Any]] = []
    for name, sentences in form.errors.items():
        field = form.fields.get(name)
        if isinstance(field, ConditionField) and (found := field.links(name, form[name].auto_id)):
            links += found
            continue
        target = form[name].id_for_label if name in form.fields else ""
        links += [{"text": text, "target": target, "name": name} for text in sentences]
    return links
