"""What the business decides about leads by reading."""

from leads.rules.qualification import RULES, VERSION, Verdict, Verdicts, verdicts_for

__all__ = ["RULES", "VERSION", "Verdict", "Verdicts", "verdicts_for"]
