"""What was compared, in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from records.similarity import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from records.similarity import Likeness


@dataclass(frozen=True)
class Reason:
    """One thing that two records agree or differ in, in words."""

    text: str
    agrees: bool = True


_WORDS = {
    ("name", "same"): gettext_noop("Same name"),
    ("name", "alike"): gettext_noop("Similar name"),
    ("name", "contained"): gettext_noop("Part of the name is the same"),
    ("name", "swapped"): gettext_noop("Same name, first and last swapped"),
    ("name", "different"): gettext_noop("Different name"),
    ("first_name", "same"): gettext_noop("Same first name"),
    ("first_name", "alike"): gettext_noop("Similar first name"),
    ("first_name", "nickname"): gettext_noop("Short form of the first name"),
    ("first_name", "initial"): gettext_noop("Initial of the first name"),
    ("first_name", "different"): gettext_noop("Different first name"),
    ("last_name", "same"): gettext_noop("Same last name"),
    ("last_name", "alike"): gettext_noop("Similar last name"),
    ("last_name", "nickname"): gettext_noop("Similar last name"),
    ("last_name", "initial"): gettext_noop("Initial of the last name"),
    ("last_name", "different"): gettext_noop("Different last name"),
    ("email", "same"): gettext_noop("Same email"),
    ("email", "alike"): gettext_noop("Similar email"),
    ("email", "different"): gettext_noop("Different email"),
    ("mailbox", "same"): gettext_noop("Same shared mailbox"),
    ("phone", "same"): gettext_noop("Same phone"),
    ("phone", "tail"): gettext_noop("Same phone without the area code"),
    ("phone", "different"): gettext_noop("Different phone"),
    ("company", "same"): gettext_noop("Same company"),
    ("company", "alike"): gettext_noop("Similar company"),
    ("company", "different"): gettext_noop("Different company"),
    ("domain", "same"): gettext_noop("Same web domain"),
    ("domain", "different"): gettext_noop("Different web domain"),
    ("street", "same"): gettext_noop("Same street"),
    ("street", "alike"): gettext_noop("Similar street"),
    ("street", "different"): gettext_noop("Different street"),
    ("city", "same"): gettext_noop("Same city"),
    ("city", "alike"): gettext_noop("Similar city"),
    ("city", "different"): gettext_noop("Different city"),
    ("postal_code", "same"): gettext_noop("Same postal code"),
    ("postal_code", "alike"): gettext_noop("Similar postal code"),
    ("postal_code", "different"): gettext_noop("Different postal code"),
    ("region", "same"): gettext_noop("Same region"),
    ("region", "different"): gettext_noop("Different region"),
    ("country", "same"): gettext_noop("Same country"),
    ("country", "different"): gettext_noop("Different country"),
    ("day", "same"): gettext_noop("Same date"),
    ("day", "alike"): gettext_noop("Similar date"),
    ("day", "different"): gettext_noop("Different date"),
}
MOST_TOLD = 6
# What says too little to be said, unless it is all there is.
_FAINT = {("first_name", "unclear"), ("last_name", "unclear")}


def reasons_of(likeness: Likeness) -> tuple[Reason, ...]:
    """Return in words what weighs most: what agrees first, the weightiest of each first."""
    told = [fact for fact in likeness.facts if (fact.what, fact.state) not in _FAINT][:MOST_TOLD]
    told.sort(key=lambda fact: not fact.agrees)
    words = _words_in(get_language())
    return tuple(Reason(words[fact.what, fact.state], fact.agrees) for fact in told)


def as_data(likeness: Likeness) -> list[list[str]]:
    """Return what was compared as it is stored with a pair."""
    told = sorted(likeness.facts, key=lambda fact: not fact.agrees)
    return [[fact.what, fact.state] for fact in told if (fact.what, fact.state) not in _FAINT]


def reasons_from(data: Iterable[Any]) -> tuple[Reason, ...]:
    """Return in words what `as_data` stored. What is no longer known is left out."""
    facts = [Fact(str(what), str(state), 0) for what, state in data]
    words = _words_in(get_language())
    return tuple(
        Reason(words[fact.what, fact.state], fact.agrees)
        for fact in facts
        if (fact.what, fact.state) in words
    )


@cache
def _words_in(language: str | None) -> dict[tuple[str, str], str]:
    """Return all words in a language, looked up once: one search says hundreds of them."""
    return {fact: _(text) for fact, text in _WORDS.items()}
