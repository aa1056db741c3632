"""How long opportunities stayed in each stage before they left it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, IntegerField, Value

from opportunities.querysets import LEFT
from reports.queries.as_of import past_states, shown_stages, whose
from reports.queries.bridge import changed_listed
from reports.queries.question import Days, Figure, Question

if TYPE_CHECKING:
    from opportunities.querysets import OpportunityQuerySet

EACH_ONCE = -1  # in place of the days, where each opportunity is counted once


@dataclass(frozen=True)
class Stay:
    """The opportunities that left a stage, each once, and how many days each stay had lasted."""

    figure: Figure
    days: Days


def stays(ever: OpportunityQuerySet, ask: Question) -> tuple[Stay, ...]:
    """Count the days of every stay that ended in the period, stage by stage. Two statements.

    `ever` are all that the viewer may see, also those in the recycle bin by now. Whoever left a
    stage twice stayed twice, and is listed once.
    """
    start, end = ask.period.moments
    left = past_states(ever, ask).left(start, end, whose=whose(ask)).order_by()
    lasted = left.values_list("stage_before", "days_before").annotate(count=Count("*"))
    once = left.annotate(days=Value(EACH_ONCE, output_field=IntegerField()))
    listed = once.values_list("stage_before", "days").annotate(
        count=Count("opportunity", distinct=True)
    )
    spreads: dict[int, dict[int, int]] = defaultdict(dict)
    counts: Counter[int] = Counter()
    for stage, days, count in lasted.union(listed, all=True):
        if days == EACH_ONCE:
            counts[stage] = count
        else:
            spreads[stage][days] = count
    return tuple(
        Stay(
            Figure(
                stage.name if stage.process.is_default else f"{stage.process}: {stage.name}",
                counts[stage.pk],
                changed_listed(ask, LEFT, then_stage=str(stage.pk)),
                key=str(stage.pk),
            ),
            Days(spreads[stage.pk]),
        )
        for stage in shown_stages(set(counts), ever)
    )
