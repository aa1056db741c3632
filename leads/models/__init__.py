"""Leads, and what became of them."""

from leads.models.assignment import Assignment, AssignmentRule, AssignmentTurn, Availability
from leads.models.lead import DisqualifyReason, Lead
from leads.models.limits import LeadLimits
from leads.models.qualification import (
    IMPORTED,
    FieldMapping,
    Qualification,
    QualifiedOpportunity,
)
from leads.models.rules import AutomaticQualification, QualificationRuleSet, RuleRun
from leads.models.scoring import ScoreScale, ScoringRule

__all__ = [
    "IMPORTED",
    "Assignment",
    "AssignmentRule",
    "AssignmentTurn",
    "AutomaticQualification",
    "Availability",
    "DisqualifyReason",
    "FieldMapping",
    "Lead",
    "LeadLimits",
    "Qualification",
    "QualificationRuleSet",
    "QualifiedOpportunity",
    "RuleRun",
    "ScoreScale",
    "ScoringRule",
]
