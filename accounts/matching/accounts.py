"""Which account a company is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.matching.found import FAINT, Candidate, Match, ranked
from accounts.matching.preselected import Known, Way, sharing
from accounts.matching.words import Reason, reasons_of
from accounts.models import Account, IdentityClaim
from records import keys, similarity

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from accounts.matching.many import Directory
    from records.similarity import Firm, Likeness, Place

DECIDED = 94  # the same name and something that agrees
NAMESAKE = 85  # the same name, and nothing to compare
DISPUTED = 58  # the same name, and something that contradicts
SAME_DOMAIN = 60  # subsidiaries share one


def account_match(
    company: str,
    *,
    website: str = "",
    email: str = "",
    country: str = "",
    phone: str = "",
    is_similar_wanted: bool = False,
    apart: Collection[int] = (),
    place: Place | None = None,
    among: Directory | None = None,
) -> Match[Account]:
    """Return the accounts that a company of this name may be. One statement, none `among` others.

    Who only wants to know what decides leaves the similar ones out. `apart` are the numbers of
    accounts of which somebody said that they are different; `place` is where the company is, else
    its `country` alone.
    """
    sought = _sought(company, website, email, country, phone, place)
    rows = _rows(sought, among, is_similar_wanted=is_similar_wanted)
    compared = [_compared(row, sought) for row in rows]
    found = [each for each in compared if each.is_namesake or each.candidate.record.pk not in apart]
    if not is_similar_wanted:
        found = [each for each in found if each.is_exact]
    return _judged(company, found, apart)


@dataclass(frozen=True)
class _Sought:
    """A company as it was typed, with its keys. `by_mail` has the domain of the email instead."""

    firm: Firm
    by_mail: Firm
    name_key: str
    domain: str
    mail_domain: str
    country: str
    phone_key: str


@dataclass(frozen=True)
class _Compared:
    candidate: Candidate[Account]
    is_exact: bool
    is_namesake: bool = False
    is_disputed: bool = False


def _sought(
    company: str, website: str, email: str, country: str, phone: str, place: Place | None
) -> _Sought:
    phone_key = keys.phone_key(phone, country or settings.DEFAULT_COUNTRY)
    domain, mail_domain = keys.domain_key(website), keys.domain_key(email)
    place = place or similarity.place_of(country=country)
    phones = [phone_key or phone]
    return _Sought(
        similarity.firm_of(company, domain=domain, phones=phones, place=place),
        similarity.firm_of(company, domain=mail_domain, phones=phones, place=place),
        keys.company_key(company)[:200],
        domain,
        mail_domain,
        country,
        phone_key,
    )


def _rows(
    sought: _Sought, among: Directory | None, *, is_similar_wanted: bool
) -> Sequence[Account]:
    places = [f"{sought.name_key}|{part}" for part in (sought.domain, sought.country) if part]
    if among is not None:
        return among.accounts_of(sought.name_key, places)
    whole = []
    # An account is known by its claims as what was merged into it, too.
    merged = Way(IdentityClaim, {"alias": [sought.name_key]}, "account_id")
    here = Way(IdentityClaim, {"alias": [sought.name_key], "value": places}, "account_id")
    if sought.name_key:
        whole += [Way(Account, {"name_key": [sought.name_key]}), merged]
    if domains := {sought.domain, sought.mail_domain} - {""}:
        whole.append(Way(Account, {"domain": sorted(domains)}))
    blocks = similarity.blocks_of_firm(sought.firm) if is_similar_wanted else {}
    found = sharing(Account.objects.all(), blocks.items(), whole=whole).annotate(
        is_alias=Known(merged), is_claimed=Known(here)
    )
    return list(found.select_related("owner"))


def _compared(row: Account, sought: _Sought) -> _Compared:
    by_mail = sought.mail_domain and row.domain == sought.mail_domain
    firm = sought.by_mail if by_mail else sought.firm
    likeness = similarity.alike_firms(firm, row.as_firm())
    is_same_domain = bool(row.domain) and row.domain in {sought.domain, sought.mail_domain}
    known: Any = row  # annotated with what its claims say
    is_namesake = known.is_alias or (bool(sought.name_key) and row.name_key == sought.name_key)
    if known.is_claimed:
        # As what was merged into it: then nothing of what it is now contradicts.
        merged = Reason(_("Known by this web domain or country since a merge"))
        candidate = Candidate(row, DECIDED, (_known_as(), merged), decides=True)
        return _Compared(candidate, True, True)
    if not is_namesake:
        score = max(likeness.score, SAME_DOMAIN) if is_same_domain else likeness.score
        # Most are strangers, whom `ranked` leaves out: nobody reads why.
        reasons = _reasons(row, likeness) if score >= FAINT else ()
        return _Compared(Candidate(row, score, reasons), is_same_domain)
    country = str(row.country)
    # Only the company's own website contradicts: people write from all kinds of addresses.
    contradicts = bool(
        (row.domain and sought.domain and not is_same_domain)
        or (country and sought.country and country != sought.country)
    )
    agrees = bool(
        is_same_domain
        or (country and country == sought.country)
        or (sought.phone_key and row.phone_key == sought.phone_key)
    )
    reasons = _reasons(row, likeness)
    if row.name_key != sought.name_key:
        reasons = (_known_as(), *(each for each in reasons if each.text != _("Different name")))
    if contradicts:
        score = min(max(likeness.score, DISPUTED), 79)
        return _Compared(Candidate(row, score, reasons), True, True, True)
    if agrees:
        score = max(likeness.score, DECIDED)
        return _Compared(Candidate(row, score, reasons, decides=True), True, True)
    if not any(reason for reason in reasons if reason.text != _("Same name")):
        reasons = (*reasons, Reason(_("Nothing contradicts")))
    return _Compared(Candidate(row, max(likeness.score, NAMESAKE), reasons), True, True)


def _known_as() -> Reason:
    return Reason(_("Known by this name since a merge"))


def _reasons(row: Account, likeness: Likeness) -> tuple[Reason, ...]:
    named = _("Same web domain %(domain)s") % {"domain": row.domain}
    return tuple(
        Reason(named) if reason.text == _("Same web domain") else reason
        for reason in reasons_of(likeness)
    )


def _judged(company: str, found: list[_Compared], apart: Collection[int]) -> Match[Account]:
    candidates = ranked(each.candidate for each in found)
    agreeing = [each.candidate.record for each in found if each.candidate.decides]
    namesakes = [each for each in found if each.is_namesake and not each.candidate.decides]
    choice: Any = None
    if len(agreeing) == 1:
        choice = agreeing[0]
    elif not agreeing and len(namesakes) == 1 and not namesakes[0].is_disputed:
        choice = namesakes[0].candidate.record
    if choice is not None and choice.pk not in apart:
        return Match(choice, candidates)
    if choice is not None:
        told = _("You said that the account %(name)s is a different one. Choose one.")
        return Match(None, candidates, told % {"name": company})
    if not agreeing and not namesakes:
        return Match(None, candidates)
    count = len(agreeing) or len(namesakes)
    if count > 1:
        told = _("%(count)d accounts could be %(company)s, and nothing says which.")
        return Match(None, candidates, told % {"count": count, "company": company})
    told = _(
        "Another account has the name %(company)s but a different country or web domain. "
        "Choose one."
    )
    return Match(None, candidates, told % {"company": company})
