"""How an opportunity begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from opportunities.errors import ProcessIsMissing
from opportunities.models import Line, Opportunity, Stage, StageMove
from opportunities.operations.terms import (
    SETS,
    move_of,
    require_known,
    require_places,
    require_stage,
    set_many,
)
from opportunities.rules import Opening, opening_for, rate_of
from records import audit
from records.errors import Unacceptable
from records.models import default_currency
from records.operations import hold_chosen, made_ready, operation
from records.operations.many import save_many_new
from records.operations.notices import tell_owners
from records.operations.tags import put_on_many, tags_named
from records.permissions import reaches, require_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from accounts.models import Account, Contact
    from opportunities.models import Product
    from records.models import AuditEntry, Tag, TimelineRecord
    from users.models import User


@operation
def open_opportunity(
    topic: str,
    *,
    by: User,
    account: Account | None = None,
    contact: Contact | None = None,
    continues: TimelineRecord | None = None,
    lines_of_trail: list[AuditEntry] | None = None,
    **terms: Any,
) -> Opportunity:
    """Open an opportunity, by default at the first stage of the process that is meant for it.

    Probability and forecast category are the stage's. Each of `products` becomes a line at its list
    price, or at no price where that is in another currency; only an opportunity without a typed
    `value` takes their total for one. A caller who knows the currency's `rate` saves the question.
    The record that it `continues` hands its timeline on: next step and last touch are the same.
    `tags` are names. Who writes more into the trail takes the line of it in `lines_of_trail`. What
    began elsewhere was `opened_at` another moment. Refuses terms that an opportunity does not have.
    """
    draft = drawn_up(topic, by=by, account=account, contact=contact, continues=continues, **terms)
    if continues is None:  # else both are held already
        hold_chosen(account, contact, by=by)
    write_opened([draft], by=by, lines_of_trail=lines_of_trail)
    return draft.opportunity


@dataclass(frozen=True)
class Draft:
    """An opportunity that is complete and checked, and not written yet; and what goes with it."""

    opportunity: Opportunity
    opening: Opening
    lines: Sequence[Line] = ()
    tags: Sequence[Tag] = ()
    sets: dict[str, list[Any]] = field(default_factory=dict)
    # Whose the record was that it continues: nothing new for them.
    had_by: int | None = None


def drawn_up(
    topic: str,
    *,
    by: User,
    owner: User | None,
    account: Account | None = None,
    contact: Contact | None = None,
    stage: Stage | None = None,
    value: Decimal | None = None,
    currency: str = "",
    rate: Decimal | None = None,
    estimated_close_date: date | None = None,
    products: Iterable[Product] = (),
    continues: TimelineRecord | None = None,
    tags: Iterable[Any] = (),
    opened_at: datetime | None = None,
    stages: Sequence[Stage] | None = None,
    **carried: Any,
) -> Draft:
    """Draw up an opportunity as `open_opportunity` says; nothing is written but tags that are new.

    Its account and contact are to be held before it is written. `stages` are where one may start,
    of a caller who has read them for many.
    """
    require_any(by, "add", Opportunity)
    require_known(carried)
    require_places(account, contact)
    if opened_at is not None and timezone.localdate(opened_at) > timezone.localdate():
        raise Unacceptable(errors={"created_at": [_("Enter a day that has come.")]})
    if owner is not None and not owner.is_active:
        raise Unacceptable(errors={"owner": [_("%(owner)s is not active.") % {"owner": owner}]})
    opening = Opening(stage)
    if stage is None:
        own = {name: value for name, value in carried.items() if name not in SETS}
        given = {"account": account, "contact": contact, "owner": owner, "value": value}
        dated = {"estimated_close_date": estimated_close_date, "currency": currency}
        opening = opening_for(
            Opportunity(topic=topic, **given, **dated, **own), by=by, stages=stages
        )
        stage = opening.stage
    if stage is None:
        raise ProcessIsMissing(
            _("There is no stage to open an opportunity at. An administrator can add one.")
        )
    require_stage(stage)

    sets = {name: carried.pop(name) for name in SETS & carried.keys()}
    currency = currency or default_currency()
    lines = lines_for(products, currency=currency)
    if value is None:
        value = sum((line.amount for line in lines), Decimal(0)) or None
    opportunity = Opportunity(
        topic=topic.strip(),
        owner=owner,
        account=account,
        contact=contact,
        currency=currency,
        rate=rate if rate is not None else rate_of(currency),
        estimated_close_date=estimated_close_date,
        **{
            "probability": stage.probability,
            "forecast_category": stage.forecast_category,
            **carried,
            "stage": stage,
            "value": value,
            **(continues.next_step_values if continues is not None else {}),
            **({"created_at": opened_at} if opened_at is not None else {}),
        },
    )
    if not reaches(by, "add", opportunity):
        require_any(by, "assign", Opportunity)  # one's own, given away at once
    opportunity.stage_entered_at = opportunity.created_at
    opportunity.derive()
    made_ready(opportunity, by=by)
    return Draft(
        opportunity,
        opening,
        lines,
        tags_named(tags, by=by),
        {name: list(records) for name, records in sets.items() if records},
        continues.owner_id if continues is not None else None,
    )


def write_opened(
    drafts: Sequence[Draft], *, by: User, lines_of_trail: list[AuditEntry] | None = None
) -> None:
    """Write opportunities that are drawn up, and what every new one brings with it."""
    opportunities = [draft.opportunity for draft in drafts]
    save_many_new(opportunities, by=by)
    put_on_many(Opportunity, "tags", [(each.opportunity, each.tags) for each in drafts])
    for draft in drafts:
        set_many(draft.opportunity, draft.sets)
        for line in draft.lines:
            line.opportunity = draft.opportunity
    if lines := [line for draft in drafts for line in draft.lines]:
        Line.objects.bulk_create(lines)
    moves = [move_of(each, StageMove.Kind.OPENED, by=by) for each in opportunities]
    StageMove.objects.bulk_create(moves)
    # Whoever owns the lead that it continues has it already.
    new = [each.opportunity for each in drafts if each.opportunity.owner_id != each.had_by]
    tell_owners(new, by=by)
    trail = [_line_of_trail(draft, by=by) for draft in drafts]
    if lines_of_trail is None:
        audit.write(*trail)
    else:
        lines_of_trail += trail


def _line_of_trail(draft: Draft, *, by: User) -> AuditEntry:
    opportunity = draft.opportunity
    stage = opportunity.stage
    return audit.entry(
        opportunity,
        "opportunity.created",
        by=by,
        changes={
            "stage": [None, stage],
            "value": [None, opportunity.value],
            "currency": [None, opportunity.currency],
            **({"process": [None, stage.process]} if draft.opening.meant else {}),
        },
        reason=_reason_of(draft.opening),
    )


def _reason_of(opening: Opening) -> str:
    """Say why this process, where more than one is meant."""
    if len(opening.meant) < 2:
        return ""
    return _("Several processes are meant, %(names)s: the first of them is taken.") % {
        "names": ", ".join(str(process) for process in opening.meant)
    }


def lines_for(products: Iterable[Product], *, currency: str) -> list[Line]:
    """Return a line for each product, at its list price where that is in `currency`."""
    return [
        Line(
            product=product,
            position=position,
            price=product.price
            if product.price is not None and product.currency == currency
            else Decimal(0),
        )
        for position, product in enumerate(dict.fromkeys(products), start=1)
    ]
