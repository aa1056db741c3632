"""Capturing a lead and working on it: everything but closing and reopening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from leads.errors import LeadIsClosed
from leads.models import Lead
from leads.rules.qualification import rules_in_force
from leads.rules.scoring import Scoring
from opportunities.rules import rate_of
from records import audit
from records.custom import for_new, kind_of
from records.errors import Unacceptable
from records.operations import (
    apply,
    delete_record,
    hold_chosen,
    locked,
    made_ready,
    operation,
    refuse_gaps,
    restore_record,
    save_changed,
)
from records.operations.many import save_many_new
from records.operations.notices import tell_owner, tell_owners
from records.operations.tags import put_on_many, tags_named
from records.permissions import require, require_any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from accounts.models import Account, Contact
    from leads.rules.qualification import RuleSet
    from opportunities.models import Product
    from records.models import Tag
    from users.models import User

# What a picked account or contact tells about a lead that says nothing itself.
FROM_ACCOUNT = {
    "company": "name",
    **{
        name: name
        for name in (
            "website",
            "industry",
            "employees",
            "annual_revenue",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
        )
    },
}
FROM_CONTACT = {
    name: name
    for name in ("salutation", "first_name", "last_name", "job_title", "email", "phone", "mobile")
}


@operation
def capture_lead(
    *,
    by: User,
    owner: User | None = None,
    is_unassigned: bool = False,
    products: Sequence[Product] = (),
    tags: Sequence[Any] = (),
    **fields: Any,
) -> Lead:
    """Add a lead. It belongs to `owner`, else to `by`, or to nobody when it `is_unassigned`.

    A picked account or contact fills empty fields; `tags` are names. Raises `Unacceptable` without
    a topic, or without any of name, company, email and phone.
    """
    capture = drawn_up(
        by=by, owner=owner, is_unassigned=is_unassigned, products=products, tags=tags, **fields
    )
    write_captured([capture], by=by)
    return capture.lead


@dataclass(frozen=True)
class Capture:
    """A lead that is complete and checked, and not written yet; and what will hang on it."""

    lead: Lead
    products: Sequence[Product] = ()
    tags: Sequence[Tag] = ()


def drawn_up(
    *,
    by: User,
    owner: User | None = None,
    is_unassigned: bool = False,
    products: Sequence[Product] = (),
    tags: Sequence[Any] = (),
    rules: RuleSet | None = None,
    scoring: Scoring | None = None,
    **fields: Any,
) -> Capture:
    """Draw up a lead as `capture_lead` says; nothing is written but tags that are new.

    `rules` are those in force, and `scoring` the scoring rules, of a caller who has read them for
    many.
    """
    require_any(by, "add", Lead)
    lead = Lead(owner=None if is_unassigned else owner or by, **fields)
    require(by, "add", lead)
    hold_chosen(lead.account, lead.contact, by=by)
    _fill_from_picked(lead, account=lead.account, contact=lead.contact)
    lead.rate = rate_of(lead.currency)
    # Rules may ask for custom fields, so their defaults have to be there before.
    lead.custom = for_new(kind_of(lead), lead.custom, by=by)
    _require_what_and_who(lead)
    found = tags_named(tags, by=by)
    note_readiness(lead, by=by, products=products, tags=found, rules=rules, scoring=scoring)
    made_ready(lead, by=by)
    return Capture(lead, products, found)


def write_captured(captures: Sequence[Capture], *, by: User) -> None:
    """Write leads that are drawn up, and what every new lead brings with it."""
    leads = [capture.lead for capture in captures]
    save_many_new(leads, by=by)
    put_on_many(Lead, "products", [(each.lead, each.products) for each in captures])
    put_on_many(Lead, "tags", [(each.lead, each.tags) for each in captures])
    tell_owners(leads, by=by)
    audit.log_each(leads, "lead.created", by=by)


@operation
def update_lead(
    lead: Lead,
    *,
    by: User,
    version: int | None = None,
    rate: Decimal | None = None,
    products: Sequence[Product] | None = None,
    **changes: Any,
) -> Lead:
    """Change fields of an open lead; changing nothing writes nothing.

    A changed value is converted as currencies stand today, unless it comes back with its `rate`.
    Raises `LeadIsClosed`, and `Stale` when `version` is given and no longer the current one.
    """
    current = open_lead(lead, by=by, action="change", version=version)
    if changes.get("owner", current.owner) != current.owner:
        require(by, "assign", current)
    changed = apply(current, changes, by=by)
    if products is not None:
        old = list(current.products.all())
        if {p.pk for p in old} != {p.pk for p in products}:
            changed["products"] = [[str(p) for p in old], [str(p) for p in products]]
    if not changed:
        return current
    if "account" in changed or "contact" in changed:
        # Only what is picked now fills: what was emptied since an earlier choice stays empty.
        picked = {n: getattr(current, n) if n in changed else None for n in ("account", "contact")}
        hold_chosen(*(picked[n] for n in picked if n in changed), by=by)
        for name, (empty, filled) in _fill_from_picked(current, **picked).items():
            changed[name] = [changed.get(name, [empty])[0], filled]
        current.needs_decision = ""
    if changed.keys() & {"estimated_value", "currency"}:
        current.rate = rate_of(current.currency) if rate is None else rate
    _require_what_and_who(current)
    refuse_gaps(current, changed, by=by)
    score = current.score
    note_readiness(current, by=by, products=products)
    if score not in {None, current.score}:
        changed["score"] = [score, current.score]
    save_changed(current, by=by)
    if products is not None and "products" in changed:
        current.products.set(products)
    if "owner" in changed:
        tell_owner(current, by=by)
    audit.log(current, "lead.changed", by=by, changes=changed)
    return current


@operation
def set_progress(lead: Lead, *, by: User, progress: str, version: int | None = None) -> Lead:
    """Mark an open lead as new, working or nurturing. Marking it again changes nothing.

    Raises `Stale` when `version` is given and no longer the current one.
    """
    return update_lead(lead, by=by, version=version, progress=progress)


@operation
def delete_lead(lead: Lead, *, by: User, version: int | None = None) -> Lead:
    """Put a lead into the recycle bin. What a qualification made of it stays."""
    return delete_record(lead, by=by, version=version)


@operation
def restore_lead(lead: Lead, *, by: User) -> Lead:
    """Take a lead out of the recycle bin."""
    return restore_record(lead, by=by)


def open_lead(lead: Lead, *, by: User, action: str, version: int | None = None) -> Lead:
    """Lock and re-read a lead that has to be open. Raises `LeadIsClosed` when it is not."""
    current = locked(lead, by=by, action=action, version=version)
    if not current.is_open:
        raise LeadIsClosed(
            _("%(lead)s is %(status)s already.")
            % {"lead": current, "status": current.get_status_display().lower()}
        )
    return current


def _fill_from_picked(
    lead: Lead, *, account: Account | None, contact: Contact | None
) -> dict[str, Any]:
    """Fill the empty fields of `lead` from records that were picked; return what changed by it."""
    filled = {}
    for record, names in ((account, FROM_ACCOUNT), (contact, FROM_CONTACT)):
        if record is None:
            continue
        for name, source in names.items():
            old, new = getattr(lead, name), getattr(record, source)
            if old in {"", None} and new not in {"", None}:
                setattr(lead, name, new)
                filled[name] = [old, new]
    return filled


def _require_what_and_who(lead: Lead) -> None:
    errors: dict[str, list[str]] = {}
    if not lead.topic.strip():
        errors["topic"] = [_("Enter a topic: what are they interested in?")]
    who = (lead.first_name, lead.last_name, lead.company, lead.email, lead.phone, lead.mobile)
    if not any(str(value).strip() for value in who):
        errors["last_name"] = [_("Enter a name, a company, an email or a phone number.")]
    if errors:
        raise Unacceptable(errors=errors)


def note_readiness(
    lead: Lead,
    *,
    by: User,
    products: Sequence[Product] | None,
    tags: Sequence[Tag] | None = None,
    rules: RuleSet | None = None,
    scoring: Scoring | None = None,
) -> None:
    """Keep the score, and the moment since which every rule holds; forget it when one does not.

    `products` and `tags` are those that the lead is about to get; None for those that it has.
    `rules` are those in force, and `scoring` the scoring rules, where they have been read.
    """
    lead.derive()
    told: dict[str, Any] = {}
    for name, lines in (("products", products), ("tags", tags)):
        if lines is not None:
            told[name] = [line.key for line in lines]
    scored = Scoring(by=by) if scoring is None else scoring
    lead.score_parts = scored.parts_of(lead, told=told)
    lead.score = scored.score_of(lead.score_parts)
    in_force = rules_in_force(by=by, lead=lead) if rules is None else rules
    if not in_force.is_met_by(lead, told=told):
        lead.ready_since = None
    elif lead.ready_since is None:
        lead.ready_since = timezone.now()
