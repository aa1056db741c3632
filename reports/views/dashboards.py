"""The pages of kept dashboards: keep one, rename and share it, pin it, begin with it, delete it.

They are those of the saved views of lists, with what a dashboard has of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.filters import OVERVIEW, query_to_keep
from reports.operations import DASHBOARD, change_dashboard, save_dashboard
from reports.views.boards import BOARDS
from workbench.models import SavedView
from workbench.views import saved_views
from workbench.views.kept import VIEW

if TYPE_CHECKING:
    from users.models import User
    from workbench.forms import PageForm
    from workbench.forms.saved_views import SavedViewForm
    from workbench.querysets import SavedViewQuerySet


def kept_of(user: User, text: str) -> str:
    """Return what is kept of an address; without cards in it, those of the usual dashboard.

    Raises `Unacceptable` for what is no choice.
    """
    asked = QueryDict(text).dict()
    usual = BOARDS.get(str(asked.get("board")), BOARDS[OVERVIEW])
    return query_to_keep(user, {"cards": str(usual.arrangement), **asked})


class AboutDashboard(saved_views.AboutView):
    """A page about a kept dashboard: one that is not shown to the user does not exist."""

    model: ClassVar[Any] = SavedView
    kind = "report"
    namespace = "reports"
    list_name = "overview"
    leaving = frozenset({VIEW})

    def views(self, action: str = "view") -> SavedViewQuerySet:
        return SavedView.objects.permitted(self.user, action).filter(kind=DASHBOARD)

    def list_with(self, view: SavedView | None, query: str = "") -> str:
        """Return the address of a dashboard, or of what `query` made of it."""
        data = QueryDict(query, mutable=True)
        if view is not None:
            data[VIEW] = str(view.pk)
        return f"{reverse('reports:overview')}?{data.urlencode()}".rstrip("?")

    def success_message(self, outcome: SavedView | None) -> str:
        return _("The dashboard %(name)s was saved") % {"name": outcome}


class DashboardCreate(AboutDashboard, saved_views.SavedViewCreate):
    """Keep a dashboard, its query string in `?query=`, under a name."""

    title = gettext_lazy("Save dashboard")
    submit_label = gettext_lazy("Save dashboard")

    @cached_property
    def query(self) -> str:
        return str(self.request.GET.get("query", ""))[: SavedView.LONGEST_QUERY]

    def run(self, form: SavedViewForm) -> SavedView:
        said = form.cleaned_data
        return save_dashboard(
            by=self.user,
            name=said["name"],
            audience=said["audience"],
            query=kept_of(self.user, said["query"]),
        )


class DashboardEdit(AboutDashboard, saved_views.SavedViewEdit):
    """Rename a dashboard, or show it to others."""

    submit_label = gettext_lazy("Save dashboard")


class DashboardDelete(AboutDashboard, saved_views.SavedViewDelete):
    """Ask, then forget a dashboard."""

    submit_label = gettext_lazy("Delete dashboard")

    def page_title(self) -> str:
        return _("Delete the dashboard %(name)s") % {"name": self.view}

    def success_message(self, outcome: SavedView | None) -> str:
        return _("The dashboard %(name)s was deleted") % {"name": self.view}

    def run(self, form: PageForm) -> None:
        saved_views.SavedViewDelete.run(self, form)


class DashboardSave(AboutDashboard, saved_views.SavedViewSave):
    """Have a dashboard stand as it is shown now."""

    def change(self, query: str) -> str:
        change_dashboard(
            self.view,
            by=self.user,
            version=self.version,
            query=kept_of(self.user, query),
        )
        return _("The dashboard %(name)s was saved") % {"name": self.view}


class DashboardPin(AboutDashboard, saved_views.SavedViewPin):
    """Put a dashboard among one's pinned views, or take it from there."""


class DashboardBegin(AboutDashboard, saved_views.SavedViewBegin):
    """Have the figures begin with a dashboard, or with the one that everybody has."""
