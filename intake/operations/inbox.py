"""What a person decides about what could not be processed, or looked like a robot's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from intake.models import Delivery
from records import audit
from records.errors import NotPermitted, Refused
from records.models import Retention
from records.operations import operation, row_of
from records.permissions import scope_of
from users.models import Grant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from users.models import User

MOST_AT_ONCE = 1_000


class IsDecided(Refused):
    """Somebody else has decided about the delivery already."""


@operation
def retry(delivery: Delivery, *, by: User, values: Mapping[str, str] | None = None) -> Delivery:
    """Let a failed or quarantined delivery be processed, with `values` in place of its own.

    Raises `IsDecided` when it is neither any more.
    """
    current = _decidable(delivery, by=by)
    was_quarantined = current.state == Delivery.State.QUARANTINED
    changed = {}
    if values is not None:
        before = current.values or {}
        changed = {
            name: [before.get(name, ""), value]
            for name, value in values.items()
            if before.get(name, "") != value
        }
        current.values = {name: value for name, value in values.items() if value}
    current.state = Delivery.State.STORED
    current.error = ""
    current.attempts = 0
    current.next_at = timezone.now()
    current.save(update_fields=["values", "state", "error", "attempts", "next_at"])
    event = "delivery.released" if was_quarantined else "delivery.retried"
    audit.log(current, event, by=by, changes=changed)
    return current


@operation
def retry_all(*, by: User) -> list[Delivery]:
    """Let everything that failed be processed once more, at most 1,000 of it; return it."""
    _require(by)
    rows = Delivery.objects.failed().select_for_update(of=("self",)).order_by("pk")
    failed = list(rows.select_related("door", "form")[:MOST_AT_ONCE])
    Delivery.objects.filter(pk__in=[row.pk for row in failed]).update(
        state=Delivery.State.STORED, error="", attempts=0, next_at=timezone.now()
    )
    audit.write(*(audit.entry(row, "delivery.retried", by=by) for row in failed))
    return failed


@operation
def discard(delivery: Delivery, *, by: User) -> Delivery:
    """Give up a failed or quarantined delivery. Raises `IsDecided` when it is neither any more."""
    current = _decidable(delivery, by=by)
    before = current.state
    current.state = Delivery.State.IGNORED
    current.processed_at = timezone.now()
    current.error = _("Discarded by %(who)s.") % {"who": by}
    current.save(update_fields=["state", "processed_at", "error"])
    audit.log(current, "delivery.discarded", by=by, changes={"state": [before, current.state]})
    return current


@operation
def prune(now: datetime | None = None) -> int:
    """Forget what came in long enough ago and needs nobody any more; return how much.

    Of what became a lead, or carries somebody's consent, the line stays and only the payload goes:
    it proves what was agreed to, and keeps a late replay from making a second lead.
    """
    before = Retention.before("payloads", now)
    finished = Delivery.objects.finished_before(before)
    kept = finished.exclude(lead=None) | finished.filter(has_consent=True)
    emptied = kept.exclude(raw=b"").update(raw=b"", headers={}, values=None, context={})
    gone, _by_kind = finished.filter(lead=None, has_consent=False).delete()
    return emptied + gone


def _decidable(delivery: Delivery, *, by: User) -> Delivery:
    _require(by)
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("door", "form")
    current = row_of(delivery, rows)
    if not current.is_in_inbox:
        raise IsDecided(
            _("Somebody has decided about this already: it is %(state)s.")
            % {"state": current.get_state_display().lower()}
        )
    return current


def _require(by: User) -> None:
    if scope_of(by, "change", Delivery) != Grant.Scope.ALL:
        raise NotPermitted(_("You may not decide about what came in."))
