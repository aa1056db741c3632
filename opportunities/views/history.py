"""What the fields of opportunities have held."""

from activities.timeline import words_of
from opportunities.models import Opportunity
from workbench.views import HistoryView


class OpportunityHistory(HistoryView):
    """The values that a field of an opportunity has held; each can come back."""

    model = Opportunity
    words_of = staticmethod(words_of)
