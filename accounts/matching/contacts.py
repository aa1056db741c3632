"""Which contact a person is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.matching.found import FAINT, Candidate, Match, ranked
from accounts.matching.many import Named
from accounts.matching.preselected import Known, Way, sharing
from accounts.matching.words import Reason, reasons_of
from accounts.models import Contact, IdentityClaim
from records import keys, similarity

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from accounts.matching.many import Directory
    from records.similarity import Person, Place

SAME_MAILBOX, SAME_PERSON = 100, 95


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
    whole: list[Way] = []
    # A second address is known by its claim, and what was merged into a contact as well.
    by_email = _claimed(IdentityClaim.Kind.EMAIL, [sought.email_key])
    phones = sorted(sought.phones)
    persons = [f"{sought.name_key}|{sought.company_key}|{phone}" for phone in phones]
    as_person = _claimed(IdentityClaim.Kind.PERSON, persons)
    if sought.email_key:
        whole += [Way(Contact, {"email_key": [sought.email_key]}), by_email]
    if persons and sought.name_key and sought.company_key:
        whole.append(as_person)
    alike = [("name_key", sought.name_key)]
    for column in ("phone_key", "mobile_key"):
        alike += [(column, phone) for phone in phones]
        if phones and sought.name_key:
            # All that decide have both; by one of them alone only some are looked at.
            whole.append(Way(Contact, {column: phones, "name_key": [sought.name_key]}))
    if is_similar_wanted:
        alike += similarity.blocks_of_person(sought.person).items()
    merged = Way(IdentityClaim, {"alias": [sought.company_key]}, "account_id")
    found = sharing(Contact.objects.all(), alike, whole=whole).annotate(
        has_email=Known(by_email), is_person=Known(as_person), has_company=Known(merged, "account")
    )
    return list(found.select_related("owner", "account__owner"))


def _claimed(kind: IdentityClaim.Kind, values: Collection[str]) -> Way:
    return Way(IdentityClaim, {"kind": [kind.value], "value": values}, "contact_id")


def _compared(row: Contact, sought: _Sought, *, with_account: bool = True) -> Candidate[Contact]:
    """Compare a contact; without its account as who may not see that may know of it."""
    known: Any = row  # annotated with what its claims say
    account = row.account if with_account else None
    same_email = bool(sought.email_key) and (
        known.has_email or sought.email_key in {row.email_key, keys.email_key(row.second_email)}
    )
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
    if same_email and not keys.is_role_mailbox(sought.email_key):
        score, decides = SAME_MAILBOX, True
    elif (known.is_person and with_account) or (same_name and same_company and same_phone):
        score, decides = SAME_PERSON, True
    else:
        score, decides = min(likeness.score, 99), False
    if score < FAINT:
        # Most are strangers, whom `ranked` leaves out: nobody reads why.
        return Candidate(row, score, ())
    is_told = account is not None and bool(sought.company_key)
    bare = partial(_compared, row, sought, with_account=False) if is_told else None
    reasons = reasons_of(likeness)
    if same_email and not likeness.agrees_in("email", "mailbox"):
        reasons = (Reason(_("Same email")), *(r for r in reasons if r.text != _("Different email")))
    if same_email and not decides:
        reasons = (*reasons, Reason(_("A shared mailbox"), agrees=False))
    return Candidate(row, score, reasons, decides, bare)
