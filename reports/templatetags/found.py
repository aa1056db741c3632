"""What was looked for, marked where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html, format_html_join

from records.keys import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def marked(text: object, words: Sequence[str]) -> SafeString:
    """Write a text with what `words` found in it marked; whatever is in it stays text.

    One or two letters count where a word begins, as in the search.
    """
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", piece) if is_found else piece,)
            for piece, is_found in pieces(str(text), words)
        ),
    )


def pieces(text: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """Cut a text where what was found begins and ends.

    >>> pieces("Groß-Ferrovia", ["ferr", "ss"])
    [('Groß-', False), ('Ferr', True), ('ovia', False)]
    """
    letters, places = folded(text)
    found = set()
    for word in words:
        at = letters.find(word)
        while at >= 0:
            if len(word) > 2 or at == 0 or not letters[at - 1].isalnum():
                found.update(places[at : at + len(word)])
            at = letters.find(word, at + 1)
    cut: list[tuple[str, bool]] = []
    for place, letter in enumerate(text):
        is_found = place in found
        if cut and cut[-1][1] == is_found:
            cut[-1] = (cut[-1][0] + letter, is_found)
        else:
            cut.append((letter, is_found))
    return cut
