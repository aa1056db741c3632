"""A language that nobody speaks: every text of ours in brackets, its words a third longer.

What stands on a page outside of brackets was not translated: its text is not marked, or marked in a
way in which no catalogue would ever find it. What people typed is made Greek for that, so that no
Latin letter is theirs.
"""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from math import ceil
from pathlib import Path
from typing import Any

import django
from babel.messages.pofile import read_po
from django.apps import apps
from django.db import models
from django.test import override_settings
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = Path(django.__file__).resolve().parent.parent
CODE = "en-xa"
OPEN, CLOSE = "⟦", "⟧"
LONGER = 0.35
MARKS = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext",
    "pgettext_lazy", "npgettext",
}  # fmt: skip
# What stays as it is inside a text: places for values, tags, entities.
KEPT = re.compile(r"%\([a-z_]+\)[sd]|%%|%[sd]|\{[a-z_]*\}|<[^>]*>|&[a-z#0-9]+;|\n")


# The catalogue


@cache
def msgids() -> frozenset[str]:
    """Return every text that is marked for translation: in our sources, and in the libraries."""
    found: set[str] = set()
    rooms = [
        folder.parent for folder in ROOT.glob("*/__init__.py") if folder.parent.name != "tests"
    ]
    for room in rooms:
        for path in room.rglob("*.py"):
            found |= _marked_in(ast.parse(path.read_text()))
    for path in (ROOT / "templates").rglob("*.html"):
        found |= _marked_in_template(path)
    for path in LIBRARIES.glob("**/locale/en/LC_MESSAGES/django*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                found |= set(message.id) if isinstance(message.id, tuple) else {str(message.id)}
    return frozenset(found - {""})


def _marked_in(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
        if name in MARKS:
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            found |= {text for text in texts if isinstance(text, str)}
    return found


def _marked_in_template(path: Path) -> set[str]:
    """Read a template as Django does for the tools that make catalogues."""
    found = set()
    text = templatize(path.read_text(), origin=str(path))
    for start in re.finditer(r"\b(?:n?p?gettext|_)\(", text):
        for end in re.finditer(r"\)", text[start.start() :]):
            try:
                call = ast.parse(text[start.start() : start.start() + end.end()].strip())
            except (SyntaxError, ValueError):
                continue
            found |= _marked_in(call)
            break
    return found


def pseudo(text: str) -> str:
    """Return a text in brackets, its words a third longer.

    >>> pseudo("Leads of %(who)s")
    '⟦Leeeads oof %(who)s⟧'
    """
    parts, at = [], 0
    for kept in KEPT.finditer(text):
        parts += [_longer(text[at : kept.start()]), kept[0]]
        at = kept.end()
    return f"{OPEN}{''.join(parts)}{_longer(text[at:])}{CLOSE}"


def _longer(text: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda word: _longer_word(word[0]), text)


def _longer_word(word: str) -> str:
    more = ceil(len(word) * LONGER)
    vowel = re.search(r"[aeiouy]", word, re.IGNORECASE)
    place = vowel.end() if vowel else 1
    return word[:place] + word[place - 1].lower() * more + word[place:]


class Pseudo(gettext.NullTranslations):
    """What Django asks for texts; one that no catalogue has stays as it is, as it would."""

    domain = "django"

    def language(self) -> str:
        return CODE

    to_language = language

    def gettext(self, message: str) -> str:
        _context, _mark, bare = message.rpartition("\x04")
        return pseudo(bare) if bare in msgids() else message

    def ngettext(self, msgid1: str, msgid2: str, n: Any) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@contextmanager
def spoken() -> Iterator[None]:
    """Have the language among those that people can choose."""
    languages = [("en", "English"), (CODE, "Pseudo"), ("ar", "العربية")]
    with override_settings(LANGUAGES=languages):  # which forgets every catalogue, at both ends
        trans_real._translations[CODE] = Pseudo()  # type: ignore[attr-defined]
        yield


# What people typed

# Columns whose texts are names for programs, or are looked up by how they look.
FOR_PROGRAMS = re.compile(
    r"key|slug|code|email|website|url|domain|query|permission|password|digest|prefix|search|"
    r"external_id|kind|type|state|status|event|country|currency|phone|mobile|.*_key|.*_code|"
    r"model|app_label|session_.*|task_path|backend.*|locale|language|time_zone|start_page|theme|"
    r"density|block_.*|via|message_id|headers?|to|cc|bcc|sender|reply_to|html|worker|"
    r"user_agent|name_key|text_key|first_weekday|currency_display|mail|what|action|path|digits|sha256"
)
GREEK = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "αβκδεφγηιϳκλμνοπθρστυωωξψζΑΒΚΔΕΦΓΗΙϹΚΛΜΝΟΠΘΡΣΤΥΩΩΞΨΖ",
)
OURS = {
    "crm", "intake", "reports", "duplicates", "leads", "opportunities", "accounts", "activities",
    "workbench", "records", "users", "emails", "handover", "imports", "webhooks",
}  # fmt: skip


def make_greek() -> None:
    """Write what people typed with other letters, in every table of ours."""
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        texts = [
            column.attname
            for column in model._meta.concrete_fields
            if isinstance(column, models.CharField | models.TextField)
            and not column.choices
            and not column.is_relation
            and not FOR_PROGRAMS.fullmatch(column.name)
        ]
        tables = [
            column.attname
            for column in model._meta.concrete_fields
            if isinstance(column, models.JSONField)
        ]
        for row in model._base_manager.values("pk", *texts, *tables):
            new = {name: row[name].translate(GREEK) for name in texts if row[name]}
            new |= {name: _greek_labels(row[name]) for name in tables}
            if new:
                model._base_manager.filter(pk=row["pk"]).update(**new)


TYPED = {
    "label", "unmet_label", "title", "topic", "name", "words", "first_name", "last_name", "company",
    "city", "text", "job_title", "description", "subject",
}  # fmt: skip


def _greek_labels(value: Any) -> Any:
    """Change in JSON what is shown as it is: labels; all else may be a word for programs."""
    match value:
        case dict():
            return {
                key: each.translate(GREEK)
                if key in TYPED and isinstance(each, str)
                else [text.translate(GREEK) for text in each]
                if key == "reasons" and all(isinstance(text, str) for text in each)
                else _greek_labels(each)
                for key, each in value.items()
            }
        case list():
            return [_greek_labels(each) for each in value]
    return value


# What a page says

# Their texts are for programs, or are the same in every language.
UNREAD = {"script", "style", "code", "kbd", "pre", "svg", "template"}
READ = {"title", "aria-label", "placeholder", "alt", "label"}
PARTS = {
    "p", "div", "li", "td", "th", "tr", "h1", "h2", "h3", "h4", "label", "button", "option", "dt",
    "dd", "section", "form", "legend", "summary", "nav", "title", "caption", "body",
    "ul", "ol", "table", "header", "main", "details", "dialog", "article", "footer",
    "figure", "text", "select", "fieldset", "textarea",
}  # fmt: skip
VOID = {"input", "br", "hr", "meta", "link", "img", "wbr", "use", "rect", "path", "circle", "line"}
ALLOWED = re.compile(
    r"https?://\S+|minicrm|\bBANT\b|[\w.+-]+@[\w.-]+|\b(?:[\w-]+\.)+(?:example|com|net|org|csv|xlsx)\b"
    # Days and months come from the region, whatever the language.
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
    r"|\b(?:January|February|March|April|June|July|August|September|October|November|December)\b"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|\b[A-Z]{3}\b|\b\d+[kMB]\b|\b\d+:\d\d\b|[€$]\d[\d.,]*[KMB]?|\b[A-Z][a-z]+/[A-Z][A-Za-z_/]+\b"
    r"|\bCtrl\b|\bEnter\b|\bEsc\b|\bAlt\b|\bShift\b|\bTab\b|\bEnglish\b|\bPseudo\b|\bXLSX\b"
)
LETTERS = re.compile(r"[A-Za-z]{2,}")


class Leaks(HTMLParser):
    """What a page says outside of brackets."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.depth = 0
        self.unread: list[str] = []
        self.said = ""
        self.feed(html)
        self.close()
        self._end_of_part()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in PARTS:
            self._end_of_part()
        # The names of regions come with the regions, whatever the language.
        if tag in UNREAD or (tag, ("name", "locale")) in [(tag, pair) for pair in attrs]:
            self.unread.append(tag)
        for name, value in attrs:
            is_said = name in READ or (name.startswith("data-") and " " in (value or "").strip())
            is_said = is_said and name != "data-shapes"
            if value and is_said and not self.unread and not value.lstrip().startswith(("{", "[")):
                self._look(outside(value), f"{tag} {name}")
            elif tag == "input" and name == "value" and dict(attrs).get("type") == "submit":
                self._look(outside(value or ""), "submit")

    def handle_endtag(self, tag: str) -> None:
        if self.unread and self.unread[-1] == tag:
            self.unread.pop()
        if tag in PARTS:
            self._end_of_part()

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.said += data

    def _end_of_part(self) -> None:
        self._look(outside(self.said), "text")
        self.said = ""

    def _look(self, text: str, where: str) -> None:
        text = ALLOWED.sub(" ", text)
        if LETTERS.search(text):
            self.found.append(f"{where}: {' '.join(text.split())[:90]}")


def outside(text: str) -> str:
    """Return what of a text stands outside of brackets; what lost an end of one counts as inside.

    >>> outside("⟦Leads⟧ of ⟦me ⟦too⟧⟧"), outside("⟦cut"), outside("off⟧ end")
    (' of ', '', ' end')
    """
    kept, depth = "", 0
    text = text if text.find(CLOSE) >= text.find(OPEN) >= 0 or CLOSE not in text else OPEN + text
    for sign in text:
        if sign == OPEN:
            depth += 1
        elif sign == CLOSE:
            depth = max(0, depth - 1)
        elif not depth:
            kept += sign
    return kept


def leaks(html: str) -> list[str]:
    """Return each text of a page that escapes translation."""
    return Leaks(html).found
