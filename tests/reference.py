"""Tests on data that may not be copied into this project: run where it lies, else left out.

Some public data carries no licence, so it stays outside. `CRM_REFERENCE_DATA` names the folder that
holds it, one folder per data set; without it, `../shared/data` beside the project is looked at. A
test says what it needs with `@pytest.mark.reference_data("zoho-leads")`. Where that is absent the
test is deselected, not skipped, and one line at the end counts what was left out and why.

`tests/conftest.py` registers this module as a plugin.
"""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent
_left_out: Counter[str] = Counter()


def folder_of(name: str) -> Path:
    """Return the folder of a data set that lies outside, whether it exists or not."""
    place = Path(os.environ.get("CRM_REFERENCE_DATA") or PROJECT.parent / "shared" / "data")
    return place / name


def missing_for(item: pytest.Item) -> str:
    """Return the first data set that the test needs and that is not there, or nothing."""
    names = [name for mark in item.iter_markers("reference_data") for name in mark.args]
    return next((name for name in names if not folder_of(name).is_dir()), "")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "reference_data(name): needs a data set that lies outside the project"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = {item: missing_for(item) for item in items}
    gone = [item for item in items if missing[item]]
    if not gone:
        return
    _left_out.clear()
    _left_out.update(missing[item] for item in gone)
    config.hook.pytest_deselected(items=gone)
    items[:] = [item for item in items if not missing[item]]


# With pytest-xdist only the workers collect; each tells the one that prints.


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["reference_left_out"] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", {}).get("reference_left_out", {})
    _left_out.update(Counter(told) - _left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _left_out:
        wants = ", ".join(f"{count} for {name}" for name, count in sorted(_left_out.items()))
        terminalreporter.write_line(
            f"reference data not here: {sum(_left_out.values())} tests left out ({wants})"
        )
