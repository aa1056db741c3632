"""What is done to many opportunities at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from activities.jobs import AddTasks
from opportunities import operations
from opportunities.models import Opportunity
from opportunities.rules import missing_for_each, told_as
from workbench.bulk import (
    DONE,
    REFUSED,
    Assign,
    BulkAction,
    Delete,
    Retag,
    SetField,
    Verdict,
    dumped,
    loaded,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opportunities.models import Stage, Step
    from users.models import User

FOLLOWING = ("probability", "forecast_category")


class AssignOpportunities(Assign):
    """Give open opportunities to somebody else."""

    model = Opportunity
    needs_open = True
    operation = staticmethod(operations.assign_opportunity)


class DeleteOpportunities(Delete):
    """Put opportunities into the recycle bin."""

    model = Opportunity
    operation = staticmethod(operations.delete_opportunity)
    restore = staticmethod(operations.restore_opportunity)


class AddOpportunityTasks(AddTasks):
    """Put a task on opportunities."""

    model = Opportunity


class TagOpportunities(Retag):
    """Put tags on open opportunities, and take others off."""

    model = Opportunity
    needs_open = True
    update = staticmethod(operations.update_opportunity)


class SetOpportunityField(SetField):
    """Give a custom field of open opportunities a value."""

    model = Opportunity
    needs_open = True
    update = staticmethod(operations.update_opportunity)


class SetForecast(BulkAction):
    """Say of open opportunities how sure they are."""

    model = Opportunity
    action = "change"
    names = ("forecast_category",)
    needs_open = depends = True
    operation = staticmethod(operations.update_opportunity)

    @classmethod
    def title(cls, count: int) -> str:
        return _("Set the forecast of %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        label = Stage.Forecast(data["forecast_category"]).label
        return _("%(records)s forecast as %(category)s.") % {
            "records": cls.counted(count),
            "category": label,
        }


class MoveOpportunities(BulkAction):
    """Move open opportunities to another stage of their process, where its steps allow it."""

    model = Opportunity
    action = "change"
    names = ("stage",)
    needs_open = depends = True
    related = ("owner", "stage")
    operation = staticmethod(operations.move_to_stage)

    @classmethod
    def title(cls, count: int) -> str:
        return _("Move %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        words = {"records": cls.counted(count), "stage": data["stage"]}
        return _("%(records)s moved to %(stage)s.") % words

    @classmethod
    def verdicts(cls, records: Iterable[Any], *, by: User, **data: Any) -> list[Verdict]:
        records, stage = list(records), data.get("stage")
        found = super().verdicts(records, by=by, **data)
        if stage is None:
            return found
        missing = missing_for_each(records, stage)
        return [
            verdict if verdict.state != DONE else cls._entry(record, stage, missing, by)
            for record, verdict in zip(records, found, strict=True)
        ]

    @classmethod
    def _entry(cls, record: Any, stage: Stage, missing: dict[int, list[Step]], by: User) -> Verdict:
        if record.stage.process_id != stage.process_id:
            return Verdict(REFUSED, _("It goes through another process."))
        if steps := missing[record.pk]:
            labels = ", ".join(f"{step.stage}: {told_as(step, by)}" for step in steps)
            return Verdict(REFUSED, _("Missing: %(steps)s") % {"steps": labels})
        return Verdict()

    @classmethod
    def state_of(cls, record: Any) -> dict[str, Any]:
        # Probability and forecast follow the stage; they are what they were when it is undone.
        return dumped({name: getattr(record, name) for name in (*cls.names, *FOLLOWING)})

    @classmethod
    def take_back(cls, record: Any, kept: dict[str, Any], *, by: User) -> bool:
        if cls.state_of(record) != kept["after"]:
            return False
        before = loaded(kept["before"])
        last = record.moves.order_by("-at", "-pk").first()
        if last is None or last.from_stage_id != before.pop("stage").pk:
            return False
        # It has been there: no step is asked for on the way, wherever it leads.
        moved = operations.take_back_move(record, by=by)
        operations.update_opportunity(moved, by=by, **before)
        return True
