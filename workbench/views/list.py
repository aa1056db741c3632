"""A list of records: what is in it stands in the address, to be sent, kept and gone back to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from django_htmx.http import push_url

from records.permissions import fixed_fields, may
from users.models import User
from workbench.filters import WHERE, applied
from workbench.forms import error_links
from workbench.rows import ACTIONS
from workbench.views.asked import COLUMNS, DENSITIES, MOST_SORTS, SIZES, STANDARD
from workbench.views.counting import (
    MOST_COUNTED,
    MOST_IN_TAB,
    CountUpTo,
    Totals,
    Worth,
    count_text,
)
from workbench.views.export import Exported
from workbench.views.kept import FROM, VIEW
from workbench.views.paged import Paged
from workbench.views.selection import offered_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from workbench.tables import Cell, RecordTable
    from workbench.views.selection import ForSelected

MOST_BROADER = 6  # filters of which each is left out once, where a list is empty
PARTS = ("list", "list-body")  # what htmx fetches alone


class ListView(Exported, Paged, TemplateView):
    """The records of a kind that the user may see: narrowed, sorted, page by page.

    `?q=`, the filters and `?where=` narrow, `?sort=-value,name` sorts by columns that declare
    `order_by`, `?per=` is the size of a page, `?columns=company,status` picks and orders the
    columns, `?density=` the height of rows. Without any parameter the view is shown that the user
    begins with, else the first of `tabs`. What an address says beyond is passed over, and told.
    """

    template_name = "workbench/list.html"
    # A template for the records instead of a table.
    results_template: ClassVar[str] = ""
    # What is added up for the whole view: a column in the records' own currencies, and the same in
    # the currency of the house.
    amount_column: ClassVar[str] = ""
    total_column: ClassVar[str] = ""
    for_selected: ClassVar[Sequence[ForSelected]] = ()
    # What the list is for, said where there is nothing in it yet.
    purpose: ClassVar[Any] = ""
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
        """Add to a list that is empty the nearest view that is not, or that there is none."""
        if shown["page"].get("total", 1) or not self.filter.is_valid():
            return shown
        is_narrowed = bool(self.chips() or self.data.get("q"))
        if is_narrowed and (broader := self.broader(tabs)):
            return {**shown, "broader": broader}
        is_new = not self.reached.exists()
        return {**shown, "is_new": is_new, "purpose": self.purpose}

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

    def trail(self) -> str:
        """Return what the addresses of the records carry, so that their pages know this list."""
        return ""

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
        if column.edits in fixed_fields(self.user, self.kind):
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
