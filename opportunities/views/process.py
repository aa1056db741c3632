"""How an opportunity goes through its process: moved, ticked, won, lost, reopened, at rest."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opportunities import operations
from opportunities.forms import LoseForm, ProcessForm, StageForm, TickForm, VersionForm, WinForm
from opportunities.models import Opportunity
from opportunities.rules import is_box, told_as
from opportunities.views.board import OnBoard
from opportunities.views.pages import OpenOpportunity
from opportunities.views.record import place_of
from records.errors import Refused, Stale
from workbench.views import OperationView


class OpportunityStage(OnBoard, OpenOpportunity, OperationView):
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

    def is_stale(self, form: Any, refusal: Stale) -> HttpResponse:
        """Say who changed it; the form that comes back is about the version that stands now."""
        data = self.request.POST.copy()
        data["version"] = str(refusal.version)
        form = self.form_class(data, record=self.record, user=self.user)
        form.is_valid()
        return self.form_invalid(form, status=409, stale=refusal)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        edit_url = reverse("opportunities:edit", kwargs={"pk": self.record.pk})
        checklist = f"{self.record.get_absolute_url()}?stage={self.request.POST.get('stage', '')}"
        missing = [
            {
                "label": told_as(step, self.user),
                "note": str(step.stage),
                "step": step.pk,
                "state": "blocking",
                "is_box": is_box(step),
                "url": place_of(step, edit_url, self.record.get_absolute_url()),
                "link_url": f"{checklist}#checklist"
                if is_box(step)
                else place_of(step, edit_url, self.record.get_absolute_url()),
            }
            for step in getattr(self, "missing", [])
        ]
        return super().get_context_data(missing=missing, **kwargs)

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is in %(stage)s") % {
            "opportunity": outcome,
            "stage": outcome.stage,
        }

    def undo_url(self, outcome: Opportunity) -> str:
        """Return what takes the move back, unless the opportunity is changed before."""
        if outcome.stage_id == self.stage_before:
            return ""
        url = reverse("opportunities:stage-back", kwargs={"pk": outcome.pk})
        return f"{url}{self.board_query or '?'}&version={outcome.version}"


class OpportunityStageBack(OpportunityStage):
    """Take back the last move of an opportunity."""

    form_class = VersionForm
    template_name = "workbench/operation.html"
    operation = staticmethod(operations.take_back_move)
    submit_label = gettext_lazy("Move back")
    explanation = gettext_lazy("It is again where it was before it was moved last.")

    def page_title(self) -> str:
        return _("Move %(opportunity)s back") % {"opportunity": self.record}

    def get_form_kwargs(self) -> dict[str, Any]:
        """Take the version from the address, as an undo sends no form."""
        kwargs = super().get_form_kwargs()
        version = self.request.GET.get("version", "")
        kwargs["initial"] = {"version": version}
        if "data" in kwargs and "version" not in kwargs["data"]:
            kwargs["data"] = QueryDict(urlencode({"version": version}))
        return kwargs


class OpportunityProcess(OpportunityStage):
    """Let an opportunity go through another process; where it has been is remembered."""

    form_class = ProcessForm
    template_name = "workbench/operation.html"
    operation = staticmethod(operations.switch_process)
    submit_label = gettext_lazy("Change process")
    explanation = gettext_lazy("It begins at the first stage. Its history stays.")

    def page_title(self) -> str:
        return _("Change the process of %(opportunity)s") % {"opportunity": self.record}

    def undo_url(self, outcome: Opportunity) -> str:
        return ""


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
        is_shown = stage.isascii() and stage.isdigit()
        place = f"?stage={stage}#stage-panel" if is_shown else "#checklist"
        return HttpResponseRedirect(f"{url}{place}")


class OpportunityWin(OnBoard, OpenOpportunity, OperationView):
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
        return reverse("opportunities:reopen", kwargs={"pk": outcome.pk}) + self.board_query


class OpportunityLose(OpportunityWin):
    """Close an opportunity as lost."""

    form_class = LoseForm
    operation = staticmethod(operations.lose)
    submit_label = gettext_lazy("Close as lost")

    def page_title(self) -> str:
        return _("Lose %(opportunity)s") % {"opportunity": self.record}

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(opportunity)s is lost") % {"opportunity": outcome}


class OpportunityReopen(OnBoard, OperationView):
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


class OpportunityHold(OnBoard, OpenOpportunity, OperationView):
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
        return reverse("opportunities:resume", kwargs={"pk": outcome.pk}) + self.board_query


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
        return reverse("opportunities:hold", kwargs={"pk": outcome.pk}) + self.board_query
