"""Whatever is done to an opportunity, in whatever order, a small model says the same of it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from opportunities.models import LossReason, Opportunity, Stage, Step
from opportunities.operations import (
    OpportunityIsClosed,
    StepsAreMissing,
    lose,
    move_to_stage,
    put_on_hold,
    reopen,
    resume,
    tick_step,
    update_opportunity,
    win,
)
from tests.factories import OpportunityFactory
from tests.thorough import examples
from users.models import User

KEYS = ["develop", "propose", "close"]
GATES = {"develop": "identify-competitors", "propose": "internal-review"}
PROBABILITY = {"develop": 30, "propose": 60, "close": 80}


class Journey(RuleBasedStateMachine):
    """An opportunity beside what we believe of it."""

    rep: User

    @initialize()
    def begin(self) -> None:
        self.undo_all = transaction.atomic()
        self.undo_all.__enter__()
        self.stages = {stage.key: stage for stage in Stage.objects.filter(is_for_leads=False)}
        Step.objects.filter(key__in=GATES.values()).update(is_required=True)
        self.boxes = {s.key: s for s in Step.objects.filter(key__in=GATES.values())}
        self.reason = LossReason.objects.first()
        self.opportunity = OpportunityFactory(owner=self.rep, value=100)
        self.at, self.status, self.rests = "develop", "open", False
        self.probability, self.ticked, self.moves = 30, set[str](), ["opened"]

    def teardown(self) -> None:
        if hasattr(self, "undo_all"):
            transaction.set_rollback(True)
            self.undo_all.__exit__(None, None, None)

    @contextlib.contextmanager
    def expecting(self, refusal: type[Exception] | None) -> Any:
        if refusal is None:
            yield
        else:
            with pytest.raises(refusal):
                yield

    def closed(self) -> type[Exception] | None:
        return None if self.status == "open" else OpportunityIsClosed

    @rule(to=st.sampled_from(KEYS))
    def move(self, to: str) -> None:
        refusal = self.closed()
        passed = KEYS[KEYS.index(self.at) : KEYS.index(to)]
        if refusal is None and any(GATES[key] not in self.ticked for key in passed):
            refusal = StepsAreMissing
        with self.expecting(refusal):
            move_to_stage(self.opportunity, by=self.rep, stage=self.stages[to])
        if refusal is None and to != self.at:
            self.at, self.probability = to, PROBABILITY[to]
            self.moves.append("moved")

    @rule(box=st.sampled_from(sorted(GATES.values())), is_done=st.booleans())
    def tick(self, box: str, is_done: bool) -> None:
        refusal = self.closed()
        with self.expecting(refusal):
            tick_step(self.opportunity, by=self.rep, step=self.boxes[box], is_done=is_done)
        if refusal is None:
            (self.ticked.add if is_done else self.ticked.discard)(box)

    @rule(probability=st.integers(0, 100))
    def believe(self, probability: int) -> None:
        refusal = self.closed()
        with self.expecting(refusal):
            update_opportunity(self.opportunity, by=self.rep, probability=probability)
        if refusal is None:
            self.probability = probability

    @rule()
    def win(self) -> None:
        with self.expecting(OpportunityIsClosed if self.status == "lost" else None):
            win(self.opportunity, by=self.rep)
        self.close("won")

    @rule()
    def lose(self) -> None:
        with self.expecting(OpportunityIsClosed if self.status == "won" else None):
            lose(self.opportunity, by=self.rep, reason=self.reason)
        self.close("lost")

    def close(self, status: str) -> None:
        if self.status == "open":
            self.status, self.rests = status, False
            self.moves.append(status)

    @rule()
    def reopen(self) -> None:
        reopen(self.opportunity, by=self.rep)
        if self.status != "open":
            self.status = "open"
            self.moves.append("reopened")

    @rule(rests=st.booleans())
    def hold(self, rests: bool) -> None:
        refusal = self.closed()
        with self.expecting(refusal):
            (put_on_hold if rests else resume)(self.opportunity, by=self.rep)
        if refusal is None:
            self.rests = rests

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "opportunity"):
            return
        found = Opportunity.objects.select_related("stage").get(pk=self.opportunity.pk)
        assert (found.stage.key, found.status) == (self.at, self.status)
        assert found.is_on_hold == self.rests
        shown = {"won": 100, "lost": 0}.get(self.status, self.probability)
        assert found.probability == shown
        assert (found.closed_at is None) == (found.closed_on is None) == (self.status == "open")
        assert (found.loss_reason is not None) == (self.status == "lost")
        assert found.actual_value == (100 if self.status == "won" else None)
        ticks = found.ticks.values_list("step__key", flat=True)
        assert set(ticks) == self.ticked
        moves = found.moves.order_by("pk").values_list("kind", flat=True)
        assert list(moves) == self.moves
        assert found.version == found.history.count()


@pytest.mark.thorough
def test_a_model_says_the_same(rep: User) -> None:
    Journey.rep = rep
    Journey.TestCase.settings = settings(
        max_examples=examples(40),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    Journey.TestCase("runTest").runTest()
