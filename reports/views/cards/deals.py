"""What the cards about opportunities draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from reports import charts
from reports.tables import CHANGES, expected_label, month_name
from reports.templatetags.figures import as_rate
from reports.views.drawing import (
    LOST,
    MOST,
    OUTLINED,
    ROW,
    SOLID,
    STACK,
    WON,
    Bar,
    Drawing,
)
from users import formats

if TYPE_CHECKING:
    from reports.queries import Expected, Figure, Figures, Question


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
    return Drawing(
        rows,
        ROW * len(rows),
        sentence,
        note=_("open opportunities today"),
        more=about_the_past(figures.ask),
    )


def about_the_past(ask: Question) -> list[tuple[str, str]]:
    """Return what leads from the pipeline of today to that of another day: label and address."""
    asked = {"owner": ask.owner, "team": ask.team, "source": ask.source}
    whose = {name: value for name, value in asked.items() if value}
    days = {"from": ask.period.first.isoformat(), "to": ask.period.last.isoformat()}
    address = "reports:report"
    return [
        (_("As of another day"), f"{reverse(address, args=['pipeline-as-of'])}?{urlencode(whose)}"),
        (_("What became of it"), f"{reverse(address, args=['bridge'])}?{urlencode(whose | days)}"),
    ]


def pipeline_as_of(figures: Figures) -> Drawing:
    """Draw the value of each stage at the end of a day, with the weighted part of it."""
    found = figures.as_of
    values = [float(fact.value) for fact in found.stages]
    top = max(values, default=0)
    rows = [
        Bar(fact, fact.label, whole, charts.bars([float(fact.weighted)], row=0, top=top)[0])
        for fact, whole in zip(found.stages, charts.bars(values, row=ROW), strict=True)
    ]
    told = {"day": formats.day(found.day), "value": formats.money(found.total.value)}
    sentence = (
        _("On %(day)s the open opportunities were worth %(value)s.") % told
        if found.total.count
        else _("Nothing was open on %(day)s.") % told
    )
    return Drawing(
        rows if found.total.count else [],
        ROW * len(rows),
        sentence,
        note=_("at the end of %(day)s") % told,
        more=found.total,
    )


def bridge(figures: Figures) -> Drawing:
    """Draw what the pipeline was worth, each change, and what it is worth, as a staircase."""
    found = figures.bridge
    lines = [line for line in found.lines if line.value and not line.key.startswith("moved")]
    steps = charts.staircase(
        [float(found.opening.value), *(float(line.value) for line in lines)], row=ROW
    )
    facts = [
        (found.opening, _("At the beginning"), SOLID),
        *((line, str(CHANGES[line.key]), WON if line.value > 0 else LOST) for line in lines),
        (found.closing, _("At the end"), SOLID),
    ]
    marks = [
        {"fact": fact, "label": label, "look": look, "step": step}
        for (fact, label, look), step in zip(facts, steps, strict=True)
    ]
    told = {
        "opening": formats.money(found.opening.value),
        "closing": formats.money(found.closing.value),
    }
    is_empty = not (lines or found.opening.count or found.closing.count)
    sentence = (
        _("There was no pipeline in this period.")
        if is_empty
        else _("The pipeline was worth %(opening)s at the beginning and %(closing)s at the end.")
        % told
    )
    return Drawing([] if is_empty else marks, ROW * len(marks), sentence)


def forecast(figures: Figures) -> Drawing:
    """Stack what was won, what is sure and what is possible, month by month."""
    months = [
        place
        for place in figures.forecast
        if place.month or (place.key == "overdue" and _drawn(place))
    ]
    values = [[float(figure.value) for figure in _stacked(place)] for place in months]
    aims = [float(place.target or 0) for place in months]
    top = max([0, *aims, *map(sum, values)])
    stood = charts.stacks(values, height=STACK, top=top)
    levels = charts.levels(aims, height=STACK, top=top)
    marks = [
        {
            "label": month_name(place.month.first, with_year=False)
            if place.month
            else expected_label(place),
            "stack": stack,
            "value": _drawn(place),
            "target": place.target,
            "level": level,
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
        for place, stack, level in zip(months, stood, levels, strict=True)
    ]
    total = sum(map(_drawn, months)) or any(aims)
    if any(aims):
        sentence = _("Value by month of the expected close, against the target of each month.")
    elif total:
        sentence = _("Value by month of the expected close: won, commit and best case.")
    else:
        sentence = _("Nothing is expected to close in these months.")
    note = _("by expected close")
    return Drawing(marks if total else [], STACK + 24, sentence, note=note, more=any(aims))


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


def _stacked(place: Expected) -> tuple[Figure, Figure, Figure]:
    return place.won, place.commit, place.best_case


def _drawn(place: Expected) -> Any:
    return sum(figure.value for figure in _stacked(place))
