"""What the business decides about leads by reading."""

from leads.rules.qualification import (
    Rule,
    RuleSet,
    Verdict,
    Verdicts,
    rules_in_force,
    verdicts_for,
    why_incomplete,
    with_rules,
    with_steps,
)

__all__ = [
    "Rule",
    "RuleSet",
    "Verdict",
    "Verdicts",
    "rules_in_force",
    "verdicts_for",
    "why_incomplete",
    "with_rules",
    "with_steps",
]
