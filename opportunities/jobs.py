"""What is done to many opportunities, and how rows of a file become some, or products."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.jobs import accounts_named
from accounts.models import Account, Contact
from activities.jobs import AddTasks
from activities.operations import add_task
from opportunities import operations
from opportunities.models import (
    Bant,
    Campaign,
    Competitor,
    LossReason,
    Opportunity,
    Process,
    Product,
    Source,
    Stage,
)
from opportunities.rules import missing_for_each
from records.errors import Unacceptable
from records.operations import save_setting
from workbench.bulk import (
    DONE,
    REFUSED,
    Assign,
    BulkAction,
    Delete,
    Retag,
    Verdict,
    dumped,
    loaded,
)
from workbench.operations import add_choice, back_date, find_choice
from workbench.transfer import Importer, Outcome, as_date, as_money, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from opportunities.models import Step
    from users.models import User

BANT = tuple(column.name for column in Bant._meta.get_fields())
NOT_RECORDED = "Not recorded"
FOLLOWING = ("probability", "forecast_category")


class ListImporter(Importer):
    """Rows of an editable list: found by key, name or external id, else added to it."""

    def settle(self, values: dict[str, Any]) -> Outcome:
        for name in ("id", "owner.email", "owner.name"):
            values.pop(name, None)
        known = self._standing(values)
        if known is None:
            name = values.pop("name", "")
            if not name:
                raise Unacceptable(errors={"name": [_("Enter a name.")]})
            return Outcome("new", self.made(add_choice(self.model, name, by=self.by, **values)))
        return self.changed(known, values, self._saved)

    @staticmethod
    def _saved(line: Any, *, by: User, **changes: Any) -> Any:
        for name, value in changes.items():
            setattr(line, name, value)
        return save_setting(line, by=by)

    def _standing(self, values: dict[str, Any]) -> Any:
        if external_id := values.get("external_id", ""):
            found = self.model.objects.filter(external_id=external_id).first()
            if found is not None:
                return found
        texts = (values.get("key", ""), values.get("name", ""))
        return next(
            (line for text in texts if text and (line := find_choice(self.model, text))), None
        )


class ProductImporter(ListImporter):
    """Rows of products."""

    kind = "product"
    model = Product
    columns = ("key", "name", "price", "currency", "external_id", "is_active")


class CampaignImporter(ListImporter):
    """Rows of campaigns."""

    kind = "campaign"
    model = Campaign
    columns = ("key", "name", "starts_on", "ends_on", "is_active")


class ProductNaming(Importer):
    """Rows that name products, several of them with a semicolon between."""

    def products_in(self, values: dict[str, Any]) -> list[Product]:
        return [
            self.choice("product.name", text.strip(), Product)
            for text in values.pop("product.name", "").split(";")
            if text.strip()
        ]


class OpportunityImporter(ProductNaming):
    """Rows of opportunities. `stage` takes a stage, or won or lost; an account may be missing."""

    kind = "opportunity"
    model = Opportunity
    columns = (
        "external_id",
        "topic",
        "probability",
        "value",
        "currency",
        "estimated_close_date",
        *BANT,
        "customer_need",
        "proposed_solution",
        "description",
        "created_at",
    )
    extras = {
        "account.external_id": as_text,
        "account.name": as_text,
        "contact.external_id": as_text,
        "stage": as_text,
        "status": as_text,
        "actual_value": as_money,
        "closed_on": as_date,
        "loss_reason": as_text,
        "lost_to": as_text,
        "source": as_text,
        "campaign": as_text,
        "next_step": as_text,
        "product.name": as_text,
    }
    exports = {
        "account.external_id": "account__external_id",
        "account.name": "account__name",
        "contact.external_id": "contact__external_id",
        "stage": "stage__key",
        "status": "status",
        "actual_value": "actual_value",
        "closed_on": "closed_on",
        "loss_reason": "loss_reason__key",
        "lost_to": "lost_to__key",
        "source": "source__key",
        "campaign": "campaign__key",
    }
    grows = ("source", "campaign", "loss_reason", "lost_to")

    def settle(self, values: dict[str, Any]) -> Outcome:
        known = self.known(values)
        owner = self.owner_in(values)
        for name, model, by_name in (
            ("account", Account, accounts_named),
            ("contact", Contact, None),
        ):
            record = self.linked(values, name, model, by_name)
            if record is not None:
                values[name] = record
        for name, lines in (("source", Source), ("campaign", Campaign)):
            if text := values.pop(name, ""):
                values[name] = self.choice(name, text, lines)
        stage, status = self._stage_and_status(values)
        close = self._close_in(values, status)
        next_step = values.pop("next_step", "")
        products = self.products_in(values)
        if known is not None:
            if owner is not None:
                values["owner"] = owner
            return self._brought_up(known, values, stage, status, close)

        self.require_filled(values, products=products, stage=stage)
        created_at = values.pop("created_at", None)
        topic = values.pop("topic", "")
        opportunity = operations.open_opportunity(
            topic, by=self.by, owner=owner or self.by, stage=stage, products=products, **values
        )
        self.made(opportunity)
        if created_at is not None:
            back_date(opportunity, created_at=created_at, stage_entered_at=created_at)
            for move in opportunity.moves.all():
                back_date(move, at=created_at)
        if next_step and status == Opportunity.Status.OPEN:
            self.made(add_task(opportunity, by=self.by, subject=next_step[:200]))
        self._close(opportunity, status, close)
        return Outcome("new", opportunity)

    def _stage_and_status(self, values: dict[str, Any]) -> tuple[Stage | None, str]:
        """Take the stage and the status out of the values; a stage may be called won or lost."""
        text, status = values.pop("stage", ""), values.pop("status", "").lower()
        if text.lower() in {"won", "lost"}:
            text, status = "", text.lower()
        if status and status not in Opportunity.Status.values:
            allowed = ", ".join(Opportunity.Status.values)
            told = _("“%(text)s” is not one of %(allowed)s.")
            words = {"text": status, "allowed": allowed}
            raise Unacceptable(errors={"status": [told % words]})
        stages = list(
            Stage.objects.for_opportunities()
            .filter(process=Process.objects.filter(is_default=True).first())
            .order_by("position")
        )
        if not text:
            # What was closed elsewhere went the whole way, as far as we know.
            return (stages[-1] if stages and status in {"won", "lost"} else None), status or "open"
        for stage in stages:
            if text.lower() in {stage.key.lower(), stage.name.lower()}:
                return stage, status or "open"
        names = ", ".join([*(stage.key for stage in stages), "won", "lost"])
        told = _("“%(text)s” is not one of %(allowed)s.")
        raise Unacceptable(errors={"stage": [told % {"text": text, "allowed": names}]})

    def _close_in(self, values: dict[str, Any], status: str) -> dict[str, Any]:
        """Take what is said about the end of an opportunity out of the values."""
        reason, lost_to = values.pop("loss_reason", ""), values.pop("lost_to", "")
        closed_on, actual = values.pop("closed_on", None), values.pop("actual_value", None)
        if status == Opportunity.Status.OPEN:
            return {}
        expected: date | None = values.get("estimated_close_date")
        close: dict[str, Any] = {
            "closed_on": min(closed_on or expected or timezone.localdate(), timezone.localdate())
        }
        if actual is None and status == Opportunity.Status.WON:
            actual = values.get("value")
        if actual is not None:
            close["actual_value"] = actual
        if status == Opportunity.Status.LOST:
            close["reason"] = self.choice("loss_reason", reason or NOT_RECORDED, LossReason)
            if lost_to:
                close["lost_to"] = self.choice("lost_to", lost_to, Competitor)
        return close

    def _brought_up(
        self,
        known: Opportunity,
        values: dict[str, Any],
        stage: Stage | None,
        status: str,
        close: dict[str, Any],
    ) -> Outcome:
        """Bring an opportunity that is here to what the row says. A closed one is left closed."""
        if not known.is_open:
            # The close wrote its own probability.
            values.pop("probability", None)
        outcome = self.changed(known, values, operations.update_opportunity)
        if not known.is_open or self.mapping.duplicates in ("skip", "fill"):
            return outcome
        if status == Opportunity.Status.OPEN:
            if stage is None or stage == known.stage:
                return outcome
            self.trace.is_further = True
            return Outcome("updated", operations.move_to_stage(known, by=self.by, stage=stage))
        self._close(known, status, close)
        return Outcome("updated", known)

    def _close(self, opportunity: Opportunity, status: str, close: dict[str, Any]) -> None:
        if status == Opportunity.Status.OPEN:
            return
        self.trace.is_further = True
        if status == Opportunity.Status.WON:
            closed = operations.win(opportunity, by=self.by, **close)
        else:
            closed = operations.lose(opportunity, by=self.by, **close)
        if close["closed_on"] < timezone.localdate():
            noon = timezone.make_aware(datetime.combine(close["closed_on"], time(12)))
            back_date(closed, closed_at=noon)
            last = closed.moves.order_by("pk").last()
            if last is not None:
                back_date(last, at=noon)


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
            verdict if verdict.state != DONE else cls._entry(record, stage, missing)
            for record, verdict in zip(records, found, strict=True)
        ]

    @classmethod
    def _entry(cls, record: Any, stage: Stage, missing: dict[int, list[Step]]) -> Verdict:
        if record.stage.process_id != stage.process_id:
            return Verdict(REFUSED, _("It goes through another process."))
        if steps := missing[record.pk]:
            labels = ", ".join(f"{step.stage}: {step.label}" for step in steps)
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
