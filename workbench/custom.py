"""What a custom field wears in a form: the kind of its input, in the words of its label."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.translation import gettext as _

from records import custom
from records.models import CustomField
from users import formats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from users.models import User
    from workbench.rows import Editing

LONGEST_NUMBER = 60


def number_of(text: str) -> Decimal | None:
    """Read a number as people write it in their region; None when in any doubt.

    Blanks and apostrophes part thousands everywhere.

    >>> number_of("1,250.5"), number_of("-3"), number_of("1 000"), number_of("1,00"), number_of("x")
    (Decimal('1250.5'), Decimal('-3'), Decimal('1000'), None, None)
    """
    text = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    decimal, group, inner = formats.separators()
    text, decimal, group = formats.plainly(text, decimal, group)
    sign = "-" if text.startswith("-") else ""
    whole, point, rest = re.sub("^[+-]", "", text).partition(decimal)
    groups = re.split(f"[{re.escape(group)}'’ ]", whole)
    is_grouped = formats.is_grouped(groups, inner)
    if len(text) > LONGEST_NUMBER or (len(groups) > 1 and not is_grouped):
        return None
    digits = "".join(groups)
    if not re.fullmatch("[0-9]+", digits) or (point and not re.fullmatch("[0-9]+", rest)):
        return None
    try:
        return Decimal(f"{sign}{digits}.{rest or 0}") if rest else Decimal(f"{sign}{digits}")
    except InvalidOperation:
        return None


class Fitting(forms.Field):
    """A field whose values are checked by their definition, which says what is wrong in words."""

    definition: CustomField
    standing: Any = None

    def validate(self, value: Any) -> None:
        super().validate(value)
        if custom.is_empty(value):
            return
        try:
            custom.stored(self.definition, value, standing=self.standing)
        except ValueError as problem:
            raise ValidationError(str(problem)) from problem


class TextField(Fitting, forms.CharField):
    """A text, in one line or several."""


class NumberField(Fitting):
    """A whole number or a decimal one, typed as people write it: 1,250 or 12.5."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        if isinstance(value, int | Decimal) or value in self.empty_values:
            return None if value in self.empty_values else value
        text = str(value).strip()
        if not text:
            return None
        number = number_of(text)
        is_whole = self.definition.type == CustomField.Type.WHOLE
        if number is None or (is_whole and number != number.to_integral_value()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(number) if is_whole else number

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return value
        return formats.number(value)


class DayField(Fitting, forms.DateField):
    """A day, in the browser's own field."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class YesNoField(Fitting, forms.TypedChoiceField):
    """Yes, no, or not known yet: a box to tick could not tell the last two apart."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", _("Not known")), ("yes", _("Yes")), ("no", _("No"))]
        super().__init__(choices=choices, coerce=_is_yes, empty_value=None, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value

    def validate(self, value: Any) -> None:
        # The text is one of the list; what is made of it always fits.
        forms.TypedChoiceField.validate(self, value)


def _is_yes(value: Any) -> bool:
    return value if isinstance(value, bool) else value == "yes"


class OneField(Fitting, forms.ChoiceField):
    """One of the choices."""


class SeveralField(Fitting, forms.MultipleChoiceField):
    """Any number of the choices."""

    widget = forms.CheckboxSelectMultiple


KINDS: dict[str, type[Fitting]] = {
    CustomField.Type.TEXT: TextField,
    CustomField.Type.LONG_TEXT: TextField,
    CustomField.Type.WHOLE: NumberField,
    CustomField.Type.DECIMAL: NumberField,
    CustomField.Type.DATE: DayField,
    CustomField.Type.YES_NO: YesNoField,
    CustomField.Type.CHOICE: OneField,
    CustomField.Type.CHOICES: SeveralField,
}


def form_field(
    definition: CustomField, *, standing: Any = None, is_required: bool | None = None
) -> Fitting:
    """Return the form field of a custom field.

    Its values are natural ones (days, decimals, keys), which operations take as they are. A choice
    that is out of use is offered only where it is `standing`. `is_required` says otherwise than the
    definition, as a filter has to.
    """
    is_needed = definition.is_required if is_required is None else is_required
    options: dict[str, Any] = {}
    if definition.has_choices:
        options["choices"] = choices_for(definition, standing=standing)
    if definition.type == CustomField.Type.LONG_TEXT:
        options["widget"] = forms.Textarea(attrs={"rows": 3})
    field = KINDS[definition.type](
        label=definition.label,
        # Form libraries take help for markup, and an administrator's is text.
        help_text=escape(definition.help_text),
        required=is_needed,
        **options,
    )
    field.definition, field.standing = definition, standing
    field.error_messages |= words_for(definition)
    if definition.type in custom.LONGEST:
        most = custom.LONGEST[CustomField.Type(definition.type)]
        field.widget.attrs["maxlength"] = str(most)
    elif isinstance(field, NumberField):
        mode = "numeric" if definition.type == CustomField.Type.WHOLE else "decimal"
        field.widget.attrs |= {"inputmode": mode, "autocomplete": "off"}
    return field


def choices_for(definition: CustomField, *, standing: Any = None) -> list[tuple[str, str]]:
    """Return what can be chosen: a single choice begins with none."""
    stands = standing if isinstance(standing, list) else [standing]
    offered = [
        (key, choice["label"])
        if choice["is_active"]
        else (key, _("%(choice)s (out of use)") % {"choice": choice["label"]})
        for key, choice in custom.choices_of(definition).items()
        if choice["is_active"] or key in stands
    ]
    is_one = definition.type == CustomField.Type.CHOICE
    return [("", "---------"), *offered] if is_one else offered


def words_for(definition: CustomField) -> dict[str, str]:
    """Return what a form says of a value that it cannot read, in the words of the label."""
    label = {"label": definition.label}
    invalid = {
        CustomField.Type.WHOLE: _("Enter %(label)s as a whole number, like 250"),
        CustomField.Type.DECIMAL: _("Enter %(label)s as a number, like 12.5"),
        CustomField.Type.DATE: _("Enter %(label)s as a date"),
    }.get(CustomField.Type(definition.type), _("Choose one of the list for %(label)s")) % label
    # Django fills the rejected value into this sentence, so signs of per cent are doubled.
    chosen = (_("Choose one of the list for %(label)s") % label).replace("%", "%%")
    return {
        "required": custom.asked_for(definition),
        "invalid": invalid,
        "invalid_choice": chosen,
        "invalid_list": chosen,
    }


def rows_for(record: Any, user: User, editing: Editing) -> dict[str, dict[str, Any]]:
    """Return the custom fields in use of a record, by name, each for `components/field_row.html`.

    Values that do not fit their field are shown as they are written.
    """
    values = record.custom if isinstance(record.custom, dict) else {}
    return {
        each.name: editing.row(each.name, each.label, custom.in_words(each, values.get(each.key)))
        for each in custom.definitions_for(user).get(custom.kind_of(record), ())
    }


def packed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a form as an operation takes them: custom ones by key in `custom`."""
    own = {
        name.removeprefix(custom.PREFIX): value
        for name, value in values.items()
        if name.startswith(custom.PREFIX)
    }
    others = {name: v for name, v in values.items() if not name.startswith(custom.PREFIX)}
    return {**others, "custom": own} if own else others
