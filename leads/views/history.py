"""What the fields of leads have held."""

from activities.timeline import words_of
from leads.models import Lead
from workbench.views import HistoryView


class LeadHistory(HistoryView):
    """The values that a field of a lead has held; each can come back."""

    model = Lead
    words_of = staticmethod(words_of)
