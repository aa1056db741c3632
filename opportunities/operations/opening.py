"""How an opportunity begins."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from opportunities.errors import ProcessIsMissing
from opportunities.models import Line, Opportunity, Stage, StageMove
from opportunities.operations.terms import (
    SETS,
    remember,
    require_known,
    require_places,
    require_stage,
    set_many,
)
from opportunities.rules import Opening, opening_for, rate_of
from records import audit
from records.errors import Unacceptable
from records.models import default_currency
from records.operations import hold_chosen, operation, save_new
from records.operations.notices import tell_owner
from records.operations.tags import put_on, tags_named
from records.permissions import reaches, require_any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from accounts.models import Account, Contact
    from opportunities.models import Product
    from records.models import AuditEntry, TimelineRecord
    from users.models import User


@operation
def open_opportunity(
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
    lines_of_trail: list[AuditEntry] | None = None,
    **carried: Any,
) -> Opportunity:
    """Open an opportunity, by default at the first stage of the process that is meant for it.

    Probability and forecast category are the stage's. Each of `products` becomes a line at its list
    price, or at no price where that is in another currency; only an opportunity without a typed
    `value` takes their total for one. A caller who knows the currency's `rate` saves the question.
    The record that it `continues` hands its timeline on: next step and last touch are the same.
    `tags` are names. Who writes more into the trail takes the line of it in `lines_of_trail`.
    Refuses terms that an opportunity does not have.
    """
    require_any(by, "add", Opportunity)
    require_known(carried)
    require_places(account, contact)
    if continues is None:  # else both are held already
        hold_chosen(account, contact, by=by)
    if owner is not None and not owner.is_active:
        raise Unacceptable(errors={"owner": [_("%(owner)s is not active.") % {"owner": owner}]})
    opening = Opening(stage)
    if stage is None:
        own = {name: value for name, value in carried.items() if name not in SETS}
        given = {"account": account, "contact": contact, "owner": owner, "value": value}
        dated = {"estimated_close_date": estimated_close_date, "currency": currency}
        opening = opening_for(Opportunity(topic=topic, **given, **dated, **own), by=by)
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
        },
    )
    if not reaches(by, "add", opportunity):
        require_any(by, "assign", Opportunity)  # one's own, given away at once
    opportunity.stage_entered_at = opportunity.created_at
    save_new(opportunity, by=by)
    put_on(opportunity, tags_named(tags, by=by))
    set_many(opportunity, {name: records for name, records in sets.items() if records})
    for each in lines:
        each.opportunity = opportunity
    if lines:
        Line.objects.bulk_create(lines)
    remember(opportunity, StageMove.Kind.OPENED, by=by)
    # Whoever owns the lead that it continues has it already.
    tell_owner(opportunity, by=by, before=continues.owner_id if continues is not None else None)

    line = audit.entry(
        opportunity,
        "opportunity.created",
        by=by,
        changes={
            "stage": [None, stage],
            "value": [None, opportunity.value],
            "currency": [None, currency],
            **({"process": [None, stage.process]} if opening.meant else {}),
        },
        reason=_reason_of(opening),
    )
    if lines_of_trail is None:
        audit.write(line)
    else:
        lines_of_trail.append(line)
    return opportunity


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
