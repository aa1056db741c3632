"""Other systems hand in leads: who may, what is made of it, and what waits for a person."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import timezone

from activities.models import Activity
from intake import jobs, signatures
from intake.models import Delivery, Door, DoorField, Reference, WebForm
from intake.operations import add_key, drop_old_keys, save_web_form, set_secret
from intake.views.public import is_signed
from leads.models import AssignmentRule, Lead
from leads.operations import qualify, save_assignment_rule, update_lead
from opportunities.models import Campaign, Product, Source
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import LeadFactory, clerk
from tests.intake.world import SECRET, a_door, hand_in, key_of, maps, signed
from users.models import User

DATA = Path(__file__).parent.parent / "data/webhooks"
VECTORS = json.loads((DATA / "hubspot-signature-vectors.json").read_text())["vectors"]
V3 = next(vector for vector in VECTORS if vector["version"] == "v3")
ADA = {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@engine.example"}


# Any system


def test_json_becomes_a_lead(admin: User):
    campaign = Campaign.objects.create(key="fair", name="Fair")
    door = a_door(campaign=campaign, topic="Asked in the shop")
    body = ADA | {"country": "Germany", "employees": 250, "utm_source": "news", "unknown": [1]}

    answer = hand_in(door, body)

    delivery = Delivery.objects.get()
    assert answer.status_code in {200, 202}
    assert answer.json()["delivery"] == delivery.pk
    lead = Lead.objects.get()
    assert (lead.full_name, lead.topic, str(lead.country), lead.employees) == (
        "Ada Lovelace",
        "Asked in the shop",
        "DE",
        250,
    )
    assert (lead.campaign, lead.utm) == (campaign, {"utm_source": "news"})
    assert (delivery.state, delivery.lead) == ("processed", lead)
    assert json.loads(bytes(delivery.raw)) == body
    assert AuditEntry.objects.get(event="lead.created").actor.is_machine


def test_fields_of_a_form_become_a_lead(admin: User):
    hand_in(
        a_door(),
        b"name=Ada+King+Lovelace&email=ada%40engine.example&message=Two+pumps%21",
        "application/x-www-form-urlencoded",
    )

    lead = Lead.objects.get()
    assert (lead.first_name, lead.last_name) == ("Ada King", "Lovelace")
    assert lead.description == "Two pumps!"


def test_a_mapping_says_where_each_field_stands(admin: User):
    product = Product.objects.create(key="pump", name="Pump")
    source = Source.objects.first()
    assert source
    door = a_door()
    maps(
        door,
        email="contact.emails.0.value",
        last_name="contact.name",
        products="answers.*.products",
        budget_amount="deal.amount",
        phone="contact.phones.-1",
    )
    DoorField.objects.create(door=door, field="source", value=source.key)
    DoorField.objects.create(door=door, field="company", path="contact.firm", value="Unknown Ltd")

    hand_in(
        door,
        {
            "contact": {
                "name": "Lovelace",
                "emails": [{"value": "a@engine.example"}, {"value": "b@engine.example"}],
                "phones": ["1", "+49 30 1234"],
            },
            "answers": [{}, {"products": ["Pump", "Nothing we sell"]}],
            "deal": {"amount": 12.50},
        },
    )

    lead = Lead.objects.get()
    assert (lead.email, lead.last_name, lead.phone) == (
        "a@engine.example",
        "Lovelace",
        "+49 30 1234",
    )
    assert (lead.company, lead.source, str(lead.budget_amount)) == ("Unknown Ltd", source, "12.50")
    assert list(lead.products.all()) == [product]
    assert "Nothing we sell" in lead.description


def test_what_cannot_be_read_stays_with_the_lead(admin: User):
    hand_in(a_door(), ADA | {"employees": "some", "country": "Neverland", "city": "x" * 300})

    lead = Lead.objects.get()
    assert (lead.employees, str(lead.country), lead.city) == (None, "", "")
    assert "Employees: some" in lead.description
    assert "Country: Neverland" in lead.description
    assert "x" * 300 in lead.description


def test_what_is_handed_in_again_makes_no_second_lead(admin: User):
    door = a_door(on_known="new")

    answers = [hand_in(door, ADA) for _ in range(3)]

    assert Lead.objects.count() == 1
    assert Delivery.objects.get().repeats == 2
    assert {answer.json()["delivery"] for answer in answers} == {Delivery.objects.get().pk}
    assert answers[-1].json()["lead"] == Lead.objects.get().pk


def test_an_id_that_comes_with_something_else_is_refused(admin: User):
    door = a_door()
    name = {"Idempotency-Key": "7"}

    answers = [
        hand_in(door, ADA, **name),
        hand_in(door, ADA, **name),
        hand_in(door, ADA | {"email": "eve@engine.example"}, **name),
    ]

    assert answers[2].status_code == 409
    assert answers[1].json()["delivery"] == answers[0].json()["delivery"]
    assert Lead.objects.get().email == ADA["email"]


def test_a_known_person_becomes_an_enquiry(rep: User):
    lead = LeadFactory(owner=rep, email="ada@engine.example", phone="")

    hand_in(a_door(), ADA | {"phone": "+49 30 1234", "message": "Now with looms"})

    lead.refresh_from_db()
    assert Lead.objects.count() == 1
    assert (lead.phone, lead.first_name, lead.version > 1) == ("+49 30 1234", "Ada", True)
    assert Delivery.objects.get().lead == lead


def test_a_shared_mailbox_is_not_a_person(rep: User):
    LeadFactory(owner=rep, email="info@engine.example", first_name="Ada")

    hand_in(a_door(), {"firstName": "Charles", "email": "info@engine.example"})

    assert Lead.objects.count() == 2


def test_what_has_a_name_there_fills_the_lead_it_became(admin: User):
    door = a_door()
    maps(door, external_id="id")
    hand_in(door, {"id": "C-7", **ADA})
    lead = Lead.objects.get()
    update_lead(lead, by=admin, first_name="Augusta")

    hand_in(door, {"id": "C-7", "firstName": "Ada2", "lastName": "King", "company": "Engine"})

    lead.refresh_from_db()
    # What a person has changed stays, what we wrote follows, what was empty is filled.
    assert (lead.first_name, lead.last_name, lead.company) == ("Augusta", "King", "Engine")
    assert Lead.objects.count() == 1


# Who may


@pytest.mark.parametrize("kind", Door.Kind.values)
def test_a_wrong_key_is_no_door_at_all(kind: str, admin: User):
    door = a_door(kind)
    key = key_of(door).key
    other = a_door(slug="other")
    client = Client()

    answers = [
        client.post(f"/hooks/{slug}/{word}/", "{}", content_type="application/json")
        for slug, word in [
            ("none", key),
            (door.slug, key[:-1] + ("a" if key[-1] != "a" else "b")),
            (door.slug, key_of(other).key),
            (door.slug, "x"),
        ]
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not Delivery.objects.exists()


def test_a_closed_door_is_not_there(admin: User):
    door = a_door()
    address = key_of(door).get_absolute_url()
    Door.objects.update(is_active=False)

    assert Client().post(address, "{}", content_type="application/json").status_code == 404


@pytest.mark.parametrize(
    ("kind", "headers", "path", "status"),
    [
        ("marketo", {}, "", 401),
        ("marketo", {"X-Door-Key": "wrong"}, "", 401),
        ("marketo", {"X-Api-Key": "{secret}"}, "", 200),
        ("marketo", {"Authorization": "Bearer {secret}"}, "", 200),
        ("dataverse", {}, "?code=wrong", 401),
        ("dataverse", {}, "?code={secret}", 200),
        ("dataverse", {"X-Door-Key": "{secret}"}, "", 200),
        ("dataverse", {"X-Door-Key": "{secret}"}, "?code=wrong", 401),
        ("hubspot", {"X-Other": "1"}, "", 401),
        ("hubspot", {"X-Api-Key": "{secret}"}, "", 200),
    ],
)
def test_the_sender_proves_itself(
    kind: str, headers: dict[str, str], path: str, status: int, admin: User
):
    door = a_door(kind)
    secret = key_of(door).secret
    body = {"properties": {"email": "ada@engine.example"}, "email": "ada@engine.example"}
    headers = {name: text.format(secret=secret) for name, text in headers.items()}

    answer = Client().post(
        key_of(door).get_absolute_url() + path.format(secret=secret),
        json.dumps(body),
        content_type="application/json",
        headers=headers,
    )

    assert answer.status_code in ({200, 202} if status == 200 else {status})
    assert Delivery.objects.count() == (1 if status == 200 else 0)


def test_a_key_is_exchanged_without_a_gap(admin: User, manager: User):
    door = a_door("marketo")
    old = key_of(door)

    new = add_key(door, by=admin)

    for number, key in enumerate((old, new)):
        answer = Client().post(
            key.get_absolute_url(),
            json.dumps({"email": f"a{number}@engine.example"}),
            content_type="application/json",
            headers={"X-Door-Key": key.secret},
        )
        assert answer.status_code == 200
    assert drop_old_keys(door, by=admin) == 1
    assert Client().post(old.get_absolute_url(), b"{}", content_type="x/y").status_code == 404
    with pytest.raises(NotPermitted):
        add_key(door, by=manager)


def test_no_secret_stands_in_the_trail(admin: User, client: Client):
    door = a_door("hubspot")
    add_key(door, by=admin)
    with pytest.raises(Unacceptable):
        set_secret(door, by=admin, secret="short")
    client.force_login(admin)

    trail = " ".join(map(str, AuditEntry.objects.values_list("changes", "label", "reason")))
    history = client.get(f"/admin/intake/door/{door.pk}/history/").content.decode()

    for key in door.keys.all():
        assert key.key not in trail + history
        assert key.secret not in trail + history


# HubSpot


def test_accepts_the_signature_that_its_maker_computes():
    assert V3["signature"] == signatures.hubspot_v3(
        V3["client_secret"], V3["method"], V3["uri"], V3["body"].encode(), V3["timestamp"]
    )


def asked(**changed: Any) -> bool:
    """Ask with the request of the vector, in one point another, whether it is signed."""
    vector = V3 | changed
    request = RequestFactory().generic(
        vector["method"],
        vector.get("path", "/webhook_uri"),
        vector["body"],
        headers={
            "Host": vector.get("host", "www.example.com"),
            "X-HubSpot-Request-Timestamp": vector["timestamp"],
            "X-HubSpot-Signature-v3": vector["signature"],
        },
    )
    moment = int(V3["timestamp"]) / 1000 + vector.get("later", 0)
    with time_machine.travel(moment, tick=False):
        return is_signed(vector["client_secret"], request, request.body)


@pytest.mark.parametrize(
    ("changed", "is_accepted"),
    [
        ({}, True),
        ({"later": 299}, True),
        ({"later": 301}, False),
        ({"later": -301}, False),
        ({"body": V3["body"] + " "}, False),
        ({"body": ""}, False),
        ({"method": "PUT"}, False),
        ({"path": "/webhook_uri?a=1"}, False),
        ({"host": "evil.example"}, False),
        ({"timestamp": "1564113600001"}, False),
        ({"timestamp": "soon"}, False),
        ({"timestamp": ""}, False),
        ({"signature": ""}, False),
        ({"signature": V3["signature"][:-1]}, False),
        ({"signature": V3["signature"].lower()}, False),
        ({"client_secret": "other"}, False),
    ],
)
def test_accepts_what_is_signed_and_nothing_that_was_touched(
    changed: dict[str, Any], is_accepted: bool, settings: Any
):
    settings.ALLOWED_HOSTS = ["www.example.com", "evil.example"]

    assert asked(**changed) is is_accepted


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector is not V3],
    ids=lambda vector: f"{vector['version']} {vector.get('method', '')}",
)
def test_older_signatures_that_anybody_could_send_again_are_refused(
    vector: dict[str, str], admin: User
):
    door = a_door("hubspot")
    version = vector["version"]
    headers = {"X-HubSpot-Signature": vector["signature"], "X-HubSpot-Signature-Version": version}

    answer = hand_in(door, vector["body"].encode(), **headers)

    assert answer.status_code == 401
    assert not Delivery.objects.exists()


def test_behind_a_proxy_the_address_is_the_public_one(admin: User, settings: Any):
    settings.TRUST_PROXY = True
    settings.ALLOWED_HOSTS = ["crm.internal"]
    door = a_door("hubspot")
    address = key_of(door).get_absolute_url()
    now = str(int(time.time() * 1000))
    uri = f"https://crm.example{address}"
    body = b'{"properties": {"email": "ada@engine.example"}}'

    answer = Client().post(
        address,
        body,
        content_type="application/json",
        headers={
            "Host": "crm.internal",
            "X-Forwarded-Host": "crm.example",
            "X-HubSpot-Request-Timestamp": now,
            "X-HubSpot-Signature-v3": signatures.hubspot_v3(SECRET, "POST", uri, body, now),
        },
    )

    assert answer.status_code in {200, 202}


def event(number: int, subject: int = 123, **more: Any) -> dict[str, Any]:
    return {
        "eventId": number,
        "subscriptionType": "contact.propertyChange" if more else "contact.creation",
        "objectId": subject,
        "occurredAt": 1_564_113_600_000 + number,
        "attemptNumber": 0,
        "portalId": 62515,
    } | (
        {"propertyName": next(iter(more)), "propertyValue": next(iter(more.values()))}
        if more
        else {}
    )


def test_events_about_one_contact_become_one_lead(admin: User):
    door = a_door("hubspot")
    created = json.loads((DATA / "hubspot-contact-creation.json").read_text())
    batch = [*created, event(2, firstname="Ada"), event(3, lastname="Lovelace")]
    batch += [event(4, email="ada@engine.example"), event(5, 9, email="charles@engine.example")]

    answer = hand_in(door, batch)

    assert answer.status_code == 202
    assert answer.json()["new"] == 5
    assert Lead.objects.count() == 2
    lead = Lead.objects.get(email="ada@engine.example")
    assert lead.full_name == "Ada Lovelace"
    jobs.take_up()  # what came first told too little
    assert set(Delivery.objects.values_list("state", flat=True)) == {"processed"}
    assert Reference.objects.get(name="123").lead == lead


def test_a_lead_begins_with_all_that_its_batch_tells(admin: User, rep: User):
    """Who gets it, and whether it is ready, is decided on what it begins with."""
    germany = {"all": [{"field": "country", "is": "is", "value": "DE"}]}
    rule = AssignmentRule(name="Germany", condition=germany, person=rep)
    save_assignment_rule(rule, by=admin)
    door = a_door("hubspot")
    other = event(4, country="France") | {"subscriptionType": "deal.propertyChange"}

    hand_in(door, [event(1, lastname="Lovelace"), event(3, country="Germany"), other])

    lead = Lead.objects.get()
    assert (lead.last_name, str(lead.country), lead.owner) == ("Lovelace", "DE", rep)
    assert [why.rule for why in lead.assignments.all()] == [rule]
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {
        "processed": 2,
        "ignored": 1,
    }


def test_a_property_that_comes_later_fills_the_same_lead(admin: User):
    door = a_door("hubspot")
    hand_in(door, [event(1), event(2, email="ada@engine.example")])

    hand_in(door, [event(3, company="Engine"), event(9, jobtitle="Countess")])
    hand_in(door, [event(4, jobtitle="Older news")])

    lead = Lead.objects.get()
    assert (lead.company, lead.job_title) == ("Engine", "Countess")


def test_what_a_door_takes_for_granted_never_stands_against_what_was_told(admin: User):
    door = a_door("hubspot")
    DoorField.objects.create(door=door, path="country", field="country", value="DE")
    DoorField.objects.create(door=door, path="lifecycle", field="region", value="South")

    hand_in(door, [event(1, country="FR"), event(2, email=ADA["email"])])
    hand_in(door, [event(3, firstname="Ada")])
    begun = Lead.objects.get()
    update_lead(begun, by=admin, region="")
    hand_in(door, [event(4, lastname="Lovelace")])

    lead = Lead.objects.get()
    assert (begun.country.code, begun.region) == ("FR", "South")
    assert (lead.country.code, lead.region, lead.full_name) == ("FR", "", "Ada Lovelace")


def test_one_path_that_says_something_counts_before_what_another_takes_for_granted(admin: User):
    door = a_door()
    DoorField.objects.create(door=door, path="land", field="country", value="DE")

    hand_in(door, {"email": "ada@engine.example", "country": "FR"})
    hand_in(door, {"email": "bea@engine.example"})

    assert [str(lead.country) for lead in Lead.objects.order_by("pk")] == ["FR", "DE"]


def test_an_event_that_is_sent_again_counts_once(admin: User):
    door = a_door("hubspot")
    batch = [event(1, email="ada@engine.example"), event(1, email="eve@engine.example")]

    hand_in(door, batch)
    hand_in(door, [batch[0] | {"attemptNumber": 1}])
    answer = hand_in(door, [batch[0] | {"attemptNumber": 2}, event(2, lastname="Lovelace")])

    assert answer.json()["new"] == 1
    assert Delivery.objects.count() == 2
    assert Delivery.objects.order_by("pk")[0].repeats == 2
    assert Lead.objects.count() == 1


def test_a_contact_of_whom_nothing_is_told_waits_and_then_asks_a_person(admin: User):
    door = a_door("hubspot")

    hand_in(door, [event(1)])

    assert Delivery.objects.get().state == "stored"
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        jobs.take_up()
    delivery = Delivery.objects.get()
    assert delivery.state == "failed"
    assert "neither who it is nor how to reach them" in delivery.error

    hand_in(door, [event(2, email="ada@engine.example")])
    jobs.take_up()

    assert set(Delivery.objects.values_list("state", flat=True)) == {"processed"}
    assert Lead.objects.count() == 1


def test_what_a_workflow_sends_becomes_a_lead(admin: User):
    door = a_door("hubspot")

    hand_in(door, {"vid": 7, "properties": {"email": {"value": "ada@engine.example"}}})
    hand_in(door, {"objectId": 8, "properties": {"email": "bob@engine.example"}})

    assert set(Lead.objects.values_list("email", flat=True)) == {
        "ada@engine.example",
        "bob@engine.example",
    }
    assert set(Reference.objects.values_list("name", flat=True)) == {"7", "8"}


def test_other_events_make_no_lead(admin: User):
    door = a_door("hubspot")

    hand_in(door, [event(1) | {"subscriptionType": "deal.creation"}])
    hand_in(door, [event(2) | {"subscriptionType": "contact.deletion"}])

    assert set(Delivery.objects.values_list("state", flat=True)) == {"ignored"}


def test_a_stale_request_is_refused(admin: User):
    door = a_door("hubspot")
    address = key_of(door).get_absolute_url()
    body = json.dumps([event(1, email="a@engine.example")]).encode()

    answer = hand_in(door, body, **signed(address, body, SECRET, at=time.time() - 310))

    assert answer.status_code == 401


# Marketo and Dynamics


def test_marketo_hears_at_once_which_lead_it_is(admin: User, settings: Any):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    door = a_door("marketo")

    answer = hand_in(door, {"FirstName": "Ada", "LastName": "Lovelace", "Company": "Engine"})

    assert answer.status_code == 200
    assert answer.json() == {
        "delivery": Delivery.objects.get().pk,
        "lead": Lead.objects.get().pk,
        "status": "processed",
    }


CONTEXT = {
    "MessageName": "Create",
    "PrimaryEntityName": "lead",
    "PrimaryEntityId": "5b0ab7b5-0000-4000-8000-000000000001",
    "OperationId": "5b0ab7b5-0000-4000-8000-000000000002",
    "Depth": 1,
    "InputParameters": [
        {
            "key": "Target",
            "value": {
                "__type": "Entity:http://schemas.microsoft.com/xrm/2011/Contracts",
                "LogicalName": "lead",
                "Id": "5b0ab7b5-0000-4000-8000-000000000001",
                "Attributes": [
                    {"key": "subject", "value": "Two pumps"},
                    {"key": "firstname", "value": "Ada"},
                    {"key": "lastname", "value": "Lovelace"},
                    {"key": "emailaddress1", "value": "ada@engine.example"},
                    {"key": "industrycode", "value": {"__type": "OptionSetValue:x", "Value": 7}},
                    {"key": "budgetamount", "value": {"__type": "Money:x", "Value": 30000.0}},
                ],
                "FormattedValues": [{"key": "industrycode", "value": "Consulting"}],
            },
        }
    ],
}


def test_the_execution_context_of_dynamics_becomes_a_lead(admin: User):
    door = a_door("dataverse")

    hand_in(door, CONTEXT)
    hand_in(door, CONTEXT)

    lead = Lead.objects.get()
    assert (lead.topic, lead.full_name, lead.industry) == (
        "Two pumps",
        "Ada Lovelace",
        "Consulting",
    )
    assert str(lead.budget_amount) == "30000.00"
    assert Delivery.objects.get().repeats == 1


def test_a_lead_that_dynamics_left_out_of_its_message_asks_a_person(admin: User):
    """So it does with a message that is too large; to ignore it would be to lose the lead."""
    hand_in(a_door("dataverse"), {name: CONTEXT[name] for name in CONTEXT if name[0] != "I"})

    delivery = Delivery.objects.get()
    assert delivery.state == "failed"
    assert "no Target with attributes" in delivery.error


def test_a_change_in_dynamics_fills_the_same_lead(admin: User):
    door = a_door("dataverse")
    hand_in(door, CONTEXT)
    target = {"Attributes": [{"key": "telephone1", "value": "+49 30 1234"}]}
    update = CONTEXT | {
        "MessageName": "Update",
        "OperationId": "5b0ab7b5-0000-4000-8000-000000000003",
        "InputParameters": [{"key": "Target", "value": target}],
    }

    hand_in(door, update)
    hand_in(door, CONTEXT | {"MessageName": "Delete", "OperationId": "x"})

    assert Lead.objects.get().phone == "+49 30 1234"
    assert Delivery.objects.filter(state="ignored").count() == 1


def test_what_is_told_of_a_closed_lead_is_not_lost_and_changes_nothing(admin: User):
    door = a_door("dataverse")
    hand_in(door, CONTEXT)
    lead = Lead.objects.get()
    qualify(lead, by=admin)
    target = {"Attributes": [{"key": "firstname", "value": "Augusta"}]}

    hand_in(
        door,
        CONTEXT | {"OperationId": "y", "InputParameters": [{"key": "Target", "value": target}]},
    )

    lead.refresh_from_db()
    assert lead.first_name == "Ada"
    ignored = Delivery.objects.get(state="ignored")
    assert (ignored.lead, "qualified already" in ignored.error) == (lead, True)


# What cannot be read


@pytest.mark.parametrize(
    ("body", "content_type", "why"),
    [
        (b"{", "application/json", "not valid JSON"),
        (b"", "application/json", "empty"),
        (b'{"email": "\xff"}', "application/json", "not encoded as utf-8"),
        (b'{"email": "a"}', "application/json; charset=utf-7", "encoding"),
        (b"email=%FF", "application/x-www-form-urlencoded", "not encoded"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", "levels deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "application/json", "levels deep"),
        (b'{"email": "a\\u0000"}', "application/json", "cannot be stored"),
        (b'{"email": "\\ud800"}', "application/json", "cannot be stored"),
        (b'{"n": 1e400}', "application/json", "number"),
        (b'{"n": ' + b"9" * 5000 + b"}", "application/json", "digits"),
        (b'{"n": NaN}', "application/json", "NaN"),
        (b"[" + b"1," * 6000 + b"1]", "application/json", "values"),
        (b"7", "application/json", "object"),
        (b"{}", "application/json", "neither who it is"),
        (b'{"email": ["x", {"y": 1}], "company": {}}', "application/json", "neither who it is"),
        (b"--x", "multipart/form-data; boundary=x", "multipart"),
    ],
)
def test_what_cannot_be_read_is_stored_and_says_why(
    body: bytes, content_type: str, why: str, admin: User
):
    answer = hand_in(a_door(), body, content_type)

    assert answer.status_code in {200, 202}
    delivery = Delivery.objects.get()
    assert (delivery.state, bytes(delivery.raw)) == ("failed", body)
    assert why in delivery.error
    assert not Lead.objects.exists()


# The key of Google stands in the body: what cannot be read proves nothing.
@pytest.mark.parametrize("kind", sorted({*Door.Kind.values} - {"google"}))
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"email": "\xff"}', "not encoded as utf-8"),
        (b"[" * 100_000 + b"]" * 100_000, "levels deep"),
        (b'{"properties": {}, "InputParameters": [{"key": "Target", "value": {}}]}', "neither who"),
    ],
    ids=["encoding", "depth", "nobody"],
)
def test_every_kind_of_door_keeps_what_it_cannot_read_and_says_why(
    kind: str, body: bytes, why: str, admin: User, client: Client
):
    answer = hand_in(a_door(kind), body)

    assert answer.status_code in {200, 202}
    delivery = Delivery.objects.get()
    assert (delivery.state, bytes(delivery.raw)) == ("failed", body)
    assert not Lead.objects.exists()
    client.force_login(admin)
    assert why in client.get(delivery.get_absolute_url()).content.decode()


@pytest.mark.parametrize("kind", Door.Kind.values)
def test_ten_megabytes_are_refused_unread(kind: str, admin: User):
    door = a_door(kind)

    answer = Client().generic(
        "POST",
        key_of(door).get_absolute_url(),
        b"{}",
        content_type="application/json",
        CONTENT_LENGTH=str(10 * 1024 * 1024),
    )
    pieces = Client().generic(
        "POST", key_of(door).get_absolute_url(), b"", headers={"Transfer-Encoding": "chunked"}
    )

    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body may have at most 1,048,576 bytes."
    assert pieces.status_code == 411
    assert not Delivery.objects.exists()


def test_other_encodings_are_read_when_they_are_named(admin: User):
    hand_in(
        a_door(),
        '{"lastName": "Müller"}'.encode("latin-1"),
        "application/json; charset=iso-8859-1",
    )

    assert Lead.objects.get().last_name == "Müller"


def test_numbers_keep_every_digit(admin: User):
    door = a_door()
    maps(door, external_id="id")

    hand_in(door, b'{"id": 9007199254740993, "email": "ada@engine.example", "budget_amount": 0.1}')

    assert Reference.objects.get().name == "9007199254740993"
    assert str(Lead.objects.get().budget_amount) == "0.10"


def test_a_person_who_left_owns_nothing_new(admin: User, rep: User):
    door = a_door(owner=rep)
    hand_in(door, ADA)
    assert Lead.objects.get().owner == rep
    User.objects.filter(pk=rep.pk).update(is_active=False)

    hand_in(door, {"email": "bob@engine.example"})

    assert Lead.objects.get(email="bob@engine.example").owner is None


def test_the_administration_shows_what_a_mapping_makes_of_a_payload(admin: User, client: Client):
    door = a_door()
    maps(door, email="contact.mail")
    client.force_login(admin)
    address = f"/admin/intake/door/{door.pk}/try/"
    hand_in(door, {"contact": {"mail": "last@engine.example"}})

    last = client.get(address).content.decode()
    typed = {"payload": '{"contact": {"mail": "typed@engine.example"}}'}
    tried = client.post(address, typed | {"content_type": "application/json"}).content.decode()
    broken = client.post(address, {"payload": "{", "content_type": "application/json"})

    assert "last@engine.example" in last
    assert "contact.mail" in last
    assert "typed@engine.example" in tried
    assert "not valid JSON" in broken.content.decode()
    assert Lead.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_the_administration_makes_a_door_and_shows_its_address(admin: User, client: Client):
    client.force_login(admin)
    sent = {"name": "Shop", "slug": "shop", "kind": "marketo", "on_known": "new"}
    sent |= {"is_active": "on", "fields-TOTAL_FORMS": "0", "fields-INITIAL_FORMS": "0"}

    answer = client.post("/admin/intake/door/add/", sent)

    door = Door.objects.get()
    assert answer.status_code == 302
    page = client.get(f"/admin/intake/door/{door.pk}/change/").content.decode()
    assert key_of(door).get_absolute_url() in page
    assert key_of(door).secret in page
    assert clerk() != admin


# A known person, brought up to date


def test_a_door_may_bring_the_lead_of_a_known_person_to_what_it_tells(admin: User):
    fair, web = (Source.objects.create(key=key, name=key.title()) for key in ("a-fair", "a-web"))
    door = a_door(on_known="update", source=web)
    hand_in(door, ADA | {"company": "Engines", "phone": "+44 20 7946 0000", "LeadSource": "a-fair"})

    hand_in(door, {"email": ADA["email"], "company": "Looms", "employees": "many"})

    lead = Lead.objects.get()
    assert (lead.company, lead.phone, lead.source) == ("Looms", "+44 20 7946 0000", fair)
    assert lead.full_name == "Ada Lovelace"
    assert "Employees: many" in Activity.objects.on(lead).get().text


def test_a_door_that_updates_begins_another_lead_once_the_first_is_closed(admin: User):
    door = a_door(on_known="update")
    hand_in(door, ADA | {"company": "Engines"})
    qualify(Lead.objects.get(), by=admin)

    hand_in(door, {"email": ADA["email"], "company": "Looms"})

    assert list(Lead.objects.order_by("pk").values_list("status", "company")) == [
        ("qualified", "Engines"),
        ("open", "Looms"),
    ]


def test_a_form_never_changes_what_a_lead_says(admin: User):
    with pytest.raises(Unacceptable):
        save_web_form(WebForm(name="Ask", slug="ask", on_known="update"), by=admin)
