"""What belongs to an opportunity: its product lines and the people who have a say."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opportunities import operations
from opportunities.forms import BLANK_LINES, LinesForm, StakeholderForm
from opportunities.models import Opportunity
from opportunities.views.pages import OpenOpportunity
from workbench.views import OperationView


class OpportunityLines(OpenOpportunity, OperationView):
    """All product lines as rows to edit; an empty row is none."""

    model = Opportunity
    action = "change"
    form_class = LinesForm
    template_name = "opportunities/lines.html"
    submit_label = gettext_lazy("Save lines")
    explanation = gettext_lazy("The value of the opportunity becomes the total of its lines.")

    def page_title(self) -> str:
        return _("Lines of %(opportunity)s") % {"opportunity": self.record}

    @property
    def adds_rows(self) -> bool:
        return self.request.method == "POST" and "more" in self.request.POST

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        if self.adds_rows:
            data = kwargs["data"].copy()
            rows = str(data.get("lines-TOTAL_FORMS", ""))
            if rows.isascii() and rows.isdigit() and len(rows) < 4:
                data["lines-TOTAL_FORMS"] = str(int(rows) + BLANK_LINES)
            kwargs["data"] = data
        return kwargs

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.adds_rows and not self.closed_because():
            return self.render_to_response(self.get_context_data(form=self.get_form()))
        return super().post(request, *args, **kwargs)

    def run(self, form: LinesForm) -> Opportunity:
        return operations.set_lines(
            self.record, by=self.user, lines=form.lines, version=form.cleaned_data["version"]
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context.get("form")
        if form is not None and form.is_bound:
            context["errors"] = [] if self.adds_rows else context["errors"] + row_errors(form)
        return context

    def success_message(self, outcome: Opportunity) -> str:
        return _("The lines of %(opportunity)s were saved") % {"opportunity": outcome}


def row_errors(form: LinesForm) -> list[dict[str, str]]:
    """Return the errors of the rows, each with the id of its field."""
    links = [
        {"text": str(sentence), "target": "", "name": ""}
        for sentence in form.rows.non_form_errors()
    ]
    for number, row in enumerate(form.rows, start=1):
        links += [
            {
                "text": _("Line %(number)d: %(problem)s") % {"number": number, "problem": sentence},
                "target": row[name].id_for_label if name in row.fields else "",
                "name": "",
            }
            for name, sentences in row.errors.items()
            for sentence in sentences
        ]
    return links


class OpportunityStakeholderAdd(OpenOpportunity, OperationView):
    """Name a person who has a say, or change the role of one."""

    model = Opportunity
    action = "change"
    form_class = StakeholderForm
    operation = staticmethod(operations.add_stakeholder)
    submit_label = gettext_lazy("Add person")

    def page_title(self) -> str:
        return _("Add a person to %(opportunity)s") % {"opportunity": self.record}

    def success_message(self, outcome: Any) -> str:
        return _("%(person)s was added") % {"person": outcome.contact}


class OpportunityStakeholderRemove(OpenOpportunity, OperationView):
    """Take a person off the list of those who have a say."""

    model = Opportunity
    action = "change"
    submit_label = gettext_lazy("Remove person")
    explanation = gettext_lazy(
        "The contact stays. Only this opportunity no longer names the person."
    )

    @cached_property
    def stakeholder(self) -> Any:
        rows = self.record.stakeholders.select_related("contact")
        found = rows.filter(contact=self.kwargs["contact"]).first()
        if found is None:
            raise Http404
        return found

    def page_title(self) -> str:
        return _("Remove %(person)s") % {"person": self.stakeholder.contact}

    def run(self, form: Any) -> Opportunity:
        return operations.remove_stakeholder(
            self.record, by=self.user, contact=self.stakeholder.contact
        )

    def success_message(self, outcome: Opportunity) -> str:
        return _("%(person)s was removed") % {"person": self.stakeholder.contact}
