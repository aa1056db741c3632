"""Tests on data that lies outside are left out where it is absent, and that is counted."""

import os
import subprocess
import sys

import pytest

from tests.reference import PROJECT, folder_of

SAMPLE = """
import pytest

@pytest.mark.reference_data("engines")
def test_one(): pass

@pytest.mark.reference_data("engines")
def test_two(): pass

def test_three(): pass
"""


def run_sample(folder, *options):
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    (folder / "test_sample.py").write_text(SAMPLE)
    command = [sys.executable, "-m", "pytest", "-p", "tests.reference", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-p", "no:django", "-c", folder / "pytest.ini", *options, folder],
        cwd=PROJECT,
        env={**os.environ, "CRM_REFERENCE_DATA": str(folder / "data"), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [["-n0"], ["-n1"]], ids=["alone", "with a worker"])
def test_leaves_out_and_counts_what_has_no_data(tmp_path, options):
    run = run_sample(tmp_path, *options)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout
    assert "skipped" not in run.stdout
    assert "reference data not here: 2 tests left out (2 for engines)" in run.stdout


def test_runs_what_has_data(tmp_path):
    (tmp_path / "data" / "engines").mkdir(parents=True)

    run = run_sample(tmp_path, "-n0")

    assert "3 passed" in run.stdout, run.stdout + run.stderr
    assert "left out" not in run.stdout


def test_looks_beside_the_project_by_default(monkeypatch):
    monkeypatch.delenv("CRM_REFERENCE_DATA", raising=False)

    assert folder_of("engines") == PROJECT.parent / "shared" / "data" / "engines"
