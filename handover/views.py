"""The pages on which somebody's work is handed over, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from handover import jobs
from handover.forms import HandOverForm
from handover.operations import MOST_RECORDS
from handover.queries import MODELS, Plan, plan_for
from records.permissions import may
from workbench.jobs import undo_page_of
from workbench.models import Job
from workbench.templatetags.workbench import address
from workbench.views import JobUndo
from workbench.views.record import FormPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase


class HandOver(FormPage):
    """Show who would get how much, then have it done. Posted with `preview` it is only shown."""

    model = Job
    form_class = HandOverForm
    template_name = "handover/create.html"
    title = gettext_lazy("Hand over work")
    submit_label = gettext_lazy("Hand over")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not any(may(self.user, "assign", model) for model in MODELS.values()):
            raise PermissionDenied(_("You may not give work to others."))
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        asked = self.request.GET.get("person", "")
        is_number = asked.isascii() and asked.isdigit() and len(asked) < 19
        return {**super().get_initial(), "person": int(asked) if is_number else self.user.pk}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "preview" in request.POST:
            form = self.get_form()
            form.is_valid()
            return self.render_to_response(self.get_context_data(form=form))
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(is_wide=True, **kwargs)
        plan = self.plan(context["form"])
        return {**context, "plan": plan, "is_too_much": plan and plan.count > MOST_RECORDS}

    def plan(self, form: HandOverForm) -> Plan | None:
        """Return what would be done with what was chosen so far."""
        if form.is_bound:
            chosen = form.cleaned_data
        else:
            rows: Any = form.fields["person"]
            person = rows.queryset.filter(pk=form.initial.get("person")).first()
            chosen = {"person": person, "kinds": form.fields["kinds"].initial}
        person = chosen.get("person")
        if person is None:
            return None
        receivers = list(chosen.get("receivers") or ())
        return plan_for(person, receivers, chosen.get("kinds") or (), by=self.user)

    def run(self, form: Any) -> Job:
        data = form.cleaned_data
        return jobs.hand_over(
            data["person"],
            by=self.user,
            receivers=list(data["receivers"]),
            kinds=data["kinds"],
        )

    def success_url_for(self, outcome: Job) -> str:
        return outcome.get_absolute_url()

    def cancel_url(self) -> str:
        return address("home")


class HandOverUndo(JobUndo):
    """Take back what was handed over, as far as it is still with whom it went to."""

    def closed_because(self) -> str:
        if self.job.is_live:
            return _("This job is still at work. Cancel it or wait for its end.")
        if undo_page_of(self.job) != "handover:undo":
            return _("This job did nothing that can be taken back.")
        return ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        told = _("Each record goes back, unless somebody else has it by now.")
        return {**super().get_context_data(**kwargs), "explanation": told}

    def run(self, form: Any) -> Job:
        return jobs.take_back(self.job, by=self.user)

    def success_message(self, outcome: Job) -> str:
        return ""

    def success_url_for(self, outcome: Job) -> str:
        return outcome.get_absolute_url()
