"""Everything that changes a timeline: entries, what becomes of them, and where they are shown."""

from activities.operations.changing import (
    ActivityIsCancelled,
    NothingToDo,
    complete,
    delete_activity,
    edit_activity,
    reopen_activity,
    restore_activity,
)
from activities.operations.closing import cancel_open, uncancel
from activities.operations.merging import merge_timelines
from activities.operations.sharing import bring_home, share, unshare
from activities.operations.steps import refresh_next_step
from activities.operations.writing import (
    Next,
    RecordIsReadOnly,
    add_task,
    log_call,
    log_email,
    log_meeting,
    log_note,
    plan_meeting,
)

__all__ = [
    "ActivityIsCancelled",
    "Next",
    "NothingToDo",
    "RecordIsReadOnly",
    "add_task",
    "bring_home",
    "cancel_open",
    "complete",
    "delete_activity",
    "edit_activity",
    "log_call",
    "log_email",
    "log_meeting",
    "log_note",
    "merge_timelines",
    "plan_meeting",
    "refresh_next_step",
    "reopen_activity",
    "restore_activity",
    "share",
    "uncancel",
    "unshare",
]
