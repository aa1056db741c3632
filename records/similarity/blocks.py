"""The keys by which a database finds who is worth comparing: records that share one are.

Each is short, is stored in an indexed column of its own, and survives another kind of error than
the others. Where one person or firm has two keys of a kind, both columns are looked through.
What they are made of may change only together with a migration that fills them anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from records.similarity.firms import telling
from records.similarity.places import LOCAL_DIGITS
from records.similarity.spelling import joined, sound

if TYPE_CHECKING:
    from records.similarity.firms import Firm
    from records.similarity.people import Person
    from records.similarity.places import Place

_LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+")
LENGTH = 40  # characters of a key


def blocks_of_person(person: Person) -> dict[str, str]:
    """Return the keys of a person by column; an empty one finds nobody.

    >>> from records.similarity.people import person_of
    >>> one = person_of(first_name="Ada", last_name="Lovelace")
    >>> other = person_of(first_name="Lovelace", last_name="Ada")
    >>> blocks_of_person(one) == blocks_of_person(other)
    True
    >>> blocks_of_person(person_of(first_name="Ada", last_name="Lovelace"))["block_home"]
    ''
    """
    parts = [joined(part) for part in (person.first, person.last) if part]
    # The sound of nothing is a sound, too: without a city everybody would live in one.
    place = person.place
    where = sound(place.city) if place.city else place.postal_code
    homes = sorted({f"{where}|{sound(part, 2)}" for part in parts}) if where else []
    local = person.emails[0].rpartition("@")[0] if person.emails else ""
    return _cut(
        block_name=_name_block(parts, person.company),
        block_home=homes[0] if homes else "",
        block_home_2=homes[1] if len(homes) > 1 else "",
        block_street=_street_block(person.place),
        block_mail=local[:5],
        block_phone=person.phones[0][-LOCAL_DIGITS:] if person.phones else "",
    )


def _name_block(parts: list[str], company: str) -> str:
    if len(parts) == 2:
        return "|".join(sorted(part[:3] for part in parts))
    firm = "".join(sound(word) for word in _telling_words(company)[:2])
    return f"{parts[0][:3] if parts else ''}@{firm}" if firm else ""


def blocks_of_firm(firm: Firm) -> dict[str, str]:
    """Return the keys of a company by column.

    >>> from records.similarity.firms import firm_of
    >>> one = blocks_of_firm(firm_of("Analytical Engines Ltd"))
    >>> other = blocks_of_firm(firm_of("Engines, Analytical"))
    >>> one["block_word"] == other["block_word"]
    True
    """
    words = sorted(sound(word) for word in _telling_words(firm.name)[:2])
    start, end = _ends(firm.name.split())
    return _cut(
        block_word=words[0] if words else "",
        block_word_2=words[1] if len(words) > 1 else "",
        block_start=start,
        block_end=end,
        block_street=_street_block(firm.place),
        block_phone=firm.phones[0][-LOCAL_DIGITS:] if firm.phones else "",
    )


def _ends(words: list[str]) -> tuple[str, str]:
    """Return how a name begins and ends: one typing error spoils one of the two at the most.

    Of a short word that is less, or the error would mostly be in it.
    """
    if not words:
        return "", ""
    name = "".join(words)
    first, last = max(1, min(3, len(words[0]) // 2)), max(1, min(4, len(name) // 2))
    return words[0][:first], name[-last:]


def _telling_words(name: str) -> list[str]:
    """Return the words of a name, the most telling ones first; a digit parts what is glued."""
    return sorted(
        dict.fromkeys(_LETTERS_OR_DIGITS.findall(name)),
        key=lambda word: (-telling(word), -len(word), word),
    )


def _street_block(place: Place) -> str:
    if not place.words:
        return ""
    number = place.numbers[0] if place.numbers else ""
    if number:
        return f"{number}|{sound(max(place.words, key=len), 3)}"
    return f"{sound(''.join(place.words))}|{place.postal_code[:2]}"


def _cut(**keys: str) -> dict[str, str]:
    return {name: key[:LENGTH] for name, key in keys.items()}
