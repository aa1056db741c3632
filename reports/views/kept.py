"""The dashboards that a person can choose: those that everybody has, and those that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from reports.filters import OVERVIEW
from reports.operations import DASHBOARD
from reports.views.boards import BOARDS
from workbench.models import SavedView
from workbench.views.kept import LONGEST_NUMBER, VIEW, Views, is_number

if TYPE_CHECKING:
    from reports.filters import OverviewFilter
    from users.models import User


def kept_dashboard(user: User, number: str) -> SavedView | None:
    """Return the dashboard of this number, where `user` keeps it or it is shared with him."""
    if not is_number(number) or len(number) >= LONGEST_NUMBER:
        return None
    return SavedView.objects.permitted(user).filter(kind=DASHBOARD, pk=number).first()


class Dashboards(Views):
    """The dashboards that a person sees, and the one that the address shows."""

    room = "dashboards"
    leaving = frozenset({VIEW})  # `from` is the first day of the period here

    def create_url(self) -> str:
        return reverse("dashboards:create")

    @property
    def default(self) -> SavedView | None:
        """The dashboard that the figures begin with for this person; nothing where it is usual."""
        return next((view for view in self.views if view.is_default), None)  # type: ignore[attr-defined]

    def tabs(self, form: OverviewFilter, address: str) -> list[dict[str, Any]]:
        """Return the dashboards of everybody, then those that are near; each with its address.

        The choices of the head go along to those of everybody; the others have their own.
        """
        current, asked = self.current, str(form.data["board"])
        tabs = []
        for key, board in BOARDS.items():
            query = form.whole_query(board=key, cards="")
            if key == OVERVIEW and self.default:
                query = "&".join(filter(None, [urlencode({"board": key}), query]))
            tabs.append(
                {
                    "label": board.title,
                    "url": f"{address}?{query}" if query else address,
                    "is_current": current is None and key == asked,
                }
            )
        near, _far = self.shown()
        tabs += [
            {
                "label": view.name,
                "url": f"{address}?{VIEW}={view.pk}",
                "is_current": view is current,
            }
            for view in near
        ]
        return tabs

    def more(self, address: str) -> list[dict[str, Any]]:
        """Return the dashboards for which there is no room beside the others."""
        _near, far = self.shown()
        return [
            {"label": view.name, "url": f"{address}?{VIEW}={view.pk}", "owner": view.owner}
            for view in far
        ]
