"""What the cards draw that follow leads on their way, and what was won beside what was to be."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reports import charts
from reports.tables import month_name, step_label
from reports.templatetags.figures import as_days, as_rate
from reports.views.drawing import MOST, MOST_MONTHS, ROW, STACK, Bar, Drawing
from users import formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.queries import Cohort, Figures, Within


def attainment(figures: Figures) -> Drawing:
    """Draw what was won in each month, with the target of the month as a dashed line across it."""
    *months, total = figures.attained
    note = _("by month of the close")
    if total.target is None and not any(month.target for month in months):
        return Drawing([], 0, _("Nobody has a target in this period."), note=note)
    months = months[-MOST_MONTHS:]
    values = [[float(month.won.value)] for month in months]
    aims = [float(month.target or 0) for month in months]
    top = max([0, *aims, *map(sum, values)])
    marks = [
        {
            "fact": month,
            "stack": stack,
            "level": level,
            "label": month_name(date.fromisoformat(month.label), with_year=False),
        }
        for month, stack, level in zip(
            months,
            charts.stacks(values, height=STACK, top=top),
            charts.levels(aims, height=STACK, top=top),
            strict=True,
        )
    ]
    told = {"rate": as_rate(total.share, 0), "target": formats.money(total.target, compact=True)}
    sentence = (
        _("Won by month beside the target: %(rate)s of %(target)s in the period.") % told
        if total.target
        else _("Won by month beside the target of the month.")
    )
    left_out = len(figures.attained) - 1 - len(months)
    return Drawing(marks, STACK + 24, sentence, left_out, note, more=True)


def funnel(figures: Figures) -> Drawing:
    """Draw how many leads of the period came how far, each step under the one before it."""
    steps = figures.funnel
    counts = [step.figure.count for step in steps]
    rows = [
        Bar(step, step_label(step), bar)
        for step, bar in zip(steps, charts.bars(counts, row=ROW), strict=True)
    ]
    total, won = steps[0].figure.count, steps[-1]
    sentence = (
        ngettext(
            "Of %(n)s lead that came in the period %(won)s is won by now.",
            "Of %(n)s leads that came in the period %(won)s are won by now.",
            total,
        ) % {"n": total, "won": won.figure.count}
        if total
        else _("No leads came in this period.")
    )  # fmt: skip
    note = _("came in the period, as far as by now")
    return Drawing(rows if total else [], ROW * len(rows), sentence, note=note)


def cohorts_qualified(figures: Figures) -> Drawing:
    """Lay out which share of the leads of each month was qualified how soon."""
    return _cohorts([(cohort, cohort.qualified) for cohort in figures.cohorts])


def cohorts_won(figures: Figures) -> Drawing:
    """Lay out of which share of the leads of each month something was won how soon."""
    return _cohorts([(cohort, cohort.won) for cohort in figures.cohorts])


def _cohorts(found: Sequence[tuple[Cohort, Sequence[Within]]]) -> Drawing:
    shown = found[-MOST_MONTHS:]
    top = max((each.share or 0 for _cohort, ends in shown for each in ends), default=0)
    marks = [
        {
            "cohort": cohort,
            "month": month_name(cohort.month.first),
            "cells": [
                (each, "2" if (each.share or 0) * 2 > top else "1" if each.share else "0")
                for each in ends
            ],
        }
        for cohort, ends in shown
    ]
    has_leads = any(cohort.leads.count for cohort, _ends in shown)
    return Drawing(
        marks if has_leads else [],
        0,
        _("No leads came in these months."),
        len(found) - len(shown),
        note=_("share of the leads of a month"),
    )


def cycle(figures: Figures) -> Drawing:
    """Draw the median days until opportunities were won, and until they were lost."""
    found = figures.cycles
    medians = [one.days.median or 0 for one in found]
    rows = [
        Bar(one, one.figure.label, bar)
        for one, bar in zip(found, charts.bars(medians, row=ROW), strict=True)
    ]
    sentence = (
        _("Median days from opened to decided: won %(won)s, lost %(lost)s.")
        % {"won": as_days(found[0].days.median), "lost": as_days(found[1].days.median)}
        if any(one.days.count for one in found)
        else _("Nothing was won or lost in this period.")
    )
    has_any = any(one.days.count for one in found)
    return Drawing(
        rows if has_any else [], ROW * len(rows), sentence, note=_("median from opened to decided")
    )


def time_in_stage(figures: Figures) -> Drawing:
    """Draw the median days that opportunities stayed in each stage before they left it."""
    found = figures.stays
    has_any = any(one.days.count for one in found)
    rows = [
        Bar(one, one.figure.label, bar)
        for one, bar in zip(
            found, charts.bars([one.days.median or 0 for one in found], row=ROW), strict=True
        )
    ]
    longest = max(found, key=lambda one: one.days.median or 0, default=None)
    sentence = (
        _("Median days in each stage. It is longest in %(stage)s, %(days)s.")
        % {"stage": longest.figure.label, "days": as_days(longest.days.median)}
        if has_any and longest
        else _("Nothing left a stage in this period.")
    )
    return Drawing(
        rows if has_any else [], ROW * len(rows), sentence, note=_("median of what left the stage")
    )


def competitors(figures: Figures) -> Drawing:
    """Draw how many opportunities were lost to whom."""
    parts = figures.competitors[:MOST]
    rows = [
        Bar(part, part.label or _("Nobody named"), bar)
        for part, bar in zip(
            parts, charts.bars([part.lost.count for part in parts], row=ROW), strict=True
        )
    ]
    sentence = (
        _("Lost opportunities by whom they were lost to. %(name)s stands first.")
        % {"name": rows[0].label}
        if rows
        else _("Nothing was lost in this period.")
    )
    left_out = len(figures.competitors) - len(rows)
    return Drawing(rows, ROW * len(rows), sentence, left_out, note=_("lost in the period"))
