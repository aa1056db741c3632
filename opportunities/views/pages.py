"""The list of opportunities, its forms, and what is done to one but moving and closing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.forms import BulkTaskForm
from opportunities import jobs, operations
from opportunities.filters import OpportunityFilter
from opportunities.forms import AssignForm, BulkForecastForm, BulkStageForm, OpportunityForm
from opportunities.models import Opportunity
from opportunities.tables import OpportunityTable
from opportunities.views.board import layouts_of
from opportunities.views.record import why_closed
from workbench.forms.bulk import BulkAssignForm, BulkFieldForm, BulkForm, BulkTagForm
from workbench.views import (
    ASSIGN,
    DELETE,
    FIELD,
    TAG,
    TASK,
    BulkView,
    CreateView,
    DeleteView,
    EditView,
    ForSelected,
    OperationView,
    RelatedListView,
    RestoreView,
    Tab,
)

if TYPE_CHECKING:
    from django.http import QueryDict


class OpportunityList(RelatedListView):
    """The opportunities that the user may see."""

    model = Opportunity
    table_class = OpportunityTable
    filter_class = OpportunityFilter
    purpose = gettext_lazy(
        "An opportunity is a sale that may come: with a value, a stage and a day to close."
    )
    amount_column = "value"
    total_column = "base_value"
    tabs = [
        Tab(gettext_lazy("My open"), "owner=me&status=open"),
        Tab(gettext_lazy("All open"), "status=open"),
        Tab(gettext_lazy("Closing this month"), "closing=month&status=open"),
        Tab(gettext_lazy("Won this quarter"), "closed=quarter&status=won"),
        Tab(gettext_lazy("Lost"), "status=lost"),
    ]
    for_selected = [
        ForSelected(gettext_lazy("Move to stage"), "stage", "layout-kanban", "change", key="s"),
        ForSelected(gettext_lazy("Forecast"), "forecast", "trending-up", "change"),
        ASSIGN,
        TASK,
        TAG,
        FIELD,
        DELETE,
    ]

    def reached_by(self, data: QueryDict) -> Any:
        """Return also what lies in the recycle bin by now, where it is asked how it was before."""
        if self.is_bin or not any(data.get(name) for name in OpportunityFilter.PAST):
            return super().reached_by(data)
        return Opportunity.all_objects.permitted(self.user, "view")

    def layouts(self) -> list[dict[str, Any]]:
        return [] if self.is_bin else layouts_of(self, is_board=False)


class OpportunityBulk(BulkView):
    """Do something to many opportunities, each by itself."""

    model = Opportunity
    filter_class = OpportunityFilter
    changes = {
        "stage": (jobs.MoveOpportunities, BulkStageForm),
        "forecast": (jobs.SetForecast, BulkForecastForm),
        "assign": (jobs.AssignOpportunities, BulkAssignForm),
        "task": (jobs.AddOpportunityTasks, BulkTaskForm),
        "tag": (jobs.TagOpportunities, BulkTagForm),
        "field": (jobs.SetOpportunityField, BulkFieldForm.of("opportunity")),
        "delete": (jobs.DeleteOpportunities, BulkForm),
    }


class OpenOpportunity:
    """A page for open opportunities: of a closed one it says why it cannot be used."""

    record: Any

    def closed_because(self) -> str:
        return why_closed(self.record)


class OpportunityCreate(CreateView):
    """Open an opportunity without a lead."""

    model = Opportunity
    form_class = OpportunityForm
    operation = staticmethod(operations.open_opportunity)
    prefilled = ("topic", "account", "contact", "stage")


class OpportunityEdit(OpenOpportunity, EditView):
    """Change the terms of an open opportunity."""

    model = Opportunity
    form_class = OpportunityForm
    related = ("owner", "account", "contact", "stage", "changed_by")
    operation = staticmethod(operations.update_opportunity)


class OpportunityDelete(DeleteView):
    """Put an opportunity into the recycle bin."""

    model = Opportunity
    operation = staticmethod(operations.delete_opportunity)


class OpportunityRestore(RestoreView):
    """Take an opportunity out of the recycle bin."""

    model = Opportunity
    operation = staticmethod(operations.restore_opportunity)


class OpportunityAssign(OpenOpportunity, OperationView):
    """Give an opportunity to somebody else."""

    model = Opportunity
    action = "assign"
    form_class = AssignForm
    operation = staticmethod(operations.assign_opportunity)
    submit_label = gettext_lazy("Assign opportunity")

    def page_title(self) -> str:
        return _("Assign %(opportunity)s") % {"opportunity": self.record}

    def success_message(self, outcome: Opportunity) -> str:
        if outcome.owner is None:
            return _("%(opportunity)s waits in the queue") % {"opportunity": outcome}
        return _("%(opportunity)s assigned to %(owner)s") % {
            "opportunity": outcome,
            "owner": outcome.owner,
        }

    def success_url_for(self, outcome: Opportunity) -> str:
        rows = Opportunity.objects.permitted(self.user, "view")
        is_visible = rows.filter(pk=outcome.pk).exists()
        return outcome.get_absolute_url() if is_visible else reverse("opportunities:list")
