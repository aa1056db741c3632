"""A report as a picture that stands alone: a bar for each row, its value in words beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import ngettext

from reports import charts
from reports.templatetags.figures import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.tables import FigureTable

HEAD, ROW, FOOT = 68, 30, 20  # pixels
MOST_ROWS = 40


def picture_of(table: FigureTable, drawn: str = "", *, is_change: bool = False) -> dict[str, Any]:
    """Lay out a figure of each row, the first one unless another is to be `drawn`.

    What is below nothing has no bar; of a change each bar begins where the one before it ended.
    """
    column = [one.key for one in table.columns].index(drawn) if drawn else 0
    rows = table.all_rows if is_change else table.rows[:MOST_ROWS]
    cells = [row.cells[column] for row in rows]
    values = [float(cell.value or 0) for cell in cells]
    bars: Sequence[Any] = (
        charts.staircase(values[:-1], row=ROW)
        if is_change
        else charts.bars([max(value, 0) for value in values], row=ROW)
    )
    lines = [
        {
            "label": row.label,
            "value": written(cell),
            "x": bar.x if is_change else "0%",
            "length": bar.length,
            "y": HEAD + bar.y,
            "text_y": HEAD + bar.y + 17,
        }
        for row, cell, bar in zip(rows, cells, bars, strict=True)
    ]
    left_out = 0 if is_change else len(table.rows) - len(rows)
    end = HEAD + ROW * len(rows)
    return {
        "rows": lines,
        "rest": ngettext("%(n)d more in the table", "%(n)d more in the table", left_out)
        % {"n": left_out}
        if left_out
        else "",
        "rest_y": end + 16,
        "height": end + FOOT + (ROW if left_out else 0),
    }
