"""Everything that changes an opportunity: opened, edited, moved, closed, reopened."""

from opportunities.errors import OpportunityIsClosed, ProcessIsMissing, StepsAreMissing
from opportunities.operations.closing import lose, put_on_hold, reopen, resume, win
from opportunities.operations.editing import (
    add_stakeholder,
    assign_opportunity,
    delete_opportunity,
    remove_stakeholder,
    restore_opportunity,
    set_lines,
    update_opportunity,
)
from opportunities.operations.moving import (
    move_to_stage,
    switch_process,
    take_back_move,
    tick_step,
)
from opportunities.operations.opening import open_opportunity
from opportunities.operations.shaping import (
    bring_stage_back,
    remove_stage,
    save_process,
    save_stages,
    save_step,
)

__all__ = [
    "OpportunityIsClosed",
    "ProcessIsMissing",
    "StepsAreMissing",
    "add_stakeholder",
    "assign_opportunity",
    "bring_stage_back",
    "delete_opportunity",
    "lose",
    "move_to_stage",
    "open_opportunity",
    "put_on_hold",
    "remove_stage",
    "remove_stakeholder",
    "reopen",
    "restore_opportunity",
    "resume",
    "save_process",
    "save_stages",
    "save_step",
    "set_lines",
    "switch_process",
    "take_back_move",
    "tick_step",
    "update_opportunity",
    "win",
]
