"""How many there are behind the lines of the navigation, fetched when the page stands already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import resolve
from django.utils import timezone
from django.views.generic import View

from activities.models import Activity
from crm.context import MOST_PINNED, list_of
from leads.models import Lead
from opportunities.models import Opportunity
from records.permissions import may
from users.models import User
from workbench.models import SavedView
from workbench.views.counting import MOST_IN_TAB, CountUpTo, count_text
from workbench.views.lookup import record_kinds
from workbench.views.selection import is_number

if TYPE_CHECKING:
    from django.db.models import QuerySet

KEPT = 60  # seconds for which a browser need not ask again


class NavCounts(View):
    """One's own open leads and opportunities, what is late, and the views of `?view=7&view=9`.

    All of them in one statement, each only as far as a line of the navigation can say.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        user: User = request.user  # type: ignore[assignment]
        wanted = {**self.own(user), **self.pinned(request, user)}
        found: dict[str, Any] = {}
        if wanted:
            counts = {
                f"_n{place}": CountUpTo(rows, MOST_IN_TAB)
                for place, rows in enumerate(wanted.values())
            }
            told = User.objects.filter(pk=user.pk).annotate(**counts).values_list(*counts).get()
            found = dict(zip(wanted, told, strict=True))
        lines = [
            {"key": key, "text": count_text(count or 0, MOST_IN_TAB), "is_late": key == "late"}
            for key, count in found.items()
            if count or key != "late"
        ]
        answer = render(request, "crm/nav_counts.html", {"lines": lines})
        answer["Cache-Control"] = f"private, max-age={KEPT}"
        return answer

    @staticmethod
    def own(user: User) -> dict[str, QuerySet[Any]]:
        """Return what is one's own, by the key of its line."""
        rows: dict[str, QuerySet[Any]] = {}
        if may(user, "view", Lead):
            rows["leads"] = Lead.objects.permitted(user).open().filter(owner=user)
        if may(user, "view", Opportunity):
            rows["opportunities"] = Opportunity.objects.permitted(user).open().filter(owner=user)
        if may(user, "view", Activity):
            late = Activity.objects.permitted(user).open()
            rows["late"] = late.filter(owner=user, due_at__lt=timezone.now())
        return rows

    @staticmethod
    def pinned(request: HttpRequest, user: User) -> dict[str, QuerySet[Any]]:
        """Return what the views would show that are asked for and shown to the user."""
        numbers = [text for text in request.GET.getlist("view") if is_number(text)]
        if not numbers:
            return {}
        rows: dict[str, QuerySet[Any]] = {}
        views = SavedView.objects.permitted(user).filter(pk__in=numbers[:MOST_PINNED])
        for view in views.filter(kind__in=record_kinds()).order_by("pk"):
            url = list_of(view.kind)
            if not url:
                continue
            page: Any = resolve(url).func.view_class()  # type: ignore[attr-defined]
            page.setup(request)
            if (found := page.narrowed_by(QueryDict(view.query))) is not None:
                rows[f"view-{view.pk}"] = found
        return rows
