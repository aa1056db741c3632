"""The pages of opportunities."""

from opportunities.views.board import OpportunityBoard
from opportunities.views.history import OpportunityHistory
from opportunities.views.pages import (
    OpportunityAssign,
    OpportunityBulk,
    OpportunityCreate,
    OpportunityDelete,
    OpportunityEdit,
    OpportunityList,
    OpportunityRestore,
)
from opportunities.views.parts import (
    OpportunityLines,
    OpportunityStakeholderAdd,
    OpportunityStakeholderRemove,
)
from opportunities.views.process import (
    OpportunityHold,
    OpportunityLose,
    OpportunityProcess,
    OpportunityReopen,
    OpportunityResume,
    OpportunityStage,
    OpportunityStageBack,
    OpportunityTick,
    OpportunityWin,
)
from opportunities.views.record import OpportunityDetail

__all__ = [
    "OpportunityAssign",
    "OpportunityBoard",
    "OpportunityBulk",
    "OpportunityCreate",
    "OpportunityDelete",
    "OpportunityDetail",
    "OpportunityEdit",
    "OpportunityHistory",
    "OpportunityHold",
    "OpportunityLines",
    "OpportunityList",
    "OpportunityLose",
    "OpportunityProcess",
    "OpportunityReopen",
    "OpportunityRestore",
    "OpportunityResume",
    "OpportunityStage",
    "OpportunityStageBack",
    "OpportunityStakeholderAdd",
    "OpportunityStakeholderRemove",
    "OpportunityTick",
    "OpportunityWin",
]
