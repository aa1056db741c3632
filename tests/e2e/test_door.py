"""The door: what it offers in a demo, and whom it turns away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]
PASSWORD = "eight-green-pumps"


@pytest.fixture
def demo(settings: Any, tmp_path: Path, rep: User) -> None:
    """A demo on this machine, in which rep may be tried."""
    rep.set_password(PASSWORD)
    rep.save(update_fields=["password"])
    person = {"email": rep.email, "password": PASSWORD, "name": rep.name, "role": "Sales rep"}
    (tmp_path / "demo.json").write_text(json.dumps({"users": {"rep": person}}))
    settings.CRM_DEMO, settings.VAR_DIR = True, tmp_path


@pytest.mark.parametrize("scripts", [True, False])
def test_signs_in_by_one_press_in_a_demo(
    window: Window, demo: None, rep: User, scripts: bool
) -> None:
    page = window(scripts=scripts)

    page.goto("/leads/")
    page.get_by_role("button", name=rep.name).click()

    expect(page.get_by_role("heading", level=1, name="Leads")).to_be_visible()


def test_offers_nobody_outside_a_demo(window: Window, rep: User) -> None:
    page = window()

    page.goto("/login/")

    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    expect(page.get_by_role("button", name=rep.name)).to_have_count(0)


def test_says_nothing_of_which_part_was_wrong(window: Window, rep: User) -> None:
    page = window()
    page.goto("/login/")

    page.get_by_label("Email").fill(rep.email)
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("alert")).to_contain_text("You are not logged in")
    expect(page.get_by_label("Email")).to_have_value(rep.email)
