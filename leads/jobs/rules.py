"""What the rules bring about by themselves: who is ready, who is qualified without a hand."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.utils import timezone
from django_tasks import task

from leads import operations
from leads.models import Lead, QualificationRuleSet, RuleRun
from leads.operations.rehearsal import ask_again
from leads.operations.rules import note_run
from leads.rules import RuleSet
from leads.rules.automatic import MOST_AT_ONCE, room_in, takeable
from records.errors import Busy, Refused
from records.operations import operation
from users.operations import machine

if TYPE_CHECKING:
    from datetime import datetime

    from users.models import User

log = logging.getLogger(__name__)


@task()
def refresh() -> int:
    """Look at all open leads once more: are they ready, by the rules as they are now?

    And where only a person could decide: is there still a question? A transaction for each few
    hundred; killed in between, the next time does the rest. Returns how many changed.
    """
    by, began_at = machine(), timezone.now()
    open_leads = Lead.objects.open().count()
    changed = 0
    for step in (operations.refresh_readiness, ask_again):
        done = step(by=by)
        while done is not None:
            changed += done.changed
            done = step(by=by, after=done.last)
    note_run(
        RuleRun.Kind.READINESS,
        began_at=began_at,
        looked_at=open_leads,
        changed=changed,
        stop=RuleRun.Stop.DONE,
    )
    return changed


@task()
def automate() -> int:
    """Qualify what may be qualified without a hand by now; return how many leads that were."""
    return qualify_ready()


def qualify_ready() -> int:
    """Do what `automate` says here and now: each lead in a transaction of its own.

    Killed in between, the next time does the rest. One that goes wrong stops no other.
    """
    began_at = timezone.now()
    rule_set = QualificationRuleSet.objects.active().filter(is_automatic=True).first()
    if rule_set is None:
        return 0
    looked_at, changed, stop = _taken_up(rule_set, by=machine())
    note_run(
        RuleRun.Kind.AUTOMATION, began_at=began_at, looked_at=looked_at, changed=changed, stop=stop
    )
    return changed


def _taken_up(rule_set: QualificationRuleSet, *, by: User) -> tuple[int, int, str]:
    """Go through the leads; return how many, how many were qualified, and why no more were."""
    rules = RuleSet.of(rule_set, by=by)
    looked_at = qualified = 0
    for lead in takeable(rules)[:MOST_AT_ONCE]:
        if not room_in(rule_set):
            return looked_at, qualified, RuleRun.Stop.FULL
        looked_at += 1
        try:
            line = operations.qualify_automatically(lead, by=by)
        except (Busy, DatabaseError):
            # The database asks for patience: the lead waits where it is.
            log.warning("Lead %s could not be qualified now.", lead.pk, exc_info=True)
        except Exception:
            log.exception("Lead %s could not be qualified.", lead.pk)
            operations.note_failure(lead)
        else:
            qualified += line is not None and line.outcome == line.Outcome.QUALIFIED
    is_cut = looked_at == MOST_AT_ONCE
    return looked_at, qualified, RuleRun.Stop.MOST if is_cut else RuleRun.Stop.DONE


@operation
def activate(
    draft: QualificationRuleSet,
    *,
    by: User,
    version: int | None = None,
    valid_from: datetime | None = None,
) -> QualificationRuleSet:
    """Put the rules into force, and have all open leads looked at by them."""
    active = operations.activate_rules(draft, by=by, version=version, valid_from=valid_from)
    if active.is_active:
        refresh.enqueue()
    return active


def activate_due() -> bool:
    """Put a draft into force whose moment has come; say whether there was one.

    One that makes no sense by now, or whose author may no longer do this, stays a draft without a
    moment: the page of the rules says what is wrong with it.
    """
    due = QualificationRuleSet.objects.drafts().filter(valid_from__lte=timezone.now())
    draft = due.select_related("activated_by").first()
    if draft is None or draft.activated_by is None:
        return False
    try:
        activate(draft, by=draft.activated_by)
    except Busy:
        raise
    except Refused as refusal:
        operations.unplan_rules(draft, by=machine(), reason=" ".join(refusal.reasons))
        return False
    return True
