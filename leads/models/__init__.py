"""Leads, and what became of them."""

from leads.models.lead import DisqualifyReason, Lead
from leads.models.qualification import FieldMapping, Qualification, QualifiedOpportunity

__all__ = ["DisqualifyReason", "FieldMapping", "Lead", "Qualification", "QualifiedOpportunity"]
