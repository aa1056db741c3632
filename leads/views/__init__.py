"""The pages of leads."""

from leads.views.assignment import (
    AssignmentDryRun,
    AssignmentRuleCreate,
    AssignmentRuleDelete,
    AssignmentRuleEdit,
    AssignmentRuleList,
    AssignmentRuleMove,
    AssignmentRuleSwitch,
    LeadAssignByRules,
)
from leads.views.bulk import LeadBulk, LeadBulkQualify
from leads.views.closing import LeadBulkDisqualify, LeadBulkUndo
from leads.views.history import LeadHistory
from leads.views.pages import (
    LeadAssign,
    LeadCreate,
    LeadDelete,
    LeadDisqualify,
    LeadEdit,
    LeadList,
    LeadProgress,
    LeadReopen,
    LeadRestore,
    LeadUndo,
)
from leads.views.qualify import LeadQualify
from leads.views.receipt import LeadReceipt
from leads.views.record import LeadDetail

__all__ = [
    "AssignmentDryRun",
    "AssignmentRuleCreate",
    "AssignmentRuleDelete",
    "AssignmentRuleEdit",
    "AssignmentRuleList",
    "AssignmentRuleMove",
    "AssignmentRuleSwitch",
    "LeadAssign",
    "LeadAssignByRules",
    "LeadBulk",
    "LeadBulkDisqualify",
    "LeadBulkQualify",
    "LeadBulkUndo",
    "LeadCreate",
    "LeadDelete",
    "LeadDetail",
    "LeadDisqualify",
    "LeadEdit",
    "LeadHistory",
    "LeadList",
    "LeadProgress",
    "LeadQualify",
    "LeadReceipt",
    "LeadReopen",
    "LeadRestore",
    "LeadUndo",
]
