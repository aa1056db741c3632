"""What the cards about people draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reports.queries import KINDS
from reports.tables import ACTIVITIES
from reports.views.drawing import (
    MOST,
    Drawing,
)
from users import formats

if TYPE_CHECKING:
    from reports.queries import Figures

MOST_PEOPLE = MOST + 2


def leaderboard(figures: Figures) -> Drawing:
    """Put the owners in the order of what they won, each measured against the first."""
    everybody = figures.leaderboard
    standings = everybody[:MOST_PEOPLE] if any(not one.is_idle for one in everybody) else ()
    top = max((one.won.value for one in standings), default=0)
    has_targets = any(one.target for one in standings)
    marks = [{"fact": one, "of": one.target if has_targets else top} for one in standings]
    return Drawing(
        marks,
        0,
        _("Nobody closed anything in this period."),
        len(everybody) - len(standings) if standings else 0,
        note=_("won against target") if has_targets else _("decided in the period"),
        more=has_targets,
    )


def activities(figures: Figures) -> Drawing:
    """Lay out what people did by kind, each measured against whoever did most."""
    found = figures.activeness
    people = found.people[:MOST_PEOPLE] if found.total.total.count else ()
    marks = [{"fact": one, "of": people[0].total.count} for one in people]
    count = found.total.total.count
    if figures.ask.source:
        sentence = _("Activities have no source. Choose all sources to see them.")
    elif not count:
        sentence = _("Nobody has logged anything in this period.")
    else:
        sentence = ngettext(
            "%(n)s activity in the period.", "%(n)s activities in the period.", count
        ) % {"n": formats.count(count)}
    return Drawing(
        marks,
        0,
        sentence,
        len(found.people) - len(people) if people else 0,
        note=_("done in the period"),
        more=[ACTIVITIES[kind] for kind in KINDS],
    )
