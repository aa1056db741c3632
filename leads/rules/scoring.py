"""How promising leads are by the scoring rules, and which rule gave which points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField as YesNo
from django.db.models import Case, Count, Q, Subquery, Value, When

from leads.models import Lead, QualifiedOpportunity, ScoreScale, ScoringRule
from leads.rules.relations import RELATED, asks_hidden, hidden_among, relations_in
from opportunities.models import Opportunity
from records.conditions import Group, contradictions, holds, names_in, problems_of, stored
from records.lookups import rows_where
from records.permissions import hidden_fields
from records.vocabulary import fields_of, reader_of
from users.formats import house_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from records.conditions import Field
    from users.models import User

# What follows from the score: a rule that asked it would never come to rest.
AFTER_THE_SCORE = {"score", "ready_since"}
Part = dict[str, Any]


def askable(user: User | None) -> dict[str, Field]:
    """Return what a scoring rule can ask of a lead."""
    fields = fields_of(Lead, user)
    return {name: each for name, each in fields.items() if name not in AFTER_THE_SCORE}


def scale_of_scores() -> ScoreScale:
    """Return between what scores are kept, as managers have said it."""
    return ScoreScale.objects.first() or ScoreScale()


@dataclass(frozen=True)
class ReadRule:
    """A scoring rule with its condition read."""

    name: str
    condition: Group
    points: int

    @property
    def part(self) -> Part:
        """What a lead keeps of the rule when it holds: its name as it was then, and its points."""
        asks = sorted(relations_in(self.condition))
        return {"rule": self.name, "points": self.points, **({"asks": asks} if asks else {})}


class Scoring:
    """The scoring rules in use, read for somebody who knows the custom fields: two statements."""

    def __init__(self, *, by: User | None) -> None:
        rows = list(ScoringRule.objects.filter(is_active=True).order_by("pk"))
        asked = {name for rule in rows for name in names_in(stored(rule.condition, {}))}
        asked -= AFTER_THE_SCORE
        self.fields = fields_of(Lead, by, only=asked) if rows else {}
        self.rules = [
            ReadRule(rule.name, stored(rule.condition, self.fields), rule.points) for rule in rows
        ]
        self.scale = scale_of_scores() if rows else ScoreScale()

    def parts_of(self, lead: Lead, *, told: Mapping[str, Any] | None = None) -> list[Part]:
        """Return what gives a lead its points; `told` are values that it does not have yet."""
        read, values, now = reader_of(lead), told or {}, house_now()

        def value_of(name: str) -> Any:
            return values[name] if name in values else read(name)

        return self.kept(lambda rule: holds(rule.condition, value_of, now=now))

    def kept(self, is_met: Callable[[ReadRule], bool]) -> list[Part]:
        return [rule.part for rule in self.rules if is_met(rule)]

    def score_of(self, parts: Sequence[Part]) -> int | None:
        """Return the score for these parts; None where there are no rules."""
        return self.scale.held(sum(part["points"] for part in parts)) if self.rules else None

    def answers(self, *, now: datetime) -> dict[str, Case]:
        """Return for each rule, in order, whether it holds, for rows of leads."""
        return {
            f"rule_{number}": Case(
                When(rows_where(rule.condition, self.fields, model=Lead, now=now), then=True),
                default=Value(False),
                output_field=YesNo(),
            )
            for number, rule in enumerate(self.rules)
        }


def with_scale(leads: Any) -> Any:
    """Read the scale along with each of `leads`, so that it costs no statement."""
    row = ScoreScale.objects.filter(pk=1)
    return leads.annotate(
        warm_from=Subquery(row.values("warm_from")), hot_from=Subquery(row.values("hot_from"))
    )


def suggested_rating(lead: Lead) -> str:
    """Return the rating that the score suggests; nothing without a score."""
    if lead.score is None:
        return ""
    at_hand: Any = lead if "hot_from" in vars(lead) else scale_of_scores()
    if at_hand.hot_from is None:
        at_hand = ScoreScale()
    if lead.score >= at_hand.hot_from:
        return Lead.Rating.HOT
    return Lead.Rating.WARM if lead.score >= at_hand.warm_from else Lead.Rating.COLD


def parts_told(lead: Lead, *, viewer: User) -> list[Part]:
    """Return what gave a lead its points, the most first, as `viewer` may know it.

    Of a rule that asks about a record, or a field, that they may not see neither name nor points
    are told.
    """
    asked = frozenset(name for part in lead.score_parts for name in part.get("asks", ()))
    hidden = hidden_among(asked, lead, viewer=viewer)
    kept = _kept_among({part["rule"] for part in lead.score_parts}, viewer)
    told = [
        {"rule": part["rule"], "points": part["points"]}
        for part in lead.score_parts
        if not hidden & set(part.get("asks", ())) and part["rule"] not in kept
    ]
    told.sort(key=lambda part: -part["points"])
    if len(told) < len(lead.score_parts):
        told.append({"rule": "", "points": None})
    return told


def _kept_among(names: set[str], viewer: User) -> set[str]:
    """Return the rules that ask about a field which is hidden from `viewer`.

    Of one that is not there any more nobody knows what it asked. No statement for those from whom
    nothing is hidden.
    """
    if not any(hidden_fields(viewer, kind) for kind in ("lead", *RELATED)):
        return set()
    rules = ScoringRule.objects.filter(name__in=names).values_list("name", "condition")
    asked = [(name, names_in(stored(condition, {}))) for name, condition in rules]
    open_ = {name for name, _asked in asked}
    return names - open_ | {name for name, about in asked if asks_hidden(about, viewer=viewer)}


@dataclass(frozen=True)
class Step:
    """The leads of one score: how many, how many of them qualified, how many won."""

    score: int | None
    leads: int
    qualified: int
    won: int


def by_score(*, viewer: User) -> list[Step]:
    """Return the leads that `viewer` may see by score, the highest first. One statement.

    Won is a lead of whose opportunities, that `viewer` may see, one is won.
    """
    seen = Opportunity.objects.permitted(viewer, "view").won()
    won = QualifiedOpportunity.objects.filter(
        qualification__state="active", opportunity__in=seen.values("pk")
    )
    rows = (
        Lead.objects.permitted(viewer, "view")
        .values("score")
        .annotate(
            leads=Count("pk"),
            qualified=Count("pk", filter=Q(status=Lead.Status.QUALIFIED)),
            won=Count(
                "pk",
                filter=Q(status=Lead.Status.QUALIFIED, pk__in=won.values("qualification__lead")),
            ),
        )
    )
    steps = [Step(row["score"], row["leads"], row["qualified"], row["won"]) for row in rows]
    return sorted(steps, key=lambda step: (step.score is None, -(step.score or 0)))


def scoring_problems(rule: ScoringRule, fields: Mapping[str, Field], translate: Any) -> list[str]:
    """Return why a rule can never hold by now; `fields` are `askable`."""
    told = [sentence for _p, sentence in problems_of(rule.condition, fields, translate=translate)]
    if not told:
        condition = stored(rule.condition, fields)
        told = contradictions(condition, fields, now=house_now(), translate=translate)
    return list(dict.fromkeys(told))
