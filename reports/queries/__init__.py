"""What is read across the rooms: the figures, one person's day, and the search."""

from reports.queries.conversion import (
    LEAD_COLUMNS,
    Conversion,
    Converted,
    DaysToConvert,
    conversion,
    days_to_convert,
)
from reports.queries.day import Day, Part, Todo, day_of, people_of
from reports.queries.deals import AGE_BINS, Ageing, Deals, Expected, deals
from reports.queries.figures import Figures
from reports.queries.leaderboard import Standing, leaderboard
from reports.queries.open_leads import Lingering, OpenLeads, open_leads
from reports.queries.outcomes import OPPORTUNITY_COLUMNS, Outcome, Outcomes, outcomes
from reports.queries.question import (
    MONTH,
    NOBODY,
    QUARTER,
    SPANS,
    Days,
    Figure,
    Period,
    Question,
    months_from,
    months_until,
    percentile,
    spans_in,
)
from reports.queries.search import Answer, Found, find, next_tasks, recent_of

__all__ = [
    "AGE_BINS",
    "LEAD_COLUMNS",
    "MONTH",
    "NOBODY",
    "OPPORTUNITY_COLUMNS",
    "QUARTER",
    "SPANS",
    "Ageing",
    "Answer",
    "Conversion",
    "Converted",
    "Day",
    "Days",
    "DaysToConvert",
    "Deals",
    "Expected",
    "Figure",
    "Figures",
    "Found",
    "Lingering",
    "OpenLeads",
    "Outcome",
    "Outcomes",
    "Part",
    "Period",
    "Question",
    "Standing",
    "Todo",
    "conversion",
    "day_of",
    "days_to_convert",
    "deals",
    "find",
    "leaderboard",
    "months_from",
    "months_until",
    "next_tasks",
    "open_leads",
    "outcomes",
    "people_of",
    "percentile",
    "recent_of",
    "spans_in",
]
