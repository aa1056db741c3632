"""What a browser has failed at is tried once more, and told when it passes then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.second_try import MOST, try_again

# One passes, one only where `quiet` is, one never; and as many more of these as are asked for.
TESTS = """
import pytest
from pathlib import Path

def test_sound(): pass
def test_hasty(): assert Path("quiet").exists()
@pytest.mark.parametrize("number", range({wrong}))
def test_wrong(number): assert False
"""


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., tuple[int, Sequence[str], list[str]]]:
    """Call it for what comes of tests of which so many are `wrong`: code, late ones, told twice."""

    def run(*words: str) -> int:
        command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={tmp_path}"]
        command += ["-o", f"cache_dir={tmp_path / 'kept'}", *words]
        env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
        return subprocess.run(command, cwd=tmp_path, env=env, check=False).returncode

    def tried(*, wrong: int) -> tuple[int, Sequence[str], list[str]]:
        (tmp_path / "test_page.py").write_text(TESTS.format(wrong=wrong))
        told: list[str] = []

        def run_again(names: Sequence[str]) -> int:
            told.extend(names)
            (tmp_path / "quiet").touch()
            return run(*names)

        return *try_again(run("test_page.py"), tmp_path / "kept", run_again), told

    return tried


def test_what_passes_at_the_second_try_is_told_by_name(suite):
    hasty = ["test_page.py::test_hasty"]
    assert suite(wrong=0) == (0, hasty, hasty)


def test_what_fails_again_stays_a_failure(suite):
    code, late, told = suite(wrong=1)
    assert (code, late) == (1, ["test_page.py::test_hasty"])
    assert told == ["test_page.py::test_hasty", "test_page.py::test_wrong[0]"]


def test_what_fails_in_many_places_is_not_tried_again(suite):
    assert suite(wrong=MOST) == (1, (), [])


@pytest.mark.parametrize("code", [0, 2, 3, 4, 5])
def test_only_failed_tests_are_tried_again(code, tmp_path):
    kept = tmp_path / "v" / "cache" / "lastfailed"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"test_page.py::test_hasty": true}')

    assert try_again(code, tmp_path, pytest.fail) == (code, ())
