"""Saved views in a list: which of them the address shows, and what was changed since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from workbench.models import SavedView

if TYPE_CHECKING:
    from collections.abc import Container

    from users.models import User

# `?view=7` shows a saved view as it is; once something is changed the address tells all of it, and
# `from=7` which view it was. `view=all` is none: it only keeps the address from being empty.
VIEW, FROM = "view", "from"
# What an address of a record carries: the query string of the list that it was opened from.
LIST = "list"
LONGEST_TRAIL = 2_000  # characters of an address that servers and mail programs still carry
PAGING = ("page", "after", "before")
NOT_KEPT = {VIEW, FROM, *PAGING}
MOST_LOADED = 200
LONGEST_NUMBER = 19  # digits; what has more is the number of nothing
MOST_SHOWN = 6  # tabs of saved views beside those that every list has


def kept(data: QueryDict, leaving: Container[str] = NOT_KEPT) -> QueryDict:
    """Return of the parameters of a list what a saved view keeps of them."""
    query = QueryDict(mutable=True)
    for name, values in data.lists():
        if name not in leaving and (said := [value for value in values if value]):
            query.setlist(name, said)
    return query


def is_same(one: QueryDict, other: QueryDict, leaving: Container[str] = NOT_KEPT) -> bool:
    """Say whether two addresses show the same, in whatever order they tell it."""
    return sorted(kept(one, leaving).lists()) == sorted(kept(other, leaving).lists())


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


@dataclass
class Views:
    """The saved views of a list that a person sees, and the one that the address shows."""

    user: User
    kind: str
    asked: QueryDict
    views: list[SavedView] = field(init=False)
    room: ClassVar[str] = "views"  # where the pages of these views are
    leaving: ClassVar[Container[str]] = NOT_KEPT  # what is not kept of an address

    def __post_init__(self) -> None:
        rows = SavedView.objects.permitted(self.user).filter(kind=self.kind)
        rows = rows.for_tabs(self.user)
        self.views = list(rows[:MOST_LOADED])
        if len(self.views) == MOST_LOADED and self.current is None:
            # It may be one of those that are too many for the menu.
            meant = rows.filter(is_default=True) if not self.asked else rows.none()
            if self.number and len(self.number) < LONGEST_NUMBER:
                meant = rows.filter(pk=self.number)
            self.views += meant

    @property
    def number(self) -> str:
        """The view that the address names, if it names one."""
        for name in (VIEW, FROM):
            text = self.asked.get(name, "")
            if is_number(text):
                return text.lstrip("0") or "0"
        return ""

    @property
    def current(self) -> Any:
        """The view that is shown, as it is or changed."""
        if not self.asked:
            return next((view for view in self.views if view.is_default), None)  # type: ignore[attr-defined]
        return next((view for view in self.views if str(view.pk) == self.number), None)

    @property
    def is_missing(self) -> bool:
        return bool(self.number) and self.current is None

    @property
    def data(self) -> QueryDict:
        """The address with what the view says where the address says nothing."""
        view = self.current
        data = self.asked.copy()
        data.pop(FROM, None)
        is_opened = not self.asked or is_number(self.asked.get(VIEW, ""))
        if self.number:
            data.pop(VIEW, None)
        if view is None:
            return data
        if is_opened:
            data = QueryDict(view.query, mutable=True)
            for name, values in self.asked.lists():
                if name not in (VIEW, FROM):
                    data.setlist(name, values)
        data[FROM] = str(view.pk)
        return data

    def shown(self) -> tuple[list[SavedView], list[SavedView]]:
        """Return the views that are tabs, and the others."""
        near: Any = [v for v in self.views if v.is_pinned or v.is_own or v.is_default]  # type: ignore[attr-defined]
        near = near[:MOST_SHOWN]
        if (current := self.current) is not None and current not in near:
            near = [*near[: MOST_SHOWN - 1], current]
        return near, [view for view in self.views if view not in near]

    def create_url(self) -> str:
        return reverse(f"{self.room}:create", kwargs={"kind": self.kind})

    def menu(self, data: QueryDict) -> dict[str, Any]:
        """Return what can be done with the view that is shown, now that `data` holds."""
        view = self.current
        query = kept(data, self.leaving).urlencode()
        menu: dict[str, Any] = {
            "room": self.room,
            "new_url": f"{self.create_url()}?{urlencode({'query': query})}",
        }
        if view is None:
            return menu
        is_changed = not is_same(data, QueryDict(view.query), self.leaving)
        may_change = (
            view.is_own
            or SavedView.objects.permitted(self.user, "change").filter(pk=view.pk).exists()
        )
        return {
            **menu,
            "view": view,
            "query": query,
            "is_changed": is_changed,
            "may_change": may_change,
            "reset_url": f"?{VIEW}={view.pk}",
        }
