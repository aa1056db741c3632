"""A second try for what a browser has failed at: alone, when nothing else keeps the machine busy.

A test that passes only then has lost a race, with the page or with a busy machine. It is told by
name, so that somebody looks at it. Standard library only, because `dev.py` uses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

TESTS_FAILED = 1  # pytest's exit code: it came to its end, and something failed
MOST = 5  # more than these are no lost races


def failed(cache: Path) -> set[str]:
    """Return the names of the tests that failed, as pytest keeps them in its `cache`."""
    kept = cache / "v" / "cache" / "lastfailed"
    return set(json.loads(kept.read_text())) if kept.exists() else set()


def try_again(
    code: int, cache: Path, run: Callable[[Sequence[str]], int]
) -> tuple[int, Sequence[str]]:
    """Let `run` try what failed once more; return its exit code and what passed only now.

    What ended with another `code` than that of failed tests stays as it is, and so does what failed
    in many places.
    """
    names = sorted(failed(cache))
    if code != TESTS_FAILED or not 0 < len(names) <= MOST:
        return code, ()
    code = run(names)
    if code not in {0, TESTS_FAILED}:
        return code, ()
    return code, sorted(set(names) - failed(cache))
