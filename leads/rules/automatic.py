"""Which leads the product may qualify without a hand, and how many of them in this hour."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.models import AutomaticQualification, Lead, QualificationRuleSet
from leads.rules.qualification import RuleSet

if TYPE_CHECKING:
    from users.models import User

HOUR = timedelta(hours=1)
MOST_AT_ONCE = 500  # leads that one run takes up


# Leads that `why_not` does not leave to people. A test proves that both always agree.
FREE = Q(do_not_automate=False, cycles=0, owner__is_active=True)


def takeable(rules: RuleSet) -> Any:
    """Return the leads to decide about, the oldest first: they meet every required rule.

    Left out are those that wait for a person's decision, those that were left to people and have
    not changed since, as long as the reason stands (an owner may come back without the lead being
    touched), and what has failed in this hour and not changed since.
    """
    outcomes = AutomaticQualification.Outcome
    log = AutomaticQualification.objects.filter(lead=OuterRef("pk"), cycle=OuterRef("cycles") + 1)
    of_this_version = log.filter(lead_version=OuterRef("version"))
    qualified = log.filter(outcome=outcomes.QUALIFIED)
    failed = of_this_version.filter(outcome=outcomes.FAILED, at__gte=timezone.now() - HOUR)
    skipped = of_this_version.filter(outcome=outcomes.SKIPPED)
    rows = (
        Lead.objects.open()
        .filter(~Exists(qualified), ~Exists(failed), needs_decision="")
        .filter(FREE | ~Exists(skipped))
        .select_related("owner")
        .order_by("pk")
    )
    return rules.met_in(rows, is_required_only=True)


def room_in(rule_set: QualificationRuleSet) -> int:
    """Return how many more leads may be qualified without a hand by now."""
    since = timezone.now() - HOUR
    done = AutomaticQualification.objects.qualified_since(since).count()
    return max(0, rule_set.hourly_limit - done)


def why_not(lead: Lead) -> str:
    """Say why a lead that meets the rules is left to people; nothing when it is not."""
    if lead.do_not_automate:
        return _("It is marked as “do not automate”.")
    if lead.cycles:
        # What a person has taken back, no machine does once more.
        return _("It was qualified before and opened again: people decide.")
    if lead.owner is None:
        return _("Nobody owns it: assign it first.")
    if not lead.owner.is_active:
        return _("%(owner)s, who owns it, is not active any more: assign it first.") % {
            "owner": lead.owner
        }
    return ""


def why_not_automatic(rule_set: QualificationRuleSet, *, by: User) -> str:
    """Say why leads cannot be qualified without a hand under these rules; nothing when they can."""
    rules = RuleSet.of(rule_set, by=by)
    if rules.threshold or any(rule.is_required for rule in rules.active):
        return ""
    return _("No rule is required, so every lead would be qualified. Require at least one first.")


def is_automation_on() -> bool:
    """Say whether leads are qualified without a hand at all."""
    return QualificationRuleSet.objects.active().filter(is_automatic=True).exists()
