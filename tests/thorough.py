"""How many examples a property is asked with: some in every run, many by `dev.py prove`."""

from __future__ import annotations

import os

IN_EVERY_RUN = 0.4


def examples(count: int, *, share: float = IN_EVERY_RUN) -> int:
    """Return `count` where there is time for all of them, else a `share` of it, ten at least."""
    return count if is_thorough() else max(10, int(count * share))


def is_thorough() -> bool:
    """Say whether there is time for everything."""
    return os.environ.get("THOROUGH") == "1"
