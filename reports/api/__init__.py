"""The figures for programs, the dashboards that people keep, and targets."""

from reports.api.dashboards import DashboardViewSet
from reports.api.figures import ReportViewSet
from reports.api.targets import TargetViewSet

__all__ = ["DashboardViewSet", "ReportViewSet", "TargetViewSet"]
