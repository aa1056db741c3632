"""What runs later: rows of a file that become leads, many leads at once, and what rules bring."""

from leads.jobs.bulk import MOST_LEADS, qualify_leads, qualify_many
from leads.jobs.rows import EXPORTED, IMPORTERS, LeadImporter
from leads.jobs.rules import activate, automate, qualify_ready, refresh

__all__ = [
    "EXPORTED",
    "IMPORTERS",
    "MOST_LEADS",
    "LeadImporter",
    "activate",
    "automate",
    "qualify_leads",
    "qualify_many",
    "qualify_ready",
    "refresh",
]
