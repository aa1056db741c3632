"""Everything that changes a lead."""

from leads.operations.carrying import save_mapping
from leads.operations.disqualify import disqualify, reopen, reopen_due
from leads.operations.edit import (
    assign_lead,
    capture_lead,
    delete_lead,
    restore_lead,
    set_progress,
    update_lead,
)
from leads.operations.plan import Plan, Target, Terms
from leads.operations.preview import Preview, preview
from leads.operations.qualify import Qualified, qualify
from leads.operations.undo import blockers_of, latest_qualification, leave, made_by, undo

__all__ = [
    "Plan",
    "Preview",
    "Qualified",
    "Target",
    "Terms",
    "assign_lead",
    "blockers_of",
    "capture_lead",
    "delete_lead",
    "disqualify",
    "latest_qualification",
    "leave",
    "made_by",
    "preview",
    "qualify",
    "reopen",
    "reopen_due",
    "restore_lead",
    "save_mapping",
    "set_progress",
    "undo",
    "update_lead",
]
