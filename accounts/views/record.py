"""The pages of one company and of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.matching import Twin, twins_of
from accounts.models import Account, Contact
from accounts.tables import ContactTable, website_of
from activities.models import Activity
from activities.timeline import CHANGES, next_up, timeline_of
from records.layouts import groups_for, hidden_in
from records.permissions import may, reaches, unnamed
from users import formats
from workbench.custom import rows_for
from workbench.rows import fold, unseen
from workbench.tables import tags_of
from workbench.templatetags.workbench import address, ago, due, money
from workbench.views import RecordView, card_of
from workbench.views.timeline import shown_entry

if TYPE_CHECKING:
    from users.models import User
    from workbench.rows import Editing

SHOWN = 5
RECENT = 4
# Any of them in the address means that somebody is at work on the timeline.
TIMELINE = ("compose", "kind", "text", "before")


class AccountDetail(RecordView):
    """A company: its opportunities, people and leads, or its timeline."""

    model = Account
    related = ("owner", "parent__owner")
    timeline_of = staticmethod(timeline_of)
    next_up = staticmethod(next_up)

    def get_rows(self) -> Any:
        below = Account.objects.permitted(self.user, "view").filter(parent=OuterRef("pk"))
        return super().get_rows().annotate(is_parent=Exists(below))

    def summary(self) -> dict[str, Any]:
        account: Account = self.record
        return {
            "head": head_of_account(account, self.editing),
            "groups": about_account(account, self.editing, self.user),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account: Account = self.record
        asked = self.request.GET
        is_timeline = asked.get("tab") == "timeline" or any(name in asked for name in TIMELINE)
        kept = f"&{self.trail.query}" if self.trail else ""
        contacts = {} if is_timeline else self.contacts()
        tabs = tabs_of(account, is_timeline=is_timeline, kind=asked.get("kind", ""), kept=kept)
        for tab in tabs:
            tab["count"] = contacts.get("total") if tab.get("of") == "contacts" else None
        context = super().get_context_data(
            tabs=tabs,
            contacts=contacts,
            cards=cards_of(account),
            children=children_card(account, self.user) if account.is_parent else None,  # type: ignore[attr-defined]
            opportunity_url=new_url("opportunities", account),
            contact_url=new_url("contacts", account) if may(self.user, "add", Contact) else "",
            contacts_url=f"{reverse('contacts:list')}?account={account.pk}",
            is_timeline=is_timeline,
            twins=twins_in_words(account, self.user),
            may_write=may(self.user, "add", Activity),
            **kwargs,
        )
        entries = [entry for entry in context["timeline"].entries if entry.activity is not None]
        context["recent"] = [
            {**shown_entry(entry), "day": formats.day_of_year(entry.at)}
            for entry in entries[:RECENT]
        ]
        return context

    def contacts(self) -> dict[str, Any]:
        """Return the card of the people at this company: two statements."""
        rows = Contact.objects.permitted(self.user, "view").filter(account=self.record)
        found = list(rows.for_list().order_by("last_name", "first_name", "pk")[: SHOWN + 1])
        total = rows.count() if len(found) > SHOWN else len(found)
        return card_of(ContactTable(found[:SHOWN], user=self.user), total=total)


class ContactDetail(RecordView):
    """A person, and everything that one does with them."""

    model = Contact
    related = ("owner", "account__owner")
    timeline_of = staticmethod(timeline_of)
    next_up = staticmethod(next_up)

    def summary(self) -> dict[str, Any]:
        contact: Contact = self.record
        return {
            "head": head_of_contact(contact, self.editing, self.user),
            "groups": groups_of(contact, self.editing, self.user),
            **account_card(contact, self.editing, self.user),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contact: Contact = self.record
        number = contact.phone or contact.mobile
        return super().get_context_data(
            cards=cards_of(contact),
            opportunity_url=new_url("opportunities", contact),
            tel=(contact.phone_key if contact.phone else contact.mobile_key) or number,
            twins=twins_in_words(contact, self.user),
            may_write=may(self.user, "add", Activity),
            **kwargs,
        )


def head_of_account(account: Account, editing: Editing) -> dict[str, Any]:
    """Return the head of a company's page: name, website, place, and four facts."""
    website = {"label": account.domain or account.website, "url": website_of(account)}
    return {
        "object": "account",
        "title": str(account),
        "meta": [part for part in (website, {"label": account.place}) if part["label"]],
        "facts": [
            step_fact(account),
            *size_facts(account, editing),
            touch_fact(account),
            editing.owner(),
        ],
    }


def size_facts(account: Account, editing: Editing) -> list[dict[str, Any]]:
    """Return how many people work there, to those who may see it."""
    if "employees" in hidden_in("account", editing.user):
        return []
    return [editing.fact("employees", _("Employees"), whole(account.employees), is_extra=True)]


def head_of_contact(contact: Contact, editing: Editing, user: User) -> dict[str, Any]:
    """Return the head of a person's page: name, what they do and where, and three facts."""
    account = link_to(contact.account, user) or {"label": ""}
    head = {
        "object": "contact",
        "title": str(contact),
        "meta": [part for part in ({"label": contact.job_title}, account) if part["label"]],
        "facts": [step_fact(contact), touch_fact(contact), editing.owner()],
    }
    return {**head, "badge": _("Do not contact"), "tone": "bad"} if contact.do_not_contact else head


def account_card(record: Any, editing: Editing, user: User) -> dict[str, Any]:
    """Return what `components/account_card.html` shows of the company of a person or a sale."""
    link = link_to(record.account, user)
    is_unseen = link is not None and not link["url"]
    why_not = unseen(record.account) if is_unseen else ""
    return {
        "account_link": link,
        "account_row": editing.row("account", _("Account"), "", why_not=why_not),
    }


def children_card(account: Account, user: User) -> dict[str, Any]:
    """Return the card of the companies below this one, which htmx brings."""
    return {
        "object": "account",
        "title": _("Accounts below"),
        "id": "related-accounts",
        "url": f"{reverse('accounts:list')}?parent={account.pk}",
        "link": _("Show the accounts below %(record)s") % {"record": account},
        "add_url": f"{reverse('accounts:create')}?parent={account.pk}"
        if may(user, "add", Account)
        else "",
        "add": _("an account"),
    }


def twins_in_words(record: Account | Contact, user: User) -> list[dict[str, Any]]:
    """Return the likely duplicates of a record as `accounts/twins.html` shows them."""
    return [_twin_in_words(twin, record, user) for twin in twins_of(record, by=user)]


def _twin_in_words(twin: Twin, record: Account | Contact, user: User) -> dict[str, Any]:
    if twin.record is None:
        text = _("%(record)s looks like this one. Ask %(owner)s to compare.") % {
            "record": capfirst(unnamed(type(record))),
            "owner": twin.owner or _("your manager"),
        }
        return {"text": text, "url": "", "merge_url": ""}
    reasons = [reason[:1].lower() + reason[1:] for reason in twin.reasons]
    text = _("“%(name)s”, %(score)d%% match: %(why)s.") % {
        "name": twin.record,
        "score": twin.score,
        "why": ", ".join(reasons),
    }
    both = (record, twin.record)
    merge = (
        address("duplicates:merge") if all(reaches(user, "change", each) for each in both) else ""
    )
    numbers = "".join(f"&id={each.pk}" for each in both)
    return {
        "text": text,
        "url": twin.record.get_absolute_url(),
        "merge_url": f"{merge}?kind={record._meta.model_name}{numbers}" if merge else "",
    }


# What other rooms keep about a company or a person. Their pages are known here by name only.
ROOMS = (
    (
        "opportunity",
        "opportunities",
        gettext_lazy("Opportunities"),
        gettext_lazy("an opportunity"),
        gettext_lazy("Show the opportunities of %(record)s"),
    ),
    (
        "lead",
        "leads",
        gettext_lazy("Leads"),
        gettext_lazy("a lead"),
        gettext_lazy("Show the leads of %(record)s"),
    ),
)


def new_url(room: str, record: Account | Contact) -> str:
    """Return the form that makes a record of another room for this one, if there is that room."""
    url, kind = address(f"{room}:create"), record._meta.model_name
    account_id = record.account_id if isinstance(record, Contact) else None
    more = f"&account={account_id}" if account_id else ""
    return f"{url}?{kind}={record.pk}{more}" if url else ""


def cards_of(record: Account | Contact) -> list[dict[str, Any]]:
    """Return the cards with the records of other rooms."""
    return [
        {
            "object": kind,
            "title": title,
            "id": f"related-{'narrow-' if isinstance(record, Contact) else ''}{room}",
            "url": f"{address(f'{room}:list')}?{record._meta.model_name}={record.pk}",
            "link": link % {"record": record},
            "add_url": new_url(room, record),
            "add": add,
        }
        for kind, room, title, add, link in ROOMS
        if address(f"{room}:list")
    ]


def link_to(record: Any, user: User) -> dict[str, str] | None:
    """Return name and address of a record; of one that may not be seen only that there is one."""
    if record is None:
        return None
    if record.is_in_bin or not reaches(user, "view", record):
        kind = record._meta.verbose_name
        return {"label": _("%(kind)s that you cannot open") % {"kind": kind}, "url": ""}
    return {"label": str(record), "url": record.get_absolute_url()}


def whole(number: int | None) -> str:
    return "" if number is None else formats.number(number)


def touch_fact(record: Account | Contact) -> dict[str, Any]:
    return {"label": _("Last touch"), "value": ago(record.touched_at), "is_extra": True}


def step_fact(record: Account | Contact) -> dict[str, Any]:
    return {"label": _("Next step"), "value": due(record.next_step_at) or record.next_step}


def tabs_of(
    account: Account, *, is_timeline: bool, kind: str, kept: str = ""
) -> list[dict[str, Any]]:
    """Return the parts of an account's page, and the lists that go with it."""
    is_history = kind == CHANGES
    tabs = [
        {"label": _("Overview"), "url": f"?tab=overview{kept}", "is_current": not is_timeline},
        {
            "label": _("Timeline"),
            "url": f"?tab=timeline{kept}",
            "is_current": is_timeline and not is_history,
        },
    ]
    lists = (
        (_("Contacts"), reverse("contacts:list"), "contacts"),
        (_("Opportunities"), address("opportunities:list"), "opportunities"),
        (_("Leads"), address("leads:list"), "leads"),
    )
    # The cards that htmx brings say how many there are.
    tabs += [
        {
            "label": label,
            "url": f"{url}?account={account.pk}",
            "of": room,
            "count_id": "" if room == "contacts" else f"related-{room}-tab",
        }
        for label, url, room in lists
        if url
    ]
    history_url = f"?kind={CHANGES}{kept}"
    return [*tabs, {"label": _("History"), "url": history_url, "is_current": is_history}]


def row_of(record: Account | Contact, name: str, editing: Editing, **more: Any) -> dict[str, Any]:
    """Return one field as `components/field_row.html` takes it."""
    column = type(record)._meta.get_field(name)
    value = more.pop("value", getattr(record, name))
    if isinstance(value, bool):
        value = _("Yes") if value else _("No")
    label = more.pop("label", "") or str(column.verbose_name).capitalize()  # type: ignore[union-attr]
    is_text = value is not None and not isinstance(value, SafeString)
    return editing.row(name, label, str(value) if is_text else value, **more)


def about_account(account: Account, editing: Editing, user: User) -> list[dict[str, Any]]:
    """Return the fields of a company in groups; an address only as far as it is known."""
    parent = link_to(account.parent, user) or {"label": "", "url": ""}
    rows = {
        "website": row_of(
            account,
            "website",
            editing,
            value=account.domain or account.website,
            url=website_of(account),
        ),
        "industry": row_of(account, "industry", editing),
        "employees": row_of(account, "employees", editing, value=whole(account.employees)),
        "annual_revenue": row_of(
            account,
            "annual_revenue",
            editing,
            label=_("Revenue"),
            value=money(account.annual_revenue, account.currency),
        ),
        "phone": row_of(
            account,
            "phone",
            editing,
            url=f"tel:{account.phone_key or account.phone}" if account.phone else "",
        ),
        "parent": row_of(
            account,
            "parent",
            editing,
            label=_("Parent"),
            value=parent["label"],
            url=parent["url"],
            why_not=unseen(account.parent) if parent["label"] and not parent["url"] else "",
        ),
        **address_rows(account, editing),
        "tags": row_of(account, "tags", editing, value=tags_of(account, reverse("accounts:list"))),
        "description": row_of(account, "description", editing),
    }
    return groups_for("account", user, [("", rows)], rows_for(account, user, editing))


def address_rows(record: Account | Contact, editing: Editing) -> dict[str, dict[str, Any]]:
    """Return the address; what is not known of it folds away, but for the place to begin with."""
    names = ("street", "postal_code", "city", "region")
    rows = {name: row_of(record, name, editing) for name in names}
    country = getattr(record.country, "name", "")
    rows["country"] = row_of(record, "country", editing, value=country)
    is_known = any(row["value"] for row in rows.values())
    return fold(rows, rows if is_known else rows.keys() - {"city"})


def groups_of(contact: Contact, editing: Editing, user: User) -> list[dict[str, Any]]:
    """Return the fields of a person in groups."""

    def dialled(name: str) -> dict[str, Any]:
        value = getattr(contact, name)
        key = getattr(contact, f"{name}_key")
        return row_of(contact, name, editing, url=f"tel:{key or value}" if value else "")

    def written(name: str) -> dict[str, Any]:
        value = getattr(contact, name)
        return row_of(contact, name, editing, url=f"mailto:{value}" if value else "")

    named = ("salutation", "first_name", "last_name", "job_title")
    person = fold(
        {
            **{name: row_of(contact, name, editing) for name in named},
            **{name: written(name) for name in ("email", "second_email")},
            **{name: dialled(name) for name in ("phone", "mobile")},
            "tags": row_of(
                contact, "tags", editing, value=tags_of(contact, reverse("contacts:list"))
            ),
        },
        {"salutation", "second_email"},
    )
    consent = {name: row_of(contact, name, editing) for name in ("consent", "do_not_contact")}
    standard = [
        (_("Person"), person),
        (_("Address"), address_rows(contact, editing)),
        (_("Consent"), consent),
        (_("Description"), {"description": row_of(contact, "description", editing)}),
    ]
    return groups_for("contact", user, standard, rows_for(contact, user, editing))
