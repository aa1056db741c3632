"""Defining a field of one's own: keys that stay, choices that stay, names that mean something."""

from __future__ import annotations

import pytest

from accounts.api import AccountSerializer, ContactSerializer
from leads.api.leads import LeadSerializer
from leads.operations import update_lead
from opportunities.api import OpportunitySerializer
from records import custom
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, CustomField
from records.operations import shaping
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import LeadFactory, UserFactory
from users.models import User

HOSTILE = ["", "  ", "a\nb", "a\x00b", "a\u202eb", "a\ud800", "x" * 81]

SERIALIZERS = {
    "lead": LeadSerializer,
    "account": AccountSerializer,
    "contact": ContactSerializer,
    "opportunity": OpportunitySerializer,
}


def refused_by(field: CustomField, by: User) -> dict[str, list[str]]:
    with pytest.raises(Unacceptable) as refused:
        save_field(field, by=by)
    return refused.value.errors


def test_proposes_a_key_that_is_free(admin: User):
    labels = ["Größe & Gewicht", "Größe, Gewicht", "Name", "City", "Select", "名前", "2nd call"]

    keys = [
        save_field(CustomField(kind="lead", label=x, type="text"), by=admin).key for x in labels
    ]

    assert keys == [
        "grosse_gewicht",
        "grosse_gewicht_2",
        "name_2",
        "city_2",
        "select",
        "field",
        "field_2nd_call",
    ]


def test_leaves_a_trail(admin: User):
    field = define("account", "size", type="choice", choices=["Small"], by=admin)
    field.choices[0]["is_active"] = False
    field.choices.append({"label": "Large"})
    field.label = "Company size"
    save_field(field, by=admin)
    save_field(field, by=admin)

    created, changed = AuditEntry.objects.filter(record_type__model="customfield").order_by("pk")
    assert (created.event, created.actor) == ("customfield.created", admin)
    assert changed.event == "customfield.changed"
    assert changed.changes["label"] == ["Size", "Company size"]
    assert changed.changes["choices"][1] == [
        {"key": "small", "label": "Small", "is_active": False},
        {"key": "large", "label": "Large", "is_active": True},
    ]


def test_refuses_a_key_twice_and_for_ever(admin: User):
    field = define("lead", "budget_code", by=admin)

    again = CustomField(kind="lead", key="budget_code", label="Other", type="text")
    assert "is the key of “Budget code”" in refused_by(again, admin)["key"][0]
    field.is_active = False
    save_field(field, by=admin)
    assert "a key is never used twice" in refused_by(again, admin)["key"][0]
    # Another kind of record has keys of its own.
    assert define("account", "budget_code", by=admin)


def test_refuses_names_that_mean_something_else(admin: User):
    for key in ("id", "custom", "gte", "has_key", "owner", "limit", "search"):
        field = CustomField(kind="lead", key=key, label="Field", type="text")
        assert list(refused_by(field, admin)) == ["key"], key
    for key in ("Budget", "budget code", "bud__get", "budget_", "_budget", "1st", "a" * 42, "é"):
        field = CustomField(kind="lead", key=key, label="Field", type="text")
        assert "small letters" in refused_by(field, admin)["key"][0], key


def test_refuses_every_name_that_a_kind_has_by_itself_or_in_the_api(admin: User):
    for kind, serializer in SERIALIZERS.items():
        names = {column.name for column in custom.model_of(kind)._meta.concrete_fields}
        free = [
            name
            for name in sorted(names | set(serializer().fields))
            if not custom.key_problem(name) and not custom.is_column(kind, name)
        ]
        assert not free, kind


def test_a_key_and_a_kind_stay(admin: User):
    field = define("lead", "budget_code", by=admin)

    renamed = CustomField.objects.get(pk=field.pk)
    renamed.key = "other"
    assert "stays budget_code" in refused_by(renamed, admin)["key"][0]
    moved = CustomField.objects.get(pk=field.pk)
    moved.kind = "account"
    assert list(refused_by(moved, admin)) == ["kind"]
    field.label = "Code of the budget"
    assert save_field(field, by=admin).key == "budget_code"


def test_the_type_stays_once_a_record_has_a_value(admin: User, rep: User):
    field = define("lead", "budget_code", by=admin)
    field.type = "whole"
    save_field(field, by=admin)
    lead = LeadFactory(owner=rep, custom={"budget_code": 7})

    field.type = "text"
    told = refused_by(field, admin)
    assert told == {
        "type": [
            (
                "Records have values, so this field stays a whole number. “Change the type” in the "
                "administration shows what would become of them"
            )
        ]
    }
    update_lead(lead, by=admin, custom={"budget_code": None})
    assert save_field(field, by=admin).type == "text"


def test_a_choice_is_renamed_and_retired_but_not_removed(admin: User):
    field = define("lead", "size", type="choice", choices=["Small", "Large", "Typo"], by=admin)
    field.choices = field.choices[:2]
    save_field(field, by=admin)
    lead = LeadFactory(custom={"size": "small"})

    field.choices = [{"key": "large", "label": "Big"}]
    assert "take it out of use" in refused_by(field, admin)["choices"][0]
    field.choices = [
        {"key": "large", "label": "Big"},
        {"key": "small", "label": "Tiny", "is_active": False},
    ]
    save_field(field, by=admin)

    lead.refresh_from_db()
    assert lead.custom == {"size": "small"}
    assert custom.in_words(field, "small") == "Tiny"
    assert [choice["label"] for choice in field.choices] == ["Big", "Tiny"]


def test_refuses_hostile_labels_and_choices(admin: User):
    for text in HOSTILE:
        field = CustomField(kind="lead", label=text, type="text")
        assert "label" in refused_by(field, admin), text
        choice = CustomField(kind="lead", label="Size", type="choice", choices=[{"label": text}])
        assert list(refused_by(choice, admin)) == ["choices"], text
    for choices in (
        [],
        None,
        "small",
        ["small"],
        [{"label": "A"}, {"label": "a "}],
        [{"key": "Bad key", "label": "A"}],
        [{"key": "a", "label": "A"}, {"key": "a", "label": "B"}],
        [{"label": "A", "is_active": False}],
        [{"label": f"Choice {n}"} for n in range(shaping.MOST_CHOICES + 1)],
    ):
        field = CustomField(kind="lead", label="Size", type="choice", choices=choices)
        assert list(refused_by(field, admin)) == ["choices"], choices
    assert not CustomField.objects.exists()
    # What only looks dangerous is a label like any other.
    label = '<script>alert("%s {0} %(x)s")</script>'
    assert define("lead", "odd", label=label, by=admin).label == label


def test_two_fields_in_use_have_two_names(admin: User):
    field = define("lead", "size", by=admin)

    other = CustomField(kind="lead", key="other", label="SIZE ", type="text")
    assert "is called “SIZE” already" in refused_by(other, admin)["label"][0]
    field.is_active = False
    save_field(field, by=admin)
    assert save_field(other, by=admin)
    field.is_active = True
    assert list(refused_by(field, admin)) == ["label"]


def test_a_default_fits_its_field(admin: User):
    for type_, default in (
        ("whole", "many"),
        ("date", "tomorrow"),
        ("choice", "huge"),
        ("yes_no", "perhaps"),
        ("decimal", "NaN"),
    ):
        choices = [{"label": "Small"}] if type_ == "choice" else []
        field = CustomField(kind="lead", label="Size", type=type_, default=default, choices=choices)
        assert list(refused_by(field, admin)) == ["default"], type_
    assert define("lead", "a", type="whole", default="250", by=admin).default == 250
    assert define("lead", "b", type="yes_no", default="no", by=admin).default is False
    field = define("lead", "c", type="choice", choices=["Small", "Big"], default="Small", by=admin)
    assert field.default == "small"
    field.choices[0]["is_active"] = False
    assert "is out of use" in refused_by(field, admin)["default"][0]


def test_there_is_a_limit(admin: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shaping, "MOST_FIELDS", 2)
    monkeypatch.setattr(shaping, "MOST_EVER", 3)
    first, _second = define("lead", "a", by=admin), define("lead", "b", by=admin)

    third = CustomField(kind="lead", key="c", label="C", type="text")
    assert "At most 2 fields" in refused_by(third, admin)["is_active"][0]
    first.is_active = False
    save_field(first, by=admin)
    define("lead", "d", by=admin).is_active = False
    assert "is_active" in refused_by(third, admin)


def test_is_refused_to_those_who_may_not(rep: User, manager: User):
    shaper = UserFactory(may={"records.add_customfield": "all"})

    for user in (rep, manager):
        with pytest.raises(NotPermitted):
            define("lead", "size", by=user)
    field = define("lead", "size", by=shaper)
    with pytest.raises(NotPermitted):
        save_field(field, by=shaper)
    assert CustomField.objects.count() == 1
