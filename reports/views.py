"""The pages that look across the rooms: start page, search, sales overview, and the explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import generic

from leads.models import DisqualifyReason, Lead
from opportunities.models import Opportunity, Stage
from records.keys import text_problem
from records.permissions import may, reaches
from reports import charts, queries
from reports.filters import OverviewFilter
from reports.templatetags.figures import as_month, as_rate
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpRequest

    from accounts.models import Account

ROW = 36  # pixels of a row in a chart of bars
MOST = 6  # rows; what is smaller stands in the table
LONGEST_SEARCH = 200


def person(request: HttpRequest) -> User:
    """Return who asks; nobody gets here who has not signed in."""
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied


class Home(generic.TemplateView):
    """The day of whoever has signed in."""

    template_name = "reports/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.request)
        day = queries.day_of(user)
        return super().get_context_data(
            day=day,
            closing=[(each, self._account(each)) for each in day.closing.records],
            due_count=day.more_late + len(day.late) + len(day.today),
            calm=self._calm(len(day.soon)),
            may_add_leads=may(user, "add", Lead),
            **kwargs,
        )

    def _account(self, opportunity: Opportunity) -> Account | None:
        """Return its account, unless that is outside what the user may see."""
        account = opportunity.account
        return account if account and reaches(person(self.request), "view", account) else None

    def _calm(self, soon: int) -> str:
        if not soon:
            return ""
        return ngettext(
            "%(n)s step is planned for the next 7 days.",
            "%(n)s steps are planned for the next 7 days.",
            soon,
        ) % {"n": soon}


class Search(generic.TemplateView):
    """Records of all kinds that have the words that are looked for."""

    template_name = "reports/search.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").strip()
        if text_problem(text):
            raise SuspiciousOperation(
                "The words to look for cannot be stored, so nothing has them."
            )
        text = text[:LONGEST_SEARCH]
        found = queries.find(text, by=person(self.request))
        return super().get_context_data(
            text=text,
            query=text,
            is_asked=bool(found),
            found=[part for part in found if part.records],
            count=sum(len(part.records) for part in found),
            has_more=any(part.has_more for part in found),
            **kwargs,
        )


@dataclass(frozen=True)
class Row:
    """One line of a chart of bars: what is counted, and its bars, the later over the earlier."""

    fact: Any
    bar: charts.Bar
    inner: charts.Bar | None = None


@dataclass(frozen=True)
class Drawing:
    """The marks of a chart, how tall they are, what they say, and how many were left out."""

    marks: Sequence[Any]
    height: int
    sentence: str
    left_out: int = 0


class Overview(generic.TemplateView):
    """The sales overview: every figure opens the records that it counts."""

    template_name = "reports/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.request)
        head = OverviewFilter(self.request.GET, user=user)
        ask = head.question
        # A choice that is none answers no other question than the one that was asked.
        leads = Lead.objects.permitted(user) if head.is_valid() else Lead.objects.none()
        opportunities = (
            Opportunity.objects.permitted(user) if head.is_valid() else Opportunity.objects.none()
        )
        deals = queries.deals(opportunities, ask)
        conversion = queries.conversion(leads, ask)
        intake = queries.intake(leads, ask)
        ready = queries.ready(leads, ask)
        return super().get_context_data(
            head=head,
            period=ask.period,
            open_leads=queries.open_leads(leads, ask),
            deals=deals,
            conversion=conversion,
            intake=intake,
            ready=ready,
            stage_chart=_stage_chart(deals),
            month_chart=_month_chart(intake),
            days_chart=_days_chart(conversion),
            source_chart=_source_chart(intake),
            ready_chart=_ready_chart(ready),
            **kwargs,
        )


def _stage_chart(deals: queries.Deals) -> Drawing:
    facts = [*deals.stages, deals.won]
    values = [float(fact.value) for fact in facts]
    rows = [
        Row(fact, whole, charts.bars([float(fact.weighted)], row=0, top=max(values))[0])
        for fact, whole in zip(facts, charts.bars(values, row=ROW), strict=True)
    ]
    largest = max(deals.stages, key=lambda stage: stage.value, default=None)
    sentence = (
        _("Value of open opportunities by stage. Most stands in %(stage)s.")
        % {"stage": largest.label}
        if largest and largest.value
        else _("There are no open opportunities with a value.")
    )
    return Drawing(rows, ROW * len(rows), sentence)


def _month_chart(intake: queries.Intake) -> dict[str, Any]:
    line = charts.line(
        [month.rate for month in intake.months], height=176, head=30, is_last_open=True
    )
    known = [month for month in intake.months if month.rate is not None]
    sentence = (
        _("Share of the leads of each month that are qualified by now: %(first)s in %(since)s, "
          "%(last)s in %(until)s.")
        % {
            "first": as_rate(known[0].rate, 0),
            "since": as_month(known[0].label, "F Y"),
            "last": as_rate(known[-1].rate, 0),
            "until": as_month(known[-1].label, "F Y"),
        }
        if known
        else _("No leads came in these months.")
    )  # fmt: skip
    return {
        "line": line,
        "marks": list(zip(intake.months, line.points, strict=True)),
        # Every other month is named, the last one always: twelve names do not fit on a telephone.
        "names": [
            (month, place)
            for month, place in zip(intake.months, line.places, strict=True)
            if (len(intake.months) - 1 - intake.months.index(month)) % 2 == 0
        ],
        "sentence": sentence,
    }


def _days_chart(conversion: queries.Conversion) -> Drawing:
    drawn = charts.columns([part.count for part in conversion.bins], height=158)
    marks = [
        {"fact": part, "column": column, "is_median": place == conversion.median_bin}
        for place, (part, column) in enumerate(zip(conversion.bins, drawn, strict=True))
    ]
    sentence = (
        _("Days from created to qualified, in columns. The median lies in %(days)s days.")
        % {"days": conversion.bins[conversion.median_bin].label}
        if conversion.median_bin is not None
        else _("No lead was qualified in this period.")
    )
    return Drawing(marks, 158, sentence)


def _source_chart(intake: queries.Intake) -> Drawing:
    sources = intake.sources[:MOST]
    top = max((source.whole for source in sources), default=0)
    rows = [
        Row(source, whole, part)
        for source, whole, part in zip(
            sources,
            charts.bars([source.whole for source in sources], row=ROW, top=top),
            charts.bars([source.part for source in sources], row=ROW, top=top),
            strict=True,
        )
    ]
    sentence = (
        _("Leads that came in the period by source, and how many are qualified. "
          "Most came from %(source)s.")
        % {"source": intake.sources[0].label or _("an unknown source")}
        if intake.sources
        else _("No leads came in this period.")
    )  # fmt: skip
    return Drawing(rows, ROW * len(rows), sentence, len(intake.sources) - len(rows))


def _ready_chart(ready: queries.Ready) -> Drawing:
    counts = [one.figure.count for one in ready.owners]
    rows = [
        Row(one, bar) for one, bar in zip(ready.owners, charts.bars(counts, row=ROW), strict=True)
    ]
    sentence = (
        _("Leads that are ready and not qualified, by owner. %(owner)s has most of them.")
        % {"owner": ready.owners[0].figure.label or _("Nobody")}
        if ready.owners
        else _("No lead is waiting to be qualified.")
    )
    return Drawing(rows, ROW * len(rows), sentence, len(ready.owners) - len(rows))


class LeadOrOpportunity(generic.TemplateView):
    """What a lead is, what an opportunity is, and why the difference pays."""

    template_name = "reports/lead_or_opportunity.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.request)
        ready = (
            Lead.objects.permitted(user, "qualify").ready().order_by("-ready_since", "pk").first()
        )
        return super().get_context_data(
            ready=ready,
            bant=[
                ("B", _("Budget"), _("Is there money for it, how much, and is it set aside?")),
                ("A", _("Authority"), _("Who decides, and does one person decide or several?")),
                ("N", _("Need"), _("What problem shall be solved, and how badly must it be?")),
                ("T", _("Timeframe"), _("When do they want to have it?")),
            ],
            stages=Stage.objects.filter(process__is_default=True).order_by("position", "pk"),
            reasons=DisqualifyReason.objects.filter(is_active=True).order_by("position", "pk"),
            shots=_existing(["leads.png", "lead.png", "qualify.png", "opportunity.png"]),
            **kwargs,
        )


def _existing(names: Iterable[str]) -> dict[str, str]:
    """Return the screenshots that are there: they are taken from the demo, by a script."""
    paths = {name: f"docs/{name}" for name in names}
    return {name.removesuffix(".png"): path for name, path in paths.items() if finders.find(path)}
