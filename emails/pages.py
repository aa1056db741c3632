"""The words of an email that was written as a page, read in one go whatever somebody made of it."""

from __future__ import annotations

import html
import re

LONGEST_TAG = 4_000  # characters; what is longer is no tag
MOST_BROKEN = 1_000  # tags that do not end; what comes after so many of them is words

_TAG = re.compile(r"""<(/?)([a-z][^\s/<>"']*)(?:"[^"]*"|'[^']*'|[^"'>])*>""", re.IGNORECASE)
_BLOCKS = frozenset(
    "address article aside blockquote div dl dt dd figure footer form h1 h2 h3 h4 h5 h6 header hr "
    "li main nav ol p pre section table tr ul br".split()
)
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({"head", "template"})
# What is in them is no markup: they end where their name stands after "</", or never.
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "title")}


def text_of_html(page: str) -> str:
    """Return the words of a page: no script, no picture, no address that somebody could follow.

    >>> text_of_html("<p>Dear&nbsp;Ada,</p><script>alert(1)</script><div>see <b>you</b></div>")
    'Dear Ada,\\n\\nsee you'
    """
    text = "".join(_words_of(page)).replace("\xa0", " ")
    lines = [line.strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _words_of(page: str) -> list[str]:
    """Return the pieces of a page. No place in it is looked at twice, but the start of a tag."""
    words: list[str] = []
    at, unseen, broken = 0, 0, 0
    while at < len(page):
        begins = page.find("<", at) if broken < MOST_BROKEN else -1
        begins = len(page) if begins < 0 else begins
        if not unseen:
            words.append(_said(page[at:begins]))
        at = begins
        if page.startswith(("<!", "<?"), at):
            at = _behind(page, "-->" if page.startswith("<!--", at) else ">", at)
            continue
        tag = _TAG.match(page, at, at + LONGEST_TAG)
        if tag is None:
            # A sign like any other: "a < b".
            if not unseen:
                words.append(page[at : at + 1])
            at, broken = at + 1, broken + 1
            continue
        at, is_end, name = tag.end(), bool(tag[1]), tag[2].lower()
        if name in _UNSEEN:
            unseen = max(0, unseen - 1) if is_end else unseen + 1
        elif name in _RAW and not is_end:
            end = _RAW[name].search(page, at)
            at = end.start() if end else len(page)
        elif name in _BLOCKS and not unseen:
            words.append("\n")
        elif name in _CELLS and not unseen and not is_end:
            words.append(" ")
    return words


def _behind(page: str, end: str, at: int) -> int:
    """Return the place behind the next `end`; what has none goes on until the page ends."""
    found = page.find(end, at)
    return len(page) if found < 0 else found + len(end)


def _said(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    try:
        return html.unescape(text)
    except ValueError:  # the number of a character, of thousands of digits
        return text
