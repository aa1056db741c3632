"""What a browser without scripts would send of a page."""

from __future__ import annotations

from html.parser import HTMLParser

from django.http import QueryDict


class _Controls(HTMLParser):
    """Collects the successful controls of a page, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = QueryDict(mutable=True)
        self.options: list[tuple[str, bool]] | None = None
        self.select = ""
        self.area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        name = given.get("name", "")
        if tag == "input" and name:
            kind = given.get("type", "text")
            is_left_out = kind in {"checkbox", "radio"} and "checked" not in given
            if not is_left_out and kind not in {"submit", "button", "file", "image"}:
                default = "on" if kind in {"checkbox", "radio"} else ""
                self.sent.appendlist(name, given.get("value", default))
        elif tag == "select":
            self.select, self.options = name, []
        elif tag == "option" and self.options is not None:
            self.options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self.area = (name, [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self.options:
            # Of a menu a browser sends the first choice where none is marked.
            chosen = [key for key, is_chosen in self.options if is_chosen]
            self.sent.appendlist(self.select, (chosen or [self.options[0][0]])[-1])
            self.options = None
        elif tag == "textarea" and self.area:
            name, texts = self.area
            # As on the wire: line ends are two characters.
            self.sent.appendlist(name, "".join(texts).replace("\n", "\r\n"))
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area[1].append(data)


def posted(html: str) -> QueryDict:
    """Return what the controls in `html` would send, no button pressed."""
    parser = _Controls()
    parser.feed(html)
    parser.close()
    return parser.sent
