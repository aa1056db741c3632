"""The columns a list can show: cells are put together here, as a template per cell is too slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode
from zlib import crc32

import django_tables2 as tables
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from records.custom import in_file, in_words, prepare
from records.field_types import type_of
from records.keys import tag_key
from records.models import CustomField
from records.operations.tags import in_order
from users import formats
from workbench.templatetags.workbench import (
    AVATAR_TINTS,
    ago,
    day,
    due,
    due_state,
    money,
    step_icon,
    tint,
)

if TYPE_CHECKING:
    from users.models import User

LONGEST_CELL = 120  # characters of a text in a list; the record shows all of it
SORTED = "sorted_by_custom"  # the annotation that a list is sorted by
PIP_WORDS = {
    ("budget", "known"): gettext_lazy("budget known"),
    ("budget", "partly"): gettext_lazy("budget partly known"),
    ("budget", "unknown"): gettext_lazy("budget unknown"),
    ("authority", "known"): gettext_lazy("authority known"),
    ("authority", "partly"): gettext_lazy("authority partly known"),
    ("authority", "unknown"): gettext_lazy("authority unknown"),
    ("need", "known"): gettext_lazy("need known"),
    ("need", "partly"): gettext_lazy("need partly known"),
    ("need", "unknown"): gettext_lazy("need unknown"),
    ("timeframe", "known"): gettext_lazy("timeframe known"),
    ("timeframe", "partly"): gettext_lazy("timeframe partly known"),
    ("timeframe", "unknown"): gettext_lazy("timeframe unknown"),
}


def pips_in_words(parts: Iterable[Any]) -> str:
    """Say of each letter of BANT how much is known: "Budget known, authority unknown"."""
    sentence = ", ".join(str(PIP_WORDS[part.name, part.state]) for part in parts)
    return sentence[:1].upper() + sentence[1:]


# Cells


def badge(label: Any, tone: str = "") -> SafeString:
    """A small coloured word."""
    return _badge(str(label) if isinstance(label, Promise) else label, tone)


# What is safe is another label than what only reads the same.
@lru_cache(maxsize=1024, typed=True)
def _badge(label: Any, tone: str) -> SafeString:
    return format_html(
        '<span class="c-badge{}">{}</span>', f" c-badge--{tone}" if tone else "", label
    )


def avatar(user: User | None) -> SafeString:
    """The initials of a person, with the name for readers; nobody is a dashed circle."""
    if user is None:
        return _avatar("none", _("Unassigned"), "")
    return _avatar(str(tint(user)), str(user), user.initials)


@lru_cache(maxsize=1024)
def _avatar(tone: str, label: str, initials: str) -> SafeString:
    return format_html(
        '<span class="c-avatar c-avatar--{0}" role="img" aria-label="{1}" title="{1}">{2}</span>',
        tone,
        label,
        initials,
    )


def pips(parts: tuple[Any, ...]) -> SafeString:
    """The four letters of BANT: solid is known, half is partly known, dashed is unknown."""
    return _pips(parts, get_language())


@cache  # 81 ways to know something, in each language
def _pips(parts: tuple[Any, ...], _language: str | None) -> SafeString:
    letters = format_html_join(
        "",
        '<span class="c-pip{}">{}</span>',
        (("" if p.state == "unknown" else f" c-pip--{p.state}", p.letter) for p in parts),
    )
    known = sum(part.state == "known" for part in parts)
    return format_html(
        '<span class="c-bant" role="img" aria-label="{}">{}</span>'
        '<span class="c-bant__count">{}</span>',
        pips_in_words(parts),
        letters,
        _("%(known)s of 4") % {"known": known},
    )


def next_step(record: Any) -> SafeString:
    """What to do next and when; that there is nothing to do is said, not left blank."""
    text, moment = record.next_step, record.next_step_at
    if not text and moment is None:
        if not getattr(record, "is_open", True):
            return SafeString("")
        return _nothing_next(_("No next step"))
    state, when = "planned", SafeString("")
    if moment:
        # It is the words that are cut short in a narrow column, never the day.
        state = due_state(moment)
        when = format_html(
            '<span class="c-hidden">,</span> <span class="c-next__due">{}</span>', due(moment)
        )
    return format_html(
        '<span class="c-next c-next--{}" title="{}">{} <span>{}</span>{}</span>',
        state,
        text,
        step_icon(state),
        text,
        when,
    )


@cache  # in each language
def _nothing_next(words: str) -> SafeString:
    return format_html(
        '<span class="c-next c-next--none">{} <span>{}</span></span>', step_icon("none"), words
    )


def age(moment: Any, limit: int = 0) -> SafeString | str:
    """How many days ago; over the limit in amber."""
    days = (timezone.localdate() - timezone.localtime(moment).date()).days
    text = ngettext("%(n)s day", "%(n)s days", days) % {"n": days} if days else _("Today")
    return format_html('<span class="c-warn">{}</span>', text) if limit and days > limit else text


def tags_of(record: Any, list_url: str = "", most: int = 0) -> SafeString:
    """The tags of a record, by the alphabet; each leads to the list of all that have it.

    Of more than `most` the others are counted. `with_tag_names` has read them with the record.
    """
    if hasattr(record, "tag_names"):
        tags = record.tag_names.split(", ") if record.tag_names else []
    else:
        tags = [tag.name for tag in record.tags.all()]
    tags.sort(key=tag_key)
    shown = tags[:most] if most else tags
    words = [_tag(name, tag_key(name), list_url) for name in shown]
    if more := len(tags) - len(shown):
        rest = ", ".join(tags[len(shown) :])
        words.append(format_html('<span class="c-meta" title="{}">+{}</span>', rest, more))
    if not words:
        return SafeString("")
    # Between the words stands a blank: without styles they would run into one another.
    return format_html(
        '<span class="c-tags">{}</span>', format_html_join(" ", "{}", ((word,) for word in words))
    )


@lru_cache(maxsize=4096)
def _tag(name: str, key: str, list_url: str) -> SafeString:
    tone = crc32(key.encode()) % AVATAR_TINTS
    if not list_url:
        return format_html('<span class="c-tag c-tag--{}" title="{}">{}</span>', tone, name, name)
    query = urlencode({"tag": name})
    return format_html(
        '<a class="c-tag c-tag--{}" href="{}?{}">{}</a>', tone, list_url, query, name
    )


# Columns


class Cell(tables.Column):
    """A column whose cell is made by a function of the record.

    It can be sorted by when `order_by` says what that means.
    """

    is_number: ClassVar[bool] = False
    # Shown only in a list for which somebody has chosen it.
    is_extra: ClassVar[bool] = False

    def __init__(
        self,
        cell: Callable[[Any], Any] | None = None,
        *,
        css: str = "",
        plain: Callable[[Any], Any] | None = None,
        edits: str = "",
        **options: Any,
    ) -> None:
        self.cell = cell
        # The field of the record's form that can be changed in the cell.
        self.edits = edits
        # The value of the cell in a file: a text, a number, a day; else the words that it shows.
        self.plain = plain
        if self.is_number:
            css = f"{css} c-number".strip()
        options.setdefault("empty_values", ())
        options.setdefault("orderable", False)
        options.setdefault("attrs", {"td": {"class": css}, "th": {"class": css}})
        super().__init__(**options)

    @property
    def draws_record(self) -> bool:
        """Say whether the cell is made of the record; else it is the plain value."""
        return self.cell is not None or type(self).render is not Cell.render

    def render(self, record: Any, value: Any = None) -> Any:
        if self.cell is not None:
            return self.cell(record)
        return "" if value is None else value


class NameColumn(Cell):
    """The name, which opens the record, with a word about it and a line beneath."""

    trail = ""  # what the address of each record carries of the list

    def __init__(
        self,
        *,
        note: Callable[[Any], Any] | None = None,
        line: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> None:
        self.note, self.line = note, line
        super().__init__(css="c-cell--name", accessor="pk", plain=str, **options)

    def render(self, record: Any, value: Any = None) -> Any:
        note = self.note(record) if self.note else ""
        line = self.line(record) if self.line else ""
        return format_html(
            '<a href="{0}" title="{1}">{1}</a> {2}{3}',
            href(record, self.trail),
            str(record),
            note,
            format_html('<span class="c-cell__topic">{}</span>', line) if line else "",
        )


class AmountColumn(Cell):
    """Money in the record's own currency, whole units."""

    is_number = True

    def __init__(self, field: str, **options: Any) -> None:
        self.field = field
        super().__init__(
            css="c-cell--amount",
            accessor="pk",
            plain=lambda record: getattr(record, field),
            **{"edits": field, **options},
        )

    def render(self, record: Any, value: Any = None) -> Any:
        amount = getattr(record, self.field)
        return "" if amount is None else money(amount.quantize(0 * amount + 1), record.currency)

    def currency_of(self, record: Any) -> str:
        return "" if getattr(record, self.field) is None else str(record.currency)


class NextStepColumn(Cell):
    """The next step, late ones in red."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("verbose_name", gettext_lazy("Next step"))
        options.setdefault("order_by", ("next_step_at",))
        super().__init__(
            next_step,
            css="c-cell--next",
            accessor="pk",
            plain=lambda record: record.next_step,
            **options,
        )


class TouchColumn(Cell):
    """When somebody last worked on it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("verbose_name", gettext_lazy("Last touch"))
        options.setdefault("order_by", ("touched_at",))
        options.setdefault("initial_sort_descending", True)
        super().__init__(
            lambda record: ago(record.touched_at) if record.touched_at else "",
            css="c-cell--touch",
            accessor="pk",
            plain=lambda record: record.touched_at,
            **options,
        )


class AgeColumn(Cell):
    """For how many days we have had it; open ones over `limit` days in amber."""

    def __init__(self, limit: int = 30, **options: Any) -> None:
        options.setdefault("verbose_name", gettext_lazy("Age"))
        options.setdefault("order_by", ("-created_at",))
        super().__init__(
            lambda record: age(record.created_at, limit if record.is_open else 0),
            css="c-quiet",
            accessor="pk",
            **options,
        )


class DayColumn(Cell):
    """A date."""

    def __init__(self, field: str, **options: Any) -> None:
        super().__init__(
            lambda record: day(getattr(record, field)) if getattr(record, field) else "",
            accessor="pk",
            plain=lambda record: getattr(record, field),
            **options,
        )


class OwnerColumn(Cell):
    """Whose it is."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("verbose_name", gettext_lazy("Owner"))
        options.setdefault("order_by", ("owner__name",))
        options.setdefault("edits", "owner")
        super().__init__(
            lambda record: avatar(record.owner),
            css="c-cell--owner",
            accessor="pk",
            plain=lambda record: str(record.owner or ""),
            **options,
        )


class TagsColumn(Cell):
    """The tags of a record, for those who ask for the column."""

    is_extra = True
    MOST = 3

    def __init__(self, **options: Any) -> None:
        options.setdefault("verbose_name", gettext_lazy("Tags"))
        super().__init__(
            lambda record: tags_of(record, most=self.MOST),
            css="c-cell--tags",
            accessor="pk",
            edits="tags",
            plain=lambda record: "; ".join(in_order(record.tags.all())),
            **options,
        )


class CustomColumn(Cell):
    """A custom field in the words of its type; on a phone its label stands before it.

    `sort_value` is what rows are ordered by, if they can be.
    """

    def __init__(self, definition: CustomField) -> None:
        self.definition = definition
        kind = type_of(definition)
        self.sort_value = kind.sort_value(definition)
        super().__init__(
            css="c-cell--custom c-number" if kind.is_number else "c-cell--custom",
            verbose_name=definition.label,
            accessor="pk",
            order_by=(SORTED,) if self.sort_value is not None else (),
            edits=definition.name,
            plain=lambda record: in_file(definition, record.custom.get(definition.key)),
            initial_sort_descending=kind.is_latest_first,
        )

    def prepare(self, records: Any) -> None:
        """Read at once what the cells of these rows need."""
        prepare(self.definition, records)

    def render(self, record: Any, value: Any = None) -> Any:
        words = in_words(self.definition, record.custom.get(self.definition.key))
        if not words:
            return ""
        if len(words) > LONGEST_CELL:
            words = f"{words[:LONGEST_CELL]}…"
        return format_html(
            '<span class="c-cell__label">{}</span> <span title="{}">{}</span>',
            self.definition.label,
            words,
            words,
        )


def words_in(cell: Any) -> Any:
    """Return the words of a cell, without its markup."""
    return unescape(strip_tags(cell)).strip() if isinstance(cell, SafeString) else cell


def select_box(record: Any) -> SafeString:
    """The box that selects a row; it belongs to the form of the bar below the list."""
    return format_html(
        '<td class="c-select"><label><input class="c-check" type="checkbox" name="id" value="{}" '
        'form="selection" data-select aria-label="{}"></label></td>',
        record.pk,
        _("Select %(record)s") % {"record": record},
    )


def href(record: Any, trail: str = "") -> str:
    """Return the address of a record; resolving it once per list, not once per row.

    Of what lies in the recycle bin its page says so, and leads whoever may restore it to the way
    back. `trail` is what the page needs to know of the list, as a query string.
    """
    pattern = _PATTERNS.get(type(record))
    if pattern is None:
        pattern = reverse(f"{record.url_namespace}:detail", kwargs={"pk": 0})
        _PATTERNS[type(record)] = pattern
    return pattern.replace("/0/", f"/{record.pk}/") + trail


_PATTERNS: dict[type[Any], str] = {}


class RecordTable(tables.Table):
    """The rows of a list. Sorting and paging are the page's: here are only cells.

    `related` names the columns of the card on another room's record; without it there are all.
    """

    related: ClassVar[tuple[str, ...]] = ()

    class Meta:
        orderable = False
        template_name = "workbench/list.html"

    def __init__(
        self, data: Any, *, user: User, selects: bool = False, trail: str = "", **options: Any
    ) -> None:
        self.user, self.selects, self.trail = user, selects, trail
        # Who does not say what is left out leaves out what nobody has asked for.
        extra = [name for name, column in self.base_columns.items() if column.is_extra]
        options.setdefault("exclude", extra)
        super().__init__(data, orderable=False, **options)
        for bound in self.columns:
            if isinstance(bound.column, NameColumn):
                bound.column.trail = trail

    def prepare(self, records: Any) -> None:
        """Read what the custom fields of these rows name: a statement for each that links."""
        for bound in self.columns:
            if isinstance(bound.column, CustomColumn):
                bound.column.prepare(records)

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Each row as its address and its cells: class, text."""
        self.prepare(self.data)
        columns = [
            (bound.column.attrs.get("td", {}).get("class", ""), self.drawer_of(bound))
            for bound in self.columns
        ]
        return [
            {
                "url": href(record, self.trail),
                "record": record,
                "cells": [(css, draw(record)) for css, draw in columns],
            }
            for record in self.data
        ]

    @property
    def lines(self) -> list[SafeString]:
        """Each row as HTML, the first cell as its heading; before it a box where rows are selected.

        A row leads where the link of its heading leads.

        A template would ask for each cell whether it is the first and what class it has, which
        takes as long as drawing it.
        """
        self.prepare(self.data)
        first, *others = (
            (conditional_escape(bound.column.attrs.get("td", {}).get("class", "")), draw)
            for bound, draw in ((bound, self.drawer_of(bound)) for bound in self.columns)
        )
        bare, end = SafeString("<td>"), SafeString("</td>")
        others = [
            (format_html('<td class="{}">', css) if css else bare, draw) for css, draw in others
        ]

        def cells(record: Any) -> SafeString:
            # Added up, as to format each cell takes longer than to draw it.
            line = SafeString("")
            for tag, draw in others:
                line = line + tag + conditional_escape(draw(record)) + end
            return line

        return [
            format_html(
                '<tr data-row-href>{}<th scope="row" class="{}">{}</th>{}</tr>',
                select_box(record) if self.selects else "",
                first[0],
                first[1](record),
                cells(record),
            )
            for record in self.data
        ]

    def plain_columns(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """Return each column as a file has it: its heading, and what gives the value of a record.

        An amount is a number, so the code of its currency stands in a column beside it.
        """
        found: list[tuple[str, Callable[[Any], Any]]] = []
        for bound in self.columns:
            column, head = bound.column, str(bound.column.verbose_name)
            draw = self.drawer_of(bound)
            found.append((head, column.plain or (lambda record, draw=draw: words_in(draw(record)))))
            if isinstance(column, AmountColumn):
                beside = _("%(column)s, currency") % {"column": head}
                found.append((beside, column.currency_of))
            if isinstance(column, NextStepColumn):
                found.append((_("Due"), lambda record: record.next_step_at))
        return found

    def drawer_of(self, bound: Any) -> Callable[[Any], Any]:
        """Return what draws a column's cell of a record.

        The library finds that out for every cell anew, which takes longer than the drawing.
        """
        method = getattr(self, f"render_{bound.name}", None)
        if method is not None:
            return lambda record: method(record=record)
        if bound.column.draws_record:
            return bound.column.render  # type: ignore[no-any-return]
        resolve = bound.accessor.resolve

        def draw(record: Any) -> Any:
            value = resolve(record, quiet=True)
            return "" if value is None else formats.value(value)

        return draw
