"""The figures on pages: the sales overview, and every report of it by itself."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import generic
from django_htmx.http import push_url

from leads.models import Lead
from opportunities.models import Opportunity
from reports.filters import COHORTS, PARTS, OverviewFilter
from reports.queries import Figures
from reports.tables import REPORTS
from reports.templatetags.figures import as_days, as_points
from reports.views.cards import CARDS
from reports.views.viewer import person
from workbench.transfer import safe_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

STRIP = "open-leads"
# What is chosen on a card, and the element that changes with it: who came in and who was closed is
# told of all cards about leads.
CHOICES: dict[str, tuple[str, Sequence[tuple[str, Any]], str]] = {
    "trend": ("cohort", COHORTS, "dashboard"),
    "conversion": ("by", PARTS, "card-conversion"),
}
# What is seen first; with scripts the others come when they are scrolled to.
FIRST = ("pipeline", "trend")


class FiguresPage(generic.TemplateView):
    """A page about one question, which stands in its address."""

    request: HttpRequest

    @cached_property
    def form(self) -> OverviewFilter:
        return OverviewFilter(self.request.GET, user=person(self.request))

    @cached_property
    def figures(self) -> Figures:
        """The figures of what the viewer may see.

        A choice that is none answers no other question than the one that was asked.
        """
        user, is_asked = person(self.request), self.form.is_valid()
        return Figures(
            leads=Lead.objects.permitted(user) if is_asked else Lead.objects.none(),
            opportunities=Opportunity.objects.permitted(user)
            if is_asked
            else Opportunity.objects.none(),
            ask=self.form.question,
        )

    @property
    def part(self) -> str:
        """What htmx asks for alone: the id of an element, or nothing."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return "" if not htmx or htmx.history_restore_request else str(htmx.target or "")

    @property
    def address(self) -> str:
        return self.request.path

    def link(self, name: str = "", **changes: str) -> str:
        """Return the address of a report, of this page without a name, for the same question."""
        address = reverse("reports:report", args=[name]) if name else self.address
        query = self.form.query(**changes)
        return f"{address}?{query}" if query else address

    def card(self, name: str, *, is_open: bool = False) -> dict[str, Any]:
        """Return what a card shows: its frame, its drawing, its table."""
        return self.frame(name) | {
            "drawing": CARDS[name].draw(self.figures),
            "table": REPORTS[name].table(self.figures),
            "is_open": is_open,
        }

    def frame(self, name: str) -> dict[str, Any]:
        """Return what the frame of a card needs; nothing is counted for it."""
        file_query = "&".join(filter(None, [self.form.query(), "format=csv"]))
        return {
            "card": CARDS[name],
            "title": REPORTS[name].title,
            "url": self.link(name),
            "csv_url": f"{reverse('reports:report', args=[name])}?{file_query}",
            "definition_url": f"{reverse('figures')}#{CARDS[name].definition}",
            **self.chosen(name),
        }

    def chosen(self, name: str) -> dict[str, Any]:
        """Return what can be chosen on a card, and what of it the head has to keep."""
        if name not in CHOICES:
            return {}
        field, choices, target = CHOICES[name]
        current = self.form.data.get(field)
        return {
            "choices": [
                {"label": label, "url": self.link(**{field: value}), "is_current": value == current}
                for value, label in choices
            ],
            "choices_target": target,
            "kept": (field, current),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(head=self.form, period=self.figures.ask.period, **kwargs)


class Overview(FiguresPage):
    """The sales overview: every figure opens the records that it counts."""

    template_name = "reports/overview.html"

    def get_template_names(self) -> list[str]:
        if self.part == "dashboard":
            return [f"{self.template_name}#dashboard"]
        return ["reports/card.html"] if self.asked_card else [self.template_name]

    @property
    def asked_card(self) -> str:
        name = self.part.removeprefix("card-")
        return name if self.part.startswith("card-") and name in CARDS else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.asked_card:
            return super().get_context_data(**self.card(self.asked_card), **kwargs)
        figures = self.figures
        cards = [
            # Who has no scripts gets the whole page at once.
            self.frame(name) | {"is_late": True}
            if self.part and name not in FIRST
            else self.card(name)
            for name in CARDS
            if name != STRIP
        ]
        return super().get_context_data(
            strip=CARDS[STRIP].draw(figures),
            ready=figures.open_leads.ready,
            deals=figures.deals,
            closed=figures.closed,
            changes=changes_of(figures),
            cards=cards,
            **kwargs,
        )

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Answer, and give htmx the address without what is usual in it."""
        answer = super().render_to_response(context, **options)
        return push_url(answer, self.link()) if self.part else answer


def changes_of(figures: Figures) -> dict[str, tuple[str, str]]:
    """Say in words what changed from the period before, and whether that is good or bad."""
    now, before = figures.closed, figures.closed_before
    changes = {}
    if now.rate is not None and before.rate is not None and now.rate != before.rate:
        points = as_points(now.rate - before.rate)
        changes["rate"] = (
            _("%(points)s points") % {"points": points},
            "good" if now.rate > before.rate else "bad",
        )
    if now.days.count and before.days.count and now.days.median != before.days.median:
        less = before.days.median - now.days.median  # type: ignore[operator]
        told = {"days": as_days(abs(less))}
        if less > 0:
            changes["days"] = _("%(days)s faster") % told, "good"
        else:
            changes["days"] = _("%(days)s slower") % told, "bad"
    return changes


class ReportPage(FiguresPage):
    """One report by itself: a card, its table, and the table as a file."""

    template_name = "reports/report.html"

    def get_template_names(self) -> list[str]:
        return ["reports/card.html" if self.part.startswith("card-") else self.template_name]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if kwargs["name"] not in REPORTS:
            raise Http404
        if request.GET.get("format") == "csv":
            return self.file(kwargs["name"])
        return super().get(request, *args, **kwargs)

    @property
    def address(self) -> str:
        """The address of the page on which the card is: it may have been fetched into another."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        overview = reverse("reports:overview")
        path = str(htmx.current_url_abs_path or "") if self.part else ""
        return overview if path.split("?")[0] == overview else self.request.path

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name = kwargs.pop("name")
        card = self.card(name, is_open=not self.part)
        if not self.part:
            card["choices_target"] = ""  # a page of one card changes as a whole
        overview_url = f"{reverse('reports:overview')}?{self.form.query()}"
        return super().get_context_data(overview_url=overview_url, **card, **kwargs)

    def file(self, name: str) -> HttpResponse:
        """Return the table as CSV that a spreadsheet opens safely."""
        text = StringIO(newline="")
        writer = csv.writer(text)
        for line in REPORTS[name].table(self.figures).lines():
            writer.writerow([safe_cell(value) for value in line])
        answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer
