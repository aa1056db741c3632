"""What a visitor is asked for, and what a person mends in the inbox."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django import forms
from django.core import signing
from django.db import models
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import mapping, rules
from intake.models import WebForm, WebFormField
from leads.models import Lead
from opportunities.models import Product
from records import custom
from records.keys import text_problem
from records.models import MoneyField as MoneyColumn
from workbench.custom import Fitting, form_field
from workbench.forms import MoneyField, OperationForm, Section, helper_for, word

if TYPE_CHECKING:
    from crispy_forms.helper import FormHelper

    from intake.models import Delivery
    from records.models import CustomField

SALT = "intake.form"
TOKEN, KEY, CONSENT = "form_token", "form_key", "agrees"
LONGEST_MESSAGE = 5_000
COMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "job_title": "organization-title",
    "email": "email",
    "phone": "tel",
    "mobile": "tel",
    "company": "organization",
    "website": "url",
    "street": "street-address",
    "city": "address-level2",
    "region": "address-level1",
    "postal_code": "postal-code",
    "country": "country",
}


def new_token(form: WebForm) -> str:
    """Return what proves when and for which form a page was given out."""
    return signing.dumps([form.pk, int(time.time() * 1000)], salt=SALT)


def age_of(token: str, form: WebForm) -> float | None:
    """Return how many seconds ago we gave out `token` for `form`; None when we did not."""
    try:
        number, at = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return time.time() - at / 1000 if number == form.pk else None


class PublicForm(forms.Form):
    """The fields of a web form, for a visitor. Whatever else is sent is not looked at."""

    def __init__(self, *args: Any, web_form: WebForm, **kwargs: Any) -> None:
        self.web_form = web_form
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        lines = sorted(web_form.fields.all(), key=lambda line: (line.position, line.pk))
        self.hidden = {line.field: line.value for line in lines if line.is_hidden}
        own = own_fields(lines)
        for line in lines:
            if line.is_hidden:
                continue
            if line.field in rules.ASKED:
                self.fields[line.field] = field_for(line)
            elif line.field in own:
                self.fields[line.field] = own_field_for(line, own[line.field])
        word({name: field for name, field in self.fields.items() if name not in own})
        if web_form.consent_text:
            self.fields[CONSENT] = forms.BooleanField(
                label=web_form.consent_text,
                required=web_form.is_consent_required,
                error_messages={"required": _("Tick the box to go on")},
            )

    @property
    def helper(self) -> FormHelper:
        return helper_for([], self.fields)

    @property
    def values(self) -> dict[str, str]:
        """What the form says, as texts by field, with what every lead of it gets."""
        typed = {
            name: said(value, self.fields[name])
            for name, value in self.cleaned_data.items()
            if name != CONSENT and value not in (None, "", [])
        }
        return {**typed, **self.hidden}

    @property
    def raw_values(self) -> dict[str, str]:
        """What was sent for the fields that there are, read by nobody: for the quarantine."""
        sent = {
            name: "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")
            for name, field in self.fields.items()
            if name != CONSENT
            for value in [field.widget.value_from_datadict(self.data, self.files, name)]
        }
        texts = {name: text[:LONGEST_MESSAGE].replace("\x00", "") for name, text in sent.items()}
        return {**{name: text for name, text in texts.items() if text.strip()}, **self.hidden}

    @property
    def has_consent(self) -> bool:
        return bool(CONSENT in self.fields and self.data.get(CONSENT))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, value in data.items():
            if isinstance(value, str) and (problem := text_problem(value)):
                self.add_error(name, problem)
        who = [name for name in rules.WHO if name in self.fields]
        if who and not self.errors and not any({**data, **self.hidden}.get(n) for n in rules.WHO):
            self.add_error(who[0], _("Enter a name, a company, an email or a phone number."))
        return data


def said(value: Any, field: forms.Field) -> str:
    """Return what was typed as the text that is stored and read again."""
    if isinstance(field, Fitting):
        value = custom.stored(field.definition, value)
    return mapping.said(value) or str(value)


def own_fields(lines: list[WebFormField]) -> dict[str, CustomField]:
    """Return the custom fields that a form asks for, by name; one statement, if it asks for any.

    A field may have become one of people or records since: of those it asks nobody.
    """
    if not any(line.field.startswith(custom.PREFIX) for line in lines):
        return {}
    return {
        each.name: each
        for each in custom.definitions_for(None)[rules.KIND]
        if each.type not in rules.INSIDE
    }


def own_field_for(line: WebFormField, definition: CustomField) -> forms.Field:
    """Return the form field for a custom field, in the words of the web form."""
    found = form_field(definition, is_required=line.is_required)
    found.label = line.label or definition.label
    found.help_text = escape(line.help_text or definition.help_text)
    found.initial = line.value or None
    return found


def field_for(line: WebFormField) -> Any:
    """Return the form field for one line of a web form."""
    terms: dict[str, Any] = {
        "label": line.label or rules.label_of(line.field),
        "help_text": escape(line.help_text),
        "required": line.is_required,
        "initial": line.value or None,
    }
    if line.field == "products":
        return forms.MultipleChoiceField(
            choices=products, widget=forms.CheckboxSelectMultiple, **terms
        )
    column: Any = Lead._meta.get_field(line.field)
    if isinstance(column, MoneyColumn):
        return MoneyField(max_digits=column.max_digits, **terms)
    if isinstance(column, models.TextField):
        return forms.CharField(
            max_length=LONGEST_MESSAGE, widget=forms.Textarea(attrs={"rows": 5}), **terms
        )
    found = column.formfield(**terms)
    if line.field in COMPLETE:
        found.widget.attrs["autocomplete"] = COMPLETE[line.field]
    if line.field in {"phone", "mobile"}:
        found.widget.input_type = "tel"
    return found


def products() -> list[tuple[str, str]]:
    """Return the products that can be chosen."""
    rows = Product.objects.filter(is_active=True).order_by("position", "name", "pk")
    return [(product.key, product.name) for product in rows]


def snippet_of(web_form: WebForm, address: str) -> str:
    """Return the form as HTML for another website: no script, no style, no third party."""
    context = {
        "web_form": web_form,
        "form": PublicForm(web_form=web_form, use_required_attribute=True),
        "address": address,
        "key_name": KEY,
        "trap": rules.TRAP,
        "utm": rules.UTM,
    }
    return render_to_string("intake/snippet.html", context).strip()


class MendForm(OperationForm):
    """What a delivery says, field by field, for a person to correct before it is tried again."""

    record: Delivery
    sections = [
        Section(
            "",
            [
                "topic",
                ("first_name", "last_name"),
                ("company", "email"),
                ("phone", "mobile"),
                "country",
                "description",
            ],
        )
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        values = rules.values_of(self.record)
        usual = ("topic", *rules.WHO, "country", "description")
        for name in dict.fromkeys((*usual, *values)):
            text = values.get(name, "")
            is_long = name == "description" or len(text) > 100
            self.fields[name] = forms.CharField(
                label=rules.label_of(name),
                required=False,
                max_length=10_000,
                initial=text,
                widget=forms.Textarea(attrs={"rows": 3}) if is_long else forms.TextInput(),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, value in data.items():
            if problem := text_problem(value):
                self.add_error(name, problem)
        if not self.errors and (problem := rules.missing_in(rules.told_by(data, by=self.user))):
            self.add_error("last_name", problem)
        return {"values": data}


class TryForm(forms.Form):
    """A payload to try a mapping on. Nothing is stored."""

    payload = forms.CharField(
        label=gettext_lazy("Payload"),
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
    )
    content_type = forms.ChoiceField(
        label=gettext_lazy("Sent as"),
        choices=[
            ("application/json", "JSON"),
            ("application/x-www-form-urlencoded", gettext_lazy("Fields of a form")),
        ],
    )
