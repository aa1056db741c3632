"""A file comes in by the four steps, by keyboard and pointer, and goes again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from tests.e2e.test_pages import faults_in_all_clothes
from tests.imports.files import sent
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
LINES = (
    "First Name,Surname,E-mail,Firma,Topic,Rating,Est. value,Decision\n"
    "Elena,Marchetti,e.marchetti@ferrovia.example,Ferrovia Logistica,Sorting,Very hot,80000,Q1\n"
    "Oskar,Nyström,o.nystrom@bergslagen.example,Bergslagen Steel,Scales,cold,approx 50k,\n"
)


def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_a_file_comes_in_and_goes_again(
    window: Window, rep: User, site: str, tmp_path: Path
) -> None:
    before = Lead.objects.count()
    file = tmp_path / "expo.csv"
    file.write_text(LINES, encoding="utf-8")
    page = window(rep)
    page.goto("/leads/")
    page.locator("main").get_by_role("link", name="Import", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import a file")
    page.get_by_label("What the rows are").select_option("lead")
    page.locator("input[type=file]").set_input_files(file)
    faults = faults_in_all_clothes(page, "upload")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Match columns").click()

    expect(page.get_by_text("7 of 8 columns are matched.")).to_be_visible()
    expect(page.get_by_text("1 word has no meaning yet")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    shot(page, "columns")
    faults += faults_in_all_clothes(page, "columns")
    shot(page, "columns-phone")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label("Very hot").select_option("hot")
    expect(page.get_by_text("1 word has no meaning yet")).to_have_count(0)
    page.get_by_role("button", name="Check 2 rows").click()

    expect(page.get_by_role("button", name="Import 1 row")).to_be_visible()
    expect(page.get_by_text("“approx 50k” is not a number.")).to_be_visible()
    assert Lead.objects.count() == before
    shot(page, "check")
    faults += faults_in_all_clothes(page, "check")
    shot(page, "check-phone")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Import 1 row").click()

    expect(page.get_by_text("The file was imported.")).to_be_visible()
    lead = Lead.objects.get(email="e.marchetti@ferrovia.example")
    assert (lead.rating, lead.owner) == ("hot", rep)
    expect(page.get_by_role("link", name=str(lead)).first).to_be_visible()
    shot(page, "done")
    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows as a file").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "approx 50k" in text

    page.get_by_role("link", name="Undo this import").click()
    faults += faults_in_all_clothes(page, "undo")
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("The import was undone.")).to_be_visible()
    assert Lead.objects.count() == before
    page.goto("/imports/")
    expect(page.get_by_role("link", name="expo.csv")).to_be_visible()
    faults += faults_in_all_clothes(page, "history")
    assert not faults, "\n".join(faults)


def test_a_choice_keeps_the_focus_when_what_follows_from_it_is_shown(
    window: Window, rep: User, site: str
) -> None:
    draft = sent(LINES, by=rep)
    page = window(rep)
    page.goto(f"/imports/{draft.pk}/columns/")
    word = page.get_by_label("Very hot")
    word.focus()
    word.select_option("hot")

    expect(page.get_by_text("1 word has no meaning yet")).to_have_count(0)
    expect(word).to_be_focused()
