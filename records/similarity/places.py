"""Where somebody is and how they are reached, compared part by part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from records.similarity.facts import Fact
from records.similarity.spelling import closeness, is_alike, joined, plain, slips

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOCAL_DIGITS = 7  # of a number without its area code
_NUMBER = re.compile(r"\d+")
# What stands in most addresses, long and short: it tells no street from another.
_STREET_WORDS = frozenset(
    """
    street st str avenue ave av road rd drive dr lane ln court ct place pl square sq boulevard blvd
    highway hwy way circle cir terrace ter parkway pkwy close crescent cres grove row walk north
    south east west n s e w ne nw se sw upper lower old new great little saint the of and floor fl
    suite ste unit apt apartment flat room rm building bldg house no number box po rue allee place
    quai chemin cours impasse strasse straße platz weg gasse ring allee damm ufer via viale piazza
    corso largo calle avenida avda plaza paseo carrera rua praca travessa straat laan plein weg
    kade gade vej vei gata vagen tie katu ulica ul aleja al utca ut
    """.split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """An address in plain letters; `numbers` and `words` are those of the street."""

    street: str = ""
    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


def place_of(
    *, street: str = "", city: str = "", region: str = "", postal_code: str = "", country: str = ""
) -> Place:
    """Return an address as it is compared."""
    line = plain(street)
    words = line.split()
    telling = [word for word in words if word not in _STREET_WORDS and not word[0].isdigit()]
    return Place(
        street=line,
        numbers=tuple(number.lstrip("0") or "0" for number in _NUMBER.findall(line)),
        words=tuple(telling or [word for word in words if not word[0].isdigit()]),
        city=joined(plain(city)),
        region=joined(plain(region)),
        postal_code=joined(plain(postal_code)),
        country=country.upper(),
    )


def place_facts(one: Place, other: Place) -> Iterator[Fact]:
    """Yield what of two addresses agrees and differs."""
    if one.street and other.street:
        yield _street_fact(one, other)
    if one.city and other.city:
        if one.city == other.city:
            yield Fact("city", "same", 3)
        elif is_alike(one.city, other.city):
            yield Fact("city", "alike", 2)
        else:
            yield Fact("city", "different", -2)
    if one.postal_code and other.postal_code:
        yield _postal_fact(one.postal_code, other.postal_code)
    if one.region and other.region:
        is_same = one.region == other.region
        yield Fact("region", "same" if is_same else "different", 0.7 if is_same else -0.7)
    if one.country and other.country:
        is_same = one.country == other.country
        yield Fact("country", "same" if is_same else "different", 0.5 if is_same else -3)


def _street_fact(one: Place, other: Place) -> Fact:
    if one.street == other.street:
        return Fact("street", "same", 6 if one.numbers else 4)
    if not _has_word_in_common(one, other):
        return Fact("street", "different", -3 if one.numbers and other.numbers else -0.5)
    if not one.numbers or not other.numbers:
        return Fact("street", "alike", 3)
    if one.numbers[0] == other.numbers[0]:
        return Fact("street", "same", 6)
    # Next door is another house: the number is what tells them apart.
    return Fact("street", "different", -3)


def _has_word_in_common(one: Place, other: Place) -> bool:
    if is_alike("".join(one.words), "".join(other.words)):
        return True
    return any(
        closeness(a, b) >= 0.7 for a in one.words for b in other.words if min(len(a), len(b)) > 2
    )


def _postal_fact(one: str, other: str) -> Fact:
    # A spreadsheet takes the zero in front away; a sorting code has four digits more.
    first, second = one.lstrip("0"), other.lstrip("0")
    if first == second or (min(len(one), len(other)) >= 5 and (one[:5] == other[:5])):
        return Fact("postal_code", "same", 4)
    if len(one) == len(other) and slips(one, other, 1) == 1:
        return Fact("postal_code", "alike", 2)
    return Fact("postal_code", "different", -2)


def digits_of(numbers: Iterable[str]) -> tuple[str, ...]:
    """Return the digits of telephone numbers, as far as they can be any.

    >>> digits_of(["(512) 757-6000", "+49 30 123", "", "n/a"])
    ('5127576000', '4930123')
    """
    found = dict.fromkeys("".join(c for c in number if c.isdecimal()) for number in numbers)
    return tuple(d.lstrip("0") for d in found if len(d) >= LOCAL_DIGITS and len(set(d)) > 1)


def phone_fact(ones: tuple[str, ...], others: tuple[str, ...]) -> Fact | None:
    """Compare two sets of numbers, each as digits: the nearest pair tells."""
    if not ones or not others:
        return None
    if set(ones) & set(others):
        return Fact("phone", "same", 7)
    for a in ones:
        for b in others:
            short, long = sorted((a, b), key=len)
            if long.endswith(short):
                # With and without the code of the area or the country.
                return Fact("phone", "same" if len(short) > LOCAL_DIGITS else "tail", 6)
    return Fact("phone", "different", -1.5)
