"""Sending what was posted, after its transaction: taken by one worker, tried again with pauses."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from records.models import Retention
from records.operations import operation
from workbench.models import Mail, MailPart
from workbench.smtp import Failure, hand_over

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

log = logging.getLogger(__name__)

# After each try that failed: eight tries in all, the last one 20 hours after the first.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 300, 720)]
MOST_ATTEMPTS = len(PAUSES) + 1
# Longer than any server takes. Who holds a letter longer than that has died.
LOST_AFTER = timedelta(minutes=15)
TURN = 20.0  # seconds after which others have the worker
MOST_AT_ONCE = 200


# What follows from a letter that has failed, or is on its way again: rooms above keep it in step.
_FOLLOWERS: list[Callable[[Mail], None]] = []


def follows_letters(follow: Callable[[Mail], None]) -> Callable[[Mail], None]:
    """Have a function called where a letter fails or is tried again, in the same transaction."""
    _FOLLOWERS.append(follow)
    return follow


def have_followed(mail: Mail) -> None:
    """Let those who follow letters know that one has failed, or has not any more."""
    for follow in _FOLLOWERS:
        follow(mail)


@task()
def send(number: int) -> None:
    """Send a letter, if nobody else does so."""
    _try(number)


@task()
def send_due() -> int:
    """Send what is to be tried again, as long as the server answers; return how many have left."""
    until, count = time.monotonic() + TURN, 0
    now = timezone.now()
    due = Mail.objects.due(now, lost_before=now - LOST_AFTER).order_by("next_at", "pk")
    for number in due.values_list("pk", flat=True)[:MOST_AT_ONCE]:
        answer = _try(number)
        count += answer is None
        if (answer is not None and answer.is_away) or time.monotonic() > until:
            break
    return count


def take_up() -> bool:
    """Have letters sent whose time has come, or whose workers have died; say whether some have."""
    now = timezone.now()
    is_due = Mail.objects.due(now, lost_before=now - LOST_AFTER).exists()
    if is_due:
        send_due.enqueue()
    return is_due


def _try(number: int) -> Failure | None:
    """Try to send a letter; return what went wrong, nothing where it left or is not ours to try."""
    mail = take(number)
    if mail is None:
        return None
    try:
        refused = hand_over(mail)
    except Failure as failure:
        put_off(mail, failure)
        return failure
    except Exception:
        # A fault of ours would be the same the next time.
        log.exception("Email %s could not be written.", mail.pk)
        fault = Failure(_("It could not be written. The log says why."), is_final=True)
        put_off(mail, fault)
        return fault
    settle(mail, refused)
    return None


@operation
def take(number: int, now: datetime | None = None) -> Mail | None:
    """Let a worker have a letter that is due; None when somebody has it, or it is settled.

    One that was begun `MOST_ATTEMPTS` times and never ended is given up here.
    """
    now = now or timezone.now()
    # The clock of another machine may be a little behind.
    rows = Mail.objects.due(now + timedelta(seconds=5), lost_before=now - LOST_AFTER)
    worker = uuid4().hex
    is_ours = rows.filter(pk=number).update(
        state=Mail.State.SENDING, worker=worker, taken_at=now, attempts=F("attempts") + 1
    )
    if not is_ours:
        return None
    mail = Mail.objects.get(pk=number)
    if mail.attempts <= MOST_ATTEMPTS:
        return mail
    _end(mail, Mail.State.FAILED, _("Sending it broke off each time. The log may say why."))
    return None


@operation
def settle(mail: Mail, refused: Mapping[str, str]) -> None:
    """Note that a letter has left, and for whom the server did not take it."""
    current = _held(mail)
    if current is None:
        return
    current.refused, current.sent_at = dict(refused), timezone.now()
    words = "; ".join(f"{address}: {answer}" for address, answer in refused.items())
    _end(current, Mail.State.SENT, words)
    # Nobody sends it again, so nobody needs the files a second time.
    MailPart.objects.filter(mail=current).update(content=b"")


@operation
def put_off(mail: Mail, failure: Failure) -> None:
    """Note why a letter did not leave, and when it is tried again, if it is."""
    current = _held(mail)
    if current is None:
        return
    if failure.is_final or current.attempts >= MOST_ATTEMPTS:
        _end(current, Mail.State.FAILED, str(failure))
        return
    current.next_at = timezone.now() + PAUSES[current.attempts - 1]
    _end(current, Mail.State.WAITING, str(failure))


@operation
def prune_mail(now: datetime | None = None) -> int:
    """Forget letters that were written long enough ago; return how many there were."""
    old = Mail.objects.settled_before(Retention.before("letters", now))
    _count, by_kind = old.delete()
    return by_kind.get(Mail._meta.label, 0)


def _held(mail: Mail) -> Mail | None:
    """Hold a letter that is still with the worker who took it."""
    rows = Mail.objects.select_for_update(of=("self",))
    return rows.filter(pk=mail.pk, worker=mail.worker, state=Mail.State.SENDING).first()


def _end(mail: Mail, state: str, words: str) -> None:
    mail.state, mail.error = state, words[:1_000]
    mail.worker, mail.taken_at = "", None
    mail.save()
    if state == Mail.State.FAILED:
        have_followed(mail)
