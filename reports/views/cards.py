"""What each card of the overview draws: the facts of its report, laid out for the template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reports import charts
from reports.tables import expected_label, month_name, part_label
from reports.templatetags.figures import as_days, as_month, as_rate
from users import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reports.queries import Converted, Expected, Figure, Figures

ROW = 36  # pixels of a row in a chart of bars
MOST = 6  # rows; what is smaller stands in the table
STACK, COLUMNS = 168, 158  # pixels of a chart of columns
SOLID, OUTLINED, WON, LOST = "", "open", "won", "lost"  # how a mark looks


@dataclass(frozen=True)
class Bar:
    """One line of a chart of bars: what is counted, and its bars, the later over the earlier."""

    fact: Any
    label: str
    bar: charts.Bar
    inner: charts.Bar | None = None


@dataclass(frozen=True)
class Drawing:
    """The marks of a chart, how tall they are, what they say, and how many were left out."""

    marks: Sequence[Any]
    height: int
    sentence: str
    left_out: int = 0
    note: str = ""
    more: Any = None


@dataclass(frozen=True)
class Card:
    """A report on the overview: how wide it is, how it is drawn, and what its colours stand for."""

    name: str
    span: int
    draw: Callable[[Figures], Drawing]
    definition: str  # the heading in the page of definitions
    legend: Sequence[tuple[str, Any]] = ()

    @property
    def template(self) -> str:
        return f"reports/cards/{self.name}.html"


def open_leads(figures: Figures) -> Drawing:
    """Lay out the open leads as a strip; it draws nothing."""
    found = figures.open_leads
    return Drawing([found.total, *found.parts], 0, "", note=_("not yet part of the pipeline"))


def pipeline(figures: Figures) -> Drawing:
    """Draw the value of each stage with the weighted part of it, and what was won beside them."""
    found = figures.deals
    facts = [*found.stages, found.won]
    values = [float(fact.value) for fact in facts]
    rows = [
        Bar(
            fact,
            fact.label or _("Won"),
            whole,
            charts.bars([float(fact.weighted)], row=0, top=max(values))[0],
        )
        for fact, whole in zip(facts, charts.bars(values, row=ROW), strict=True)
    ]
    largest = max(found.stages, key=lambda stage: stage.value, default=None)
    sentence = (
        _("Value of open opportunities by stage. Most stands in %(stage)s.")
        % {"stage": largest.label}
        if largest and largest.value
        else _("There are no open opportunities with a value.")
    )
    return Drawing(rows, ROW * len(rows), sentence, note=_("open opportunities today"))


def trend(figures: Figures) -> Drawing:
    """Draw the conversion rate of each month as a line; while leads are open, it may still rise."""
    parts = figures.trend.parts
    is_cohort = figures.ask.is_cohort
    line = charts.line([month.rate for month in parts], height=176, head=30, is_last_open=True)
    known = [month for month in parts if month.rate is not None]
    told = {
        "first": as_rate(known[0].rate, 0) if known else "",
        "since": _month(known[0]) if known else "",
        "last": as_rate(known[-1].rate, 0) if known else "",
        "until": _month(known[-1]) if known else "",
    }
    if not known:
        sentence = _("No leads came or were closed in these months.")
    elif is_cohort:
        sentence = (
            _("Share of the leads of each month that are qualified by now: "
              "%(first)s in %(since)s, %(last)s in %(until)s.") % told
        )  # fmt: skip
    else:
        sentence = (
            _("Share of the leads closed in each month that were qualified: "
              "%(first)s in %(since)s, %(last)s in %(until)s.") % told
        )  # fmt: skip
    marks = [
        {
            "fact": month,
            "point": point,
            "x": x,
            # Every other month is named, the last one always: twelve do not fit on a telephone.
            "name": as_month(month.label) if (len(parts) - 1 - place) % 2 == 0 else "",
            "full_name": _month(month),
        }
        for place, (month, point, x) in enumerate(zip(parts, line.points, line.places, strict=True))
    ]
    note = (
        _("of the leads that came in a month, qualified by now")
        if is_cohort
        else _("of the leads closed in a month")
    )
    return Drawing([{"line": line, "months": marks}], 204, sentence, note=note)


def forecast(figures: Figures) -> Drawing:
    """Stack what was won, what is sure and what is possible, month by month."""
    months = [
        place
        for place in figures.deals.forecast
        if place.month or (place.key == "overdue" and _drawn(place))
    ]
    values = [[float(figure.value) for figure in _stacked(place)] for place in months]
    marks = [
        {
            "label": month_name(place.month.first, with_year=False)
            if place.month
            else expected_label(place),
            "stack": stack,
            "value": _drawn(place),
            "parts": [
                {
                    "fact": figure,
                    "part": part,
                    "look": look,
                    "label": f"{expected_label(place)}: {figure.label}",
                }
                for figure, part, look in zip(
                    _stacked(place), stack.parts, (WON, SOLID, OUTLINED), strict=True
                )
                if part
            ],
        }
        for place, stack in zip(months, charts.stacks(values, height=STACK), strict=True)
    ]
    total = sum(map(_drawn, months))
    sentence = (
        _("Value by month of the expected close: won, commit and best case.")
        if total
        else _("Nothing is expected to close in these months.")
    )
    return Drawing(marks if total else [], STACK + 24, sentence, note=_("by expected close"))


def conversion(figures: Figures) -> Drawing:
    """Draw how many leads each part brought, and how many of them were qualified."""
    found = figures.parted
    by = figures.ask.by
    parts = found.parts[:MOST]
    top = max((part.whole for part in parts), default=0)
    rows = [
        Bar(part, part_label(part, by), whole, inner)
        for part, whole, inner in zip(
            parts,
            charts.bars([part.whole for part in parts], row=ROW, top=top),
            charts.bars([part.part for part in parts], row=ROW, top=top),
            strict=True,
        )
    ]
    is_cohort = figures.ask.is_cohort
    if not found.total.whole:
        sentence = (
            _("No leads came in this period.") if is_cohort else _("No lead was closed in it.")
        )
    else:
        sentence = ngettext(
            "%(part)s of %(n)s lead is qualified.", "%(part)s of %(n)s leads are qualified.",
            found.total.whole,
        ) % {"part": found.total.part, "n": found.total.whole}  # fmt: skip
    return Drawing(
        rows if found.total.whole else [],
        ROW * len(rows),
        sentence,
        len(found.parts) - len(rows),
        note=_("came in the period") if is_cohort else _("closed in the period"),
    )


def days_to_convert(figures: Figures) -> Drawing:
    """Draw how the times to convert are spread; the column of the median is the solid one."""
    found = figures.days_to_convert
    drawn = charts.columns([part.count for part in found.bins], height=COLUMNS)
    marks = [
        {"fact": part, "column": column, "is_median": place == found.median_bin}
        for place, (part, column) in enumerate(zip(found.bins, drawn, strict=True))
    ]
    sentence = (
        _("Days from created to qualified, in columns. The median lies in %(days)s days.")
        % {"days": found.bins[found.median_bin].label}
        if found.median_bin is not None
        else _("No lead was qualified in this period.")
    )
    days = figures.closed.days
    note = (
        _("median %(median)s, 90th percentile %(ninetieth)s")
        % {"median": as_days(days.median), "ninetieth": as_days(days.ninetieth)}
        if days.count
        else ""
    )
    return Drawing(marks, COLUMNS + 24, sentence, note=note)


def leaderboard(figures: Figures) -> Drawing:
    """Put the owners in the order of what they won, each measured against the first."""
    standings = figures.leaderboard[: MOST + 2]
    top = max((one.won.value for one in standings), default=0)
    marks = [{"fact": one, "of": top} for one in standings]
    return Drawing(
        marks,
        0,
        _("Nobody closed anything in this period."),
        len(figures.leaderboard) - len(standings),
        note=_("decided in the period"),
    )


def ageing(figures: Figures) -> Drawing:
    """Lay out how long the opportunities of each stage have been there, as a table of heat."""
    found = figures.deals
    most = max((cell.count for one in found.ageing for cell in one.cells), default=0)

    def heat(cell: Figure, place: int, usual: int) -> str:
        first = (0, 8, 15, 31, 61)[place]
        if not cell.count:
            return "0"
        if first >= 2 * usual:
            return "warn2"
        if first >= usual:
            return "warn1"
        return "2" if cell.count * 2 > most else "1"

    marks = [
        {
            "fact": one,
            "cells": [
                (cell, heat(cell, place, one.usual_days)) for place, cell in enumerate(one.cells)
            ],
        }
        for one in found.ageing
    ]
    return Drawing(marks, 0, "", note=_("open opportunities by days in stage"), more=found.stale)


def outcomes(figures: Figures) -> Drawing:
    """Draw what was won and lost in the period, and below it why."""
    found = figures.deals
    facts = [(found.won, _("Won"), WON), (found.lost, _("Lost"), LOST)]
    facts += [
        (reason, reason.label or _("No reason given"), "reason") for reason in found.reasons[:MOST]
    ]
    drawn = charts.bars([fact.count for fact, _label, _look in facts], row=ROW)
    marks = [
        {"fact": fact, "label": label, "look": look, "bar": bar}
        for (fact, label, look), bar in zip(facts, drawn, strict=True)
    ]
    rate = found.win_rate
    sentence = (
        _("%(rate)s of what was decided in the period was won.") % {"rate": as_rate(rate, 0)}
        if rate is not None
        else _("Nothing was won or lost in this period.")
    )
    return Drawing(
        marks if rate is not None else [],
        ROW * len(marks),
        sentence,
        max(len(found.reasons) - MOST, 0),
        note=_("win rate %(rate)s") % {"rate": as_rate(rate)} if rate is not None else "",
    )


def ready(figures: Figures) -> Drawing:
    """Draw how many leads could be qualified, by the owner who has not done it."""
    owners = figures.open_leads.ready_by_owner[:MOST]
    counts = [one.figure.count for one in owners]
    rows = [
        Bar(one, one.figure.label or _("Unassigned"), bar)
        for one, bar in zip(owners, charts.bars(counts, row=ROW), strict=True)
    ]
    sentence = (
        _("Leads that are ready and not qualified, by owner. %(owner)s has most of them.")
        % {"owner": rows[0].label}
        if rows
        else _("No lead is waiting to be qualified.")
    )
    left_out = len(figures.open_leads.ready_by_owner) - len(rows)
    note = _("by owner, with the median wait")
    return Drawing(rows, ROW * len(rows), sentence, left_out, note)


CARDS = {
    card.name: card
    for card in [
        Card("open-leads", 12, open_leads, "open-leads"),
        Card(
            "pipeline",
            7,
            pipeline,
            "pipeline-by-stage",
            [(SOLID, gettext_lazy("Weighted")), (OUTLINED, gettext_lazy("Value"))],
        ),
        Card("trend", 5, trend, "lead-conversion-by-month"),
        Card(
            "forecast",
            4,
            forecast,
            "forecast-by-month",
            [
                (WON, gettext_lazy("Won")),
                (SOLID, gettext_lazy("Commit")),
                (OUTLINED, gettext_lazy("Best case")),
            ],
        ),
        Card(
            "conversion",
            4,
            conversion,
            "lead-conversion-by-source-and-others",
            [(SOLID, gettext_lazy("Qualified")), (OUTLINED, gettext_lazy("All"))],
        ),
        Card("days-to-convert", 4, days_to_convert, "days-to-convert"),
        Card("leaderboard", 7, leaderboard, "leaderboard"),
        Card("ageing", 5, ageing, "ageing"),
        Card("outcomes", 7, outcomes, "won-and-lost"),
        Card("ready", 5, ready, "ready-not-qualified"),
    ]
}


def _stacked(place: Expected) -> tuple[Figure, Figure, Figure]:
    return place.won, place.commit, place.best_case


def _drawn(place: Expected) -> Any:
    return sum(figure.value for figure in _stacked(place))


def _month(month: Converted) -> str:
    return formats.long_month(date.fromisoformat(month.label))
