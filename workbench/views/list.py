"""A list of records: what is in it stands in the address, to be sent, kept and gone back to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.apps import apps
from django.db import connection
from django.db.models import IntegerField, Model, Subquery
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.views.generic import TemplateView, View
from django_htmx.http import push_url

from records.keys import search_key
from records.models import MoneyField, Record
from records.permissions import may
from users.models import User
from workbench.filters import applied, custom_fields_of
from workbench.forms import error_links, label_of
from workbench.tables import SORTED, CustomColumn
from workbench.views.paging import cursor_of, keys_for, place_of, slice_of
from workbench.views.record import Page
from workbench.views.selection import offered_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from workbench.filters import RecordFilter
    from workbench.tables import Cell, RecordTable
    from workbench.views.selection import ForSelected

MOST_COUNTED = 1000
SIZES = (25, 50, 100)
PAGING = ("page", "after", "before")
COLUMNS = "columns"
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


class SumUpTo(Subquery):
    """Add up a column over the rows that `CountUpTo` counts."""

    template = "(SELECT SUM(_added.%(column)s) FROM (%(subquery)s) AS _added)"
    output_field = MoneyField(max_digits=20)

    def __init__(self, rows: QuerySet[Any, Any], name: str, limit: int = MOST_COUNTED) -> None:
        column = connection.ops.quote_name(rows.model._meta.get_field(name).column)
        super().__init__(rows.order_by().values(name)[: limit + 1], column=column)


@cache
def only(filter_class: Any, names: frozenset[str]) -> Any:
    """Return a filter that knows these names alone: a tab needs two of two dozen."""
    narrow: Any = type(filter_class.__name__, (filter_class,), {})
    narrow.base_filters = {
        name: filter_ for name, filter_ in filter_class.base_filters.items() if name in names
    }
    narrow.is_narrow = True
    return narrow


def count_text(count: int) -> str:
    """Return a capped count in words: "38", "1,000+"."""
    return number_format(min(count, MOST_COUNTED), force_grouping=True) + (
        "+" if count > MOST_COUNTED else ""
    )


class ListView(Page, TemplateView):
    """The records of a kind that the user may see: narrowed, sorted, page by page.

    `?q=` and the filters narrow, `?sort=name` or `?sort=-name` sorts by a column that declares
    `order_by`, `?per=` is the size of a page, `?columns=company,status` picks and orders the
    columns. Without any parameter the first of `tabs` is shown.
    """

    template_name = "workbench/list.html"
    table_class: ClassVar[type[RecordTable]]
    filter_class: ClassVar[type[RecordFilter]]
    tabs: ClassVar[Sequence[Tab]] = ()
    order: ClassVar[Sequence[str]] = ("-created_at",)
    total_column: ClassVar[str] = ""
    for_selected: ClassVar[Sequence[ForSelected]] = ()
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
        """The parameters that hold: those of the address, or those of the first tab."""
        if not self.request.GET and self.tabs:
            return QueryDict(self.tabs[0].query)
        boxes = self.request.GET.getlist(COLUMNS)
        if not boxes:
            return self.request.GET
        # Each box of the menu sends its own; in the address they are one word that can be read.
        data = self.request.GET.copy()
        data[COLUMNS] = self.chosen(",".join(boxes))
        return data

    @cached_property
    def filter(self) -> RecordFilter:
        return self.filter_class(self.data, self.get_rows(), user=self.user)

    def narrowed(self) -> QuerySet[Any, Any]:
        return self.filter.qs if self.filter.is_valid() else self.get_rows().none()

    @cached_property
    def size(self) -> int:
        text = self.data.get("per", "")
        return int(text) if text in map(str, SIZES) else SIZES[0]

    @cached_property
    def sort(self) -> str:
        """The column to sort by, or nothing when the address names none that can be sorted by."""
        sort = self.data.get("sort", "")
        return sort if sort.removeprefix("-") in self.sorts else ""

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
        return [name for name in self.table_class.base_columns if name not in self.left_out()]

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
        if not self.sort:
            return self.order
        names = self.sorts[self.sort.removeprefix("-")]
        if not self.sort.startswith("-"):
            return names
        return [name[1:] if name.startswith("-") else f"-{name}" for name in names]

    def link(self, **changes: str | None) -> str:
        """Return the address of this list with some parameters changed, on its first page."""
        data = self.data.copy()
        for name in PAGING:
            data.pop(name, None)
        for name, value in changes.items():
            data.pop(name, None)
            if value:
                data[name] = value
        return f"?{data.urlencode() or 'view=all'}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.narrowed()
        counts = self.counts(rows)
        page = self.page_of(rows, counts["total"])
        return super().get_context_data(
            table=self.table(page["rows"]),
            heads=self.heads(),
            filter=self.filter,
            errors=error_links(self.filter.form),
            chips=[{**c, "url": self.link(**{c["name"]: None})} for c in self.filter.chips],
            q=self.data.get("q", "")[:200],
            kept=[
                (name, value)
                for name, value in self.data.items()
                if name not in (*PAGING, "q", *self.offered_names) and value
            ],
            views=counts["tabs"],
            clear_url="?view=all",
            column_menu=self.column_menu(),
            page=page,
            sizes=[(size, self.link(per=str(size)), size == self.size) for size in SIZES],
            sum=counts["sum"],
            create_url=self.create_url(),
            for_all=self.for_all(),
            bulk=self.bulk_bar(page),
            **kwargs,
        )

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

    def for_all(self) -> list[dict[str, Any]]:
        """Return what can be done to all that this view shows: url, label and icon of each."""
        return []

    @property
    def offered_names(self) -> set[str]:
        return {field.name for field in self.filter.offered}

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Answer, and give htmx the address without what is empty in it."""
        answer = super().render_to_response(context, **options)
        if self.is_part:
            push_url(answer, self.request.path + self.here())
        return answer

    def here(self) -> str:
        """Return the query string of this very page."""
        data = QueryDict(mutable=True)
        for name, value in self.data.items():
            if value:
                data[name] = value
        return f"?{data.urlencode() or 'view=all'}"

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
                }
                for name in others
            ],
            "kept": [
                (name, value)
                for name, value in self.data.items()
                if name not in (*PAGING, COLUMNS) and value
            ],
            "reset_url": self.link(columns=None) if self.data.get(COLUMNS) else "",
        }

    def heads(self) -> list[dict[str, Any]]:
        """Return the heading of each column, with the address that sorts by it."""
        heads = []
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
                    "url": self.link(sort=target) if name in self.sorts else "",
                    "css": column.attrs.get("th", {}).get("class", ""),
                }
            )
        return heads

    def counts(self, rows: QuerySet[Any, Any]) -> dict[str, Any]:
        """Count this list and each tab, and add up the values, in one statement."""
        wanted: dict[str, Any] = {"_total": CountUpTo(rows)}
        if self.total_column:
            wanted["_sum"] = SumUpTo(rows, self.total_column)
        whole: Any = self.filter_class
        seen = self.get_rows()
        for place, tab in enumerate(self.tabs):
            asked = QueryDict(tab.query)
            filter_class = only(whole, frozenset(asked))
            narrowed = filter_class(asked, seen, user=self.user)
            wanted[f"_tab{place}"] = CountUpTo(narrowed.qs)
        found = User.objects.filter(pk=self.user.pk).annotate(**wanted).values(*wanted).get()
        names = self.filter.filters.keys() - {"q"}
        current = applied(self.data, names)
        # The columns stay as chosen from tab to tab; only an address without them resets them.
        chosen = f"&{urlencode({COLUMNS: c})}" if (c := self.data.get(COLUMNS, "")) else ""
        return {
            "total": found["_total"] or 0,
            "sum": found.get("_sum") if (found["_total"] or 0) <= MOST_COUNTED else None,
            "tabs": [
                {
                    "label": tab.label,
                    "url": f"?{tab.query}{chosen}",
                    "count": count_text(found[f"_tab{place}"] or 0),
                    "is_current": applied(QueryDict(tab.query), names) == current,
                }
                for place, tab in enumerate(self.tabs)
            ],
        }

    def page_of(self, rows: QuerySet[Any, Any], total: int) -> dict[str, Any]:
        """Fetch one page. Its place is a row (`after`, `before`), its number is for reading."""
        rows = rows.for_list()  # type: ignore[attr-defined]
        column = self.columns.get(self.sort.removeprefix("-"))
        annotated: dict[str, Any] = {}
        if isinstance(column, CustomColumn):
            annotated[SORTED] = column.sort_value
            rows = rows.annotate(**annotated)
        keys = keys_for(
            self.model,
            self.ordering(),
            {name: value.output_field for name, value in annotated.items()},
        )
        after = place_of(self.data.get("after", ""), keys)
        before = place_of(self.data.get("before", ""), keys) if after is None else None
        is_placed = after is not None or before is not None
        number = self.number(None if is_placed else total)
        found, has_more = slice_of(
            rows,
            keys,
            self.size,
            after=after,
            before=before,
            offset=(number - 1) * self.size,
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
            rows = list(found.order_by("-touched_at", "-pk")[:PROPOSED])
        options = [label_of(row) for row in rows]
        return render(request, "components/options.html", {"options": options})


def record_kinds() -> dict[str, type[Record]]:
    """Return every kind of record by its name, like `lead`."""
    return {
        str(model._meta.model_name): model
        for model in apps.get_models()
        if issubclass(model, Record) and not str(model._meta.model_name).startswith("historical")
    }
