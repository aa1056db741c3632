"""Whether two persons are one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from records import keys
from records.similarity.facts import ENOUGH, Fact, Likeness, likeness_of
from records.similarity.firms import name_likeness
from records.similarity.places import Place, digits_of, phone_fact, place_facts
from records.similarity.spelling import (
    closeness,
    has_same_letters,
    is_alike,
    is_nickname,
    joined,
    plain,
    readable,
    slips,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Weights of the first and the last name, by how they compare.
_NAME_BITS = {
    "same": (4.5, 6.0),
    "alike": (3.0, 4.5),
    "nickname": (3.0, 3.0),
    "initial": (1.0, 1.5),
    "unclear": (-0.5, -0.5),
    "different": (-5.0, -4.0),
}
_SWAP = -0.5
# What is known of a name alone lists somebody; it never chooses them.
_NAME_ALONE = ENOUGH - 2.5
# Where nothing names a person: a telephone and a firm may be those of a colleague.
_NO_NAME = ENOUGH - 1
# People of one household, or behind one telephone, share all but their first names.
_TELEPHONE = 7.0
_HOUSEHOLD = 9.0
# People of one firm share its town, its switchboard and its dates, and by chance half a name.
_COLLEAGUES = 3.0
# The same mailbox, a personal one, is the same person whatever the name beside it looks like.
_MAILBOX = ENOUGH + 3.5
# As much as the same company: an address there is one more sign of it.
_DOMAIN = 4.5
_NOTHING = Fact("email", "alike", 0)


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared of a person, in plain letters. `days` are dates by their field's name."""

    first: str = ""
    last: str = ""
    company: str = ""
    domain: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)
    days: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_named(self) -> bool:
        return bool(self.first or self.last)


def person_of(
    *,
    first_name: str = "",
    last_name: str = "",
    company: str = "",
    domain: str = "",
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
    place: Place | None = None,
    days: Mapping[str, str] | None = None,
) -> Person:
    """Return a person as they are compared; every argument as people write it."""
    return Person(
        first=plain(keys.name_key(readable(first_name))),
        last=plain(keys.name_key(readable(last_name))),
        company=plain(keys.company_key(readable(company))),
        domain=domain,
        # What is no address yet, for an error in it, is still alike another one.
        emails=tuple(email.strip().casefold() for email in emails if "@" in email),
        phones=digits_of(phones),
        place=place or Place(),
        days=days or {},
    )


def alike_people(one: Person, other: Person) -> Likeness:
    """Return how alike two persons are."""
    names = name_facts(one, other)
    named = sum(fact.bits for fact in names)
    mail = _mail_fact(one, other, named)
    places = list(place_facts(one.place, other.place))
    work = list(_work_facts(one, other))
    days = list(_day_facts(one.days, other.days))
    shared = _shared(names, places, work, days)
    facts = [*names, *([mail] if mail else []), *places, *work, *days]
    bits = named + shared + (mail.bits if mail else 0)
    if mail and (mail.what, mail.state) == ("email", "same"):
        return likeness_of(max(bits, _MAILBOX), facts)
    beside = [fact for fact in (mail, *places, *work, *days) if fact and fact.agrees]
    if named > 0 and not any(fact.bits >= 1 for fact in beside):
        bits = min(bits, _NAME_ALONE + bits - named)
    if not names and not (mail and mail.bits > 5):
        bits = min(bits, _NO_NAME)
    return likeness_of(bits, facts)


def _shared(
    names: Iterable[Fact], places: Iterable[Fact], work: Iterable[Fact], days: Iterable[Fact]
) -> float:
    """Return the bits of what several people have in common, less where a name tells two apart."""
    bits, dates = sum(fact.bits for fact in (*places, *work)), sum(fact.bits for fact in days)
    apart = {fact.what for fact in names if fact.state == "different"}
    agreed = {fact.what for fact in work if fact.agrees}
    if apart and agreed & {"company", "domain"}:
        return min(bits + dates, _COLLEAGUES)
    if "first_name" in apart:
        bits = min(bits, _TELEPHONE if agreed else _HOUSEHOLD)
    return bits + dates


def name_facts(one: Person, other: Person) -> tuple[Fact, ...]:
    """Return what the names have in common, read as they stand or with first and last swapped."""
    if not (one.is_named and other.is_named):
        return ()
    if (one.first, one.last) == (other.first, other.last) and one.first and one.last:
        return (Fact("name", "same", sum(_NAME_BITS["same"])),)
    straight = _read(one.first, one.last, other.first, other.last)
    swapped = _read(one.first, one.last, other.last, other.first)
    whole = _whole(one, other)
    best = max(_bits(straight), _crosswise(swapped) + _SWAP, _bits(whole))
    if best == _bits(straight):
        return straight
    if best == _bits(whole):
        return whole
    return (Fact("name", "swapped", _crosswise(swapped) + _SWAP),)


def _bits(facts: tuple[Fact, ...]) -> float:
    return sum(fact.bits for fact in facts) if facts else -100


def _crosswise(facts: tuple[Fact, ...]) -> float:
    """Weigh a first name that met a last name, and the other way round, halfway between them."""
    return sum(sum(_NAME_BITS[fact.state]) / 2 for fact in facts) if facts else -100


def _read(first: str, last: str, other_first: str, other_last: str) -> tuple[Fact, ...]:
    found = []
    pairs = (("first_name", first, other_first, 0), ("last_name", last, other_last, 1))
    for what, a, b, position in pairs:
        if a and b:
            state = _part(a, b)
            found.append(Fact(what, state, _NAME_BITS[state][position]))
    return tuple(found)


def _whole(one: Person, other: Person) -> tuple[Fact, ...]:
    """Compare the names where one of the two has all of it in one part."""
    if (one.first and one.last) == (other.first and other.last):
        return ()
    if bool(one.first and one.last) == bool(other.first and other.last):
        return ()
    mine, theirs = (
        sorted(f"{one.first} {one.last}".split()),
        sorted(f"{other.first} {other.last}".split()),
    )
    if len(mine) < 2 or len(theirs) < 2:
        return ()
    if mine == theirs:
        return (Fact("name", "same", sum(_NAME_BITS["same"])),)
    if len(mine) == len(theirs) and all(
        is_alike(a, b) or a == b for a, b in zip(mine, theirs, strict=True)
    ):
        return (Fact("name", "alike", sum(_NAME_BITS["alike"])),)
    return ()


@lru_cache(maxsize=100_000)
def _part(one: str, other: str) -> str:
    """Say how two first names or two last names compare."""
    a, b = joined(one), joined(other)
    if a == b:
        return "same"
    if len(a) == 1 or len(b) == 1:
        return "initial" if a[0] == b[0] else "different"
    if is_nickname(one, other):
        return "nickname"
    if is_alike(a, b):
        return "alike"
    if min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a)):
        return "alike"
    words = product(one.split(), other.split())
    if any(closeness(x, y) >= 0.7 or is_nickname(x, y) for x, y in words if len(x) > 2 < len(y)):
        return "alike"
    return "unclear" if has_same_letters(a, b) else "different"


def _mail_fact(one: Person, other: Person, named: float) -> Fact | None:
    """Compare two sets of addresses, where the names of the two weigh `named` bits."""
    if not one.emails or not other.emails:
        return None
    for email in one.emails:
        if email in other.emails:
            return (
                Fact("mailbox", "same", 3)
                if keys.is_role_mailbox(email)
                else Fact("email", "same", 12)
            )
    found = [
        _without_the_name(_mail_likeness(a, b), (a, b), (one, other), named)
        for a in one.emails
        for b in other.emails
    ]
    best = max(found, key=lambda fact: fact.bits)
    return None if best == _NOTHING else best


def _without_the_name(
    fact: Fact, emails: tuple[str, str], people: tuple[Person, Person], named: float
) -> Fact:
    """Weigh an address that is only alike by what it says beside the names of the two.

    What stands before the @ is mostly made of the name: together both say no more than the name.
    """
    if fact.state != "alike":
        return fact
    before = [email.rpartition("@")[0] for email in emails]
    if not any(_is_of_name(each, who.first, who.last) for each in before for who in people):
        return fact
    bits = sum(_NAME_BITS["same"]) - max(named, 0)
    domains = sorted({email.rpartition("@")[2] for email in emails})
    # An own domain, or the domain of many with an error in it, tells one from a namesake.
    if is_alike(domains[0], domains[-1]) and any(keys.domain_key(f"x@{d}") for d in domains):
        bits += _DOMAIN
    return Fact("email", "alike", min(bits, fact.bits)) if bits > 0 else _NOTHING


@lru_cache(maxsize=50_000)
def _is_of_name(local: str, first: str, last: str) -> bool:
    """Say whether what stands before an @ repeats a name: whole, in parts or by initials.

    >>> _is_of_name("ada.lovelace", "ada", "lovelace"), _is_of_name("alovelace", "ada", "lovelace")
    (True, True)
    >>> _is_of_name("countess", "ada", "lovelace"), _is_of_name("ada1815", "ada", "lovelace")
    (False, False)
    """
    letters = joined(plain(local))
    if not letters.isalpha():
        return False  # a number tells one of a name from another
    firsts = {joined(first), *first.split()} - {""}
    lasts = {joined(last), *last.split()} - {""}
    pairs = [*product(firsts, lasts), *product({each[0] for each in firsts}, lasts)]
    pairs += product(firsts, {each[0] for each in lasts})
    forms = {*firsts, *lasts, *(a + b for a, b in pairs), *(b + a for a, b in pairs)}
    return any(is_alike(letters, form) for form in forms)


@lru_cache(maxsize=50_000)
def _mail_likeness(one: str, other: str) -> Fact:
    mine, _, my_domain = one.rpartition("@")
    theirs, _, their_domain = other.rpartition("@")
    if keys.is_role_mailbox(one) or keys.is_role_mailbox(other):
        return Fact("email", "different", 0)
    if mine == theirs and len(mine) > 4:
        return Fact("email", "alike", 8)
    if is_alike(mine, theirs) and len(mine) > 4 and is_alike(my_domain, their_domain):
        return Fact("email", "alike", 9)
    return Fact("email", "different", -2)


def _work_facts(one: Person, other: Person) -> Iterator[Fact]:
    if phone := phone_fact(one.phones, other.phones):
        yield phone
    if one.company and other.company:
        likeness = name_likeness(one.company, other.company)
        if likeness == 1:
            yield Fact("company", "same", 4.5)
        elif likeness >= 0.8:
            yield Fact("company", "alike", 3)
        elif likeness < 0.5:
            yield Fact("company", "different", -1.5)
    elif one.domain and one.domain == other.domain:
        yield Fact("domain", "same", 2)


def _day_facts(ones: Mapping[str, str], others: Mapping[str, str]) -> Iterator[Fact]:
    """Compare what both have in one field for a day: a birthday agrees rarely by chance."""
    for name in ones.keys() & others.keys():
        one, other = ones[name].replace("-", ""), others[name].replace("-", "")
        wrong = slips(one, other, 2)
        if wrong == 0:
            yield Fact("day", "same", 6)
        elif wrong == 1:
            yield Fact("day", "alike", 4)
        elif wrong > 2:
            yield Fact("day", "different", -3)
