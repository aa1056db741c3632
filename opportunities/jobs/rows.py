"""Rows of a file that become opportunities, products or campaigns."""

from __future__ import annotations

from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.jobs import accounts_named
from accounts.models import Account, Contact
from activities.operations import add_task
from opportunities import operations
from opportunities.jobs.batch import OpportunityBatch
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
from records.errors import Unacceptable
from records.operations import save_setting
from workbench.operations import add_choice, find_choice
from workbench.transfer import Importer, Outcome, as_date, as_money, as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from users.models import User

BANT = tuple(column.name for column in Bant._meta.get_fields())
NOT_RECORDED = "Not recorded"


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
        stage, status = self.stage_and_status(values)
        close = self.close_in(values, status, choice=self.choice)
        next_step = values.pop("next_step", "")
        products = self.products_in(values)
        if known is not None:
            if owner is not None:
                values["owner"] = owner
            return self._brought_up(known, values, stage, status, close)

        self.require_filled(values, products=products, stage=stage)
        opportunity = operations.open_opportunity(
            values.pop("topic", ""),
            by=self.by,
            owner=owner or self.by,
            stage=stage,
            products=products,
            opened_at=values.pop("created_at", None),
            **values,
        )
        self.made(opportunity)
        if next_step and status == Opportunity.Status.OPEN:
            self.made(add_task(opportunity, by=self.by, subject=next_step[:200]))
        self._close(opportunity, status, close)
        return Outcome("new", opportunity)

    def batch(self, chunk: list[dict[str, Any]]) -> OpportunityBatch:
        return OpportunityBatch(self, chunk)

    @cached_property
    def stages(self) -> list[Stage]:
        """The stages that a row may name: those of the default process."""
        whose = Process.objects.filter(is_default=True).first()
        stages = Stage.objects.for_opportunities().filter(process=whose)
        return list(stages.select_related("process").order_by("position"))

    def stage_and_status(self, values: dict[str, Any]) -> tuple[Stage | None, str]:
        """Take the stage and the status out of the values; a stage may be called won or lost."""
        text, status = values.pop("stage", ""), values.pop("status", "").lower()
        if text.lower() in {"won", "lost"}:
            text, status = "", text.lower()
        if status and status not in Opportunity.Status.values:
            allowed = ", ".join(Opportunity.Status.values)
            told = _("“%(text)s” is not one of %(allowed)s.")
            words = {"text": status, "allowed": allowed}
            raise Unacceptable(errors={"status": [told % words]})
        if not text:
            # What was closed elsewhere went the whole way, as far as we know.
            is_closed = self.stages and status in {"won", "lost"}
            return (self.stages[-1] if is_closed else None), status or "open"
        for stage in self.stages:
            if text.lower() in {stage.key.lower(), stage.name.lower()}:
                return stage, status or "open"
        names = ", ".join([*(stage.key for stage in self.stages), "won", "lost"])
        told = _("“%(text)s” is not one of %(allowed)s.")
        raise Unacceptable(errors={"stage": [told % {"text": text, "allowed": names}]})

    def close_in(
        self, values: dict[str, Any], status: str, *, choice: Callable[..., Any]
    ) -> dict[str, Any]:
        """Take what is said about the end of an opportunity out of the values; nothing of an open
        one.

        `choice` finds the lines of lists. What ended on a day before today, ended at its noon.
        """
        reason, lost_to = values.pop("loss_reason", ""), values.pop("lost_to", "")
        closed_on, actual = values.pop("closed_on", None), values.pop("actual_value", None)
        if status == Opportunity.Status.OPEN:
            return {}
        today = timezone.localdate()
        closed_on = min(closed_on or values.get("estimated_close_date") or today, today)
        if actual is None and status == Opportunity.Status.WON:
            actual = values.get("value")
        noon = timezone.make_aware(datetime.combine(closed_on, time(12)))
        close: dict[str, Any] = {"closed_at": noon if closed_on < today else None}
        if actual is not None:
            close["actual_value"] = actual
        close["closed_on"] = closed_on
        if status == Opportunity.Status.LOST:
            close["loss_reason"] = choice("loss_reason", reason or NOT_RECORDED, LossReason)
            if lost_to:
                close["lost_to"] = choice("lost_to", lost_to, Competitor)
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
        terms = dict(close)
        if status == Opportunity.Status.WON:
            operations.win(opportunity, by=self.by, **terms)
        else:
            operations.lose(opportunity, by=self.by, reason=terms.pop("loss_reason"), **terms)
