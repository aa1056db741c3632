"""The list that somebody came from: where a record stands in it, and what stands beside it.

The address of a record may tell it: `?list=` has the query string of the list. So it can be sent to
somebody else, who sees the neighbours in the same order, as far as they see them at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import SuspiciousOperation
from django.db.models import Exists, Subquery
from django.http import QueryDict
from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from users.models import User
from workbench.filters import applied
from workbench.models import SavedView
from workbench.views.counting import CountUpTo, count_text
from workbench.views.kept import FROM, LIST, LONGEST_NUMBER, LONGEST_TRAIL, PAGING, is_number
from workbench.views.paging import beyond, cursor_for, place_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from records.models import Record
    from workbench.views.paging import Key

MOST = 1_000  # places beyond are not counted


@dataclass
class Trail:
    """A list as the address of a record tells it, and the record's place in it.

    A record that the filter of the list no longer lets through keeps the place that its order gives
    it, and so does one in the recycle bin. It takes one statement, however long the list is, where
    the record was fetched `with_sorts` of the page, else two; beside those by which a filter knows
    its own choices.
    """

    request: HttpRequest
    model: type[Record]
    data: QueryDict
    record: Any = None

    @classmethod
    def told(cls, request: HttpRequest, model: type[Record], record: Any = None) -> Trail | None:
        """Return the list that an address tells; nothing where it tells none, or nonsense."""
        query = request.GET.get(LIST, "")
        if not query or len(query) > LONGEST_TRAIL or "\x00" in query:
            return None
        try:
            data = QueryDict(query, mutable=True)
        except (SuspiciousOperation, ValueError):
            return None
        for name in (*PAGING, LIST):
            data.pop(name, None)
        return cls(request, model, data, record)

    @property
    def user(self) -> User:
        return self.request.user  # type: ignore[return-value]

    @cached_property
    def namespace(self) -> str:
        return self.model().url_namespace

    @cached_property
    def page(self) -> Any:
        """The page of the list, with what the address of the record tells as its own."""
        url = reverse(f"{self.namespace}:list")
        page = resolve(url).func.view_class()  # type: ignore[attr-defined]
        page.setup(self.request)
        page.data, page.is_bin = self.data, False
        return page

    @cached_property
    def keys(self) -> list[Key]:
        return self.page.keys()  # type: ignore[no-any-return]

    @cached_property
    def values(self) -> list[Any]:
        """What the record holds in the columns of the order."""
        if all(self.is_at_hand(key) for key in self.keys):
            return [key.value_of(self.record) for key in self.keys]
        rows = self.page.with_sorts(self.model._base_manager.filter(pk=self.record.pk))
        return list(rows.values_list(*[key.path for key in self.keys]).get())

    def is_at_hand(self, key: Key) -> bool:
        """Say whether the record was fetched with what an order goes by."""
        relation, is_related, _rest = key.path.partition("__")
        if not is_related:
            return hasattr(self.record, key.path)
        column: Any = self.model._meta.get_field(relation)
        return bool(column.is_cached(self.record))

    @cached_property
    def found(self) -> dict[str, Any]:
        """What stands beside the record, and how much before it: one statement."""
        place = place_of(cursor_for(self.values), self.keys)
        if place is None or not self.page.filter.is_valid():
            return {}
        narrowed = self.page.narrowed()
        listed = self.page.with_sorts(narrowed)
        sides = {way: listed.filter(beyond(self.keys, place, way)) for way in (True, False)}
        nearest = {
            way: rows.order_by(*[key.order(way) for key in self.keys]).values("pk")[:1]
            for way, rows in sides.items()
        }
        wanted = {
            "before": CountUpTo(sides[True], MOST),
            "total": CountUpTo(narrowed, MOST),
            "is_listed": Exists(narrowed.filter(pk=self.record.pk)),
            "previous": Subquery(nearest[True]),
            "next": Subquery(nearest[False]),
            "view": Subquery(self.saved_view.values("name")[:1]),
        }
        names = {f"_{name}": value for name, value in wanted.items()}
        rows = User.objects.filter(pk=self.user.pk).annotate(**names)
        row = rows.values_list(*names).get()
        return dict(zip(wanted, row, strict=True))

    @property
    def saved_view(self) -> Any:
        """The saved view that the list shows or was made of, as far as the user may see it."""
        number = self.data.get(FROM, "")
        is_one = is_number(number) and len(number) < LONGEST_NUMBER
        return SavedView.objects.permitted(self.user).filter(pk=number if is_one else 0)

    # What the page says of it

    @property
    def position(self) -> str:
        """The place in words: "2 of 38", "1,000+"."""
        if not self.found:
            return ""
        if not self.found["is_listed"]:
            return _("No longer in this list")
        before, total = self.found["before"] or 0, self.found["total"] or 0
        if before >= MOST:
            return count_text(MOST + 1, MOST)
        words = {"place": before + 1, "total": count_text(total, MOST)}
        return _("%(place)d of %(total)s") % words

    @property
    def previous_url(self) -> str:
        return self.address_of(self.found.get("previous"))

    @property
    def next_url(self) -> str:
        return self.address_of(self.found.get("next"))

    def address_of(self, pk: int | None) -> str:
        if pk is None:
            return ""
        url = reverse(f"{self.namespace}:detail", kwargs={"pk": pk})
        return f"{url}?{self.query}"

    @cached_property
    def query(self) -> str:
        """What an address has to carry for its page to know the list."""
        return urlencode({LIST: self.data.urlencode()})

    @property
    def label(self) -> str:
        """What the list is called: its view, where it shows one."""
        if name := self.found.get("view"):
            return str(name)
        if not self.found:
            return _("Back to the list")
        names = self.page.filter_names
        current = applied(self.data, names)
        for tab in self.page.tabs:
            if applied(QueryDict(tab.query), names) == current:
                return str(tab.label)
        return _("Filtered list")

    @property
    def list_url(self) -> str:
        """The list at the row of the record, or where its row would be."""
        url = reverse(f"{self.namespace}:list")
        data = self.data.copy()
        if not self.found:
            return f"{url}?{data.urlencode()}"
        before = self.found["before"] or 0
        data["page"] = str(before // self.page.size + 1)
        if before >= MOST or not self.found["is_listed"]:
            # As from the row before it, whether there is one or not.
            step = 1 if self.keys[-1].is_descending else -1
            data["after"] = cursor_for([*self.values[:-1], self.values[-1] + step])
        return f"{url}?{data.urlencode()}#row-{self.record.pk}"
