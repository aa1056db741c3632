"""How many examples a property is asked with: some in every run, many by `dev.py prove`."""

from __future__ import annotations

import os

IN_EVERY_RUN = 0.4


def examples(count: int, *, share: float = IN_EVERY_RUN) -> int:
    """Return `count` where there is time for all of them, else a `share` of it, ten at least."""
    is_asked_for = os.environ.get("THOROUGH") == "1"
    return count if is_asked_for else max(10, int(count * share))
