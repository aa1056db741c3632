"""The field for conditions: what it shows comes back as it was, and buttons change only rows."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from django import forms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import AssignmentRule, Lead
from leads.operations import draft_rules
from records.conditions import ConditionIsWrong, as_data, parse
from records.vocabulary import fields_of
from tests.any_condition import any_data, any_valid_test, make_world
from tests.custom import define, one_of_each
from tests.factories import UserFactory
from tests.posted import posted
from tests.thorough import examples
from users.models import User
from workbench.admin import TellingForm
from workbench.forms import ConditionField, PageForm, error_links

pytestmark = pytest.mark.once


class RuleForm(PageForm):
    """What a page asks for that keeps a condition under a name."""

    name = forms.CharField()
    condition = ConditionField(Lead)


class FilterForm(PageForm):
    condition = ConditionField(Lead, required=False)


def ask(field: str, comparison: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "is": comparison} | ({} if value is None else {"value": value})


BUDGET = ask("budget_amount", "at_least", 10000)
NESTED = {"all": [BUDGET, {"any": [ask("city", "is", "Paris"), ask("email", "known")]}]}


def shown(form: forms.Form) -> str:
    return str(form["condition"])


def sent(condition: Any, user: User, *, press: str = "", **typed: str) -> RuleForm:
    """Return the form as it comes back: shown with `condition`, typed into, a button pressed."""
    data = posted(str(RuleForm(initial={"condition": condition, "name": "A rule"}, user=user)))
    for name, text in typed.items():
        data[name.replace("__", "-")] = text
    if press:
        data["condition-edit"] = press
    return RuleForm(data, user=user)


def again(form: forms.Form) -> Any:
    """Return the condition that the form would send if its own button were pressed now."""
    form = RuleForm(posted(str(form)), user=form.user)
    assert form.is_valid(), form.errors
    return form.cleaned_data["condition"]


@pytest.fixture
def world(db: None, admin: User) -> dict[str, Any]:
    make_world(Random(7), 0)
    one_of_each("lead", by=admin)
    return {"user": admin, "fields": fields_of(Lead, admin)}


@pytest.mark.thorough
@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rng=st.randoms(use_true_random=False))
def test_sends_back_whatever_it_shows(world: dict[str, Any], rng: Random) -> None:
    data = any_data(rng, world["fields"], any_valid_test)
    try:
        condition = as_data(parse(data, world["fields"]))
    except ConditionIsWrong:
        return  # more parts than a condition may have

    form = sent(condition, world["user"])

    assert form.is_valid(), form.errors
    assert form.cleaned_data["condition"] == condition
    assert not form.fields["condition"].has_changed(condition, form["condition"].data)


def test_shows_every_comparison_of_every_field_and_takes_it_back(world: dict[str, Any]) -> None:
    rng = Random(5)
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for name, about in world["fields"].items():
        for _ in range(12):
            test = any_valid_test(rng, {name: about})
            seen.setdefault((name, test["is"]), test)
    assert len(seen) > 300

    for number in range(0, len(seen), 50):
        condition = {"any": list(seen.values())[number : number + 50]}
        assert again(sent(condition, world["user"])) == condition


@pytest.mark.parametrize(
    ("press", "typed", "becomes"),
    [
        ("add ", {"condition__2__field": "city"}, [BUDGET, NESTED["all"][1], None]),
        ("remove 0", {}, [NESTED["all"][1]]),
        ("remove 1", {}, [BUDGET]),
        ("remove 1.0", {}, [BUDGET, {"any": [ask("email", "known")]}]),
    ],
)
def test_a_button_changes_a_row_and_nothing_else(
    press: str, typed: dict[str, str], becomes: list[Any], admin: User
) -> None:
    form = sent(NESTED, admin, press=press, name="")

    assert form.is_editing_only()
    assert not form.is_valid()
    assert not form.errors, "nobody wanted to save: a name is not asked for yet"
    parts = form["condition"].value()["all"]
    assert [part for part in parts if part != {"field": "", "is": ""}] == [
        part for part in texts({"all": becomes})["all"] if part
    ]
    assert len(parts) == len(becomes)


def texts(condition: Any) -> Any:
    """Return a condition with its values as they are typed."""
    if isinstance(condition, dict):
        return {
            key: str(value) if key == "value" and not isinstance(value, list) else texts(value)
            for key, value in condition.items()
        }
    return [texts(each) for each in condition] if isinstance(condition, list) else condition


def test_adds_a_group_with_a_row_in_it(admin: User) -> None:
    form = sent({"all": [BUDGET]}, admin, press="group ")

    assert form["condition"].value()["all"][1] == {"any": [{"field": "", "is": ""}]}
    assert "autofocus" in shown(form).split('name="condition-1-0-field"')[1].split(">")[0]


def test_takes_every_press_that_was_quicker_than_the_answer(admin: User) -> None:
    form = sent({"all": [BUDGET, ask("city", "known"), ask("email", "known")]}, admin)
    data = form.data.copy()
    data.setlist("condition-edit", ["remove 0", "remove 1", "add ", "add "])

    form = RuleForm(data, user=admin)

    blank = {"field": "", "is": ""}
    assert form["condition"].value() == {"all": [ask("email", "known"), blank, blank]}
    assert "autofocus" in shown(form).split('name="condition-2-field"')[1].split(">")[0]


@pytest.mark.parametrize(
    "press", ["", "add 7", "add 0", "remove", "remove 9.9", "remove x", "explode 1", "add 1.0"]
)
def test_a_button_that_nobody_drew_changes_nothing(press: str, admin: User) -> None:
    form = sent(NESTED, admin, press=press or " ")

    assert form.is_editing_only()
    assert form["condition"].value() == texts(NESTED)


def test_another_field_brings_its_comparisons_and_a_value_of_its_own(admin: User) -> None:
    form = sent(
        {"all": [ask("city", "contains", "a")]},
        admin,
        press="apply 0",
        condition__0__field="estimated_close_date",
    )

    assert form["condition"].value() == {
        "all": [ask("estimated_close_date", "during", "")],
    }
    html = shown(form)
    assert "this quarter" in html
    assert "is in the last days" in html
    assert "contains" not in html


def test_what_keeps_its_sense_stays_typed_when_the_field_changes(admin: User) -> None:
    form = sent(
        {"all": [BUDGET, ask("city", "is", "Paris")]},
        admin,
        press="apply 1",
        condition__0__field="employees",
        condition__1__is="one_of",
    )

    assert form["condition"].value()["all"] == [
        ask("employees", "at_least", "10000"),
        ask("city", "one_of", ["Paris"]),
    ]


def test_tells_each_problem_at_its_row(admin: User) -> None:
    form = sent(NESTED, admin, condition__0__value="lots", condition__1__0__value="", name="Known")

    assert not form.is_valid()
    number, text = "Enter budget as a number, like 80000.", "Enter what city is compared with."
    assert form.errors == {"condition": [number, text]}
    assert [(each["text"], each["target"]) for each in error_links(form)] == [
        (number, "id_condition-0"),
        (text, "id_condition-1-0"),
    ]
    html = shown(form)
    assert f'<div id="id_condition-0-problems"><p class="c-condition__problem">{number}' in html
    assert f'<div id="id_condition-1-0-problems"><p class="c-condition__problem">{text}' in html
    assert 'value="lots"' in html


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"all": []}, "Add at least one condition."),
        ({"all": [ask("", "")]}, "Choose a field."),
        ({"all": [BUDGET, {"any": []}]}, "Add a condition to this group, or remove the group."),
    ],
)
def test_asks_for_something(condition: Any, sentence: str, admin: User) -> None:
    form = sent(condition, admin)

    assert not form.is_valid()
    assert form.errors["condition"] == [sentence]


@pytest.mark.parametrize("condition", [{}, {"all": []}, {"all": [ask("", "")]}])
def test_may_be_left_empty_where_the_form_says_so(condition: Any, admin: User) -> None:
    data = posted(str(FilterForm(initial={"condition": condition}, user=admin)))

    form = FilterForm(data, user=admin)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["condition"] == {}


def test_begins_with_a_row_to_fill_in(admin: User) -> None:
    assert shown(RuleForm(user=admin)).count("Choose a field") == 1
    assert shown(FilterForm(user=admin)).count("Choose a field") == 0


def test_shows_a_field_that_is_gone_and_lets_it_be_removed(admin: User) -> None:
    condition = {"all": [ask("custom.size", "one_of", ["a", "b"]), BUDGET]}
    sentence = "There is no field “custom.size” any more. Choose another one."

    fresh = RuleForm(initial={"condition": condition}, user=admin)
    kept = sent(condition, admin, press="add ")
    refused = sent(condition, admin)
    removed = sent(condition, admin, press="remove 0")

    assert sentence in shown(fresh)
    assert "custom.size (gone)" in shown(fresh)
    assert kept["condition"].value()["all"][0] == condition["all"][0]
    assert not refused.is_valid()
    assert sentence in shown(refused)
    assert again(removed) == {"all": [BUDGET]}


def test_shows_a_choice_that_is_retired(admin: User) -> None:
    owner = UserFactory(name="Left", is_active=False)
    condition = {"all": [ask("owner", "one_of", [str(admin.pk), str(owner.pk)])]}

    form = RuleForm(initial={"condition": condition}, user=admin)

    assert "Left (out of use)" in shown(form)
    assert "“Left” can no longer be chosen for owner." in shown(form)
    assert not sent(condition, admin).is_valid()


def test_says_it_in_words_and_when_nothing_can_meet_it(admin: User) -> None:
    condition = {"all": [BUDGET, ask("budget_amount", "less_than", 5), ask("", ""), {"any": []}]}

    html = shown(RuleForm(initial={"condition": condition}, user=admin))

    assert "</span> Budget at least 10,000 and budget less than 5</p>" in html
    assert "No record can meet this: budget at least 10,000 and budget less than 5." in html


def test_menu_groups_fields_by_what_they_belong_to(admin: User) -> None:
    define("lead", "size", label="Size of fleet", by=admin)

    html = shown(RuleForm(user=admin))

    for group, option in (
        ("Lead", ">Budget<"),
        ("Owner", ">Owner: team<"),
        ("Existing account", ">Existing account: industry<"),
        ("Custom fields", ">Size of fleet<"),
    ):
        assert option in html.split(f'<optgroup label="{group}">')[1].split("</optgroup>")[0]


def test_every_control_has_a_name_of_its_own(world: dict[str, Any]) -> None:
    html = shown(RuleForm(initial={"condition": NESTED}, user=world["user"]))

    for name in (
        "Field of condition 1",
        "Comparison of condition 1",
        "Value of condition 2.1",
        "Remove condition 2.1",
        "Remove group 2",
        "How group 2 is joined",
    ):
        assert html.count(f'aria-label="{name}"') == 1, name


@pytest.mark.parametrize(
    "data",
    [
        {"condition-kind": "all", "condition-5-field": "city", "condition-5-is": "known"},
        {"condition-kind": "none", "condition-0-field": "city", "condition-0-is": "known"},
    ],
)
def test_reads_rows_in_their_order_whatever_their_numbers(data: Any, admin: User) -> None:
    form = RuleForm({"name": "x", **data}, user=admin)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["condition"] == {"all": [ask("city", "known")]}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"condition": '{"all": []}'},
        {"condition-kind": "all", "condition-0-0-field": "city"},
        {"condition-kind": "all", "condition-0-0-0-0-0-0-0-0-0-field": "city"},
        {"condition-kind": "all", "condition-0-field": "\x00", "condition-0-is": "\ud800"},
        {"condition-kind": "all"} | {f"condition-{'0-' * depth}kind": "any" for depth in range(9)},
        {"condition-kind": "all"} | {f"condition-{n}-field": "city" for n in range(60)},
    ],
)
def test_refuses_what_no_editor_sends(data: dict[str, str], admin: User) -> None:
    form = RuleForm({"name": "x", **data}, user=admin)

    assert not form.is_valid()
    assert form.errors["condition"]
    assert "condition-kind" in shown(form)


def test_asks_the_database_for_nothing_but_what_it_shows(
    admin: User, django_assert_max_num_queries: Any
) -> None:
    user = User.objects.get(pk=admin.pk)

    with django_assert_max_num_queries(1):  # the custom fields
        shown(RuleForm(initial={"condition": NESTED}, user=user))


def test_a_page_comes_back_with_the_row_and_saves_nothing(client: Any, manager: User) -> None:
    draft = draft_rules(by=manager)
    client.force_login(manager)
    page = client.get("/rules/qualification/new/").content.decode()
    typed_in = posted(page) | {"label": "Big ones", "condition-edit": "add "}

    answer = client.post("/rules/qualification/new/", typed_in)

    assert answer.status_code == 200
    html = answer.content.decode()
    assert html.count("Choose a field") == 2
    assert 'value="Big ones"' in html
    assert "needs your attention" not in html
    version = draft.version
    draft.refresh_from_db()
    assert draft.version == version


class RuleAdminForm(TellingForm):
    """What the administration asks for a rule."""

    condition = ConditionField(Lead)

    class Meta:
        model = AssignmentRule
        fields = ("name", "condition")


def test_the_administration_edits_rows_and_saves_nothing(admin: User) -> None:
    RuleAdminForm.user = admin
    rule = AssignmentRule(name="A rule", condition=NESTED)
    data = posted(str(RuleAdminForm(instance=rule)))

    edited = RuleAdminForm(data | {"name": "", "condition-edit": "remove 0"}, instance=rule)
    assert not edited.is_valid()
    assert not edited.errors
    assert rule.name == "A rule"
    assert rule.condition == NESTED

    saved = RuleAdminForm(posted(str(edited)) | {"name": "Another"}, instance=rule)
    assert saved.is_valid(), saved.errors
    assert saved.changed_data == ["name", "condition"]
    assert rule.condition == {"all": NESTED["all"][1:]}
