"""Sending what was noted: by one worker each, in the order of each record, again with pauses."""

from __future__ import annotations

import json
import logging
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from accounts.api import AccountViewSet, ContactViewSet
from leads.api import LeadViewSet
from opportunities.api import OpportunityViewSet
from records.signatures import standard
from users.operations import machine
from webhooks import operations
from webhooks.calling import NotReached, post
from webhooks.models import Message, Webhook

if TYPE_CHECKING:
    from users.models import User

log = logging.getLogger(__name__)

TURN = 20.0  # seconds after which others have the worker
MOST_AT_ONCE = 200
# What would be answered the same the next time: it is gone for good, or too large. All else is what
# a receiver says, too, while a new version of it is put in place.
FINAL = frozenset({410, 413})
# A record is told of as programs read it.
SHOWN_BY: dict[str, Any] = {
    view.model._meta.model_name or "": view
    for view in (LeadViewSet, AccountViewSet, ContactViewSet, OpportunityViewSet)
}


@task()
def send(number: int) -> int:
    """Send what waits for a webhook, as long as it is there; return how much has arrived."""
    until, count, by = time.monotonic() + TURN, 0, machine()
    while due := _due().filter(webhook=number).values_list("pk", flat=True)[:MOST_AT_ONCE]:
        for pk in list(due):
            state, is_away = _try(pk, by=by)
            count += state == Message.State.SENT
            if is_away or time.monotonic() > until:
                return count
    return count


def take_up() -> int:
    """Have messages sent whose time has come; return for how many webhooks there are some."""
    found = list(_due().order_by().values_list("webhook", flat=True).distinct())
    for number in found:
        send.enqueue(number)
    return len(found)


def ping(webhook: Webhook, *, by: User) -> Message:
    """Send a message that says nothing, to see whether it arrives."""
    message = operations.ping(webhook, by=by)
    send.enqueue(webhook.pk)
    return message


def resend(message: Message, *, by: User) -> Message:
    """Send a message once more."""
    current = operations.resend(message, by=by)
    send.enqueue(current.webhook_id)
    return current


def _due() -> Any:
    now = timezone.now()
    rows = Message.objects.due(now, lost_before=now - timedelta(seconds=settings.JOB_PATIENCE))
    return rows.order_by("next_at", "pk")


def _try(number: int, *, by: User) -> tuple[str, bool]:
    """Try to send a message; return how far it is, and whether nobody is there to take any."""
    message = operations.take(number)
    if message is None:
        return "", False
    try:
        if not message.body:
            operations.write_body(message, body_of(message, by=by))
        status = post(
            message.webhook.url,
            body := message.body.encode(),
            headers_of(message, body, time.time()),
            timeout=settings.WEBHOOK_TIMEOUT,
            allowed=settings.WEBHOOK_NETWORKS,
        )
    except NotReached as why:
        state = operations.settle(message, status=None, error=str(why), is_final=why.is_final)
        return state, why.is_away
    except Exception:
        # A fault of ours would be the same the next time.
        log.exception("Message %s could not be written.", message.pk)
        said = "It could not be written. The log says why."
        return operations.settle(message, status=None, error=said, is_final=True), False
    error = "" if 200 <= status < 300 else f"It was answered with {status}."
    return operations.settle(message, status=status, error=error, is_final=status in FINAL), False


def headers_of(message: Message, body: bytes, now: float) -> dict[str, str]:
    """Return what goes along with a message: which it is, and that it is ours."""
    moment, webhook = str(int(now)), message.webhook
    known = [webhook.secret]
    if webhook.former_until is not None and webhook.former_until.timestamp() > now:
        known.append(webhook.former_secret)
    return {
        "Content-Type": "application/json",
        "User-Agent": "CRM-Webhook/1",
        "webhook-id": message.name,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(
            standard(secret, message.name, moment, body) for secret in known
        ),
    }


def body_of(message: Message, *, by: User) -> str:
    """Return what a message says: what happened, and the record as programs read it now."""
    entry, kind = message.entry, message.record_type.model
    data: dict[str, Any] = {"id": message.record_id}
    if entry is not None:
        data |= {
            "kind": kind,
            "label": entry.label,
            "changes": entry.changes,
            "reason": entry.reason,
            "by": entry.actor.email,
            "record": _shown(kind, message.record_id, by=by),
        }
    told = {"type": message.event, "timestamp": message.created_at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str)


def _shown(kind: str, number: int, *, by: User) -> Any:
    """Return a record as the API shows it; nothing where it is gone for good."""
    view = SHOWN_BY[kind](request=SimpleNamespace(user=by), format_kwarg=None)
    record = view.model._base_manager.filter(pk=number).first()
    return view.shown(record) if record is not None else None
