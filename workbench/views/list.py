"""A list of records: what is in it stands in the address, to be sent, kept and gone back to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import IntegerField, Model, Subquery, TextField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView, View
from django_htmx.http import push_url

from records.keys import search_key
from records.models import Record
from records.permissions import may
from users import formats
from users.models import User
from workbench.filters import WHERE, applied, custom_fields_of, where_seen
from workbench.forms import error_links, label_of
from workbench.rows import ACTIONS
from workbench.tables import SORTED, CustomColumn
from workbench.views.export import Exported
from workbench.views.kept import FROM, PAGING, VIEW, Views
from workbench.views.paging import Key, cursor_of, keys_for, place_of, slice_of
from workbench.views.record import Page
from workbench.views.selection import offered_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from workbench.filters import RecordFilter
    from workbench.tables import Cell, RecordTable
    from workbench.views.selection import ForSelected

MOST_COUNTED = 10_000
MOST_IN_TAB = 1_000  # a list has a dozen tabs: what is beyond, nobody reads off a tab
MOST_SORTS = 4
MOST_BROADER = 6  # filters of which each is left out once, where a list is empty
MOST_TOLD = 5
SIZES = (25, 50, 100)
COLUMNS = "columns"
UP = "up"  # of the columns that are sent along, the one that goes a place up
# Said in the address by whom prefers another one.
STANDARD = "standard"
DENSITIES = {
    "compact": (_("Compact"), "baseline-density-small"),
    "": (_("Standard"), "baseline-density-medium"),
    "comfortable": (_("Comfortable"), "baseline-density-large"),
}
PARTS = ("list", "list-body")  # what htmx fetches alone
PROPOSED = 10


@dataclass(frozen=True)
class Tab:
    """A view of a list: a name, and the query string that it stands for."""

    label: Any
    query: str


class CountUpTo(Subquery):
    """Count rows, but no further than one past the limit: an exact count reads the whole table."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS _counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any, Any], limit: int = MOST_COUNTED) -> None:
        super().__init__(rows.order_by().values("pk")[: limit + 1])


class Totals(Subquery):
    """Count rows and add up two columns of theirs for each currency, in one reading of the rows.

    It is no further than one past the limit, as with `CountUpTo`. The value is JSON: a list of
    [currency, rows, sum of the first column, sum of the second].
    """

    output_field = TextField()
    template = (
        "(SELECT %(all)s(%(each)s(c, n, a, b)) FROM ("
        "SELECT %(currency)s AS c, COUNT(*) AS n, SUM(%(first)s) AS a, SUM(%(second)s) AS b"
        " FROM (%(subquery)s) AS _read GROUP BY %(currency)s) AS _summed)"
    )

    def __init__(
        self, rows: QuerySet[Any, Any], first: str, second: str, limit: int = MOST_COUNTED
    ) -> None:
        read = rows.order_by().values("currency", first, second)
        field = rows.model._meta.get_field
        columns = {
            name: field(path).column for name, path in (("first", first), ("second", second))
        }
        super().__init__(read[: limit + 1], currency="currency", **columns)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        words = {"all": "json_group_array", "each": "json_array"}
        return self.as_sql(compiler, connection, **words, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        words = {"all": "jsonb_agg", "each": "jsonb_build_array"}
        return self.as_sql(compiler, connection, **words, **context)


@dataclass(frozen=True)
class Worth:
    """What `Totals` found: how many rows, what they are worth in all, and in each currency."""

    count: int
    total: Decimal | None
    by_currency: list[tuple[str, Decimal]]

    @classmethod
    def of(cls, found: str | None) -> Worth:
        """Read the value of a `Totals`."""
        rows = sorted(json.loads(found or "null", parse_float=Decimal) or [])
        known = [_cents(total) for _currency, _rows, total, _own in rows if total is not None]
        own = [(code, _cents(own)) for code, _rows, _total, own in rows if own is not None]
        return cls(sum(row[1] for row in rows), sum(known, Decimal()) if known else None, own)


def _cents(value: Decimal | int) -> Decimal:
    """Return an amount of money: SQLite adds up in floating point."""
    return Decimal(value).quantize(Decimal("0.01"))


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


@lru_cache(maxsize=512)
def only(filter_class: Any, names: frozenset[str]) -> Any:
    """Return a filter that knows these names alone: a list needs two of two dozen."""
    narrow: Any = type(filter_class.__name__, (filter_class,), {})
    narrow.base_filters = {
        name: filter_ for name, filter_ in filter_class.base_filters.items() if name in names
    }
    narrow.is_narrow = True
    return narrow


def moved_up(names: list[str], name: str) -> str:
    """Return the columns with one a place before; the first always leads.

    >>> moved_up(["name", "company", "value"], "value"), moved_up(["name", "value"], "value")
    ('name,value,company', 'name,value')
    """
    if name in names[2:]:
        place = names.index(name)
        names = [*names[: place - 1], name, names[place - 1], *names[place + 1 :]]
    return ",".join(names)


def count_text(count: int, most: int = MOST_COUNTED) -> str:
    """Return a capped count in words: "38", "10,000+"."""
    return formats.count(min(count, most)) + ("+" if count > most else "")


class ListView(Exported, Page, TemplateView):
    """The records of a kind that the user may see: narrowed, sorted, page by page.

    `?q=`, the filters and `?where=` narrow, `?sort=-value,name` sorts by columns that declare
    `order_by`, `?per=` is the size of a page, `?columns=company,status` picks and orders the
    columns, `?density=` the height of rows. Without any parameter the view is shown that the user
    begins with, else the first of `tabs`. What an address says beyond is passed over, and told.
    """

    template_name = "workbench/list.html"
    table_class: ClassVar[type[RecordTable]]
    filter_class: ClassVar[type[RecordFilter]]
    tabs: ClassVar[Sequence[Tab]] = ()
    # A template for the records instead of a table.
    results_template: ClassVar[str] = ""
    order: ClassVar[Sequence[str]] = ("-created_at",)
    # What is added up for the whole view: a column in the records' own currencies, and the same in
    # the currency of the house.
    amount_column: ClassVar[str] = ""
    total_column: ClassVar[str] = ""
    for_selected: ClassVar[Sequence[ForSelected]] = ()
    # Parameters that the list has beside its filters.
    own_names: ClassVar[frozenset[str]] = frozenset(
        {"q", "sort", "per", "density", COLUMNS, UP, VIEW, FROM, "bin", *PAGING}
    )
    action = "view"

    def get_template_names(self) -> list[str]:
        if self.is_part:
            return [f"{self.template_name}#{self.request.htmx.target}"]  # type: ignore[attr-defined]
        return [self.template_name]

    @property
    def is_part(self) -> bool:
        """Say whether htmx asks for the list or its body only."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx) and htmx.target in PARTS and not htmx.history_restore_request

    def get_rows(self) -> QuerySet[Any, Any]:
        return self.model.objects.permitted(self.user, "view")  # type: ignore[attr-defined,no-any-return]

    @cached_property
    def data(self) -> QueryDict:
        """The parameters that hold: those of the address, of the view that it names, or of the one
        that the list begins with.
        """
        asked = self.request.GET
        data = asked
        if not asked or asked.keys() & {VIEW, FROM}:
            data = self.saved.data
            if not data and not asked and self.tabs:
                data = QueryDict(self.tabs[0].query)
        boxes, sorts = data.getlist(COLUMNS), data.getlist("sort")
        if not boxes and len(sorts) < 2 and UP not in data:
            return data
        # Each box of a menu sends its own; in the address they are one word that can be read.
        said: Any = data.copy()
        up = said.pop(UP, [""])[-1]
        if boxes:
            said[COLUMNS] = self.chosen(moved_up(",".join(boxes).split(","), up))
        if sorts:
            said["sort"] = ",".join(filter(None, sorts))
        return said  # type: ignore[no-any-return]

    @cached_property
    def saved(self) -> Views:
        """The views of this list that people have saved and that the user may see."""
        return Views(self.user, self.kind, self.request.GET)

    @cached_property
    def reached(self) -> QuerySet[Any, Any]:
        """What this list and each of its tabs narrow."""
        return self.get_rows()

    @cached_property
    def filter(self) -> RecordFilter:
        return self.filtered_by(self.data)

    def filtered_by(self, data: QueryDict) -> RecordFilter:
        """Return the filters that `data` names: making all of two dozen costs more than a page."""
        filter_class: Any = self.filter_class
        names = frozenset(data.keys() & filter_class.base_filters.keys())
        found: RecordFilter = only(filter_class, names)(data, self.reached, user=self.user)
        return found

    @property
    def filter_names(self) -> set[str]:
        """What this list can be narrowed by, and the custom fields that it is narrowed by."""
        filter_class: Any = self.filter_class
        return {*filter_class.base_filters, *self.filter.filters}

    def narrowed(self) -> QuerySet[Any, Any]:
        return self.filter.qs if self.filter.is_valid() else self.reached.none()

    @cached_property
    def size(self) -> int:
        text = self.data.get("per", "")
        return int(text) if text in map(str, SIZES) else SIZES[0]

    @cached_property
    def asked_sorts(self) -> list[str]:
        """The columns that the address sorts by, whether they can be or not."""
        return [name for name in ",".join(self.data.getlist("sort")).split(",") if name]

    @cached_property
    def sorted_by(self) -> list[str]:
        """The columns to sort by, the first one first, a minus before those that go down."""
        wanted = {
            name.removeprefix("-"): name
            for name in reversed(self.asked_sorts)
            if name.removeprefix("-") in self.sorts
        }
        return list(reversed(wanted.values()))[:MOST_SORTS]

    @property
    def sort(self) -> str:
        """The first column to sort by, or nothing."""
        return self.sorted_by[0] if self.sorted_by else ""

    @cached_property
    def sorts(self) -> dict[str, tuple[str, ...]]:
        """The columns that can be sorted by, and what that means."""
        return {
            name: tuple(column.order_by) for name, column in self.columns.items() if column.order_by
        }

    @cached_property
    def columns(self) -> dict[str, Cell]:
        """Every column that this list can show: the table's own, then one per custom field."""
        fields = custom_fields_of(self.model, self.user)
        return {
            **self.table_class.base_columns,
            **{each.name: CustomColumn(each) for each in fields},
        }

    @cached_property
    def standard(self) -> list[str]:
        """The columns of a view for which nobody has chosen any."""
        return [
            name
            for name, column in self.table_class.base_columns.items()
            if name not in self.left_out() and not column.is_extra
        ]

    @cached_property
    def shown(self) -> list[str]:
        """The columns that are shown: the chosen ones in their order, else the standard ones."""
        return [name for name in self.data.get(COLUMNS, "").split(",") if name] or self.standard

    def chosen(self, names: str) -> str:
        """Return the columns of `names` that there are; the first of the table always leads.

        Nothing is returned for what is shown anyway. A column that is gone, like a custom field
        out of use, is passed over: a kept address goes on working.
        """
        wanted = [name for name in dict.fromkeys(names.split(",")) if name in self.columns]
        first = next(iter(self.columns))
        wanted = [first, *(name for name in wanted if name != first)] if wanted else []
        return ",".join(wanted)

    def ordering(self) -> Sequence[str]:
        if not self.sorted_by:
            return self.order
        ordered: list[str] = []
        annotated = self.custom_sorts()
        for place, sort in enumerate(self.sorted_by):
            for name in self.sorts[sort.removeprefix("-")]:
                own = self.custom_sort(place)
                path = own if own in annotated else name
                is_flipped = sort.startswith("-")
                ordered.append(path if not is_flipped else _flipped(path))
        return ordered

    @staticmethod
    def custom_sort(place: int) -> str:
        """Return the annotation by which rows are sorted that have no column for it."""
        return f"{SORTED}_{place}"

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """Return the parameters that hold, as a form hides them; none that is empty."""
        return [
            (name, value)
            for name, values in self.data.lists()
            for value in values
            if name not in (*PAGING, *without) and value
        ]

    @property
    def density(self) -> str:
        """How high rows are: a word of `DENSITIES`; where the address says none, as one prefers."""
        asked = self.data.get("density") or self.user.density
        return asked if asked in DENSITIES else ""

    def densities(self) -> list[dict[str, Any]]:
        """Return the heights of rows to choose from."""
        return [
            {
                "label": label,
                "icon": icon,
                "url": self.link(density=None if name == self.user.density else name or STANDARD),
                "is_current": name == self.density,
            }
            for name, (label, icon) in DENSITIES.items()
        ]

    def sort_menu(self) -> dict[str, Any]:
        """Return what the list can be sorted by, as often as one column more than it is."""
        options = [
            (f"{sign}{name}", words % {"column": self.columns[name].verbose_name})
            for name in self.sorts
            for sign, words in (
                ("", _("%(column)s, ascending")),
                ("-", _("%(column)s, descending")),
            )
        ]
        chosen = [*self.sorted_by, ""][:MOST_SORTS]
        return {
            "rows": [
                {
                    "value": value,
                    "label": gettext("Sort by") if not place else gettext("Then by"),
                    "id": f"sort-{place}",
                }
                for place, value in enumerate(chosen)
            ],
            "options": options,
            "label": self.columns[self.sort.removeprefix("-")].verbose_name if self.sort else "",
            "kept": self.pairs("sort"),
            "reset_url": self.link(sort=None) if self.data.get("sort") else "",
        }

    def ignored(self) -> str:
        """Say in a sentence what the address asks for that this list does not know."""
        known = self.filter_names
        unknown = [
            name
            for name, value in self.request.GET.items()
            if value and name not in self.own_names and name not in known
        ]
        unknown += [name for name in self.asked_sorts if name.removeprefix("-") not in self.sorts]
        boxes = ",".join(self.request.GET.getlist(COLUMNS)).split(",")
        unknown += [name for name in boxes if name and name not in self.columns]
        if (density := self.data.get("density", "")) not in {*DENSITIES, STANDARD}:
            unknown.append(density)
        if (page := self.data.get("page", "")) and not (page.isascii() and page.isdigit()):
            unknown.append(page)
        told = [f"“{name[:40]}”" for name in dict.fromkeys(unknown)]
        if not told:
            return ""
        if len(told) > MOST_TOLD:
            rest = len(told) - MOST_TOLD
            more = ngettext("%(rest)d more", "%(rest)d more", rest) % {"rest": rest}
            told = [*told[:MOST_TOLD], more]
        return gettext("This list passes over what it does not know: %(names)s.") % {
            "names": ", ".join(told)
        }

    def link(self, **changes: str | list[str] | None) -> str:
        """Return the address of this list with some parameters changed, on its first page."""
        data = self.data.copy()
        for name in PAGING:
            data.pop(name, None)
        for name, value in changes.items():
            data.pop(name, None)
            if value:
                data.setlist(name, value if isinstance(value, list) else [value])
        return f"?{data.urlencode() or 'view=all'}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.narrowed()
        counts = self.counts(rows)
        return super().get_context_data(
            filter=self.filter,
            # What is wrong stands in the address: there is no field here to lead to.
            errors=[{**each, "target": ""} for each in error_links(self.filter.form)],
            chips=self.chips(),
            q=self.data.get("q", "")[:200],
            kept=self.pairs("q"),
            views=counts["tabs"],
            more_views=counts.get("more", []),
            saved=counts.get("saved", {}),
            is_view_missing=self.is_view_missing,
            clear_url=f"?{FROM}={number}" if (number := self.data.get(FROM)) else "?view=all",
            filter_url=self.filter_url(),
            here_url=f"{self.request.path}{self.here()}",
            ignored=self.ignored(),
            create_url=self.create_url(),
            for_all=self.for_all(),
            layouts=self.layouts(),
            results_template=self.results_template,
            **self.with_broader(self.results(rows, counts), counts["tabs"]),
            **kwargs,
        )

    def with_broader(self, shown: dict[str, Any], tabs: list[dict[str, Any]]) -> dict[str, Any]:
        """Add to a list that is empty the nearest view that is not."""
        is_empty = not shown["page"].get("total", 1) and self.filter.is_valid()
        is_narrowed = bool(self.chips() or self.data.get("q"))
        return {**shown, "broader": self.broader(tabs)} if is_empty and is_narrowed else shown

    def results(self, rows: QuerySet[Any, Any], counts: dict[str, Any]) -> dict[str, Any]:
        """Return what is shown of the rows: a page of the table, and what belongs to a table."""
        page = self.page_of(rows, counts["total"])
        return {
            "table": self.table(page["rows"]),
            "heads": self.heads(),
            "column_menu": self.column_menu(),
            "page": page,
            "sizes": [(size, self.link(per=str(size)), size == self.size) for size in SIZES],
            "sums": counts.get("sums"),
            "sort_menu": self.sort_menu(),
            "densities": self.densities(),
            "density": self.density,
            "bulk": self.bulk_bar(page),
        }

    def layouts(self) -> list[dict[str, Any]]:
        """Return the ways to lay out these records: label, icon and url of each, one is_current."""
        return []

    @cached_property
    def bulk_actions(self) -> list[dict[str, Any]]:
        """What the user can do to the rows that are selected; without any there are no boxes."""
        return offered_to(self.user, self.model, self.for_selected)

    def bulk_bar(self, page: dict[str, Any]) -> dict[str, Any]:
        """Return what the bar under the list shows; nothing where no rows are selected."""
        if not self.bulk_actions:
            return {}
        return {
            "actions": self.bulk_actions,
            "kind": self.kind,
            "names": self.model._meta.verbose_name_plural,
            "view": self.here(),
            "total_text": page["total_text"],
            "has_more": page["total"] > len(page["rows"]),
        }

    @property
    def is_view_missing(self) -> bool:
        """Say whether the address names a view that is gone, or kept from the user by now."""
        return bool(self.request.GET.keys() & {VIEW, FROM}) and self.saved.is_missing

    def chips(self) -> list[dict[str, Any]]:
        """Return each filter in words, with the list without it, and where it is changed."""
        return [
            {
                **chip,
                "url": self.link(**{chip["name"]: chip.get("others")}),
                "edit_url": f"{self.filter_url()}&at={chip['at']}" if chip["name"] == WHERE else "",
            }
            for chip in self.filter.chips
        ]

    def broader(self, tabs: list[dict[str, Any]]) -> dict[str, str]:
        """Return the nearest view that shows anything, where this one shows nothing.

        It is the list without that one of its filters which keeps most away; where each of several
        does so, the first tab that has any. One statement.
        """
        words = (
            {self.link(q=None): _("Text contains %(text)s") % {"text": self.data["q"][:60]}}
            if self.data.get("q")
            else {}
        )
        for chip in self.chips()[:MOST_BROADER]:
            words[chip["url"]] = chip.get("text") or f"{chip['label']}: {chip['value']}"
        wanted = {}
        for url in words:
            rows = self.narrowed_by(QueryDict(url.removeprefix("?")))
            if rows is not None:
                wanted[url] = rows
        if wanted:
            counts = {
                f"_b{n}": CountUpTo(rows, MOST_IN_TAB) for n, rows in enumerate(wanted.values())
            }
            found = User.objects.filter(pk=self.user.pk).annotate(**counts).values_list(*counts)
            filled = [(n, url) for url, n in zip(wanted, found.get(), strict=True) if n]
            if filled:
                count, url = min(filled, key=lambda each: each[0])
                meta = self.model._meta
                told = {
                    "count": count_text(count, MOST_IN_TAB),
                    "names": meta.verbose_name if count == 1 else meta.verbose_name_plural,
                    "filter": words[url],
                }
                label = gettext("%(count)s %(names)s without “%(filter)s”") % told
                return {"url": url, "label": label}
        for tab in tabs:
            if not tab["is_current"] and tab["count"] not in ("", "0"):
                return {
                    "url": tab["url"],
                    "label": gettext("Show %(view)s") % {"view": tab["label"]},
                }
        return {}

    def filter_url(self) -> str:
        """Return the page that narrows this list by any field."""
        return f"{reverse('workbench:filter', kwargs={'kind': self.kind})}{self.link()}"

    def for_all(self) -> list[dict[str, Any]]:
        """Return what can be done to all that this view shows: url, label and icon of each."""
        return []

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Answer, and give htmx the address without what is empty in it."""
        answer = super().render_to_response(context, **options)
        if self.is_part:
            push_url(answer, self.request.path + self.here())
        return answer

    def here(self) -> str:
        """Return the query string of this very page."""
        data = QueryDict(mutable=True)
        for name, values in self.data.lists():
            data.setlist(name, [value for value in values if value])
        return f"?{data.urlencode() or 'view=all'}"

    def trail(self) -> str:
        """Return what the addresses of the records carry, so that their pages know this list."""
        return ""

    def left_out(self) -> Sequence[str]:
        """Return the columns that say nothing in this view."""
        return ()

    def create_url(self) -> str:
        if not may(self.user, "add", self.model):
            return ""
        return reverse(f"{self.namespace}:create")

    def table(self, rows: list[Any]) -> RecordTable:
        """Return the rows in the columns that are shown."""
        own = self.table_class.base_columns
        return self.table_class(
            rows,
            user=self.user,
            selects=bool(self.bulk_actions),
            trail=self.trail(),
            sequence=self.shown,
            exclude=[name for name in own if name not in self.shown],
            extra_columns=[(name, self.columns[name]) for name in self.shown if name not in own],
        )

    def column_menu(self) -> dict[str, Any]:
        """Return the columns to choose from, those shown first in their order; and what is kept."""
        first, *others = dict.fromkeys([*self.shown, *self.columns])
        return {
            "first": {"name": first, "label": self.columns[first].verbose_name},
            "others": [
                {
                    "name": name,
                    "label": self.columns[name].verbose_name,
                    "is_shown": name in self.shown,
                    "is_below": name in self.shown[2:],
                }
                for name in others
            ],
            "kept": self.pairs(COLUMNS),
            "reset_url": self.link(columns=None) if self.data.get(COLUMNS) else "",
        }

    def heads(self) -> list[dict[str, Any]]:
        """Return the heading of each column, with the address that sorts by it."""
        heads = []
        places = {name.removeprefix("-"): n for n, name in enumerate(self.sorted_by, start=1)}
        for name in self.shown:
            column = self.columns[name]
            direction = "ascending" if self.sort.removeprefix("-") == name else ""
            if direction and self.sort.startswith("-"):
                direction = "descending"
            first_down = bool(column.initial_sort_descending)
            flipped = direction == ("descending" if first_down else "ascending")
            target = f"-{name}" if (first_down != flipped) else name
            heads.append(
                {
                    "name": name,
                    "label": column.verbose_name,
                    "direction": direction,
                    "place": places.get(name, 0) if len(places) > 1 else 0,
                    "url": self.link(sort=target) if name in self.sorts else "",
                    "css": column.attrs.get("th", {}).get("class", ""),
                    "edits": name if self.may_edit(column) else "",
                }
            )
        return heads

    def may_edit(self, column: Cell) -> bool:
        """Say whether the user may change some cells of a column."""
        if not column.edits or self.request.GET.get("bin"):
            return False
        return may(self.user, ACTIONS.get(column.edits, "change"), self.model)

    def counts(self, rows: QuerySet[Any, Any]) -> dict[str, Any]:
        """Count this list and each tab, and add up the values, in one statement."""
        wanted: dict[str, Any] = {
            "_total": Totals(rows, self.total_column, self.amount_column)
            if self.total_column
            else CountUpTo(rows)
        }
        near, far = self.saved.shown()
        queries = [*(tab.query for tab in self.tabs), *(view.query for view in near)]
        asked = [QueryDict(query) for query in queries]
        for place, data in enumerate(asked):
            if (narrowed := self.narrowed_by(data)) is not None:
                wanted[f"_tab{place}"] = CountUpTo(narrowed, MOST_IN_TAB)
        found = User.objects.filter(pk=self.user.pk).annotate(**wanted).values(*wanted).get()
        names = self.filter_names - {"q"}
        current = applied(self.data, names)
        # The columns stay as chosen from tab to tab; only an address without them resets them.
        chosen = f"&{urlencode({COLUMNS: c})}" if (c := self.data.get(COLUMNS, "")) else ""
        shown = self.saved.current
        if shown is not None:
            chosen = ""
        menu = self.saved.menu(self.data)
        tabs = [
            {
                "label": tab.label,
                "url": f"?{tab.query}{chosen}",
                "is_current": shown is None and applied(QueryDict(tab.query), names) == current,
            }
            for tab in self.tabs
        ]
        tabs += [
            {
                "label": view.name,
                "url": f"?{VIEW}={view.pk}",
                "is_current": view is shown,
                "is_changed": view is shown and menu["is_changed"],
            }
            for view in near
        ]
        for place, tab in enumerate(tabs):
            count = found.get(f"_tab{place}")
            tab["count"] = "" if count is None else count_text(count, MOST_IN_TAB)
        sums = Worth.of(found["_total"]) if self.total_column else None
        total = sums.count if sums else found["_total"] or 0
        return {
            "total": total,
            "sums": self.sums(sums) if sums and total <= MOST_COUNTED else None,
            "tabs": tabs,
            "more": [
                {"label": view.name, "url": f"?{VIEW}={view.pk}", "owner": view.owner}
                for view in far
            ],
            "saved": menu,
        }

    def sums(self, found: Worth) -> dict[str, Any]:
        """Return what the whole view is worth: in all, and by currency where several are."""
        return {
            "label": self.columns["value"].verbose_name,
            "total": found.total,
            "by_currency": found.by_currency if len(found.by_currency) > 1 else [],
        }

    def narrowed_by(self, data: QueryDict) -> QuerySet[Any, Any] | None:
        """Return the rows that a view would show; None where it makes no sense any more."""
        narrowed = self.filtered_by(data)
        return narrowed.qs if narrowed.is_valid() else None

    def custom_sorts(self) -> dict[str, Any]:
        """Return what rows are annotated with because no column of theirs is what they go by.

        That are custom fields, and the name of a related record: where it is not to be seen, the
        order and the place of a page in it would tell the name as well as a column does.
        """
        found = {}
        for place, name in enumerate(self.sorted_by):
            column = self.columns[name.removeprefix("-")]
            value: Any
            if isinstance(column, CustomColumn):
                value = column.sort_value
            else:
                key = keys_for(self.model, list(column.order_by))[0]
                value = where_seen(self.model, key.path, self.user, output_field=key.field)
            if value is not None:
                found[self.custom_sort(place)] = value
        return found

    def with_sorts(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        sorts = self.custom_sorts()
        return rows.annotate(**sorts) if sorts else rows

    def keys(self) -> list[Key]:
        """Return the columns of the order, the last of them the number of the record."""
        annotated = {name: value.output_field for name, value in self.custom_sorts().items()}
        return keys_for(self.model, self.ordering(), annotated)

    def for_rows(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """Fetch what the columns show."""
        rows = rows.for_list()  # type: ignore[attr-defined]
        return rows.prefetch_related("tags") if "tags" in self.shown else rows

    def ordered(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """Return all rows with what their columns show, in the order of the list."""
        rows = self.with_sorts(self.for_rows(rows))
        return rows.order_by(*[key.order(is_reversed=False) for key in self.keys()])

    def page_of(self, rows: QuerySet[Any, Any], total: int) -> dict[str, Any]:
        """Fetch one page. Its place is a row (`after`, `before`), its number is for reading."""
        rows = self.for_rows(rows)
        keys = self.keys()
        rows = self.with_sorts(rows)
        after = place_of(self.data.get("after", ""), keys)
        before = place_of(self.data.get("before", ""), keys) if after is None else None
        is_placed = after is not None or before is not None
        number = self.number(None if is_placed else total)
        found, has_more = (
            slice_of(
                rows,
                keys,
                self.size,
                after=after,
                before=before,
                offset=(number - 1) * self.size,
            )
            if total
            else ([], False)
        )
        has_next = bool(found) and (has_more or before is not None)
        has_previous = bool(found) and (has_more if before is not None else number > 1)
        base = self.link()
        first = (number - 1) * self.size + 1
        return {
            "rows": found,
            "total": total,
            "total_text": count_text(total),
            "is_capped": total > MOST_COUNTED,
            "first": first if found else 0,
            "last": first + len(found) - 1 if found else 0,
            "next": f"{base}&page={number + 1}&after={cursor_of(found[-1], keys)}"
            if has_next
            else "",
            "previous": f"{base}&page={max(number - 1, 1)}&before={cursor_of(found[0], keys)}"
            if has_previous
            else "",
        }

    def number(self, total: int | None) -> int:
        """Return the number of the page: what was asked for, within reason."""
        text = self.data.get("page", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
        if len(text) >= 9 and text.isascii() and text.isdigit():
            number = 10**8
        if total is not None:
            number = min(number, -(-min(total, MOST_COUNTED) // self.size))
        return max(number, 1)


class LookupView(View):
    """Records of any kind whose name begins to be typed, as options of a text field."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        model = record_kinds().get(kind)
        if model is None:
            raise Http404
        text = request.GET.get(request.GET.get("field", ""), "") or request.GET.get("q", "")
        rows: list[Model] = []
        if search_key(text[:200]):
            found = model.objects.permitted(request.user, "view").matching(text[:200])  # type: ignore[attr-defined]
            latest = "touched_at" if hasattr(model, "touched_at") else "changed_at"
            rows = list(found.order_by(f"-{latest}", "-pk")[:PROPOSED])
        options = [label_of(row) for row in rows]
        return render(request, "components/options.html", {"options": options})


def record_kinds() -> dict[str, type[Record]]:
    """Return every kind of record by its name, like `lead`."""
    return {
        str(model._meta.model_name): model
        for model in apps.get_models()
        if issubclass(model, Record) and not str(model._meta.model_name).startswith("historical")
    }
