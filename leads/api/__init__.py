"""Leads for programs."""

from leads.api.assignment import AssignmentRuleViewSet
from leads.api.leads import DisqualifyReasonViewSet, LeadViewSet
from leads.api.rules import QualificationRuleViewSet
from leads.api.scoring import ScoringRuleViewSet

__all__ = [
    "AssignmentRuleViewSet",
    "DisqualifyReasonViewSet",
    "LeadViewSet",
    "QualificationRuleViewSet",
    "ScoringRuleViewSet",
]
