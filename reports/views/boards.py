"""The dashboards: which cards stand on each, and how wide; those that there are, and kept ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy

from reports.arrangements import ON_TOP, Arrangement
from reports.filters import LEADS, MINE, OVERVIEW, TEAM
from reports.views.cards import CARDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.filters import OverviewFilter
    from reports.views.drawing import Card
    from workbench.models import SavedView

STRIP, TILES = ON_TOP


@dataclass(frozen=True)
class Board:
    """Some cards of the library on one page, about one question.

    `widths` are of twelve columns; what is not named is as wide as it is on the sales overview.
    """

    key: str
    title: Any
    cards: Sequence[str]
    widths: Sequence[int] = ()
    has_tiles: bool = True
    has_strip: bool = True

    @classmethod
    def of(cls, arrangement: Arrangement, *, key: str = OVERVIEW, title: Any = "") -> Board:
        """Return the dashboard on which cards stand as somebody has arranged them."""
        below = [card for card in arrangement.cards if card.name not in ON_TOP]
        return cls(
            key,
            title,
            [card.name for card in below],
            [card.width for card in below],
            has_tiles=TILES in arrangement.names,
            has_strip=STRIP in arrangement.names,
        )

    @property
    def arrangement(self) -> Arrangement:
        """The cards as they stand here, to be arranged anew."""
        above = [(STRIP, self.has_strip), (TILES, self.has_tiles)]
        names = [name for name, stands in above if stands]
        cards = [*names, *(f"{name}.{self.card(name).span}" for name in self.cards)]
        return Arrangement.read(" ".join(cards))

    def card(self, name: str) -> Card:
        """Return a card as it stands here."""
        widths = dict(zip(self.cards, self.widths, strict=False))
        return replace(CARDS[name], width=widths.get(name, 0))


BOARDS = {
    board.key: board
    for board in (
        Board(
            OVERVIEW,
            gettext_lazy("Sales overview"),
            (
                "pipeline", "trend", "forecast", "conversion", "days-to-convert", "leaderboard",
                "ageing", "outcomes", "ready",
            ),
        ),
        Board(
            LEADS,
            gettext_lazy("Lead management"),
            (
                "funnel", "trend", "cohorts-qualified", "cohorts-won", "conversion",
                "days-to-convert", "response", "ready",
            ),
            (7, 5, 6, 6, 7, 5, 5, 7),
            has_tiles=False,
        ),
        Board(
            TEAM,
            gettext_lazy("Team performance"),
            (
                "leaderboard", "attainment", "activities", "time-in-stage", "pipeline", "forecast",
                "outcomes", "ageing", "cycle", "competitors",
            ),
            (7, 5, 7, 5, 7, 5, 7, 5, 6, 6),
            has_strip=False,
        ),
        Board(
            MINE,
            gettext_lazy("My numbers"),
            (
                "attainment", "forecast", "pipeline", "ageing", "conversion", "days-to-convert",
                "outcomes",
            ),
            (7, 5, 7, 5, 4, 4, 4),
        ),
    )
}  # fmt: skip


def board_of(form: OverviewFilter, saved: SavedView | None = None) -> Board:
    """Return the dashboard that is asked for, with its cards as they were arranged."""
    usual = BOARDS.get(form.data["board"], BOARDS[OVERVIEW])
    if not form.data["cards"]:
        return usual
    title = saved.name if saved else usual.title
    return Board.of(Arrangement.read(form.data["cards"]), key=usual.key, title=title)
