"""The figures: permitted rows in, frozen facts out, each with the list that it counts.

Nothing here asks who the viewer is. Rows arrive narrowed by `permitted`, so a report cannot tell
more than the lists do, and every figure carries the address of a list that has exactly its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from reports.queries.conversion import (
    Conversion,
    Converted,
    DaysToConvert,
    conversion,
    days_to_convert,
)
from reports.queries.deals import Deals, deals
from reports.queries.leaderboard import Standing, leaderboard
from reports.queries.open_leads import OpenLeads, open_leads
from reports.queries.question import MONTH, Period, Question, months_until

if TYPE_CHECKING:
    from leads.querysets import LeadQuerySet
    from opportunities.querysets import OpportunityQuerySet

TREND_MONTHS = 12


@dataclass
class Figures:
    """The facts that answer one question, each counted once, when somebody asks for it first."""

    leads: LeadQuerySet
    opportunities: OpportunityQuerySet
    ask: Question

    @cached_property
    def open_leads(self) -> OpenLeads:
        return open_leads(self.leads, self.ask)

    @cached_property
    def deals(self) -> Deals:
        return deals(self.opportunities, self.ask)

    @cached_property
    def closed(self) -> Converted:
        """The leads that were closed in the period."""
        return self._closed[1]

    @cached_property
    def closed_before(self) -> Converted:
        """The leads that were closed in the period before."""
        return self._closed[0]

    @cached_property
    def _closed(self) -> tuple[Converted, ...]:
        period = self.ask.period
        both = replace(self.ask, period=Period(period.before.first, period.last))
        return conversion(self.leads, both, spans=[period.before, period]).parts

    @property
    def days_to_convert(self) -> DaysToConvert:
        return days_to_convert(self.closed, self.ask)

    @cached_property
    def trend(self) -> Conversion:
        """The leads of the last twelve months, whatever the period is, month by month."""
        months = months_until(timezone.localdate(), TREND_MONTHS)
        ask = replace(self.ask, period=Period(months[0].first, months[-1].last))
        return conversion(self.leads, ask, by=MONTH, is_cohort=ask.is_cohort)

    @cached_property
    def parted(self) -> Conversion:
        """The leads of the period by source, or by what else was asked for."""
        return conversion(self.leads, self.ask, by=self.ask.by, is_cohort=self.ask.is_cohort)

    @cached_property
    def leaderboard(self) -> tuple[Standing, ...]:
        return leaderboard(self.leads, self.opportunities, self.ask)
