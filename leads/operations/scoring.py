"""The scoring rules, and what they make of leads: a score, and the parts that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Lead, ScoreScale, ScoringRule
from leads.operations.rules import Round
from leads.rules.scoring import Part, Scoring, askable
from records import audit
from records.conditions import ConditionIsWrong, as_data, contradictions, parse
from records.errors import Unacceptable
from records.operations import (
    operation,
    refuse_stale,
    require_for_all,
    row_of,
    save_setting,
)
from users.formats import house_now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from users.models import User


@operation
def save_scoring_rule(rule: ScoringRule, *, by: User) -> ScoringRule:
    """Save a scoring rule as it is in hand. Saving what stands writes nothing.

    Raises `Unacceptable` for a condition that cannot be asked or met; what has been accepted once
    can always be taken out of use.
    """
    require_for_all(by, "change" if rule.pk else "add", ScoringRule)
    standing = ScoringRule.objects.filter(pk=rule.pk).first() if rule.pk else None
    if rule.is_active or standing is None or rule.condition != standing.condition:
        _accept_condition(rule, by=by)
    return save_setting(rule, by=by)


@operation
def change_scoring_rule(
    rule: ScoringRule, *, by: User, version: int | None = None, **changes: Any
) -> ScoringRule:
    """Change these columns of a scoring rule as it stands by now, and nothing else of it.

    Raises `Stale` when somebody has changed it since `version`, `Unacceptable` as saving it does.
    """
    require_for_all(by, "change", ScoringRule)
    standing = ScoringRule.objects.select_for_update().filter(pk=rule.pk).first()
    if standing is None:
        raise Unacceptable(_("Somebody has deleted this rule in the meantime."))
    refuse_stale(standing, version)
    for name, value in changes.items():
        setattr(standing, name, value)
    return save_scoring_rule(standing, by=by)


@operation
def delete_scoring_rule(rule: ScoringRule, *, by: User, version: int | None = None) -> None:
    """Delete a rule. Deleting what is gone already changes nothing.

    Raises `Stale` when somebody has changed it since `version`.
    """
    require_for_all(by, "delete", ScoringRule)
    current = ScoringRule.objects.select_for_update().filter(pk=rule.pk).first()
    if current is not None:
        refuse_stale(current, version)
        audit.log(current, "scoringrule.deleted", by=by)
        current.delete()


@operation
def set_scale(*, by: User, version: int | None = None, **changes: int) -> ScoreScale:
    """Say between what scores are kept and from where on a lead is warm and hot.

    Raises `Stale` when somebody has changed it since `version`.
    """
    require_for_all(by, "change", ScoreScale)
    current = row_of(ScoreScale(pk=1), ScoreScale.objects.select_for_update())
    refuse_stale(current, version)
    for name, value in changes.items():
        setattr(current, name, value)
    return save_setting(current, by=by)


def _accept_condition(rule: ScoringRule, *, by: User) -> None:
    fields = askable(by)
    try:
        condition = parse(rule.condition, fields, translate=_)
    except ConditionIsWrong as wrong:
        raise Unacceptable(errors=wrong.errors) from wrong
    rule.condition = as_data(condition)
    if found := contradictions(condition, fields, now=house_now(), translate=_):
        raise Unacceptable(errors={"condition": found})


@transaction.atomic
def rescore(*, by: User, after: int = 0, most: int = 2_000) -> Round | None:
    """Bring the scores of the next leads to what the rules say by now, closed leads too.

    Looks at so many leads above the number `after`; returns None when none was left. Again it
    changes nothing. The rules are asked of the database, leads with the same parts are written
    together: a handful of statements for thousands.
    """
    rows = Lead.objects.filter(pk__gt=after).order_by("pk")
    held = list(rows.select_for_update(of=("self",)).values_list("pk", flat=True)[:most])
    if not held:
        return None
    scoring = Scoring(by=by)
    answers = scoring.answers(now=house_now())
    asked = Lead.objects.filter(pk__in=held).annotate(**answers)
    changed: dict[tuple[bool, ...], list[int]] = {}
    audited: list[tuple[int, int | None, int | None]] = []
    for number, score, parts, *met in asked.values_list("pk", "score", "score_parts", *answers):
        pattern = tuple(map(bool, met))
        wanted = _parts_for(scoring, pattern)
        if (score, parts) != (scoring.score_of(wanted), wanted):
            changed.setdefault(pattern, []).append(number)
            if score is not None and score != scoring.score_of(wanted):
                audited.append((number, score, scoring.score_of(wanted)))
    for pattern, numbers in changed.items():
        parts = _parts_for(scoring, pattern)
        score = scoring.score_of(parts)
        Lead.objects.filter(pk__in=numbers).update(score=score, score_parts=parts)
    _log(audited, by=by)
    return Round(held[-1], sum(map(len, changed.values())))


def _parts_for(scoring: Scoring, pattern: Iterable[bool]) -> list[Part]:
    return [rule.part for rule, is_met in zip(scoring.rules, pattern, strict=True) if is_met]


def _log(changed: list[tuple[int, int | None, int | None]], *, by: User) -> None:
    """Write a line of the trail for each lead that had another score before."""
    leads = Lead.objects.in_bulk([number for number, _before, _after in changed])
    audit.write(
        *(
            audit.entry(leads[number], "lead.scored", by=by, changes={"score": [before, after]})
            for number, before, after in changed
        )
    )
