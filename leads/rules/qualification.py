"""When a lead can be qualified: rules, each with its verdict in words.

The rules are fixed for now: a person or a company and a way to reach them are required, each part
of BANT is recommended. Whoever shows, checks or stores a verdict goes through `verdicts_for`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from leads.bant import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from leads.models import Lead

VERSION = "default-1"


@dataclass(frozen=True)
class Rule:
    """One condition of a good lead; `field` is where a person can mend it."""

    key: str
    met_label: str
    unmet_label: str
    field: str
    test: Callable[[Lead], bool]
    is_required: bool = False


def _knows(name: str) -> Callable[[Lead], bool]:
    return lambda lead: any(part.name == name and part.state != UNKNOWN for part in lead.bant)


RULES = (
    Rule(
        "person_or_company",
        gettext_noop("A person or a company is named"),
        gettext_noop("Neither a person nor a company is named"),
        "last_name",
        lambda lead: bool(lead.full_name or lead.company),
        is_required=True,
    ),
    Rule(
        "reachable",
        gettext_noop("Email or phone is valid"),
        gettext_noop("No valid email or phone"),
        "email",
        lambda lead: bool(lead.email_key or lead.phone_key or lead.mobile_key),
        is_required=True,
    ),
    Rule(
        "budget",
        gettext_noop("Budget is known"),
        gettext_noop("Budget is unknown"),
        "budget_amount",
        _knows("budget"),
    ),
    Rule(
        "authority",
        gettext_noop("Authority is known"),
        gettext_noop("Authority is unknown"),
        "decision_maker",
        _knows("authority"),
    ),
    Rule(
        "need",
        gettext_noop("Need is known"),
        gettext_noop("Need is unknown"),
        "need",
        _knows("need"),
    ),
    Rule(
        "timeframe",
        gettext_noop("Timeframe is known"),
        gettext_noop("Timeframe is unknown"),
        "timeframe",
        _knows("timeframe"),
    ),
)


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a lead. `state` is met, warning or blocking."""

    key: str
    label: str
    note: str
    field: str
    is_required: bool
    is_met: bool

    @property
    def state(self) -> str:
        if self.is_met:
            return "met"
        return "blocking" if self.is_required else "warning"


@dataclass(frozen=True)
class Verdicts:
    """What all rules say of a lead."""

    items: tuple[Verdict, ...]
    version: str

    @property
    def total(self) -> int:
        return len(self.items)

    @property
    def met(self) -> int:
        return sum(verdict.is_met for verdict in self.items)

    @property
    def unmet_required(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.items if v.is_required and not v.is_met)

    @property
    def may_qualify(self) -> bool:
        """Say whether no required rule fails."""
        return not self.unmet_required

    @property
    def is_ready(self) -> bool:
        """Say whether every rule holds, the recommended ones too."""
        return self.met == self.total


def verdicts_for(lead: Lead) -> Verdicts:
    """Return the verdict of every rule on a lead with its derived columns. No statements."""
    return Verdicts(tuple(_verdict(rule, lead) for rule in RULES), VERSION)


def _verdict(rule: Rule, lead: Lead) -> Verdict:
    is_met = rule.test(lead)
    if is_met:
        note = ""
    elif rule.is_required:
        note = _("Required")
    else:
        note = _("A warning: you can still qualify")
    label = _(rule.met_label if is_met else rule.unmet_label)
    return Verdict(rule.key, label, note, rule.field, rule.is_required, is_met)
