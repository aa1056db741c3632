"""How a list is narrowed: the same filters for the page, its figures' links and the API."""

from workbench.filters.columns import (
    FIRST_YEAR,
    LAST_YEAR,
    NONE,
    PERIODS,
    DayFilter,
    LineFilter,
    ManagerFilter,
    OwnerFilter,
    PeriodFilter,
    RecordFilterById,
    TagFilter,
    ValueFilter,
    midnight,
    period_start,
)
from workbench.filters.conditions import (
    WHERE,
    ConditionFilter,
    fields_for,
    seen_by_way_of,
    where_seen,
    written,
)
from workbench.filters.custom import CustomFilter, custom_fields_of, custom_filters
from workbench.filters.records import RecordFilter, applied

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "NONE",
    "PERIODS",
    "WHERE",
    "ConditionFilter",
    "CustomFilter",
    "DayFilter",
    "LineFilter",
    "ManagerFilter",
    "OwnerFilter",
    "PeriodFilter",
    "RecordFilter",
    "RecordFilterById",
    "TagFilter",
    "ValueFilter",
    "applied",
    "custom_fields_of",
    "custom_filters",
    "fields_for",
    "midnight",
    "period_start",
    "seen_by_way_of",
    "where_seen",
    "written",
]
