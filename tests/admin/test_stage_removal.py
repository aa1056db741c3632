"""A stage in use is taken away after a look: its opportunities go where somebody says."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from opportunities.models import LossReason, Opportunity, Process, Stage, StageMove, Step
from opportunities.operations import (
    bring_stage_back,
    delete_opportunity,
    lose,
    move_to_stage,
    open_opportunity,
    remove_stage,
    reopen,
    take_back_move,
)
from opportunities.rules import missing_steps, stage_bar
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from reports.queries.as_of import shown_stages
from tests.factories import OpportunityFactory, UserFactory
from users.models import User


@pytest.fixture
def stages() -> dict[str, Stage]:
    rows = Stage.objects.filter(process__is_default=True).order_by("position")
    return {stage.key: stage for stage in rows}


def test_its_opportunities_go_to_another_stage_and_nothing_of_the_past_is_lost(
    admin: User, client: Client, stages: dict[str, Stage]
):
    gone, heir = stages["propose"], stages["develop"]
    Step.objects.create(stage=gone, key="must", label="Must", is_required=True)
    waits, binned, lost, passed = OpportunityFactory.create_batch(4, stage=gone)
    delete_opportunity(binned, by=admin)
    lose(lost, by=admin, reason=LossReason.objects.first())
    passed = move_to_stage(passed, by=admin, stage=stages["develop"])
    client.force_login(admin)

    asked = client.get(reverse("admin:opportunities_stage_delete", args=[gone.pk]))
    page = client.get(asked["Location"])
    refused = client.post(asked["Location"], {"successor": stages["qualify"].pk})
    answer = client.post(asked["Location"], {"successor": heir.pk}, follow=True)

    assert "1 open opportunity is in this stage" in (html := page.content.decode())
    assert "1 in the recycle bin goes along" in html
    assert "1 was closed in it and stays there" in html
    assert refused.context["form"].errors["successor"]
    assert "is out of use. 2 opportunities are in Develop now." in answer.content.decode()
    for each in (waits, binned, lost, passed):
        each.refresh_from_db()
    assert [each.stage for each in (waits, binned, lost, passed)] == [heir, heir, gone, heir]
    assert (waits.probability, waits.version) == (heir.probability, 2)
    move = waits.moves.get(kind=StageMove.Kind.MOVED)
    assert (move.from_stage, move.to_stage, move.by) == (gone, heir, admin)
    assert AuditEntry.objects.filter(event="opportunity.stage_changed", actor=admin).count() == 3
    assert waits.states.lasting().get().stage == heir
    gone.refresh_from_db()
    assert gone.successor == heir
    # What can be chosen knows it no more, and it holds nobody up.
    assert gone not in [place.stage for place in stage_bar(waits)]
    assert gone in [place.stage for place in stage_bar(lost)]
    assert gone not in shown_stages((), Opportunity.objects.all())
    assert not missing_steps(waits, stages["close"])
    for act in (
        lambda: move_to_stage(waits, by=admin, stage=gone),
        lambda: take_back_move(waits, by=admin),
        lambda: open_opportunity("Late", by=admin, owner=admin, stage=gone),
    ):
        with pytest.raises(Unacceptable) as wrong:
            act()
        assert wrong.value.errors == {"stage": ["Propose is out of use. Choose another stage."]}
    assert reopen(lost, by=admin).stage == heir
    sent = {"action": "bring_back", "_selected_action": gone.pk, "index": "0"}
    client.post(reverse("admin:opportunities_stage_changelist") + "?", sent)
    assert [str(place.stage) for place in stage_bar(waits)] == ["Develop", "Close", "Propose"]


def test_a_stage_that_took_the_place_of_another_hands_both_on(
    admin: User, stages: dict[str, Stage]
):
    lost = lose(
        OpportunityFactory(stage=stages["develop"]), by=admin, reason=LossReason.objects.first()
    )
    remove_stage(stages["develop"], by=admin, successor=stages["propose"])
    remove_stage(stages["propose"], by=admin, successor=stages["close"])

    assert reopen(lost, by=admin).stage == stages["close"]
    assert bring_stage_back(stages["close"], by=admin) == stages["close"]  # in use already


def test_one_that_was_never_used_is_deleted(admin: User, stages: dict[str, Stage]):
    Opportunity.all_objects.all().delete()

    assert remove_stage(stages["propose"], by=admin) == 0

    assert not Stage.objects.filter(key="propose").exists()


def test_what_cannot_be_is_refused_before_anything_changes(
    admin: User, stages: dict[str, Stage], monkeypatch: pytest.MonkeyPatch
):
    gone = stages["propose"]
    OpportunityFactory.create_batch(2, stage=gone)
    other = Stage.objects.create(
        process=Process.objects.create(key="other", name="Other"),
        key="first",
        name="First",
        position=1,
        probability=10,
    )
    seller = UserFactory(
        may={"opportunities.delete_stage": "all", "opportunities.change_opportunity": "own"}
    )

    for successor in (None, gone, other, stages["qualify"]):
        with pytest.raises(Unacceptable, match="Choose the stage of the same process"):
            remove_stage(gone, by=admin, successor=successor)
    with pytest.raises(NotPermitted):
        remove_stage(gone, by=seller, successor=stages["develop"])
    monkeypatch.setattr("opportunities.operations.shaping.MOST_MOVED", 1)
    with pytest.raises(Unacceptable, match="More than 1 opportunities are in it"):
        remove_stage(gone, by=admin, successor=stages["develop"])

    gone.refresh_from_db()
    assert gone.is_in_use
    assert Opportunity.objects.filter(stage=gone).count() == 2
