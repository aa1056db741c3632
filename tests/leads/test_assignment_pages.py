"""The pages about assignment: the rules for managers, the dry run, and why a lead is whose."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from leads.models import Assignment, AssignmentRule, Lead
from leads.operations import assign_by_rules, change_assignment_rule, update_lead
from opportunities.models import Source
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import AccountFactory, LeadFactory, TeamFactory, clerk
from tests.leads.assigning import GERMANY, a_rule, people_in
from users.models import Team, User

pytestmark = pytest.mark.once  # but for what is marked `both`

LIST = "/rules/assignment/"


def text_of(response: Any) -> str:
    """Return what a page says, without its markup."""
    main = response.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


@pytest.fixture
def desk(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def south(defaults: None) -> Team:
    return TeamFactory(name="South")


@pytest.fixture
def ann(south: Team) -> User:
    return people_in(south, "Ann")[0]


def sent(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Germany",
        "condition-kind": "all",
        "condition-0-field": "country",
        "condition-0-is": "is",
        "condition-0-value": "DE",
        "is_active": "on",
        **fields,
    }


def test_a_manager_writes_a_rule_and_reads_it_in_words(desk: Client, ann: User):
    answer = desk.post(f"{LIST}new/", sent(target=f"team:{ann.team_id}"), follow=True)

    rule = AssignmentRule.objects.get()
    assert (rule.name, rule.condition, rule.team, rule.is_active) == (
        "Germany",
        GERMANY,
        ann.team,
        True,
    )
    assert "Country is Germany" in text_of(answer)
    assert "South in turn, 1 person" in text_of(answer)


def test_a_preset_asks_for_what_is_missing(desk: Client, ann: User):
    form = desk.get(f"{LIST}new/?preset=country").content.decode()
    assert '<option value="country" selected>' in form

    fields = sent(target=f"person:{ann.pk}")
    del fields["condition-0-value"]
    answer = desk.post(f"{LIST}new/?preset=country", fields)

    assert answer.status_code == 422
    assert not AssignmentRule.objects.exists()


@pytest.mark.parametrize("preset", ["country", "region", "product", "source", "rest", "unknown"])
def test_every_preset_opens(desk: Client, preset: str):
    assert desk.get(f"{LIST}new/?preset={preset}").status_code == 200


def test_an_impossible_condition_comes_back_with_a_sentence(desk: Client, ann: User):
    fields = sent(target=f"person:{ann.pk}") | {
        "condition-1-field": "country",
        "condition-1-is": "is",
        "condition-1-value": "FR",
    }
    answer = desk.post(f"{LIST}new/", fields)

    assert answer.status_code == 422
    assert "No record can meet this" in text_of(answer)
    assert not AssignmentRule.objects.exists()


def test_a_team_nobody_is_in_comes_back_with_a_sentence_at_its_field(desk: Client):
    empty = TeamFactory(name="East")
    answer = desk.post(f"{LIST}new/", sent(target=f"team:{empty.pk}"))

    assert answer.status_code == 422
    assert answer.context["form"].errors["target"] == [
        "Nobody in the team East can take leads. Add people to it, or choose another team."
    ]


def test_a_rule_whose_person_left_says_so_in_list_and_form(desk: Client, ann: User):
    rule = a_rule(person=ann)
    ann.is_active = False
    ann.save(update_fields=["is_active"])

    for address in (LIST, f"{LIST}{rule.pk}/"):
        assert "Ann has left. Choose somebody else." in text_of(desk.get(address))
    answer = desk.post(f"{LIST}{rule.pk}/", sent(target=f"person:{ann.pk}"))
    assert answer.context["form"].errors["target"] == ["Ann has left. Choose somebody else."]


def test_a_rule_on_a_retired_field_says_so_in_list_and_form(desk: Client, ann: User, admin: User):
    fleet = define("lead", "fleet", by=admin)
    condition = {"all": [{"field": "custom.fleet", "is": "known"}]}
    rule = a_rule("Fleets", condition, person=ann)
    fleet.is_active = False
    save_field(fleet, by=admin)

    for address in (LIST, f"{LIST}{rule.pk}/"):
        assert "There is no field “custom.fleet” any more." in text_of(desk.get(address))


@pytest.mark.both
def test_rules_are_moved_switched_and_deleted_by_buttons(desk: Client, ann: User):
    one, two = (a_rule(name, person=ann) for name in ("One", "Two"))

    desk.post(f"{LIST}{two.pk}/move/", {"to": "up"})
    desk.post(f"{LIST}{two.pk}/move/", {"to": "up"})
    desk.post(f"{LIST}{one.pk}/switch/", {"to": "off"})
    names = [(r.name, r.is_active) for r in AssignmentRule.objects.order_by("position")]
    assert names == [("Two", True), ("One", False)]

    desk.post(f"{LIST}{two.pk}/delete/")
    desk.post(f"{LIST}{one.pk}/switch/", {"to": "on"})
    assert [(r.name, r.is_active) for r in AssignmentRule.objects.all()] == [("One", True)]


def test_a_broken_rule_is_not_switched_on_and_says_why(desk: Client, ann: User):
    rule = a_rule(person=ann, is_active=False)
    ann.is_active = False
    ann.save(update_fields=["is_active"])

    answer = desk.post(f"{LIST}{rule.pk}/switch/", {"to": "on"}, follow=True)

    assert "Ann has left. Choose somebody else." in answer.content.decode()
    assert not AssignmentRule.objects.get().is_active


# Two who change one rule


@pytest.mark.both
def test_who_saves_over_somebody_else_is_shown_both_and_loses_nothing(
    desk: Client, ann: User, admin: User
):
    rule = a_rule(person=ann)
    read = desk.get(f"{LIST}{rule.pk}/").context["form"]["version"].value()
    france = {"all": [{"field": "country", "is": "is", "value": "FR"}]}
    change_assignment_rule(rule, by=admin, condition=france, team=ann.team, name="Europe")
    mine = sent(name="Mine", target=f"person:{ann.pk}", version=read)

    answer = desk.post(f"{LIST}{rule.pk}/", mine)

    assert answer.status_code == 409
    assert f"{admin} changed this in the meantime" in text_of(answer)
    told = {line["name"]: line for line in answer.context["merge"]}
    assert {name: line["taken"] for name, line in told.items()} == {
        "name": "ask",  # both wrote another one
        "condition": "theirs",
        "target": "theirs",
    }
    assert (told["name"]["mine"], told["name"]["theirs"]) == ("Mine", "Europe")
    assert told["condition"]["theirs"] == "Country is France"
    assert told["target"]["theirs"] == "South"
    rule.refresh_from_db()
    assert (rule.name, rule.condition) == ("Europe", france)

    form = answer.context["form"]
    again = mine | {
        "version": form["version"].value(),
        "merge-name": "mine",
        "merge-condition": "theirs",
        "merge-target": "theirs",
    }
    assert desk.post(f"{LIST}{rule.pk}/", again).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.condition, rule.team, rule.person) == ("Mine", france, ann.team, None)


def test_a_field_that_only_oneself_changed_stays_as_typed(desk: Client, ann: User, admin: User):
    rule = a_rule(person=ann)
    read = desk.get(f"{LIST}{rule.pk}/").context["form"]["version"].value()
    change_assignment_rule(rule, by=admin, is_active=False)

    answer = desk.post(
        f"{LIST}{rule.pk}/", sent(name="Mine", target=f"person:{ann.pk}", version=read)
    )

    assert {line["name"]: line["taken"] for line in answer.context["merge"]} == {
        "name": "mine",
        "is_active": "theirs",
    }
    form = answer.context["form"]
    assert (form["name"].value(), form["is_active"].value()) == ("Mine", False)


def test_a_rule_that_somebody_else_has_changed_is_not_deleted_unread(
    desk: Client, ann: User, admin: User
):
    rule = a_rule(person=ann)
    read = desk.get(f"{LIST}{rule.pk}/delete/").context["form"]["version"].value()
    change_assignment_rule(rule, by=admin, name="Changed")

    answer = desk.post(f"{LIST}{rule.pk}/delete/", {"version": read})

    assert answer.status_code == 409
    assert "Delete Changed" in text_of(answer)
    again = {"version": answer.context["form"]["version"].value()}
    assert desk.post(f"{LIST}{rule.pk}/delete/", again).status_code == 302
    assert not AssignmentRule.objects.exists()


def test_a_new_rule_begins_with_a_row_to_fill_in(desk: Client):
    form = desk.get(f"{LIST}new/").content.decode()

    assert 'name="condition-0-field"' in form
    assert 'name="condition-1-field"' not in form


# The dry run


@pytest.mark.both
def test_the_dry_run_says_who_would_get_what_and_changes_nothing(
    desk: Client, south: Team, rep: User
):
    ann, bea = people_in(south, "Ann", "Bea")
    a_rule(team=south)
    for name in ("First", "Second"):
        LeadFactory(owner=rep, country="DE", first_name="", last_name=name)
    LeadFactory(owner=None, country="FR", first_name="", last_name="Third")

    trials = {str(t.lead): t for t in desk.get(f"{LIST}try/").context["trials"]}

    assert [trials[name].fate.owner for name in ("First", "Second", "Third")] == [ann, bea, None]
    assert trials["Third"].is_same
    assert not trials["First"].is_same
    assert trials["Second"].fate.reason == (
        "Rule 1, “Germany”, holds: Country is Germany. Turn 2 of the rule: Bea, one of 2 in South."
    )
    assert not Assignment.objects.exists()
    assert AssignmentRule.objects.get().turn.count == 0


def test_the_dry_run_shows_no_lead_that_one_may_not_see(desk: Client, outsider: User, rep: User):
    a_rule(person=rep)
    LeadFactory(owner=outsider, country="DE", first_name="", last_name="Hidden")
    LeadFactory(owner=rep, country="DE", first_name="", last_name="Shown")

    answer = desk.get(f"{LIST}try/")

    assert [str(trial.lead) for trial in answer.context["trials"]] == ["Shown"]
    assert "Hidden" not in answer.content.decode()


@pytest.mark.both
def test_the_dry_run_tells_nothing_of_an_account_that_one_may_not_see(
    desk: Client, outsider: User, rep: User
):
    """A rule that asks about it would be an oracle."""
    condition = {"all": [{"field": "account.name", "is": "is", "value": "Secret Ltd"}]}
    a_rule("Key accounts", condition, person=rep)
    for owner, name in ((outsider, "Secret Ltd"), (outsider, "Other"), (rep, "Secret Ltd")):
        account = AccountFactory(owner=owner, name=f"{name}", country="DE" if owner == rep else "")
        LeadFactory(owner=rep, account=account)

    answer = desk.get(f"{LIST}try/")

    shown, *hidden = answer.context["trials"]
    assert (shown.is_told, shown.fate.owner) == (True, rep)
    assert [(t.is_told, t.fate.owner, t.fate.rule, t.is_same) for t in hidden] == [
        (False, None, None, False)
    ] * 2
    assert hidden[0].fate.reason == hidden[1].fate.reason


def test_the_reason_says_nothing_of_the_account(desk: Client, outsider: User, rep: User):
    condition = {"all": [{"field": "account.name", "is": "is", "value": "Secret Ltd"}]}
    a_rule("Key accounts", condition, person=rep)
    account = AccountFactory(owner=outsider, name="Secret Ltd")
    lead = assign_by_rules(LeadFactory(owner=None, account=account), by=clerk())

    told = text_of(desk.get(f"/leads/{lead.pk}/"))

    assert "Rule 1, “Key accounts”, holds; it asks about the account or the contact." in told
    assert "Secret" not in told


@pytest.mark.both
def test_the_dry_run_tries_a_rule_that_is_out_of_use(desk: Client, ann: User, rep: User):
    rule = a_rule(person=ann, is_active=False)
    LeadFactory(owner=rep, country="DE")

    [without], [tried] = (
        desk.get(f"{LIST}try/{query}").context["trials"] for query in ("", f"?also={rule.pk}")
    )

    assert (without.fate.owner, tried.fate.owner) == (None, ann)


def test_the_dry_run_asks_no_more_of_the_database_for_many_leads(
    desk: Client, south: Team, rep: User, statements: Any
):
    people_in(south, "Ann", "Bea")
    fair = Source.objects.create(key="fair", name="Fair")
    a_rule("Fair", {"all": [{"field": "source", "is": "is", "value": "fair"}]}, team=south)
    a_rule("Pumps", {"all": [{"field": "products", "is": "known"}]}, person=rep)
    counts = []
    for number in (1, 9):
        for _ in range(number):
            LeadFactory(owner=rep, source=fair)
            LeadFactory(owner=rep)
        with statements() as told:
            desk.get(f"{LIST}try/")
        counts.append(len(told))

    assert counts[0] == counts[1] <= 15


# On the lead


def test_the_lead_says_why_it_has_its_owner(desk: Client, rep: User):
    a_rule(person=rep)
    lead = assign_by_rules(LeadFactory(owner=None, country="DE"), by=clerk())

    told = text_of(desk.get(f"/leads/{lead.pk}/"))

    assert "Why Rep?" in told
    assert "Rule 1, “Germany”, holds: Country is Germany." in told


def test_a_lead_in_the_queue_says_why_and_offers_the_rules(desk: Client, rep: User):
    lead = assign_by_rules(LeadFactory(owner=None, country="DE"), by=clerk())
    told = text_of(desk.get(f"/leads/{lead.pk}/"))
    assert "Nobody owns it" in told
    assert "No assignment rule is in use." in told

    a_rule(person=rep)
    answer = desk.post(f"/leads/{lead.pk}/assign/rules/", follow=True)

    assert Lead.objects.get(pk=lead.pk).owner == rep
    assert "assigned to Rep" in answer.content.decode()


def test_a_lead_that_somebody_has_is_left_there(desk: Client, rep: User, ann: User):
    a_rule(person=ann)
    lead = LeadFactory(owner=rep, country="DE")

    answer = desk.post(f"/leads/{lead.pk}/assign/rules/")

    assert answer.status_code == 409
    assert "belongs to Rep" in text_of(answer)
    assert Lead.objects.get(pk=lead.pk).owner == rep


def test_a_reason_that_no_longer_holds_is_not_told(desk: Client, rep: User, rep2: User):
    """Changed by an import, say, which names an owner without saying why."""
    a_rule(person=rep)
    lead = assign_by_rules(LeadFactory(owner=None, country="DE"), by=clerk())
    update_lead(lead, by=clerk(), owner=rep2)

    assert "Why" not in text_of(desk.get(f"/leads/{lead.pk}/"))


@pytest.mark.both
def test_the_queue_says_of_each_lead_why_it_waits(desk: Client, rep: User):
    a_rule(person=rep)
    french = LeadFactory(owner=None, country="FR")
    assign_by_rules(french, by=clerk())
    LeadFactory(owner=None)
    given = assign_by_rules(LeadFactory(owner=None, country="DE"), by=clerk())

    told = text_of(desk.get("/leads/?owner=none&status=open"))
    assert told.count("No assignment rule holds.") == 1
    assert str(given) not in told

    told = text_of(desk.get("/leads/?view=all&columns=name,why"))
    assert "Rule 1, “Germany”, holds: Country is Germany." in told
