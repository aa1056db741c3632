"""What an opportunity is made of, and the checks that every change of it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from opportunities.errors import OpportunityIsClosed
from opportunities.models import Bant, Opportunity, Stage, StageMove
from records.errors import Unacceptable
from records.operations import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from users.models import User

# What may be typed. Status, stage and owner have operations of their own.
TERMS = {
    "account",
    "campaign",
    "contact",
    "currency",
    "custom",
    "customer_need",
    "description",
    "estimated_close_date",
    "external_id",
    "forecast_category",
    "probability",
    "proposed_solution",
    "source",
    "tags",
    "topic",
    "utm",
    "value",
    *(field.name for field in Bant._meta.get_fields()),
}
SETS = {"competitors", "sales_team"}


def held_open(
    opportunity: Opportunity, *, by: User, action: str, version: int | None = None
) -> Opportunity:
    """Lock and re-read an opportunity; refuse what `locked` refuses, and a closed one."""
    current = locked(opportunity, by=by, action=action, version=version)
    if not current.is_open:
        raise OpportunityIsClosed(
            _("%(opportunity)s is %(status)s. Reopen it to change it.")
            % {"opportunity": current, "status": current.get_status_display().lower()}
        )
    return current


def require_known(terms: Iterable[str]) -> None:
    """Refuse terms that an opportunity does not have, or that nobody may type; name each."""
    if unknown := sorted(set(terms) - TERMS - SETS):
        raise Unacceptable(errors={name: [_("This cannot be set.")] for name in unknown})


def require_places(account: Any, contact: Any) -> None:
    """Refuse a company or a person in the recycle bin."""
    for name, record in (("account", account), ("contact", contact)):
        if record is not None and record.is_in_bin:
            raise Unacceptable(
                errors={name: [_("%(record)s is in the recycle bin.") % {"record": record}]}
            )


def require_stage(stage: Stage, *, process_id: int | None = None) -> None:
    """Refuse a stage that is worked on the lead or out of use, or one of another process."""
    if stage.is_for_leads:
        sentence = _("%(stage)s is done on the lead, before there is an opportunity.")
    elif process_id is not None and stage.process_id != process_id:
        sentence = _("%(stage)s belongs to another process.")
    elif not stage.is_in_use:
        sentence = _("%(stage)s is out of use. Choose another stage.")
    else:
        return
    raise Unacceptable(errors={"stage": [sentence % {"stage": stage}]})


def set_many(opportunity: Opportunity, sets: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """Replace relations to many and return what really changed: field → [old, new]."""
    changed: dict[str, list[Any]] = {}
    for name, records in sets.items():
        old, new = set(getattr(opportunity, name).all()), set(records)
        if old != new:
            getattr(opportunity, name).set(new)
            changed[name] = [sorted(map(str, each)) for each in (old, new)]
    return changed


def remember(
    opportunity: Opportunity,
    kind: str,
    *,
    by: User,
    from_stage: Stage | None = None,
    comment: str = "",
) -> None:
    """Write a line into the memory of the pipeline."""
    move_of(opportunity, kind, by=by, from_stage=from_stage, comment=comment).save()


def move_of(
    opportunity: Opportunity,
    kind: str,
    *,
    by: User,
    from_stage: Stage | None = None,
    comment: str = "",
    at: datetime | None = None,
) -> StageMove:
    """Return a line for the memory of the pipeline: `at` a moment, else when it was written."""
    written_at = opportunity.changed_at
    if kind == StageMove.Kind.OPENED:
        written_at = opportunity.created_at
    return StageMove(
        opportunity=opportunity,
        kind=kind,
        from_stage=from_stage,
        to_stage_id=opportunity.stage_id,
        at=at or written_at,
        by=by,
        base_value=opportunity.base_value,
        loss_reason_id=opportunity.loss_reason_id,
        comment=comment,
    )
