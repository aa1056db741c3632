"""Tables of people: what they won, and what they were to win."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from reports.tables.frame import (
    MONEY,
    RATE,
    Cell,
    Column,
    FigureTable,
    Row,
    counted,
    month_name,
)

if TYPE_CHECKING:
    from reports.queries import (
        Attained,
        Figures,
    )


def leaderboard(figures: Figures) -> FigureTable:
    """Owners by what they won in the period."""
    return FigureTable(
        _("Owner"),
        (
            Column("won_value", _("Won"), MONEY),
            Column("won", _("Opportunities won")),
            Column("lost", _("Lost")),
            Column("target", _("Target"), MONEY),
            Column("of_target", _("Of target"), RATE),
            Column("win_rate", _("Win rate"), RATE),
            Column("qualified", _("Leads qualified")),
        ),
        tuple(
            Row(
                one.key,
                one.name or _("Unassigned"),
                (
                    Cell(one.won.value, MONEY, one.won.url),
                    counted(one.won),
                    counted(one.lost),
                    Cell(one.target, MONEY),
                    Cell(one.share, RATE),
                    Cell(one.win_rate, RATE, one.decided.url),
                    counted(one.qualified),
                ),
            )
            for one in figures.leaderboard
        ),
    )


def attainment(figures: Figures) -> FigureTable:
    """What was won month by month, beside what was to be won."""
    *months, total = figures.attained

    def row(part: Attained, label: str) -> Row:
        return Row(
            part.label[:7],
            label,
            (
                Cell(part.won.value, MONEY, part.won.url),
                counted(part.won),
                Cell(part.target, MONEY),
                Cell(part.share, RATE),
                Cell(part.gap, MONEY),
            ),
            part.won.url,
        )

    return FigureTable(
        _("Month"),
        (
            Column("won_value", _("Won"), MONEY),
            Column("won", _("Opportunities won")),
            Column("target", _("Target"), MONEY),
            Column("of_target", _("Of target"), RATE),
            Column("gap", _("Above or below"), MONEY),
        ),
        tuple(row(month, month_name(date.fromisoformat(month.label))) for month in months),
        row(total, _("All")),
    )
