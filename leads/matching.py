"""Which other leads look like this one, what looks like something typed, and who may be twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.conf import settings

from accounts.matching import (
    LISTED,
    PRESELECTED,
    Candidate,
    Directory,
    Match,
    Named,
    Pair,
    Way,
    account_match,
    apart,
    contact_match,
    pairs_in,
    reasons_of,
    sharing,
)
from accounts.matching.pairs import FIRM_KEYS, PERSON_KEYS
from accounts.models import Account, Contact, days_in
from leads.models import Lead
from leads.models.lead import COMPARED, firm_in, person_in
from records import keys, similarity
from records.permissions import reaches, scope_of
from records.similarity import Likeness
from users.models import Grant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from django.db.models import QuerySet

    from accounts.matching import Reason
    from records.models import TimelineRecord
    from records.similarity import Person
    from users.models import User

LIMIT = 6
MOST_COMPARED = 400  # rows

KINDS: dict[str, type[TimelineRecord]] = {"lead": Lead, "account": Account, "contact": Contact}
# What typed values of each kind are compared with.
LOOKED_AT = {
    "lead": ("lead", "contact", "account"),
    "contact": ("contact", "lead"),
    "account": ("account",),
}


@dataclass(frozen=True)
class Lookalike:
    """Another lead that may be the same person.

    Where it may not be seen, `lead` is None and there are no reasons: what of it is the same as
    here would tell what stands in it.
    """

    lead: Lead | None
    reasons: tuple[str, ...] = ()
    score: int = 0


def lookalikes(lead: Lead, *, by: User) -> list[Lookalike]:
    """Return the leads that look like this one, the most alike first. At most three statements.

    However many of them `by` may not see, they are one line, behind all others.
    """
    close = _close_to(lead, without=lead.pk)
    if not close:
        return []
    different = apart("lead", lead.pk)["lead"]
    told = {number: like for number, like in close.items() if number not in different}
    sees_all = scope_of(by, "view", Lead) == Grant.Scope.ALL
    if sees_all:
        told = dict(islice(told.items(), LIMIT))
    seen = _candidates(told, Lead.objects.permitted(by, "view"))
    found = [
        Lookalike(
            each.record,
            # They go on a sentence.
            tuple(r.text[:1].lower() + r.text[1:] for r in each.reasons if r.agrees),
            each.score,
        )
        for each in seen[:LIMIT]
    ]
    return found if sees_all or len(seen) == len(told) else [*found, Lookalike(None)]


def _close_to(lead: Lead, *, without: int | None) -> dict[int, Likeness]:
    """Return the numbers of the leads that look like this one, the most alike first. One statement.

    Of those that share a key with it only what is compared is read: most of them are strangers.
    """
    whole = []
    if lead.email_key and not keys.is_role_mailbox(lead.email_key):
        whole.append({"email_key": [lead.email_key]})
    if lead.name_key and lead.company_key:
        whole.append({"company_key": [lead.company_key], "name_key": [lead.name_key]})
    if lead.name_key and lead.phone_key:
        whole.append({"phone_key": [lead.phone_key], "name_key": [lead.name_key]})
    person = lead.as_person()
    blocks = similarity.blocks_of_person(person)
    found = sharing(Lead.objects.all(), blocks.items(), whole=[Way(Lead, each) for each in whole])
    rows = found.exclude(pk=without).order_by("-created_at", "-pk")
    compared = [
        (row.pk, likeness)
        for row in rows.values_list("pk", *COMPARED, named=True)[:MOST_COMPARED]
        if (likeness := _alike(lead, person, row, person_in(row))).score >= LISTED
    ]
    return dict(sorted(compared, key=lambda each: -each[1].score))


def _candidates(close: Mapping[int, Likeness], rows: QuerySet[Lead, Lead]) -> list[Candidate[Lead]]:
    """Return those of `rows` with these numbers in this order, with their owners. One statement."""
    if not close:
        return []
    found = rows.select_related("owner").in_bulk(close)
    return [
        Candidate(found[number], like.score, reasons_of(like))
        for number, like in close.items()
        # One that went meanwhile looks like nobody.
        if number in found
    ]


# Pairs


def alike_leads(one: Lead, other: Lead) -> Likeness:
    """Compare two leads: the persons if both name one, else the companies."""
    return _alike(one, one.as_person(), other, other.as_person())


def _alike(one: Any, mine: Person, other: Any, theirs: Person) -> Likeness:
    if mine.is_named and theirs.is_named:
        return similarity.alike_people(mine, theirs)
    if mine.is_named or theirs.is_named or not (one.company and other.company):
        return similarity.alike_people(mine, theirs)
    return similarity.alike_firms(firm_in(one), firm_in(other))


def alike_contacts(one: Contact, other: Contact, *, by: User | None = None) -> Likeness:
    """Compare two contacts, their accounts loaded: by `by` as far as they may see these."""
    mine, theirs = (each.as_person(_company_of(each, by)) for each in (one, other))
    return similarity.alike_people(mine, theirs)


def _company_of(contact: Contact, by: User | None) -> str:
    account = contact.account
    is_told = account is not None and (by is None or reaches(by, "view", account))
    return account.name if account is not None and is_told else ""


def score_alone(one: Contact, other: Contact, likeness: Likeness) -> int:
    """Return how alike two contacts are without what their accounts say."""
    if not any(fact.what == "company" for fact in likeness.facts):
        return likeness.score
    return similarity.alike_people(one.as_person(), other.as_person()).score


def alike_accounts(one: Account, other: Account) -> Likeness:
    """Compare two accounts."""
    return similarity.alike_firms(one.as_firm(), other.as_firm())


def alike(one: Any, other: Any) -> Likeness:
    """Compare two records of one kind."""
    return _COMPARED[type(one)](one, other)


_COMPARED: dict[type, Callable[[Any, Any], Likeness]] = {
    Lead: alike_leads,
    Contact: alike_contacts,
    Account: alike_accounts,
}


def rows_of(kind: str, *, by: User) -> QuerySet[Any, Any]:
    """Return the records of a kind that `by` may see, with what comparing them reads."""
    rows: Any = KINDS[kind].objects  # type: ignore[attr-defined]
    permitted: QuerySet[Any, Any] = rows.permitted(by, "view")
    return permitted.select_related("account__owner") if kind == "contact" else permitted


def pairs(kind: str, *, by: User, least: int = PRESELECTED) -> Iterator[Pair[Any]]:
    """Yield the pairs of records of a kind that score `least` or more, as `by` may see both.

    `kind` is lead, account or contact. Each pair comes once; those that somebody said are different
    are left out. Memory is bounded however many records there are.
    """
    groups = FIRM_KEYS if kind == "account" else PERSON_KEYS
    compare = partial(alike_contacts, by=by) if kind == "contact" else alike
    return pairs_in(rows_of(kind, by=by), groups, compare, kind=kind, least=least)


# What somebody is typing


@dataclass(frozen=True)
class Hint:
    """A record that looks like what is being typed.

    `kind` is lead, account or contact, `score` 0 to 100. Where the record may not be seen, `record`
    is None, there are no reasons and the score is 0: only who owns it is told, since they can help.
    """

    kind: str
    record: Any
    score: int = 0
    reasons: tuple[Reason, ...] = ()
    owner: User | None = None


def hints_for(
    kind: str, values: Mapping[str, Any], *, by: User, number: int | None = None
) -> list[Hint]:
    """Return what looks like a record of this kind with these values, the most alike first.

    `values` are fields of the kind by their names, as people type them; others are ignored. For a
    lead, leads, contacts and accounts are looked through, for a contact, contacts and leads, for an
    account, accounts. `number` is that of the record that is being changed, which is no hint, nor
    are records that somebody said are different from it. Hidden ones come last, one for each owner
    and kind. At most five statements; nothing is written.
    """
    names = {field.name for field in KINDS[kind]._meta.fields if field.editable}
    typed = {name: value for name, value in values.items() if name in names}
    different = apart(kind, number)
    found: list[Hint] = []
    for other in LOOKED_AT[kind]:
        without = different[other] | ({number} if other == kind and number else set())
        candidates = _typed_candidates(kind, other, typed, without)
        known = [
            each.for_eyes_of(by) if reaches(by, "view", each.record) else each
            for each in candidates
        ]
        found += [
            Hint(other, each.record, each.score, each.reasons, each.record.owner)
            for each in known
            if each.score >= LISTED
        ]
    return _as_seen(sorted(found, key=lambda hint: -hint.score), by)


def _as_seen(found: list[Hint], by: User) -> list[Hint]:
    seen = [hint for hint in found if reaches(by, "view", hint.record)]
    hidden = {
        (hint.kind, hint.owner): Hint(hint.kind, None, owner=hint.owner)
        for hint in found
        if not reaches(by, "view", hint.record)
    }
    return [*seen[:LIMIT], *list(hidden.values())[:LIMIT]]


def _typed_candidates(
    kind: str, other: str, typed: Mapping[str, Any], without: Collection[int]
) -> list[Candidate[Any]]:
    match: Match[Any]
    if other == "lead":
        lead = Lead(**{name: typed.get(name, "") or "" for name in _LEAD_FIELDS})
        lead.company = lead.company or str(typed.get("account") or "")
        lead.derive()
        close = _close_to(lead, without=None)
        told = {number: like for number, like in close.items() if number not in without}
        return _candidates(told, Lead.objects.all())
    place = similarity.place_of(**{name: str(typed.get(name) or "") for name in _ADDRESS})
    if other == "account":
        match = account_match(
            str(typed.get("name") or typed.get("company") or ""),
            website=str(typed.get("website") or ""),
            email=str(typed.get("email") or ""),
            country=str(typed.get("country") or ""),
            phone=str(typed.get("phone") or ""),
            is_similar_wanted=True,
            place=place,
        )
    else:
        match = contact_match(
            first_name=str(typed.get("first_name") or ""),
            last_name=str(typed.get("last_name") or ""),
            email=str(typed.get("email") or ""),
            phone=str(typed.get("phone") or ""),
            mobile=str(typed.get("mobile") or ""),
            company=str(typed.get("company") or typed.get("account") or ""),
            country=str(typed.get("country") or ""),
            is_similar_wanted=True,
            place=place,
        )
    return [each for each in match.candidates if each.record.pk not in without]


_PERSON = ("first_name", "last_name", "email", "phone", "mobile")
_ADDRESS = ("street", "city", "region", "postal_code", "country")
_LEAD_FIELDS = (*_PERSON, *_ADDRESS, "company", "website")


def directory_for(leads: Collection[Lead]) -> Directory:
    """Read what could decide about any of many leads. Seven statements at most."""
    return Directory([_named(lead) for lead in leads])


def _named(lead: Lead) -> Named:
    home = str(lead.country) or settings.DEFAULT_COUNTRY
    phones = {keys.phone_key(number, home) for number in (lead.phone, lead.mobile)} - {""}
    email_key = keys.email_key(lead.email)
    return Named(lead.company_key, lead.name_key, email_key, frozenset(phones))


def decided_among(
    lead: Lead, directory: Directory, different: Mapping[str, Collection[int]]
) -> tuple[Match[Account], Match[Contact]]:
    """Return what `matches_for` decides, without a statement. `different` is what `apart` says."""
    return _matches(lead, different, is_similar_wanted=False, among=directory)


def matches_for(
    lead: Lead, *, is_similar_wanted: bool, told_apart: Mapping[str, Collection[int]] | None = None
) -> tuple[Match[Account], Match[Contact]]:
    """Return which account and which contact a lead may mean.

    Two statements, and one for what somebody said is different, where that could matter: always
    when the similar ones are wanted, else when something decides. `told_apart` are the numbers, by
    kind, of which it is said only now.
    """
    if told_apart:
        different: Mapping[str, Collection[int]] = {
            kind: {*numbers, *told_apart.get(kind, ())}
            for kind, numbers in {**dict.fromkeys(KINDS, ()), **apart("lead", lead.pk)}.items()
        }
        return _matches(lead, different, is_similar_wanted=is_similar_wanted)
    different = apart("lead", lead.pk) if is_similar_wanted else {}
    firms, people = _matches(lead, different, is_similar_wanted=is_similar_wanted)
    if is_similar_wanted or (firms.decided is None and people.decided is None):
        return firms, people
    different = apart("lead", lead.pk)
    decided = (("account", firms.decided), ("contact", people.decided))
    if any(one is not None and one.pk in different[kind] for kind, one in decided):
        return _matches(lead, different, is_similar_wanted=False)
    return firms, people


def _matches(
    lead: Lead,
    different: Mapping[str, Collection[int]],
    *,
    is_similar_wanted: bool,
    among: Directory | None = None,
) -> tuple[Match[Account], Match[Contact]]:
    people = contact_match(
        **{name: getattr(lead, name) for name in _PERSON},
        company=lead.company,
        country=str(lead.country),
        days=days_in(lead.custom),
        is_similar_wanted=is_similar_wanted,
        apart=different.get("contact", ()),
        place=lead.as_place(),
        among=among,
    )
    firms = account_match(
        lead.company,
        website=lead.website,
        email=lead.email,
        country=str(lead.country),
        phone=lead.phone,
        is_similar_wanted=is_similar_wanted,
        apart=different.get("account", ()),
        place=lead.as_place(),
        among=among,
    )
    return firms, people
