"""Which browser the tests drive. One without a window draws in four fifths of the time."""

from __future__ import annotations

import shutil

# The first that is there is taken.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the path of the browser, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)
