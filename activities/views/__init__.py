"""The pages of timelines' entries."""

from activities.views.calendar import Calendar
from activities.views.entry import (
    ActivityComplete,
    ActivityCreate,
    ActivityDelete,
    ActivityDetail,
    ActivityEdit,
    ActivityPin,
    ActivityReopen,
    ActivityRestore,
    ActivitySnooze,
)
from activities.views.files import FileDelete, FileDownload, FilePreview, FileRestore
from activities.views.people import People
from activities.views.todo import ActivityList

__all__ = [
    "ActivityComplete",
    "ActivityCreate",
    "ActivityDelete",
    "ActivityDetail",
    "ActivityEdit",
    "ActivityList",
    "ActivityPin",
    "ActivityReopen",
    "ActivityRestore",
    "ActivitySnooze",
    "Calendar",
    "FileDelete",
    "FileDownload",
    "FilePreview",
    "FileRestore",
    "People",
]
