"""Letters, sounds and typing errors."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from records.similarity.nicknames import NICKNAMES

# What Unicode does not take apart into a letter and its mark, and what other scripts sound like.
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
        "ı": "i", "ŋ": "n", "ħ": "h", "ə": "a", "'": "", "’": "", "`": "", "´": "",
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "e",
        "ж": "zh", "з": "z", "и": "i", "і": "i", "к": "k", "л": "l", "м": "m", "н": "n",
        "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
        "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e",
        "ю": "iu", "я": "ia", "ђ": "d", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz",
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th",
        "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p",
        "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps",
        "ω": "o",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_LONGEST = 400  # characters; what stands behind them is not compared


@lru_cache(maxsize=50_000)
def plain(text: str) -> str:
    """Return `text` in the letters of a typewriter, small, with single blanks.

    >>> plain("  Ångström & Müller-Łoś "), plain("Чайковский"), plain("O’Neill")
    ('angstrom muller los', 'chaikovskii', 'oneill')
    """
    text = text[:_LONGEST]
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKD", text).casefold()
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(_WORD.findall(text.translate(_LETTERS)))


_NOISE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")


def readable(text: str) -> str:
    """Return `text` without control characters in it: they part no words, they spoil letters.

    >>> readable("Win\\x82heiser")
    'Winheiser'
    """
    return _NOISE.sub("", text[:_LONGEST])


def joined(text: str) -> str:
    """Return a plain text without its blanks: "park holme" and "parkholme" are one."""
    return text.replace(" ", "")


_SOUNDS = (
    (re.compile(r"tsch|tch|sch|sh|zh|ch(?=r)"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"^(?:kn|gn|pn)"), "n"),
    (re.compile(r"^wr"), "r"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"x"), "ks"),
)
_SOUND_OF = str.maketrans("bvwcgqjzdmy", "pffkkksstni")
_SILENT = "aeiouyh"


@lru_cache(maxsize=50_000)
def sound(word: str, length: int = 5) -> str:
    """Return roughly how the consonants of a plain word sound, `length` of them at the most.

    Spellings of one name mostly share it: enough to be worth comparing, and no more.

    >>> sound("meyer") == sound("maier"), sound("philipp") == sound("filip")
    (True, True)
    >>> sound("muller") == sound("mueller"), sound("jones") == sound("smith")
    (True, False)
    """
    text = word
    for pattern, letters in _SOUNDS:
        text = pattern.sub(letters, text)
    code = "a" if text[:1] in _SILENT else text[:1].translate(_SOUND_OF)
    for letter in text[1:]:
        if letter not in _SILENT and letter.translate(_SOUND_OF) != code[-1:]:
            code += letter.translate(_SOUND_OF)
    return code[:length]


def slips(one: str, other: str, most: int) -> int:
    """Return how many letters are wrong, missing, too many or swapped; `most` + 1 for more."""
    return OSA.distance(one, other, score_cutoff=most)


def one_slip(one: str, other: str) -> bool:
    """Say whether two words differ by one letter that is wrong, missing, too many or swapped.

    >>> one_slip("marchetti", "marhcetti"), one_slip("meier", "maier"), one_slip("meier", "meier")
    (True, True, False)
    """
    return OSA.distance(one, other, score_cutoff=1) == 1


@lru_cache(maxsize=200_000)
def closeness(one: str, other: str) -> float:
    """Return how close two words are: 1 the same, from 0.7 a typing error, else 0.

    >>> closeness("lovelace", "lovelcae") >= 0.7, closeness("ada", "ida") >= 0.7
    (True, True)
    >>> closeness("miller", "turner"), closeness("bo", "bob")
    (0.0, 0.0)
    """
    if one == other:
        return 1.0
    longest = max(len(one), len(other))
    if min(len(one), len(other)) < 3:
        return 0.0
    most = 1 if longest < 6 else 2 if longest < 10 else 3
    wrong = slips(one, other, most)
    if wrong <= most:
        return 1 - wrong / longest / 1.5
    likeness = JaroWinkler.similarity(one, other)
    return likeness * 0.95 if likeness >= 0.9 else 0.0


def is_alike(one: str, other: str) -> bool:
    """Say whether two words may be one, typed badly once."""
    return closeness(one, other) >= 0.7


@lru_cache(maxsize=100_000)
def has_same_letters(one: str, other: str) -> bool:
    """Say whether half of two words is one: too little to agree, too much to contradict.

    >>> has_same_letters("young", "ynuo"), has_same_letters("webster", "eebswr")
    (True, True)
    >>> has_same_letters("miller", "stone")
    False
    """
    longest = max(len(one), len(other))
    shared = sum((Counter(one) & Counter(other)).values()) / longest
    return max(1 - OSA.distance(one, other) / longest, shared - 0.15) >= 0.5


def is_nickname(one: str, other: str) -> bool:
    """Say whether two first names may be those of one person.

    >>> is_nickname("bill", "william"), is_nickname("bill", "bob")
    (True, False)
    """
    return not NICKNAMES.get(one, frozenset()).isdisjoint(NICKNAMES.get(other, ()))
