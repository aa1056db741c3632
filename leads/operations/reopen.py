"""Opening a closed lead again: by hand, or on the day that it was to come back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from activities.operations import add_task
from leads.models import Lead
from leads.operations.disqualify import take_up
from leads.operations.undo import leave
from records.errors import Refused
from records.models import Notice
from records.operations import operation
from records.operations.notices import tell

if TYPE_CHECKING:
    from users.models import User


@operation
def reopen(lead: Lead, *, by: User) -> Lead:
    """Take up a closed lead again. A qualified one keeps the records that were made of it.

    Its owner is told. Raises `LeadIsOpen` when there is nothing to reopen.
    """
    is_qualified = Lead.all_objects.filter(pk=lead.pk, status=Lead.Status.QUALIFIED).exists()
    current = leave(lead, by=by) if is_qualified else take_up(lead, by=by)
    if current.owner is not None:
        tell(current.owner, Notice.What.LEAD_REOPENED, by=by, about=current)
    return current


def reopen_due(*, by: User) -> list[Lead]:
    """Reopen the leads whose day to come back has come, each once and in a transaction of its own.

    Their owners get a task for today. One that cannot be reopened stops no other.
    """
    due = Lead.objects.permitted(by, "disqualify").disqualified()
    reopened = []
    for lead in due.filter(revisit_on__lte=timezone.localdate()).order_by("revisit_on", "pk"):
        with suppress(Refused):
            reopened.append(_reopen_today(lead, by=by))
    return reopened


@operation
def _reopen_today(lead: Lead, *, by: User) -> Lead:
    reason = lead.disqualify_reason
    current = reopen(lead, by=by)
    add_task(
        current,
        by=by,
        owner=current.owner,
        subject=_("Take up again: the day to come back has come"),
        text=_("Given up for: %(reason)s") % {"reason": reason},
        due_at=timezone.now(),
    )
    return current
