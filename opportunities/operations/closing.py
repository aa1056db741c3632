"""How an opportunity ends, rests, and begins again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from opportunities.errors import OpportunityIsClosed
from opportunities.models import Opportunity, Stage, StageMove
from opportunities.operations.terms import held_open, remember
from records import audit
from records.errors import Unacceptable
from records.operations import apply, locked, operation, save_changed

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from opportunities.models import Competitor, LossReason
    from users.models import User

AS_BEFORE = ["probability", "forecast_category"]


@operation
def win(
    opportunity: Opportunity,
    *,
    by: User,
    actual_value: Decimal | None = None,
    closed_on: date | None = None,
    comment: str = "",
) -> Opportunity:
    """Close an opportunity as won: at its value and today, unless said otherwise.

    Winning a won one again on the same terms changes nothing; on others, or a lost one, is refused.
    """
    return _close(
        opportunity,
        Opportunity.Status.WON,
        by=by,
        asked={"actual_value": actual_value, "closed_on": closed_on, "close_comment": comment},
        probability=100,
        forecast_category=Stage.Forecast.COMMIT,
    )


@operation
def lose(
    opportunity: Opportunity,
    *,
    by: User,
    reason: LossReason,
    lost_to: Competitor | None = None,
    closed_on: date | None = None,
    actual_value: Decimal | None = None,
    comment: str = "",
) -> Opportunity:
    """Close an opportunity as lost, for a reason, today unless said otherwise.

    Losing a lost one again on the same terms changes nothing; on others, or a won one, is refused.
    """
    if reason is None:
        raise Unacceptable(errors={"reason": [_("Say why it was lost.")]})
    return _close(
        opportunity,
        Opportunity.Status.LOST,
        by=by,
        asked={
            "actual_value": actual_value,
            "closed_on": closed_on,
            "close_comment": comment,
            "loss_reason": reason,
            "lost_to": lost_to,
        },
        probability=0,
        forecast_category=Stage.Forecast.OMITTED,
    )


def _close(
    opportunity: Opportunity, status: str, *, by: User, asked: dict[str, Any], **outcome: Any
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
    if status == Opportunity.Status.WON:
        terms.setdefault("actual_value", current.value)
    if terms.setdefault("closed_on", timezone.localdate()) > timezone.localdate():
        raise Unacceptable(errors={"closed_on": [_("Enter a day that has come.")]})

    changed = apply(
        current,
        {**terms, **outcome, "status": status, "closed_at": timezone.now(), "is_on_hold": False},
    )
    save_changed(current, by=by)
    remember(current, status, by=by, from_stage=current.stage, comment=current.close_comment)

    changed.pop("closed_at")
    audit.log(current, f"opportunity.{status}", by=by, changes=changed)
    return current


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
