"""Which record a letter is about: by its own address, by what it answers, by who wrote it."""

from __future__ import annotations

import re
from base64 import b32encode
from email.utils import parseaddr
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Account, Contact
from activities.models import ActivityLink
from emails.models import Email
from emails.querysets import reached_at, stakeholders_of
from leads.models import Lead
from opportunities.models import Opportunity
from records.keys import email_key
from records.operations.merging import survivor_of
from users.models import User
from workbench.smtp import bare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from records.models import TimelineRecord

_LETTERS = {"l": Lead, "a": Account, "c": Contact, "o": Opportunity}
_SALT = "emails.matching.address"
_TOKEN = re.compile(r"([laco])([1-9][0-9]{0,17})-([a-z2-7]{16})")
_PLACE = "{token}"


# The address of a record


def address_of(record: TimelineRecord) -> str:
    """Return the address under which letters come to the timeline of `record`; maybe there is none.

    It is told to nobody but those who write on the record. Guessing one is guessing 80 bits.
    """
    if not settings.MAIL_IN_ADDRESS:
        return ""
    letter = next(letter for letter, model in _LETTERS.items() if isinstance(record, model))
    name = f"{letter}{record.pk}"
    token = f"{name}-{_signature(name, settings.SECRET_KEY)}"
    before, after, domain = _mailbox()
    return f"{before}{token}{after}@{domain}"


def record_addressed(addresses: Iterable[str]) -> TimelineRecord | None:
    """Return the record whose own address is among these, by whatever key it was signed."""
    for address in addresses:
        found = _TOKEN.fullmatch(_token_in(address))
        if found is None:
            continue
        letter, pk, signature = found.groups()
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        name = f"{letter}{pk}"
        if any(constant_time_compare(signature, _signature(name, key)) for key in keys):
            return _LETTERS[letter]._base_manager.filter(pk=int(pk)).first()
    return None


def is_our_own(address: str) -> bool:
    """Say whether an address is the installation's: what comes from there has been here before."""
    own = (settings.DEFAULT_FROM_EMAIL, settings.MAIL_BOUNCE_ADDRESS)
    if address in {bare(each).lower() for each in own if each}:
        return True
    return bool(settings.MAIL_IN_ADDRESS) and (
        address == parseaddr(settings.MAIL_IN_ADDRESS)[1].lower() or bool(_token_in(address))
    )


def _signature(name: str, key: str) -> str:
    digest = salted_hmac(_SALT, name, secret=key, algorithm="sha256").digest()[:10]
    return b32encode(digest).decode().lower()


def _mailbox() -> tuple[str, str, str]:
    """Return what stands before and behind the token of an address, and its domain."""
    local, _at, domain = settings.MAIL_IN_ADDRESS.lower().rpartition("@")
    before, _token, after = (local if _PLACE in local else f"{local}+{_PLACE}").partition(_PLACE)
    return before, after, domain


def _token_in(address: str) -> str:
    if not settings.MAIL_IN_ADDRESS:
        return ""
    before, after, domain = _mailbox()
    local, _at, its_domain = address.lower().rpartition("@")
    is_like_it = local.startswith(before) and local.endswith(after) and domain == its_domain
    return local[len(before) : len(local) - len(after)] if is_like_it else ""


# What a letter answers


def email_answered(references: Iterable[str]) -> Email | None:
    """Return the latest of our emails that a letter refers to."""
    named = list(references)
    found = {
        email.message_id: email
        for email in Email.objects.filter(message_id__in=named).select_related("activity")
    }
    return next((found[each] for each in reversed(named) if each in found), None)


def place_of(email: Email) -> TimelineRecord | None:
    """Return the record on which an email was written, whatever has become of that."""
    link = ActivityLink.objects.filter(activity=email.activity_id, is_origin=True).first()
    model = ContentType.objects.get_for_id(link.record_type_id).model_class() if link else None
    if link is None or model is None:
        return None
    return model._base_manager.filter(pk=link.record_id).first()  # type: ignore[return-value]


# Whose address it is


def user_with(address: str) -> User | None:
    """Return the person who works here and has this address."""
    rows = User.objects.filter(is_active=True, is_machine=False)
    return rows.filter(email__iexact=address).first()


def people_with(address: str) -> list[TimelineRecord]:
    """Return the contacts, and the open leads, that can be reached at an address.

    A lead that was picked a contact for stands for both: there people work on it. No more than are
    needed to see that they are several. Two statements.
    """
    key = email_key(address)
    if not key:
        return []
    contacts = list(Contact.objects.filter(reached_at(Contact, [address])).order_by("pk")[:3])
    leads = list(Lead.objects.open().filter(email_key=key).order_by("pk")[:3])
    known = {lead.contact_id for lead in leads}
    return [*leads, *(contact for contact in contacts if contact.pk not in known)]


def belongs_to(address: str, record: TimelineRecord, email: Email | None) -> bool:
    """Say whether somebody who writes from `address` is of those whom `record` is about.

    That is who can be reached at it among its people, and whom the email that is answered went to.
    """
    if email is not None and address in _addresses_of(email):
        return True
    match record:
        case Lead():
            is_lead = bool(record.email_key) and record.email_key == email_key(address)
            return is_lead or _reaches_one(address, Q(pk=record.contact_id))
        case Contact():
            # Also one that is part of another by now: it is still the same person.
            its_own = {email_key(each) for each in (record.email, record.second_email)}
            return bool(email_key(address)) and email_key(address) in its_own
        case Account():
            return _reaches_one(address, Q(account=record.pk))
        case Opportunity():
            its = Q(pk=record.contact_id) | Q(pk__in=stakeholders_of(record))
            at_it = Q(account=record.account_id) if record.account_id else Q(pk__in=[])
            return _reaches_one(address, its | at_it)
    return False


def _reaches_one(address: str, people: Q) -> bool:
    return Contact.objects.filter(people).filter(reached_at(Contact, [address])).exists()


def _addresses_of(email: Email) -> set[str]:
    mail = email.activity.mail
    told = [*mail.to, *mail.cc] if mail is not None else [email.sender]
    return {parseaddr(each)[1].lower() for each in told}


# Where it is written


def home_of(record: TimelineRecord) -> tuple[TimelineRecord | None, str]:
    """Return where a letter about `record` is written by now, or a word for why it is nowhere.

    What was merged hands on to what it is part of, a qualified lead to who it became.
    """
    if record.deleted_at is not None:
        merged = survivor_of(record)
        if merged is None or merged[1] is None or merged[1].deleted_at is not None:
            return None, "in_bin"
        record = merged[1]
    if isinstance(record, Lead) and record.status == Lead.Status.QUALIFIED:
        became = record.contact or record.account
        if became is not None and became.deleted_at is None:
            return became, ""
    return record, ""
