"""The pages that look across the rooms: start page, search, figures, explanations."""

from reports.views.arrange import Arrange
from reports.views.dashboards import (
    DashboardBegin,
    DashboardCreate,
    DashboardDelete,
    DashboardEdit,
    DashboardPin,
    DashboardSave,
)
from reports.views.explanation import Definitions, LeadOrOpportunity
from reports.views.home import Home
from reports.views.overview import Overview, ReportPage
from reports.views.search import Opened, Palette, Search
from reports.views.start import Start
from reports.views.targets import PersonTargets, TargetList, TeamTargets

__all__ = [
    "Arrange",
    "DashboardBegin",
    "DashboardCreate",
    "DashboardDelete",
    "DashboardEdit",
    "DashboardPin",
    "DashboardSave",
    "Definitions",
    "Home",
    "LeadOrOpportunity",
    "Opened",
    "Overview",
    "Palette",
    "PersonTargets",
    "ReportPage",
    "Search",
    "Start",
    "TargetList",
    "TeamTargets",
]
