"""Tables of leads: what is open, what came in, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from reports.queries import MONTH, WITHIN
from reports.tables.frame import (
    COUNT,
    DAYS,
    HOURS,
    MONEY,
    RATE,
    Cell,
    Column,
    FigureTable,
    Row,
    counted,
    figure_row,
    month_name,
)
from reports.tables.words import ANSWERED, PARTS, part_label, step_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.queries import (
        Cohort,
        Conversion,
        Converted,
        Figure,
        Figures,
        Within,
    )


def open_leads(figures: Figures) -> FigureTable:
    """Open leads by progress."""
    found = figures.open_leads
    return FigureTable(
        _("Progress"),
        (Column("count", _("Leads")), Column("value", _("Est. value"), MONEY)),
        tuple(figure_row(part, COUNT, MONEY) for part in found.parts),
        figure_row(found.total, COUNT, MONEY, label=_("All")),
    )


def trend(figures: Figures) -> FigureTable:
    """Lead conversion by month, with the target of each."""
    table = _conversion_table(figures.trend, MONTH, is_cohort=figures.ask.is_cohort)
    aims = [*aims_of_conversion(figures), None]
    rows = [
        replace(row, cells=(*row.cells, Cell(aim, RATE)))
        for row, aim in zip(table.all_rows, aims, strict=True)
    ]
    columns = (*table.columns, Column("target", _("Target"), RATE))
    return replace(table, columns=columns, rows=tuple(rows[:-1]), total=rows[-1])


def aims_of_conversion(figures: Figures) -> list[float | None]:
    """Return the target of each month of the trend."""
    months = (date.fromisoformat(month.label) for month in figures.trend.parts)
    return [figures.targets.rate_of(month) for month in months]


def conversion(figures: Figures) -> FigureTable:
    """Lead conversion by source, or by what else was asked for."""
    return _conversion_table(figures.parted, figures.ask.by, is_cohort=figures.ask.is_cohort)


def days_to_convert(figures: Figures) -> FigureTable:
    """Leads qualified in the period, by the days that it took."""
    closed = figures.closed
    return FigureTable(
        _("Days"),
        (Column("count", _("Leads qualified")),),
        tuple(figure_row(part, COUNT) for part in figures.days_to_convert.bins),
        Row("", _("All"), (Cell(closed.part, COUNT, closed.part_url),), closed.part_url),
    )


def ready(figures: Figures) -> FigureTable:
    """Leads that meet every rule and have not been qualified, by owner."""
    found = figures.open_leads

    def row(figure: Figure, label: str, median: float | None, ninetieth: float | None) -> Row:
        return Row(
            figure.key,
            label,
            (
                counted(figure),
                Cell(figure.value, MONEY),
                Cell(median, DAYS),
                Cell(ninetieth, DAYS),
            ),
            figure.url,
        )

    return FigureTable(
        _("Owner"),
        (
            Column("count", _("Leads")),
            Column("value", _("Est. value"), MONEY),
            Column("median", _("Median wait"), DAYS),
            Column("p90", _("90th percentile"), DAYS),
        ),
        tuple(
            row(
                one.figure,
                one.figure.label or _("Unassigned"),
                one.days.median,
                one.days.ninetieth,
            )
            for one in found.ready_by_owner
        ),
        row(found.ready.figure, _("All"), found.ready.days.median, found.ready.days.ninetieth),
    )


def cohorts_qualified(figures: Figures) -> FigureTable:
    """Leads by the month in which they came, and how soon they were qualified."""
    return _cohort_table([(cohort, cohort.qualified) for cohort in figures.cohorts])


def cohorts_won(figures: Figures) -> FigureTable:
    """Leads by the month in which they came, and how soon something was won of them."""
    return _cohort_table([(cohort, cohort.won) for cohort in figures.cohorts])


def _cohort_table(found: Sequence[tuple[Cohort, Sequence[Within]]]) -> FigureTable:
    return FigureTable(
        _("Month"),
        (
            Column("leads", _("Leads")),
            *(
                column
                for days in WITHIN
                for column in (
                    Column(f"within_{days}", _("In %(days)d days") % {"days": days}),
                    Column(f"share_{days}", _("Share"), RATE),
                )
            ),
        ),
        tuple(
            Row(
                cohort.leads.key,
                month_name(cohort.month.first),
                (
                    counted(cohort.leads),
                    *(
                        cell
                        for within in ends
                        for cell in (
                            Cell(within.count, COUNT, within.url),
                            Cell(within.share, RATE),
                        )
                    ),
                ),
                cohort.leads.url,
            )
            for cohort, ends in found
        ),
    )


def response(figures: Figures) -> FigureTable:
    """Leads that came in the period, by how soon somebody was in touch with them."""
    found = figures.response
    whole, hours = found.total, found.hours

    def row(part: Figure, label: str, median: float | None, ninetieth: float | None) -> Row:
        share = part.count / whole.count if whole.count else None
        cells = (Cell(share, RATE), Cell(median, HOURS), Cell(ninetieth, HOURS))
        return Row(part.key, label, (counted(part), *cells), part.url)

    return FigureTable(
        _("First contact"),
        (
            Column("count", _("Leads")),
            Column("share", _("Of all"), RATE),
            Column("median", _("Median hours"), HOURS),
            Column("p90", _("90th percentile"), HOURS),
        ),
        tuple(row(part, str(ANSWERED[part.key]), None, None) for part in found.parts),
        row(whole, _("All"), hours.median, hours.ninetieth),
    )


def funnel(figures: Figures) -> FigureTable:
    """How far the leads came that came in the period."""
    return FigureTable(
        _("Step"),
        (
            Column("count", _("Leads")),
            Column("of_before", _("Of the step before"), RATE),
            Column("of_all", _("Of all"), RATE),
            Column("lost", _("Not come so far")),
        ),
        tuple(
            Row(
                step.figure.key,
                step_label(step),
                (
                    counted(step.figure),
                    Cell(step.of_before, RATE),
                    Cell(step.of_all, RATE),
                    Cell(step.lost, COUNT),
                ),
                step.figure.url,
            )
            for step in figures.funnel
        ),
    )


def _conversion_table(found: Conversion, by: str, *, is_cohort: bool) -> FigureTable:
    def row(part: Converted, label: str) -> Row:
        return Row(
            part.key,
            label,
            (
                Cell(part.whole, COUNT, part.whole_url),
                Cell(part.part, COUNT, part.part_url),
                Cell(part.rate, RATE),
                Cell(part.days.median, DAYS),
                Cell(part.days.ninetieth, DAYS),
            ),
            part.whole_url,
        )

    return FigureTable(
        str(PARTS[by]),
        (
            Column("leads", _("Came in") if is_cohort else _("Closed")),
            Column("qualified", _("Qualified by now") if is_cohort else _("Qualified")),
            Column("rate", _("Share"), RATE),
            Column("median", _("Median days"), DAYS),
            Column("p90", _("90th percentile"), DAYS),
        ),
        tuple(row(part, part_label(part, by)) for part in found.parts),
        row(found.total, _("All")),
    )
