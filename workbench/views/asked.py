"""What the address of a list asks for: which records, in which columns, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from records.permissions import hidden_fields
from workbench.filters import custom_fields_of
from workbench.tables import CustomColumn
from workbench.views.kept import FROM, PAGING, VIEW, Views
from workbench.views.record import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from workbench.filters import RecordFilter
    from workbench.tables import Cell, RecordTable

MOST_SORTS = 4
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


@dataclass(frozen=True)
class Tab:
    """A view of a list: a name, and the query string that it stands for."""

    label: Any
    query: str


class Asked(Page):
    """A list as its address describes it, and the addresses of its neighbours."""

    table_class: ClassVar[type[RecordTable]]
    filter_class: ClassVar[type[RecordFilter]]
    tabs: ClassVar[Sequence[Tab]] = ()
    # Parameters that the list has beside its filters.
    own_names: ClassVar[frozenset[str]] = frozenset(
        {"q", "sort", "per", "density", COLUMNS, UP, VIEW, FROM, "bin", *PAGING}
    )

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
        found: RecordFilter = only(filter_class, names)(data, self.reached_by(data), user=self.user)
        return found

    def reached_by(self, data: QueryDict) -> QuerySet[Any, Any]:
        """Return the rows that these filters narrow."""
        return self.reached

    @property
    def filter_names(self) -> set[str]:
        """What this list can be narrowed by, and the custom fields that it is narrowed by."""
        filter_class: Any = self.filter_class
        return {*filter_class.base_filters, *self.filter.filters}

    def narrowed(self) -> QuerySet[Any, Any]:
        return self.filter.qs if self.filter.is_valid() else self.reached.none()

    def narrowed_by(self, data: QueryDict) -> QuerySet[Any, Any] | None:
        """Return the rows that a view would show; None where it makes no sense any more."""
        narrowed = self.filtered_by(data)
        return narrowed.qs if narrowed.is_valid() else None

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
        hidden = hidden_fields(self.user, self.kind)
        own = self.table_class.base_columns.items()
        return {
            **{name: column for name, column in own if column.edits not in hidden},
            **{each.name: CustomColumn(each) for each in fields},
        }

    @cached_property
    def standard(self) -> list[str]:
        """The columns of a view for which nobody has chosen any."""
        return [
            name
            for name, column in self.table_class.base_columns.items()
            if name in self.columns and name not in self.left_out() and not column.is_extra
        ]

    @cached_property
    def shown(self) -> list[str]:
        """The columns that are shown: the chosen ones in their order, else the standard ones."""
        return [name for name in self.data.get(COLUMNS, "").split(",") if name] or self.standard

    def left_out(self) -> Sequence[str]:
        """Return the columns that say nothing in this view."""
        return ()

    def chosen(self, names: str) -> str:
        """Return the columns of `names` that there are; the first of the table always leads.

        Nothing is returned for what is shown anyway. A column that is gone, like a custom field
        out of use, is passed over: a kept address goes on working.
        """
        wanted = [name for name in dict.fromkeys(names.split(",")) if name in self.columns]
        first = next(iter(self.columns))
        wanted = [first, *(name for name in wanted if name != first)] if wanted else []
        return ",".join(wanted)

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

    @property
    def is_view_missing(self) -> bool:
        """Say whether the address names a view that is gone, or kept from the user by now."""
        return bool(self.request.GET.keys() & {VIEW, FROM}) and self.saved.is_missing

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

    def here(self) -> str:
        """Return the query string of this very page."""
        data = QueryDict(mutable=True)
        for name, values in self.data.lists():
            data.setlist(name, [value for value in values if value])
        return f"?{data.urlencode() or 'view=all'}"
