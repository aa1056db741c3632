"""Qualifying without a hand: each lead once, and never too many an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import NeedsDecision
from leads.errors import RulesAreIncomplete, RulesAreSettled
from leads.models import AutomaticQualification, Lead, QualificationRuleSet
from leads.models.rules import MOST_AN_HOUR
from leads.operations.qualify import qualify
from leads.rules import RuleSet
from leads.rules.automatic import room_in, takeable, why_not, why_not_automatic
from records import audit
from records.errors import Busy, Refused, Unacceptable
from records.operations import operation, refuse_stale, require_for_all, row_of

if TYPE_CHECKING:
    from users.models import User

Outcome = AutomaticQualification.Outcome


@operation
def set_automation(
    rule_set: QualificationRuleSet,
    *,
    by: User,
    is_automatic: bool | None = None,
    hourly_limit: int | None = None,
    version: int | None = None,
) -> QualificationRuleSet:
    """Switch automation on or off for the version in force; what is not given stays as it is.

    Setting what is set writes nothing. Raises `RulesAreSettled` when another version of the rules
    is in force by now, `Stale` when somebody has changed the switch since `version`, and
    `RulesAreIncomplete` when nothing is required.
    """
    require_for_all(by, "change", QualificationRuleSet)
    current = row_of(rule_set, QualificationRuleSet.objects.select_for_update())
    if not current.is_active:
        raise RulesAreSettled(_("Another version of the rules has come into force. Look again."))
    refuse_stale(current, version)
    is_automatic = current.is_automatic if is_automatic is None else is_automatic
    hourly_limit = current.hourly_limit if hourly_limit is None else hourly_limit
    if is_automatic and (reason := why_not_automatic(current, by=by)):
        raise RulesAreIncomplete(reason, field="is_automatic")
    if not 1 <= hourly_limit <= MOST_AN_HOUR:
        sentence = _("Choose from 1 to %(most)d leads an hour.") % {"most": MOST_AN_HOUR}
        raise Unacceptable(errors={"hourly_limit": [sentence]})
    before = {"is_automatic": current.is_automatic, "hourly_limit": current.hourly_limit}
    after = {"is_automatic": is_automatic, "hourly_limit": hourly_limit}
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed:
        current.is_automatic, current.hourly_limit = is_automatic, hourly_limit
        current.version += 1
        current.save(update_fields=["is_automatic", "hourly_limit", "version"])
        audit.log(current, "automation.changed", by=by, changes=changed)
    return current


@operation
def qualify_automatically(lead: Lead, *, by: User) -> AutomaticQualification | None:
    """Qualify a lead that meets every required rule, in the name of the machine `by`.

    Returns the line of the log; None when nothing was decided: automation is off, this hour is
    full, or somebody has decided about the lead since it was found. Whatever workers there are,
    one at a time decides, and sees what those before it have done.
    """
    rule_set: QualificationRuleSet | None = (
        QualificationRuleSet.objects.select_for_update().active().filter(is_automatic=True).first()
    )
    if rule_set is None or not room_in(rule_set):
        return None
    rules = RuleSet.of(rule_set, by=by)
    current = takeable(rules).select_for_update(of=("self",)).filter(pk=lead.pk).first()
    if current is None:
        return None
    if reason := why_not(current):
        return _noted(current, rule_set, Outcome.SKIPPED, reason)
    try:
        qualify(current, by=by)
    except Busy:
        raise
    except NeedsDecision as question:
        return _noted(current, rule_set, Outcome.PARKED, str(question))
    except Refused as refusal:
        return _noted(current, rule_set, Outcome.FAILED, " ".join(refusal.reasons))
    return _noted(current, rule_set, Outcome.QUALIFIED, _("It meets every required rule."))


@operation
def note_failure(lead: Lead) -> None:
    """Write down that something went wrong on our side, of which nothing is left."""
    rule_set = QualificationRuleSet.objects.select_for_update().active().first()
    is_open = Lead.objects.open().filter(pk=lead.pk, cycles=lead.cycles).exists()
    # Whoever has qualified it since has said so, and that is what counts.
    if rule_set is not None and is_open:
        sentence = _("Something went wrong on our side. It has been written to the log.")
        _noted(lead, rule_set, Outcome.FAILED, sentence)


def _noted(
    lead: Lead, rule_set: QualificationRuleSet, outcome: Outcome, reason: str
) -> AutomaticQualification:
    line, _is_new = AutomaticQualification.objects.update_or_create(
        lead_id=lead.pk,
        cycle=lead.cycles + 1,
        defaults={
            "lead_version": lead.version,
            "at": timezone.now(),
            "outcome": outcome,
            "reason": reason[:500],
            "rule_set": rule_set,
        },
    )
    return line
