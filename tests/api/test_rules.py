"""The qualification rules by API: read, drafted, activated, and refused by name."""

from __future__ import annotations

import pytest

from leads.models import QualificationRuleSet
from tests.api.conftest import Caller
from tests.factories import AccountFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

LARGE = {"all": [{"field": "budget_amount", "is": "at_least", "value": 10000}]}
RULE = {"conditions": LARGE, "is_required": True}


def test_a_draft_is_made_changed_and_put_into_force(manager: Caller) -> None:
    made = manager.post("qualification-rules/", {"rules": [RULE]})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["number"], body["state"]) == (2, "draft")
    assert body["rules"] == [
        {
            "key": "budget_at_least_10_000",
            "conditions": LARGE,
            "label": "",
            "unmet_label": "",
            "is_required": True,
            "points": 0,
            "is_active": True,
            "words": "Budget at least 10,000",
        }
    ]
    address = f"qualification-rules/{body['id']}/"

    changed = manager.patch(address, {"rules": [{**RULE, "label": "Large"}]})
    active = manager.post(f"{address}activate/")
    listed = manager.get("qualification-rules/?state=active").json()["results"]

    assert changed.json()["rules"][0]["label"] == "Large"
    assert active.json()["state"] == "active"
    assert [row["number"] for row in listed] == [2]
    assert manager.post(f"{address}activate/").status_code == 409
    assert manager.patch(address, {"rules": []}).json()["code"] == "rules_are_settled"


def test_what_is_wrong_is_named_by_its_place(manager: Caller) -> None:
    wrong = {"conditions": {"all": [{"field": "custom.gone", "is": "known"}]}}

    answer = manager.post("qualification-rules/", {"rules": [RULE, wrong]})

    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "rules.1.conditions": ["There is no field “custom.gone” any more. Choose another one."]
    }
    assert not QualificationRuleSet.objects.drafts().exists()


@pytest.mark.once
@pytest.mark.parametrize("conditions", [None, [], {}, "x", 5, {"all": []}, {"all": {"all": []}}])
def test_a_condition_that_is_none_is_refused_with_a_sentence(manager: Caller, conditions) -> None:
    answer = manager.post("qualification-rules/", {"rules": [{"conditions": conditions}]})

    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == ["rules.0.conditions"]


def test_a_condition_that_no_lead_can_meet_is_refused_with_a_sentence(manager: Caller) -> None:
    tests = [*LARGE["all"], {"field": "budget_amount", "is": "less_than", "value": 5}]

    answer = manager.post("qualification-rules/", {"rules": [{"conditions": {"all": tests}}]})

    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "rules.0.conditions": [
            "No record can meet this: budget at least 10,000 and budget less than 5."
        ]
    }


def test_the_switch_is_set_on_the_version_in_force(manager: Caller) -> None:
    first = manager.get("qualification-rules/").json()["results"][0]
    address = f"qualification-rules/{first['id']}/"

    answer = manager.patch(address, {"is_automatic": True, "hourly_limit": 7})

    assert answer.status_code == 200, answer.content
    assert (answer.json()["is_automatic"], answer.json()["hourly_limit"]) == (True, 7)
    assert manager.patch(address, {"hourly_limit": 0}).status_code == 400


def test_a_draft_is_discarded_and_a_version_that_was_active_stays(manager: Caller) -> None:
    draft = manager.post("qualification-rules/").json()
    active = manager.get("qualification-rules/?state=active").json()["results"][0]

    assert manager.delete(f"qualification-rules/{draft['id']}/").status_code == 204
    assert manager.delete(f"qualification-rules/{active['id']}/").status_code == 409


def test_nobody_overwrites_what_somebody_else_has_changed(manager: Caller) -> None:
    made = manager.post("qualification-rules/", {"rules": [RULE]})
    address = f"qualification-rules/{made.json()['id']}/"
    read = made.headers["ETag"]

    first = manager.patch(address, {"rules": [{**RULE, "label": "First"}]}, If_Match=read)
    late = [
        manager.patch(address, {"rules": []}, If_Match=read),
        manager.post(f"{address}activate/", If_Match=read),
        manager.delete(address, If_Match=read),
    ]

    assert first.status_code == 200
    assert first.headers["ETag"] != read
    assert [answer.status_code for answer in late] == [412, 412, 412]
    assert manager.get(address).json()["rules"][0]["label"] == "First"
    now = first.headers["ETag"]
    assert manager.post(f"{address}activate/", If_Match=now).json()["state"] == "active"


def test_the_switch_is_not_set_over_what_somebody_else_has_set(manager: Caller) -> None:
    first = manager.get("qualification-rules/").json()["results"][0]
    address = f"qualification-rules/{first['id']}/"
    read = manager.get(address).headers["ETag"]

    assert manager.patch(address, {"hourly_limit": 7}, If_Match=read).status_code == 200
    assert manager.patch(address, {"is_automatic": True}, If_Match=read).status_code == 412
    assert manager.patch(address, {"is_automatic": True}).json()["hourly_limit"] == 7


def test_rules_for_a_new_draft_do_not_replace_those_of_one_that_stands(manager: Caller) -> None:
    manager.post("qualification-rules/", {"rules": [RULE]})

    answer = manager.post("qualification-rules/", {"rules": [{**RULE, "label": "Mine"}]})

    assert (answer.status_code, answer.json()["code"]) == (409, "draft_exists")
    draft = QualificationRuleSet.objects.drafts().get()
    assert draft.rules[0]["label"] == ""
    assert manager.post("qualification-rules/").json()["id"] == draft.pk


def test_only_those_who_shape_the_rules_read_them(rep: Caller, manager: Caller) -> None:
    active = manager.get("qualification-rules/").json()["results"][0]

    assert rep.get("qualification-rules/").status_code == 403
    assert rep.get(f"qualification-rules/{active['id']}/").status_code == 403
    assert rep.post("qualification-rules/", {"rules": [RULE]}).status_code == 403


def test_the_preview_of_a_lead_follows_the_rules_at_once(rep: Caller, manager: Caller) -> None:
    lead = rep.post("leads/", {"topic": "Pumps", "company": "Acme", "email": "a@acme.example"})
    draft = manager.post("qualification-rules/", {"rules": [RULE]}).json()
    manager.post(f"qualification-rules/{draft['id']}/activate/")
    address = f"leads/{lead.json()['id']}"

    preview = rep.get(f"{address}/qualification/").json()
    refused = rep.post(f"{address}/qualify/")

    assert (preview["rule_version"], preview["may_qualify"]) == ("2", False)
    assert refused.status_code == 422
    assert refused.json()["errors"] == {"budget_amount": ["Budget at least 10,000"]}


def test_the_preview_tells_nothing_of_an_account_that_one_may_not_see(
    rep: Caller, colleague: Caller, manager: Caller
) -> None:
    bank = {"all": [{"field": "account.industry", "is": "is", "value": "bank"}]}
    draft = manager.post("qualification-rules/", {"rules": [{**RULE, "conditions": bank}]}).json()
    manager.post(f"qualification-rules/{draft['id']}/activate/")
    hidden = UserFactory(team=TeamFactory())
    told = []
    for industry in ("bank", "mill"):
        account = AccountFactory(owner=hidden, industry=industry)
        lead = LeadFactory(owner=rep.user, account=account)
        told.append(rep.get(f"leads/{lead.pk}/qualification/").json()["rules"])

    assert told[0] == told[1]
    assert (told[0][-1]["is_met"], told[0][-1]["state"]) == (None, "untold")
    refused = rep.post(f"leads/{lead.pk}/qualify/")
    assert refused.status_code == 422
    assert refused.json()["rules"] == [
        {
            "key": "untold",
            "label": "A rule about a record that you cannot open does not hold",
            "field": "",
        }
    ]


def test_a_draft_with_points_is_tried_beside_the_version_in_force(manager: Caller, rep) -> None:
    LeadFactory(owner=rep.user, budget_amount=20_000)
    LeadFactory(owner=rep.user, budget_amount=20)
    rule = {"conditions": LARGE, "points": 20}
    made = manager.post("qualification-rules/", {"rules": [rule], "threshold": 20}).json()

    told = manager.get(f"qualification-rules/{made['id']}/backtest/?last=10000").json()

    assert (made["threshold"], made["rules"][0]["points"]) == (20, 20)
    this, active = told["this"], told["active"]
    assert (this["number"], this["leads"], this["passed"], this["stopped"]) == (2, 2, 1, 1)
    assert (active["number"], active["passed"]) == (1, 2)
    wrong = manager.get(f"qualification-rules/{made['id']}/backtest/?last=0")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["last"])
