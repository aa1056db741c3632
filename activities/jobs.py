"""What is done to the timelines of many records at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from activities.models import Activity
from activities.operations import add_task, delete_activity
from records.permissions import may
from workbench.bulk import REFUSED, BulkAction, Verdict

if TYPE_CHECKING:
    from users.models import User


class AddTasks(BulkAction):
    """Put the same task on each record; whoever sees a record may write on it."""

    action = "view"
    operation = staticmethod(add_task)

    @classmethod
    def title(cls, count: int) -> str:
        return _("Add a task to %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        return _("Task added to %(records)s.") % {"records": cls.counted(count)}

    @classmethod
    def is_open_to(cls, user: User) -> bool:
        return may(user, "add", Activity) and super().is_open_to(user)

    @classmethod
    def verdict(cls, record: Any, *, by: User, **data: Any) -> Verdict:
        if getattr(record, "is_read_only", False):
            return Verdict(REFUSED, _("It is closed."))
        return super().verdict(record, by=by, **data)

    @classmethod
    def run(cls, record: Any, *, by: User, **data: Any) -> dict[str, Any]:
        task = cls.operation(record, by=by, **data)
        return {"task": task.pk, "version": task.version}

    @classmethod
    def take_back(cls, record: Any, kept: dict[str, Any], *, by: User) -> bool:
        task = Activity.objects.filter(pk=kept["task"]).first()
        if task is None or not task.is_open or task.version != kept.get("version", task.version):
            return False
        delete_activity(task, by=by)
        return True
