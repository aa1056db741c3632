"""The figures on pages: the sales overview, and every report of it by itself."""

from __future__ import annotations

import csv
from dataclasses import fields
from io import StringIO
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import generic
from django_htmx.http import push_url

from reports import charts
from reports.filters import COHORTS, PARTS, OverviewFilter
from reports.operations import DASHBOARD
from reports.queries import Figures, minutes_behind
from reports.tables import REPORTS
from reports.templatetags.figures import as_days, as_points, as_rate
from reports.views.boards import STRIP, Board, board_of
from reports.views.cards import CARDS
from reports.views.kept import Dashboards, kept_dashboard
from reports.views.picture import picture_of
from reports.views.viewer import person
from users import formats
from workbench.transfer import safe_cell
from workbench.views.kept import VIEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from workbench.models import SavedView

# What is chosen on a card, and the element that changes with it: who came in and who was closed is
# told of all cards about leads.
CHOICES: dict[str, tuple[str, Sequence[tuple[str, Any]], str]] = {
    "trend": ("cohort", COHORTS, "dashboard"),
    "conversion": ("by", PARTS, "card-conversion"),
}
# The days that a report asks for instead of a period.
DATED = {"pipeline-as-of": ("as_of",), "bridge": ("from", "to")}
# With scripts the others come when they are scrolled to.
SEEN_FIRST = 2
# The element for which the small lines beside the key figures are asked, when the page is there.
SPARKS = "sparks"


class FiguresPage(generic.TemplateView):
    """A page about one question, which stands in its address."""

    request: HttpRequest

    @cached_property
    def form(self) -> OverviewFilter:
        """What is asked; where the address says nothing, as the dashboard keeps it."""
        standing = QueryDict(self.saved.query).dict() if self.saved else {}
        return OverviewFilter(
            {**standing, **self.request.GET.dict()},
            user=person(self.request),
            dates=DATED.get(self.kwargs.get("name", ""), ()),
            standing=standing,
        )

    @cached_property
    def saved(self) -> SavedView | None:
        """The dashboard that is shown, where it is one that somebody keeps."""
        return kept_dashboard(person(self.request), self.request.GET.get(VIEW, ""))

    @cached_property
    def board(self) -> Board:
        """The dashboard that is asked for, or on which the card stands."""
        return board_of(self.form, self.saved)

    @property
    def told(self) -> tuple[str, ...]:
        """What the address says although it is usual."""
        return ()

    @cached_property
    def figures(self) -> Figures:
        """The figures of what the viewer may see.

        A choice that is none answers no other question than the one that was asked.
        """
        if not self.form.is_valid():
            return Figures.of_nothing(self.form.question)
        return Figures.permitted(person(self.request), self.form.question)

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
        query = self.query(**changes)
        return f"{address}?{query}" if query else address

    def query(self, *told: str, **changes: str) -> str:
        """Return the question as it stands in an address, with the dashboard that was opened."""
        view = f"{VIEW}={self.saved.pk}" if self.saved else ""
        return "&".join(filter(None, [view, self.form.query(*self.told, *told, **changes)]))

    @property
    def hidden(self) -> list[tuple[str, Any]]:
        """What the head sends along unseen: which dashboard it is, and how it was arranged."""
        sent = QueryDict(self.query())
        return [(name, sent[name]) for name in (VIEW, "board", "cards") if name in sent]

    def card(self, name: str, *, is_open: bool = False) -> dict[str, Any]:
        """Return what a card shows: its frame, its drawing, its table."""
        return self.frame(name) | {
            "drawing": CARDS[name].draw(self.figures),
            "table": REPORTS[name].table(self.figures),
            "is_open": is_open,
        }

    def frame(self, name: str) -> dict[str, Any]:
        """Return what the frame of a card needs; nothing is counted for it."""
        query, address = self.query(), reverse("reports:report", args=[name])

        def file(kind: str) -> str:
            return f"{address}?{'&'.join(filter(None, [query, f'format={kind}']))}"

        return {
            "card": self.board.card(name),
            "title": REPORTS[name].title,
            "url": self.link(name),
            "csv_url": file("csv"),
            "svg_url": file("svg"),
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
        return super().get_context_data(
            head=self.form,
            hidden=self.hidden,
            period=self.figures.ask.period,
            behind=minutes_behind(),
            **kwargs,
        )


class DashboardPage(FiguresPage):
    """A page about one of the dashboards that a person can choose."""

    @cached_property
    def dashboards(self) -> Dashboards:
        return Dashboards(person(self.request), DASHBOARD, self.request.GET)

    @cached_property
    def saved(self) -> SavedView | None:
        current: SavedView | None = self.dashboards.current
        return current

    @property
    def told(self) -> tuple[str, ...]:
        """Who begins with a dashboard of his own has to name the one that others begin with."""
        return ("board",) if self.dashboards.default and not self.saved else ()


class Overview(DashboardPage):
    """A dashboard, first of all the sales overview: every figure opens the records it counts."""

    template_name = "reports/overview.html"

    def get_template_names(self) -> list[str]:
        if self.part == "dashboard":
            return [f"{self.template_name}#dashboard"]
        if self.part == SPARKS:
            return ["reports/sparks.html"]
        return ["reports/card.html"] if self.asked_card else [self.template_name]

    @property
    def asked_card(self) -> str:
        name = self.part.removeprefix("card-")
        return name if self.part.startswith("card-") and name in CARDS else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.asked_card:
            return super().get_context_data(**self.card(self.asked_card), **kwargs)
        if self.part == SPARKS:
            return {"sparks": drawn_small(self.figures)}
        figures = self.figures
        cards = [
            # Who has no scripts gets the whole page at once.
            self.frame(name) | {"is_late": True}
            if self.part and place >= SEEN_FIRST
            else self.card(name)
            for place, name in enumerate(self.board.cards)
        ]
        query = self.form.whole_query(cards=str(self.board.arrangement))
        return super().get_context_data(
            title=self.board.title,
            boards=self.dashboards.tabs(self.form, self.address),
            board=self.board,
            saved=self.dashboards.menu(QueryDict(query)),
            more_boards=self.dashboards.more(self.address),
            is_board_missing=self.dashboards.is_missing,
            is_arranged=bool(self.form.data["cards"]) and not self.saved,
            arrange_url=f"{reverse('dashboards:arrange')}?{self.query('board')}",
            strip=CARDS[STRIP].draw(figures) if self.board.has_strip else None,
            sparks_url=self.link(),
            **(self.tiles() if self.board.has_tiles else {}),
            cards=cards,
            **kwargs,
        )

    def tiles(self) -> dict[str, Any]:
        """Return what the key figures say."""
        figures = self.figures
        return {
            "ready": figures.open_leads.ready,
            "deals": figures.deals,
            "closed": figures.closed,
            "changes": changes_of(figures),
            "aims": aims_of(figures),
        }

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Answer, and give htmx the address without what is usual in it."""
        answer = super().render_to_response(context, **options)
        is_new = self.part and self.part != SPARKS
        return push_url(answer, self.link()) if is_new else answer


def drawn_small(figures: Figures) -> list[tuple[str, str]]:
    """Return the points of the line beside each key figure, by its name."""
    found = figures.sparks
    return [
        (
            each.name,
            charts.spark([None if v is None else float(v) for v in getattr(found, each.name)]),
        )
        for each in fields(found)
    ]


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


def aims_of(figures: Figures) -> dict[str, tuple[str, str, Any]]:
    """Say in words how far from the target of the period it is, and whether that is good or bad."""
    target, found = figures.target, figures.deals
    if not target:
        return {}
    share = float(found.won.value / target)
    gap = found.won.value + found.due.weighted - target
    told = {"gap": formats.money(abs(gap), compact=True)}
    return {
        "won": (as_rate(share, 0), "good" if share >= 1 else "", target),
        "due": (_("%(gap)s above target") % told, "good", target)
        if gap >= 0
        else (_("%(gap)s short of target") % told, "warn", target),
    }


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
        if request.GET.get("format") == "svg":
            return self.picture(kwargs["name"])
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
        overview_url = f"{reverse('reports:overview')}?{self.query('board')}"
        return super().get_context_data(
            overview_url=overview_url,
            overview=self.board.title,
            day=self.figures.ask.as_of,
            **card,
            **kwargs,
        )

    def file(self, name: str) -> HttpResponse:
        """Return the table as CSV that a spreadsheet opens safely."""
        text = StringIO(newline="")
        writer = csv.writer(text)
        for line in REPORTS[name].table(self.figures).lines():
            writer.writerow([safe_cell(value) for value in line])
        answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer

    @property
    def about(self) -> str:
        """The day, or the first and the last one, that a picture has to name by itself."""
        ask = self.figures.ask
        if ask.as_of:
            return formats.day(ask.as_of)
        return f"{formats.day(ask.period.first)} – {formats.day(ask.period.last)}"

    def picture(self, name: str) -> HttpResponse:
        """Return the rows of the table as bars, in a file that stands alone and runs nothing."""
        report = REPORTS[name]
        table = report.table(self.figures)
        context = picture_of(table, report.drawn, is_change=report.is_change) | {
            "title": report.title,
            "about": self.about,
        }
        text = render_to_string("reports/picture.svg", context)
        answer = HttpResponse(text.strip(), content_type="image/svg+xml; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.svg"'
        return answer
