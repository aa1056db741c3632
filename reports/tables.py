"""The reports by name, each as a plain table: beside its chart, as a file, and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.queries import MONTH, QUARTER
from users import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reports.queries import Conversion, Converted, Expected, Figure, Figures, Outcome

# What leads and opportunities can be parted by, and what that is called.
PARTS = {
    "source": gettext_lazy("Source"),
    "owner": gettext_lazy("Owner"),
    "team": gettext_lazy("Team"),
    "campaign": gettext_lazy("Campaign"),
    "country": gettext_lazy("Country"),
    "region": gettext_lazy("Region"),
    "reason": gettext_lazy("Reason"),
    "stage": gettext_lazy("Stage"),
    MONTH: gettext_lazy("Month"),
    QUARTER: gettext_lazy("Quarter"),
}
COUNT, MONEY, RATE, DAYS = "count", "money", "rate", "days"


@dataclass(frozen=True)
class Column:
    """One figure of every row: its name for programs, its heading, and the kind of number."""

    key: str
    label: str
    kind: str = COUNT


@dataclass(frozen=True)
class Cell:
    """A number of a kind, and where the records behind it are listed."""

    value: Any
    kind: str
    url: str = ""


@dataclass(frozen=True)
class Row:
    """What is counted, and its figures in the order of the columns."""

    key: str
    label: str
    cells: tuple[Cell, ...]
    url: str = ""


@dataclass(frozen=True)
class FigureTable:
    """Figures in rows and columns; the whole comes last, where the rows are parts of one."""

    label: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None

    @property
    def all_rows(self) -> tuple[Row, ...]:
        return (*self.rows, self.total) if self.total else self.rows

    def lines(self) -> Iterator[list[Any]]:
        """Give the table as lines of plain values, headings first, to be written to a file."""
        yield [self.label, *(column.label for column in self.columns)]
        for row in self.all_rows:
            yield [row.label, *(plain(cell) for cell in row.cells)]


@dataclass(frozen=True)
class Report:
    """A question with a name: what it is called, and the table that answers it."""

    name: str
    title: Any
    table: Callable[[Figures], FigureTable]


def plain(cell: Cell) -> Any:
    """Return a figure as programs read it: shares of one with four places, days with two."""
    if cell.value is None:
        return None
    match cell.kind:
        case "rate":
            return f"{cell.value:.4f}"
        case "days":
            return f"{cell.value:.2f}"
        case "money":
            return str(cell.value)
    return cell.value


def month_name(first: Any, *, with_year: bool = True) -> str:
    return formats.month(first, with_year=with_year)


def _figure_row(figure: Figure, *kinds: str, label: str = "") -> Row:
    values = {COUNT: figure.count, MONEY: figure.value, "weighted": figure.weighted}
    cells = [
        Cell(values[kind], MONEY if kind == "weighted" else kind, figure.url if place == 0 else "")
        for place, kind in enumerate(kinds)
    ]
    return Row(figure.key, label or figure.label, tuple(cells), figure.url)


def _count(figure: Figure) -> Cell:
    return Cell(figure.count, COUNT, figure.url)


def open_leads(figures: Figures) -> FigureTable:
    """Open leads by progress."""
    found = figures.open_leads
    return FigureTable(
        _("Progress"),
        (Column("count", _("Leads")), Column("value", _("Est. value"), MONEY)),
        tuple(_figure_row(part, COUNT, MONEY) for part in found.parts),
        _figure_row(found.total, COUNT, MONEY, label=_("All")),
    )


def pipeline(figures: Figures) -> FigureTable:
    """Open opportunities by stage."""
    found = figures.deals
    kinds = (COUNT, MONEY, "weighted")
    return FigureTable(
        _("Stage"),
        (
            Column("count", _("Opportunities")),
            Column("value", _("Value"), MONEY),
            Column("weighted", _("Weighted"), MONEY),
        ),
        tuple(_figure_row(stage, *kinds) for stage in found.stages),
        _figure_row(found.total, *kinds, label=_("All")),
    )


def trend(figures: Figures) -> FigureTable:
    """Lead conversion by month."""
    return _conversion_table(figures.trend, MONTH, is_cohort=figures.ask.is_cohort)


def conversion(figures: Figures) -> FigureTable:
    """Lead conversion by source, or by what else was asked for."""
    return _conversion_table(figures.parted, figures.ask.by, is_cohort=figures.ask.is_cohort)


def days_to_convert(figures: Figures) -> FigureTable:
    """Leads qualified in the period, by the days that it took."""
    closed = figures.closed
    return FigureTable(
        _("Days"),
        (Column("count", _("Leads qualified")),),
        tuple(_figure_row(part, COUNT) for part in figures.days_to_convert.bins),
        Row("", _("All"), (Cell(closed.part, COUNT, closed.part_url),), closed.part_url),
    )


def forecast(figures: Figures) -> FigureTable:
    """What is expected in each month, by how sure it is, and what has been won in it."""
    found = figures.deals.forecast
    categories = found[0].categories
    return FigureTable(
        _("Expected close"),
        (
            Column("won", _("Won"), MONEY),
            *(Column(one.key, one.label, MONEY) for one in categories),
            Column("count", _("Open opportunities")),
            Column("value", _("Open value"), MONEY),
            Column("weighted", _("Weighted"), MONEY),
        ),
        tuple(
            Row(
                place.key,
                expected_label(place),
                (
                    Cell(place.won.value, MONEY, place.won.url),
                    *(Cell(one.value, MONEY, one.url) for one in place.categories),
                    _count(place.total),
                    Cell(place.total.value, MONEY),
                    Cell(place.total.weighted, MONEY),
                ),
                place.total.url,
            )
            for place in found
        ),
    )


def outcomes(figures: Figures) -> FigureTable:
    """What was won and lost in the period, and the reasons of what was lost."""
    found = figures.deals
    decided = found.decided.count

    def row(figure: Figure, label: str, key: str) -> Row:
        share = figure.count / decided if decided else None
        return Row(
            key,
            label,
            (_count(figure), Cell(figure.value, MONEY), Cell(share, RATE)),
            figure.url,
        )

    return FigureTable(
        _("Outcome"),
        (
            Column("count", _("Opportunities")),
            Column("value", _("Value"), MONEY),
            Column("share", _("Of all decided"), RATE),
        ),
        (
            row(found.won, _("Won"), "won"),
            row(found.lost, _("Lost"), "lost"),
            *(
                row(
                    reason,
                    _("Lost: %(reason)s") % {"reason": reason.label or _("no reason given")},
                    f"lost:{reason.key}",
                )
                for reason in found.reasons
            ),
        ),
        row(found.decided, _("Decided"), "decided"),
    )


def ageing(figures: Figures) -> FigureTable:
    """Open opportunities by stage and by days in it."""
    found = figures.deals
    bins = found.ageing[0].cells if found.ageing else ()
    return FigureTable(
        _("Stage"),
        (
            *(Column(f"days_{one.label}", one.label) for one in bins),
            Column("stale", _("Longer than usual")),
            Column("usual", _("Usual days"), DAYS),
        ),
        tuple(
            Row(
                one.stage.key,
                one.stage.label,
                (
                    *(_count(cell) for cell in one.cells),
                    _count(one.stale),
                    Cell(one.usual_days, DAYS),
                ),
                one.stage.url,
            )
            for one in found.ageing
        ),
    )


def leaderboard(figures: Figures) -> FigureTable:
    """Owners by what they won in the period."""
    return FigureTable(
        _("Owner"),
        (
            Column("won_value", _("Won"), MONEY),
            Column("won", _("Opportunities won")),
            Column("lost", _("Lost")),
            Column("win_rate", _("Win rate"), RATE),
            Column("qualified", _("Leads qualified")),
        ),
        tuple(
            Row(
                one.key,
                one.name or _("Unassigned"),
                (
                    Cell(one.won.value, MONEY, one.won.url),
                    _count(one.won),
                    _count(one.lost),
                    Cell(one.win_rate, RATE, one.decided.url),
                    _count(one.qualified),
                ),
            )
            for one in figures.leaderboard
        ),
    )


def ready(figures: Figures) -> FigureTable:
    """Leads that meet every rule and have not been qualified, by owner."""
    found = figures.open_leads

    def row(figure: Figure, label: str, median: float | None, ninetieth: float | None) -> Row:
        return Row(
            figure.key,
            label,
            (
                _count(figure),
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


def expected_label(place: Expected) -> str:
    """Return what a month of the forecast is called, or what is in none of them."""
    if place.month:
        return month_name(place.month.first)
    return {"overdue": _("Overdue"), "later": _("Later"), "undated": _("No date")}[place.key]


def part_label(part: Converted | Outcome, by: str) -> str:
    """Return what a part of the records is called."""
    if by == MONTH:
        return month_name(date.fromisoformat(part.label))
    if by == QUARTER:
        year, quarter = part.key.split("-")
        return f"{quarter} {year}"
    return part.label or (_("Unassigned") if by in {"owner", "team"} else _("Unknown"))


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


def _named(reports: Iterable[Report]) -> dict[str, Report]:
    return {report.name: report for report in reports}


REPORTS = _named(
    [
        Report("open-leads", gettext_lazy("Open leads"), open_leads),
        Report("pipeline", gettext_lazy("Pipeline by stage"), pipeline),
        Report("trend", gettext_lazy("Lead conversion by month"), trend),
        Report("forecast", gettext_lazy("Forecast by month"), forecast),
        Report("conversion", gettext_lazy("Lead conversion"), conversion),
        Report("days-to-convert", gettext_lazy("Days to convert"), days_to_convert),
        Report("leaderboard", gettext_lazy("Leaderboard"), leaderboard),
        Report("ageing", gettext_lazy("Ageing"), ageing),
        Report("outcomes", gettext_lazy("Won and lost"), outcomes),
        Report("ready", gettext_lazy("Ready, not qualified"), ready),
    ]
)
