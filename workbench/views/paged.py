"""The rows of a list in the order that its address asks for, one page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from workbench.filters import seen_by_way_of, where_seen
from workbench.tables import SORTED, CustomColumn
from workbench.views.asked import Asked
from workbench.views.counting import MOST_COUNTED, count_text
from workbench.views.paging import Key, cursor_of, keys_for, place_of, slice_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Q, QuerySet


class Paged(Asked):
    """A list whose pages are found by a row, so that the hundredth costs what the first does."""

    order: ClassVar[Sequence[str]] = ("-created_at",)

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

    def related_name(self) -> tuple[str, Q] | None:
        """Return the name of a record beside that the list is sorted by, and who may be told it."""
        name = self.sort.removeprefix("-")
        if not name or isinstance(self.columns[name], CustomColumn):
            return None
        path = self.sorts[name][0].removeprefix("-")
        seen = seen_by_way_of(self.model, path, self.user)
        return None if seen is None else (path, seen)

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
                by=self.related_name(),
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


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"
