"""The files of others are those we reviewed, each with its licence beside it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parent.parent / "static"
PACKAGES = json.loads((STATIC / "vendor" / "manifest.json").read_text())["packages"]
FILES = {name: digest for package in PACKAGES for name, digest in package["files"].items()}


@pytest.mark.parametrize("name", FILES)
def test_is_what_the_manifest_says(name):
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == FILES[name]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_comes_with_its_licence(package):
    assert package["licence"]
    assert any(name.endswith("/LICENSE") for name in package["files"])


def test_nothing_else_lies_in_the_folder():
    own = {"vendor/fetch.py", "vendor/packages.json", "vendor/manifest.json"}
    found = {
        path.relative_to(STATIC).as_posix()
        for path in (STATIC / "vendor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert found - own == {name for name in FILES if name.startswith("vendor/")}


def test_points_to_no_source_map():
    for name in FILES:
        if name.endswith((".css", ".js")):
            assert b"sourceMappingURL" not in (STATIC / name).read_bytes()


def test_our_styles_and_scripts_need_no_exception_from_the_policy():
    for path in (STATIC / "app").rglob("*"):
        if path.suffix in {".css", ".js"}:
            assert not re.search(r"""["'(]data:|\beval\(|new Function""", path.read_text()), path
