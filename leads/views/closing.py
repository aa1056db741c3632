"""Giving up many leads, and taking back what was done to many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads import jobs
from leads.forms import BulkDisqualifyForm, BulkUndoForm
from leads.jobs import MOST_LEADS
from leads.models import Lead
from leads.operations import Prospect, to_give_up
from leads.views.bulk import LeadBulkQualify
from records.permissions import may
from workbench.jobs import undo_page_of
from workbench.models import Job, JobLine
from workbench.views.record import FormPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


class LeadBulkDisqualify(LeadBulkQualify):
    """Show which leads of a list would be given up, then have it done."""

    form_class = BulkDisqualifyForm
    template_name = "leads/bulk_disqualify.html"
    title = gettext_lazy("Disqualify leads")
    submit_label = gettext_lazy("Disqualify")
    action = "disqualify"
    asked_for = "status=open&owner=me"
    forbidden = gettext_lazy("You may not disqualify leads.")
    nothing = gettext_lazy("No lead here can be disqualified by you")

    @cached_property
    def prospects(self) -> list[Prospect]:
        return to_give_up(self._rows().order_by("pk")[: MOST_LEADS + 1], by=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        count = context["counts"]["ready"]
        words = ngettext("Disqualify %(n)d lead", "Disqualify %(n)d leads", count)
        return {**context, "submit_label": words % {"n": count}}

    def get_initial(self) -> dict[str, Any]:
        return {"leads": super().get_initial().get("leads", "")}

    def run(self, form: BulkDisqualifyForm) -> Job:
        data = form.cleaned_data
        return jobs.disqualify_many(
            data["leads"],
            by=self.user,
            reason=data["reason"],
            comment=data["comment"],
            revisit_on=data["revisit_on"],
        )


class LeadBulkUndo(FormPage):
    """Take back what a job has done to leads: each by itself, as far as nothing was built on it."""

    model = Lead
    form_class = BulkUndoForm
    template_name = "leads/bulk_undo.html"
    submit_label = gettext_lazy("Undo")

    @cached_property
    def job(self) -> Job:
        """The job, one of the user's own: another one does not exist."""
        rows = Job.objects.permitted(self.user, "change").filter(pk=self.kwargs["pk"])
        job = rows.select_related("owner").first()
        if job is None:
            raise Http404
        return job

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(self.user, "undo" if self.is_qualifying else "disqualify", Lead):
            raise PermissionDenied(_("You may not take this back."))
        return super().dispatch(request, *args, **kwargs)

    @property
    def is_qualifying(self) -> bool:
        return self.job.kind == jobs.qualify_leads.name

    def page_title(self) -> str:
        return _("Undo: %(job)s") % {"job": self.job.title}

    def closed_because(self) -> str:
        if self.job.is_live:
            return _("This job is still at work. Cancel it or wait for its end.")
        is_ours = undo_page_of(self.job) == "leads:bulk-undo"
        return "" if is_ours else _("This job did nothing that can be taken back.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        done = self.job.lines.filter(state=JobLine.State.DONE).count()
        return super().get_context_data(done=done, is_qualifying=self.is_qualifying, **kwargs)

    def run(self, form: BulkUndoForm) -> Job:
        return jobs.undo_many(self.job, by=self.user)

    def success_url_for(self, outcome: Job) -> str:
        return outcome.get_absolute_url()

    def cancel_url(self) -> str:
        return self.job.get_absolute_url()
