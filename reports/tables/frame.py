"""What a table of figures is made of, and how a figure is written for programs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from users import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reports.queries import Figure, Figures

COUNT, MONEY, RATE, DAYS, HOURS = "count", "money", "rate", "days", "hours"


@dataclass(frozen=True)
class Column:
    """One figure of every row: its name for programs, its heading, and the kind of number."""

    key: str
    label: Any
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
            # Money stays a number: as a text, what is below nothing would look like a formula.
            yield [
                row.label,
                *(_cents(c.value) if c.kind == MONEY else plain(c) for c in row.cells),
            ]


@dataclass(frozen=True)
class Report:
    """A question with a name: what it is called, and the table that answers it.

    `drawn` is the column that its picture shows, the first one unless said; `is_change` says that
    the rows tell what became of the first until the last.
    """

    name: str
    title: Any
    table: Callable[[Figures], FigureTable]
    drawn: str = ""
    is_change: bool = False


def plain(cell: Cell) -> Any:
    """Return a figure as programs read it: shares of one with four places, days and
    hours with two."""
    if cell.value is None:
        return None
    match cell.kind:
        case "rate":
            return four_places(cell.value)
        case "days" | "hours":
            return f"{cell.value:.2f}"
        case "money":
            return str(_cents(cell.value))
    return cell.value


def _cents(amount: Decimal | None) -> Decimal | None:
    """Return money with its two places, also where nothing was added up."""
    return None if amount is None else amount.quantize(Decimal("0.01"))


def four_places(share: float) -> str:
    """Write a share of one with four places, half of the last one up, as people round.

    >>> four_places(107 / 160), four_places(1 / 3)
    ('0.6688', '0.3333')
    """
    return str(Decimal(str(share)).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def month_name(first: Any, *, with_year: bool = True) -> str:
    return formats.month(first, with_year=with_year)


def figure_row(figure: Figure, *kinds: str, label: str = "") -> Row:
    values = {COUNT: figure.count, MONEY: figure.value, "weighted": figure.weighted}
    cells = [
        Cell(values[kind], MONEY if kind == "weighted" else kind, figure.url if place == 0 else "")
        for place, kind in enumerate(kinds)
    ]
    return Row(figure.key, label or figure.label, tuple(cells), figure.url)


def counted(figure: Figure) -> Cell:
    return Cell(figure.count, COUNT, figure.url)
