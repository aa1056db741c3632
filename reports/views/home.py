"""The start page: the day of whoever has signed in, or of somebody whose work he may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import generic

from accounts.models import Account, Contact
from activities.models import Activity
from leads.models import Lead
from opportunities.models import Opportunity
from records.permissions import may, reaches_person
from reports import queries
from reports.queries.day import DEAL_PARTS, LEAD_PARTS, TASK_PARTS
from reports.views.reasons import Reader, lines_of, quiet_evening, tel_of
from reports.views.viewer import person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.queries import Todo
    from users.models import User

MOST_PEOPLE = 200  # in the menu; behind them an address still leads to anybody's day
PARTS = ("day", "day-counts")  # the ids of what htmx fetches anew


class Home(generic.TemplateView):
    """What is due, what is new, who waits; `?person=` is the day of somebody else.

    A person whose records one may not see does not exist. Htmx gets the parts of the day alone.
    """

    template_name = "reports/home.html"

    def get_template_names(self) -> list[str]:
        htmx = self.request.htmx  # type: ignore[attr-defined]
        is_part = bool(htmx) and htmx.target in PARTS
        return [f"{self.template_name}#{PARTS[0]}" if is_part else self.template_name]

    @cached_property
    def viewer(self) -> User:
        return person(self.request)

    @cached_property
    def person(self) -> User:
        """Whose day it is."""
        asked = self.request.GET.get("person", "")
        if asked in ("", str(self.viewer.pk)):
            return self.viewer
        if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            raise Http404
        found = queries.people_of(self.viewer).filter(pk=int(asked), is_machine=False).first()
        if found is None:
            raise Http404
        return found

    @property
    def is_mine(self) -> bool:
        return self.person == self.viewer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        whose = self.person  # before anything is gathered: it may not be there
        day = queries.day_of(whose, viewer=self.viewer)
        reader = Reader(self.viewer, whose, self.here())
        lines = {
            name: lines_of(name, getattr(day, name), day, reader)
            for name in (*LEAD_PARTS, *DEAL_PARTS)
        }
        return super().get_context_data(
            day=day,
            lines=lines,
            tasks={name: self.tasks(getattr(day, name).records) for name in TASK_PARTS},
            whose=whose,
            is_mine=self.is_mine,
            here=self.here(),
            title=_("My day") if self.is_mine else _("Day of %(person)s") % {"person": whose},
            people=self.people(),
            calm=quiet_evening(day),
            may_add_leads=may(self.viewer, "add", Lead),
            handover_url=self.handover_url(),
            **kwargs,
        )

    def here(self) -> str:
        """Return the address of this day, and nothing that somebody has put into it besides."""
        return reverse("day") if self.is_mine else f"{reverse('home')}?person={self.person.pk}"

    def tasks(self, todos: Sequence[Todo]) -> list[dict[str, Any]]:
        """Return tasks as they are shown; a call is logged in one form, anything else ticked."""
        return [
            {
                "todo": todo,
                "tel": tel_of(todo.record) if todo.record is not None else "",
                "is_call": todo.activity.kind == Activity.Kind.CALL,
            }
            for todo in todos
        ]

    def handover_url(self) -> str:
        """Return where the work of this person is handed over, for whoever looks at another's."""
        may_assign = reaches_person(
            self.viewer, "assign", self.person, Lead, Opportunity, Activity, Account, Contact
        )
        if self.is_mine or not may_assign:
            return ""
        return f"{reverse('handover:create')}?person={self.person.pk}"

    def people(self) -> list[dict[str, Any]]:
        """Return whose day there is to choose; nothing where it is only one's own."""
        rows = queries.people_of(self.viewer).filter(is_active=True, is_machine=False)
        found = list(rows.order_by("name", "email", "pk")[:MOST_PEOPLE])
        others = [each for each in found if each != self.viewer]
        if not others:
            return []
        home = reverse("home")
        mine = {"label": _("My day"), "url": reverse("day"), "is_current": self.is_mine}
        return [mine] + [
            {
                "label": str(each),
                "url": f"{home}?person={each.pk}",
                "is_current": each == self.person,
            }
            for each in others
        ]
