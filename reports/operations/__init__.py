"""What changes here: targets, dashboards as people keep them, and what the pages remember."""

from reports.operations.dashboards import DASHBOARD, change_dashboard, save_dashboard
from reports.operations.recent import MOST_RECENT, remember
from reports.operations.summaries import fold
from reports.operations.targets import (
    FIRST_YEAR,
    IN_A_YEAR,
    LAST_YEAR,
    change_target,
    may_set_targets,
    set_targets,
    take_back_target,
    targets_of,
    version_of,
)

__all__ = [
    "DASHBOARD",
    "FIRST_YEAR",
    "IN_A_YEAR",
    "LAST_YEAR",
    "MOST_RECENT",
    "change_dashboard",
    "change_target",
    "fold",
    "may_set_targets",
    "remember",
    "save_dashboard",
    "set_targets",
    "take_back_target",
    "targets_of",
    "version_of",
]
