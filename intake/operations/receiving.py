"""Storing what comes in, as it is, before anything is made of it.

Nobody is signed in at the door, so these have no `by`: who may come in has been decided before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import mapping
from intake.models import Delivery, Door, WebForm
from records.errors import KeyReused
from records.operations import operation

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 128 * 1024  # bytes of a submission that are kept


@operation
def store_submission(
    form: WebForm,
    *,
    raw: bytes,
    values: Mapping[str, str],
    context: Mapping[str, str] | None = None,
    has_consent: bool = False,
    suspicion: str = "",
) -> tuple[Delivery, bool]:
    """Store what somebody sent by a web form; return it, and whether it is a new one.

    The same form sent twice on one day, by a double click or from the history of the browser, is
    one submission. With a `suspicion` it waits in quarantine instead of being processed.
    """
    now = timezone.now()
    digest = mapping.digest_of(
        *(f"{name}={value}".encode() for name, value in sorted(values.items())),
        b"agreed" if has_consent else b"",
    )
    delivery = Delivery(
        form=form,
        raw=raw[:LARGEST],
        content_type="application/x-www-form-urlencoded",
        digest=digest,
        key=f"{now:%Y-%m-%d}:{digest}",
        received_at=now,
        values=dict(values),
        context=dict(context or {}),
        has_consent=has_consent and bool(form.consent_text),
        consent_text=form.consent_text if has_consent else "",
        consent_version=form.consent_version if has_consent and form.consent_text else None,
        state=Delivery.State.QUARANTINED if suspicion else Delivery.State.STORED,
        error=suspicion[:1_000],
        next_at=now,
    )
    try:
        with transaction.atomic():
            delivery.save(force_insert=True)
    except IntegrityError:
        return _again(Delivery.objects.get(form=form, key=delivery.key)), False
    return delivery, True


@operation
def store_delivery(
    door: Door, *, raw: bytes, content_type: str = "", headers: Mapping[str, str] | None = None
) -> list[tuple[Delivery, bool]]:
    """Store what a system handed in; return each part, and whether it is a new one.

    A batch becomes one delivery per event. What cannot be read is stored whole, to fail where a
    person sees it: the sender is the right one. Raises `KeyReused` when an id comes again with
    something else.
    """
    headers = dict(headers or {})
    try:
        payload = mapping.payload_of(raw, content_type)
        if door.kind == Door.Kind.GOOGLE:
            raw = mapping.without_google_key(payload, raw)
        events = mapping.events_of(door.kind, payload, headers)
    except mapping.PayloadIsWrong:
        events = []
    now = timezone.now()
    shared: dict[str, Any] = {"door": door, "headers": headers, "received_at": now, "next_at": now}
    whole = mapping.digest_of(raw)
    if len(events) <= 1:
        event = events[0] if events else mapping.Event(None)
        delivery = Delivery(
            raw=raw,
            content_type=content_type[:200],
            digest=whole,
            key=event.key or f"body:{whole}",
            subject=event.subject,
            **shared,
        )
        return [_stored(delivery, is_event=event.key.startswith("event:"))]
    return _stored_batch(
        [
            Delivery(
                raw=(body := mapping.written(event.body)),
                content_type="application/json",
                digest=(digest := mapping.digest_of(body)),
                key=event.key or f"body:{digest}",
                subject=event.subject,
                **shared,
            )
            for event in events
        ]
    )


def _stored(delivery: Delivery, *, is_event: bool) -> tuple[Delivery, bool]:
    try:
        with transaction.atomic():
            delivery.save(force_insert=True)
    except IntegrityError:
        known = Delivery.objects.get(door=delivery.door, key=delivery.key)
        # An event that is sent again says so in itself, so it differs and is the same all the same.
        if known.digest != delivery.digest and not is_event:
            raise KeyReused(
                _("This id came with something else before. Nothing was stored.")
            ) from None
        return _again(known), False
    return delivery, True


def _stored_batch(deliveries: list[Delivery]) -> list[tuple[Delivery, bool]]:
    """Store many with few statements, in one order, so that two batches never wait in a circle."""
    deliveries = list({d.key: d for d in sorted(deliveries, key=lambda d: d.key)}.values())
    door = deliveries[0].door
    keys = [delivery.key for delivery in deliveries]
    known = set(Delivery.objects.filter(door=door, key__in=keys).values_list("key", flat=True))
    Delivery.objects.bulk_create(
        [delivery for delivery in deliveries if delivery.key not in known], ignore_conflicts=True
    )
    if known:
        Delivery.objects.filter(door=door, key__in=known).update(repeats=F("repeats") + 1)
    # The insert does not say which rows it left out: read them again.
    rows = Delivery.objects.filter(door=door, key__in=keys).order_by("pk")
    return [(row, row.key not in known) for row in rows]


def _again(delivery: Delivery) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk).update(repeats=F("repeats") + 1)
    return delivery
