"""Tables of people: what they won, and what they were to win."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from reports.queries import KINDS
from reports.tables.frame import (
    COUNT,
    MONEY,
    RATE,
    Cell,
    Column,
    FigureTable,
    Row,
    counted,
    month_name,
)
from reports.tables.words import ACTIVITIES

if TYPE_CHECKING:
    from reports.queries import Attained, Doings, Figures


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
            Column("activities", _("Activities")),
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
                    counted(one.activities) if one.activities else Cell(None, COUNT),
                ),
            )
            for one in figures.leaderboard
        ),
    )


def activities(figures: Figures) -> FigureTable:
    """What people did in the period, by kind."""
    found = figures.activeness

    def row(one: Doings, label: str) -> Row:
        cells = (counted(one.total), *map(counted, one.kinds))
        return Row(one.key, label, cells, one.total.url)

    return FigureTable(
        _("Owner"),
        (
            Column("total", _("Activities")),
            *(Column(kind.value, ACTIVITIES[kind]) for kind in KINDS),
        ),
        tuple(row(one, one.name or _("Unassigned")) for one in found.people),
        row(found.total, _("All")),
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
