"""What shapes the demo: fields of its own with values, a form laid out, rules begun."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crm.form_layouts import laid_out
from leads.operations import draft_rules, save_rule
from records.models import CustomField, FormLayout
from records.operations.shaping import save_field, save_layout

if TYPE_CHECKING:
    from datetime import date

    from users.models import User

SECTION = "Their situation"
SUPPLIERS = ["Corvant Systems", "Helio Lines", "Bastion Automation", "A local workshop"]
SHIFTS = ["One", "Two", "Three", "Round the clock"]
_TYPES = CustomField.Type
# label, type, help, choices; what is known of a lead goes on into the opportunity of the same key
ASKED: list[tuple[str, str, str, list[str]]] = [
    ("Current supplier", _TYPES.TEXT, "Who does it for them today", []),
    ("Contract ends", _TYPES.DATE, "The day on which they are free to change", []),
    ("Lines in operation", _TYPES.WHOLE, "", []),
    ("Shifts", _TYPES.CHOICE, "", SHIFTS),
]


def shape_forms(by: User) -> None:
    """Give leads and opportunities fields of their own, and part a contact's form more finely."""
    for kind in (CustomField.Kind.LEAD, CustomField.Kind.OPPORTUNITY):
        for position, (label, type_, help_text, choices) in enumerate(ASKED, start=1):
            field = CustomField(kind=kind, label=label, type=type_, help_text=help_text)
            field.choices = [{"label": choice} for choice in choices]
            field.section, field.position = SECTION, position
            save_field(field, by=by)
    tier = CustomField(kind=CustomField.Kind.ACCOUNT, label="Customer tier", type=_TYPES.CHOICE)
    tier.choices = [{"label": label} for label in ("Key account", "Regular", "Small")]
    tier.section = "Our view"
    save_field(tier, by=by)

    layout = FormLayout.objects.get(kind=CustomField.Kind.CONTACT)
    person, *others = laid_out(layout.kind, by)
    reach = [
        f for f in person["fields"] if f["name"] in {"email", "second_email", "phone", "mobile"}
    ]
    layout.sections = [
        {"title": "Person", "fields": [f for f in person["fields"] if f not in reach]},
        {"title": "How to reach them", "fields": reach},
        *others,
    ]
    save_layout(layout, by=by)


def begin_rules(by: User) -> None:
    """Begin a next version of the qualification rules, for a manager to try and put into force."""
    save_rule(
        draft_rules(by=by),
        by=by,
        condition={"all": [{"field": "custom.contract_ends", "is": "known"}]},
        label="It is known when they can change",
        unmet_label="When can they change?",
    )


def situation_of(name: str, today: date) -> dict[str, Any]:
    """Return what is known of the company of this name, the same each time: often not all."""
    dice = random.Random(name)  # noqa: S311
    known = {
        "current_supplier": dice.choice(SUPPLIERS),
        "contract_ends": today + timedelta(days=dice.randrange(-90, 400)),
        "lines_in_operation": dice.randrange(1, 12),
        "shifts": dice.choice(["one", "two", "two", "three", "round_the_clock"]),
    }
    return {key: value for key, value in known.items() if dice.random() < 0.7}
