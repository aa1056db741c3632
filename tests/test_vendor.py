"""The files of others are those we reviewed, each with its licence beside it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import crispy_bootstrap5
import pytest

from static.vendor import trim

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
    own = {
        "vendor/fetch.py", "vendor/trim.py", "vendor/packages.json", "vendor/manifest.json",
        "vendor/bootstrap/bootstrap.trimmed.css",
    }  # fmt: skip
    found = {
        path.relative_to(STATIC).as_posix()
        for path in (STATIC / "vendor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert found - own == {name for name in FILES if name.startswith("vendor/")}


# Bootstrap, trimmed

WANTED = json.loads((STATIC / "vendor" / "packages.json").read_text())
IN_QUOTES = re.compile(r"""class=["']([^"']*)["']""")
TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
# Layouts and boxes of the forms' library that no form of ours has.
UNUSED = re.compile(
    r"/(accordion|modal|tab|alert|buttonholder|floating|multifield|table_inline|inline_field|switch|"
    r"display_form|betterform|errors_formset|field_file|field_with_buttons|column)[\w.-]*$"
)


def test_the_trimmed_style_sheet_is_what_the_script_makes_of_the_whole_one() -> None:
    assert trim.TRIMMED.read_text() == trim.trimmed(trim.WHOLE.read_text(), WANTED["classes"])


def test_trimming_keeps_elements_and_chosen_classes_alone() -> None:
    whole = (
        '@charset "UTF-8";/*! theirs */a:hover{color:red}.btn,b{--x:1px;--y:2px;margin:var(--x)}'
        '.card{top:0}.btn:not(.card)>i{background:url("data:image;x")}'
        "@media (min-width:9px){.card{top:1px}.col-md-6{width:50%}}"
    )

    assert trim.trimmed(whole, ["btn", "col-md*"]) == (
        "a:hover{color:red}\n.btn,b{--x:1px;margin:var(--x)}\n"
        "@media (min-width:9px){.col-md-6{width:50%}}\n"
    )


def test_no_class_of_bootstrap_that_a_page_names_was_trimmed() -> None:
    """Add it to `packages.json` and run `static/vendor/trim.py`."""
    trimmed, whole = (
        set(trim.CLASS.findall(re.sub(r"\{[^{}]*\}", "{}", file.read_text())))
        for file in (trim.TRIMMED, trim.WHOLE)
    )
    theirs = Path(crispy_bootstrap5.__file__).parent / "templates"
    read = [*(STATIC.parent / "templates").rglob("*.html")]
    read += [path for path in theirs.rglob("*.html") if not UNUSED.search(path.as_posix())]

    gone = {
        (word, path.name)
        for path in read
        for value in IN_QUOTES.findall(TAG.sub(" ", path.read_text()))
        for word in re.findall(r"[\w-]+", value)
        if word in whole - trimmed
    }

    assert not gone


def test_points_to_no_source_map():
    for name in FILES:
        if name.endswith((".css", ".js")):
            assert b"sourceMappingURL" not in (STATIC / name).read_bytes()


def test_our_styles_and_scripts_need_no_exception_from_the_policy():
    for path in (STATIC / "app").rglob("*"):
        if path.suffix in {".css", ".js"}:
            assert not re.search(r"""["'(]data:|\beval\(|new Function""", path.read_text()), path
