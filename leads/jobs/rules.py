"""What the rules bring about by themselves: who is ready, who is qualified without a hand."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django_tasks import task

from leads import operations
from leads.models import QualificationRuleSet
from leads.operations.rehearsal import ask_again
from leads.rules import RuleSet
from leads.rules.automatic import MOST_AT_ONCE, room_in, takeable
from records.errors import Busy
from records.operations import operation
from users.operations import machine

if TYPE_CHECKING:
    from users.models import User

log = logging.getLogger(__name__)


@task()
def refresh() -> int:
    """Look at all open leads once more: are they ready, by the rules as they are now?

    And where only a person could decide: is there still a question? A transaction for each few
    hundred; killed in between, the next time does the rest. Returns how often something changed.
    """
    by, rounds = machine(), 0
    after = operations.refresh_readiness(by=by)
    while after is not None:
        rounds += 1
        after = operations.refresh_readiness(by=by, after=after)
    marked = ask_again(by=by)
    while marked is not None:
        marked = ask_again(by=by, after=marked)
    return rounds


@task()
def automate() -> int:
    """Qualify what may be qualified without a hand by now; return how many leads that were."""
    return qualify_ready()


def qualify_ready() -> int:
    """Do what `automate` says here and now: each lead in a transaction of its own.

    Killed in between, the next time does the rest. One that goes wrong stops no other.
    """
    by = machine()
    rule_set = QualificationRuleSet.objects.active().filter(is_automatic=True).first()
    if rule_set is None:
        return 0
    rules = RuleSet(rule_set.number, rule_set.rules, by=by)
    count = 0
    for lead in takeable(rules)[:MOST_AT_ONCE]:
        if not room_in(rule_set):
            break
        try:
            line = operations.qualify_automatically(lead, by=by)
        except (Busy, DatabaseError):
            # The database asks for patience: the lead waits where it is.
            log.warning("Lead %s could not be qualified now.", lead.pk, exc_info=True)
        except Exception:
            log.exception("Lead %s could not be qualified.", lead.pk)
            operations.note_failure(lead)
        else:
            count += line is not None and line.outcome == line.Outcome.QUALIFIED
    return count


@operation
def activate(
    draft: QualificationRuleSet, *, by: User, version: int | None = None
) -> QualificationRuleSet:
    """Put the rules into force, and have all open leads looked at by them."""
    active = operations.activate_rules(draft, by=by, version=version)
    refresh.enqueue()
    return active
