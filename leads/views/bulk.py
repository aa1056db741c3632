"""What is done to many leads: a preview of each, then a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy, ngettext

from activities.forms import BulkTaskForm
from leads import jobs
from leads.filters import LeadFilter
from leads.forms import BulkProgressForm, BulkQualifyForm
from leads.jobs import MOST_LEADS
from leads.models import Lead
from leads.operations import Prospect, prospects
from records.permissions import may
from workbench.forms.bulk import BulkAssignForm, BulkFieldForm, BulkForm, BulkTagForm
from workbench.views import BulkView
from workbench.views.record import FormPage
from workbench.views.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponseBase

    from workbench.jobs import Job

SHOWN = 200


class LeadBulk(BulkView):
    """Do something to many leads, each by itself."""

    model = Lead
    filter_class = LeadFilter
    changes = {
        "assign": (jobs.AssignLeads, BulkAssignForm),
        "status": (jobs.SetProgress, BulkProgressForm),
        "task": (jobs.AddLeadTasks, BulkTaskForm),
        "tag": (jobs.TagLeads, BulkTagForm),
        "field": (jobs.SetLeadField, BulkFieldForm.of("lead")),
        "delete": (jobs.DeleteLeads, BulkForm),
    }


class LeadBulkQualify(FormPage):
    """Show what would happen to the leads of a list, then have them qualified.

    They are what was selected in the list, as `Selection` reads it; else what its filters
    leave of those that the user may qualify. What was shown as ready is what is done: the form
    carries their numbers.
    """

    model = Lead
    form_class = BulkQualifyForm
    template_name = "leads/bulk_qualify.html"
    title = gettext_lazy("Qualify leads")
    submit_label = gettext_lazy("Qualify")
    action = "qualify"
    # The filters of an address without any.
    asked_for = "ready=1"
    forbidden = gettext_lazy("You may not qualify leads.")
    nothing = gettext_lazy("No lead here can be qualified by you")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(self.user, self.action, Lead):
            raise PermissionDenied(self.forbidden)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def prospects(self) -> list[Prospect]:
        """The leads that are asked for, one more than can be done at a time."""
        order = F("ready_since").asc(nulls_last=True), "pk"
        return prospects(self._rows().order_by(*order)[: MOST_LEADS + 1], by=self.user)

    @cached_property
    def selection(self) -> Selection:
        return Selection.of(self.request.GET, "lead")

    def _rows(self) -> Any:
        seen = Lead.objects.permitted(self.user)
        numbers: Sequence[int] = self.selection.numbers
        if self.request.method == "POST":
            form = self.get_form()
            numbers = form.cleaned_data["leads"] if form.is_valid() else []
        elif self.selection.view is not None:
            return self._left_by(self.selection.view, seen)
        elif not numbers and "from" not in self.request.GET:
            rows = Lead.objects.permitted(self.user, self.action).open()
            return self._left_by(self.request.GET or QueryDict(self.asked_for), rows)
        return seen.filter(pk__in=numbers[: MOST_LEADS + 1])

    def _left_by(self, filters: QueryDict, rows: Any) -> Any:
        asked = LeadFilter(filters, rows, user=self.user)
        return asked.qs if asked.is_valid() else rows.none()

    def cancel_url(self) -> str:
        return self.selection.list_url(self.namespace)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.prospects[:MOST_LEADS]
        ready = [each for each in found if each.is_ready]
        blocked = [each for each in found if not each.is_ready]
        context = super().get_context_data(
            # What needs a look stands first.
            rows=[*blocked, *ready][:SHOWN],
            more=max(len(found) - SHOWN, 0),
            counts={
                "ready": len(ready),
                "blocked": len(blocked),
                "shared": sum(bool(each.companions) for each in found),
            },
            is_capped=len(self.prospects) > MOST_LEADS,
            most=MOST_LEADS,
            nothing=self.nothing,
            **kwargs,
        )
        context["submit_label"] = ngettext(
            "Qualify %(n)d lead", "Qualify %(n)d leads", len(ready)
        ) % {"n": len(ready)}
        return context

    def get_initial(self) -> dict[str, Any]:
        if self.request.method == "POST":
            return {}
        ready = [each for each in self.prospects[:MOST_LEADS] if each.is_ready]
        numbers = ",".join(str(each.lead.pk) for each in ready)
        return {"leads": numbers, "opens_opportunities": True}

    def run(self, form: BulkQualifyForm) -> Job:
        return jobs.qualify_many(
            form.cleaned_data["leads"],
            by=self.user,
            opens_opportunities=form.cleaned_data["opens_opportunities"],
        )

    def success_url_for(self, outcome: Job) -> str:
        return outcome.get_absolute_url()
