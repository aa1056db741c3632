"""Web forms and doors by API: made, mapped, changed and closed as in the administration."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from intake.api import DoorViewSet, WebFormViewSet
from intake.models import Door, DoorField, DoorKey, WebForm
from leads.models import Lead
from opportunities.models import Campaign
from records.models import AuditEntry, IdempotencyKey
from tests.api.conftest import Caller
from tests.custom import define
from tests.intake.world import a_door, hand_in, key_of
from users.operations import intake_machine

pytestmark = pytest.mark.django_db

DOOR = {"name": "Shop", "kind": "generic", "mapping": {"who.mail": "email"}, "on_known": "new"}
FORM = {
    "name": "Ask for an offer",
    "fields": [
        {"field": "email", "label": "Your email", "required": True},
        {"field": "country", "hidden": True, "value": "DE"},
    ],
}


@pytest.fixture(autouse=True)
def _machine(db: None) -> None:
    intake_machine()


# Doors


def test_a_door_is_made_and_takes_leads_at_once(admin: Caller):
    made = admin.post("intake-doors/", DOOR)

    assert made.status_code == 201, made.content
    body = made.json()
    key = DoorKey.objects.get()
    assert body["url"].startswith("http")
    assert urlsplit(body["url"]).path == f"/hooks/shop/{key.key}/"
    assert body["secret"] == key.secret
    assert body["mapping"] == [{"path": "who.mail", "field": "email", "otherwise": ""}]
    assert (body["slug"], body["kind"], body["on_known"]) == ("shop", "generic", "new")
    hand_in(Door.objects.get(), {"who": {"mail": "ada@engine.example"}})
    assert Lead.objects.get().email == "ada@engine.example"


def test_a_secret_is_told_once(admin: Caller):
    body = admin.post("intake-doors/", {**DOOR, "kind": "marketo"}).json()
    address = f"intake-doors/{body['id']}/"

    again = [
        admin.get(address).json(),
        admin.get("intake-doors/").json()["results"][0],
        admin.patch(address, {"name": "Shops"}).json(),
    ]

    assert len(body["secret"]) > 30
    assert [shown["secret"] for shown in again] == [None] * 3
    assert {shown["url"] for shown in again} == {body["url"]}
    assert body["secret"] not in str(list(AuditEntry.objects.values()))


def test_a_door_that_is_made_twice_by_one_key_is_one_door(admin: Caller):
    first = admin.post("intake-doors/", DOOR, Idempotency_Key="shop")
    again = admin.post("intake-doors/", DOOR, Idempotency_Key="shop")
    other = admin.post("intake-doors/", {**DOOR, "name": "Else"}, Idempotency_Key="shop")

    assert again.json() == {**first.json(), "secret": None, "url": None}
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Idempotent-Left-Out"] == "secret, url"
    assert "Idempotent-Left-Out" not in first.headers
    assert other.status_code == 422
    assert Door.objects.count() == DoorKey.objects.count() == 1


def test_no_secret_is_kept_beside_its_entrance(admin: Caller):
    door = admin.post("intake-doors/", DOOR, Idempotency_Key="1").json()
    more = admin.post(f"intake-doors/{door['id']}/add-key/", Idempotency_Key="2").json()
    admin.patch(f"intake-doors/{door['id']}/", {"name": "Shops"}, Idempotency_Key="3")
    form = admin.post("web-forms/", FORM, Idempotency_Key="4").json()
    first = WebForm.objects.get().snippet_key
    html = admin.post(f"web-forms/{form['id']}/renew-snippet/", Idempotency_Key="5").json()["html"]
    second = WebForm.objects.get().snippet_key

    kept = str([*IdempotencyKey.objects.values(), *AuditEntry.objects.values()])

    assert second in html
    assert more["secret"]
    for key in DoorKey.objects.all():
        assert key.secret not in kept
        assert key.key not in kept
    assert first not in kept
    assert second not in kept


def test_two_who_change_different_things_of_an_entrance_both_have_their_way(admin: Caller):
    admin.post("intake-doors/", DOOR)
    admin.post("web-forms/", FORM)
    door, form = Door.objects.get(), WebForm.objects.get()
    for read, change in ((door, DoorViewSet), (form, WebFormViewSet)):
        again = type(read)._default_manager.get()
        change.update_operation(again, by=admin.user, topic="From the shop")

        # Read before the other one had saved.
        change.update_operation(read, by=admin.user, name="Else")

        saved = type(read)._default_manager.get()
        assert (saved.name, saved.topic) == ("Else", "From the shop")


def test_a_mapping_is_replaced_as_a_whole_and_told_in_the_trail(admin: Caller):
    body = admin.post("intake-doors/", DOOR).json()
    address = f"intake-doors/{body['id']}/"
    rows = [
        {"path": "land", "field": "country", "otherwise": "DE"},
        {"path": "", "field": "source", "otherwise": "fair"},
    ]

    changed = admin.patch(address, {"mapping": rows})
    trail = AuditEntry.objects.filter(event="door.changed").count()
    admin.patch(address, {"mapping": rows})

    assert changed.json()["mapping"] == rows
    assert AuditEntry.objects.filter(event="door.changed").count() == trail
    assert [row.position for row in DoorField.objects.order_by("pk")] == [0, 1]


def test_hubspot_gets_in_by_the_secret_that_was_sent(admin: Caller):
    secret = "client-secret-of-the-app"
    body = admin.post("intake-doors/", {"name": "Hub", "kind": "hubspot", "secret": secret}).json()
    door = Door.objects.get()

    told = [{"eventId": 1, "subscriptionType": "contact.propertyChange", "objectId": 7}]
    told[0] |= {"propertyName": "email", "propertyValue": "ada@engine.example"}
    taken = hand_in(door, told)

    assert (body["secret"], key_of(door).secret) == (secret, secret)
    assert taken.status_code == 202
    assert Lead.objects.get().email == "ada@engine.example"


def test_an_address_is_exchanged_without_a_gap(admin: Caller):
    made = admin.post("intake-doors/", DOOR).json()
    address = f"intake-doors/{made['id']}/"

    key = admin.post(f"{address}add-key/")
    both = [
        Client().post(urlsplit(url).path, "{}", "application/json").status_code
        for url in (made["url"], key.json()["url"])
    ]
    closed = admin.post(f"{address}drop-old-keys/")
    after = Client().post(urlsplit(made["url"]).path, "{}", "application/json")

    assert key.status_code == 201
    assert key.json()["secret"] != made["secret"]
    assert both == [202, 200]  # the same once more, by the other address
    assert closed.json() == {"closed": 1}
    assert after.status_code == 404
    assert admin.get(address).json()["url"] == key.json()["url"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"kind": "salesforce"}, "kind", None),
        ({"mapping": {"mail": "owner"}}, "mapping.0.field", "No door can fill “owner”."),
        ({"mapping": [{"field": "email"}]}, "mapping.0.path", None),
        ({"mapping": [{"path": "a", "field": "email", "to": "b"}]}, "mapping.0.to", None),
        ({"mapping": "email"}, "mapping", None),
        ({"mapping": {"a" * 201: "email"}}, "mapping.0.path", None),
        ({"on_known": "merge"}, "on_known", None),
        ({"secret": "short"}, "secret", "Enter a secret of 16 to 200 characters."),
        ({"slug": "taken"}, "slug", "This address is taken. Choose another one."),
        ({"slug": "no good"}, "slug", None),
        ({"name": ""}, "name", None),
        ({"colour": "red"}, "colour", "There is no such field."),
        ({"url": "https://x.example"}, "url", "This field cannot be written."),
    ],
)
def test_what_is_no_door_is_refused_by_name(
    admin: Caller, change: Any, field: str, sentence: str | None
):
    a_door(slug="taken")

    answer = admin.post("intake-doors/", {**DOOR, **change})

    assert answer.status_code == 400, answer.content
    told = answer.json()["errors"]
    assert field in told
    assert sentence is None or told[field] == [sentence]
    assert Door.objects.count() == 1


def test_a_door_keeps_its_kind(admin: Caller):
    door = a_door()

    answer = admin.patch(f"intake-doors/{door.pk}/", {"kind": "hubspot"})

    assert answer.status_code == 400
    assert "keeps its kind" in answer.json()["errors"]["kind"][0]


def test_two_doors_of_one_name_have_two_addresses(admin: Caller):
    slugs = [admin.post("intake-doors/", {"name": "Shop"}).json()["slug"] for _ in range(3)]

    assert slugs == ["shop", "shop-2", "shop-3"]


def test_a_door_by_which_something_came_stays(admin: Caller):
    used, unused = a_door(slug="used"), a_door(slug="unused")
    hand_in(used, {"email": "ada@engine.example"})

    assert admin.delete(f"intake-doors/{used.pk}/").status_code == 409
    assert admin.delete(f"intake-doors/{unused.pk}/").status_code == 204
    assert Door.objects.get() == used


def test_only_who_may_shape_doors_and_forms_sees_them(manager: Caller, rep: Caller):
    door = a_door()

    for caller in (manager, rep):
        for address in ("intake-doors/", f"intake-doors/{door.pk}/", "web-forms/"):
            assert caller.get(address).status_code == 403
        assert caller.post("intake-doors/", DOOR).status_code == 403
        assert caller.post(f"intake-doors/{door.pk}/add-key/").status_code == 403
        assert caller.post("web-forms/", FORM).status_code == 403
    assert Door.objects.count() == DoorKey.objects.count() == 1


def test_a_token_that_may_only_read_makes_no_door(admin: Caller):
    reader = Caller(admin.user, scope="read")

    assert reader.post("intake-doors/", DOOR).status_code == 403
    assert reader.get("intake-doors/").status_code == 200


# Web forms


def test_a_form_is_made_and_stands_at_its_address(admin: Caller):
    campaign = Campaign.objects.create(key="fair", name="Fair")
    made = admin.post("web-forms/", {**FORM, "campaign": "fair", "consent_text": "Write to me"})

    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["slug"], body["campaign"], body["consent_version"]) == (
        "ask-for-an-offer", campaign.key, 1,
    )  # fmt: skip
    assert body["fields"] == [
        {
            "field": "email", "label": "Your email", "help": "", "required": True, "hidden": False,
            "value": "",
        },
        {
            "field": "country", "label": "", "help": "", "required": False, "hidden": True,
            "value": "DE",
        },
    ]  # fmt: skip
    page = Client().get(urlsplit(body["url"]).path).content.decode()
    assert "Your email" in page
    assert "Write to me" in page


def test_a_form_asks_for_custom_fields(admin: Caller):
    define("lead", "fleet", by=admin.user)

    made = admin.post("web-forms/", {**FORM, "fields": [{"field": "custom.fleet"}]})

    assert made.status_code == 201, made.content
    assert made.json()["fields"][0]["field"] == "custom.fleet"


def test_the_fields_of_a_form_are_replaced_and_the_rest_stays(admin: Caller):
    body = admin.post("web-forms/", FORM).json()
    address = f"web-forms/{body['id']}/"

    changed = admin.patch(address, {"fields": [{"field": "company"}]}).json()
    renamed = admin.patch(address, {"title": "Offer"}).json()
    consent = admin.patch(address, {"consent_text": "Another"}).json()

    assert [line["field"] for line in changed["fields"]] == ["company"]
    assert (renamed["title"], renamed["fields"]) == ("Offer", changed["fields"])
    assert consent["consent_version"] == 2


def test_the_snippet_is_given_out_and_renewed(admin: Caller):
    form = admin.post("web-forms/", FORM).json()
    key = WebForm.objects.get().snippet_key

    first = admin.get(f"web-forms/{form['id']}/snippet/").json()["html"]
    second = admin.post(f"web-forms/{form['id']}/renew-snippet/").json()["html"]

    assert key in first
    assert form["url"] in first
    assert key not in second
    assert WebForm.objects.get().snippet_key in second


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"fields": [{"field": "owner"}]}, "fields.0.field", "No form can ask for “owner”."),
        ({"fields": [{"field": "email"}] * 2}, "fields.1.field", None),
        ({"fields": [{"field": "email", "hidden": True}]}, "fields.0.value", None),
        ({"fields": [{"label": "Email"}]}, "fields.0.field", None),
        ({"fields": {"email": True}}, "fields", None),
        ({"on_known": "update"}, "on_known", None),
        ({"hourly_limit": 0}, "hourly_limit", None),
        ({"redirect_url": "javascript:alert(1)"}, "redirect_url", None),
        ({"owner": "nobody@x.example"}, "owner", None),
        ({"consent_version": 7}, "consent_version", "This field cannot be written."),
    ],
)
def test_what_is_no_form_is_refused_by_name(
    admin: Caller, change: Any, field: str, sentence: str | None
):
    answer = admin.post("web-forms/", {**FORM, **change})

    assert answer.status_code == 400, answer.content
    told = answer.json()["errors"]
    assert field in told
    assert sentence is None or told[field] == [sentence]
    assert not WebForm.objects.exists()


def test_the_lists_cost_the_same_for_many(admin: Caller):
    for number in range(3):
        admin.post("intake-doors/", {**DOOR, "name": f"Door {number}"})
        admin.post("web-forms/", {**FORM, "name": f"Form {number}"})
    few = [admin.statements(address) for address in ("intake-doors/", "web-forms/")]
    for number in range(10):
        admin.post("intake-doors/", {**DOOR, "name": f"More {number}"})
        admin.post("web-forms/", {**FORM, "name": f"More {number}"})

    assert [admin.statements(address) for address in ("intake-doors/", "web-forms/")] == few


def test_an_entrance_that_somebody_has_changed_since_is_not_written_over(admin: Caller):
    for kind, sent, lines in (
        ("intake-doors", DOOR, {"mapping": {"b": "company"}}),
        ("web-forms", FORM, {"fields": [{"field": "company"}]}),
    ):
        made = admin.post(f"{kind}/", sent)
        address, read = f"{kind}/{made.json()['id']}/", made["ETag"]
        changed = admin.patch(address, lines, If_Match=read)

        refused = admin.patch(address, {"name": "Mine"}, If_Match=read)
        gone = admin.delete(address, If_Match=read)

        assert changed.status_code == 200, changed.content
        assert changed["ETag"] != read
        assert (refused.status_code, refused.json()["code"]) == (412, "stale")
        assert refused["ETag"] == changed["ETag"]
        assert gone.status_code == 412
        assert admin.get(address)["ETag"] == changed["ETag"]
        assert admin.patch(address, {"name": "Mine"}, If_Match=changed["ETag"]).status_code == 200
