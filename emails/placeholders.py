"""Placeholders in a text, `{{ first_name|there }}`: names are replaced, and nothing else happens.

There is no logic and no attribute: what a name stands for is looked up by whoever fills the text,
and what is filled in is never looked through again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OPENED = re.compile(r"\{\{(?P<inside>[^{}\n]*)(?P<end>\}\}|)")
_INSIDE = re.compile(r"\s*(?P<name>[a-z][a-z0-9_]*(\.[a-z0-9_-]+)*)\s*(\|(?P<fallback>[^|]*))?")
LONGEST_SHOWN = 60


class PlaceholderIsWrong(Exception):
    """What stands in braces is no placeholder; `str()` is what was written."""


@dataclass(frozen=True)
class Placeholder:
    """The name of a field, and what stands there where it is empty."""

    name: str
    fallback: str = ""


def placeholders_in(text: str) -> Iterator[Placeholder]:
    """Yield every placeholder of a text. Raises `PlaceholderIsWrong` for what looks like one.

    >>> list(placeholders_in("Dear {{ lead.first_name | you }},"))
    [Placeholder(name='lead.first_name', fallback='you')]
    >>> list(placeholders_in("{{ a.__class__ }}"))
    Traceback (most recent call last):
    emails.placeholders.PlaceholderIsWrong: {{ a.__class__ }}
    """
    for found in _OPENED.finditer(text):
        inside = _INSIDE.fullmatch(found["inside"])
        if inside is None or not found["end"] or "__" in inside["name"]:
            raise PlaceholderIsWrong(found[0][:LONGEST_SHOWN].strip())
        yield Placeholder(inside["name"], (inside["fallback"] or "").strip())


def filled(text: str, value_of: Callable[[str], str]) -> str:
    """Return a text with what its names stand for; where that is empty, with the fallback.

    What is no placeholder stays as it stands.

    >>> filled("Dear {{ first_name|there }}, {{ x }}", {"x": "{{ first_name }}"}.get)
    'Dear there, {{ first_name }}'
    """

    def value(found: re.Match[str]) -> str:
        inside = _INSIDE.fullmatch(found["inside"])
        if inside is None or not found["end"]:
            return found[0]
        return value_of(inside["name"]) or (inside["fallback"] or "").strip()

    return _OPENED.sub(value, text)
