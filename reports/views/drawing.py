"""What a card is made of: its frame, and what its template draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.arrangements import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reports import charts
    from reports.queries import Figures

ROW = 36  # pixels of a row in a chart of bars
MOST = 6  # rows; what is smaller stands in the table
USUAL_WIDTH = 7  # of twelve columns
MOST_MONTHS = 12  # columns of a chart; the earlier ones stand in the table
STACK, COLUMNS = 168, 158  # pixels of a chart of columns
SOLID, OUTLINED, WON, LOST = "", "open", "won", "lost"  # how a mark looks
AIM = "target"  # a line; the legend has it where there is one, as `more` of the drawing says


@dataclass(frozen=True)
class Bar:
    """One line of a chart of bars: what is counted, and its bars, the later over the earlier."""

    fact: Any
    label: str
    bar: charts.Bar
    inner: charts.Bar | None = None


@dataclass(frozen=True)
class Drawing:
    """The marks of a chart, how tall they are, what they say, and how many were left out."""

    marks: Sequence[Any]
    height: int
    sentence: str
    left_out: int = 0
    note: str = ""
    more: Any = None


@dataclass(frozen=True)
class Card:
    """A report on the overview: how wide it is, how it is drawn, and what its colours stand for."""

    name: str
    draw: Callable[[Figures], Drawing]
    definition: str  # the heading in the page of definitions
    legend: Sequence[tuple[str, Any]] = ()

    drawn_as: str = ""  # the template that it has together with others
    width: int = 0  # where it is not as wide as usual

    @property
    def span(self) -> int:
        return self.width or LIBRARY.get(self.name, USUAL_WIDTH)

    @property
    def template(self) -> str:
        return f"reports/cards/{self.drawn_as or self.name}.html"
