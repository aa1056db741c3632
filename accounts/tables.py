"""The columns of the lists of accounts and contacts."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from records.permissions import reaches
from workbench.tables import (
    Cell,
    NameColumn,
    NextStepColumn,
    OwnerColumn,
    RecordTable,
    TagsColumn,
    TouchColumn,
)


def mail(record: Contact) -> Any:
    """The address, ready to be written to."""
    if not record.email:
        return ""
    return format_html('<a href="mailto:{0}">{0}</a>', record.email)


def phone(record: Account | Contact) -> Any:
    """The number, ready to be dialled."""
    if record.phone:
        return format_html(
            '<a href="tel:{}">{}</a>', record.phone_key or record.phone, record.phone
        )
    mobile = getattr(record, "mobile", "")
    if not mobile:
        return ""
    return format_html('<a href="tel:{}">{}</a>', record.mobile_key or mobile, mobile)  # type: ignore[union-attr]


def website(account: Account) -> Any:
    """The address of the website, as a link only where it is one."""
    address = website_of(account)
    if not address:
        return account.website
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', address, account.domain)


def website_of(account: Account) -> str:
    """Return an address that a browser may be sent to, or nothing."""
    return f"https://{account.domain}" if account.domain else ""


class AccountTable(RecordTable):
    """The columns that a list of accounts shows."""

    related = ("name", "phone", "next_step", "owner")

    name = NameColumn(verbose_name=_("Account"), order_by=("name",))
    place = Cell(
        lambda account: account.place,
        verbose_name=_("Place"),
        css="c-cell--company",
        accessor="pk",
        order_by=("city",),
    )
    industry = Cell(verbose_name=_("Industry"), order_by=("industry",), edits="industry")
    website = Cell(
        website, verbose_name=_("Website"), accessor="pk", order_by=("domain",), edits="website"
    )
    phone = Cell(phone, verbose_name=_("Phone"), accessor="pk", edits="phone")
    next_step = NextStepColumn()
    touched = TouchColumn()
    owner = OwnerColumn()
    tags = TagsColumn()

    class Meta(RecordTable.Meta):
        sequence = (
            "name", "place", "industry", "website", "phone", "next_step", "touched", "owner",
            "tags",
        )  # fmt: skip


class ContactTable(RecordTable):
    """The columns that a list of contacts shows."""

    related = ("name", "email", "phone", "touched", "owner")

    name = NameColumn(
        verbose_name=_("Contact"),
        note=lambda contact: contact.job_title,
        order_by=("last_name", "first_name"),
    )
    account = Cell(
        verbose_name=_("Account"),
        css="c-cell--company",
        accessor="pk",
        order_by=("account__name",),
    )
    email = Cell(mail, verbose_name=_("Email"), accessor="pk", order_by=("email",), edits="email")
    phone = Cell(phone, verbose_name=_("Phone"), accessor="pk", edits="phone")
    next_step = NextStepColumn()
    touched = TouchColumn()
    owner = OwnerColumn()
    tags = TagsColumn()

    class Meta(RecordTable.Meta):
        sequence = ("name", "account", "email", "phone", "next_step", "touched", "owner", "tags")

    def render_account(self, record: Contact) -> Any:
        """The account, unless it is outside what the user may see."""
        if record.account is None or not reaches(self.user, "view", record.account):
            return SafeString("")
        return record.account
