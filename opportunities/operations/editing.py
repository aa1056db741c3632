"""How the terms of an opportunity change: its fields, its lines, its people, its owner."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from opportunities.models import Line, Opportunity, Stakeholder
from opportunities.operations.moving import move_to_stage
from opportunities.operations.terms import (
    SETS,
    held_open,
    require_known,
    require_places,
    set_many,
)
from opportunities.rules import rate_of
from records import audit
from records.errors import Unacceptable
from records.operations import (
    apply,
    assign,
    delete_record,
    hold_chosen,
    operation,
    refuse_gaps,
    restore_record,
    save_changed,
)
from records.operations.checking import acceptable
from records.permissions import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accounts.models import Contact
    from users.models import User

MOST_LINES = 200


@operation
def update_opportunity(
    opportunity: Opportunity,
    *,
    by: User,
    version: int | None = None,
    rate: Decimal | None = None,
    **changes: Any,
) -> Opportunity:
    """Change terms of an open opportunity. Changing nothing writes nothing.

    A changed value is converted as currencies stand today, unless it comes back with its `rate`. A
    new `stage` or `owner` among them goes through its own operation, last, with everything that
    this one refuses. Raises `OpportunityIsClosed` and `Stale`; refuses what cannot be typed.
    """
    stage = changes.pop("stage", None)
    is_given, owner = "owner" in changes, changes.pop("owner", None)
    require_known(changes)
    current = held_open(opportunity, by=by, action="change", version=version)
    sets = {name: changes.pop(name) for name in SETS & changes.keys()}

    changed = apply(current, changes, by=by)
    places = [getattr(current, n) if n in changed else None for n in ("account", "contact")]
    require_places(*places)
    hold_chosen(*places, by=by)
    _take_rate_of_the_day(current, changed, rate=rate)
    changed |= set_many(current, sets)
    if changed:
        refuse_gaps(current, changed, by=by)
        save_changed(current, by=by)
        audit.log(current, "opportunity.changed", by=by, changes=changed)

    if stage is not None and stage.pk != current.stage_id:
        current = move_to_stage(current, by=by, stage=stage)
    if is_given and (owner.pk if owner else None) != current.owner_id:
        current = assign_opportunity(current, by=by, owner=owner)
    return current


@operation
def assign_opportunity(
    opportunity: Opportunity, *, by: User, owner: User | None, version: int | None = None
) -> Opportunity:
    """Give an open opportunity to another owner. Giving it to its owner changes nothing.

    Raises `Stale` when `version` is given and no longer the current one.
    """
    held = held_open(opportunity, by=by, action="assign", version=version)
    return assign(held, by=by, owner=owner)


@operation
def delete_opportunity(
    opportunity: Opportunity, *, by: User, version: int | None = None
) -> Opportunity:
    """Put an opportunity into the recycle bin. Deleting what is there already changes nothing."""
    return delete_record(opportunity, by=by, version=version)


@operation
def restore_opportunity(opportunity: Opportunity, *, by: User) -> Opportunity:
    """Take an opportunity out of the recycle bin. One that is not there stays as it is."""
    return restore_record(opportunity, by=by)


@operation
def set_lines(
    opportunity: Opportunity,
    *,
    by: User,
    lines: Sequence[Mapping[str, Any]],
    version: int | None = None,
) -> Opportunity:
    """Replace the product lines; the value becomes their total.

    A line is `{product, description, quantity, price}`, with a product or a description; without a
    price it costs what the product costs in this currency. Without lines the value stays, to be
    typed. Setting the lines that are there changes nothing.
    """
    current = held_open(opportunity, by=by, action="change", version=version)
    if len(lines) > MOST_LINES:
        raise Unacceptable(errors={"lines": [_("At most %(most)d lines.") % {"most": MOST_LINES}]})
    new = [_line(current, number, line) for number, line in enumerate(lines, start=1)]
    old = list(current.lines.select_related("product").order_by("position", "pk"))
    total = sum((line.amount for line in new), Decimal(0)) if new else current.value
    if _said(old) == _said(new) and current.value == total:
        return current

    current.lines.all().delete()
    Line.objects.bulk_create(new)
    changed = {"lines": [_said(old), _said(new)], **apply(current, {"value": total})}
    _take_rate_of_the_day(current, changed)
    save_changed(current, by=by)

    audit.log(current, "opportunity.lines_changed", by=by, changes=changed)
    return current


def _take_rate_of_the_day(
    opportunity: Opportunity, changed: Mapping[str, Any], *, rate: Decimal | None = None
) -> None:
    """Convert a value that was entered anew as currencies stand now; what was not is left."""
    if changed.keys() & {"value", "currency"}:
        opportunity.rate = rate_of(opportunity.currency) if rate is None else rate


def _line(opportunity: Opportunity, number: int, given: Mapping[str, Any]) -> Line:
    """Return one checked line that is not saved yet."""
    if unknown := sorted(given.keys() - {"product", "description", "quantity", "price"}):
        raise Unacceptable(errors={name: [_("This cannot be set.")] for name in unknown})
    product = given.get("product")
    price = given.get("price")
    if price is None and product is not None and product.currency == opportunity.currency:
        price = product.price
    line = Line(
        opportunity=opportunity,
        product=product,
        description=(given.get("description") or "").strip(),
        quantity=Decimal(1) if given.get("quantity") is None else given["quantity"],
        price=Decimal(0) if price is None else price,
        position=number,
    )
    if line.product is None and not line.description:
        raise Unacceptable(
            errors={
                "lines": [
                    _("Line %(number)d: choose a product or describe it.") % {"number": number}
                ]
            }
        )
    try:
        acceptable(line)
    except Unacceptable as refusal:
        raise Unacceptable(
            errors={
                "lines": [
                    _("Line %(number)d, %(field)s: %(problem)s")
                    % {"number": number, "field": name, "problem": problem}
                    for name, problems in refusal.errors.items()
                    for problem in problems
                ]
            }
        ) from refusal
    return line


def _said(lines: Sequence[Line]) -> list[str]:
    """Return lines as text, for comparing and for the trail."""
    return [f"{line.quantity:.2f} × {line} at {line.price:.2f}" for line in lines]


@operation
def add_stakeholder(
    opportunity: Opportunity,
    *,
    by: User,
    contact: Contact,
    role: str = Stakeholder.Role.OTHER,
) -> Stakeholder:
    """Name a person who has a say. Naming somebody again gives them the new role."""
    current = held_open(opportunity, by=by, action="change")
    require(by, "view", contact)
    require_places(None, contact)
    hold_chosen(contact, by=by)
    if role not in Stakeholder.Role.values:
        raise Unacceptable(errors={"role": [_("Choose one of the roles.")]})
    known = Stakeholder.objects.filter(opportunity=current, contact=contact).first()
    if known is not None and known.role == role:
        return known

    stakeholder = known or Stakeholder(opportunity=current, contact=contact)
    before, stakeholder.role = (known.role if known else None), role
    stakeholder.save()
    audit.log(
        current,
        "opportunity.stakeholder_added",
        by=by,
        changes={"contact": [None, contact], "role": [before, role]},
    )
    return stakeholder


@operation
def remove_stakeholder(opportunity: Opportunity, *, by: User, contact: Contact) -> Opportunity:
    """Take a person off the list. Whoever is not on it stays off it."""
    current = held_open(opportunity, by=by, action="change")
    known = Stakeholder.objects.filter(opportunity=current, contact=contact).first()
    if known is not None:
        known.delete()
        audit.log(
            current,
            "opportunity.stakeholder_removed",
            by=by,
            changes={"contact": [contact, None], "role": [known.role, None]},
        )
    return current
