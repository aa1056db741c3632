"""The rows of a chunk that are plainly new opportunities, open or closed already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.jobs import AccountsNamed
from accounts.models import Contact
from opportunities.models import Campaign, Opportunity, Source
from opportunities.operations.closing import Ending, drawn_to_close, write_closed
from opportunities.operations.opening import Draft, drawn_up, write_opened
from opportunities.rules import opening_stages, rate_of
from records.permissions import require
from workbench.transfer import Batch

if TYPE_CHECKING:
    from decimal import Decimal

    from opportunities.models import Stage
    from workbench.transfer.undo import Trace

# A row that says one of these has more to it than a new opportunity.
SPECIAL = frozenset({"id", "next_step"})


@dataclass(frozen=True)
class Deal:
    """An opportunity to be opened, and how it is to be closed at once, if it is."""

    draft: Draft
    status: str
    close: dict[str, Any]


class OpportunityBatch(Batch):
    """Draws up the opportunities of a chunk, and how those end that have ended."""

    special = SPECIAL
    related = ("owner", "account", "contact", "stage", "source", "campaign")

    def look_up(self, chunk: list[dict[str, Any]]) -> None:
        self.accounts = AccountsNamed(self.importer, chunk, "account")
        wanted = {v["contact.external_id"] for v in chunk if v.get("contact.external_id")}
        self.contacts: dict[str, Contact] = {}
        if wanted:
            rows = Contact.objects.permitted(self.by, "view").filter(external_id__in=wanted)
            held = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
            self.contacts = {each.external_id: each for each in held}
        self.stages: list[Stage] = list(opening_stages())
        self.rates: dict[str, Decimal] = {}

    def fields_in(self, values: dict[str, Any], *, is_new: bool = True) -> dict[str, Any] | None:
        importer = self.importer
        owner = importer.owner_in(values)
        external_id, text = values.pop("account.external_id", ""), values.pop("account.name", "")
        if external_id or text:
            values["account"] = self.accounts.of(external_id, text)
        if external_id := values.pop("contact.external_id", ""):
            values["contact"] = self.contacts.get(external_id)
        for name, model in (("source", Source), ("campaign", Campaign)):
            if text := values.pop(name, ""):
                values[name] = importer.standing_choice(name, text, model)
        if any(values.get(n, "") is None for n in ("account", "contact", "source", "campaign")):
            return None
        stage, status = importer.stage_and_status(values)
        close = importer.close_in(values, status, choice=importer.standing_choice)
        if close.get("loss_reason", "") is None or close.get("lost_to", "") is None:
            return None
        products = importer.products_in(values)
        if is_new:
            importer.require_filled(values, products=products, stage=stage)
        tags = self.tags_of(values)
        if tags is None:
            return None
        ending = {"stage": stage, "status": status, "close": close, "products": products}
        return {**values, **ending, "owner": owner, "tags": tags}

    def is_like(self, known: Opportunity, fields: dict[str, Any]) -> bool:
        stage, status = fields.pop("stage"), fields.pop("status")
        del fields["close"], fields["products"]
        if not known.is_open:
            # The close wrote its own probability, and nothing reopens it.
            fields.pop("probability", None)
        elif status != Opportunity.Status.OPEN or stage not in (None, known.stage):
            return False
        return super().is_like(known, fields)

    def draw_up(self, fields: dict[str, Any]) -> Deal:
        status, close, owner = fields.pop("status"), fields.pop("close"), fields.pop("owner")
        topic, opened_at = fields.pop("topic", ""), fields.pop("created_at", None)
        draft = drawn_up(
            topic,
            by=self.by,
            owner=owner or self.by,
            opened_at=opened_at,
            stages=self.stages,
            rate=self._rate_of(fields.get("currency", "")),
            **fields,
        )
        if status != Opportunity.Status.OPEN:
            require(self.by, "close", draft.opportunity)
        return Deal(draft, status, close)

    def _rate_of(self, currency: str) -> Decimal | None:
        if currency and currency not in self.rates:
            self.rates[currency] = rate_of(currency)
        return self.rates.get(currency)

    def insert(self, drafts: list[Deal]) -> list[Opportunity]:
        write_opened([deal.draft for deal in drafts], by=self.by)
        closed = [deal for deal in drafts if deal.status != Opportunity.Status.OPEN]
        write_closed([self._ending_of(deal) for deal in closed], by=self.by)
        return [deal.draft.opportunity for deal in drafts]

    @staticmethod
    def _ending_of(deal: Deal) -> Ending:
        opportunity, terms = deal.draft.opportunity, dict(deal.close)
        at = terms.pop("closed_at")
        return drawn_to_close(opportunity, deal.status, terms=terms, at=at)

    def note(self, trace: Trace, record: Opportunity, draft: Deal) -> None:
        super().note(trace, record, draft)
        trace.is_further = draft.status != Opportunity.Status.OPEN
        trace.is_in_hand = True
