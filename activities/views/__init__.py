"""The pages of timelines' entries."""

from activities.views.entry import (
    ActivityComplete,
    ActivityCreate,
    ActivityDelete,
    ActivityDetail,
    ActivityEdit,
    ActivityPin,
    ActivityReopen,
    ActivityRestore,
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
    "FileDelete",
    "FileDownload",
    "FilePreview",
    "FileRestore",
    "People",
]
