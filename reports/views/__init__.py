"""The pages that look across the rooms: start page, search, figures, and the explanations."""

from reports.views.explanation import Definitions, LeadOrOpportunity
from reports.views.home import Home
from reports.views.overview import Overview, ReportPage
from reports.views.search import Search

__all__ = ["Definitions", "Home", "LeadOrOpportunity", "Overview", "ReportPage", "Search"]
