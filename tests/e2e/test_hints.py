"""Hints about duplicates while one types, and the list of them, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.operations import create_account
from leads.models import Lead
from leads.operations import capture_lead
from records.models import PossibleDuplicate
from tests.custom import define
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


@pytest.fixture
def known(site: str, rep: User) -> Lead:
    return capture_lead(
        by=rep,
        owner=rep,
        topic="Pumps",
        first_name="Elena",
        last_name="Marchetti",
        email="elena@nord.example",
    )


def test_hints_come_while_one_types_and_go_with_what_is_typed(
    window: Window, rep: User, known: Lead
) -> None:
    page = window(rep)
    page.goto(reverse("leads:create"))
    hints = page.get_by_role("complementary", name="Duplicates")
    expect(hints).to_contain_text("while you type")

    page.get_by_label("Email").press_sequentially("elena@nord.example")

    expect(hints).to_contain_text("1 lead looks like this")
    with page.expect_popup() as opened:
        hints.get_by_role("link", name="Elena Marchetti").click()
    expect(opened.value).to_have_url(page.url.replace("/leads/new/", known.get_absolute_url()))
    expect(page.get_by_label("Email")).to_have_value("elena@nord.example")

    page.get_by_label("Email").fill("")
    expect(hints).to_contain_text("Nothing looks like this")


def test_a_hint_stops_nobody_from_saving(window: Window, rep: User, known: Lead) -> None:
    page = window(rep)
    page.goto(reverse("leads:create"))
    page.get_by_label("Topic").fill("Valves")
    page.get_by_label("Email").fill("elena@nord.example")
    expect(page.get_by_role("complementary", name="Duplicates")).to_contain_text("looks like this")

    page.get_by_role("button", name="Create lead").click()

    expect(page.get_by_role("region", name="Messages")).to_contain_text("was created")
    assert Lead.objects.filter(email="elena@nord.example").count() == 2


def test_without_scripts_a_button_looks_and_what_was_typed_stays(
    window: Window, rep: User, known: Lead
) -> None:
    page = window(rep, scripts=False)
    page.goto(reverse("leads:create"))
    page.get_by_label("Topic").fill("Valves")
    page.get_by_label("Email").fill("elena@nord.example")

    page.get_by_role("button", name="Look for duplicates").click()

    hints = page.get_by_role("complementary", name="Duplicates")
    expect(hints).to_contain_text("1 lead looks like this")
    expect(page.get_by_label("Topic")).to_have_value("Valves")
    page.get_by_role("button", name="Create lead").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("was created")
    assert Lead.objects.filter(topic="Valves", email="elena@nord.example").count() == 1


def test_a_pair_goes_from_the_list_and_comes_back_by_undo(
    window: Window, rep: User, known: Lead
) -> None:
    twin = capture_lead(by=rep, owner=rep, topic="Valves", email="elena@nord.example")
    PossibleDuplicate.objects.create(kind="lead", low=known.pk, high=twin.pk, score=90)
    page = window(rep)
    page.goto(reverse("duplicates:list"))

    page.get_by_role("button", name="Not a duplicate").click()

    expect(page.get_by_role("heading", name="Nobody has looked yet")).to_be_visible()
    page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="2 records may be one")).to_be_visible()
    page.get_by_role("link", name="Compare and merge").click()
    expect(page).to_have_url(re.compile(rf"/duplicates/merge/\?kind=lead&id={known.pk}"))


def test_a_custom_link_proposes_records_while_one_types(
    window: Window, admin: User, rep: User, known: Lead
) -> None:
    define("lead", "partner", type="record", target="account", by=admin)
    account = create_account(by=rep, name="Ferrovia")
    page = window(rep)
    page.goto(f"{known.get_absolute_url()}edit/")

    page.get_by_label("Partner").press_sequentially("Ferr")

    option = page.locator(f'datalist option[value="Ferrovia (#{account.pk})"]')
    expect(option).to_be_attached()
