"""Making a lead of what came in: once, whole, whatever dies on the way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.operations import identity
from activities.operations import RecordIsReadOnly, log_note
from intake import mapping, rules
from intake.matching import draft_of, locks_for, open_lead_of
from intake.models import Delivery, Entrance, Reference
from leads.errors import LeadIsClosed
from leads.operations import capture_by_rules, capture_for, update_lead
from opportunities.touches import touched
from records import audit
from records.errors import Busy, IsInBin, LostRace, Refused
from records.operations import operation

if TYPE_CHECKING:
    from datetime import datetime

    from leads.models import Lead
    from users.models import User

# How long what tells too little waits for the rest of what its sender tells of the same thing.
GATHERED_FOR = timedelta(minutes=10)
MOST_GATHERED = 200
MOST_ATTEMPTS = 5
EMPTY = ("", None, False)
EMPTY_CUSTOM: tuple[Any, ...] = ("", None, [])


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery; `next_at` where it waits for more."""

    state: str
    lead: Lead | None = None
    error: str = ""
    next_at: datetime | None = None


@operation
def process(delivery: Delivery, *, by: User) -> Delivery | None:
    """Make of a delivery what it says, and mark it done, in one transaction.

    Returns it as it stands now; None when somebody has done it already. What an operation refuses
    leaves it failed, with the reason, for a person to mend.
    """
    current = _held(delivery)
    if current is None:
        return None
    try:
        with transaction.atomic():
            outcome = _made_of(current, by=by)
    except Busy:
        raise
    except Refused as refusal:
        outcome = Outcome(Delivery.State.FAILED, error=" ".join(refusal.reasons))
    except mapping.PayloadIsWrong as wrong:
        outcome = Outcome(Delivery.State.FAILED, error=str(wrong))
    current.state = outcome.state
    current.lead = outcome.lead
    current.error = outcome.error[:1_000]
    current.attempts += 1
    current.next_at = outcome.next_at or current.next_at
    if outcome.state in {Delivery.State.PROCESSED, Delivery.State.IGNORED}:
        current.processed_at = timezone.now()
    current.save(update_fields=["state", "lead", "error", "attempts", "next_at", "processed_at"])
    return current


@operation
def put_off(delivery: Delivery) -> None:
    """Try a delivery again later, each time a little later; after some tries it has failed.

    For what is our own fault and stands in the log: nothing of the try is left.
    """
    current = _held(delivery)
    if current is None:
        return
    current.attempts += 1
    current.next_at = timezone.now() + timedelta(minutes=3**current.attempts)
    if current.attempts >= MOST_ATTEMPTS:
        current.state = Delivery.State.FAILED
        current.error = _("Something went wrong on our side. It has been written to the log.")
    current.save(update_fields=["attempts", "next_at", "state", "error"])


def _held(delivery: Delivery) -> Delivery | None:
    """Hold a waiting delivery until the transaction ends; None when it waits no longer.

    Who finds it held waits: it may be held for a moment only, by its own replay that is counted.
    """
    rows = Delivery.objects.waiting().select_for_update(of=("self",))
    current: Delivery | None = (
        rows.select_related(
            "door__source", "door__campaign", "door__owner",
            "form__source", "form__campaign", "form__owner",
        )
        .filter(pk=delivery.pk)
        .first()
    )  # fmt: skip
    return current


def _made_of(delivery: Delivery, *, by: User) -> Outcome:
    event = mapping.Event(None)
    if delivery.door is not None and (delivery.values is None or delivery.subject):
        event = rules.events_in(delivery)[0]
        if event.unread and delivery.values is None:
            return Outcome(Delivery.State.IGNORED, error=event.unread)
    unsaid: dict[str, str] = {}
    if delivery.values is not None or delivery.door is None:
        values = rules.values_of(delivery)
    else:
        rows = rules.rows_of(delivery.door)
        values, unsaid = mapping.told(event.values, rows), mapping.otherwise(rows)

    reference = _reference(delivery, event.subject or values.get("external_id", ""))
    if reference is not None:
        _gather(reference, values, _moment_of(delivery, event))
        if reference.lead is None and delivery.subject:
            _gather_waiting(reference, delivery)
        reference.save(update_fields=["values"])
        values = {name: pair[0] for name, pair in reference.values.items()}
    if reference is not None and reference.lead is not None:
        return _filled(reference, reference.lead, rules.told_by(values, by=by), by=by)
    # What a door takes for granted begins a lead; it never stands against what was told.
    told = rules.told_by(unsaid | values, by=by, is_public=delivery.door is None)
    if problem := rules.missing_in(told):
        return _lacking(delivery, problem)

    lead = _lead_of(delivery, told, by=by)
    if reference is not None:
        reference.lead = lead
        reference.written = audit.plain(told.fields | _named(told))
        reference.save(update_fields=["lead", "written"])
        _wake(delivery)
    return Outcome(Delivery.State.PROCESSED, lead)


# What is told in pieces


def _moment_of(delivery: Delivery, event: mapping.Event) -> int:
    """Return since when it is so, in milliseconds; what a person mended is so now."""
    at = timezone.now() if delivery.values is not None else delivery.received_at
    return event.at if event.at and delivery.values is None else int(at.timestamp() * 1000)


def _reference(delivery: Delivery, name: str) -> Reference | None:
    """Hold what we know under the name that the sender has for it."""
    name = name.strip()[:200]
    if not name or delivery.door is None:
        return None
    Reference.objects.bulk_create([Reference(door=delivery.door, name=name)], ignore_conflicts=True)
    rows = Reference.objects.select_for_update(of=("self",)).select_related("lead")
    return rows.get(door=delivery.door, name=name)


def _gather(reference: Reference, values: dict[str, str], at: int) -> None:
    """Keep of each value the latest, whatever the order in which they come."""
    for name, text in values.items():
        before = reference.values.get(name)
        if before is None or before[1] <= at:
            reference.values[name] = [text, at]


def _gather_waiting(reference: Reference, delivery: Delivery) -> None:
    """Take in what waits about the same thing, so that a lead begins with all that is told of it:
    whoever gets it is decided then.
    """
    assert delivery.door is not None  # noqa: S101
    rows = rules.rows_of(delivery.door)
    others = Delivery.objects.waiting().filter(
        door=delivery.door, subject=delivery.subject, values__isnull=True
    )
    others = others.exclude(pk=delivery.pk).select_related("door").order_by("pk")
    for other in others[:MOST_GATHERED]:
        with suppress(mapping.PayloadIsWrong):
            event = rules.events_in(other)[0]
            if not event.unread:
                _gather(reference, mapping.told(event.values, rows), _moment_of(other, event))


def _lacking(delivery: Delivery, problem: str) -> Outcome:
    """Let an event that tells too little wait for those that tell more; then ask a person."""
    patience = delivery.received_at + GATHERED_FOR
    if delivery.subject and delivery.values is None and timezone.now() < patience:
        return Outcome(Delivery.State.STORED, error="", next_at=patience)
    return Outcome(Delivery.State.FAILED, error=problem)


def _wake(delivery: Delivery) -> None:
    """Let what came before about the same thing, and was too little, be done at once."""
    if delivery.subject:
        Delivery.objects.filter(
            door=delivery.door,
            subject=delivery.subject,
            state__in=[Delivery.State.STORED, Delivery.State.FAILED],
        ).exclude(pk=delivery.pk).update(
            state=Delivery.State.STORED, next_at=timezone.now(), error=""
        )


def _filled(reference: Reference, lead: Lead, told: rules.Told, *, by: User) -> Outcome:
    """Bring the lead to what is told by now, but for what a person has changed in it."""
    changes = {
        name: value
        for name, value in told.fields.items()
        if getattr(lead, name) in EMPTY
        or (
            name in reference.written
            and audit.plain(getattr(lead, name)) == reference.written[name]
        )
    }
    own = {
        f"custom.{key}": value
        for key, value in told.custom.items()
        if lead.custom.get(key) in EMPTY_CUSTOM
        or lead.custom[key] == reference.written.get(f"custom.{key}")
    }
    try:
        lead = update_lead(lead, by=by, **changes, **_custom(own))
    except (LeadIsClosed, IsInBin) as refusal:
        return Outcome(Delivery.State.IGNORED, lead, error=str(refusal))
    reference.written |= audit.plain(changes | own)
    reference.save(update_fields=["written"])
    return Outcome(Delivery.State.PROCESSED, lead)


def _named(told: rules.Told) -> dict[str, Any]:
    """Return the custom values under the names that they have among fields."""
    return {f"custom.{key}": value for key, value in told.custom.items()}


def _custom(named: dict[str, Any]) -> dict[str, Any]:
    """Return custom values as an operation takes them; nothing where there are none."""
    own = {name.removeprefix("custom."): value for name, value in named.items()}
    return {"custom": own} if own else {}


# A lead, or an enquiry of somebody known


def _lead_of(delivery: Delivery, told: rules.Told, *, by: User) -> Lead:
    entrance = delivery.entrance
    utm = {**delivery.context, **told.utm}
    if delivery.has_consent:
        told.fields["consent"] = True
    for name in ("source", "campaign"):
        if getattr(entrance, name) is not None:
            told.fields.setdefault(name, getattr(entrance, name))
    if entrance.on_known != Entrance.OnKnown.NEW:
        draft = draft_of(told.fields)
        identity.hold(locks_for(draft))
        known = open_lead_of(draft)
        if known is not None:
            is_update = entrance.on_known == Entrance.OnKnown.UPDATE
            return (_updated if is_update else _enquired)(known, entrance, told, utm, by=by)
    rules.describe(told)
    told.fields.setdefault("topic", entrance.topic or entrance.name)
    fields = {**told.fields, "products": told.products, "utm": utm, "custom": told.custom}
    if entrance.owner is not None and entrance.owner.is_active:
        named = {"entrance": entrance, "owner": entrance.owner}
        why = _("Every lead that comes by “%(entrance)s” goes to %(owner)s.") % named
        return capture_for(entrance.owner, by=by, reason=why, **fields)
    return capture_by_rules(by=by, **fields)


def _enquired(
    lead: Lead, entrance: Entrance, told: rules.Told, utm: dict[str, str], *, by: User
) -> Lead:
    """Write the enquiry on the timeline of a lead, and fill what the lead does not say yet."""
    empty = {
        name: value
        for name, value in told.fields.items()
        if getattr(lead, name) in EMPTY and value not in EMPTY
    }
    if (touches := touched(lead.utm, utm)) != lead.utm:
        empty["utm"] = touches
    try:
        log_note(lead, by=by, text=_note(entrance, told))
        own = {k: v for k, v in _named(told).items() if _is_free(lead, k)}
        return update_lead(lead, by=by, **empty, **_custom(own))
    except (RecordIsReadOnly, LeadIsClosed, IsInBin) as closed:
        raise LostRace(str(closed)) from closed  # the next look finds no open lead, or another


def _updated(
    lead: Lead, entrance: Entrance, told: rules.Told, utm: dict[str, str], *, by: User
) -> Lead:
    """Bring a lead to what is told now. Where it came from first stays, and so does what nobody
    tells; what could not be read goes to the timeline.
    """
    changes = {
        name: value
        for name, value in told.fields.items()
        if value not in EMPTY
        and (name not in {"source", "campaign"} or getattr(lead, name) in EMPTY)
    }
    if told.products:
        changes["products"] = told.products
    if (touches := touched(lead.utm, utm)) != lead.utm:
        changes["utm"] = touches
    try:
        if told.unread:
            log_note(lead, by=by, text=_note(entrance, told))
        return update_lead(lead, by=by, **changes, **_custom(_named(told)))
    except (RecordIsReadOnly, LeadIsClosed, IsInBin) as closed:
        raise LostRace(str(closed)) from closed


def _is_free(lead: Lead, name: str) -> bool:
    return lead.custom.get(name.removeprefix("custom.")) in EMPTY_CUSTOM


def _note(entrance: Entrance, told: rules.Told) -> str:
    """Return what the new enquiry says, a line a field."""
    lines = [_("New enquiry: %(entrance)s") % {"entrance": entrance}]
    lines += [
        f"{rules.label_of(name)}: {value}"
        for name, value in told.fields.items()
        if name not in {"source", "campaign", "consent"} and value not in EMPTY
    ]
    lines += [
        f"{rules.label_of(name)}: {mapping.said(value)}" for name, value in _named(told).items()
    ]
    if told.products:
        lines.append(f"{rules.label_of('products')}: {', '.join(map(str, told.products))}")
    lines += told.unread
    return "\n".join(lines)[:20_000]
