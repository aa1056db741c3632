"""Custom fields by API: defined, described, filled in, and refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from records.models import AuditEntry, CustomField
from tests.api.conftest import LEAD, Caller
from tests.custom import ONE_OF_EACH, VALUES, define, one_of_each
from tests.factories import AccountFactory, LeadFactory
from users.models import User

pytestmark = pytest.mark.django_db

SIZE = {
    "kind": "lead",
    "key": "size",
    "label": "Size",
    "type": "choice",
    "choices": ["Small", {"key": "xl", "label": "Very large"}],
}


# Definitions


def test_is_defined_with_a_trail(admin: Caller) -> None:
    made = admin.post("custom-fields/", SIZE)

    assert made.status_code == 201, made.content
    body = made.json()
    assert body["choices"] == [
        {"key": "small", "label": "Small", "is_active": True},
        {"key": "xl", "label": "Very large", "is_active": True},
    ]
    assert (body["required"], body["default"], body["is_active"]) == (False, None, True)
    assert admin.get(f"custom-fields/{body['id']}/").json() == body
    assert AuditEntry.objects.filter(event="customfield.created").count() == 1


def test_is_changed_and_retired_and_its_key_is_never_given_again(admin: Caller) -> None:
    address = f"custom-fields/{admin.post('custom-fields/', SIZE).json()['id']}/"

    changed = admin.patch(address, {"label": "Company size", "required": True, "help": "Of staff"})
    gone = admin.delete(address)
    again = admin.post("custom-fields/", {**SIZE, "label": "Another"})

    assert changed.json()["label"] == "Company size"
    assert (gone.status_code, CustomField.objects.get().is_active) == (204, False)
    assert admin.get(address).json()["deleted_at"], "its data stays for 30 days"
    assert admin.patch(address, {"is_active": True}).json()["deleted_at"] is None
    admin.delete(address)
    assert [row["key"] for row in admin.get("custom-fields/?kind=lead").json()["results"]] == [
        "size"
    ]
    assert (again.status_code, list(again.json()["errors"])) == (400, ["key"])


def test_once_is_once(admin: Caller) -> None:
    first = admin.post("custom-fields/", SIZE, Idempotency_Key="size")
    again = admin.post("custom-fields/", SIZE, Idempotency_Key="size")

    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert CustomField.objects.count() == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "user"}, "kind"),
        ({"type": "number"}, "type"),
        ({"label": " "}, "label"),
        ({"key": "owner"}, "key"),
        ({"key": "Über"}, "key"),
        ({"choices": []}, "choices"),
        ({"choices": "Small"}, "choices"),
        ({"choices": [1]}, "choices"),
        ({"choices": [{"label": "Small", "color": "red"}]}, "choices"),
        ({"choices": [{"label": "Small", "is_active": "yes"}]}, "choices"),
        ({"default": "medium"}, "default"),
        ({"required": "yes"}, "required"),
        ({"position": -1}, "position"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_definition_is_refused_by_name(
    admin: Caller, change: dict[str, Any], named: str
) -> None:
    answer = admin.post("custom-fields/", {**SIZE, **change})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [named])
    assert not CustomField.objects.exists()


def test_is_for_those_who_may(manager: Caller, admin: Caller) -> None:
    made = admin.post("custom-fields/", SIZE).json()

    assert manager.get("custom-fields/").json()["results"] == [made]
    assert manager.post("custom-fields/", {}).status_code == 403
    assert manager.patch(f"custom-fields/{made['id']}/", {"label": "Mine"}).status_code == 403
    assert manager.delete(f"custom-fields/{made['id']}/").status_code == 403


# Values


@pytest.mark.parametrize("kind", ["leads", "accounts", "contacts", "opportunities"])
def test_a_record_takes_and_gives_each_type(kind: str, rep: Caller, admin: Caller) -> None:
    singular = {"opportunities": "opportunity"}.get(kind, kind[:-1])
    one_of_each(singular, by=admin.user)
    new = {
        "leads": LEAD,
        "accounts": {"name": "Engines"},
        "contacts": {"last_name": "Lovelace"},
        "opportunities": {"topic": "Pumps"},
    }[kind]

    made = rep.post(f"{kind}/", {**new, "custom": VALUES})

    assert made.status_code == 201, made.content
    assert made.json()["custom"] == VALUES
    address = f"{kind}/{made.json()['id']}/"
    some = rep.patch(address, {"custom": {"whole": 251, "text": None, "choices": []}})
    assert some.json()["custom"] == {
        key: value for key, value in VALUES.items() if key not in {"text", "choices"}
    } | {"whole": 251}
    assert rep.patch(address, {"custom": {}}).json()["version"] == some.json()["version"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("text", 7),
        ("text", "x" * 256),
        ("text", ["a"]),
        ("long_text", True),
        ("whole", "250"),
        ("whole", 2.5),
        ("whole", True),
        ("whole", 10**15),
        ("decimal", "a lot"),
        ("decimal", False),
        ("decimal", "1234567890.123456"),
        ("date", "30.11.2026"),
        ("date", "2026-11-30T10:00:00Z"),
        ("date", 20261130),
        ("yes_no", "yes"),
        ("yes_no", 1),
        ("choice", "medium"),
        ("choice", "Small"),
        ("choice", ["small"]),
        ("choices", "north"),
        ("choices", ["west"]),
        ("unheard_of", 1),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(
    key: str, value: Any, rep: Caller, admin: Caller
) -> None:
    one_of_each("lead", by=admin.user)
    lead = LeadFactory(owner=rep.user)

    made = rep.post("leads/", {**LEAD, "custom": {key: value}})
    changed = rep.patch(f"leads/{lead.pk}/", {"custom": {key: value}, "topic": 7})

    assert (made.status_code, list(made.json()["errors"])) == (400, [f"custom.{key}"])
    assert (changed.status_code, set(changed.json()["errors"])) == (400, {f"custom.{key}", "topic"})
    lead.refresh_from_db()
    assert lead.custom == {}


def test_a_retired_choice_stays_and_is_not_chosen_again(rep: Caller, admin: Caller) -> None:
    made = admin.post("custom-fields/", SIZE).json()
    lead = LeadFactory(owner=rep.user, by=rep.user, custom={"size": "xl"})
    other = LeadFactory(owner=rep.user)
    choices = [made["choices"][0], {**made["choices"][1], "is_active": False}]
    assert admin.patch(f"custom-fields/{made['id']}/", {"choices": choices}).status_code == 200

    kept = rep.patch(f"leads/{lead.pk}/", {"custom": {"size": "xl"}, "topic": "More"})
    chosen = rep.patch(f"leads/{other.pk}/", {"custom": {"size": "xl"}})

    assert (kept.status_code, kept.json()["custom"]) == (200, {"size": "xl"})
    assert (chosen.status_code, list(chosen.json()["errors"])) == (400, ["custom.size"])


def test_what_is_required_is_asked_of_a_new_record_and_of_no_other(
    rep: Caller, admin: Caller
) -> None:
    old = LeadFactory(owner=rep.user)
    define("lead", "size", by=admin.user, is_required=True)
    define("lead", "district", by=admin.user, is_required=True, default="North")

    missing = rep.post("leads/", {**LEAD, "topic": ""})
    made = rep.post("leads/", {**LEAD, "custom": {"size": "XL"}})
    changed = rep.patch(f"leads/{old.pk}/", {"topic": "More"})

    assert set(missing.json()["errors"]) == {"custom.size", "topic"}
    assert made.json()["custom"] == {"size": "XL", "district": "North"}
    assert changed.status_code == 200


def test_a_retired_field_is_neither_given_out_nor_lost(rep: Caller, admin: Caller) -> None:
    field = define("lead", "size", by=admin.user)
    lead = LeadFactory(owner=rep.user, by=rep.user, custom={"size": "XL"})
    admin.delete(f"custom-fields/{field.pk}/")

    assert rep.get(f"leads/{lead.pk}/").json()["custom"] == {}
    assert rep.patch(f"leads/{lead.pk}/", {"topic": "More"}).status_code == 200
    lead.refresh_from_db()
    assert lead.custom == {"size": "XL"}
    sent = rep.patch(f"leads/{lead.pk}/", {"custom": {"size": "S"}})
    assert list(sent.json()["errors"]) == ["custom.size"]
    assert rep.get("leads/?custom.size=XL").status_code == 400


# Lists


@pytest.mark.once
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("custom.gone=1", "custom.gone"),
        ("custom.whole=many", "custom.whole"),
        ("custom.whole__contains=2", "custom.whole__contains"),
        ("custom.date__gte=yesterday", "custom.date__gte"),
        ("custom.date=1850-01-01", "custom.date"),
        ("custom.choice=medium", "custom.choice"),
        ("custom.choices__in=north,west", "custom.choices__in"),
        ("custom.yes_no=perhaps", "custom.yes_no"),
        ("custom.text__known=perhaps", "custom.text__known"),
        ("custom.text=a&custom.text=b", "custom.text"),
        ("custom.text=" + "x" * 300, "custom.text"),
        ("custom.text=%00", "custom.text"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(
    query: str, named: str, rep: Caller, admin: Caller
) -> None:
    one_of_each("lead", by=admin.user)

    answer = rep.get(f"leads/?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [named])


def test_costs_a_list_one_statement_whatever_is_asked(rep: Caller, admin: Caller) -> None:
    one_of_each("lead", by=admin.user)
    LeadFactory.create_batch(2, owner=rep.user, by=rep.user)
    rep.get("leads/")

    plain = rep.statements("leads/")
    LeadFactory.create_batch(3, owner=rep.user, by=rep.user, custom=VALUES)

    assert rep.statements(
        "leads/?custom.whole=250&custom.text__contains=b&custom.choice=small"
    ) == (rep.statements("leads/"))
    assert rep.statements("leads/") == plain + 1


# The schema


def test_the_schema_names_each_field_with_its_type(rep: Caller, admin: Caller) -> None:
    one_of_each("lead", by=admin.user)
    define("account", "size", by=admin.user, is_required=True)

    schema = rep.get("/api/schema/?format=json").json()

    described = schema["components"]["schemas"]["Lead"]["properties"]["custom"]
    assert set(described["properties"]) == set(ONE_OF_EACH)
    types = {key: field["type"] for key, field in described["properties"].items()}
    assert types == {
        "text": "string",
        "long_text": "string",
        "whole": "integer",
        "decimal": "string",
        "money": "object",
        "date": "string",
        "date_time": "string",
        "yes_no": "boolean",
        "choice": "string",
        "choices": "array",
        "tender_page": "string",
        "buyer_email": "string",
        "switchboard": "string",
    }
    assert described["properties"]["choice"]["enum"] == ["small", "large"]
    filters = {p["name"]: p for p in schema["paths"]["/api/v1/leads/"]["get"]["parameters"]}
    assert filters["custom.date__gte"]["schema"]["format"] == "date"
    assert filters["custom.choice"]["schema"]["enum"] == ["large", "small"]  # as all lists here
    assert not any(
        parameter["name"].startswith("custom.whole")
        for parameter in schema["paths"]["/api/v1/accounts/"]["get"]["parameters"]
    )


def test_a_definition_that_somebody_has_changed_since_is_not_written_over(admin):
    made = admin.post("custom-fields/", {"kind": "lead", "label": "Fleet", "type": "text"})
    address, read = f"custom-fields/{made.json()['id']}/", made["ETag"]
    changed = admin.patch(address, {"label": "Carts"}, If_Match=read)

    refused = admin.patch(address, {"label": "Mine"}, If_Match=read)
    retired = admin.delete(address, If_Match=read)

    assert (changed.status_code, changed["ETag"]) == (200, '"v2"')
    assert (refused.status_code, refused["ETag"]) == (412, '"v2"')
    assert retired.status_code == 412
    assert admin.get(address).json()["label"] == "Carts"
    assert admin.delete(address, If_Match='"v2"').status_code == 204


def test_a_wrong_filter_on_a_label_with_a_percent_sign_is_told(admin: Caller) -> None:
    define("lead", "margin", type="decimal", label="Margin %", by=admin.user)

    for query in ("custom.margin=abc", "where=custom.margin:at_least:x"):
        answer = admin.get(f"leads/?{query}")

        assert answer.status_code == 400, query
        assert "argin %" in str(answer.json()["errors"])


def test_a_link_to_what_the_caller_may_not_see_is_null_and_finds_nothing(
    admin: Caller, rep: Caller, outsider: Caller
) -> None:
    assert admin.user is not None
    assert rep.user is not None
    define("lead", "partner", type="record", target="account", by=admin.user)
    whole = User.objects.get(pk=admin.user.pk)
    accounts = [AccountFactory(owner=outsider.user), AccountFactory(owner=rep.user)]
    hidden, open_ = (
        LeadFactory(owner=rep.user, by=whole, custom={"partner": each.pk}) for each in accounts
    )

    told = {row["id"]: row["custom"] for row in rep.get("leads/").json()["results"]}
    found = {
        query: [row["id"] for row in rep.get(f"leads/?{query}").json()["results"]]
        for account in accounts
        for query in (
            f"where=custom.partner:is:{account.pk}",
            f"custom.partner={account.pk}",
        )
    }
    kept = rep.patch(f"leads/{hidden.pk}/", {"job_title": "Weaver", "custom": {"partner": None}})
    gone = rep.patch(f"leads/{open_.pk}/", {"custom": {"partner": None}})

    assert told == {hidden.pk: {"partner": None}, open_.pk: {"partner": accounts[1].pk}}
    assert list(found.values()) == [[], [], [open_.pk], [open_.pk]]
    assert (kept.status_code, gone.status_code) == (200, 200)
    hidden.refresh_from_db()
    open_.refresh_from_db()
    assert (hidden.custom, open_.custom) == ({"partner": accounts[0].pk}, {})
