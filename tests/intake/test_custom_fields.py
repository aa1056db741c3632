"""Fields of an administrator's own can be asked for by a form and filled by a door."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from intake.forms import KEY
from intake.models import Delivery, DoorField, WebForm, WebFormField
from intake.operations import save_web_form
from intake.rules import fields_to_map, told_by
from leads.models import Lead
from leads.operations import update_lead
from records.models import CustomField
from records.operations.retyping import of_type, retype_field
from tests.admin.forms import form_of
from tests.custom import define
from tests.intake.world import a_door, hand_in, maps
from users.models import User

VALUES = {
    "text": ("Pumps", "Pumps"),
    "long_text": ("Two\nlines", "Two\nlines"),
    "whole": ("12", 12),
    "decimal": ("12.5", "12.5"),
    "date": ("2026-11-25", "2026-11-25"),
    "yes_no": ("yes", True),
    "choice": ("small", "small"),
    "choices": (["small", "large"], ["small", "large"]),
}


@pytest.fixture
def defined(admin: User) -> None:
    for kind in VALUES:
        choices = {"choices": ["Small", "Large"]} if kind.startswith("choice") else {}
        define("lead", f"a_{kind}", type=kind, by=admin, **choices)


def test_every_type_is_asked_for_by_a_form(defined: None, admin: User):
    form = save_web_form(WebForm(name="Own", slug="own"), by=admin)
    WebFormField.objects.create(form=form, field="email")
    for position, kind in enumerate(VALUES):
        WebFormField.objects.create(form=form, field=f"custom.a_{kind}", position=position + 1)
    typed: dict[str, Any] = {f"custom.a_{kind}": text for kind, (text, _value) in VALUES.items()}
    sent = {KEY: form.snippet_key, "email": "ada@engine.example"}

    wrong = Client().post("/f/own/", sent | typed | {"custom.a_whole": "many"})
    answer = Client().post("/f/own/", sent | typed | {"custom.other": "1"})

    assert wrong.status_code == 422
    assert "as a whole number" in wrong.content.decode()
    assert answer.status_code == 302
    assert Lead.objects.get().custom == {f"a_{kind}": value for kind, (_t, value) in VALUES.items()}


def test_every_type_is_filled_by_a_door(defined: None):
    door = a_door()
    for kind in VALUES:
        DoorField.objects.create(door=door, field=f"custom.a_{kind}", path=f"x.{kind}")

    hand_in(
        door,
        {
            "email": "ada@engine.example",
            "x": {
                "text": "Pumps",
                "long_text": "Two\nlines",
                "whole": 12,
                "decimal": 12.5,
                "date": "2026-11-25",
                "yes_no": True,
                "choice": "Small",
                "choices": ["Small", "large"],
            },
        },
    )

    assert Delivery.objects.get().error == ""
    assert Lead.objects.get().custom == {f"a_{kind}": value for kind, (_t, value) in VALUES.items()}


def test_what_fits_no_field_stays_with_the_lead(defined: None):
    door = a_door()
    maps(door, **{"custom.a_whole": "n", "custom.a_choice": "c"})
    CustomField.objects.filter(key="a_choice").update(is_active=False)

    hand_in(door, {"email": "ada@engine.example", "n": "many", "c": "small"})

    lead = Lead.objects.get()
    assert lead.custom == {}
    assert "many" in lead.description
    assert "small" in lead.description


def test_fills_what_nobody_has_changed(defined: None, admin: User):
    door = a_door()
    maps(door, **{"external_id": "id", "custom.a_whole": "n", "custom.a_text": "t"})
    hand_in(door, {"id": "7", "email": "ada@engine.example", "n": 1, "t": "one"})
    lead = Lead.objects.get()
    update_lead(lead, by=admin, custom={"a_text": "by hand"})

    hand_in(door, {"id": "7", "n": 2, "t": "two"})

    lead.refresh_from_db()
    assert lead.custom == {"a_whole": 2, "a_text": "by hand"}


def test_an_enquiry_fills_what_is_empty(defined: None, admin: User):
    door = a_door()
    maps(door, **{"custom.a_whole": "n", "custom.a_text": "t"})
    hand_in(door, {"email": "ada@engine.example", "n": 1})

    hand_in(door, {"email": "ada@engine.example", "n": 2, "t": "two"})

    assert Lead.objects.get().custom == {"a_whole": 1, "a_text": "two"}


def test_a_form_leaves_out_what_is_out_of_use_and_still_works(defined: None, admin: User):
    asked = [WebFormField(field=name) for name in ("email", "custom.a_text", "custom.a_whole")]
    asked[1].is_required = True
    form = save_web_form(WebForm(name="Own"), by=admin, fields=asked)
    CustomField.objects.filter(key="a_text").update(is_active=False)

    page = Client().get("/f/own/").content.decode()
    sent = {KEY: form.snippet_key, "email": "ada@engine.example", "custom.a_whole": "7"}
    answer = Client().post("/f/own/", sent | {"custom.a_text": "sneaked in"})

    assert "custom.a_text" not in page
    assert answer.status_code == 302
    assert Lead.objects.get().custom == {"a_whole": 7}


def test_the_administration_says_which_field_of_a_form_is_out_of_use(
    defined: None, admin: User, client: Client
):
    form = save_web_form(
        WebForm(name="Own"), by=admin, fields=[WebFormField(field="custom.a_text")]
    )
    definition = CustomField.objects.get(key="a_text")
    CustomField.objects.filter(key="a_text").update(is_active=False)
    client.force_login(admin)
    address = f"/admin/intake/webform/{form.pk}/change/"

    shown = client.get(address)
    row = {
        field.html_name: field.value()
        for field in shown.context["inline_admin_formsets"][0].formset.initial_forms[0]
        if field.value() is not None and field.value() is not False
    }
    saved = client.post(address, form_of(client, address) | row | {"title": "Ask us"})

    assert f"{definition.label} (out of use)" in shown.content.decode()
    assert saved.status_code == 302
    form.refresh_from_db()
    assert form.title == "Ask us"
    assert form.fields.get().field == "custom.a_text"


def test_a_field_that_became_one_of_people_is_asked_of_nobody_outside(admin: User, client: Client):
    field = define("lead", "looked_after", by=admin)
    asked = [WebFormField(field=name) for name in ("email", field.name)]
    form = save_web_form(WebForm(name="Own"), by=admin, fields=asked)
    client.force_login(admin)
    preview = f"/admin/records/customfield/{field.pk}/retype/"

    warned = client.get(f"{preview}?type=user").content.decode()
    harmless = client.get(f"{preview}?type=whole").content.decode()
    retype_field(field, of_type(field, "user"), by=admin)
    page = Client().get("/f/own/").content.decode()
    sent = {KEY: form.snippet_key, "email": "ada@engine.example", field.name: str(admin.pk)}
    answer = Client().post("/f/own/", sent)
    told = told_by({field.name: str(admin.pk)}, by=None, is_public=True)
    shown = client.get(f"/admin/intake/webform/{form.pk}/change/").content.decode()

    assert "Web forms ask for it: Own." in warned
    assert "Web forms ask" not in harmless
    assert field.name not in page
    assert admin.email not in page
    assert answer.status_code == 302
    assert Lead.objects.get().custom == {}
    assert (told.custom, told.unread) == ({}, [f"Looked after: {admin.pk}"])
    assert "Looked after (left out: User)" in shown


def test_a_door_does_not_offer_a_link(admin: User):
    field = define("lead", "partner", type="record", target="account", by=admin)

    assert field.name not in dict(fields_to_map())
