"""Which contact a person is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.matching.found import Candidate, Match, ranked
from accounts.matching.many import Named
from accounts.matching.preselected import MOST_OF_A_KEY, sharing
from accounts.matching.words import Reason, reasons_of
from accounts.models import Contact, IdentityClaim
from records import keys, similarity

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from accounts.matching.many import Directory
    from records.similarity import Person, Place

SAME_MAILBOX, SAME_PERSON = 100, 95
MOST_COMPARED = 400  # rows


def contact_match(
    *,
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    phone: str = "",
    mobile: str = "",
    company: str = "",
    country: str = "",
    days: Mapping[str, str] | None = None,
    is_similar_wanted: bool = False,
    apart: Collection[int] = (),
    place: Place | None = None,
    among: Directory | None = None,
) -> Match[Contact]:
    """Return the contacts that this person may be. One statement, none `among` others.

    Who only wants to know what decides leaves the similar ones out. `apart` are the numbers of
    contacts of whom somebody said that they are different; `days` are custom dates, and `place` is
    where the person is, else their `country` alone.
    """
    home = country or settings.DEFAULT_COUNTRY
    numbers = [keys.phone_key(number, home) or number for number in (phone, mobile)]
    email_key = keys.email_key(email)
    sought = _Sought(
        similarity.person_of(
            first_name=first_name,
            last_name=last_name,
            company=company,
            emails=[email_key or email],
            phones=numbers,
            place=place or similarity.place_of(country=country),
            days=days,
        ),
        email_key,
        keys.person_key(first_name, last_name)[:220],
        keys.company_key(company)[:200],
        frozenset(number for number in numbers if number.startswith("+")),
    )
    rows = _rows(sought, among, is_similar_wanted=is_similar_wanted)
    candidates = [_compared(row, sought) for row in rows]
    candidates = [each for each in candidates if each.decides or each.record.pk not in apart]
    for score in (SAME_MAILBOX, SAME_PERSON):
        deciding = [each.record for each in candidates if each.decides and each.score == score]
        if len(deciding) == 1 and deciding[0].pk in apart:
            told = _("You said that the contact who fits is a different person. Choose one.")
            return Match(None, ranked(candidates), told)
        if len(deciding) == 1:
            return Match(deciding[0], ranked(candidates))
        if deciding:
            told = _("%d contacts could be meant, and nothing says which.") % len(deciding)
            return Match(None, ranked(candidates), told)
    return Match(None, ranked(candidates))


@dataclass(frozen=True)
class _Sought:
    """A person as they were typed, with their keys."""

    person: Person
    email_key: str
    name_key: str
    company_key: str
    phones: frozenset[str]


def _rows(
    sought: _Sought, among: Directory | None, *, is_similar_wanted: bool
) -> Sequence[Contact]:
    if among is not None:
        keyed = (sought.company_key, sought.name_key, sought.email_key, sought.phones)
        return among.contacts_of(Named(*keyed))
    contacts = Contact.objects.all()
    whole: list[Q] = []
    also: list[Any] = []
    # A second address is known by its claim, and what was merged into a contact as well.
    claims = IdentityClaim.objects.exclude(contact=None)
    by_email = claims.filter(kind=IdentityClaim.Kind.EMAIL, value=sought.email_key)
    persons = [f"{sought.name_key}|{sought.company_key}|{phone}" for phone in sorted(sought.phones)]
    as_person = claims.filter(kind=IdentityClaim.Kind.PERSON, value__in=persons)
    if sought.email_key:
        whole.append(Q(email_key=sought.email_key))
        also.append(by_email.values("contact"))
    if persons and sought.name_key and sought.company_key:
        also.append(as_person.values("contact"))
    if sought.phones and sought.name_key:
        # All that decide have both; by one of them alone only some are looked at.
        whole.append(Q(name_key=sought.name_key, phone_key__in=sought.phones))
        whole.append(Q(name_key=sought.name_key, mobile_key__in=sought.phones))
    some = [Q(phone_key__in=sought.phones), Q(mobile_key__in=sought.phones)]
    some = some if sought.phones else []
    if sought.name_key:
        some.append(Q(name_key=sought.name_key))
    for way in some:
        first = contacts.filter(way).order_by("pk").values("pk")[:MOST_OF_A_KEY]
        whole.append(Q(pk__in=first))
    blocks = similarity.blocks_of_person(sought.person) if is_similar_wanted else {}
    found = sharing(contacts, blocks, whole=whole, also=also)
    own_company = IdentityClaim.objects.exclude(alias="").filter(
        alias=sought.company_key, account=OuterRef("account")
    )
    known = found.annotate(
        has_email=Exists(by_email.filter(contact=OuterRef("pk"))),
        is_person=Exists(as_person.filter(contact=OuterRef("pk"))),
        has_company=Exists(own_company),
    )
    return list(known.select_related("owner", "account__owner").order_by("pk")[:MOST_COMPARED])


def _compared(row: Contact, sought: _Sought, *, with_account: bool = True) -> Candidate[Contact]:
    """Compare a contact; without its account as who may not see that may know of it."""
    known: Any = row  # annotated with what its claims say
    account = row.account if with_account else None
    addresses = {row.email_key, keys.email_key(row.second_email)}
    same_email = bool(sought.email_key) and (known.has_email or sought.email_key in addresses)
    same_company = (
        account is not None
        and bool(sought.company_key)
        and (known.has_company or account.name_key == sought.company_key)
    )
    same_name = bool(sought.name_key) and row.name_key == sought.name_key
    same_phone = bool(sought.phones & {row.phone_key, row.mobile_key})
    likeness = similarity.alike_people(
        sought.person, row.as_person(account.name if account else "")
    )
    is_told = account is not None and bool(sought.company_key)
    bare = partial(_compared, row, sought, with_account=False) if is_told else None
    reasons = reasons_of(likeness)
    if same_email and not likeness.agrees_in("email", "mailbox"):
        reasons = (Reason(_("Same email")), *(r for r in reasons if r.text != _("Different email")))
    if same_email and not keys.is_role_mailbox(sought.email_key):
        return Candidate(row, SAME_MAILBOX, reasons, decides=True, bare=bare)
    if (known.is_person and with_account) or (same_name and same_company and same_phone):
        return Candidate(row, SAME_PERSON, reasons, decides=True, bare=bare)
    if same_email:
        reasons = (*reasons, Reason(_("A shared mailbox"), agrees=False))
    return Candidate(row, min(likeness.score, 99), reasons, bare=bare)
