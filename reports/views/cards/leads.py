"""What the cards about leads draw."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reports import charts
from reports.tables import ANSWERED, aims_of_conversion, part_label
from reports.templatetags.figures import as_days, as_month, as_number_of_days, as_rate
from reports.views.drawing import (
    COLUMNS,
    MOST,
    ROW,
    Bar,
    Drawing,
)
from users import formats

if TYPE_CHECKING:
    from reports.queries import Converted, Figures


def open_leads(figures: Figures) -> Drawing:
    """Lay out the open leads as a strip; it draws nothing."""
    found = figures.open_leads
    return Drawing([found.total, *found.parts], 0, "", note=_("not yet part of the pipeline"))


def trend(figures: Figures) -> Drawing:
    """Draw the conversion rate of each month as a line; while leads are open, it may still rise."""
    parts = figures.trend.parts
    is_cohort = figures.ask.is_cohort
    aims = aims_of_conversion(figures)
    line = charts.line(
        [month.rate for month in parts], height=176, head=30, is_last_open=True, aims=aims
    )
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
    has_aims = bool(line.levels)
    return Drawing([{"line": line, "months": marks}], 204, sentence, note=note, more=has_aims)


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


def response(figures: Figures) -> Drawing:
    """Draw how soon somebody was in touch with the leads that came in."""
    found = figures.response
    whole = found.total.count
    rows = [
        {
            "fact": part,
            "label": ANSWERED[part.key],
            "bar": bar,
            "share": part.count / whole if whole else None,
        }
        for part, bar in zip(
            found.parts, charts.bars([part.count for part in found.parts], row=ROW), strict=True
        )
    ]
    early = sum(part.count for part in found.parts[:2])
    sentence = (
        _("Somebody was in touch with %(rate)s of the leads in the first day.")
        % {"rate": as_rate(early / whole, 0)}
        if whole
        else _("No leads came in this period.")
    )
    hours = found.hours
    note = (
        _("median %(median)s hours, 90th percentile %(ninetieth)s")
        % {
            "median": as_number_of_days(hours.median),
            "ninetieth": as_number_of_days(hours.ninetieth),
        }
        if hours.count
        else ""
    )
    return Drawing(rows if whole else [], ROW * len(rows), sentence, note=note)


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


def _month(month: Converted) -> str:
    return formats.long_month(date.fromisoformat(month.label))
