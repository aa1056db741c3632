"""The start page: the day of whoever has signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import ngettext
from django.views import generic

from leads.models import Lead
from records.permissions import may, reaches
from reports import queries
from reports.views.viewer import person

if TYPE_CHECKING:
    from accounts.models import Account
    from opportunities.models import Opportunity


class Home(generic.TemplateView):
    """The day of whoever has signed in."""

    template_name = "reports/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.request)
        day = queries.day_of(user)
        return super().get_context_data(
            day=day,
            closing=[(each, self._account(each)) for each in day.closing.records],
            due_count=day.more_late + len(day.late) + len(day.today),
            calm=self._calm(len(day.soon)),
            may_add_leads=may(user, "add", Lead),
            **kwargs,
        )

    def _account(self, opportunity: Opportunity) -> Account | None:
        """Return its account, unless that is outside what the user may see."""
        account = opportunity.account
        return account if account and reaches(person(self.request), "view", account) else None

    def _calm(self, soon: int) -> str:
        if not soon:
            return ""
        return ngettext(
            "%(n)s step is planned for the next 7 days.",
            "%(n)s steps are planned for the next 7 days.",
            soon,
        ) % {"n": soon}
