"""Tables of opportunities: what is open, what became of it, what was won and lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.tables.frame import (
    COUNT,
    DAYS,
    MONEY,
    RATE,
    Cell,
    Column,
    FigureTable,
    Row,
    counted,
    figure_row,
)
from reports.tables.words import expected_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.queries import Cycle, Figure, Figures, Stay


PIPELINE_COLUMNS = (
    Column("count", gettext_lazy("Opportunities")),
    Column("value", gettext_lazy("Value"), MONEY),
    Column("weighted", gettext_lazy("Weighted"), MONEY),
)


def pipeline(figures: Figures) -> FigureTable:
    """Open opportunities by stage."""
    found = figures.deals
    kinds = (COUNT, MONEY, "weighted")
    return FigureTable(
        _("Stage"),
        PIPELINE_COLUMNS,
        tuple(figure_row(stage, *kinds) for stage in found.stages),
        figure_row(found.total, *kinds, label=_("All")),
    )


def pipeline_as_of(figures: Figures) -> FigureTable:
    """What was open at the end of a day, by stage."""
    found = figures.as_of
    kinds = (COUNT, MONEY, "weighted")
    return FigureTable(
        _("Stage"),
        PIPELINE_COLUMNS,
        tuple(figure_row(stage, *kinds) for stage in found.stages),
        figure_row(found.total, *kinds, label=_("All")),
    )


# What becomes of a pipeline, in words.
CHANGES = {
    "new": gettext_lazy("New"),
    "reopened": gettext_lazy("Reopened"),
    "restored": gettext_lazy("Restored"),
    "received": gettext_lazy("Received from others"),
    "moved_in": gettext_lazy("Moved in"),
    "moved_out": gettext_lazy("Moved out"),
    "raised": gettext_lazy("Value raised"),
    "lowered": gettext_lazy("Value lowered"),
    "won": gettext_lazy("Won"),
    "lost": gettext_lazy("Lost"),
    "deleted": gettext_lazy("Deleted"),
    "given": gettext_lazy("Given to others"),
}


def bridge(figures: Figures) -> FigureTable:
    """What became of the pipeline in the period: in all, and stage by stage."""
    found = figures.bridge

    def row(whole: Figure, label: str, parts: Iterable[Figure]) -> Row:
        cells = [Cell(part.value, MONEY, part.url) for part in parts]
        return Row(whole.key, label, (counted(whole), Cell(whole.value, MONEY), *cells), whole.url)

    lines = (
        row(line, str(CHANGES[line.key]), (stage.lines[place] for stage in found.stages))
        for place, line in enumerate(found.lines)
    )
    return FigureTable(
        _("Change"),
        (
            Column("count", _("Opportunities")),
            Column("value", _("Value"), MONEY),
            *(Column(f"stage_{stage.key}", stage.label, MONEY) for stage in found.stages),
        ),
        (row(found.opening, _("At the beginning"), (one.opening for one in found.stages)), *lines),
        row(found.closing, _("At the end"), (one.closing for one in found.stages)),
    )


def forecast(figures: Figures) -> FigureTable:
    """What is expected in each month, by how sure it is, and what has been won in it."""
    found = figures.forecast
    categories = found[0].categories
    return FigureTable(
        _("Expected close"),
        (
            Column("target", _("Target"), MONEY),
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
                    Cell(place.target, MONEY),
                    Cell(place.won.value, MONEY, place.won.url),
                    *(Cell(one.value, MONEY, one.url) for one in place.categories),
                    counted(place.total),
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
            (counted(figure), Cell(figure.value, MONEY), Cell(share, RATE)),
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
                    *(counted(cell) for cell in one.cells),
                    counted(one.stale),
                    Cell(one.usual_days, DAYS),
                ),
                one.stage.url,
            )
            for one in found.ageing
        ),
    )


def cycle(figures: Figures) -> FigureTable:
    """How long it took until opportunities were won, and until they were lost."""
    return _days_table(_("Outcome"), figures.cycles)


def time_in_stage(figures: Figures) -> FigureTable:
    """How long opportunities stayed in the stages that they left."""
    return _days_table(_("Stage"), figures.stays)


def _days_table(label: str, found: Iterable[Cycle | Stay]) -> FigureTable:
    return FigureTable(
        label,
        (
            Column("count", _("Opportunities")),
            Column("median", _("Median days"), DAYS),
            Column("mean", _("Mean"), DAYS),
            Column("p90", _("90th percentile"), DAYS),
        ),
        tuple(
            Row(
                one.figure.key,
                one.figure.label,
                (
                    counted(one.figure),
                    Cell(one.days.median, DAYS),
                    Cell(one.days.mean, DAYS),
                    Cell(one.days.ninetieth, DAYS),
                ),
                one.figure.url,
            )
            for one in found
        ),
    )


def competitors(figures: Figures) -> FigureTable:
    """Whom opportunities were lost to."""
    return FigureTable(
        _("Lost to"),
        (Column("count", _("Opportunities lost")), Column("value", _("Value"), MONEY)),
        tuple(
            Row(
                part.key,
                part.label or _("Nobody named"),
                (counted(part.lost), Cell(part.lost.value, MONEY)),
                part.lost.url,
            )
            for part in figures.competitors
        ),
    )
