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
]
