"""The pipeline as it stood at the end of a day, read from what every opportunity was then.

A day that has not come is today; one before there was anything is empty. Whose an opportunity is,
and its stage, value and probability, are those of that day; who may see it is decided today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Sum

from opportunities.models import PipelineState, Stage
from reports.queries.question import NOBODY, Figure, Period, Question, money, sum_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from opportunities.querysets import OpportunityQuerySet, PipelineStateQuerySet


@dataclass(frozen=True)
class AsOf:
    """What was open at the end of `day`, by stage and in all."""

    day: date
    stages: tuple[Figure, ...]
    total: Figure


def as_of(ever: OpportunityQuerySet, ask: Question, *, day: date) -> AsOf:
    """Return the pipeline as it stood at the end of `day`. Two statements.

    `ever` are all that the viewer may see, also those in the recycle bin by now: what was deleted
    since stood in the pipeline of an earlier day.
    """
    end = Period(day, day).moments[1]
    states = past_states(ever, ask).open_at(end).filter(**whose(ask))
    found = {row["stage"]: row for row in in_stages(states)}
    asked = {"as_of": day.isoformat()}
    stages = tuple(
        Figure(
            label=stage.name,
            count=row["count"],
            value=money(row["value"]),
            weighted=money(row["weighted"], hundredths=True),
            url=then_listed(ask, **asked, then_stage=str(stage.pk)),
            key=str(stage.pk),
        )
        for stage, row in (
            (stage, found.get(stage.pk, NONE)) for stage in shown_stages(found, ever)
        )
    )
    return AsOf(day, stages, sum_of("", stages, then_listed(ask, **asked)))


NONE: dict[str, Any] = {"count": 0, "value": 0, "weighted": 0}


def past_states(ever: OpportunityQuerySet, ask: Question) -> PipelineStateQuerySet:
    """Return the states of what the viewer may see; the source is the one that it has now."""
    if ask.source:
        ever = ever.filter(source=None if ask.source == NOBODY else ask.source)
    return PipelineState.objects.of(ever)


def whose(ask: Question) -> dict[str, Any]:
    """Return the owner and the team that were asked for, as the states have them."""
    asked = {"owner": ask.owner, "owner__team": ask.team}
    return {name: None if value == NOBODY else value for name, value in asked.items() if value}


def in_stages(states: PipelineStateQuerySet) -> Any:
    """Count and add up by stage."""
    return (
        states.order_by()
        .values("stage")
        .annotate(
            count=Count("*"),
            value=Sum("base_value"),
            weighted=Sum(F("base_value") * F("probability")),
        )
    )


def shown_stages(found: Collection[Any], ever: OpportunityQuerySet) -> list[Stage]:
    """Return the stages of the default process, and others in which there is anything.

    They are read where `ever` are.
    """
    return [
        stage
        for stage in Stage.objects.using(ever.db)
        .select_related("process")
        .order_by("-process__is_default", "process__position", "process", "position", "pk")
        if stage.pk in found
        or (stage.process.is_default and stage.is_in_use and not stage.is_for_leads)
    ]


def then_listed(ask: Question, **filters: str) -> str:
    """Return the address of the list with the rows behind a figure of the past."""
    then = {"then_owner": ask.owner, "then_team": ask.team}
    asked = {name: value for name, value in then.items() if value} | filters
    now = Question(ask.period, source=ask.source)
    return now.list_of("opportunities", **asked)
