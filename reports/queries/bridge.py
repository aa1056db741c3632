"""What became of the pipeline between two days: from what it was worth to what it is worth then.

Every change that an opportunity went through in the meantime is on one line, so opening value and
lines add up to the closing value, to the cent, in all and for each stage.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Count, F, IntegerField, Q, Sum, Value

from opportunities.querysets import COMES, GOES, LOWERED, MOVED, MOVED_IN, MOVED_OUT, RAISED
from reports.queries.as_of import past_states, shown_stages, then_listed, whose
from reports.queries.question import Figure, Period, Question, money

if TYPE_CHECKING:
    from opportunities.querysets import OpportunityQuerySet, PipelineStateQuerySet

# The lines in the order in which they are told.
ORDER = (
    *(line.key for line in COMES),
    MOVED_IN,
    MOVED_OUT,
    RAISED,
    LOWERED,
    *(line.key for line in GOES),
)
OPENING, CLOSING, LISTED = "opening", "closing", "listed"
WITH_OWNERS = ("received", "given")  # told only where the pipeline is that of somebody


@dataclass(frozen=True)
class Bridge:
    """What the pipeline was worth when `period` began, each change by name, and what at its end.

    The value of a line has its sign; its count is that of the opportunities that it lists.
    """

    period: Period
    opening: Figure
    lines: tuple[Figure, ...]
    closing: Figure
    stages: tuple[StageBridge, ...]


@dataclass(frozen=True)
class StageBridge:
    """The same for one stage, the lines in the same order; how many are on each is not counted."""

    label: str
    key: str
    opening: Figure
    lines: tuple[Figure, ...]
    closing: Figure


def bridge(ever: OpportunityQuerySet, ask: Question) -> Bridge:
    """Return what became of the pipeline in the period. Two statements.

    `ever` are all that the viewer may see, also those in the recycle bin by now.
    """
    period = ask.period
    rows = _counted(past_states(ever, ask), period, whose(ask))
    counts: dict[str, int] = defaultdict(int)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    in_stage: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    counted_in: dict[tuple[int, str], int] = defaultdict(int)
    for part, line, into, out_of, count, after, before in rows:
        if part == LISTED:
            for name in (MOVED_IN, MOVED_OUT) if line == MOVED else (line,):
                counts[name] = count
            continue
        if part in (OPENING, CLOSING):
            totals[part] += money(after)
            counts[part] += count
            in_stage[into, part] = money(after)
            counted_in[into, part] = count
            continue
        stage = out_of if line in _GOING else into
        change = _change(line, money(after), money(before))
        totals[line] += change
        in_stage[stage, line] += change
        if into != out_of and line not in _COMING and line not in _GOING:
            for name, there, moved in (
                (MOVED_IN, into, money(before)),
                (MOVED_OUT, out_of, -money(before)),
            ):
                totals[name] += moved
                in_stage[there, name] += moved

    is_of_somebody = bool(ask.owner or ask.team)
    names = [name for name in ORDER if is_of_somebody or name not in WITH_OWNERS]
    eve = period.first - timedelta(days=1)
    at = {OPENING: eve.isoformat(), CLOSING: period.last.isoformat()}

    def end(part: str, **stage: str) -> Figure:
        key = int(stage["then_stage"]) if stage else 0
        return Figure(
            label=part,
            count=counted_in[key, part] if stage else counts[part],
            value=in_stage[key, part] if stage else totals[part],
            url=then_listed(ask, as_of=at[part], **stage),
            key=part,
        )

    def told(name: str, value: Decimal, **stage: str) -> Figure:
        return Figure(
            label=name,
            count=0 if stage else counts[name],
            value=value,
            url=changed_listed(ask, name, **stage),
            key=name,
        )

    stages = shown_stages({stage for stage, _part in in_stage}, ever)
    return Bridge(
        period=period,
        opening=end(OPENING),
        lines=tuple(told(name, totals[name]) for name in names),
        closing=end(CLOSING),
        stages=tuple(
            StageBridge(
                stage.name,
                str(stage.pk),
                end(OPENING, then_stage=str(stage.pk)),
                tuple(
                    told(name, in_stage[stage.pk, name], then_stage=str(stage.pk)) for name in names
                ),
                end(CLOSING, then_stage=str(stage.pk)),
            )
            for stage in stages
        ),
    )


_COMING = {line.key for line in COMES}
_GOING = {line.key for line in GOES}


def _change(line: str, after: Decimal, before: Decimal) -> Decimal:
    if line in _COMING:
        return after
    if line in _GOING:
        return -before
    return after - before


def _counted(states: PipelineStateQuerySet, period: Period, of: dict[str, Any]) -> Any:
    """Return what stood at both ends and what changed, parted by all that is asked. One statement.

    Rows are `part, line, into, out_of, count, after, before`. Who is on a line is counted by
    itself: whoever was on it twice is listed once.
    """
    start, end = period.moments
    ends = [
        _parted(states.open_at(moment).filter(**of), part, into=F("stage"))
        for part, moment in ((OPENING, start), (CLOSING, end))
    ]
    changes = states.changes(start, end, whose=of)
    changed = _parted(
        changes.filter(~Q(line="") | Q(moves=1)),
        "changed",
        line=F("line"),
        into=F("stage"),
        out_of=F("stage_before"),
    )
    listed = _parted(changes.exclude(line=""), LISTED, line=F("line"), is_distinct=True)
    moved = _parted(changes.on_line(MOVED), LISTED, line=MOVED, is_distinct=True)
    return ends[0].union(ends[1], changed, listed, moved, all=True)


def _parted(
    states: PipelineStateQuerySet,
    part: str,
    *,
    line: F | str = "",
    into: F | int = 0,
    out_of: F | int = 0,
    is_distinct: bool = False,
) -> Any:
    is_end = part in (OPENING, CLOSING)
    keys = {
        "part": Value(part, output_field=CharField()),
        "told": Value(line, output_field=CharField()) if isinstance(line, str) else line,
        "into": Value(into, output_field=IntegerField()) if isinstance(into, int) else into,
        "out_of": Value(out_of, output_field=IntegerField()) if isinstance(out_of, int) else out_of,
    }
    return (
        states.order_by()
        .annotate(**keys)
        .values(*keys)
        .annotate(
            rows=Count("opportunity", distinct=True) if is_distinct else Count("*"),
            after=Sum("base_value"),
            # What was before is in no index that finds what stood at an end.
            before=Sum(F("base_value") if is_end else F("value_before")),
        )
        .values_list(*keys, "rows", "after", "before")
    )


def changed_listed(ask: Question, line: str, **stage: str) -> str:
    """Return the address of the list with what is on a line of the bridge."""
    days = {"since": ask.period.first.isoformat(), "as_of": ask.period.last.isoformat()}
    return then_listed(ask, **days, change=line, **stage)
