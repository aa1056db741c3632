"""What is read out of what came in: the fields, what they say, who sounds like a robot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from intake import mapping
from intake.models import Delivery, Door, WebForm
from leads.models import Lead
from opportunities.models import Campaign, Product, Source
from records import custom
from records.keys import clean_text
from records.models import Currency, CustomField
from workbench.operations import find_choice
from workbench.transfer import ColumnMapping
from workbench.transfer.cells import CellIsLeftOut, CellIsUnreadable, reader_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from users.models import User

# What a visitor may be asked for. Whose a lead is and how far it is, nobody outside decides.
ASKED = (
    "topic",
    "salutation",
    "first_name",
    "last_name",
    "job_title",
    "email",
    "phone",
    "mobile",
    "company",
    "website",
    "industry",
    "employees",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "products",
    "description",
    "budget_amount",
    "budget_status",
    "decision_maker",
    "purchase_process",
    "need",
    "need_description",
    "timeframe",
    "estimated_value",
)
# What a system may tell besides.
TOLD = (
    "annual_revenue",
    "currency",
    "estimated_close_date",
    "decision_maker_known",
    "rating",
    "do_not_contact",
    "consent",
)
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
# Names that are no column of a lead.
OTHER = {
    "name": gettext_noop("Full name"),
    "external_id": gettext_noop("Id there"),
    "source": gettext_noop("Source"),
    "campaign": gettext_noop("Campaign"),
    "referrer": gettext_noop("Referrer"),
    "landing_page": gettext_noop("Landing page"),
    **{name: name for name in UTM},
}
WHO = ("first_name", "last_name", "company", "email", "phone", "mobile")
LONGEST_UTM = 500
KIND = "lead"
PLAIN = ColumnMapping()


def label_of(name: str) -> str:
    """Return how people call a field."""
    if name in OTHER:
        return _(OTHER[name])
    if name not in {*ASKED, *TOLD}:
        definition = custom.field_of(KIND, name, None)
        return definition.label if definition else name
    column: Any = Lead._meta.get_field(name)
    return str(capfirst(column.verbose_name))


# Who works here and which records there are is no business of the public.
INSIDE = {CustomField.Type.USER, CustomField.Type.RECORD}


def fields_to_ask() -> list[tuple[str, str]]:
    """Return what a web form can ask for: name and label."""
    own = [
        (each.name, each.label)
        for each in custom.definitions_for(None)[KIND]
        if each.type not in INSIDE
    ]
    return [*((name, label_of(name)) for name in ASKED), *own]


def fields_to_map() -> list[tuple[str, str]]:
    """Return what a door can fill: name and label. Nobody there can see a record to link to."""
    own = [
        (each.name, each.label)
        for each in custom.definitions_for(None)[KIND]
        if each.type != CustomField.Type.RECORD
    ]
    return [*((name, label_of(name)) for name in (*ASKED, *TOLD, *OTHER)), *own]


def fields_left_out(offered: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the custom fields that a form or a door may still name, and that say nothing now."""
    names = {name for name, _label in offered}
    return [
        (each.name, _left_out(each) % {"field": each.label, "type": each.get_type_display()})
        for each in custom.known_to(None).fields[KIND]
        if each.name not in names
    ]


def _left_out(definition: CustomField) -> str:
    if not definition.is_active:
        return _("%(field)s (out of use)")
    return _("%(field)s (left out: %(type)s)")


def forms_left_out(field: CustomField, new: CustomField) -> list[WebForm]:
    """Return the web forms that ask for a field, and could not if it were as `new`, by name."""
    if field.kind != KIND or new.type not in INSIDE:
        return []
    return list(WebForm.objects.filter(fields__field=field.name).order_by("name", "pk"))


# What it says


@dataclass
class Told:
    """What came in, as the operation takes it: columns of a lead, and what is no column.

    `unread` are lines of what could not be read: they stay with the lead as text.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    products: list[Product] = field(default_factory=list)
    utm: dict[str, str] = field(default_factory=dict)
    external_id: str = ""
    unread: list[str] = field(default_factory=list)


def told_by(values: Mapping[str, Any], *, by: User | None, is_public: bool = False) -> Told:
    """Read texts by field; a value that cannot be read is no reason to lose the rest.

    The definitions of custom fields are kept on `by`. What the public says (`is_public`) names
    nobody and nothing inside.
    """
    told = Told()
    for name, value in values.items():
        text = clean_text(mapping.said(value)).strip()
        if text and name.startswith(custom.PREFIX):
            _read_custom(told, name, text, by=by, is_public=is_public)
        elif text:
            _read(told, name, text)
    _part_the_name(told)
    return told


def _read(told: Told, name: str, text: str) -> None:
    match name:
        case "name":
            told.fields["name"] = text
        case "external_id":
            told.external_id = text[:200]
        case "products":
            _read_products(told, text)
        case "source" | "campaign":
            found = find_choice(Source if name == "source" else Campaign, text)
            if found is not None:
                told.fields[name] = found
            else:
                told.utm.setdefault(name, text[:LONGEST_UTM])
        case "referrer" | "landing_page":
            told.utm[name] = text[:LONGEST_UTM]
        case _ if name in UTM:
            told.utm[name] = text[:LONGEST_UTM]
        case "currency":
            _read_currency(told, text)
        case _:
            _read_column(told, name, text)


def _read_column(told: Told, name: str, text: str) -> None:
    if name not in {*ASKED, *TOLD}:
        return
    column: Any = Lead._meta.get_field(name)
    try:
        value = reader_for(column)(text, PLAIN)
    except (CellIsUnreadable, CellIsLeftOut):
        told.unread.append(f"{label_of(name)}: {text}")
        return
    longest = column.max_length if isinstance(column, models.CharField) else None
    if longest and isinstance(value, str) and len(value) > longest:
        told.unread.append(f"{label_of(name)}: {text}")
        return
    told.fields[name] = value


def _read_custom(told: Told, name: str, text: str, *, by: User | None, is_public: bool) -> None:
    definition = custom.field_of(KIND, name, by)
    is_inside = is_public and definition is not None and definition.type in INSIDE
    if definition is None or not definition.is_active or is_inside:
        told.unread.append(f"{definition.label if definition else name}: {text}")
        return
    try:
        value = custom.stored(definition, custom.from_text(definition, text))
    except ValueError:
        told.unread.append(f"{definition.label}: {text}")
        return
    told.custom[definition.key] = value


def _read_products(told: Told, text: str) -> None:
    for word in filter(None, (part.strip() for part in text.split(";"))):
        product = find_choice(Product, word)
        if product is None:
            told.unread.append(f"{label_of('products')}: {word}")
        elif product not in told.products:
            told.products.append(product)


def _read_currency(told: Told, text: str) -> None:
    code = text.upper()
    if code == settings.DEFAULT_CURRENCY or Currency.objects.filter(pk=code[:3]).exists():
        told.fields["currency"] = code[:3]
    else:
        told.unread.append(f"{label_of('currency')}: {text}")


def _part_the_name(told: Told) -> None:
    """Part a full name before its last word, where no parts came."""
    full = told.fields.pop("name", "")
    if not full or "last_name" in told.fields:
        return
    first, _blank, last = str(full).rpartition(" ")
    told.fields["last_name"] = last[:100]
    if first:
        told.fields.setdefault("first_name", first[:100])


def describe(told: Told) -> None:
    """Put what could not be read below the description, so that nothing is lost."""
    if not told.unread:
        return
    lines = [str(told.fields.get("description", "")), _("Also sent:"), *told.unread]
    told.fields["description"] = "\n".join(filter(None, lines))[:10_000]


def missing_in(told: Told) -> str:
    """Say what a lead lacks to be one, in a sentence; nothing when it lacks nothing."""
    if any(told.fields.get(name) for name in WHO):
        return ""
    return _(
        "It says neither who it is nor how to reach them. Enter a name, a company, an email or a "
        "phone number."
    )


# Doors


def rows_of(door: Door) -> list[tuple[str, str, str]]:
    """Return the mapping of a door, in the order in which it counts."""
    own = sorted(door.fields.all(), key=lambda row: (row.position, row.pk or 0))
    return mapping.rows_for(door.kind, [(row.path, row.field, row.value) for row in own])


def events_in(delivery: Delivery) -> list[mapping.Event]:
    """Return what a delivery of a door tells. Raises `PayloadIsWrong`."""
    assert delivery.door is not None  # noqa: S101
    payload = mapping.payload_of(bytes(delivery.raw), delivery.content_type)
    return mapping.events_of(delivery.door.kind, payload, delivery.headers)


def values_of(delivery: Delivery) -> dict[str, str]:
    """Return what a delivery says by field, as far as it can be read; for a person to mend."""
    if delivery.values is not None:
        return {name: mapping.said(value) for name, value in delivery.values.items()}
    if delivery.door is None:
        return {}
    try:
        event = events_in(delivery)[0]
    except mapping.PayloadIsWrong:
        return {}
    return mapping.mapped(event.values, rows_of(delivery.door))


# Robots

YOUNGEST = 3  # seconds that a person needs at least
OLDEST = 24 * 60 * 60
MOST_LINKS = 5
TRAP = "leave_this_empty"
_LINK = re.compile(r"https?://|www\.|\[url", re.IGNORECASE)


def why_robot(
    *, trap: str, age: float | None, values: Mapping[str, Any], is_ours: bool = True
) -> str:
    """Say why a submission looks like a robot's; nothing when it does not.

    `age` is how many seconds ago the page with the form was given out; None for a form on another
    website, which cannot know. `is_ours` says whether we gave out the form at all.
    """
    if trap:
        return _("The field that people do not see was filled in.")
    if not is_ours:
        return _("The form was not fetched from here, nor is it a snippet that is still good.")
    if age is not None and age < YOUNGEST:
        return _("It was sent %(seconds).1f seconds after the form was opened.") % {
            "seconds": max(age, 0)
        }
    if age is not None and age > OLDEST:
        return _("The form was open for more than a day.")
    links = sum(len(_LINK.findall(str(value))) for value in values.values())
    if links > MOST_LINKS:
        return _("It has %(links)d links in it.") % {"links": links}
    return ""


def utm_in(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the UTM parameters among these, cut to what is kept."""
    found = {name: clean_text(str(parameters.get(name) or ""))[:LONGEST_UTM] for name in UTM}
    return {name: text for name, text in found.items() if text.strip()}


def summary_of(values: Mapping[str, Any]) -> str:
    """Return who or what something that came in is about, in a few words."""
    person = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    parts: Iterable[Any] = (
        person or values.get("name", ""),
        values.get("company", ""),
        values.get("email", "") or values.get("phone", "") or values.get("mobile", ""),
    )
    return " · ".join(str(part)[:80] for part in parts if part)
