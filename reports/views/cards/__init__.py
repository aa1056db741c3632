"""The library of cards: each draws the facts of its report, laid out for its template."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from reports.views.cards.deals import (
    ageing,
    bridge,
    forecast,
    outcomes,
    pipeline,
    pipeline_as_of,
)
from reports.views.cards.journeys import (
    attainment,
    cohorts_qualified,
    cohorts_won,
    competitors,
    cycle,
    funnel,
    time_in_stage,
)
from reports.views.cards.leads import (
    conversion,
    days_to_convert,
    open_leads,
    ready,
    response,
    trend,
)
from reports.views.cards.people import activities, leaderboard
from reports.views.drawing import AIM, LOST, OUTLINED, SOLID, WON, Card

CARDS = {
    card.name: card
    for card in [
        Card("open-leads", open_leads, "open-leads"),
        Card(
            "pipeline",
            pipeline,
            "pipeline-by-stage",
            [(SOLID, gettext_lazy("Weighted")), (OUTLINED, gettext_lazy("Value"))],
        ),
        Card(
            "pipeline-as-of",
            pipeline_as_of,
            "pipeline-as-of-a-day",
            [(SOLID, gettext_lazy("Weighted")), (OUTLINED, gettext_lazy("Value"))],
        ),
        Card(
            "bridge",
            bridge,
            "what-became-of-the-pipeline",
            [(WON, gettext_lazy("More")), (LOST, gettext_lazy("Less"))],
        ),
        Card(
            "trend",
            trend,
            "lead-conversion-by-month",
            [(AIM, gettext_lazy("Target"))],
        ),
        Card(
            "forecast",
            forecast,
            "forecast-by-month",
            [
                (WON, gettext_lazy("Won")),
                (SOLID, gettext_lazy("Commit")),
                (OUTLINED, gettext_lazy("Best case")),
                (AIM, gettext_lazy("Target")),
            ],
        ),
        Card(
            "conversion",
            conversion,
            "lead-conversion-by-source-and-others",
            [(SOLID, gettext_lazy("Qualified")), (OUTLINED, gettext_lazy("All"))],
        ),
        Card("days-to-convert", days_to_convert, "days-to-convert"),
        Card("leaderboard", leaderboard, "leaderboard"),
        Card("activities", activities, "activities"),
        Card("ageing", ageing, "ageing"),
        Card("outcomes", outcomes, "won-and-lost"),
        Card("ready", ready, "ready-not-qualified"),
        Card("response", response, "first-contact-with-leads"),
        Card("cycle", cycle, "days-to-close"),
        Card("time-in-stage", time_in_stage, "time-in-stage", drawn_as="cycle"),
        Card("competitors", competitors, "lost-to-competitors"),
        Card("funnel", funnel, "funnel"),
        Card(
            "cohorts-qualified",
            cohorts_qualified,
            "conversion-by-month-of-creation",
            drawn_as="cohorts",
        ),
        Card("cohorts-won", cohorts_won, "conversion-by-month-of-creation", drawn_as="cohorts"),
        Card(
            "attainment",
            attainment,
            "won-against-target",
            [(WON, gettext_lazy("Won")), (AIM, gettext_lazy("Target"))],
        ),
    ]
}
