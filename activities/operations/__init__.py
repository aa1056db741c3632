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
from activities.operations.files import (
    Kept,
    Upload,
    add_files,
    attach,
    edit_with_files,
    kept,
    log_files,
    measured,
    remove_file,
    restore_file,
    sweep_files,
    told_of,
    write_bytes,
    written_with,
)
from activities.operations.invitations import NothingToInviteTo, put_invitation, tell_invited
from activities.operations.mentioning import mention, who_cannot_see
from activities.operations.merging import merge_timelines
from activities.operations.reminding import remind_due
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
    "Kept",
    "Next",
    "NothingToDo",
    "NothingToInviteTo",
    "RecordIsReadOnly",
    "Upload",
    "add_files",
    "add_task",
    "attach",
    "bring_home",
    "cancel_open",
    "complete",
    "delete_activity",
    "edit_activity",
    "edit_with_files",
    "kept",
    "log_call",
    "log_email",
    "log_files",
    "log_meeting",
    "log_note",
    "measured",
    "mention",
    "merge_timelines",
    "plan_meeting",
    "put_invitation",
    "refresh_next_step",
    "remind_due",
    "remove_file",
    "reopen_activity",
    "restore_activity",
    "restore_file",
    "share",
    "sweep_files",
    "tell_invited",
    "told_of",
    "uncancel",
    "unshare",
    "who_cannot_see",
    "write_bytes",
    "written_with",
]
