"""How an opportunity ends, rests, and begins again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from opportunities.errors import OpportunityIsClosed
from opportunities.models import Opportunity, Stage, StageMove
from opportunities.operations.terms import held_open, move_of, remember
from records import audit
from records.errors import Unacceptable
from records.models import FIRST_YEAR
from records.operations import apply, locked, operation, save_changed
from records.operations.many import save_many_changed
from users import formats

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from opportunities.models import Competitor, LossReason
    from records.models import AuditEntry
    from users.models import User

AS_BEFORE = ["probability", "forecast_category"]


@operation
def win(
    opportunity: Opportunity,
    *,
    by: User,
    actual_value: Decimal | None = None,
    closed_on: date | None = None,
    closed_at: datetime | None = None,
    comment: str = "",
) -> Opportunity:
    """Close an opportunity as won: at its value and today, unless said otherwise.

    `closed_at` is when that was done where it was done elsewhere. Winning a won one again on the
    same terms changes nothing; on others, or a lost one, is refused.
    """
    asked = {"actual_value": actual_value, "closed_on": closed_on, "close_comment": comment}
    return _close(opportunity, Opportunity.Status.WON, by=by, asked=asked, at=closed_at)


@operation
def lose(
    opportunity: Opportunity,
    *,
    by: User,
    reason: LossReason,
    lost_to: Competitor | None = None,
    closed_on: date | None = None,
    closed_at: datetime | None = None,
    actual_value: Decimal | None = None,
    comment: str = "",
) -> Opportunity:
    """Close an opportunity as lost, for a reason, today unless said otherwise.

    `closed_at` is when that was done where it was done elsewhere. Losing a lost one again on the
    same terms changes nothing; on others, or a won one, is refused.
    """
    if reason is None:
        raise Unacceptable(errors={"reason": [_("Say why it was lost.")]})
    asked = {
        "actual_value": actual_value,
        "closed_on": closed_on,
        "close_comment": comment,
        "loss_reason": reason,
        "lost_to": lost_to,
    }
    return _close(opportunity, Opportunity.Status.LOST, by=by, asked=asked, at=closed_at)


def _close(
    opportunity: Opportunity, status: str, *, by: User, asked: dict[str, Any], at: datetime | None
) -> Opportunity:
    current = locked(opportunity, by=by, action="close")
    terms = {name: value for name, value in asked.items() if value not in (None, "")}
    if not current.is_open:
        if current.status == status and all(
            getattr(current, name) == terms[name] for name in terms
        ):
            return current
        raise OpportunityIsClosed(
            _("%(opportunity)s is %(status)s already. Reopen it first.")
            % {"opportunity": current, "status": current.get_status_display().lower()}
        )
    if at is not None:
        # Nothing ends before what has happened to it.
        at = max([at, *current.moves.order_by("-at").values_list("at", flat=True)[:1]])
    ending = drawn_to_close(current, status, terms=terms, at=at)
    save_changed(current, by=by, since=ending.at)
    _move_of(ending, by=by).save()
    audit.write(_line_of_trail(ending, by=by))
    return current


# What an end sets besides the terms of it.
OUTCOMES: dict[str, dict[str, Any]] = {
    Opportunity.Status.WON: {"probability": 100, "forecast_category": Stage.Forecast.COMMIT},
    Opportunity.Status.LOST: {"probability": 0, "forecast_category": Stage.Forecast.OMITTED},
}
# Columns that a close may write, with the value that follows from it.
CLOSING = (
    "status", "closed_at", "closed_on", "is_on_hold", "probability", "forecast_category",
    "actual_value", "close_comment", "loss_reason", "lost_to", "base_value",
)  # fmt: skip


@dataclass(frozen=True)
class Ending:
    """An opportunity that is closed in hand and not saved yet: what changed, and when it was."""

    opportunity: Opportunity
    changed: dict[str, list[Any]]
    at: datetime | None


def drawn_to_close(
    opportunity: Opportunity, status: str, *, terms: dict[str, Any], at: datetime | None = None
) -> Ending:
    """Close an open opportunity in hand, as `win` and `lose` say; nothing is written.

    It does not end before the day it was created, unless a file tells of the past: `at`.
    """
    if status == Opportunity.Status.WON:
        terms.setdefault("actual_value", opportunity.value)
    if terms.setdefault("closed_on", timezone.localdate()) > timezone.localdate():
        raise Unacceptable(errors={"closed_on": [_("Enter a day that has come.")]})
    at = at and max(at, opportunity.stage_entered_at)
    moment = {"closed_at": at or timezone.now()}
    outcome = {**terms, **OUTCOMES[status], "status": status, **moment, "is_on_hold": False}
    changed = apply(opportunity, outcome)
    created_on = timezone.localdate(opportunity.created_at)
    is_a_day = terms["closed_on"].year >= FIRST_YEAR  # else the column says what is wrong
    if at is None and is_a_day and terms["closed_on"] < created_on:
        told = _("It was created on %(day)s. Enter that day or a later one.")
        raise Unacceptable(errors={"closed_on": [told % {"day": formats.day(created_on)}]})
    changed.pop("closed_at")
    return Ending(opportunity, changed, at)


def write_closed(endings: Sequence[Ending], *, by: User) -> None:
    """Write that opportunities are closed which this transaction has opened."""
    since = {each.opportunity.pk: each.at for each in endings if each.at is not None}
    closed = [each.opportunity for each in endings]
    save_many_changed(closed, CLOSING, by=by, since=since)
    StageMove.objects.bulk_create([_move_of(each, by=by) for each in endings])
    audit.write(*(_line_of_trail(each, by=by) for each in endings))


def _move_of(ending: Ending, *, by: User) -> StageMove:
    closed = ending.opportunity
    return move_of(
        closed,
        closed.status,
        by=by,
        from_stage=closed.stage,
        comment=closed.close_comment,
        at=ending.at,
    )


def _line_of_trail(ending: Ending, *, by: User) -> AuditEntry:
    closed = ending.opportunity
    return audit.entry(closed, f"opportunity.{closed.status}", by=by, changes=ending.changed)


@operation
def reopen(opportunity: Opportunity, *, by: User) -> Opportunity:
    """Open a closed opportunity again, at the stage and with the probability that it had.

    Where that stage is out of use by now, it is the one that took its place. How it was closed
    stays in its memory and its trail. Reopening an open one changes nothing.
    """
    current = locked(opportunity, by=by, action="close")
    if current.is_open:
        return current
    # The history holds what a person may have typed over the stage's own figures.
    last_open = (
        current.history.filter(status=Opportunity.Status.OPEN)
        .order_by("-history_date", "-history_id")
        .values(*AS_BEFORE)
        .first()
    )
    before = current.stage
    changed = apply(
        current,
        {
            **(last_open or {name: getattr(current.stage, name) for name in AS_BEFORE}),
            "status": Opportunity.Status.OPEN,
            "stage": current.stage.successor or current.stage,
            "closed_at": None,
            "closed_on": None,
            "actual_value": None,
            "loss_reason": None,
            "lost_to": None,
            "close_comment": "",
        },
    )
    save_changed(current, by=by)
    remember(current, StageMove.Kind.REOPENED, by=by, from_stage=before)

    changed.pop("closed_at")
    audit.log(current, "opportunity.reopened", by=by, changes=changed)
    return current


@operation
def put_on_hold(opportunity: Opportunity, *, by: User) -> Opportunity:
    """Let an opportunity rest. One that rests already stays as it is; a closed one is refused."""
    return _hold(opportunity, True, "opportunity.put_on_hold", by=by)


@operation
def resume(opportunity: Opportunity, *, by: User) -> Opportunity:
    """Work on an opportunity again. One in progress stays as it is; a closed one is refused."""
    return _hold(opportunity, False, "opportunity.resumed", by=by)


def _hold(opportunity: Opportunity, is_on_hold: bool, event: str, *, by: User) -> Opportunity:
    current = held_open(opportunity, by=by, action="change")
    if changed := apply(current, {"is_on_hold": is_on_hold}):
        save_changed(current, by=by)
        audit.log(current, event, by=by, changes=changed)
    return current
