"""The figures: permitted rows in, frozen facts out, each with the list that it counts.

No report asks who the viewer is. Rows arrive narrowed by `permitted`, so a report cannot tell
more than the lists do, and every figure carries the address of a list that has exactly its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.utils import timezone

from activities.models import Activity
from leads.models import Lead
from opportunities.models import Opportunity
from reports.models import Target
from reports.queries.activity import Activeness, activeness
from reports.queries.as_of import AsOf, as_of
from reports.queries.bridge import Bridge, bridge
from reports.queries.cohorts import Cohort, Step, cohorts, funnel
from reports.queries.conversion import (
    Conversion,
    Converted,
    DaysToConvert,
    conversion,
    days_to_convert,
)
from reports.queries.cycle import Cycle, cycles
from reports.queries.deals import Counted, Deals, all_stages, counted, deals
from reports.queries.forecast import Expected, forecast
from reports.queries.leaderboard import Standing, leaderboard
from reports.queries.open_leads import OpenLeads, open_leads
from reports.queries.outcomes import Outcome, outcomes
from reports.queries.people import sellers_seen_by
from reports.queries.places import FORECAST_MONTHS
from reports.queries.question import (
    MONTH,
    Period,
    Question,
    months_from,
    months_until,
)
from reports.queries.response import Response, response
from reports.queries.sparks import Sparks, sparks
from reports.queries.stay import Stay, stays
from reports.queries.sums import Sums
from reports.queries.targets import Attained, Targets, attained, targets
from users.models import User

if TYPE_CHECKING:
    from decimal import Decimal

    from django.db.models import QuerySet

    from activities.querysets import ActivityQuerySet
    from leads.querysets import LeadQuerySet
    from opportunities.models import Stage
    from opportunities.querysets import OpportunityQuerySet
    from reports.queries.own import Own
    from reports.querysets import TargetQuerySet

TREND_MONTHS = 12


@dataclass
class Figures:
    """The facts that answer one question, each counted once, when somebody asks for it first."""

    leads: LeadQuerySet
    opportunities: OpportunityQuerySet
    target_rows: TargetQuerySet
    ask: Question
    # All opportunities that the viewer may see, also those that lie in the recycle bin by now.
    ever: OpportunityQuerySet | None = None
    # What the summaries tell of the same rows; without them, rows are counted one by one.
    sums: Sums | None = None
    activities: ActivityQuerySet = field(default_factory=Activity.objects.none)
    # Whom the viewer may ask about; they are named also with nothing.
    people: QuerySet[User, User] = field(default_factory=User.objects.none)

    @classmethod
    def permitted(cls, user: User, ask: Question) -> Self:
        """Return the figures of what `user` may see, read where reports are read."""
        database = settings.REPORTS_DATABASE
        return cls(
            leads=Lead.objects.permitted(user).using(database),
            opportunities=Opportunity.objects.permitted(user).using(database),
            target_rows=Target.objects.permitted(user).using(database),
            ask=ask,
            ever=Opportunity.all_objects.permitted(user).using(database),
            sums=Sums.permitted(user, database=database),
            activities=Activity.objects.permitted(user).using(database),
            people=sellers_seen_by(user).using(database),
        )

    @classmethod
    def of_nothing(cls, ask: Question) -> Self:
        """Return the figures of no records at all."""
        nothing = Opportunity.objects.none()
        return cls(Lead.objects.none(), nothing, Target.objects.none(), ask, ever=nothing)

    @cached_property
    def as_of(self) -> AsOf:
        """The pipeline as it stood at the end of the day that was asked for."""
        return as_of(self._ever, self.ask, day=self.ask.as_of or timezone.localdate())

    @cached_property
    def bridge(self) -> Bridge:
        """What became of the pipeline in the period."""
        return bridge(self._ever, self.ask)

    @property
    def _ever(self) -> OpportunityQuerySet:
        return self.opportunities if self.ever is None else self.ever

    @cached_property
    def open_leads(self) -> OpenLeads:
        return open_leads(self.leads, self.ask, self.sums)

    @cached_property
    def deals(self) -> Deals:
        return deals(self._counted, self._stages, self.ask)

    @cached_property
    def forecast(self) -> tuple[Expected, ...]:
        # By itself it asks for no ages, and so for no stages.
        is_counted = "_counted" in vars(self)
        found = self._counted if is_counted else counted(self.opportunities, self.ask, self.sums)
        return forecast(found, self.targets, self.ask)

    @cached_property
    def _counted(self) -> Counted:
        return counted(self.opportunities, self.ask, self.sums, self._stages)

    @cached_property
    def _stages(self) -> tuple[Stage, ...]:
        return all_stages(self.opportunities)

    @cached_property
    def targets(self) -> Targets:
        """What is to be reached in the period, in the months of the forecast and of the trend."""
        today = timezone.localdate()
        first = months_until(today, TREND_MONTHS)[0].first
        last = months_from(today, FORECAST_MONTHS)[-1].last
        return targets(self.target_rows, self.ask, self.ask.period, Period(first, last))

    @property
    def target(self) -> Decimal | None:
        """What was to be won in the period; None where nobody has a target."""
        return self.targets.of(self.ask.period)

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
        return conversion(self.leads, both, spans=[period.before, period], sums=self.sums).parts

    @property
    def days_to_convert(self) -> DaysToConvert:
        return days_to_convert(self.closed, self.ask)

    @cached_property
    def trend(self) -> Conversion:
        """The leads of the last twelve months, whatever the period is, month by month."""
        months = months_until(timezone.localdate(), TREND_MONTHS)
        ask = replace(self.ask, period=Period(months[0].first, months[-1].last))
        return conversion(self.leads, ask, by=MONTH, is_cohort=ask.is_cohort, sums=self.sums)

    @cached_property
    def cohorts(self) -> tuple[Cohort, ...]:
        return cohorts(self.leads, self.opportunities, self.ask, self.sums)

    @cached_property
    def cycles(self) -> tuple[Cycle, ...]:
        return cycles(self.opportunities, self.ask)

    @cached_property
    def stays(self) -> tuple[Stay, ...]:
        """How long opportunities had been in the stages that they left in the period."""
        return stays(self._ever, self.ask)

    @cached_property
    def sparks(self) -> Sparks:
        """How the key figures went in the last twelve months."""
        return sparks(self.leads, self.opportunities, self._ever, self.ask, self.sums)

    @cached_property
    def competitors(self) -> tuple[Outcome, ...]:
        """Whom opportunities were lost to in the period, the one that took most first."""
        parts = outcomes(self.opportunities.lost(), self.ask, by="competitor").parts
        return tuple(sorted(parts, key=lambda part: (-part.lost.count, part.label)))

    @cached_property
    def funnel(self) -> tuple[Step, ...]:
        """What became of the leads that came in the period."""
        return funnel(self.leads, self.opportunities, self.ask, self.sums)

    @cached_property
    def response(self) -> Response:
        """How soon the leads that came in the period were answered."""
        return response(self.leads, self.ask)

    @cached_property
    def attained(self) -> tuple[Attained, ...]:
        """What was won in each month of the period, beside its target."""
        return attained(self.opportunities, self.targets, self.ask, self.sums)

    @cached_property
    def parted(self) -> Conversion:
        """The leads of the period by source, or by what else was asked for."""
        return conversion(
            self.leads,
            self.ask,
            by=self.ask.by,
            is_cohort=self.ask.is_cohort,
            sums=self.sums,
            people=self.people,
        )

    def parted_by(self, own: Own) -> Conversion:
        """The leads of the period by a custom field."""
        return conversion(self.leads, self.ask, is_cohort=self.ask.is_cohort, own=own)

    @cached_property
    def leaderboard(self) -> tuple[Standing, ...]:
        return leaderboard(
            self.leads,
            self.opportunities,
            self.activities,
            self.people,
            self.targets,
            self.ask,
            self.sums,
        )

    @cached_property
    def activeness(self) -> Activeness:
        """What people did in the period."""
        return activeness(self.activities, self.people, self.ask)
