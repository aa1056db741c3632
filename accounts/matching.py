"""Who is the same as whom: candidates for an account and a contact, with scores and reasons.

What decides by itself and what only proposes is the business's choice: an agreeing company name
decides with an agreeing domain, country or phone, or with nothing to compare; a personal email
decides; a phone, a shared mailbox or a name never decides alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When
from django.utils.translation import gettext as _

from accounts.models import Account, Contact, IdentityClaim
from records import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

R = TypeVar("R", Account, Contact)

LIMIT = 25  # candidates looked at
PRESELECTED = 80  # from this score on a candidate is chosen beforehand
LISTED = 50  # below this one it is not shown unasked


@dataclass(frozen=True)
class Reason:
    """One thing that two records agree or differ in, in words."""

    text: str
    agrees: bool = True


@dataclass(frozen=True)
class Candidate(Generic[R]):
    """A record that may be meant: `score` is 0 to 100."""

    record: R
    score: int
    reasons: tuple[Reason, ...]
    decides: bool = False


@dataclass(frozen=True)
class Match(Generic[R]):
    """The candidates, best first, and the one that is meant where that is beyond doubt.

    `undecided` is a sentence where only a person can tell, else empty.
    """

    decided: R | None = None
    candidates: tuple[Candidate[R], ...] = ()
    undecided: str = ""

    def reasons_for(self, record: R) -> list[str]:
        """Return in words why `record` is a candidate."""
        for candidate in self.candidates:
            if candidate.record.pk == record.pk:
                return [reason.text for reason in candidate.reasons if reason.agrees]
        return []


def account_match(
    company: str, *, website: str = "", email: str = "", country: str = "", phone: str = ""
) -> Match[Account]:
    """Return the accounts that a company of this name may be. One statement."""
    name_key = keys.company_key(company)[:200]
    domain = keys.domain_key(website)
    mail_domain = keys.domain_key(email)
    wanted = []
    if name_key:
        wanted.append(Q(name_key=name_key))
    if domain or mail_domain:
        wanted.append(Q(domain__in={domain, mail_domain} - {""}))
    if not wanted:
        return Match()
    ways: list[Any] = [Account.objects.filter(way).order_by().values("pk") for way in wanted]
    known: dict[str, Any] = {"is_alias": Value(False), "is_claimed": Value(False)}
    if name_key:
        # An account is known by its claims as what was merged into it, too.
        merged = IdentityClaim.objects.filter(alias=name_key)
        ways.append(merged.values("account"))
        own = merged.filter(account=OuterRef("pk"))
        places = [f"{name_key}|{part}" for part in (domain, country) if part]
        known = {"is_alias": Exists(own), "is_claimed": Exists(own.filter(value__in=places))}
    found = ways[0].union(*ways[1:]) if len(ways) > 1 else ways[0]
    rows = (
        Account.objects.filter(pk__in=found)
        .annotate(**known)
        .select_related("owner")
        .order_by(first_where(name_key=name_key), "pk")[:LIMIT]
    )
    phone_key = keys.phone_key(phone, country or settings.DEFAULT_COUNTRY)
    candidates = [
        _compared_account(row, name_key, domain, mail_domain, country, phone_key) for row in rows
    ]
    return _judged_accounts(company, candidates)


def _compared_account(
    row: Account, name_key: str, domain: str, mail_domain: str, country: str, phone_key: str
) -> Candidate[Account]:
    same_name = bool(name_key) and row.name_key == name_key
    reasons: list[Reason] = []
    if same_name:
        reasons.append(Reason(_("Same name")))
    elif row.is_alias:  # type: ignore[attr-defined]  # annotated
        same_name = True
        reasons.append(Reason(_("Known by this name since a merge")))
    agrees = contradicts = False
    if row.is_claimed:  # type: ignore[attr-defined]  # annotated
        # As what was merged into it: then nothing of what it is now contradicts.
        reasons.append(Reason(_("Known by this web domain or country since a merge")))
        return Candidate(row, 94, tuple(reasons), decides=True)
    if row.domain and row.domain in {domain, mail_domain}:
        agrees = True
        reasons.append(Reason(_("Same web domain %(domain)s") % {"domain": row.domain}))
    elif row.domain and domain:
        # Only the company's own website contradicts: people write from all kinds of addresses.
        contradicts = True
        reasons.append(Reason(_("Different web domain"), agrees=False))
    if country and str(row.country):
        if str(row.country) == country:
            agrees = True
            reasons.append(Reason(_("Same country")))
        else:
            contradicts = True
            reasons.append(Reason(_("Different country"), agrees=False))
    if phone_key and row.phone_key == phone_key:
        agrees = True
        reasons.append(Reason(_("Same phone")))
    if not same_name:
        reasons.append(Reason(_("Different name"), agrees=False))
        return Candidate(row, 60, tuple(reasons))
    if contradicts:
        return Candidate(row, 58, tuple(reasons))
    if agrees:
        return Candidate(row, 94, tuple(reasons), decides=True)
    reasons.append(Reason(_("Nothing contradicts")))
    return Candidate(row, 85, tuple(reasons))


def _judged_accounts(company: str, candidates: list[Candidate[Account]]) -> Match[Account]:
    ranked = tuple(sorted(candidates, key=lambda c: (-c.score, c.record.pk)))
    agreeing = [c for c in ranked if c.decides]
    if len(agreeing) == 1:
        return Match(agreeing[0].record, ranked)
    namesakes = [c for c in ranked if c.score in {58, 85}]
    if not agreeing and len(namesakes) == 1 and namesakes[0].score == 85:
        return Match(namesakes[0].record, ranked)
    if agreeing or namesakes:
        count = len(agreeing) or len(namesakes)
        return Match(
            None,
            ranked,
            _("%(count)d accounts could be %(company)s, and nothing says which.")
            % {"count": count, "company": company}
            if count > 1
            else _(
                "Another account has the name %(company)s but a different country or web domain. "
                "Choose one."
            )
            % {"company": company},
        )
    return Match(None, ranked)


def contact_match(
    *,
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    phone: str = "",
    mobile: str = "",
    company: str = "",
    country: str = "",
) -> Match[Contact]:
    """Return the contacts that this person may be. One statement."""
    email_key = keys.email_key(email)
    name_key = keys.person_key(first_name, last_name)[:220]
    company_key = keys.company_key(company)[:200]
    home = country or settings.DEFAULT_COUNTRY
    phones = {keys.phone_key(phone, home), keys.phone_key(mobile, home)} - {""}
    wanted = []
    persons = [f"{name_key}|{company_key}|{phone}" for phone in sorted(phones)]
    if email_key:
        wanted.append(Q(email_key=email_key))
    if name_key:
        wanted.append(Q(name_key=name_key))
    if phones:
        wanted += [Q(phone_key__in=phones), Q(mobile_key__in=phones)]
    if not wanted:
        return Match()
    # A union, not OR: with OR neither engine would use all of the indexes.
    ways: list[Any] = [Contact.objects.filter(way).order_by().values("pk") for way in wanted]
    # A second address is known by its claim, and what was merged into a contact as well.
    by_email = IdentityClaim.objects.filter(kind=IdentityClaim.Kind.EMAIL, value=email_key)
    as_person = IdentityClaim.objects.filter(kind=IdentityClaim.Kind.PERSON, value__in=persons)
    if email_key:
        ways.append(by_email.exclude(contact=None).values("contact"))
    if persons and name_key and company_key:
        ways.append(as_person.exclude(contact=None).values("contact"))
    known = {
        "has_email": Exists(by_email.filter(contact=OuterRef("pk"))),
        "is_person": Exists(as_person.filter(contact=OuterRef("pk"))),
        "has_company": Exists(
            IdentityClaim.objects.exclude(alias="").filter(
                alias=company_key, account=OuterRef("account")
            )
        ),
    }
    found = ways[0].union(*ways[1:]) if len(ways) > 1 else ways[0]
    rows = (
        Contact.objects.filter(pk__in=found)
        .annotate(**known)
        .select_related("owner", "account__owner")
        .order_by(first_where(email_key=email_key), first_where(name_key=name_key), "pk")[:LIMIT]
    )
    candidates = [_compared_contact(row, email_key, name_key, company_key, phones) for row in rows]
    ranked = tuple(sorted(candidates, key=lambda c: (-c.score, c.record.pk)))
    for score in (100, 95):
        deciding = [c for c in ranked if c.decides and c.score == score]
        if len(deciding) == 1:
            return Match(deciding[0].record, ranked)
        if deciding:
            return Match(
                None,
                ranked,
                _("%d contacts could be meant, and nothing says which.") % len(deciding),
            )
    return Match(None, ranked)


def _compared_contact(
    row: Contact, email_key: str, name_key: str, company_key: str, phones: set[str]
) -> Candidate[Contact]:
    known: Any = row  # annotated with what its claims say
    same_email = bool(email_key) and (
        email_key in {row.email_key, keys.email_key(row.second_email)} or known.has_email
    )
    same_name = bool(name_key) and row.name_key == name_key
    same_phone = bool(phones & {row.phone_key, row.mobile_key})
    same_company = bool(company_key) and (
        (row.account is not None and row.account.name_key == company_key) or known.has_company
    )
    if known.is_person:
        same_name = same_phone = same_company = True
    reasons = [
        Reason(text)
        for text, agrees in (
            (_("Same email"), same_email),
            (_("Same name"), same_name),
            (_("Same company"), same_company),
            (_("Same phone"), same_phone),
        )
        if agrees
    ]
    if email_key and row.email_key and not same_email:
        reasons.append(Reason(_("Different email"), agrees=False))
    if name_key and row.name_key and not same_name:
        reasons.append(Reason(_("Different name"), agrees=False))
    if same_email and not keys.is_role_mailbox(email_key):
        return Candidate(row, 100, tuple(reasons), decides=True)
    if same_name and same_company and same_phone:
        return Candidate(row, 95, tuple(reasons), decides=True)
    if same_name and same_phone:
        score = 78
    elif same_name and same_company:
        score = 75
    elif same_email:
        score = 60
        reasons.append(Reason(_("A shared mailbox"), agrees=False))
    elif same_company and same_phone:
        score = 45
    else:
        score = 40 if same_phone else 35
    return Candidate(row, score, tuple(reasons))


def first_where(**agrees: str) -> Case:
    """Return an ordering that puts the rows first in which a column equals a value."""
    return Case(When(**agrees, then=Value(0)), default=Value(1), output_field=IntegerField())


def listed(candidates: Sequence[Candidate[R]]) -> list[Candidate[R]]:
    """Return the candidates that are worth showing unasked."""
    return [candidate for candidate in candidates if candidate.score >= LISTED]
