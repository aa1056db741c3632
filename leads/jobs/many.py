"""What is done to many leads at once, but qualifying and giving up."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from activities.jobs import AddTasks
from leads import operations
from leads.models import Lead
from workbench.bulk import Assign, BulkAction, Delete, Retag, SetField


class AssignLeads(Assign):
    """Give open leads to somebody else."""

    model = Lead
    needs_open = True
    operation = staticmethod(operations.assign_lead)


class DeleteLeads(Delete):
    """Put leads into the recycle bin."""

    model = Lead
    operation = staticmethod(operations.delete_lead)
    restore = staticmethod(operations.restore_lead)


class AddLeadTasks(AddTasks):
    """Put a task on open leads."""

    model = Lead


class TagLeads(Retag):
    """Put tags on open leads, and take others off."""

    model = Lead
    needs_open = True
    update = staticmethod(operations.update_lead)


class SetLeadField(SetField):
    """Give a custom field of open leads a value."""

    model = Lead
    needs_open = True
    update = staticmethod(operations.update_lead)


class SetProgress(BulkAction):
    """Say of open leads how far the work on them is."""

    model = Lead
    action = "change"
    names = ("progress",)
    needs_open = depends = True
    operation = staticmethod(operations.set_progress)

    @classmethod
    def title(cls, count: int) -> str:
        return _("Set the status of %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        words = {"records": cls.counted(count), "status": Lead.Progress(data["progress"]).label}
        return _("%(records)s marked as %(status)s.") % words
