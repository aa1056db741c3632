"""How an opportunity goes through its process: moved, ticked, won, lost, reopened, at rest."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opportunities import operations
from opportunities.forms import LoseForm, StageForm, TickForm, WinForm
from opportunities.models import Opportunity
from opportunities.rules import is_box
from opportunities.views.pages import OpenOpportunity
from records.errors import Refused
from workbench.views import OperationView


class OpportunityStage(OpenOpportunity, OperationView):
    """Move an opportunity to another stage; what is missing for that leads to where it is done."""

    model = Opportunity
    action = "change"
    related = ("owner", "stage")
    form_class = StageForm
    template_name = "opportunities/stage.html"
    operation = staticmethod(operations.move_to_stage)
    submit_label = gettext_lazy("Move opportunity")
    explanation = gettext_lazy("Probability and forecast follow the stage. Moving back is free.")

    def page_title(self) -> str:
        return _("Move %(opportunity)s") % {"opportunity": self.record}

    def add_refusal(self, form: Any, refusal: Refused) -> None:
        if not isinstance(refusal, operations.StepsAreMissing):
            super().add_refusal(form, refusal)
            return
        form.add_error("stage", str(refusal))
        self.missing = refusal.steps

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        edit_url = reverse("opportunities:edit", kwargs={"pk": self.record.pk})
        missing = [
            {
                "label": step.label,
                "note": str(step.stage),
                "step": step.pk,
                "state": "blocking",
                "is_box": is_box(step),
                "url": f"{edit_url}#id_{step.field}",
            }
            for step in getattr(self, "missing", [])
        ]
        return super().get_context_data(missing=missing, **kwargs)

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is in %(stage)s") % {
            "opportunity": outcome,
            "stage": outcome.stage,
        }


class OpportunityTick(OpenOpportunity, OperationView):
    """Tick a box of the process, or untick it: from the record, which comes back."""

    model = Opportunity
    action = "change"
    related = ("owner", "stage")
    form_class = TickForm
    operation = staticmethod(operations.tick_step)
    http_method_names = ("post", "options")

    def form_invalid(self, form: Any, status: int = 422, **more: Any) -> HttpResponse:
        messages.error(self.request, _("This step could not be ticked. Reload the page."))
        return self.go(self.record.get_absolute_url())

    def go(self, url: str) -> HttpResponse:
        """Lead back by a plain redirect also where htmx asked: it takes its part of the page."""
        stage = self.request.POST.get("shown", "")
        shown = f"?stage={stage}" if stage.isascii() and stage.isdigit() else ""
        return HttpResponseRedirect(f"{url}{shown}#checklist")


class OpportunityWin(OpenOpportunity, OperationView):
    """Close an opportunity as won."""

    model = Opportunity
    action = "close"
    form_class = WinForm
    operation = staticmethod(operations.win)
    submit_label = gettext_lazy("Close as won")
    explanation = gettext_lazy("It closes and becomes read-only. You can reopen it.")

    def page_title(self) -> str:
        return _("Win %(opportunity)s") % {"opportunity": self.record}

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is won") % {"opportunity": outcome}

    def undo_url(self, outcome: Opportunity) -> str:
        return reverse("opportunities:reopen", kwargs={"pk": outcome.pk})


class OpportunityLose(OpportunityWin):
    """Close an opportunity as lost."""

    form_class = LoseForm
    operation = staticmethod(operations.lose)
    submit_label = gettext_lazy("Close as lost")

    def page_title(self) -> str:
        return _("Lose %(opportunity)s") % {"opportunity": self.record}

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is lost") % {"opportunity": outcome}


class OpportunityReopen(OperationView):
    """Open a closed opportunity again."""

    model = Opportunity
    action = "close"
    operation = staticmethod(operations.reopen)
    submit_label = gettext_lazy("Reopen opportunity")
    explanation = gettext_lazy("It is open again, at the stage and probability that it had.")

    def page_title(self) -> str:
        return _("Reopen %(opportunity)s") % {"opportunity": self.record}

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is open again") % {"opportunity": outcome}


class OpportunityHold(OpenOpportunity, OperationView):
    """Let an opportunity rest."""

    model = Opportunity
    action = "change"
    operation = staticmethod(operations.put_on_hold)
    submit_label = gettext_lazy("Put on hold")
    explanation = gettext_lazy("It stays open and is marked as resting, until you resume it.")

    def page_title(self) -> str:
        return _("Put %(opportunity)s on hold") % {"opportunity": self.record}

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is on hold") % {"opportunity": outcome}

    def undo_url(self, outcome: Opportunity) -> str:
        return reverse("opportunities:resume", kwargs={"pk": outcome.pk})


class OpportunityResume(OpportunityHold):
    """Work on an opportunity again."""

    operation = staticmethod(operations.resume)
    submit_label = gettext_lazy("Resume opportunity")
    explanation = gettext_lazy("It is worked on again.")

    def page_title(self) -> str:
        return _("Resume %(opportunity)s") % {"opportunity": self.record}

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is in progress again") % {"opportunity": outcome}

    def undo_url(self, outcome: Opportunity) -> str:
        return reverse("opportunities:hold", kwargs={"pk": outcome.pk})
