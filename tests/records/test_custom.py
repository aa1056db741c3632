"""Fields of one's own: which values fit, how they change, and what the trail says of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account
from accounts.operations import create_account, update_account, update_contact
from activities.timeline import timeline_of
from leads.models import Lead
from leads.operations import capture_lead, update_lead
from opportunities.operations import open_opportunity, update_opportunity
from records import custom
from records.errors import Unacceptable
from records.layouts import required_of
from records.models import AuditEntry, CustomField, FormLayout
from records.operations.shaping import save_field
from tests.custom import ONE_OF_EACH, VALUES, define, one_of_each
from tests.factories import AccountFactory, ContactFactory, LeadFactory
from users.models import User

WRONG: dict[str, list[Any]] = {
    "text": [7, ["a"], {"a": 1}, "x" * 256, "nul\x00", "half \ud800"],
    "long_text": [True, "x" * 10_001],
    "whole": ["250", 2.5, True, 10**15, [1]],
    "decimal": ["abc", "NaN", "Infinity", True, "1234567890.123456", "1e400", "1" * 99, [1]],
    "date": ["30.11.2026", "2026-02-30", "1899-12-31", 20261130, "2026-11-30T10:00"],
    "yes_no": ["yes", 1, 0],
    "choice": ["huge", 1, ["small"], "Small", {"key": "small"}],
    "choices": ["north", [1], ["north", "west"], [["north"]], {"north": True}],
    "money": ["much", True, "5 XXQ", {"amount": "1", "currency": 7}, {"sum": 1}, "1e30", [1]],
    "date_time": ["2026-11-30T25:00", "soon", 20261130, "1899-12-31T10:00:00Z", "nul\x00"],
    "tender_page": ["javascript:alert(1)", "data:text/html,x", "nul\x00.example", "http://", 7],
    "buyer_email": ["ada", "ada@", "a\ud800@b.example", ["a@b.example"], "a b@c.example"],
    "switchboard": ["call me", "12", "+49 30 <b>", "1" * 41, 4930123456],
}


@pytest.fixture
def fields(admin: User) -> dict[str, CustomField]:
    return one_of_each("lead", by=admin)


def again(user: User) -> User:
    """Load a user anew, as each request does."""
    return User.objects.get(pk=user.pk)


def test_keeps_a_value_of_each_type_as_it_was_given(fields, rep: User):
    lead = LeadFactory(owner=rep, by=rep, custom=VALUES)

    lead.refresh_from_db()

    assert lead.custom == VALUES
    assert all(custom.fits(field, VALUES[key]) for key, field in fields.items())


def test_refuses_what_does_not_fit_and_names_the_field(fields, rep: User):
    for key, values in WRONG.items():
        for value in values:
            with pytest.raises(Unacceptable) as refused:
                custom.cleaned("lead", {key: value}, by=rep)
            assert list(refused.value.errors) == [f"custom.{key}"], value
            told = str(refused.value)
            others = ("character", "date between", "currency")
            is_said = fields[key].label in told or any(word in told for word in others)
            assert is_said, told


def test_stores_one_spelling_of_each_value(fields, rep: User):
    given = {
        "decimal": Decimal("12.5000"),
        "date": date(2026, 11, 30),
        "choices": ["south", "north", "south"],
        "text": "  two words ",
        "long_text": "one\r\ntwo",
        "money": {"amount": 12.5, "currency": "eur"},
        "date_time": "2026-11-30T15:30:05.4+01:00",
        "tender_page": "tender.example/a",
    }

    stored = custom.cleaned("lead", given, by=rep)

    assert stored == {
        "decimal": "12.5",
        "date": "2026-11-30",
        "choices": ["north", "south"],
        "text": "two words",
        "long_text": "one\ntwo",
        "money": {"amount": "12.50", "currency": "EUR"},
        "date_time": "2026-11-30T14:30:05Z",
        "tender_page": "https://tender.example/a",
    }
    for number, text in ((0, "0"), ("-0.0", "0"), (1e3, "1000"), ("1E+2", "100"), (-3, "-3")):
        assert custom.cleaned("lead", {"decimal": number}, by=rep) == {"decimal": text}


def test_changes_only_the_keys_that_are_given(fields, rep: User):
    lead = LeadFactory(owner=rep, by=rep, custom={"text": "Loom", "whole": 7, "yes_no": False})

    changed = update_lead(lead, by=rep, custom={"whole": 8, "text": None, "choice": ""})

    changed.refresh_from_db()
    assert changed.custom == {"whole": 8, "yes_no": False}
    assert changed.version == 2
    line = AuditEntry.objects.get(event="lead.changed")
    assert line.changes == {"custom.whole": [7, 8], "custom.text": ["Loom", None]}


def test_changing_nothing_writes_nothing(fields, rep: User):
    lead = LeadFactory(owner=rep, by=rep, custom={"decimal": "12.5", "choices": ["north"]})

    same = update_lead(
        lead,
        by=rep,
        custom={"decimal": Decimal("12.50"), "choices": ["north"], "text": None, "date": ""},
    )

    assert same.version == 1
    assert not AuditEntry.objects.filter(event="lead.changed").exists()


def test_works_for_every_kind(admin: User):
    made = {
        "lead": lambda **more: capture_lead(by=admin, topic="Looms", last_name="Ada", **more),
        "account": lambda **more: create_account(by=admin, name="Looms", **more),
        "contact": lambda **more: ContactFactory(by=admin, **more),
        "opportunity": lambda **more: open_opportunity("Looms", by=admin, owner=admin, **more),
    }
    change = {
        "lead": update_lead,
        "account": update_account,
        "contact": update_contact,
        "opportunity": update_opportunity,
    }
    for kind in custom.KINDS:
        define(kind, "note", by=admin)
    admin = again(admin)

    for kind, make in made.items():
        record = make(custom={"note": "First"})
        record = change[kind](record, by=admin, custom={"note": "Second"})
        record.refresh_from_db()
        assert record.custom == {"note": "Second"}, kind
        assert record.history.count() == 2
        with pytest.raises(Unacceptable) as refused:
            change[kind](record, by=admin, custom={"unknown": 1})
        assert refused.value.errors == {"custom.unknown": ["There is no custom field of this key."]}


def test_gives_a_new_record_the_defaults_of_what_is_left_out(admin: User):
    define("account", "size", type="choice", choices=["Small", "Large"], default="small", by=admin)
    define("account", "note", by=admin, default="None yet")

    plain = AccountFactory()
    said = AccountFactory(custom={"size": "large", "note": None})

    assert plain.custom == {"size": "small", "note": "None yet"}
    assert said.custom == {"size": "large"}


def test_a_required_field_does_not_stop_machines_and_rules(admin: User, rep: User):
    old = LeadFactory(owner=rep)
    define("lead", "budget_code", is_required=True, by=admin)

    untouched = update_lead(old, by=rep, job_title="Weaver")
    new = LeadFactory(owner=rep, by=again(rep))

    assert (untouched.custom, new.custom) == ({}, {})
    told = required_of("lead", {}, by=again(rep))
    assert told == {"custom.budget_code": ["Enter the budget code"]}
    assert not required_of("lead", {"custom": {"budget_code": "B7"}}, by=again(rep))


def test_what_is_required_is_not_taken_away(admin: User, rep: User):
    field = define("lead", "budget_code", by=admin)
    lead = LeadFactory(owner=rep, custom={"budget_code": "B7"})
    field.is_required = True
    save_field(field, by=admin)

    with pytest.raises(Unacceptable) as refused:
        update_lead(lead, by=again(rep), custom={"budget_code": " "})

    assert refused.value.errors == {"custom.budget_code": ["Enter the budget code"]}


def test_a_retired_field_takes_no_values_and_keeps_those_it_has(admin: User, rep: User):
    field = define("lead", "budget_code", by=admin)
    lead = LeadFactory(owner=rep, custom={"budget_code": "B7"})
    field.is_active = False
    save_field(field, by=admin)
    rep = again(rep)

    with pytest.raises(Unacceptable, match="Budget code is out of use"):
        update_lead(lead, by=rep, custom={"budget_code": "B8"})
    changed = update_lead(lead, by=rep, job_title="Weaver", custom={"budget_code": "B7"})

    assert changed.custom == {"budget_code": "B7"}
    assert custom.definitions_for(rep)["lead"] == ()


def test_a_retired_choice_stays_where_it_is_and_is_not_chosen_anew(admin: User, rep: User):
    field = define("lead", "regions", type="choices", choices=["North", "South"], by=admin)
    lead, other = (
        LeadFactory(owner=rep, custom={"regions": keys}) for keys in (["north"], ["south"])
    )
    field.choices[0]["is_active"] = False
    save_field(field, by=admin)
    rep = again(rep)

    more = update_lead(lead, by=rep, custom={"regions": ["south", "north"]})
    with pytest.raises(Unacceptable, match="North is out of use"):
        update_lead(other, by=rep, custom={"regions": ["north"]})

    assert more.custom == {"regions": ["north", "south"]}
    assert custom.in_words(field, more.custom["regions"]) == "North, South"


def test_the_timeline_tells_labels_choices_and_days(fields, admin: User, rep: User):
    lead = LeadFactory(owner=rep, by=rep, custom={"choice": "small"})
    update_lead(
        lead,
        by=rep,
        custom={"choice": "large", "date": "2026-11-30", "yes_no": True, "decimal": 1e4},
    )

    for viewer in (rep, again(rep), None):
        entry = timeline_of(lead, kind="changes", viewer=viewer).entries[0]
        told = {change.label: (change.old, change.new) for change in entry.changes}
        assert told == {
            "Size": ("Small", "Large"),
            "Contract end": ("", "30 Nov 2026"),
            "Is partner": ("", "Yes"),
            "Discount": ("", "10,000"),
        }


def test_the_timeline_still_reads_when_the_field_is_retired_or_was_never_known(
    admin: User, rep: User
):
    field = define("lead", "size", type="choice", choices=["Small"], by=admin)
    lead = LeadFactory(owner=rep)
    update_lead(lead, by=again(rep), custom={"size": "small"})
    field.is_active = False
    save_field(field, by=admin)

    told = timeline_of(lead, kind="changes", viewer=again(rep)).entries[0].changes

    assert [(change.label, change.new) for change in told] == [("Size", "Small")]


def test_reads_every_definition_and_layout_with_one_statement(admin: User, rep: User, statements):
    one_of_each("lead", by=admin)
    define("account", "note", by=admin)
    FormLayout.objects.filter(kind="contact").update(sections=[{"title": "All", "fields": []}])
    rep = again(rep)
    assert rep.scopes  # whoever is signed in comes with what the roles say

    with statements() as told:
        found = custom.definitions_for(rep)
        layouts = custom.known_to(rep).layouts
        custom.definitions_for(rep)

    assert len(told) == 1
    assert [each.key for each in found["lead"]] == list(ONE_OF_EACH)
    assert [each.label for each in found["account"]] == ["Note"]
    assert found["contact"] == found["opportunity"] == ()
    assert layouts == {"contact": [{"title": "All", "fields": []}]}
    assert found["lead"][8].choices[0] == {"key": "small", "label": "Small", "is_active": True}


def test_is_found_by_its_texts(admin: User, rep: User):
    define("lead", "note", by=admin)
    lead = LeadFactory(owner=rep, custom={"note": "Jacquard LOOM"})

    assert list(Lead.objects.matching("jacquard loom")) == [lead]
    update_lead(lead, by=again(rep), custom={"note": None})
    assert not Lead.objects.matching("jacquard")


def test_a_value_that_does_not_fit_reads_as_it_is_written(fields):
    for value in ({"a": 1}, ["x"], 7, True, None, "text", "2026-13-99", 1.5, [{"b": [1]}]):
        for field in fields.values():
            assert isinstance(custom.in_words(field, value), str)
            if not custom.fits(field, value):
                assert custom.natural(field, value) is None


def test_texts_are_read_as_they_are_written(fields, rep: User):
    for key, field in fields.items():
        text = custom.as_text(field, VALUES[key])
        assert custom.cleaned("lead", {key: custom.from_text(field, text)}, by=rep) == {
            key: VALUES[key]
        }
    assert custom.from_text(fields["choices"], "North, south") == ["north", "south"]
    assert custom.from_text(fields["whole"], "many") == "many"


def test_the_data_of_other_kinds_have_no_custom_fields(rep: User):
    account: Account = AccountFactory(owner=rep)

    with pytest.raises(Unacceptable, match="Send an object"):
        update_account(account, by=rep, custom=["note"])
