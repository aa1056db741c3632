"""Where open opportunities are put: by their age, and by the month in which they shall close."""

from __future__ import annotations

# First and last whole day in a stage of each column of the ageing; the last one has no end.
AGE_BINS: tuple[tuple[int, int | None], ...] = ((0, 7), (8, 14), (15, 30), (31, 60), (61, None))
FORECAST_MONTHS = 4  # the current one and those after it

# Beside the months, by their number.
OVERDUE, LATER, UNDATED = -1, FORECAST_MONTHS, FORECAST_MONTHS + 1
