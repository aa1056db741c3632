"""What runs later: rows of a file, many leads at once, what rules bring, who may be twice."""

from leads.jobs.assignment import hand_out
from leads.jobs.bulk import MOST_LEADS, qualify_leads, qualify_many
from leads.jobs.closing import disqualify_leads, disqualify_many, undo_leads, undo_many
from leads.jobs.duplicates import look_through, look_through_all
from leads.jobs.many import (
    AddLeadTasks,
    AssignLeads,
    DeleteLeads,
    SetLeadField,
    SetProgress,
    TagLeads,
)
from leads.jobs.rows import EXPORTED, IMPORTERS, LeadImporter
from leads.jobs.rules import activate, activate_due, automate, qualify_ready, refresh
from leads.jobs.scoring import (
    change_scoring_rule,
    delete_scoring_rule,
    rescore,
    save_scoring_rule,
    set_scale,
)

__all__ = [
    "EXPORTED",
    "IMPORTERS",
    "MOST_LEADS",
    "AddLeadTasks",
    "AssignLeads",
    "DeleteLeads",
    "LeadImporter",
    "SetLeadField",
    "SetProgress",
    "TagLeads",
    "activate",
    "activate_due",
    "automate",
    "change_scoring_rule",
    "delete_scoring_rule",
    "disqualify_leads",
    "disqualify_many",
    "hand_out",
    "look_through",
    "look_through_all",
    "qualify_leads",
    "qualify_many",
    "qualify_ready",
    "refresh",
    "rescore",
    "save_scoring_rule",
    "set_scale",
    "undo_leads",
    "undo_many",
]
