"""What templates name exists: icons in the sprite, classes in the style sheets, no inline code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = [
    path
    for folder in [ROOT / "templates", *ROOT.glob("*/templates")]
    for path in sorted(folder.rglob("*.html"))
    if ".venv" not in path.parts
]
SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/app/icons.svg").read_text()))
OBJECTS = {"lead", "account", "contact", "opportunity", "activity"}
STYLES = "".join(path.read_text() for path in (ROOT / "static/app").glob("*.css"))
CLASSES = set(re.findall(r"\.(c-[\w-]+)", STYLES))

# {% icon "plus" 16 %} and {% include … with icon="plus" %}
ICON = re.compile(r"""\{%-? icon "([\w-]+)"|\bicon="([\w-]+)\"""")
CLASS_ATTRIBUTE = re.compile(r'class="([^"]*)"')
COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")


def text_of(path):
    return COMMENT.sub("", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_names_what_exists(path):
    text = text_of(path)
    icons = {first or second for first, second in ICON.findall(text)}
    # A name that a variable completes cannot be looked up: "c-badge--" before {{ tone }}.
    named = " ".join(CLASS_ATTRIBUTE.findall(TAG.sub(" ~ ", text)))
    classes = {word for word in named.split() if word.startswith("c-") and not word.endswith("-")}

    assert icons <= SPRITE | OBJECTS
    assert classes <= CLASSES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_needs_no_exception_from_the_policy(path):
    text = text_of(path)

    assert not re.search(r"""\sstyle=["']|<style|\son\w+=["']|javascript:|["'(]data:""", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_table_that_becomes_cards_on_a_phone_names_its_cells(path):
    """A card shows only the cells whose kind it knows: the others would be gone."""
    text = text_of(path)

    drawn = ("c-cell--name", "table.lines")  # the table itself names the cells of its lines
    assert "c-table--cards" not in text or any(cells in text for cells in drawn)


def test_what_code_draws_exists_too():
    from crm import context
    from workbench.templatetags import workbench as tags

    places = [*context.WORK, *context.INSIGHTS, *context.HELP, *context.ADMINISTRATION]
    drawn = [tags.OBJECT_ICONS, tags.KIND_ICONS, tags.STEP_ICONS]

    assert {icon for _url, _label, icon, _key in places} <= SPRITE
    assert {icon for icons in drawn for icon in icons.values()} <= SPRITE
