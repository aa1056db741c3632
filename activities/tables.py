"""The columns of a list of entries."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workbench.tables import Cell, NameColumn, OwnerColumn, RecordTable
from workbench.templatetags.workbench import ago, due


class ActivityTable(RecordTable):
    """The columns that a list of entries shows."""

    subject = NameColumn(verbose_name=_("Activity"))
    kind = Cell(lambda activity: activity.get_kind_display(), verbose_name=_("Kind"), accessor="pk")
    due = Cell(
        lambda activity: due(activity.due_at) if activity.is_open else ago(activity.done_at),
        verbose_name=_("Due"),
        accessor="pk",
    )
    owner = OwnerColumn(order_by=(), edits="")

    class Meta(RecordTable.Meta):
        sequence = ("subject", "kind", "due", "owner")
