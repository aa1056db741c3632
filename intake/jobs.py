"""What runs after the answer: deliveries are processed, and what lies about is taken up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.utils import timezone
from django_tasks import task

from intake import operations
from intake.models import Delivery
from leads.jobs import automate
from leads.rules.automatic import is_automation_on
from records.errors import Busy
from records.operations import operation
from users.operations import intake_machine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.models import Door, WebForm
    from users.models import User

log = logging.getLogger(__name__)
MOST_AT_ONCE = 500


@task()
def process(numbers: list[int]) -> int:
    """Process the deliveries with these numbers; return how many are done by this."""
    return process_all(Delivery.objects.filter(pk__in=numbers).order_by("pk"))


def process_all(deliveries: Iterable[Delivery]) -> int:
    """Process each of `deliveries`: one that goes wrong stops no other and is tried again."""
    by = intake_machine()
    count = sum(process_one(delivery, by=by) is not None for delivery in deliveries)
    if count and is_automation_on():
        automate.enqueue()
    return count


def process_one(delivery: Delivery, *, by: User) -> Delivery | None:
    """Process a delivery; None when nothing came of it now."""
    try:
        return operations.process(delivery, by=by)
    except (Busy, DatabaseError):
        # The database asks for patience: the delivery waits where it is.
        log.warning("Delivery %s could not be processed now.", delivery.pk, exc_info=True)
    except Exception:
        log.exception("Delivery %s could not be processed.", delivery.pk)
        operations.put_off(delivery)
    return None


def take_up() -> int:
    """Process what waits and nobody is about, as after the death of a worker; return how many."""
    due = Delivery.objects.due(timezone.now())[:MOST_AT_ONCE]
    return process_all(list(due))


# Stored, and promised to be processed, in one transaction


@operation
def take_submission(form: WebForm, **sent: Any) -> Delivery:
    """Store what a web form sent and have it processed, unless it came before or is suspect."""
    delivery, is_new = operations.store_submission(form, **sent)
    if is_new and delivery.state == Delivery.State.STORED:
        process.enqueue([delivery.pk])
    return delivery


@operation
def take_delivery(door: Door, **sent: Any) -> list[tuple[Delivery, bool]]:
    """Store what came in by a door and have it processed, but for what came before."""
    stored = operations.store_delivery(door, **sent)
    if new := [delivery.pk for delivery, is_new in stored if is_new]:
        process.enqueue(new)
    return stored


@operation
def retry(delivery: Delivery, **terms: Any) -> Delivery:
    """Have a failed or quarantined delivery processed."""
    current = operations.retry(delivery, **terms)
    process.enqueue([current.pk])
    return current


@operation
def retry_all(*, by: User) -> list[Delivery]:
    """Have everything that failed processed once more."""
    failed = operations.retry_all(by=by)
    if failed:
        process.enqueue([delivery.pk for delivery in failed])
    return failed
