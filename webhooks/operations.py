"""Everything that changes webhooks and the messages to them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from records import audit, custom
from records.errors import NotPermitted, Refused, Unacceptable
from records.models import Retention
from records.operations import operation, require_for_all, row_of, save_setting
from records.permissions import hidden_fields
from records.signatures import new_secret
from webhooks.calling import NotReached, target_of
from webhooks.models import EVENTS, PING, Message, Webhook

if TYPE_CHECKING:
    from datetime import datetime

    from users.models import User

# How long messages are signed by the former secret too, so that a receiver can be told the new one.
FORMER_FOR = timedelta(days=1)


class MessageIsOnItsWay(Refused):
    """The message waits or is being sent: it need not be asked for."""


@operation
def save_webhook(webhook: Webhook, *, by: User) -> Webhook:
    """Save a webhook; its secrets never stand in the trail.

    Raises `Unacceptable` for an address to which nothing can be posted, and an event that there is
    not. Where the address leads is looked at each time when something is sent.
    """
    require_for_all(by, "change" if webhook.pk else "add", Webhook)
    for kind in {name.partition(".")[0] for name in webhook.events or EVENTS} & set(custom.KINDS):
        require_for_all(by, "view", custom.model_of(kind))
        if hidden_fields(by, kind):
            raise NotPermitted(_("A webhook tells whole records, and your role hides fields."))
    errors = {}
    try:
        target_of(webhook.url)
    except NotReached as wrong:
        errors["url"] = [_(str(wrong))]
    unknown = [name for name in webhook.events if name not in EVENTS]
    if unknown:
        errors["events"] = [_("There is no event “%(name)s”.") % {"name": str(unknown[0])[:80]}]
    if errors:
        raise Unacceptable(errors=errors)
    if webhook.pk:
        standing = row_of(webhook, Webhook.objects.select_for_update(of=("self",)))
        for name in Webhook.UNTOLD:
            setattr(webhook, name, getattr(standing, name))
    return save_setting(webhook, by=by)


@operation
def rotate_secret(webhook: Webhook, *, by: User) -> Webhook:
    """Give a webhook another secret; for a day messages are signed by both."""
    current = _held(webhook, by=by)
    current.former_secret, current.former_until = current.secret, timezone.now() + FORMER_FOR
    current.secret = new_secret()
    current.save(update_fields=["secret", "former_secret", "former_until"])
    audit.log(current, "webhook.secret_rotated", by=by)
    return current


@operation
def ping(webhook: Webhook, *, by: User) -> Message:
    """Note a message that says nothing, to see whether it arrives."""
    current = _held(webhook, by=by)
    message = Message.objects.create(
        webhook=current,
        event=PING,
        record_type=ContentType.objects.get_for_model(Webhook),
        record_id=current.pk,
    )
    audit.log(current, "webhook.pinged", by=by)
    return message


@operation
def resend(message: Message, *, by: User) -> Message:
    """Have a message sent once more from the beginning, under its own name and as it was.

    Raises `MessageIsOnItsWay`.
    """
    require_for_all(by, "change", Message)
    current = row_of(message, Message.objects.select_for_update(of=("self",)))
    if current.is_on_its_way:
        raise MessageIsOnItsWay(_("This message is on its way already."))
    current.state, current.attempts, current.error = Message.State.WAITING, 0, ""
    current.next_at = timezone.now()
    current.save(update_fields=["state", "attempts", "error", "next_at"])
    audit.log(current, "message.resent", by=by)
    return current


# Sending


@operation
def take(number: int) -> Message | None:
    """Let a worker have a message whose turn it is; None when somebody has it or it has to wait."""
    now = timezone.now()
    lost_before = now - timedelta(seconds=settings.JOB_PATIENCE)
    due = Message.objects.due(now, lost_before=lost_before).filter(pk=number)
    worker = uuid4().hex
    # Who waits here for another worker is asked about the row again, but not what is looked up.
    free = Message.objects.free(now, lost_before=lost_before)
    is_ours = free.filter(pk=number, pk__in=due.values("pk")).update(
        state=Message.State.SENDING, worker=worker, taken_at=now, attempts=F("attempts") + 1
    )
    if not is_ours:
        return None
    mine = Message.objects.filter(pk=number, worker=worker)
    message: Message | None = mine.select_related("webhook", "entry__actor", "record_type").first()
    return message


@operation
def write_body(message: Message, body: str) -> None:
    """Keep what a message says, before it is said for the first time."""
    message.body = body
    Message.objects.filter(pk=message.pk, worker=message.worker).update(body=body)


@operation
def settle(message: Message, *, status: int | None, error: str = "", is_final: bool = False) -> str:
    """Note what was answered, and when the message is tried again, if it is; return its state."""
    rows = Message.objects.select_for_update(of=("self",))
    current = rows.filter(pk=message.pk, worker=message.worker, state=Message.State.SENDING).first()
    if current is None:
        return ""
    current.status, current.error, current.worker, current.taken_at = status, error[:500], "", None
    pauses = settings.WEBHOOK_PAUSES
    if not error:
        current.state, current.sent_at = Message.State.SENT, timezone.now()
    elif is_final or current.attempts > len(pauses):
        current.state = Message.State.FAILED
    else:
        current.state = Message.State.WAITING
        current.next_at = timezone.now() + timedelta(seconds=pauses[current.attempts - 1])
    current.save()
    return current.state


@operation
def prune_messages(now: datetime | None = None) -> int:
    """Forget messages that were settled long enough ago; return how many there were."""
    count, _by_kind = Message.objects.settled_before(Retention.before("payloads", now)).delete()
    return count


def _held(webhook: Webhook, *, by: User) -> Webhook:
    require_for_all(by, "change", Webhook)
    return row_of(webhook, Webhook.objects.select_for_update(of=("self",)))
