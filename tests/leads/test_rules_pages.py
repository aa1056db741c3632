"""The pages of the qualification rules and of automation, as managers use them."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine

from leads.jobs import activate, activate_due, qualify_ready
from leads.models import Lead, QualificationRuleSet
from leads.operations import (
    capture_lead,
    discard_rules,
    draft_rules,
    qualify,
    remove_rule,
    save_rule,
    set_automation,
)
from opportunities.operations import win
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import AccountFactory, LeadFactory

pytestmark = pytest.mark.once  # but for what is marked `both`

PLACE = "/rules/qualification/"
LARGE = {"all": [{"field": "budget_amount", "is": "at_least", "value": 10000}]}


@pytest.fixture
def managers(client, manager):
    client.force_login(manager)
    return client


def text_of(answer):
    return answer.content.decode()


def typed(**more):
    """What a browser sends of a rule: one row of the condition, and the words."""
    return {
        "condition-kind": "all",
        "condition-0-field": "budget_amount",
        "condition-0-is": "at_least",
        "condition-0-value": "10000",
        "weight": "required",
        "is_active": "on",
        **more,
    }


def draft():
    return QualificationRuleSet.objects.drafts().get()


def test_a_manager_writes_a_rule_and_puts_it_into_force(managers, manager, rep):
    lead = LeadFactory(owner=rep)
    managers.post(f"{PLACE}draft/")
    page = managers.get(f"{PLACE}new/")
    sent = typed(version=page.context["form"]["version"].value())

    saved = managers.post(f"{PLACE}new/", sent)
    shown = text_of(managers.get(PLACE))
    activated = managers.post(f"{PLACE}activate/")

    assert saved.status_code == activated.status_code == 302, text_of(saved)
    assert "Budget at least 10,000" in shown
    assert QualificationRuleSet.objects.active().get().number == 2
    managers.logout()
    managers.force_login(rep)
    assert "Budget at least 10,000" in text_of(managers.get(f"/leads/{lead.pk}/"))
    assert "Budget at least 10,000" in text_of(managers.get(f"/leads/{lead.pk}/qualify/"))
    assert managers.post(f"/leads/{lead.pk}/qualify/", {"opportunity": "none"}).status_code == 422


def test_what_was_typed_stays_when_it_is_wrong(managers, manager):
    draft_rules(by=manager)

    answer = managers.post(f"{PLACE}new/", typed(**{"condition-0-value": "many", "label": "Mine"}))

    assert answer.status_code == 422
    assert "Enter budget as a number" in text_of(answer)
    assert 'value="many"' in text_of(answer)
    assert 'value="Mine"' in text_of(answer)
    assert len(draft().rules) == 6


def test_a_condition_that_nobody_can_meet_is_said_at_the_field(managers, manager):
    draft_rules(by=manager)
    second = {
        "condition-1-field": "budget_amount",
        "condition-1-is": "less_than",
        "condition-1-value": "5",
    }

    answer = managers.post(f"{PLACE}new/", typed(**second))

    assert answer.status_code == 422
    assert "No record can meet this" in text_of(answer)


@pytest.mark.both
def test_the_draft_is_ordered_switched_and_shortened_by_buttons(managers, manager):
    draft_rules(by=manager)

    managers.post(f"{PLACE}timeframe/move/", {"to": "up"})
    managers.post(f"{PLACE}budget/switch/", {"to": "off"})
    managers.post(f"{PLACE}authority/remove/")

    rules = draft().rules
    assert [rule["key"] for rule in rules] == [
        "person_or_company",
        "reachable",
        "budget",
        "timeframe",
        "need",
    ]
    assert [rule["is_active"] for rule in rules] == [True, True, False, True, True]


def test_a_rule_is_edited_with_what_it_says(managers, manager):
    draft_rules(by=manager)
    form = managers.get(f"{PLACE}need/edit/").context["form"]
    assert form.initial["condition"] == {"all": [{"field": "bant.need", "is": "known"}]}

    managers.post(f"{PLACE}need/edit/", typed(label="Money"))

    assert [rule["label"] for rule in draft().rules][4] == "Money"
    assert managers.get(f"{PLACE}nonsense/edit/").status_code == 404


def test_two_managers_do_not_overwrite_each_other(managers, manager, admin):
    before = draft_rules(by=manager)
    save_rule(before, by=admin, condition=LARGE)

    answer = managers.post(f"{PLACE}new/", typed(version=before.version))

    assert answer.status_code == 409
    assert f"{admin} changed this in the meantime" in text_of(answer)


@pytest.mark.both
def test_of_a_rule_that_two_changed_both_versions_are_shown(managers, manager, admin):
    before = draft_rules(by=manager)
    save_rule(before, by=admin, key="need", condition=LARGE, label="Theirs", is_required=True)
    need = {"condition-0-field": "bant.need", "condition-0-is": "known"}
    mine = typed(version=before.version, label="Mine", weight="recommended", **need)

    answer = managers.post(f"{PLACE}need/edit/", mine)

    assert answer.status_code == 409
    told = {line["name"]: line for line in answer.context["merge"]}
    assert {name: line["taken"] for name, line in told.items()} == {
        "condition": "theirs",
        "weight": "theirs",
        "label": "ask",
    }
    assert told["condition"]["theirs"] == "Budget at least 10,000"
    assert told["weight"]["theirs"] == "The lead cannot be qualified"
    assert (told["label"]["mine"], told["label"]["theirs"]) == ("Mine", "Theirs")
    again = mine | {f"merge-{n}": "theirs" for n in ("condition", "weight")}
    again["version"] = answer.context["form"]["version"].value()
    assert managers.post(f"{PLACE}need/edit/", again).status_code == 302
    rule = next(rule for rule in draft().rules if rule["key"] == "need")
    assert (rule["label"], rule["condition"], rule["is_required"]) == ("Mine", LARGE, True)


def test_what_was_typed_stays_when_the_draft_or_the_rule_is_gone(managers, manager, admin):
    before = draft_rules(by=manager)
    read = {"draft": before.pk, "version": before.version}
    remove_rule(before, by=admin, key="need")
    gone = managers.post(f"{PLACE}need/edit/", typed(label="Mine", draft=before.pk))
    discard_rules(before, by=admin)
    discarded = managers.post(f"{PLACE}new/", typed(label="Mine", **read))
    another = draft_rules(by=admin)
    replaced = managers.post(f"{PLACE}new/", typed(label="Mine", **read))

    for answer, sentence in (
        (gone, "This rule is not in the draft any more."),
        (discarded, "Somebody has thrown this draft away."),
        (replaced, "Somebody has thrown this draft away."),
    ):
        assert answer.status_code == 422
        assert sentence in text_of(answer)
        assert 'value="Mine"' in text_of(answer)
    assert draft().rules == another.rules


def test_a_draft_that_somebody_else_has_changed_is_not_discarded_unread(managers, manager, admin):
    read = draft_rules(by=manager).version
    save_rule(draft(), by=admin, condition=LARGE)

    for act in ("discard/", "need/remove/"):
        answer = managers.post(f"{PLACE}{act}", {"version": read}, follow=True)
        assert f"{admin} has changed version 2 in the meantime." in text_of(answer)

    assert len(draft().rules) == 7


def test_the_switch_that_two_set_at_once_shows_both(managers, manager, admin):
    page = f"{PLACE}automation/"
    read = managers.get(page).context["form"]["version"].value()
    active = QualificationRuleSet.objects.active().get()
    set_automation(active, by=admin, is_automatic=False, hourly_limit=5)

    answer = managers.post(page, {"is_automatic": "on", "hourly_limit": "50", "version": read})

    assert answer.status_code == 409
    assert {line["name"]: line["taken"] for line in answer.context["merge"]} == {
        "is_automatic": "mine",
        "hourly_limit": "theirs",
    }
    active.refresh_from_db()
    assert (active.is_automatic, active.hourly_limit) == (False, 5)


def test_a_draft_that_somebody_else_has_changed_meanwhile_is_read_again_first(managers, manager):
    managers.post(f"{PLACE}draft/")
    read = managers.get(f"{PLACE}activate/").context["form"]["version"].value()
    save_rule(draft(), by=manager, condition=LARGE)

    answer = managers.post(f"{PLACE}activate/", {"version": read})

    assert answer.status_code == 409
    assert "Look at it as it stands now" in text_of(answer)
    assert QualificationRuleSet.objects.active().get().number == 1


def test_an_empty_draft_says_why_it_cannot_be_activated(managers, manager):
    for rule in draft_rules(by=manager).rules:
        managers.post(f"{PLACE}{rule['key']}/remove/")

    assert "without rules no lead would ever be ready" in text_of(managers.get(PLACE))
    answer = managers.post(f"{PLACE}activate/")
    assert answer.status_code == 422
    assert "without rules no lead would ever be ready" in text_of(answer)


def test_a_draft_is_discarded(managers, manager):
    draft_rules(by=manager)

    managers.post(f"{PLACE}discard/")

    assert not QualificationRuleSet.objects.drafts().exists()
    assert managers.get(f"{PLACE}new/").status_code == 404


def test_a_broken_rule_is_shown_as_broken_to_managers(managers, manager, admin):
    field = define("lead", "fleet", by=admin)
    condition = {"all": [{"field": "custom.fleet", "is": "known"}]}
    save_rule(draft_rules(by=manager), by=manager, condition=condition, label="Has a fleet")
    field.is_active = False
    save_field(field, by=admin)

    text = text_of(managers.get(PLACE))

    assert "This rule never holds." in text
    assert "There is no field “custom.fleet” any more" in text
    assert managers.get(f"{PLACE}has_a_fleet/edit/").status_code == 200


@pytest.mark.both
def test_older_versions_can_be_read_and_begun_from(managers, manager):
    draft_rules(by=manager)
    managers.post(f"{PLACE}timeframe/remove/")
    managers.post(f"{PLACE}activate/")

    assert "Timeframe is known" in text_of(managers.get(f"{PLACE}1/"))
    managers.post(f"{PLACE}draft/", {"like": "1"})
    assert len(draft().rules) == 6


# The preview


@pytest.mark.both
def test_the_preview_compares_the_draft_with_what_is_in_force(managers, manager, rep, outsider):
    large = LeadFactory(owner=rep, budget_amount=20_000, last_name="Large")
    won = LeadFactory(owner=rep, budget_amount=20_000, last_name="Won")
    small = LeadFactory(owner=rep, budget_amount=10, last_name="Small")
    LeadFactory(owner=outsider, last_name="Hidden")
    win(qualify(won, by=rep).opportunities[0], by=rep, actual_value=Decimal(700))
    qualify(small, by=rep)
    save_rule(draft_rules(by=manager), by=manager, condition=LARGE, is_required=True)

    page = managers.get(f"{PLACE}preview/")

    counts = {
        figure["place"]: figure["count"]
        for column in page.context["columns"]
        for figure in column["figures"]
    }
    assert counts == {
        "draft-passed": 2,
        "draft-qualified": 1,
        "draft-opportunities": 1,
        "draft-won": 1,
        "draft-stopped": 1,
        "draft-lost": 1,
        "draft-missed": 0,
        "active-passed": 3,
        "active-qualified": 2,
        "active-opportunities": 2,
        "active-won": 1,
        "active-stopped": 0,
        "active-lost": 0,
        "active-missed": 0,
    }
    behind = managers.get(f"{PLACE}preview/?show=draft-passed").context["shown"]["leads"]
    assert {each["lead"] for each in behind} == {large, won}
    assert [value["text"] for value in page.context["values"]] == ["€700"] * 2
    text = text_of(managers.get(f"{PLACE}preview/?show=draft-stopped"))
    assert "Small" in text
    assert "Budget at least 10,000" in text
    assert "Hidden" not in text
    assert managers.get(f"{PLACE}preview/?show=nonsense").status_code == 200


def test_the_preview_takes_as_many_statements_for_a_hundred_leads_as_for_one(
    managers, manager, rep, django_assert_max_num_queries
):
    condition = {
        "any": [{"field": "products", "is": "unknown"}, {"field": "source", "is": "known"}]
    }
    save_rule(draft_rules(by=manager), by=manager, condition=condition, is_required=True)
    for number in range(20):
        capture_lead(by=rep, topic=f"T{number}", company=f"C{number}")

    with django_assert_max_num_queries(14):
        managers.get(f"{PLACE}preview/?show=draft-passed")


@pytest.mark.both
def test_the_preview_tells_nothing_of_an_account_that_one_may_not_see(
    managers, manager, rep, outsider
):
    """Managers write the rules: what a draft would say of a hidden account would be an oracle."""
    bank = {"all": [{"field": "account.industry", "is": "is", "value": "bank"}]}
    for owner, industry in ((outsider, "bank"), (outsider, "mill"), (rep, "bank")):
        LeadFactory(owner=rep, account=AccountFactory(owner=owner, industry=industry))
    save_rule(draft_rules(by=manager), by=manager, condition=bank, is_required=True)

    page = managers.get(f"{PLACE}preview/?show=draft-untold")

    [column, _active] = page.context["columns"]
    counts = {figure["place"]: figure["count"] for figure in column["figures"]}
    assert (counts["draft-passed"], counts["draft-stopped"], counts["draft-untold"]) == (1, 0, 2)
    told = {(each["passes"], each["missing"]) for each in page.context["shown"]["leads"]}
    assert told == {(False, "")}


def test_no_page_of_a_lead_tells_what_stands_on_an_account_that_one_may_not_see(
    client, manager, rep, outsider
):
    bank = {"all": [{"field": "account.industry", "is": "is", "value": "bank"}]}
    draft = save_rule(draft_rules(by=manager), by=manager, condition=bank, is_required=True)
    activate(draft, by=manager)
    leads = [
        LeadFactory(
            owner=rep,
            account=AccountFactory(owner=outsider, industry=industry),
            last_name="Same",
            email=f"{industry}@same.example",
        )
        for industry in ("bank", "mill")
    ]
    client.force_login(rep)

    checklists = [client.get(f"/leads/{lead.pk}/").context["rules"] for lead in leads]
    previews = [client.get(f"/leads/{lead.pk}/qualify/").context["rules"] for lead in leads]

    for one, other in (checklists, previews):
        assert one[-1]["state"] == "untold"
        assert (one[-1]["label"], one[-1]["note"]) == (other[-1]["label"], other[-1]["note"])
        assert one[-1]["url"] == other[-1]["url"] == ""


def test_a_draft_comes_into_force_at_its_moment_unless_it_is_changed(managers, manager):
    managers.post(f"{PLACE}draft/")
    with time_machine.travel("2026-11-25T12:00Z", tick=False):
        managers.post(f"{PLACE}activate/", {"valid_from": "2026-12-01T08:00"})
        assert "comes into force on" in text_of(managers.get(PLACE))
        late = managers.post(f"{PLACE}activate/", {"valid_from": "2099-12-01T08:00"})
        assert "Choose a moment within a year." in text_of(late)
        assert not activate_due()
        assert draft().valid_from is not None
        managers.post(f"{PLACE}threshold/", {"threshold": "0"})
        managers.post(f"{PLACE}timeframe/remove/")
        assert draft().valid_from is None
        managers.post(f"{PLACE}activate/", {"valid_from": "2026-12-01T08:00"})
    with time_machine.travel("2026-12-01T23:00Z", tick=False):
        assert activate_due()
        assert not activate_due()

    active = QualificationRuleSet.objects.active().get()
    assert (active.number, active.activated_by, len(active.rules)) == (2, manager, 5)


def test_a_threshold_is_written_tried_and_put_into_force(managers, manager, rep):
    """Two rules with points make up for each other; the checklist says how far the points are."""
    lead = LeadFactory(owner=rep, budget_amount=20_000)
    LeadFactory.create_batch(51, owner=rep, last_name="Poor")
    managers.post(f"{PLACE}draft/")
    managers.post(f"{PLACE}new/", typed(weight="weighted", points="30"))
    source = {"condition-0-field": "source", "condition-0-is": "known", "condition-0-value": ""}
    managers.post(f"{PLACE}new/", typed(**source, weight="weighted", points="20"))
    wrong = managers.post(f"{PLACE}new/", typed(weight="weighted", points=""))

    too_many = managers.post(f"{PLACE}threshold/", {"threshold": "51"})
    refused = managers.post(f"{PLACE}activate/")
    managers.post(f"{PLACE}threshold/", {"threshold": "30"})
    stopped = managers.get(f"{PLACE}preview/?show=draft-stopped&last=500&page=2")
    managers.post(f"{PLACE}activate/")

    assert (wrong.status_code, too_many.status_code, refused.status_code) == (422, 302, 422)
    assert "All rules together give 50 points, and 51 are needed." in text_of(refused)
    [behind] = stopped.context["shown"]["leads"]
    assert behind["missing"] == "There are not enough points: 0 of 30 points"
    assert stopped.context["shown"]["total"] == 51
    managers.force_login(rep)
    assert "30 of 30 points" in text_of(managers.get(f"/leads/{lead.pk}/"))
    assert qualify(lead, by=rep).qualification.rule_version == "2"


# Automation


@pytest.mark.both
def test_automation_is_switched_on_and_run_by_a_manager(managers, rep):
    lead = LeadFactory(owner=rep)
    kept = LeadFactory(owner=rep, do_not_automate=True)
    page = f"{PLACE}automation/"

    before = {line.lead: line.outcome for line in managers.get(page).context["waiting"]}
    managers.post(page, {"is_automatic": "on", "hourly_limit": "7"})
    managers.post(f"{page}run/")
    after = managers.get(page)

    assert before == {lead: "qualified", kept: "left"}
    active = QualificationRuleSet.objects.active().get()
    assert (active.is_automatic, active.hourly_limit) == (True, 7)
    assert Lead.objects.qualified().get() == lead
    assert after.context["room"] == 6
    assert not after.context["waiting"]
    assert "It meets every required rule." in text_of(after)
    assert "marked as “do not automate”" in text_of(after)


def test_the_dry_run_says_who_would_have_to_wait(managers, manager, rep):
    set_automation(
        QualificationRuleSet.objects.active().get(), by=manager, is_automatic=False, hourly_limit=1
    )
    LeadFactory(owner=rep)
    LeadFactory(owner=rep)

    waiting = managers.get(f"{PLACE}automation/").context["waiting"]

    assert [line.outcome for line in waiting] == ["qualified", "later"]
    assert not Lead.objects.qualified().exists()


@pytest.mark.both
def test_the_dry_run_says_what_the_run_then_does(managers, manager, rep, outsider):
    """Leads that one may not see take their room all the same, and are not told."""
    LeadFactory(owner=outsider)
    first, second, third = (LeadFactory(owner=rep) for _ in range(3))
    LeadFactory(owner=rep, do_not_automate=True)
    for country in ("DE", "FR"):
        AccountFactory(owner=rep, name="Twin", country=country)
    asked = LeadFactory(owner=rep, company="Twin")
    active = QualificationRuleSet.objects.active().get()
    set_automation(active, by=manager, is_automatic=True, hourly_limit=3)

    waiting = managers.get(f"{PLACE}automation/").context["waiting"]
    qualify_ready()

    told = {line.lead: line.outcome for line in waiting}
    assert list(told.values()) == ["qualified", "qualified", "later", "left", "parked"]
    assert told[asked] == "parked"
    qualified = Lead.objects.qualified().filter(owner=rep)
    assert set(qualified) == {first, second}
    assert told[third] == "later"


@pytest.mark.both
def test_the_dry_run_is_read_page_by_page(managers, rep, statements):
    leads = [LeadFactory(owner=rep) for _ in range(27)]

    with statements() as told:
        page = managers.get(f"{PLACE}automation/?page=2")

    assert [line.lead for line in page.context["waiting"]] == leads[25:]
    assert "26 to 27 of 27" in text_of(page)
    assert "?page=1#dry-run" in text_of(page)
    assert managers.get(f"{PLACE}automation/?page=99").context["first"] == 26
    assert len(told) <= 18


@pytest.mark.both
def test_the_dry_run_tells_nothing_of_an_account_that_one_may_not_see(
    managers, manager, rep, outsider
):
    bank = {"all": [{"field": "account.industry", "is": "is", "value": "bank"}]}
    activate(
        save_rule(draft_rules(by=manager), by=manager, condition=bank, is_required=True), by=manager
    )
    own, hidden = (
        LeadFactory(owner=rep, account=AccountFactory(owner=owner, industry="bank"))
        for owner in (rep, outsider)
    )

    page = managers.get(f"{PLACE}automation/")

    assert [line.lead for line in page.context["waiting"]] == [own]
    assert str(hidden) not in text_of(page)


@pytest.mark.both
def test_the_page_tells_of_the_last_runs(managers, manager, rep):
    LeadFactory(owner=rep)
    active = QualificationRuleSet.objects.active().get()
    set_automation(active, by=manager, is_automatic=True, hourly_limit=1)
    qualify_ready()

    page = managers.get(f"{PLACE}automation/")

    [run] = page.context["runs"]
    assert (run.looked_at, run.changed) == (1, 1)
    assert "Nothing was left" in text_of(page)


def test_a_senseless_limit_is_refused(managers):
    answer = managers.post(f"{PLACE}automation/", {"is_automatic": "on", "hourly_limit": "0"})

    assert answer.status_code == 422


@pytest.mark.both
def test_hidden_leads_are_told_by_no_page(managers, outsider, rep):
    LeadFactory(owner=outsider, last_name="Hidden")

    for page in ("automation/", "preview/?show=active-passed", ""):
        assert "Hidden" not in text_of(managers.get(f"{PLACE}{page}"))
