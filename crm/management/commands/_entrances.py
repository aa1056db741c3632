"""The demo's form on the web and its door, what came in by them, and who gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from intake.models import Delivery, Door, DoorField, WebForm, WebFormField
from intake.operations import (
    process,
    save_door,
    save_web_form,
    store_delivery,
    store_submission,
)
from leads.models import AssignmentRule
from leads.operations import save_assignment_rule
from opportunities.models import Campaign, Source
from records.operations import save_setting
from users.models import Team
from users.operations import intake_machine

if TYPE_CHECKING:
    from users.models import User

# field, whether it is required, help
ASKED = [
    ("first_name", False, ""),
    ("last_name", True, ""),
    ("email", True, "We answer to this address"),
    ("phone", False, ""),
    ("company", False, ""),
    ("country", False, ""),
    ("products", False, ""),
    ("description", False, ""),
]


def share_out(by: User) -> None:
    """Let those who sell in the north take German leads in turn, those in the south French ones."""
    for name, countries, team in (
        ("Germany, Austria, Switzerland", ["DE", "AT", "CH"], "North"),
        ("France, Italy, Spain", ["FR", "IT", "ES"], "South"),
    ):
        rule = AssignmentRule(name=name, team=Team.objects.get(name=team))
        rule.condition = {"all": [{"field": "country", "is": "one_of", "value": countries}]}
        save_assignment_rule(rule, by=by)


def ask_for_offers() -> None:
    """Send the form on the web from a country that has a rule, and from one that has none."""
    form = WebForm.objects.get(slug="offer")
    for name, company, country in (
        ("Ottilie Brandt", "Brandt Anlagenbau", "DE"),
        ("Thandi Mokoena", "Karoo Bottling", "ZA"),
    ):
        first_name, last_name = name.split()
        values = {
            "first_name": first_name,
            "last_name": last_name,
            "email": f"{first_name.lower()}@{company.split()[0].lower()}.example",
            "company": company,
            "country": country,
            "description": "Please send us an offer for two lines.",
        }
        delivery, _is_new = store_submission(form, raw=urlencode(values).encode(), values=values)
        process(delivery, by=intake_machine())


def open_entrances(by: User) -> None:
    """Open a web form at /f/offer/ and a door for a partner; let one delivery fail at each."""
    form = save_web_form(
        WebForm(
            name="Ask for an offer",
            slug="offer",
            introduction="Tell us what you are looking for. We answer within a day.",
            consent_text="You may write to me about this and similar offers.",
            source=Source.objects.filter(key="web").first(),
            campaign=Campaign.objects.order_by("position").first(),
        ),
        by=by,
    )
    for position, (name, is_required, help_text) in enumerate(ASKED):
        line = WebFormField(form=form, field=name, position=position, help_text=help_text)
        line.is_required = is_required
        save_setting(line, by=by)
    door = save_door(Door(name="Partner portal", slug="partner"), by=by)
    save_setting(DoorField(door=door, path="contact.mail", field="email"), by=by)

    store_submission(
        form,
        raw=b"last_name=Best+offers&email=offers%40cheap.example",
        values={"last_name": "Best offers", "email": "offers@cheap.example"},
        suspicion="It was sent 0.4 seconds after the form was opened.",
    )
    ((delivery, _is_new),) = store_delivery(
        door,
        raw=b'{"order": 4711, "country": "NL", "message": "Two lines, please call us"}',
        content_type="application/json",
    )
    process(Delivery.objects.get(pk=delivery.pk), by=intake_machine())
