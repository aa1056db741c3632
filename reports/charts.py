"""Where the marks of a chart stand: plain geometry, with no idea of what it shows.

Across everything is per cent of the slot, down it is pixels: so one drawing fits a telephone and a
wide screen, and its text is never scaled. Places are texts, ready for an SVG attribute.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Bar:
    """A bar that lies: it begins at the left edge."""

    y: int
    length: str


@dataclass(frozen=True)
class Column:
    """A bar that stands, with the middle of its top, where its value is printed."""

    x: str
    width: str
    y: str
    height: str
    middle: str
    value_y: str


@dataclass(frozen=True)
class Part:
    """A part of a stack; the next one stands upon it."""

    y: str
    height: str


@dataclass(frozen=True)
class Stack:
    """Parts that stand upon each other in one column, with the place of their sum above them."""

    x: str
    width: str
    parts: tuple[Part | None, ...]
    middle: str
    value_y: str


@dataclass(frozen=True)
class Level:
    """A line across one slot."""

    x1: str
    x2: str
    y: str


@dataclass(frozen=True)
class Point:
    """A value on a line, and the place of its text above it."""

    x: str
    y: str
    value_y: str


@dataclass(frozen=True)
class Segment:
    """The stretch between two neighbours; `is_open` where the later value may still change."""

    x1: str
    y1: str
    x2: str
    y2: str
    is_open: bool


@dataclass(frozen=True)
class Tick:
    """A grid line and the value that it stands for."""

    y: str
    value: float


@dataclass(frozen=True)
class Line:
    """A drawn row of values, from the left to the right."""

    places: tuple[str, ...]
    points: tuple[Point | None, ...]
    segments: tuple[Segment, ...]
    ticks: tuple[Tick, ...]
    levels: tuple[Level, ...] = ()


def percent(share: float) -> str:
    """Return a share of one as an SVG length.

    >>> percent(1 / 3), percent(1), percent(0)
    ('33.33%', '100%', '0%')
    """
    return f"{round(share * 100, 2):g}%"


def bars(values: Sequence[float], *, row: int, top: float | None = None) -> list[Bar]:
    """Lay one bar per value, each in a row of `row` pixels; `top` is the value of a full bar.

    A value above nothing is always seen, however small it is beside the others.

    >>> bars([4, 1, 0], row=36)
    [Bar(y=0, length='100%'), Bar(y=36, length='25%'), Bar(y=72, length='0%')]
    """
    full = max(values, default=0) if top is None else top
    return [
        Bar(y=place * row, length=percent(max(value / full, 0.006) if value and full else 0))
        for place, value in enumerate(values)
    ]


@dataclass(frozen=True)
class Step:
    """A bar of a staircase: it begins where the one before it has ended."""

    y: int
    x: str
    length: str
    end: str


def staircase(changes: Sequence[float], *, row: int) -> list[Step]:
    """Lay the way from the first value through each change to the value at the end.

    The first is what there was; each change is a bar from what there was before it to what there is
    after it, whichever is more; the last bar is the whole again. A change is always seen.

    >>> [(step.x, step.length, step.end) for step in staircase([60, 40, -20], row=36)]
    [('0%', '60%', '60%'), ('60%', '40%', '100%'), ('80%', '20%', '80%'), ('0%', '80%', '80%')]
    """
    levels = [0.0]
    for change in changes:
        levels.append(levels[-1] + change)
    full = max(*levels, 0)
    bars = [*pairwise(levels), (0.0, levels[-1])]
    return [
        Step(
            y=place * row,
            x=percent(min(before, after, full * 0.994) / full if full else 0),
            length=percent(
                max(abs(after - before) / full, 0.006) if full and after != before else 0
            ),
            end=percent(after / full if full else 0),
        )
        for place, (before, after) in enumerate(bars)
    ]


def columns(
    values: Sequence[float], *, height: int, head: int = 22, gap: float = 0.16
) -> list[Column]:
    """Stand one column per value into equal slots; `head` pixels above are kept for the values.

    >>> columns([2, 1], height=122)[1]
    Column(x='54%', width='42%', y='72', height='50', middle='75%', value_y='65')
    """
    full = max(values, default=0)
    slot = 1 / len(values) if values else 0
    drawn = []
    for place, value in enumerate(values):
        tall = max((height - head) * value / full, 2) if value and full else 0
        drawn.append(
            Column(
                x=percent(slot * (place + gap / 2)),
                width=percent(slot * (1 - gap)),
                y=f"{height - tall:g}",
                height=f"{tall:g}",
                middle=percent(slot * (place + 0.5)),
                value_y=f"{height - tall - 7:g}",
            )
        )
    return drawn


def stacks(
    values: Sequence[Sequence[float]],
    *,
    height: int,
    head: int = 22,
    gap: float = 0.34,
    top: float = 0,
) -> list[Stack]:
    """Stand one stack per row of values into equal slots, the first value of each at the bottom.

    A value of nothing has no part; between two parts one pixel is left free. `top` has a place in
    the chart, too, where it is more than the highest stack.

    >>> stack = stacks([[50, 0, 50]], height=122)[0]
    >>> stack.parts[0], stack.parts[1], stack.parts[2]
    (Part(y='72', height='50'), None, Part(y='22', height='49'))
    """
    full = max([top, *(sum(row) for row in values)])
    slot = 1 / len(values) if values else 0
    drawn = []
    for place, row in enumerate(values):
        ground = float(height)
        parts: list[Part | None] = []
        for value in row:
            if not value or not full:
                parts.append(None)
                continue
            tall = max((height - head) * value / full, 2)
            ground -= tall
            free = 1 if any(parts) and tall > 2 else 0
            parts.append(Part(f"{round(ground, 1):g}", f"{round(tall - free, 1):g}"))
        drawn.append(
            Stack(
                x=percent(slot * (place + gap / 2)),
                width=percent(slot * (1 - gap)),
                parts=tuple(parts),
                middle=percent(slot * (place + 0.5)),
                value_y=f"{round(ground - 7, 1):g}",
            )
        )
    return drawn


def levels(
    values: Sequence[float], *, height: int, top: float, head: int = 22
) -> list[Level | None]:
    """Lay one line per value across equal slots, as high as a stack of it under the same `top`.

    A value of nothing has none.

    >>> levels([50, 0], height=122, top=100)
    [Level(x1='0%', x2='50%', y='72'), None]
    """
    slot = 1 / len(values) if values else 0
    return [
        Level(
            x1=percent(slot * place),
            x2=percent(slot * (place + 1)),
            y=f"{round(height - (height - head) * value / top, 1):g}",
        )
        if value and top
        else None
        for place, value in enumerate(values)
    ]


def line(
    values: Sequence[float | None],
    *,
    height: int,
    head: int = 24,
    is_last_open: bool = False,
    aims: Sequence[float | None] = (),
) -> Line:
    """Draw shares of one as a line over an axis that starts at zero.

    The first slot is kept for the text of the axis. None is a gap: nothing is drawn to or from it.
    `aims` are levels across the slots, one for each value that has one.

    >>> drawn = line([0.1, None, 0.2, 0.3], height=124)
    >>> len(drawn.points), len(drawn.segments), [tick.value for tick in drawn.ticks]
    (4, 1, [0.0, 0.2, 0.4])
    """
    top = rounded_top(max((value for value in (*values, *aims) if value is not None), default=0))
    slot = 1 / (len(values) + 1)

    def y(value: float) -> str:
        return f"{round(height - (height - head) * value / top, 1):g}"

    points: list[Point | None] = []
    segments: list[Segment] = []
    for place, value in enumerate(values):
        if value is None:
            points.append(None)
            continue
        high = float(y(value))
        point = Point(
            x=percent(slot * (place + 1.5)), y=f"{high:g}", value_y=f"{round(high - 9, 1):g}"
        )
        before = points[-1] if points else None
        if before is not None:
            is_open = is_last_open and place == len(values) - 1
            segments.append(Segment(before.x, before.y, point.x, point.y, is_open))
        points.append(point)
    ticks = tuple(Tick(y(top * part / 2), top * part / 2) for part in range(3))
    places = tuple(percent(slot * (place + 1.5)) for place in range(len(values)))
    levels = tuple(
        Level(percent(slot * (place + 1)), percent(slot * (place + 2)), y(aim))
        for place, aim in enumerate(aims)
        if aim is not None
    )
    return Line(places, tuple(points), tuple(segments), ticks, levels)


def spark(values: Sequence[float | None], *, width: int = 72, height: int = 24) -> str:
    """Return the points of a small line from the lowest to the highest of its values.

    None is left out. Fewer than two values are no line; values that are all the same lie in the
    middle.

    >>> spark([1, None, 3]), spark([5, 5]), spark([4])
    ('2,22 70,2', '2,12 70,12', '')
    """
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _place, value in known), max(value for _place, value in known)
    across, up = (width - 4) / (len(values) - 1), height - 4
    return " ".join(
        f"{round(2 + place * across, 1):g},"
        f"{round(2 + up * ((high - value) / (high - low) if high > low else 0.5), 1):g}"
        for place, value in known
    )


def rounded_top(share: float) -> float:
    """Return where an axis of shares ends: at the next even tenth, at least at a fifth.

    >>> rounded_top(0.286), rounded_top(0), rounded_top(0.4), rounded_top(1)
    (0.4, 0.2, 0.4, 1.0)
    """
    # Rounded first: 0.6 * 10 is a little more than 6.
    fifths = -(-round(share * 10, 6) // 2)
    return min(max(fifths, 1) * 2, 10) / 10
