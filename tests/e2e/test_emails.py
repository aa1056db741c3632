"""An email from the composer by keys, with a template, without scripts, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from activities.models import Activity
from emails.models import EmailTemplate
from emails.operations import save_template
from leads.models import Lead
from tests.e2e.test_pages import DESK, dress, faults_in_all_clothes
from users.models import User
from workbench.models import Mail
from workbench.operations.mail import note_bounce

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


@pytest.fixture
def template(rep: User) -> EmailTemplate:
    return save_template(
        EmailTemplate(
            name="Thanks", kinds=["lead"], subject="{{ topic }}", text="Dear {{ first_name }},"
        ),
        by=rep,
    )


def test_is_written_in_the_composer_and_stands_on_the_timeline(
    window: Window, rep: User, lead: Lead, template: EmailTemplate
) -> None:
    page = window(rep)
    page.goto(lead.get_absolute_url())

    with override_settings(MAIL_IN_ADDRESS="in@crm.example"):
        page.keyboard.press("Shift+E")
        expect(page.get_by_label("To", exact=True)).to_have_value("elena@ferrovia.example")
        page.get_by_label("Text of the email").fill("My own words")
        page.get_by_label("Template").focus()
        page.get_by_label("Template").select_option("Thanks")
        expect(page.get_by_label("Subject")).to_have_value("Eight pumps")
        expect(page.get_by_label("Text of the email")).to_have_value("Dear Elena,\n\nMy own words")
        expect(page.get_by_label("Template")).to_be_focused()
        assert faults_in_all_clothes(page, "composer") == []
        dress(page, DESK, "light")
        page.get_by_label("To", exact=True).fill("nobody")
        page.get_by_role("button", name="Send email").click()
        expect(page.get_by_role("alert")).to_contain_text("“nobody” is no email address")
        expect(page.get_by_role("alert")).to_be_focused()
        page.get_by_label("To", exact=True).fill("elena@ferrovia.example")
        page.get_by_role("button", name="Send email").click()

        expect(page.get_by_text("Email: Eight pumps")).to_be_visible()
    expect(page.get_by_text("is on its way")).to_be_visible()
    expect(page.get_by_label("Text of the email")).to_have_value("")
    mail = Mail.objects.get()
    note_bounce(mail.message_id, "552 mailbox full")
    page.reload()
    expect(page.get_by_text("Not sent: 552 mailbox full")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Not sent")).to_have_count(0)


def test_is_written_without_scripts(
    window: Window, rep: User, lead: Lead, template: EmailTemplate
) -> None:
    page = window(rep, scripts=False)
    page.goto(f"{lead.get_absolute_url()}?compose=email")

    page.get_by_role("link", name="Write an email").click()
    page.get_by_label("Template").select_option("Thanks")
    page.get_by_role("button", name="Use template").click()
    expect(page.get_by_label("Subject")).to_have_value("Eight pumps")
    page.get_by_role("button", name="Send email").click()

    expect(page.get_by_text("Email: Eight pumps")).to_be_visible()
    assert Activity.objects.filter(kind="email").count() == 1


def test_a_template_is_shown_on_a_record_before_it_is_kept(
    window: Window, rep: User, lead: Lead
) -> None:
    page = window(rep, width=390, height=844)
    page.goto("/templates/new/")

    page.get_by_label("Name").fill("Hello")
    page.get_by_label("Subject").fill("About {{ lead.topic }}")
    page.get_by_label("Text").fill("Dear {{ person.first_name|you }}")
    page.get_by_label("Show it on").select_option(label="Lead: Elena Marchetti")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("About Eight pumps")).to_be_visible()
    assert faults_in_all_clothes(page, "template") == []
    page.get_by_role("button", name="Save template").click()

    expect(page.get_by_role("link", name="Hello", exact=True)).to_be_visible()
