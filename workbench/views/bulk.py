"""A page for what is done to many records: it shows what would become of each, then does it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workbench.bulk import (
    DONE,
    MOST_RECORDS,
    REFUSED,
    SKIPPED,
    change_many,
    change_of,
    may_take_back,
    problem_of,
    take_back_many,
    tally,
)
from workbench.forms import PageForm
from workbench.forms.bulk import NumbersField
from workbench.jobs import undo_page_of
from workbench.models import Job
from workbench.views.record import FormPage
from workbench.views.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.bulk import BulkAction
    from workbench.filters import RecordFilter

SHOWN = 200
# What needs a look stands first.
PLACES: dict[str, int] = {REFUSED: 0, SKIPPED: 1, DONE: 2}


class BulkView(FormPage):
    """Do one of `changes`, by the word of the address, to the records that were selected in a list.

    Each of them says what is done and which form asks for it. What is posted with `preview` is only
    shown: what would become of each record with what was chosen.
    """

    template_name = "workbench/bulk.html"
    filter_class: ClassVar[type[RecordFilter]]
    changes: ClassVar[Mapping[str, tuple[type[BulkAction], type[Any]]]]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.change.is_open_to(self.user):
            raise PermissionDenied(
                _("You may not do this to %(kind)s.")
                % {"kind": self.model._meta.verbose_name_plural}
            )
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def change(self) -> type[BulkAction]:
        if self.kwargs["action"] not in self.changes:
            raise Http404
        return self.changes[self.kwargs["action"]][0]

    def get_form_class(self) -> type[Any]:
        return self.changes[self.kwargs["action"]][1]

    @cached_property
    def selection(self) -> Selection:
        return Selection.of(self.request.GET)

    @cached_property
    def numbers(self) -> list[int] | None:
        """The numbers that the form brings; None when it brings no list of numbers."""
        try:
            return NumbersField().clean(self.request.POST.get("numbers", ""))
        except ValidationError:
            return None

    @cached_property
    def records(self) -> list[Any]:
        """The records that are meant and may be seen, one more than can be changed at a time."""
        rows = self.model.objects.permitted(self.user, "view")  # type: ignore[attr-defined]
        if self.request.method == "POST":
            rows = rows.filter(pk__in=(self.numbers or [])[: MOST_RECORDS + 1])
        elif self.selection.view is not None:
            asked = self.filter_class(self.selection.view, rows, user=self.user)
            rows = asked.qs if asked.is_valid() else rows.none()
        else:
            rows = rows.filter(pk__in=self.selection.numbers[: MOST_RECORDS + 1])
        rows = rows.select_related(*self.change.related).order_by("pk")
        return list(rows[: MOST_RECORDS + 1])

    def closed_because(self) -> str:
        is_posted = self.request.method == "POST"
        if self.selection.is_too_long and not is_posted:
            return _("This view has more filters than can be taken along. Take some away.")
        count = len(self.numbers or []) if is_posted else len(self.selection.numbers)
        if is_posted and self.numbers is None and self.request.POST.get("numbers"):
            return problem_of(MOST_RECORDS + 1)
        if count > MOST_RECORDS:
            return problem_of(count)
        return problem_of(len(self.records))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "preview" in request.POST and not self.closed_because():
            form = self.get_form()
            form.is_valid()
            return self.render_to_response(self.get_context_data(form=form))
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        if self.request.method == "POST":
            return {}
        return {"numbers": ",".join(str(record.pk) for record in self.records[:MOST_RECORDS])}

    def asked(self, form: Any) -> dict[str, Any]:
        """Return what was chosen so far; what is about to be chosen counts."""
        chosen = form.cleaned_data if form.is_bound else form.initial
        return {name: value for name, value in chosen.items() if name != "numbers"}

    def page_title(self) -> str:
        return self.change.title(len(self.records[:MOST_RECORDS]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(
            closed_link=_("Back to the list"), is_wide=True, **kwargs
        )
        if context["closed"]:
            return context
        asked = self.asked(context["form"])
        verdicts = self.change.verdicts(self.records, by=self.user, **asked)
        rows = sorted(
            zip(self.records, verdicts, strict=True), key=lambda row: PLACES[row[1].state]
        )
        counts = Counter(verdict.state for verdict in verdicts)
        return {
            **context,
            "rows": rows[:SHOWN],
            "more": max(len(rows) - SHOWN, 0),
            "counts": {state: counts[state] for state in (DONE, SKIPPED, REFUSED)},
            "submit_label": self.change.title(counts[DONE]),
            "is_dangerous": self.change.action == "delete",
            "explanation": self.change.explanation,
            "is_previewed": bool(self.change.depends),
        }

    def run(self, form: Any) -> Job:
        data = {name: value for name, value in form.cleaned_data.items() if name != "numbers"}
        numbers = form.cleaned_data["numbers"]
        return change_many(self.change, numbers, by=self.user, back=self.selection.back, **data)

    def success_message(self, outcome: Job) -> str:
        return outcome.outcome if went_well(outcome) else ""

    def undo_url(self, outcome: Job) -> str:
        if not may_take_back(outcome, self.user):
            return ""
        return reverse("jobs:undo", kwargs={"pk": outcome.pk})

    def success_url_for(self, outcome: Job) -> str:
        return self.cancel_url() if went_well(outcome) else outcome.get_absolute_url()

    def cancel_url(self) -> str:
        return self.selection.list_url(self.namespace)


def went_well(job: Job) -> bool:
    """Say whether a job is done and has refused nothing: then its report says no more."""
    return job.state == Job.State.DONE and REFUSED not in tally(job)


class JobUndo(FormPage):
    """Take back what a job has done to many records, as far as they are as it left them."""

    model = Job
    form_class = PageForm
    template_name = "workbench/operation.html"
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
        self.job  # noqa: B018  kept for the page
        return super().dispatch(request, *args, **kwargs)

    def page_title(self) -> str:
        return _("Undo: %(job)s") % {"job": self.job.title}

    def closed_because(self) -> str:
        if self.job.is_live:
            return _("This job is still at work. Cancel it or wait for its end.")
        if undo_page_of(self.job) != "jobs:undo":
            return _("This job did nothing that can be taken back.")
        return ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            closed_link=_("Back to the job"),
            explanation=_("Each record is as it was before, unless somebody has changed it since."),
            **kwargs,
        )

    def run(self, form: Any) -> Job:
        return take_back_many(self.job, by=self.user)

    def success_message(self, outcome: Job) -> str:
        return outcome.outcome if went_well(outcome) else ""

    def success_url_for(self, outcome: Job) -> str:
        if not went_well(outcome):
            return outcome.get_absolute_url()
        namespace = change_of(outcome).model().url_namespace
        return f"{reverse(f'{namespace}:list')}{outcome.arguments['back']}"

    def cancel_url(self) -> str:
        return self.job.get_absolute_url()
