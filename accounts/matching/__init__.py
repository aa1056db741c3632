"""Who is the same as whom: candidates for an account and a contact, with scores and reasons.

What decides by itself and what only proposes is the business's choice: an agreeing company name
decides with an agreeing domain, country or phone, or with nothing to compare; a personal email
decides; so do name, company and phone together. A phone, a shared mailbox, a name or whatever else
is only similar never decides: it proposes, with a score.

    account_match, contact_match   what somebody typed, or what a lead says, against what is there
    Directory                      what could decide about many, read at once
    twins_of                       what is stored, against what is likely the same
    pairs                          all records of a kind against each other
    apart                          of whom somebody said that they are different

The database finds who shares a key (`preselected`), `records.similarity` compares.
"""

from accounts.matching.accounts import account_match
from accounts.matching.apart import apart, apart_from_leads
from accounts.matching.contacts import contact_match
from accounts.matching.found import LISTED, PRESELECTED, Candidate, Match, Seen, listed
from accounts.matching.many import Directory, Named
from accounts.matching.pairs import Pair, pairs_in, together
from accounts.matching.preselected import Way, sharing
from accounts.matching.twins import Twin, twins_of
from accounts.matching.words import Reason, as_data, reasons_from, reasons_of

__all__ = [
    "LISTED",
    "PRESELECTED",
    "Candidate",
    "Directory",
    "Match",
    "Named",
    "Pair",
    "Reason",
    "Seen",
    "Twin",
    "Way",
    "account_match",
    "apart",
    "apart_from_leads",
    "as_data",
    "contact_match",
    "listed",
    "pairs_in",
    "reasons_from",
    "reasons_of",
    "sharing",
    "together",
    "twins_of",
]
