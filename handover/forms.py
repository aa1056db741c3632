"""Whose work is handed over, to whom, and what of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from handover.queries import LABELS, USUAL, givers
from users.models import User
from workbench.forms import PageForm, Section, colleagues

FEW = 12  # people who are listed with a box each; of more one chooses in a list


class HandOverForm(PageForm):
    """Whose work goes to whom."""

    sections = [Section("", ["person", "receivers", "kinds"])]
    person = forms.ModelChoiceField(
        colleagues(), label=gettext_lazy("From"), empty_label=gettext_lazy("Choose a person")
    )
    receivers = forms.ModelMultipleChoiceField(
        colleagues(),
        label=gettext_lazy("To"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Several take it in turn, each the same number."),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What"),
        choices=list(LABELS.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=list(USUAL),
        error_messages={"required": gettext_lazy("Choose what is handed over")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        person.queryset = givers(self.user).order_by("-is_active", "name", "email", "pk")
        person.label_from_instance = name_of
        person.error_messages |= {
            "required": _("Choose whose work is handed over"),
            "invalid_choice": _("Choose somebody whose work you may hand over"),
        }
        receivers: Any = self.fields["receivers"]
        receivers.error_messages |= {
            "required": _("Choose at least one person who takes it"),
            "invalid_choice": _("Choose somebody who is active and can take work"),
        }
        if receivers.queryset.count() > FEW:
            receivers.widget = forms.SelectMultiple(attrs={"size": FEW})
            receivers.widget.choices = receivers.choices

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        person = data.get("person")
        if person is not None and person in (data.get("receivers") or ()):
            told = _("%(person)s has this work already. Choose somebody else")
            self.add_error("receivers", told % {"person": person})
        return data


def name_of(person: User) -> str:
    """Return what a person is called, and whether he has left."""
    return str(person) if person.is_active else _("%(person)s, not active") % {"person": person}
