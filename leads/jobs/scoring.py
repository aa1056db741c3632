"""Scoring all leads anew when the rules have changed, and once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_tasks import task

from leads import operations
from records.operations import operation
from users.operations import machine

if TYPE_CHECKING:
    from leads.models import ScoreScale, ScoringRule
    from users.models import User


@task()
def rescore() -> int:
    """Bring the scores of all leads to what the rules say by now; return how many changed.

    A transaction for each few thousand; killed in between, the next time does the rest.
    """
    by, changed = machine(), 0
    done = operations.rescore(by=by)
    while done is not None:
        changed += done.changed
        done = operations.rescore(by=by, after=done.last)
    return changed


@operation
def save_scoring_rule(rule: ScoringRule, *, by: User) -> ScoringRule:
    """Save a scoring rule, and have all leads scored by it."""
    saved = operations.save_scoring_rule(rule, by=by)
    rescore.enqueue()
    return saved


@operation
def change_scoring_rule(rule: ScoringRule, *, by: User, **changes: Any) -> ScoringRule:
    """Change a scoring rule, and have all leads scored by it."""
    changed = operations.change_scoring_rule(rule, by=by, **changes)
    rescore.enqueue()
    return changed


@operation
def delete_scoring_rule(rule: ScoringRule, *, by: User, version: int | None = None) -> None:
    """Delete a scoring rule, and have all leads scored without it."""
    operations.delete_scoring_rule(rule, by=by, version=version)
    rescore.enqueue()


@operation
def set_scale(*, by: User, version: int | None = None, **changes: int) -> ScoreScale:
    """Change the scale of scores, and have all leads scored by it."""
    scale = operations.set_scale(by=by, version=version, **changes)
    rescore.enqueue()
    return scale
