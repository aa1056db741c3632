"""The pages of jobs: what is going on or has been done after the answer, and how it went."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from records.errors import Refused
from records.permissions import may
from workbench import jobs
from workbench.models import Job, JobLine
from workbench.templatetags.workbench import address
from workbench.views.record import Page

ROWS = 50
LINES = 100
MOST_PAGES = 1_000
TONES: dict[str, str] = {
    Job.State.RUNNING: "active",
    Job.State.DONE: "good",
    Job.State.FAILED: "bad",
    JobLine.State.REFUSED: "warn",
}


def page_in(request: HttpRequest) -> int:
    """Return which page is asked for; what is no number is the first."""
    text = request.GET.get("page", "")
    return min(max(int(text[:6]) if text.isascii() and text.isdigit() else 1, 1), MOST_PAGES)


def pages(page: int, has_next: bool, address: str = "?view=lines") -> dict[str, Any]:
    """Return what a pager shows."""
    return {
        "page": {"has_previous": page > 1, "has_next": has_next},
        "previous": f"{address}&page={page - 1}" if page > 1 else "",
        "next": f"{address}&page={page + 1}" if has_next else "",
    }


class JobList(Page, TemplateView):
    """One's own jobs, the newest first; `?view=all` those of others, too, as far as one may."""

    model = Job
    template_name = "workbench/jobs.html"
    title = gettext_lazy("Jobs")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sees_others = may(self.user, "view", Job)
        shows_all = sees_others and self.request.GET.get("view") == "all"
        rows = Job.objects.permitted(self.user).for_list()
        rows = rows if shows_all else rows.filter(owner=self.user)
        page = page_in(self.request)
        found = list(rows[(page - 1) * ROWS : page * ROWS + 1])
        address = f"?view={'all' if shows_all else 'own'}"
        tabs = [
            {"label": _("My jobs"), "url": "?view=own", "is_current": not shows_all},
            {"label": _("Everybody's jobs"), "url": "?view=all", "is_current": shows_all},
        ]
        return super().get_context_data(
            tabs=tabs if sees_others else [],
            rows=[(job, TONES.get(job.state, "")) for job in found[:ROWS]],
            shows_all=shows_all,
            **pages(page, len(found) > ROWS, address),
            **kwargs,
        )


class JobPage(Page):
    """A page about one job: one of somebody else's, beyond one's scope, does not exist."""

    model = Job

    @cached_property
    def job(self) -> Job:
        rows = Job.objects.permitted(self.user).select_related("owner")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @cached_property
    def may_change(self) -> bool:
        return Job.objects.permitted(self.user, "change").filter(pk=self.job.pk).exists()


class JobDetail(JobPage, TemplateView):
    """How far a job is, what it tells of each record, and what can be done about it."""

    template_name = "workbench/job.html"

    def get_template_names(self) -> list[str]:
        is_part = self.request.htmx and self.request.htmx.target == "job"  # type: ignore[attr-defined]
        return [f"{self.template_name}#job" if is_part else self.template_name]

    def page_title(self) -> str:
        return self.job.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job, page = self.job, page_in(self.request)
        rows = job.lines.order_by("pk").select_related("record_type")
        lines = list(rows[(page - 1) * LINES : page * LINES + 1])
        tally = dict(job.lines.order_by().values_list("state").annotate(count=Count("pk")))
        return super().get_context_data(
            job=job,
            tone=TONES.get(job.state, ""),
            may_change=self.may_change,
            undo_url=address(jobs.undo_page_of(job), job.pk) if self.may_change else "",
            tally=[
                (label, tally[state], TONES.get(state, ""))
                for state, label in JobLine.State.choices
                if state in tally
            ],
            lines=[
                (told, TONES.get(told.line.state, ""))
                for told in jobs.told_to(self.user, lines[:LINES])
            ],
            **pages(page, len(lines) > LINES),
            **kwargs,
        )


class JobChange(JobPage):
    """Something that is done to a job by a button."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.may_change:
            raise PermissionDenied(_("You can read this job but not do this."))
        try:
            messages.success(request, self.change())
        except Refused as refusal:
            messages.error(request, str(refusal))
        return self.go(self.job.get_absolute_url())

    def change(self) -> str:
        raise NotImplementedError


class JobCancel(JobChange):
    """End a job between two steps."""

    def change(self) -> str:
        jobs.cancel(self.job, by=self.user)
        return _("%(job)s was cancelled") % {"job": self.job}


class JobResume(JobChange):
    """Have a job that stopped go on where it was."""

    def change(self) -> str:
        jobs.resume(self.job, by=self.user)
        return _("%(job)s goes on") % {"job": self.job}
