"""The condition language: what it reads, what it refuses in a sentence, how it words things."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Account, Contact
from leads.models import Lead
from leads.rules import rules_in_force
from opportunities.models import Opportunity, Source
from records.conditions import (
    ConditionIsWrong,
    Field,
    as_data,
    contradictions,
    holds,
    names_in,
    parse,
    problems_of,
    stored,
    words,
)
from records.vocabulary import fields_of, reader_of
from tests.factories import AccountFactory, LeadFactory, TeamFactory, UserFactory

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEEDS = (("must", "Must have"), ("should", "Should have"))
FIELDS = {
    each.name: each
    for each in (
        Field("city", "city", "text"),
        Field("budget", "budget", "number"),
        Field("closes_on", "expected close", "date"),
        Field("created_at", "created", "moment"),
        Field("consent", "consent", "yes_no"),
        Field("need", "need", "choice", NEEDS, retired=(("may", "May have"),)),
        Field("owner", "owner", "choice", (("7", "Ada"),), aliases={"ada@crm.example": "7"}),
        Field("products", "products", "choices", (("a", "Engines"), ("b", "Looms"))),
    )
}


def ask(field, comparison, value=None):
    return {"field": field, "is": comparison} | ({} if value is None else {"value": value})


def sentences(data):
    with pytest.raises(ConditionIsWrong) as refusal:
        parse(data, FIELDS)
    return refusal.value.problems


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({}, "Write a group as “all” or “any” with a list."),
        ({"all": []}, "Add a condition to this group, or remove the group."),
        ({"all": [], "any": []}, "Write a group as “all” or “any” with a list."),
        ("all", "Write a condition as a group or as a test."),
        (None, "Write a condition as a group or as a test."),
        (ask("gone", "is", "x"), "There is no field “gone” any more. Choose another one."),
        (ask(["city"], "is", "x"), "There is no field “['city']” any more. Choose another one."),
        (ask("", "is"), "Choose a field."),
        (ask("city", "at_least", 5), "Choose how to compare city."),
        (ask("city", "is", " "), "Enter what city is compared with."),
        (ask("city", "is", 5), "Enter what city is compared with."),
        (ask("city", "is", "x" * 201), "Enter at most 200 characters for city."),
        (ask("city", "is", "a\x00b"), "Enter city without control characters."),
        (ask("city", "is", "\ud800"), "Enter city without control characters."),
        (ask("budget", "at_least"), "Enter budget as a number, like 80000."),
        (ask("budget", "at_least", "many"), "Enter budget as a number, like 80000."),
        (ask("budget", "at_least", "NaN"), "Enter budget as a number, like 80000."),
        (ask("budget", "at_least", float("inf")), "Enter budget as a number, like 80000."),
        (ask("budget", "at_least", "1e999999"), "Enter budget as a number, like 80000."),
        (ask("budget", "at_least", True), "Enter budget as a number, like 80000."),
        (ask("budget", "at_least", 10**15), "Enter budget with at most 15 digits."),
        (ask("closes_on", "on", "soon"), "Enter expected close as a date, like 2026-11-25."),
        (ask("closes_on", "on", "0001-01-01"), "Choose a date between 1900 and 2999."),
        (
            ask("created_at", "within_days", -1),
            "Enter a whole number of days from 0 to 36500.",
        ),
        (ask("consent", "yes", "x"), "“consent” is compared without a value here."),
        (ask("need", "is", ""), "Choose a value for need."),
        (ask("need", "is", "may"), "“May have” can no longer be chosen for need."),
        (ask("need", "is", "other"), "“other” is no choice of need."),
        (ask("need", "one_of", []), "Choose at least one value for need."),
        (ask("need", "one_of", "must"), "Choose at least one value for need."),
        (ask("owner", "is", 8), "“8” is no choice of owner."),
        (ask("city", "is", "x") | {"not": 1}, "A test knows no “not”."),
    ],
)
def test_refuses_in_a_sentence(part, sentence):
    assert sentences({"all": [ask("consent", "yes"), part]}) == [("1", sentence)]


def test_tells_every_problem_with_its_place():
    data = {"all": [ask("gone", "is"), {"any": [ask("budget", "is", "x"), {"all": []}]}]}

    assert [place for place, _ in sentences(data)] == ["0", "1.0", "1.1"]


@pytest.mark.parametrize("data", [None, [], "x", 5, ask("city", "is", "x")])
def test_begins_with_a_group(data):
    assert sentences(data)[0][0] == ""


def test_refuses_what_is_too_deep_or_too_long():
    deep = ask("consent", "yes")
    for _ in range(5):
        deep = {"all": [deep]}
    assert "4 deep" in sentences(deep)[0][1]
    for _ in range(5000):
        deep = {"all": [deep]}
    assert "4 deep" in sentences(deep)[0][1]
    assert "50 parts" in sentences({"any": [ask("consent", "yes")] * 51})[0][1]


def test_reads_again_what_it_wrote():
    data = {
        "any": [
            ask("city", "one_of", [" Berlin ", "Paris", "Paris"]),
            {"all": [ask("budget", "more_than", "0010.50"), ask("budget", "is", "-0.0")]},
            ask("closes_on", "after", "2026-11-25"),
            ask("created_at", "older_than_days", "30"),
            ask("owner", "is", "ada@crm.example"),
            ask("products", "all_of", ["a", "b"]),
        ]
    }

    condition = parse(data, FIELDS)

    assert parse(as_data(condition), FIELDS) == condition
    assert as_data(condition)["any"][0]["value"] == ["Berlin", "Paris"]
    assert as_data(condition)["any"][1]["all"][0]["value"] == "10.5"
    assert as_data(condition)["any"][1]["all"][1]["value"] == 0
    assert as_data(condition)["any"][4]["value"] == "7"
    assert names_in(condition) == {
        "city", "budget", "closes_on", "created_at", "owner", "products",
    }  # fmt: skip


def test_says_it_in_words():
    condition = parse(
        {
            "all": [
                ask("budget", "at_least", 10000),
                ask("need", "one_of", ["must", "should"]),
                {
                    "any": [
                        ask("city", "starts_with", "Ber"),
                        ask("created_at", "before", "2026-11-05"),
                        ask("products", "none_of", ["a", "b"]),
                    ]
                },
                {"any": [ask("owner", "known")]},
                ask("consent", "no"),
                ask("closes_on", "next_days", 30),
            ]
        },
        FIELDS,
    )

    assert words(condition, FIELDS) == (
        "Budget at least 10,000 and need is Must have or Should have and (city starts with “Ber” or"
        " created before 5 Nov 2026 or products is not Engines nor Looms) and owner is known and"
        " consent: no and expected close in the next 30 days"
    )


def test_words_are_translated_whole():
    condition = parse({"all": [ask("budget", "at_least", 5)]}, FIELDS)
    german = {"%(field)s at least %(value)s": "%(field)s mindestens %(value)s"}

    told = words(condition, FIELDS, translate=lambda text: german.get(text, text))

    assert told == "Budget mindestens 5"


def test_a_field_that_is_gone_never_holds_and_is_told():
    data = {"any": [ask("gone", "is_not", "x"), ask("gone", "unknown")]}

    condition = stored(data, FIELDS)

    assert not holds(condition, {}.__getitem__, now=NOON)
    assert [place for place, _ in problems_of(data, FIELDS)] == ["0", "1"]
    assert words(condition, FIELDS).startswith("A field that is gone (gone) or")


@pytest.mark.parametrize("data", [None, {}, {"all": []}, {"all": [3]}, {"any": "x"}, []])
def test_what_makes_no_sense_never_holds(data):
    assert not holds(stored(data, FIELDS), {}.__getitem__, now=NOON)


def test_a_retired_choice_is_compared_as_before_and_told():
    data = {"all": [ask("need", "is", "may")]}

    assert holds(stored(data, FIELDS), {"need": "may"}.get, now=NOON)
    assert problems_of(data, FIELDS) == [("0", "“May have” can no longer be chosen for need.")]
    assert words(stored(data, FIELDS), FIELDS) == "Need is May have"


@pytest.mark.parametrize(
    ("tests", "is_possible"),
    [
        ([ask("budget", "at_least", 10), ask("budget", "at_most", 5)], False),
        ([ask("budget", "at_least", 10), ask("budget", "at_most", 10)], True),
        ([ask("budget", "more_than", 10), ask("budget", "at_most", 10)], False),
        ([ask("budget", "is", 10), ask("budget", "is_not", "10.0")], False),
        ([ask("budget", "unknown"), ask("budget", "at_least", 1)], False),
        ([ask("budget", "unknown"), ask("budget", "is_not", 1)], True),
        ([ask("need", "is", "must"), ask("need", "is", "should")], False),
        ([ask("need", "is", "must"), ask("need", "none_of", ["must"])], False),
        ([ask("need", "one_of", ["must", "should"]), ask("need", "is", "must")], True),
        ([ask("need", "known"), ask("need", "unknown")], False),
        ([ask("city", "is", "Berlin"), ask("city", "is", "BERLIN")], True),
        ([ask("city", "is", "Berlin"), ask("city", "starts_with", "P")], False),
        ([ask("city", "contains", "a"), ask("city", "starts_with", "B")], True),
        ([ask("consent", "yes"), ask("consent", "no")], False),
        ([ask("created_at", "within_days", 7), ask("created_at", "older_than_days", 7)], 0),
        ([ask("created_at", "within_days", 7), ask("created_at", "older_than_days", 6)], 1),
        ([ask("closes_on", "before", "2026-01-02"), ask("closes_on", "on", "2026-01-02")], 0),
        ([ask("closes_on", "before", "2026-01-03"), ask("closes_on", "on", "2026-01-02")], 1),
        ([ask("products", "any_of", ["a"]), ask("products", "none_of", ["a", "b"])], False),
        ([ask("products", "all_of", ["a", "b"]), ask("products", "none_of", ["b"])], False),
        ([ask("products", "any_of", ["a", "b"]), ask("products", "none_of", ["a"])], True),
    ],
)  # fmt: skip
def test_finds_contradictions(tests, is_possible):
    together = parse({"all": tests}, FIELDS)
    apart = parse({"any": tests}, FIELDS)
    inside = parse({"any": [{"all": [tests[0], {"all": [tests[1]]}]}]}, FIELDS)

    assert bool(contradictions(together, FIELDS, now=NOON)) is not bool(is_possible)
    assert bool(contradictions(inside, FIELDS, now=NOON)) is not bool(is_possible)
    assert not contradictions(apart, FIELDS, now=NOON)


def test_days_begin_where_we_are():
    """23:30 in New York is the next day in Greenwich."""
    here = datetime(2026, 11, 25, 23, 45, tzinfo=ZoneInfo("America/New_York"))
    just_now = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)
    condition = parse({"all": [ask("created_at", "on", "2026-11-25")]}, FIELDS)

    assert holds(condition, {"created_at": just_now}.get, now=here)
    assert not holds(condition, {"created_at": just_now}.get, now=here.astimezone(UTC))


@pytest.mark.parametrize("model", [Lead, Account, Contact, Opportunity])
def test_whatever_can_be_asked_can_be_answered(model, db):
    fields = fields_of(model, None)
    read = reader_of(model())

    for name, about in fields.items():
        condition = parse({"any": [{"field": name, "is": about.comparisons[-1]}]}, fields)
        assert holds(condition, read, now=NOON) is not None
        assert not model.objects.meeting(condition, fields, now=NOON).exists()
        list(about.choices)


def test_the_default_rules_ask_what_they_always_asked(defaults):
    asked = {
        "person_or_company": lambda lead: bool(lead.full_name or lead.company),
        "reachable": lambda lead: bool(lead.email_key or lead.phone_key or lead.mobile_key),
        **{
            part: lambda lead, place=place: lead.bant[place].state != "unknown"
            for place, part in enumerate(("budget", "authority", "need", "timeframe"))
        },
    }
    rules = rules_in_force(by=None)
    leads = [
        LeadFactory(budget_status="may_buy", timeframe="unknown"),
        LeadFactory(email="", phone="+493012345", decision_maker="Ada", need="none"),
        LeadFactory(email="", phone="12", first_name="", last_name="", need_description="Engines"),
    ]

    assert [rule.key for rule in rules.active] == list(asked)
    for key, condition in rules.conditions.items():
        passed = [lead.pk for lead in leads if asked[key](lead)]
        held = [lead.pk for lead in leads if holds(condition, reader_of(lead), now=NOON)]
        assert held == passed, key
        met = Lead.objects.meeting(condition, rules.fields).order_by("pk")
        assert list(met.values_list("pk", flat=True)) == passed, key


def test_reading_a_stored_condition_and_its_records_costs_no_statement_each(
    defaults, django_assert_num_queries
):
    team = TeamFactory()
    for number in range(3):
        account = AccountFactory(country="DE", industry="Engines")
        owner = UserFactory(team=team)
        source = Source.objects.order_by("pk")[number]
        lead = LeadFactory(owner=owner, source=source, account=account)
        lead.products.set([])
    data = {
        "any": [
            ask("owner.team", "is", str(team.pk)),
            ask("source", "is", "web"),
            ask("account.industry", "is", "engines"),
            ask("products", "unknown"),
        ]
    }

    with django_assert_num_queries(2):  # the leads, and their products
        fields = fields_of(Lead, None)
        condition = stored(data, fields)
        rows = list(Lead.objects.with_answers_to(condition, fields))
        assert all(holds(condition, reader_of(lead), now=NOON) for lead in rows)


def test_an_owner_who_left_can_no_longer_be_chosen(defaults):
    here = UserFactory(email="here@crm.example", name="Here")
    left = UserFactory(name="Left", is_active=False)
    fields = fields_of(Lead, None)

    condition = parse({"all": [ask("owner", "is", "here@crm.example")]}, fields)

    assert as_data(condition) == {"all": [ask("owner", "is", str(here.pk))]}
    assert words(condition, fields) == "Owner is Here"
    with pytest.raises(ConditionIsWrong, match="“Left” can no longer be chosen for owner"):
        parse({"all": [ask("owner", "is", str(left.pk))]}, fields)


def test_numbers_are_compared_as_numbers(defaults):
    fields = fields_of(Lead, None)
    lead = LeadFactory(budget_amount=Decimal("10000.10"), employees=9)

    def is_met(field, comparison, value):
        condition = parse({"all": [ask(field, comparison, value)]}, fields)
        both = {
            holds(condition, reader_of(lead), now=NOON),
            Lead.objects.meeting(condition, fields).exists(),
        }
        assert len(both) == 1
        return both.pop()

    assert is_met("budget_amount", "is", "10000.1")
    assert is_met("employees", "less_than", "9.5")
    assert is_met("employees", "more_than", "8.999999")
    assert not is_met("employees", "at_least", "999999999999999")


def test_a_date_that_was_typed_is_read(defaults):
    fields = fields_of(Lead, None)
    condition = parse({"all": [ask("estimated_close_date", "on", "2026-12-24")]}, fields)
    lead = LeadFactory(estimated_close_date=date(2026, 12, 24))

    assert holds(condition, reader_of(lead), now=NOON)
    assert Lead.objects.meeting(condition, fields).get() == lead
