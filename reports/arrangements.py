"""Which cards stand on a dashboard, in which order and how wide: as a text, changed by steps.

The text has a word for each card, its name and its width: `pipeline.7 trend.5`. It stands in an
address, so that the way back through the steps is that of the browser.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Every card that there is to choose from, and how many of twelve columns it usually takes.
LIBRARY = {
    "open-leads": 12,
    "key-figures": 12,
    "pipeline": 7,
    "trend": 5,
    "forecast": 4,
    "conversion": 4,
    "days-to-convert": 4,
    "leaderboard": 7,
    "ageing": 5,
    "outcomes": 7,
    "ready": 5,
    "attainment": 7,
    "cycle": 5,
    "competitors": 5,
    "funnel": 7,
    "cohorts-qualified": 7,
    "cohorts-won": 7,
    "response": 4,
    "activities": 7,
    "time-in-stage": 5,
    "bridge": 7,
}
# They lead into the others and go from edge to edge.
ON_TOP = ("open-leads", "key-figures")
WIDTHS = (4, 5, 6, 7, 8, 12)
STEPS = ("earlier", "later", "narrower", "wider", "remove", "add")
LONGEST = 1_000  # characters of the text
NONE = "none"  # in an address without a word the usual cards stand


@dataclass(frozen=True)
class Placed:
    """A card at its place."""

    name: str
    width: int

    def __str__(self) -> str:
        return f"{self.name}.{self.width}"


@dataclass(frozen=True)
class Arrangement:
    """Cards in their order; `strange` is what was read and is none, or stands there already."""

    cards: tuple[Placed, ...] = ()
    strange: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Arrangement:
        """Read a text, however wrong it is. What leads into the others comes first.

        >>> found = Arrangement.read("trend.5 open-leads.12 horoscope.4 trend.7 ready.99 ready")
        >>> str(found), found.strange
        ('open-leads.12 trend.5 ready.5', ('horoscope.4', 'trend.7', 'ready.99'))
        """
        cards: dict[str, Placed] = {}
        strange = []
        for word in () if text == NONE else text[: LONGEST + 1].split():
            name, _dot, width = word.partition(".")
            usual = str(LIBRARY.get(name, ""))
            if name in cards or not usual or (width or usual) not in _widths_of(name):
                strange.append(word)
            else:
                cards[name] = Placed(name, int(width or usual))
        return cls.of(cards.values(), tuple(strange))

    @classmethod
    def of(cls, cards: Iterable[Placed], strange: tuple[str, ...] = ()) -> Arrangement:
        """Put what leads into the others before them."""
        return cls(tuple(sorted(cards, key=_place_of)), strange)

    def __str__(self) -> str:
        return " ".join(map(str, self.cards)) or NONE

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(card.name for card in self.cards)

    @property
    def missing(self) -> tuple[str, ...]:
        """The cards of the library that do not stand here."""
        return tuple(name for name in LIBRARY if name not in self.names)

    def after(self, step: str, name: str) -> Arrangement:
        """Return what one step makes of it; a step that leads nowhere changes nothing.

        >>> begin = Arrangement.read("pipeline.7 trend.5")
        >>> [str(begin.after(step, "trend")) for step in ("earlier", "later", "wider", "remove")]
        ['trend.5 pipeline.7', 'pipeline.7 trend.5', 'pipeline.7 trend.6', 'pipeline.7']
        >>> str(begin.after("add", "ready"))
        'pipeline.7 trend.5 ready.5'
        """
        if step == "add" and name in self.missing:
            return self.of([*self.cards, Placed(name, LIBRARY[name])])
        if name not in self.names:
            return self
        place = self.names.index(name)
        card = self.cards[place]
        match step:
            case "remove":
                return self.of([*self.cards[:place], *self.cards[place + 1 :]])
            case "earlier" | "later":
                there = place + (1 if step == "later" else -1)
                others = [*self.cards[:place], *self.cards[place + 1 :]]
                return self.of([*others[: max(there, 0)], card, *others[max(there, 0) :]])
            case "narrower" | "wider" if name not in ON_TOP:
                nth = WIDTHS.index(card.width) + (1 if step == "wider" else -1)
                width = WIDTHS[min(max(nth, 0), len(WIDTHS) - 1)]
                cards = list(self.cards)
                cards[place] = replace(card, width=width)
                return self.of(cards)
        return self


def _widths_of(name: str) -> set[str]:
    return {"12"} if name in ON_TOP else {str(width) for width in WIDTHS}


def _place_of(card: Placed) -> int:
    return ON_TOP.index(card.name) if card.name in ON_TOP else len(ON_TOP)
