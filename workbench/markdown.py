"""Notes as people write them: Markdown, drawn from a few shapes of our own.

The library reads the text and says what stands where; every piece of the page is written here, from
a constant and with its contents escaped. So whatever is typed, no other tag can come about than
those in this file, and no address but of the web and of mail.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# What would make something that was typed invisible, bring in pictures from elsewhere, or take a
# line for a heading that nobody meant as one.
LEFT_OUT = ["code", "entity", "html_block", "html_inline", "image", "lheading", "reference"]
# Without one of these a text is as plain as it looks, and most are.
SIGNS = re.compile(r"[*_`\[\\~]|^ {0,3}(?:[#>+-]|\d{1,9}[.)])|<\w", re.MULTILINE)
ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
WEB = r"https?://[^\s<>\"]*[^\s<>\"'.,;:!?)\]}*_]"
BREAK = SafeString("<br>")
PARTS = re.compile(r"\n[ \t]*\n+")

# What stands for itself, by what the library calls it.
ALONE: dict[str, Callable[[Any], SafeString]] = {
    "softbreak": lambda node: BREAK,
    "hardbreak": lambda node: BREAK,
    "hr": lambda node: SafeString("<hr>"),
    "code_inline": lambda node: format_html("<code>{}</code>", node.content),
    "fence": lambda node: format_html("<pre><code>{}</code></pre>", node.content),
}
# What is put around what is in it.
AROUND: dict[str, Callable[[SafeString], SafeString]] = {
    "hidden": lambda inner: inner,
    "inline": lambda inner: inner,
    "paragraph": lambda inner: format_html("<p>{}</p>", inner),
    "heading": lambda inner: format_html('<p class="c-note__title">{}</p>', inner),
    "strong": lambda inner: format_html("<strong>{}</strong>", inner),
    "em": lambda inner: format_html("<em>{}</em>", inner),
    "s": lambda inner: format_html("<s>{}</s>", inner),
    "blockquote": lambda inner: format_html("<blockquote>{}</blockquote>", inner),
    "bullet_list": lambda inner: format_html("<ul>{}</ul>", inner),
    "list_item": lambda inner: format_html("<li>{}</li>", inner),
}

_parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable(LEFT_OUT)


def markdown(text: str, people: Iterable[tuple[str, str]] = ()) -> SafeString:
    """Draw a text. `people` are names and emails of those whom it mentions: they become chips."""
    return _drawn(text.replace("\r\n", "\n"), tuple(people), is_plain=False)


def plain(text: str) -> SafeString:
    """Draw a text as it was typed, with its lines; only addresses of the web become links."""
    return _drawn(text.replace("\r\n", "\n"), (), is_plain=True)


@lru_cache(maxsize=512)
def _drawn(text: str, people: tuple[tuple[str, str], ...], *, is_plain: bool) -> SafeString:
    drawer = _Drawer(people)
    if is_plain or not SIGNS.search(text):
        return drawer.paragraphs(text)
    return drawer.draw(SyntaxTreeNode(_parser.parse(text)))


class _Drawer:
    """Draws the nodes of one text."""

    def __init__(self, people: tuple[tuple[str, str], ...]) -> None:
        self.names: dict[str, tuple[str, str]] = {}
        self.is_in_link = False
        for name, email in people:
            for handle in (f'@"{name}"', f"@{name}", f"@{email}"):
                self.names[handle.lower()] = (name or email, email)
        handles = sorted(map(re.escape, self.names), key=len, reverse=True)
        chips = rf"|(?<![\w@.])(?:{'|'.join(handles)})(?!\w)" if handles else ""
        self.marks = re.compile(f"({WEB}{chips})", re.IGNORECASE)

    def paragraphs(self, text: str) -> SafeString:
        parts = (part for part in PARTS.split(text.strip("\n")) if part.strip())
        return format_html_join("", "<p>{}</p>", ((self.lines(part),) for part in parts))

    def lines(self, text: str) -> SafeString:
        shown = [self.words(line) for line in text.split("\n")]
        return format_html_join(BREAK, "{}", ((line,) for line in shown))

    def words(self, text: str) -> SafeString:
        """Draw words without any form but links and chips."""
        pieces = self.marks.split(text)
        drawn = (self._mark(p) if number % 2 else p for number, p in enumerate(pieces))
        return format_html_join("", "{}", ((piece,) for piece in drawn))

    def _mark(self, piece: str) -> SafeString:
        if found := self.names.get(piece.lower()):
            name, email = found
            return format_html('<span class="c-mention" title="{}">@{}</span>', email, name)
        return format_html("{}", piece) if self.is_in_link else _link(piece, piece)

    def draw(self, node: Any) -> SafeString:
        """Draw a node and what is in it; what has no shape is drawn as words."""
        kind = "hidden" if node.type == "paragraph" and node.hidden else node.type
        if kind in ALONE:
            return ALONE[kind](node)
        if kind in AROUND:
            return AROUND[kind](self._inner(node))
        if kind == "ordered_list":
            start = str(node.attrs.get("start", 1))
            return format_html('<ol start="{}">{}</ol>', start, self._inner(node))
        if kind == "link":
            self.is_in_link = True
            words = self._inner(node)
            self.is_in_link = False
            return _link(str(node.attrs.get("href", "")), words)
        return self._inner(node) if kind == "root" or node.children else self.words(node.content)

    def _inner(self, node: Any) -> SafeString:
        return format_html_join("", "{}", ((self.draw(child),) for child in node.children))


def _link(address: str, words: Any) -> SafeString:
    """Draw a link, if it leads to the web or to mail; else only its words."""
    if not ADDRESS.fullmatch(address):
        return format_html("{}", words)
    return format_html('<a href="{}" rel="nofollow noopener noreferrer">{}</a>', address, words)
