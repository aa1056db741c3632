"""What Dynamics comes with is shaped here by clicks alone: fields, forms, process and mapping."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Account, Contact
from leads.models import Lead
from opportunities.models import Opportunity, Process
from records.models import CustomField
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]

# kind, label, type and choices, as in Dynamics' tables of fields
FIELDS = [
    ("lead", "SIC code", "text", ""),
    ("lead", "Confirm interest", "yes_no", ""),
    ("lead", "Preferred method of contact", "choice", "Any Email Phone Fax Mail"),
    ("account", "SIC code", "text", ""),
    ("contact", "Preferred method of contact", "choice", "Any Email Phone Fax Mail"),
    ("opportunity", "Confirm interest", "yes_no", ""),
    ("opportunity", "Current situation", "long_text", ""),
]
# stage, probability, forecast category, and its steps with the field that each asks for
STAGES = [
    (
        "Qualify",
        "10",
        "pipeline",
        {
            "Identify contact": "contact",
            "Identify account": "account",
            "Purchase timeframe": "timeframe",
            "Estimated budget": "budget_amount",
            "Purchase process": "purchase_process",
            "Identify decision maker": "decision_maker_known",
            "Capture summary": "description",
        },
    ),
    (
        "Develop",
        "30",
        "pipeline",
        {
            "Customer need": "customer_need",
            "Proposed solution": "proposed_solution",
            "Identify stakeholders": "",
            "Identify competitors": "",
        },
    ),
    (
        "Propose",
        "60",
        "best_case",
        dict.fromkeys(
            [
                "Identify sales team",
                "Develop proposal",
                "Complete internal review",
                "Present proposal",
            ],
            "",
        ),
    ),
    (
        "Close",
        "80",
        "commit",
        {
            "Complete final proposal": "",
            "Present final proposal": "",
            "Confirm decision date": "estimated_close_date",
            "Send thank you": "",
            "File de-brief": "",
        },
    ),
]
# What a lead says, by its label, and where the table of Dynamics takes it
LEAD = {
    "Topic": "Eight pumps for Turin",
    "First name": "Elena",
    "Last name": "Marchetti",
    "Job title": "Head of plant",
    "Email": "elena@ferrovia.example",
    "Phone": "+39 011 555 0100",
    "Mobile": "+39 333 555 0100",
    "Company": "Ferrovia Pumps",
    "Website": "https://ferrovia.example",
    "Street": "Via Roma 1",
    "City": "Turin",
    "Postal code": "10121",
    "SIC code": "3561",
}


def saved(page: Page, button: str = "Save") -> None:
    """Press a button of an administration's form, and see that it was taken."""
    page.get_by_role("button", name=button, exact=True).last.click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def add(page: Page, task: str) -> None:
    """Open the form for a new line, from the index of the administration."""
    page.goto("/admin/")
    page.get_by_role("row").filter(has=page.get_by_role("link", name=task, exact=True)).get_by_role(
        "link", name="Add"
    ).first.click()


def open_line(page: Page, task: str, line: str) -> None:
    page.goto("/admin/")
    page.get_by_role("rowheader", name=task, exact=True).get_by_role("link").click()
    page.locator("#result_list").get_by_role("link", name=line, exact=True).first.click()


def row_of(page: Page, field: str) -> Locator:
    """Return the row of a field in the editor of a layout."""
    return page.locator("tr").filter(has=page.locator(f"input[value='{field}']"))


def define_fields(page: Page) -> None:
    for kind, label, type_, choices in FIELDS:
        add(page, "Custom fields")
        page.locator("#id_kind").select_option(kind)
        page.locator("#id_label").fill(label)
        page.locator("#id_type").select_option(type_)
        for number, choice in enumerate(choices.split()):
            page.locator(f"[name='choices-{number}-label']").fill(choice)
        saved(page)


def lay_out(page: Page) -> None:
    """Call the sections of the lead's form as Dynamics does, and put fields into them."""
    open_line(page, "Form layouts", "Lead")
    page.locator("[data-section] input[value='Person']").fill("Contact")
    company = page.locator("[data-section]").filter(has=page.locator("input[value='Company']"))
    number = company.get_attribute("data-section") or ""
    sic = row_of(page, "custom.sic_code")
    sic.locator("select").select_option(number)
    sic.locator("[name$='-place']").fill("15")
    row_of(page, "last_name").get_by_label("Require").check()
    saved(page, "Publish")

    open_line(page, "Form layouts", "Opportunity")
    page.locator("[data-section] input[value='Deal']").fill("Summary")
    row_of(page, "forecast_category").get_by_label("Show").uncheck()
    saved(page, "Publish")


def make_process(page: Page) -> None:
    add(page, "Processes")
    page.locator("#id_name").fill("Opportunity Sales Process")
    page.locator("#id_is_default").check()
    for number, (name, probability, forecast, _steps) in enumerate(STAGES):
        page.get_by_text("Add another Stage").click()
        page.locator(f"#id_stages-{number}-position").fill(str(number + 1))
        page.locator(f"#id_stages-{number}-name").fill(name)
        page.locator(f"#id_stages-{number}-key").fill(name.lower())
        page.locator(f"#id_stages-{number}-probability").fill(probability)
        page.locator(f"#id_stages-{number}-forecast_category").select_option(forecast)
    saved(page)
    for name, _probability, _forecast, steps in STAGES:
        open_line(page, "Processes", "Opportunity Sales Process")
        line = page.locator("tr.form-row").filter(has=page.locator(f"input[value='{name}']"))
        line.get_by_role("link", name="Change").click()
        for number, (label, field) in enumerate(steps.items()):
            page.get_by_text("Add another Step").click()
            page.locator(f"#id_steps-{number}-position").fill(str(number + 1))
            page.locator(f"#id_steps-{number}-label").fill(label)
            page.locator(f"#id_steps-{number}-key").fill(f"step-{number}")
            page.locator(f"#id_steps-{number}-field").select_option(field)
        if name == "Qualify":
            page.locator("#id_steps-6-is_required").check()
        saved(page)


def map_fields(page: Page) -> None:
    for source, destination in (
        ("description", "opportunity.custom.current_situation"),
        ("custom.confirm_interest", "opportunity.custom.confirm_interest"),
    ):
        add(page, "Field mappings")
        page.locator("#id_source").select_option(source)
        page.locator("#id_destination").select_option(destination)
        page.locator("#id_policy").select_option("always")
        saved(page)


def test_is_rebuilt_by_clicks(window: Window, site: str, admin: User, rep: User) -> None:
    page = window(admin)
    define_fields(page)
    lay_out(page)
    make_process(page)
    map_fields(page)

    # Whoever sells has it at once, on a form that asks for it in that order.
    sales = window(rep)
    sales.goto("/leads/new/")
    expect(sales.get_by_role("group", name="Contact").get_by_label("First name")).to_be_visible()
    for label, text in LEAD.items():
        sales.get_by_label(re.compile(rf"^\s*{label}\W*$")).first.fill(text)
    sales.get_by_label("Confirm interest").select_option("Yes")
    sales.get_by_label("Preferred method of contact").select_option("Phone")
    sales.get_by_label("Description").fill("Old pumps leak.")
    sales.get_by_role("button", name="Create lead").click()
    expect(sales.get_by_role("heading", level=1, name="Elena Marchetti")).to_be_visible()
    sales.get_by_role("link", name="Qualify", exact=False).first.click()
    sales.get_by_role("dialog").get_by_role("button", name="Qualify").first.click()
    expect(sales.get_by_role("heading", level=1, name="Eight pumps for Turin")).to_be_visible()
    bar = sales.locator("#process")
    for name, *_rest in STAGES:
        expect(bar).to_contain_text(name)
    expect(sales.locator("body")).to_contain_text("Capture summary")

    # What the table of Dynamics hands over is there, and what it leaves behind, too.
    deal, account, contact = Opportunity.objects.get(), Account.objects.get(), Contact.objects.get()
    assert deal.stage.process == Process.objects.get(name="Opportunity Sales Process")
    assert deal.stage.steps.count() == 7
    assert (deal.topic, deal.account, deal.contact) == (LEAD["Topic"], account, contact)
    assert deal.custom == {"current_situation": "Old pumps leak.", "confirm_interest": True}
    assert (account.name, account.street, account.city) == ("Ferrovia Pumps", "Via Roma 1", "Turin")
    assert "ferrovia.example" in account.website
    # The number is that of the person: a company has one only when somebody gives it one.
    assert (account.phone, account.custom["sic_code"]) == ("", "3561")
    assert (contact.full_name, contact.job_title) == ("Elena Marchetti", "Head of plant")
    assert (contact.email, contact.phone, contact.mobile) == (
        LEAD["Email"],
        LEAD["Phone"],
        LEAD["Mobile"],
    )
    assert contact.custom == {"preferred_method_of_contact": "phone"}
    assert Lead.objects.get().status == "qualified"
    assert CustomField.objects.count() == len(FIELDS)
