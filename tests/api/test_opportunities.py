"""Opportunities by API: the deal on its way, and the lists it chooses from."""

from __future__ import annotations

import pytest

from opportunities.models import Competitor, LossReason, Opportunity, Stage, Step
from tests.factories import AccountFactory, ContactFactory, OpportunityFactory

pytestmark = pytest.mark.django_db


def tick_everything() -> None:
    """Let no step stand in the way."""
    Step.objects.update(is_required=False)


def test_is_added_read_changed_and_binned(rep):
    account = AccountFactory(owner=rep.user)
    contact = ContactFactory(owner=rep.user, account=account)
    Competitor.objects.create(key="other", name="Other")
    sent = {
        "topic": "Looms",
        "account": account.pk,
        "contact": contact.pk,
        "value": "1000.00",
        "currency": "EUR",
        "estimated_close_on": "2027-06-30",
        "competitors": ["other"],
        "need": "must",
        "description": "Ten of them",
    }

    added = rep.post("opportunities/", sent)

    assert added.status_code == 201, added.content
    shown = added.json()
    assert {name: shown[name] for name in sent} == sent
    assert (shown["process"], shown["stage"], shown["status"]) == ("sales", "develop", "open")
    assert shown["weighted_value"] == f"{1000 * shown['probability'] / 100:.2f}"
    address = f"opportunities/{shown['id']}/"
    assert rep.get(address).json() == shown
    changed = rep.patch(address, {"value": 2000, "competitors": []})
    assert (changed.json()["value"], changed.json()["competitors"]) == ("2000.00", [])
    assert rep.delete(address).status_code == 204
    assert rep.get(address).status_code == 404


def test_starts_at_the_stage_that_is_named(rep):
    added = rep.post("opportunities/", {"topic": "Looms", "stage": "Propose", "probability": 77})

    assert (added.json()["stage"], added.json()["probability"]) == ("propose", 77)


def test_goes_through_the_stages(rep):
    tick_everything()
    deal = OpportunityFactory(owner=rep.user)

    moved = rep.post(f"opportunities/{deal.pk}/stage/", {"stage": "propose"})
    by_id = rep.post(
        f"opportunities/{deal.pk}/stage/", {"stage": Stage.objects.get(key="close").pk}
    )
    by_patch = rep.patch(f"opportunities/{deal.pk}/", {"stage": "develop"})

    assert moved.json()["stage"] == "propose", moved.content
    assert by_id.json()["stage"] == "close"
    assert by_patch.json()["stage"] == "develop"


def test_is_kept_where_it_is_by_steps_that_are_missing(rep):
    deal = OpportunityFactory(owner=rep.user)
    stage = Stage.objects.get(key="develop")
    Step.objects.create(
        stage=stage, key="what", label="Need is known", field="customer_need", is_required=True
    )

    refused = rep.post(f"opportunities/{deal.pk}/stage/", {"stage": "propose"})

    assert refused.status_code == 422
    assert refused.json()["code"] == "steps_are_missing"
    assert {
        "stage": "develop",
        "key": "what",
        "label": "Need is known",
        "field": "customer_need",
    } in (refused.json()["steps"])
    assert Opportunity.objects.get(pk=deal.pk).stage.key == "develop"


def test_is_won_and_opened_again(rep):
    deal = OpportunityFactory(owner=rep.user, value=100)

    won = rep.post(f"opportunities/{deal.pk}/win/", {"actual_value": "90", "comment": "At last"})
    edited = rep.patch(f"opportunities/{deal.pk}/", {"topic": "More"})
    reopened = rep.post(f"opportunities/{deal.pk}/reopen/")

    assert won.status_code == 200, won.content
    assert (won.json()["status"], won.json()["actual_value"]) == ("won", "90.00")
    assert (edited.status_code, edited.json()["code"]) == (409, "opportunity_is_closed")
    assert (reopened.json()["status"], reopened.json()["actual_value"]) == ("open", None)


def test_is_lost_for_a_reason(rep):
    deal = OpportunityFactory(owner=rep.user)
    reason = LossReason.objects.order_by("pk").first()

    nothing = rep.post(f"opportunities/{deal.pk}/lose/")
    lost = rep.post(f"opportunities/{deal.pk}/lose/", {"reason": reason.key})

    assert nothing.status_code == 400
    assert "reason" in nothing.json()["errors"]
    assert (lost.json()["status"], lost.json()["loss_reason"]) == ("lost", reason.key)
    assert lost.json()["status_reason"] == reason.key


def test_rests_and_goes_on(rep):
    deal = OpportunityFactory(owner=rep.user)

    assert rep.post(f"opportunities/{deal.pk}/hold/").json()["is_on_hold"] is True
    assert rep.post(f"opportunities/{deal.pk}/resume/").json()["is_on_hold"] is False


@pytest.mark.once
@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("stage", {}, "stage"),
        ("stage", {"stage": "nowhere"}, "stage"),
        ("stage", {"stage": None}, "stage"),
        ("stage", {"stage": 10**18}, "stage"),
        ("stage", {"stage": "qualify"}, "stage"),
        ("win", {"actual_value": "-1"}, "actual_value"),
        ("win", {"closed_on": "2999-01-01"}, "closed_on"),
        ("win", {"closed_on": "yesterday"}, "closed_on"),
        ("lose", {"reason": {"key": "price"}}, "reason"),
        ("lose", {"reason": "price", "lost_to": "nobody"}, "lost_to"),
        ("reopen", {"why": "so"}, "why"),
    ],
)
def test_says_what_is_wrong_with_a_verb(rep, verb, body, field):
    deal = OpportunityFactory(owner=rep.user)

    refused = rep.post(f"opportunities/{deal.pk}/{verb}/", body)

    assert refused.status_code == 400, refused.content
    assert field in refused.json()["errors"]
    assert Opportunity.objects.get(pk=deal.pk).version == 1


@pytest.mark.parametrize(
    "resource",
    (
        "processes stages sources campaigns products competitors loss-reasons "
        "disqualify-reasons users teams"
    ).split(),
)
def test_the_lists_are_there_to_be_read(rep, resource):
    Competitor.objects.create(key="other", name="Other")

    listed = rep.get(f"{resource}/")

    assert listed.status_code == 200
    for row in listed.json()["results"][:2]:
        assert rep.get(f"{resource}/{row['id']}/").json() == row
    assert rep.post(f"{resource}/", {"name": "New"}).status_code == 405


def test_a_stage_comes_with_its_steps(rep):
    stages = rep.get("stages/").json()["results"]

    assert [stage["key"] for stage in stages] == ["qualify", "develop", "propose", "close"]
    assert any(stage["steps"] for stage in stages)
