"""Whatever is done to leads and what became of them, in whatever order, a model says the same."""

from __future__ import annotations

import pytest

from tests.machine import walk
from tests.thorough import examples


@pytest.mark.thorough
def test_a_model_says_the_same(admin) -> None:
    asked = walk(admin, walks=examples(50))

    # It got around: what was done was really done, and really refused.
    assert {"qualify: done", "undo: done"} <= asked.keys()
