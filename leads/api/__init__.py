"""Leads for programs."""

from leads.api.leads import DisqualifyReasonViewSet, LeadViewSet

__all__ = ["DisqualifyReasonViewSet", "LeadViewSet"]
