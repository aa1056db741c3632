"""What runs later: rows of a file, and what is done to many opportunities at once."""

from opportunities.jobs.many import (
    AddOpportunityTasks,
    AssignOpportunities,
    DeleteOpportunities,
    MoveOpportunities,
    SetOpportunityField,
    TagOpportunities,
)
from opportunities.jobs.rows import (
    BANT,
    CampaignImporter,
    OpportunityImporter,
    ProductImporter,
    ProductNaming,
)

__all__ = [
    "BANT",
    "AddOpportunityTasks",
    "AssignOpportunities",
    "CampaignImporter",
    "DeleteOpportunities",
    "MoveOpportunities",
    "OpportunityImporter",
    "ProductImporter",
    "ProductNaming",
    "SetOpportunityField",
    "TagOpportunities",
]
