"""Everything that changes a lead."""

from leads.operations.apart import dismiss_pair, drop_pairs, keep_pairs, restore_pair, told_apart
from leads.operations.assignment import (
    assign_by_rules,
    assign_lead,
    capture_by_rules,
    capture_for,
    change_assignment_rule,
    delete_assignment_rule,
    hand_on,
    move_assignment_rule,
    save_assignment_rule,
    set_availability,
)
from leads.operations.automatic import note_failure, qualify_automatically, set_automation
from leads.operations.bulk import Prospect, prospects, to_give_up
from leads.operations.carrying import save_mapping
from leads.operations.disqualify import disqualify, refuse_bad_terms
from leads.operations.edit import (
    capture_lead,
    delete_lead,
    restore_lead,
    set_progress,
    update_lead,
)
from leads.operations.merge import merge_leads, unmerge_leads
from leads.operations.plan import Plan, Terms
from leads.operations.preview import Preview, preview
from leads.operations.qualify import Qualified, qualify, refusal_of
from leads.operations.reopen import reopen, reopen_due
from leads.operations.reusing import Target
from leads.operations.rules import (
    activate_rules,
    discard_rules,
    draft_rules,
    move_rule,
    refresh_readiness,
    remove_rule,
    save_rule,
    save_rules,
    set_threshold,
    switch_rule,
    unplan_rules,
)
from leads.operations.scoring import (
    change_scoring_rule,
    delete_scoring_rule,
    rescore,
    save_scoring_rule,
    set_scale,
)
from leads.operations.undo import blockers_of, latest_qualification, leave, made_by, undo

__all__ = [
    "Plan",
    "Preview",
    "Prospect",
    "Qualified",
    "Target",
    "Terms",
    "activate_rules",
    "assign_by_rules",
    "assign_lead",
    "blockers_of",
    "capture_by_rules",
    "capture_for",
    "capture_lead",
    "change_assignment_rule",
    "change_scoring_rule",
    "delete_assignment_rule",
    "delete_lead",
    "delete_scoring_rule",
    "discard_rules",
    "dismiss_pair",
    "disqualify",
    "draft_rules",
    "drop_pairs",
    "hand_on",
    "keep_pairs",
    "latest_qualification",
    "leave",
    "made_by",
    "merge_leads",
    "move_assignment_rule",
    "move_rule",
    "note_failure",
    "preview",
    "prospects",
    "qualify",
    "qualify_automatically",
    "refresh_readiness",
    "refusal_of",
    "refuse_bad_terms",
    "remove_rule",
    "reopen",
    "reopen_due",
    "rescore",
    "restore_lead",
    "restore_pair",
    "save_assignment_rule",
    "save_mapping",
    "save_rule",
    "save_rules",
    "save_scoring_rule",
    "set_automation",
    "set_availability",
    "set_progress",
    "set_scale",
    "set_threshold",
    "switch_rule",
    "to_give_up",
    "told_apart",
    "undo",
    "unmerge_leads",
    "unplan_rules",
    "update_lead",
]
