"""A record worked on where it stands: values, stages, the next one, by mouse, by keys, by touch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from leads.operations import update_lead
from opportunities.models import Opportunity
from tests.factories import AccountFactory, ActivityFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


def focused(page: Page) -> str:
    """Return what has the focus: what it is called, or the value of the field it is."""
    return str(
        page.evaluate(
            "() => { const e = document.activeElement;"
            "return e.getAttribute('aria-label') ?? e.value ?? e.textContent.trim(); }"
        )
    )


def test_a_value_is_changed_by_keys_alone_and_the_focus_comes_back(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())
    pencil = page.get_by_role("link", name="Edit First name")

    pencil.press("Enter")
    field = page.get_by_role("textbox", name="First name")
    expect(field).to_be_focused()
    field.fill("Elenor")
    field.press("Escape")
    expect(pencil).to_be_focused()
    expect(page.locator("#value-first_name")).to_contain_text("Elena")

    pencil.press("Enter")
    field.fill("Elenor")
    field.press("Tab")  # to leave a field neither saves nor discards
    expect(field).to_have_value("Elenor")
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Elenor Marchetti")
    expect(page.get_by_role("link", name="Edit First name")).to_be_focused()

    # A part of the qualification, with all that depends on it.
    page.locator("#part-timeframe [data-edit]").press("Enter")
    page.get_by_role("combobox", name="Timeframe").select_option("this_quarter")
    page.get_by_role("combobox", name="Timeframe").press("Enter")
    expect(page.locator("#part-timeframe")).to_contain_text("This quarter")
    expect(page.locator("#bant-pips")).to_contain_text("1 of 4")
    expect(page.locator("#readiness")).not_to_contain_text("Timeframe is unknown")
    expect(page.get_by_role("link", name="Edit Timeframe")).to_be_focused()

    page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()
    expect(page.locator("#bant-pips")).to_contain_text("0 of 4")


def test_a_click_on_the_value_opens_it_and_others_stay_open_beside_it(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())

    page.get_by_role("link", name="Add job title").click()
    page.get_by_role("textbox", name="Job title").fill("Head of purchasing")
    page.locator("#value-topic .c-fields__text").click()
    page.get_by_role("textbox", name="Topic").fill("Nine pumps")
    page.get_by_role("textbox", name="Topic").press("Enter")

    expect(page.locator("#value-topic")).to_contain_text("Nine pumps")
    expect(page.get_by_role("textbox", name="Job title")).to_have_value("Head of purchasing")
    page.get_by_role("textbox", name="Job title").press("Enter")
    expect(page.locator("#record-head")).to_contain_text("Head of purchasing")
    # What a rule asks for opens on this page, too.
    page.locator("#readiness").get_by_role("link", name="add now").first.click()
    expect(page.get_by_label("Budget", exact=True)).to_be_focused()


def test_what_a_colleague_has_made_of_it_is_chosen_in_its_place(
    window: Window, rep: User, manager: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name="Edit Company").click()
    expect(page.get_by_label("Company", exact=True)).to_be_visible()
    update_lead(lead, by=manager, company="Ferrovia Tanks")

    page.get_by_label("Company", exact=True).fill("Ferrovia Valves")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Manager changed this to “Ferrovia Tanks”.")
    expect(page.get_by_label("Company", exact=True)).to_have_value("Ferrovia Valves")
    page.get_by_role("button", name="Use theirs").click()

    expect(page.locator("#value-company")).to_have_text("Ferrovia Tanks")
    expect(page.get_by_role("link", name="Edit Company")).to_be_focused()


def test_from_a_list_through_its_records_and_back_by_keys(window: Window, rep: User) -> None:
    for name in ("Ada", "Bea", "Cleo"):
        LeadFactory(owner=rep, first_name=name, last_name="Lovelace")
    page = window(rep)
    page.goto("/leads/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Cleo Lovelace")
    page.wait_for_load_state()  # a whole page: its keys come after its words

    page.keyboard.press("j")
    expect(heading).to_have_text("Bea Lovelace")
    expect(heading).to_be_focused()
    expect(page).to_have_title("Bea Lovelace · Leads")
    expect(page.locator(".c-crumb__end")).to_contain_text("2 of 3")
    page.keyboard.press("j")
    expect(heading).to_have_text("Ada Lovelace")
    page.keyboard.press("k")
    expect(heading).to_have_text("Bea Lovelace")
    # Who is quicker than the page steps as far as the keys say.
    for key in "kjj":
        page.keyboard.press(key)
    expect(heading).to_have_text("Ada Lovelace")
    page.keyboard.press("k")
    expect(heading).to_have_text("Bea Lovelace")
    # What the page needs works on a record that was brought in, too.
    page.get_by_role("link", name="Edit First name").click()
    page.get_by_role("textbox", name="First name").fill("Beate")
    page.get_by_role("textbox", name="First name").press("Enter")
    expect(heading).to_have_text("Beate Lovelace")
    page.reload()
    expect(heading).to_have_text("Beate Lovelace")

    page.get_by_role("link", name="My open leads").click()
    expect(page.get_by_role("link", name="Beate Lovelace")).to_be_focused()


def test_a_stage_opens_its_steps_and_a_sale_is_won_over_the_page(window: Window, rep: User) -> None:
    deal = OpportunityFactory(owner=rep, account=AccountFactory(owner=rep), value=900)
    page = window(rep)
    page.goto(deal.get_absolute_url())

    page.locator("#process").get_by_role("link", name="Close").click()
    panel = page.get_by_role("region", name="To enter Close")
    expect(panel.get_by_role("heading")).to_be_focused()
    panel.get_by_role("button", name="Identify stakeholders").click()
    expect(panel.get_by_role("button", name="Identify stakeholders")).to_have_attribute(
        "aria-pressed", "true"
    )
    panel.get_by_role("link", name="Close").click()
    expect(panel).to_be_hidden()

    page.get_by_role("link", name="Won").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Win {deal}")
    dialog.get_by_role("button", name="Close as won").click()
    expect(page.get_by_role("status").filter(has_text="is won")).to_be_visible()
    assert Opportunity.objects.get().status == "won"
    expect(page.locator("#value-value .c-tip")).to_have_attribute("aria-label", "Value, read-only: "
        f"{deal} is won. Reopen it to change it.")  # fmt: skip


def test_commands_go_where_there_is_room_and_none_is_lost(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep, width=1300)
    page.goto(lead.get_absolute_url())
    bar = page.get_by_role("group", name="Commands")
    every = [link.inner_text() for link in bar.locator("> [data-command]:visible").all()]
    page.set_viewport_size({"width": 770, "height": 800})
    page.set_viewport_size({"width": 1290, "height": 800})

    page.evaluate("document.querySelector('.c-commands').style.inlineSize = '520px'")
    expect(bar.locator("> [data-command]:visible")).not_to_have_count(len(every))
    shown = [link.inner_text() for link in bar.locator("> [data-command]:visible").all()]
    bar.locator("summary").click()
    kept = [link.inner_text() for link in bar.locator("details [data-command]").all()]
    assert [*shown, *kept] == every
    page.evaluate("document.querySelector('.c-commands').style.inlineSize = ''")
    expect(bar.locator("> [data-command]:visible")).to_have_count(len(every))
    again = [link.inner_text() for link in bar.locator("> [data-command]:visible").all()]
    assert again == every


def test_a_phone_shows_what_is_next_and_folds_the_facts(
    window: Window, rep: User, lead: Lead
) -> None:
    update_lead(lead, by=rep, phone="+39 011 555 0101")
    ActivityFactory(on=lead, owner=rep, by=rep, kind="call", subject="Ask again", due_at=None)
    page = window(rep, width=390, height=844)
    page.goto(lead.get_absolute_url())

    line = page.locator(".c-next-line")
    expect(line).to_contain_text("Next: ")
    expect(page.get_by_role("group", name="Commands").locator("> :visible")).to_have_count(3)
    facts = page.locator("#record-facts")
    expect(facts).to_be_hidden()
    page.get_by_role("button", name="Key facts").click()
    expect(facts).to_be_visible()
    page.get_by_role("link", name="Details").click()
    page.get_by_role("link", name="Edit Company").click()
    page.get_by_label("Company", exact=True).fill("Apex")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#value-company")).to_have_text("Apex")


def test_without_scripts_every_value_is_changed_on_its_form(
    window: Window, rep: User, manager: User, lead: Lead
) -> None:
    page = window(rep, scripts=False)
    page.goto("/leads/")
    page.get_by_role("link", name="Elena Marchetti").click()
    page.get_by_role("link", name="Edit Company").click()
    expect(page).to_have_url(f"{page.url.partition('/leads')[0]}/leads/{lead.pk}/edit/#id_company")
    update_lead(lead, by=manager, company="Ferrovia Tanks", city="Turin")

    page.get_by_label("Company", exact=True).fill("Ferrovia Valves")
    page.get_by_label("Industry").fill("Pumps")
    page.get_by_role("button", name="Save", exact=False).first.click()
    row = page.get_by_role("row").filter(has_text="Company")
    expect(row).to_contain_text("both changed it")
    expect(page.get_by_role("row").filter(has_text="City")).to_contain_text("only Manager changed")
    page.get_by_label("Company", exact=True).fill("Ferrovia Tanks and Valves")
    page.get_by_role("button", name="Save", exact=False).first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Elena Marchetti")
    stored: Any = Lead.objects.get()
    assert (stored.company, stored.city, stored.industry) == (
        "Ferrovia Tanks and Valves",
        "Turin",
        "Pumps",
    )


def test_a_merge_is_chosen_with_one_click_each(
    window: Window, rep: User, manager: User, lead: Lead
) -> None:
    page = window(rep)
    page.goto(f"{lead.get_absolute_url()}edit/")
    update_lead(lead, by=manager, company="Tanks", need="must")
    page.get_by_label("Company", exact=True).fill("Valves")
    page.get_by_role("combobox", name="Need").select_option("should")
    page.get_by_role("button", name="Save", exact=False).first.click()

    company = page.get_by_role("row").filter(has_text="Company")
    company.get_by_role("radio", name="Tanks").check()
    expect(page.get_by_label("Company", exact=True)).to_have_value("Tanks")
    page.get_by_label("Company", exact=True).fill("Tanks and Valves")
    expect(company.get_by_role("radio", name="as written here")).to_be_checked()
    need = page.get_by_role("row").filter(has_text="Need")
    need.get_by_role("radio", name="Must have").check()
    expect(page.get_by_role("combobox", name="Need")).to_have_value("must")
    page.get_by_role("button", name="Save", exact=False).first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Elena Marchetti")
    stored: Any = Lead.objects.get()
    assert (stored.company, stored.need) == ("Tanks and Valves", "must")
