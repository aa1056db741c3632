"""What is read across the rooms: the figures, one person's day, and the search."""

from reports.queries.activity import KINDS, Activeness, Doings, activeness
from reports.queries.as_of import AsOf, as_of
from reports.queries.bridge import Bridge, StageBridge, bridge
from reports.queries.cohorts import WITHIN, Cohort, Step, Within, cohorts, funnel
from reports.queries.conversion import (
    LEAD_COLUMNS,
    Conversion,
    Converted,
    DaysToConvert,
    conversion,
    days_to_convert,
)
from reports.queries.cycle import Cycle, cycles
from reports.queries.day import Day, Part, Todo, day_of, people_of
from reports.queries.deals import Ageing, Deals, counted, deals
from reports.queries.figures import Figures
from reports.queries.forecast import Expected, forecast
from reports.queries.leaderboard import Standing, leaderboard
from reports.queries.open_leads import Lingering, OpenLeads, open_leads
from reports.queries.outcomes import OPPORTUNITY_COLUMNS, Outcome, Outcomes, outcomes
from reports.queries.own import ASKED_AS, Own, own_parts
from reports.queries.people import people_seen_by, sellers_seen_by
from reports.queries.places import AGE_BINS
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
from reports.queries.replica import minutes_behind
from reports.queries.response import Response, response
from reports.queries.search import Answer, Found, find, next_tasks, recent_of
from reports.queries.stay import Stay, stays
from reports.queries.sums import Sums
from reports.queries.targets import Attained, Targets, targets

__all__ = [
    "AGE_BINS",
    "ASKED_AS",
    "KINDS",
    "LEAD_COLUMNS",
    "MONTH",
    "NOBODY",
    "OPPORTUNITY_COLUMNS",
    "QUARTER",
    "SPANS",
    "WITHIN",
    "Activeness",
    "Ageing",
    "Answer",
    "AsOf",
    "Attained",
    "Bridge",
    "Cohort",
    "Conversion",
    "Converted",
    "Cycle",
    "Day",
    "Days",
    "DaysToConvert",
    "Deals",
    "Doings",
    "Expected",
    "Figure",
    "Figures",
    "Found",
    "Lingering",
    "OpenLeads",
    "Outcome",
    "Outcomes",
    "Own",
    "Part",
    "Period",
    "Question",
    "Response",
    "StageBridge",
    "Standing",
    "Stay",
    "Step",
    "Sums",
    "Targets",
    "Todo",
    "Within",
    "activeness",
    "as_of",
    "bridge",
    "cohorts",
    "conversion",
    "counted",
    "cycles",
    "day_of",
    "days_to_convert",
    "deals",
    "find",
    "forecast",
    "funnel",
    "leaderboard",
    "minutes_behind",
    "months_from",
    "months_until",
    "next_tasks",
    "open_leads",
    "outcomes",
    "own_parts",
    "people_of",
    "people_seen_by",
    "percentile",
    "recent_of",
    "response",
    "sellers_seen_by",
    "spans_in",
    "stays",
    "targets",
]
