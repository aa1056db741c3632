"""The demo's form on the web and its door, and two things that wait in the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake.models import Delivery, Door, DoorField, WebForm, WebFormField
from intake.operations import (
    process,
    save_door,
    save_web_form,
    store_delivery,
    store_submission,
)
from opportunities.models import Campaign, Source
from records.operations import save_setting
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
