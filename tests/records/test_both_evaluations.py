"""A condition means the same on a record in hand and in the database, on both engines."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.conditions import stored
from tests.any_condition import Compared, all_fields, any_condition, any_test, make_world
from tests.thorough import examples


@pytest.fixture
def compared(db):
    make_world(Random(2026), 60)
    return Compared(all_fields())


@pytest.mark.thorough
@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rng=st.randoms(use_true_random=False))
def test_agree_on_conditions_that_hypothesis_thinks_of(compared, rng):
    assert not compared.differences(any_condition(rng, compared.fields))


def test_agree_on_random_conditions(compared):
    rng = Random(11)

    found = [
        each
        for _ in range(100)
        for each in compared.differences(any_condition(rng, compared.fields))
    ]

    assert not found, found[:3]
    assert 0.1 < compared.met / compared.pairs < 0.9, "conditions that nothing meets prove nothing"


def test_agree_on_every_comparison_of_every_field(compared):
    """One test of each kind, however seldom chance would choose it."""
    rng = Random(3)
    wanted = {(f.name, c) for f in compared.fields.values() for c in f.comparisons}
    found: list[str] = []
    while wanted:
        data = any_test(rng, compared.fields)
        if (data["field"], data["is"]) in wanted:
            wanted.remove((data["field"], data["is"]))
            found += compared.differences(stored({"all": [data]}, compared.fields))

    assert not found, found[:3]
