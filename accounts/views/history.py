"""What the fields of accounts and contacts have held."""

from accounts.models import Account, Contact
from activities.timeline import words_of
from workbench.views import HistoryView


class AccountHistory(HistoryView):
    """The values that a field of a company has held; each can come back."""

    model = Account
    words_of = staticmethod(words_of)


class ContactHistory(HistoryView):
    """The values that a field of a person has held; each can come back."""

    model = Contact
    words_of = staticmethod(words_of)
