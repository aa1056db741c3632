"""A list to choose from is Django's to the letter, and one template however long it is."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.signals import template_rendered

GROUPED: Any = [("", "Any"), ("Near", [(1, "One & all"), (2, "Two")]), ("x", "Far")]
LONG: Any = [(number, f"Place {number}") for number in range(250)]
WIDGETS = {
    "plain": forms.Select(choices=GROUPED),
    "many": forms.SelectMultiple(attrs={"class": "wide", "required": True}, choices=GROUPED),
    "yes or no": forms.NullBooleanSelect(),
    "long": forms.Select(choices=LONG),
}


CHOSEN: dict[str, Any] = {"plain": "x", "many": ["1", "x"], "yes or no": True, "long": 7}


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("is_chosen", [True, False])
def test_says_what_django_says(name: str, is_chosen: bool) -> None:
    value = CHOSEN[name] if is_chosen else None
    widget = WIDGETS[name]

    ours = widget.render("place", value)
    theirs = widget.render("place", value, renderer=DjangoTemplates())

    assert ours.split() == theirs.split()
    assert ("selected" in ours) == (is_chosen or name in {"plain", "yes or no"})


def test_is_one_template_however_long_it_is() -> None:
    drawn: list[str] = []

    def note(template: Any, **_more: Any) -> None:
        drawn.append(template.name)

    template_rendered.connect(note)
    try:
        WIDGETS["long"].render("place", "7")
    finally:
        template_rendered.disconnect(note)

    assert 1 <= len(drawn) <= 2, drawn
