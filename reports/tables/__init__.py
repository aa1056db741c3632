"""The reports by name, each as a plain table: beside its chart, as a file, and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from reports.tables.deals import (
    CHANGES,
    ageing,
    bridge,
    competitors,
    cycle,
    forecast,
    outcomes,
    pipeline,
    pipeline_as_of,
    time_in_stage,
)
from reports.tables.frame import (
    Cell,
    FigureTable,
    Report,
    Row,
    four_places,
    month_name,
    plain,
)
from reports.tables.leads import (
    aims_of_conversion,
    cohorts_qualified,
    cohorts_won,
    conversion,
    days_to_convert,
    funnel,
    open_leads,
    ready,
    response,
    trend,
)
from reports.tables.people import activities, attainment, leaderboard
from reports.tables.words import ACTIVITIES, ANSWERED, PARTS, expected_label, part_label, step_label

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ACTIVITIES",
    "ANSWERED",
    "CHANGES",
    "PARTS",
    "REPORTS",
    "Cell",
    "FigureTable",
    "Report",
    "Row",
    "aims_of_conversion",
    "expected_label",
    "four_places",
    "month_name",
    "part_label",
    "plain",
    "step_label",
]


def _named(reports: Iterable[Report]) -> dict[str, Report]:
    return {report.name: report for report in reports}


REPORTS = _named(
    [
        Report("open-leads", gettext_lazy("Open leads"), open_leads),
        Report("pipeline", gettext_lazy("Pipeline by stage"), pipeline, "value"),
        Report("pipeline-as-of", gettext_lazy("Pipeline as of a day"), pipeline_as_of, "value"),
        Report(
            "bridge", gettext_lazy("What became of the pipeline"), bridge, "value", is_change=True
        ),
        Report("trend", gettext_lazy("Lead conversion by month"), trend),
        Report("forecast", gettext_lazy("Forecast by month"), forecast),
        Report("conversion", gettext_lazy("Lead conversion"), conversion),
        Report("days-to-convert", gettext_lazy("Days to convert"), days_to_convert),
        Report("leaderboard", gettext_lazy("Leaderboard"), leaderboard),
        Report("activities", gettext_lazy("Activities"), activities, "total"),
        Report("ageing", gettext_lazy("Ageing"), ageing),
        Report("outcomes", gettext_lazy("Won and lost"), outcomes),
        Report("attainment", gettext_lazy("Won against target"), attainment),
        Report("cycle", gettext_lazy("Days to close"), cycle),
        Report("time-in-stage", gettext_lazy("Time in stage"), time_in_stage, "median"),
        Report("competitors", gettext_lazy("Lost to competitors"), competitors),
        Report("funnel", gettext_lazy("Funnel of the leads of the period"), funnel),
        Report(
            "cohorts-qualified",
            gettext_lazy("Qualified by month of creation"),
            cohorts_qualified,
        ),
        Report("cohorts-won", gettext_lazy("Won by month of creation"), cohorts_won),
        Report("response", gettext_lazy("First contact with leads"), response),
        Report("ready", gettext_lazy("Ready, not qualified"), ready),
    ]
)
