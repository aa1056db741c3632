"""Many hands on one opportunity at the same moment."""

import pytest

from opportunities.models import LossReason, Stage, Step
from opportunities.operations import OpportunityIsClosed, lose, move_to_stage, tick_step, win
from tests.factories import OpportunityFactory
from tests.world import at_once

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8


def test_is_won_once_and_everybody_is_told(admin):
    deal = OpportunityFactory(owner=admin)

    outcomes = at_once(*[lambda: win(deal, by=admin)] * HANDS)

    assert {outcome.status for outcome in outcomes} == {"won"}
    assert deal.moves.filter(kind="won").count() == 1
    deal.refresh_from_db()
    assert deal.version == 2


def test_is_won_or_lost_and_never_both(admin):
    deal = OpportunityFactory(owner=admin)
    price = LossReason.objects.get(key="price")

    outcomes = at_once(
        lambda: win(deal, by=admin),
        lambda: lose(deal, by=admin, reason=price),
        lambda: move_to_stage(deal, by=admin, stage=Stage.objects.get(key="propose")),
    )

    deal.refresh_from_db()
    assert deal.status in {"won", "lost"}
    assert sum(isinstance(outcome, OpportunityIsClosed) for outcome in outcomes) >= 1
    assert deal.moves.filter(kind__in=["won", "lost"]).count() == 1
    assert deal.version == deal.history.count() == deal.moves.count()


def test_a_box_is_ticked_once(admin):
    deal = OpportunityFactory(owner=admin)
    step = Step.objects.select_related("stage").get(key="identify-competitors")

    at_once(*[lambda: tick_step(deal, by=admin, step=step)] * HANDS)

    assert deal.ticks.count() == 1
