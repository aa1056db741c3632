"""What the cards about people draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from reports.views.drawing import (
    MOST,
    Drawing,
)

if TYPE_CHECKING:
    from reports.queries import Figures


def leaderboard(figures: Figures) -> Drawing:
    """Put the owners in the order of what they won, each measured against the first."""
    standings = figures.leaderboard[: MOST + 2]
    top = max((one.won.value for one in standings), default=0)
    has_targets = any(one.target for one in standings)
    marks = [{"fact": one, "of": one.target if has_targets else top} for one in standings]
    return Drawing(
        marks,
        0,
        _("Nobody closed anything in this period."),
        len(figures.leaderboard) - len(standings),
        note=_("won against target") if has_targets else _("decided in the period"),
        more=has_targets,
    )
