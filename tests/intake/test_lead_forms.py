"""Lead forms of Google and Meta, and doors whose senders sign: who may, and what becomes a lead."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import timezone

from intake import jobs
from intake.models import Delivery
from intake.operations import set_secret
from intake.views.public import is_standard
from leads.models import Lead
from tests.factories import clerk
from tests.intake.world import a_door, hand_in, key_of, proven
from tests.reference import folder_of
from users.models import User

DATA = Path(__file__).parent.parent / "data/webhooks"
SIGNED = ("meta", "standard", "hmac")
ADA = {"email": "ada@engine.example", "full_name": "Ada Lovelace", "id": "7"}


def read(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def test_google_makes_one_lead_of_one_and_none_of_a_test(admin: User):
    lead, test = read("google-ads-lead-form.json"), read("google-ads-lead-form-test.json")
    door = a_door("google")
    set_secret(door, by=clerk(), secret=lead["google_key"])

    tested, *answers = [hand_in(door, body) for body in (test, lead, lead)]
    wrong = [hand_in(door, {**lead, "google_key": key}) for key in ("", "x", None, 7)]

    assert [answer.status_code for answer in wrong] == [401] * 4
    assert Delivery.objects.get(pk=tested.json()["delivery"]).state == "ignored"
    assert [answer.status_code for answer in answers] == [202, 200]
    made = Lead.objects.get()
    assert (made.first_name, made.last_name, made.phone) == ("John", "Doe", "+11234567890")
    assert Delivery.objects.count() == 2
    key = lead["google_key"].encode()
    assert not any(key in bytes(each.raw) for each in Delivery.objects.all())  # it opens the door


def test_meta_tells_a_number_and_then_the_answers(admin: User):
    door = a_door("meta")
    change = {"field": "leadgen", "value": {"leadgen_id": 2**60, "form_id": 1}}
    other = {"field": "leadgen", "value": {"leadgen_id": 9, "form_id": 1}}
    told = hand_in(door, {"object": "page", "entry": [{"id": 1, "changes": [change, other]}]})
    assert (told.status_code, told.json()["new"]) == (202, 2)
    assert not Lead.objects.exists()

    answers = [("full_name", "Joe Example"), ("email", "joe@example.com"), ("car_make", "Honda")]
    fields = [{"name": name, "values": [value]} for name, value in answers]
    hand_in(door, {"id": str(2**60), "form_id": "1", "field_data": fields})
    fake = [{"name": "email", "values": ["<test lead: dummy data for email>"]}]
    hand_in(door, {"id": "8", "field_data": fake})
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        jobs.take_up()

    lead = Lead.objects.get()
    assert (lead.full_name, lead.email) == ("Joe Example", "joe@example.com")
    assert any(b"Honda" in bytes(each.raw) for each in lead.deliveries.all())
    states = sorted(Delivery.objects.values_list("state", flat=True))
    assert states == ["failed", "ignored", "processed", "processed"]


def test_meta_asks_once_whether_the_address_is_ours(admin: User):
    door = a_door("meta")
    key = key_of(door)

    def asked(address: str, token: str) -> Any:
        query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
        return Client().get(address, query)

    assert asked(key.get_absolute_url(), key.key).content == b"1158201444"
    assert asked(key.get_absolute_url(), key.secret).status_code == 405
    generic = key_of(a_door(slug="other"))
    assert asked(generic.get_absolute_url(), generic.key).status_code == 405


@pytest.mark.parametrize("kind", SIGNED)
def test_takes_what_is_signed_now_and_nothing_that_was_touched(kind: str, admin: User):
    door, body = a_door(kind), json.dumps(ADA).encode()
    secret, now = key_of(door).secret, time.time()
    good = proven(kind, body, secret)
    assert hand_in(door, body).status_code in {200, 202}

    wrong = [
        (body + b" ", good),
        (b"", good),
        (body, proven(kind, body, secret + "x")),
        (body, proven(kind, body, "")),
        *((body, {**good, name: ""}) for name in good),
        *((body, {**good, name: "hello"}) for name in good if name != "webhook-id"),
        *((body, proven(kind, body, secret, now + n)) for n in (-400, 400) if kind != "meta"),
    ]
    for raw, headers in wrong:
        assert hand_in(door, raw, **headers).status_code == 401, headers
    assert Delivery.objects.count() == 1


def test_standard_webhooks_by_its_own_vectors():
    told = read("standard-webhooks-vectors.json")
    (vector,) = told["vectors"]
    good, bare = vector["signature"], vector["signature"].removeprefix("v1,")

    def is_taken(signature: str, later: int = 0, **changed: str) -> bool:
        headers = {"webhook-id": vector["id"], "webhook-timestamp": str(vector["timestamp"])}
        headers |= {"webhook-signature": signature, **changed}
        body = vector["body"].encode()
        request = RequestFactory().generic("POST", "/", body, headers=headers)
        with time_machine.travel(vector["timestamp"] + later, tick=False):
            return is_standard(vector["secret"], request, body)

    assert is_taken(good)
    assert is_taken(f"{told['wrong_signature_from_the_tests']} {good}")
    assert not is_taken(told["wrong_signature_from_the_tests"])
    assert not is_taken(bare)
    assert not is_taken("")
    assert not is_taken(good, later=301)
    assert not is_taken(good, later=-301)
    assert not is_taken(good, **{"webhook-id": ""})
    assert not is_taken(good, **{"webhook-timestamp": "hello"})


@pytest.mark.reference_data("webhooks")
def test_meta_by_its_own_samples(admin: User):
    door = a_door("meta")
    for name in ("meta-leadgen.json", "meta-lead-retrieval-response.json"):
        hand_in(door, (folder_of("webhooks") / name).read_bytes())

    lead = Lead.objects.get()
    assert (lead.full_name, lead.email) == ("Joe Example", "joe@example.com")
    assert Delivery.objects.filter(state="stored").count() == 2
