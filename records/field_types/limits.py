"""What an administrator allows of a type: a length, a pattern, a least and a most.

A pattern is a part of regular expressions of which the cost can be told beforehand: characters,
classes and `|` in groups; only a single character or class is repeated. So none of them can take
long, whatever is typed into the field.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from records.keys import text_problem
from users import formats

if TYPE_CHECKING:
    from records.models import CustomField

LONGEST_PATTERN = 100
MOST_WAYS = 1_000_000  # in which a text of the longest field could be parted
OPEN_END = 500

_TOKEN = re.compile(
    r"(?P<atom>\\[dDwWsS]|\\[^A-Za-z0-9]|\[\^?(?:\\.|[^\]\\\[])+\]|[^\\\[\](){}|?*+^$])"
    r"(?P<repeat>[?*+]|\{(?P<least>[0-9]{1,3})(?P<to>,(?P<most>[0-9]{0,3}))?\})?"
    r"|(?P<mark>[(|)])"
)


def pattern_problem(pattern: str) -> str:
    """Say in a sentence why a pattern cannot be used; an empty answer means that it can.

    >>> pattern_problem("[A-Z]{2}-[0-9]+"), pattern_problem("DE|AT|CH")
    ('', '')
    >>> [bool(pattern_problem(each)) for each in ("(a+)+", "(a|b)*c", "a*a*a*b", r"(a)\\1", "[")]
    [True, True, True, True, True]
    """
    if problem := text_problem(pattern):
        return problem
    if len(pattern) > LONGEST_PATTERN:
        return _("A pattern has at most %(most)d characters") % {"most": LONGEST_PATTERN}
    place, ways = 0, 1
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None:
            return _(
                "Write the pattern with characters, classes like [A-Z], \\d, . and groups like "
                "(a|b); only a single character or class can be repeated. It stops at “%(rest)s”"
            ) % {"rest": pattern[place : place + 20]}
        ways *= _ways(token)
        place = token.end()
    if ways > MOST_WAYS:
        return _("This pattern could take too long. Repeat fewer parts of it")
    try:
        re.compile(pattern)
    except re.error:
        return _("This pattern cannot be read. Look at its brackets")
    return ""


def _ways(token: re.Match[str]) -> int:
    if token["mark"]:
        return 2 if token["mark"] == "|" else 1
    match token["repeat"]:
        case None:
            return 1
        case "?":
            return 2
        case "*" | "+":
            return OPEN_END
    if not token["to"]:
        return 1
    return max(int(token["most"]) - int(token["least"]) + 1, 1) if token["most"] else OPEN_END


def limit_problem(definition: CustomField, kind: str, value: Any) -> str:
    """Say in a sentence which limit of its field a stored value breaks; nothing if it keeps all.

    `kind` says what is measured: a text, a number or a day.
    """
    limits = definition.limits if isinstance(definition.limits, dict) else {}
    label = definition.label
    if kind == "text":
        longest, pattern = limits.get("longest"), limits.get("pattern")
        if longest and len(value) > longest:
            return _("%(label)s can have at most %(most)d characters; these are %(count)d") % {
                "label": label,
                "most": longest,
                "count": len(value),
            }
        if pattern and not re.fullmatch(pattern, value):
            return _("%(label)s does not have the form that is asked for: %(pattern)s") % {
                "label": label,
                "pattern": definition.help_text or pattern,
            }
        return ""
    least, most = (_bound(kind, limits.get(name)) for name in ("least", "most"))
    found = _bound(kind, value["amount"] if isinstance(value, dict) else value)
    if least is not None and found < least:
        words = {"label": label, "least": formats.value(least)}
        return _("%(label)s can be %(least)s at least") % words
    if most is not None and found > most:
        return _("%(label)s can be %(most)s at most") % {
            "label": label,
            "most": formats.value(most),
        }
    return ""


def _bound(kind: str, value: Any) -> Any:
    if value in (None, ""):
        return None
    return Decimal(str(value)) if kind == "number" else date.fromisoformat(value)


def checked_limits(kind: str, longest: int, limits: Any) -> dict[str, Any]:
    """Return the limits as they are stored. Raises `ValueError` with a sentence."""
    given = {name: value for name, value in (limits or {}).items() if value not in (None, "")}
    allowed = {
        "text": {"longest", "pattern"},
        "number": {"least", "most"},
        "day": {"least", "most"},
    }
    if strange := given.keys() - allowed.get(kind, set()):
        raise ValueError(
            _("A field of this type has no such limit: %(names)s")
            % {"names": ", ".join(sorted(map(str, strange)))[:80]}
        )
    if kind == "text":
        return _checked_text(longest, given)
    for name, value in given.items():
        try:
            given[name] = str(_bound(kind, str(value).strip()))
            if kind == "number" and not Decimal(given[name]).is_finite():
                raise ValueError
        except (ValueError, InvalidOperation) as problem:
            told = (
                _("Write the limits as numbers, like 12.5")
                if kind == "number"
                else _("Write the limits as dates, like 2026-11-30")
            )
            raise ValueError(told) from problem
    if {"least", "most"} <= given.keys():
        least, most = (_bound(kind, given[name]) for name in ("least", "most"))
        if least > most:
            raise ValueError(_("The least value is larger than the most. Exchange them"))
    return given


def _checked_text(longest: int, given: dict[str, Any]) -> dict[str, Any]:
    if "longest" in given:
        text = str(given["longest"]).strip()
        if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) <= longest:
            raise ValueError(
                _("Choose a length between 1 and %(most)d characters") % {"most": longest}
            )
        given["longest"] = int(text)
    if "pattern" in given:
        pattern = given["pattern"]
        if not isinstance(pattern, str):
            raise ValueError(_("Write the pattern as a text, like [A-Z]{2}-[0-9]+"))
        if longest > OPEN_END:
            raise ValueError(_("A long text has no pattern. Use a text in one line"))
        if problem := pattern_problem(pattern):
            raise ValueError(problem)
        given["pattern"] = pattern
    return given
