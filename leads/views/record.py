"""The page of a lead."""

from __future__ import annotations

from activities.timeline import next_up, timeline_of
from leads.models import Lead
from workbench.views import RecordView


class LeadDetail(RecordView):
    """A lead: what is known of it, what was done, and whether it can be qualified."""

    model = Lead
    timeline_of = staticmethod(timeline_of)
    next_up = staticmethod(next_up)
    actions = ("change", "delete", "assign", "qualify", "disqualify", "undo")


LeadReceipt = LeadQualify = LeadDetail
