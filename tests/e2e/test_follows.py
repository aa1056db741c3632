"""A form that follows its conditions while somebody types."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from records.models import FormCondition
from records.operations.conditions import save_condition
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


def test_shows_and_asks_while_one_types(window: Window, site: str, rep: User, admin: User) -> None:
    hot = {"all": [{"field": "rating", "is": "is", "value": "hot"}]}
    for field, effect in (("job_title", "show"), ("city", "require")):
        line = FormCondition(kind="lead", field=field, effect=effect, condition=hot)
        save_condition(line, by=admin)
    page = window(rep)
    page.goto("/leads/new/")

    expect(page.get_by_label("Job title", exact=True)).to_be_hidden()
    page.get_by_label("Rating", exact=True).select_option("hot")

    expect(page.get_by_label("Job title", exact=True)).to_be_visible()
    expect(page.get_by_label("City", exact=True)).to_have_attribute("aria-required", "true")
