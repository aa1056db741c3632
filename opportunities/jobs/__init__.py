"""What runs later: rows of a file, and what is done to many opportunities at once."""

from opportunities.jobs.many import (
    AddOpportunityTasks,
    AssignOpportunities,
    DeleteOpportunities,
    MoveOpportunities,
    SetForecast,
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
    "SetForecast",
    "SetOpportunityField",
    "TagOpportunities",
]
