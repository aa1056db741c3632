"""The pages of leads."""

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
    "LeadAssign",
    "LeadCreate",
    "LeadDelete",
    "LeadDetail",
    "LeadDisqualify",
    "LeadEdit",
    "LeadList",
    "LeadProgress",
    "LeadQualify",
    "LeadReceipt",
    "LeadReopen",
    "LeadRestore",
    "LeadUndo",
]
