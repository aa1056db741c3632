"""The figures for programs, and the dashboards that people keep."""

from reports.api.dashboards import DashboardViewSet
from reports.api.figures import ReportViewSet

__all__ = ["DashboardViewSet", "ReportViewSet"]
