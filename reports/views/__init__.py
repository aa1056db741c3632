"""The pages that look across the rooms: start page, search, figures, explanations."""

from reports.views.explanation import Definitions, LeadOrOpportunity
from reports.views.home import Home
from reports.views.overview import Overview, ReportPage
from reports.views.search import Opened, Palette, Search
from reports.views.start import Start

__all__ = [
    "Definitions",
    "Home",
    "LeadOrOpportunity",
    "Opened",
    "Overview",
    "Palette",
    "ReportPage",
    "Search",
    "Start",
]
