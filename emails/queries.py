"""Whom one can write to about a record, and what its placeholders stand for, as one sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Contact
from emails.placeholders import PlaceholderIsWrong, placeholders_in
from emails.querysets import KINDS, reached_at, stakeholders_of
from leads.models import Lead
from opportunities.models import Opportunity
from records import custom
from records.layouts import hidden_in
from records.models import Record
from records.permissions import reaches
from records.vocabulary import fields_of
from users import formats
from workbench.templatetags.workbench import day, money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from records.models import TimelineRecord
    from users.models import User

MOST_PEOPLE = 20

# Whoever gets the email, on whatever kind of record it is written; and whoever writes it.
PERSON = {
    "person.salutation": gettext_lazy("recipient: salutation"),
    "person.first_name": gettext_lazy("recipient: first name"),
    "person.last_name": gettext_lazy("recipient: last name"),
    "person.job_title": gettext_lazy("recipient: job title"),
}
SENDER = {
    "me.name": gettext_lazy("my name"),
    "me.email": gettext_lazy("my email"),
}


# People


@dataclass(frozen=True)
class Addressee:
    """Somebody who can be written to. Who `is_left_alone` has asked not to be."""

    name: str
    address: str
    record: Any
    is_left_alone: bool
    has_consent: bool


def people_of(record: TimelineRecord, viewer: User) -> list[Addressee]:
    """Return those with an address whom `record` is about and `viewer` sees, the first one first.

    Two statements at most, whatever their number.
    """
    people: list[Any] = []
    match record:
        case Lead():
            people = [record, *_contacts(viewer, Q(pk=record.contact_id))]
        case Contact():
            people = [record]
        case Account():
            people = _contacts(viewer, Q(account=record.pk))
        case Opportunity():
            its = Q(pk=record.contact_id) | Q(pk__in=stakeholders_of(record))
            people = _contacts(viewer, its)
            people.sort(key=lambda each: each.pk != record.contact_id)
            if not people and record.account_id:
                people = _contacts(viewer, Q(account=record.account_id))
    found: dict[str, Addressee] = {}
    for each in people:
        for address in (each.email, getattr(each, "second_email", "")):
            if address:
                known = Addressee(each.full_name, address, each, each.do_not_contact, each.consent)
                found.setdefault(address.lower(), known)
    return list(found.values())


def _contacts(viewer: User, which: Q) -> list[Contact]:
    rows = Contact.objects.permitted(viewer, "view").filter(which).exclude(email="")
    return list(rows.order_by("last_name", "first_name", "pk")[:MOST_PEOPLE])


def left_alone(addresses: Sequence[str]) -> list[str]:
    """Return those addresses whose people have asked not to be contacted, whoever may see them.

    That somebody wants to be left alone holds for everybody; which record says so is not told.
    """
    kept: set[str] = set()
    for model in (Lead, Contact):
        rows: Any = model.objects
        rows = rows.filter(reached_at(model, addresses), do_not_contact=True)
        names = ("email", "second_email") if model is Contact else ("email",)
        kept |= {each.lower() for row in rows.values_list(*names) for each in row if each}
    return [address for address in addresses if address.lower() in kept]


# Placeholders


def placeholders_for(kinds: Iterable[str], user: User) -> dict[str, str]:
    """Return what can stand in braces, with its label: what each of `kinds` can answer.

    A name behind the name of a kind, like `lead.topic`, is empty on the other kinds.
    """
    chosen = list(kinds) or list(KINDS)
    known = {kind: fields_of(KINDS[kind], user, is_editing=True) for kind in chosen}
    first = known[chosen[0]]
    shared = [name for name in first if all(name in fields for fields in known.values())]
    found = {name: str(words) for name, words in {**PERSON, **SENDER}.items()}
    found |= {name: first[name].label for name in shared}
    for kind, fields in known.items():
        found |= {f"{kind}.{name}": field.label for name, field in fields.items()}
    return found


def problems_of(text: str, kinds: Iterable[str], user: User) -> list[str]:
    """Return what is wrong with the placeholders of a text, in sentences that name them."""
    known = placeholders_for(kinds, user)
    try:
        names = {each.name for each in placeholders_in(text)}
    except PlaceholderIsWrong as wrong:
        sentence = _("“%(text)s” is no placeholder. Write it like %(example)s.")
        return [sentence % {"text": wrong, "example": "{{ person.first_name|there }}"}]
    sentence = _("There is no placeholder “%(name)s” for what this template is offered on.")
    return [sentence % {"name": name} for name in sorted(names - known.keys())]


def values_for(
    record: TimelineRecord, sender: User, person: Addressee | None = None
) -> Callable[[str], str]:
    """Return what gives the value of a placeholder; empty where `sender` may not see it."""
    kind = str(record._meta.model_name)

    def value_of(name: str) -> str:
        head, _point, rest = name.partition(".")
        if name in SENDER:
            return str(sender) if rest == "name" else sender.email
        if name in PERSON:
            return said(person.record, rest, sender) if person is not None else ""
        if head in KINDS and not _is_known(record, name):
            name = rest if head == kind else ""
        return said(record, name, sender) if _is_known(record, name) else ""

    return value_of


def _is_known(record: TimelineRecord, name: str) -> bool:
    vocabulary = record.vocabulary  # type: ignore[attr-defined]
    is_built_in = name in vocabulary.names.split() or name in vocabulary.derived
    return is_built_in or name.startswith(custom.PREFIX)


def said(record: Any, name: str, viewer: User) -> str:
    """Return the value of a field in the words of a letter; nothing where it is hidden."""
    kind = custom.kind_of(record)
    if name in hidden_in(kind, viewer):
        return ""
    if name.startswith(custom.PREFIX):
        return _custom(record, name, viewer)
    derived = record.vocabulary.derived.get(name)
    if derived is not None:
        value = derived.read(record)
        return str(dict(derived.choices).get(value, "")) if derived.choices else in_words(value)
    *relations, last = name.split(".")
    there = record
    for relation in relations:
        there = getattr(there, relation, None)
        if there is None or (isinstance(there, Record) and not reaches(viewer, "view", there)):
            return ""
    if relations and isinstance(there, Record) and last in hidden_in(custom.kind_of(there), viewer):
        return ""
    return _column_in_words(there, last, viewer)


def _custom(record: Any, name: str, viewer: User) -> str:
    definition = custom.field_of(custom.kind_of(record), name, viewer)
    if definition is None or not definition.is_active:
        return ""
    return custom.in_words(definition, record.custom.get(definition.key))


def _column_in_words(record: Any, name: str, viewer: User) -> str:
    column: Any = record._meta.get_field(name)
    if column.many_to_many:
        return ", ".join(str(each) for each in getattr(record, name).all())
    value = getattr(record, name)
    if getattr(column, "choices", None):
        return str(dict(column.flatchoices).get(value, ""))
    if isinstance(column, models.DecimalField) and value is not None:
        return money(value, getattr(record, "currency", ""))
    if isinstance(value, Record):
        return str(value) if reaches(viewer, "view", value) else ""
    return in_words(getattr(value, "name", value) if name == "country" else value)


def in_words(value: Any) -> str:
    """Return a value as a letter says it."""
    match value:
        case None | "":
            return ""
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return formats.moment(value)
        case date():
            return day(value)
        case int() | Decimal():
            return formats.number(value)
        case _:
            return str(value)
