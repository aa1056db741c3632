"""Leads, and what became of them."""

from leads.models.lead import DisqualifyReason, Lead
from leads.models.qualification import (
    IMPORTED,
    FieldMapping,
    Qualification,
    QualifiedOpportunity,
)

__all__ = [
    "IMPORTED",
    "DisqualifyReason",
    "FieldMapping",
    "Lead",
    "Qualification",
    "QualifiedOpportunity",
]
