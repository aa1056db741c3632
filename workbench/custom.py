"""What a custom field wears in a form: the kind of its input, in the words of its label."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _

from records import custom
from records.field_types import Person, read_money, type_of
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
        is_whole = type_of(self.definition).control == "whole"
        if number is None or (is_whole and number != number.to_integral_value()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(number) if is_whole else number

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return value
        return formats.number(value)


class MoneyField(Fitting):
    """An amount with the code of its currency, typed as one: 1,250.50 EUR.

    Without a code it is in the currency of the installation.
    """

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict) or value in self.empty_values:
            return value or None
        parts = read_money(str(value))
        amount = number_of(parts["amount"]) if parts else None
        if parts is None or amount is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return {**parts, "amount": amount}

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return f"{formats.number(Decimal(value['amount']), 2)} {value['currency']}"

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            typed = self.to_python(data)
        except ValidationError:
            return True
        if initial is None or typed is None:
            return bool(initial) != bool(typed)
        try:
            return bool(initial != custom.stored(self.definition, typed, standing=initial))
        except ValueError:
            return True


class DayField(Fitting, forms.DateField):
    """A day, in the browser's own field."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class MomentField(Fitting, forms.DateTimeField):
    """A day and an hour, in the browser's own field, where the reader is."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> Any:
        """Return the moment; the seconds that stand, which nobody was shown, stay."""
        moment = super().to_python(value)
        stands = custom.natural(self.definition, self.standing)
        if moment is not None and stands is not None and stands.replace(second=0) == moment:
            return stands
        return moment


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


class PersonField(Fitting, forms.TypedChoiceField):
    """One of the users."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **kwargs)


class SeveralField(Fitting, forms.MultipleChoiceField):
    """Any number of the choices."""

    widget = forms.CheckboxSelectMultiple


# What a type of custom field calls the asking for it.
CONTROLS: dict[str, type[Fitting]] = {
    "text": TextField,
    "lines": TextField,
    "url": TextField,
    "email": TextField,
    "phone": TextField,
    "whole": NumberField,
    "decimal": NumberField,
    "money": MoneyField,
    "day": DayField,
    "moment": MomentField,
    "yes_no": YesNoField,
    "choice": OneField,
    "choices": SeveralField,
    "person": PersonField,
}
# What the browser is told of it, for its keyboard.
_ATTRIBUTES = {
    "url": {"type": "url", "autocomplete": "off"},
    "email": {"type": "email", "autocomplete": "off"},
    "phone": {"type": "tel", "autocomplete": "off"},
    "whole": {"inputmode": "numeric", "autocomplete": "off"},
    "decimal": {"inputmode": "decimal", "autocomplete": "off"},
    "money": {"autocomplete": "off"},
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
    kind = type_of(definition)
    if isinstance(kind, Person):
        options["choices"] = [("", "---------"), *kind.offered(definition, standing=standing)]
    if kind.control == "lines":
        options["widget"] = forms.Textarea(attrs={"rows": 3})
    field = CONTROLS[kind.control](
        label=definition.label,
        # Form libraries take help for markup, and an administrator's is text.
        help_text=escape(definition.help_text),
        required=is_needed,
        **options,
    )
    field.definition, field.standing = definition, standing
    field.error_messages |= words_for(definition)
    if kind.longest:
        field.widget.attrs["maxlength"] = str(kind.longest)
    field.widget.attrs |= _ATTRIBUTES.get(kind.control, {})
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
    # Django fills the rejected value into this sentence, so signs of per cent are doubled.
    chosen = (_("Choose one of the list for %(label)s") % label).replace("%", "%%")
    return {
        "required": custom.asked_for(definition),
        "invalid": type_of(definition).unreadable(definition),
        "invalid_choice": chosen,
        "invalid_list": chosen,
    }


def rows_for(record: Any, user: User, editing: Editing) -> dict[str, dict[str, Any]]:
    """Return the custom fields in use of a record, by name, each for `components/field_row.html`.

    Values that do not fit their field are shown as they are written.
    """
    values = record.custom if isinstance(record.custom, dict) else {}
    return {
        each.name: editing.row(each.name, each.label, shown(each, values.get(each.key)))
        for each in custom.definitions_for(user).get(custom.kind_of(record), ())
    }


def shown(definition: CustomField, value: Any) -> Any:
    """Return a stored value as a page shows it: an address as a link, everything else in words."""
    words = custom.in_words(definition, value)
    kind = type_of(definition)
    address = kind.address(definition, value) if words and custom.fits(definition, value) else ""
    if not address:
        return words
    if address.startswith("/"):
        return format_html('<a href="{}">{}</a>', address, words)
    return format_html('<a href="{}" rel="nofollow noopener noreferrer">{}</a>', address, words)


def packed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a form as an operation takes them: custom ones by key in `custom`."""
    own = {
        name.removeprefix(custom.PREFIX): value
        for name, value in values.items()
        if name.startswith(custom.PREFIX)
    }
    others = {name: v for name, v in values.items() if not name.startswith(custom.PREFIX)}
    return {**others, "custom": own} if own else others
