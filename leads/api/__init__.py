"""Leads for programs."""

from leads.api.leads import DisqualifyReasonViewSet, LeadViewSet
from leads.api.rules import QualificationRuleViewSet

__all__ = ["DisqualifyReasonViewSet", "LeadViewSet", "QualificationRuleViewSet"]
