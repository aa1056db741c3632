"""Whether two companies are one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from records import keys
from records.similarity.facts import ENOUGH, Fact, Likeness, likeness_of
from records.similarity.places import Place, digits_of, phone_fact, place_facts
from records.similarity.spelling import closeness, is_alike, joined, plain, readable

if TYPE_CHECKING:
    from collections.abc import Iterable

# Words that stand in the names of many firms and houses: they tell little.
_COMMON = frozenset(
    """
    and the of for de la le du des der die das und et y e o von van in at on to a an al el los las
    co company companies corporation corp group groupe grupo gruppe holding holdings international
    internacional internationale industries industrial industry enterprises enterprise services
    service systems system solutions technologies technology tech global partners partner associates
    association verein national american europe european united general first new old north south
    east west northern southern eastern western central bank banking financial finance capital
    insurance energy power oil gas electric electronics chemical chemicals pharmaceutical
    pharmaceuticals resources mining minerals gold steel metal metals motors auto foods food
    products product trading trade import export consulting consultants management media telecom
    communications telecommunications network networks software data online web digital medical
    health healthcare care center centre school schools academy university college institute
    education learning children childrens kids community church hospital clinic foundation
    society club public
    city county state council agency office department family house home hotel restaurant cafe bar
    store shop market construction building engineering design studio labs laboratory program
    project travel transport logistics properties real estate development i ii iii iv
    """.split()
)
_DIGITS = re.compile(r"\d+")
# Legal forms that end no word: written without a blank they are forms all the same.
_GLUED_FORM = re.compile(r"(?<=[a-z]{4})(?:ltd|llc|plc|gmbh|inc)$")
_NAME_SAME = ENOUGH + 0.8
_TOWN = {"city", "postal_code", "region"}


@dataclass(frozen=True, slots=True)
class Firm:
    """What is compared of a company, in plain letters; `name` without its legal form."""

    name: str = ""
    full_name: str = ""
    domain: str = ""
    phones: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)


def firm_of(
    name: str, *, domain: str = "", phones: Iterable[str] = (), place: Place | None = None
) -> Firm:
    """Return a company as it is compared; every argument as people write it."""
    name = readable(name)
    key = _GLUED_FORM.sub("", plain(keys.company_key(name)))
    return Firm(key, plain(name), domain, digits_of(phones), place or Place())


def alike_firms(one: Firm, other: Firm) -> Likeness:
    """Return how alike two companies are."""
    facts = [_place_of_firms(fact) for fact in place_facts(one.place, other.place)]
    if phone := phone_fact(one.phones, other.phones):
        facts.append(phone)
    if one.domain and other.domain:
        is_same = one.domain == other.domain
        facts.append(Fact("domain", "same", 4) if is_same else Fact("domain", "different", -1.5))
    if one.name and other.name:
        facts.append(_name_fact(one, other))
    return likeness_of(sum(fact.bits for fact in facts), facts)


def _place_of_firms(fact: Fact) -> Fact:
    """Weigh an address anew: many firms are in one town, and one firm has two houses in it."""
    if fact.what in _TOWN and fact.agrees:
        return Fact(fact.what, fact.state, fact.bits * 0.4)
    if fact.what == "street" and not fact.agrees:
        return Fact(fact.what, fact.state, fact.bits * 1.5)
    return fact


def _name_fact(one: Firm, other: Firm) -> Fact:
    likeness = name_likeness(one.name, other.name)
    # Between namesakes the legal form decides who comes first.
    form = round(0.4 * OSA.normalized_similarity(one.full_name, other.full_name), 2)
    if likeness == 1:
        return Fact("name", "same", _NAME_SAME + form)
    if likeness >= 0.85:
        return Fact("name", "alike", round(5.3 + (likeness - 0.85) * 26, 1) + form)
    if likeness >= 0.45:
        bits = round((likeness - 0.45) * 13, 1) + form
        return Fact("name", "alike" if likeness >= 0.7 else "contained", bits)
    return Fact("name", "different", -4)


@lru_cache(maxsize=100_000)
def name_likeness(one: str, other: str) -> float:
    """Return how much of two names of firms is one name: 0 to 1, 1 for the same.

    Words may stand in another order or be written together; each counts by how telling it is.

    >>> name_likeness("analytical engines", "engines analytical") > 0.95
    True
    >>> name_likeness("teva pharmaceutical", "china airlines")
    0.0
    """
    if one == other:
        return 1.0
    mine, theirs = joined(one), joined(other)
    if mine == theirs:
        return 0.99
    ours, others = one.split(), other.split()
    agreeing, left, right = _agreeing(ours, others)
    weights = sum(map(telling, ours)), sum(map(telling, others))
    by_words = 2 * agreeing / sum(weights)
    if _has_name(ours, left) and _has_name(others, right):
        # Each has a name of its own beside what they share: China Eastern, China Southern.
        by_words *= 0.85
    if sorted(ours) == sorted(others):
        by_words = 0.98
    least = min(weights)
    # One name may be the other with something in front or behind.
    by_part = 0.8 if least >= 1.3 and agreeing / least > 0.9 else 0.0
    rest = "".join(ours[i] for i in left), "".join(others[j] for j in right)
    return min(0.99, max(by_words, by_part, _by_letters(mine, theirs, *rest)))


def _has_name(words: list[str], left: set[int]) -> bool:
    return any(telling(words[i]) >= 0.7 for i in left)


def telling(word: str) -> float:
    """Return how much a word tells of whose name it is: 1 for a name, less for what many have.

    >>> telling("analytical"), telling("international"), telling("ag") < 1
    (1.0, 0.35, True)
    """
    if len(word) == 1:
        return 0.3
    return (0.35 if word in _COMMON else 1.0) * (1 if len(word) > 3 else 0.7)


def _agreeing(ours: list[str], others: list[str]) -> tuple[float, set[int], set[int]]:
    """Return the weight of the words that have a partner, and the places of those without one."""
    close = sorted(
        (
            (near, i, j)
            for i, a in enumerate(ours)
            for j, b in enumerate(others)
            if (near := _word_closeness(a, b))
        ),
        reverse=True,
    )
    left, right = set(range(len(ours))), set(range(len(others)))
    agreeing = 0.0
    for near, i, j in close:
        if i in left and j in right:
            left.remove(i)
            right.remove(j)
            agreeing += near * (telling(ours[i]) + telling(others[j])) / 2
    return agreeing, left, right


@lru_cache(maxsize=200_000)
def _word_closeness(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if min(len(one), len(other)) < 3 or one.isdecimal() or other.isdecimal():
        return 0.0
    near = closeness(one, other)
    if near >= 0.7:
        return near * 0.95
    return 0.75 if one.startswith(other) or other.startswith(one) else 0.0


def _by_letters(one: str, other: str, rest: str, other_rest: str) -> float:
    """Return how much of the letters agree, in their order, where nearly all of them do.

    They have to agree also without the words that both names have: the rest is what names them.
    """
    if rest and other_rest and not is_alike(rest, other_rest):
        return 0.0
    longest = max(len(one), len(other))
    likeness = 1 - OSA.distance(one, other, score_cutoff=longest // 5 + 1) / longest
    if likeness < 0.8 or set(_DIGITS.findall(one)) != set(_DIGITS.findall(other)):
        return 0.0
    return likeness * 0.97
