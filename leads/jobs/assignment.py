"""Handing out later what nobody could take, and handing on what its owner leaves alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError

from leads import operations
from leads.models import Lead
from leads.rules.assignment import untouched, waiting_for_room
from records.errors import Refused
from users.formats import house_now
from users.operations import intake_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from users.models import User

log = logging.getLogger(__name__)

MOST_AT_ONCE = 500  # leads that one run takes up


def hand_out() -> int:
    """Hand on what is untouched, and ask the rules again about what waits; return how many went.

    Each lead in a transaction of its own: one that goes wrong stops no other. A rule that can give
    a lead to nobody is not asked again in this run.
    """
    by, went, full = intake_machine(), 0, set[int]()
    for pk, owner in list(untouched(house_now()).values_list("lead", "owner")[:MOST_AT_ONCE]):
        lead = _tried(operations.hand_on, pk, by=by)
        went += lead is not None and lead.owner_id != owner
    waiting = waiting_for_room().order_by("pk").values_list("pk", "by_rule")
    for pk, rule in list(waiting[:MOST_AT_ONCE]):
        if rule in full:
            continue
        lead = _tried(operations.assign_by_rules, pk, by=by)
        if lead is not None and lead.owner_id is not None:
            went += 1
        else:
            full.add(rule)
    return went


def _tried(act: Callable[..., Lead], pk: int, *, by: User) -> Lead | None:
    try:
        return act(Lead(pk=pk), by=by)
    except (Refused, DatabaseError):
        # Somebody has closed it in the meantime, or the database asks for patience.
        log.warning("Lead %s could not be handed out now.", pk, exc_info=True)
        return None
