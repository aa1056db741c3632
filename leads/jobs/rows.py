"""Rows of a file that become leads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import NeedsDecision
from accounts.jobs import ADDRESS, AccountImporter, ContactImporter, accounts_named
from accounts.models import Account, Contact
from leads import operations
from leads.jobs.batch import LeadBatch
from leads.models import DisqualifyReason, Lead
from leads.operations.converted import adopt_conversion
from opportunities.jobs import (
    BANT,
    CampaignImporter,
    OpportunityImporter,
    ProductImporter,
    ProductNaming,
)
from opportunities.models import Campaign, Opportunity, Source
from records.errors import Unacceptable
from workbench.operations import back_date
from workbench.transfer import Importer, LinkIsMissing, Outcome, as_flag, as_moment, as_text

if TYPE_CHECKING:
    from datetime import datetime

CONVERTED_ELSEWHERE = "Converted in another system"
# In the place of an owner: the assignment rules say who gets a new lead.
BY_RULES = "rules"
CLOSED_ELSEWHERE = "Closed in the system that the file comes from"


@dataclass(frozen=True)
class Ending:
    """How a lead was closed where it comes from: why it was given up, or what it became."""

    reason: DisqualifyReason | None
    given_up_at: datetime | None
    conversion: dict[str, Any] = field(default_factory=dict)


class LeadImporter(ProductNaming):
    """Rows of leads.

    `status` takes new, working, nurturing, or a reason to disqualify. `converted` says that a lead
    was qualified elsewhere; its links say into what. Where the mapping makes conversions, a row
    without links becomes what a qualification finds or makes of it, without an opportunity.
    """

    kind = "lead"
    model = Lead
    columns = (
        "external_id",
        "topic",
        "salutation",
        "first_name",
        "last_name",
        "job_title",
        "email",
        "phone",
        "mobile",
        "company",
        "website",
        "industry",
        "employees",
        "annual_revenue",
        "currency",
        *ADDRESS,
        "rating",
        "description",
        *BANT,
        "estimated_value",
        "estimated_close_date",
        "consent",
        "do_not_contact",
        "do_not_automate",
        "created_at",
    )
    extras = {
        "account.external_id": as_text,
        "account.name": as_text,
        "contact.external_id": as_text,
        "opportunity.external_id": as_text,
        "converted": as_flag,
        "converted_at": as_moment,
        "status": as_text,
        "status_reason": as_text,
        "disqualify_reason": as_text,
        "disqualified_at": as_moment,
        "source": as_text,
        "campaign": as_text,
        "product.name": as_text,
    }
    exports = {
        "status": "status",
        "status_reason": "progress",
        "disqualify_reason": "disqualify_reason__key",
        "disqualified_at": "disqualified_at",
        "converted_at": "qualified_at",
        "account.external_id": "account__external_id",
        "account.name": "account__name",
        "contact.external_id": "contact__external_id",
        "source": "source__key",
        "campaign": "campaign__key",
    }
    grows = ("source", "campaign")
    SAME_PERSON = gettext_lazy("Same name, company and email or phone")

    def batch(self, chunk: list[dict[str, Any]]) -> LeadBatch:
        return LeadBatch(self, chunk)

    @staticmethod
    def is_by_rules(values: dict[str, Any]) -> bool:
        """Say whether a row leaves its owner to the assignment rules."""
        return bool(values.get("owner.email", "").lower() == BY_RULES)

    def settle(self, values: dict[str, Any]) -> Outcome:
        known = self.known(values)
        is_by_rules = self.is_by_rules(values)
        if is_by_rules:
            del values["owner.email"]
        owner = self.owner_in(values)
        conversion, warnings = self._conversion_in(values)
        for name, model in (("source", Source), ("campaign", Campaign)):
            if text := values.pop(name, ""):
                values[name] = self.choice(name, text, model)
        products = self.products_in(values)
        given_up_at = values.pop("disqualified_at", None)
        progress, reason = self._state_in(values)
        if known is not None:
            outcome = self._brought_up(
                known, values, owner, progress, Ending(reason, given_up_at, conversion)
            )
            return replace(outcome, warnings={**outcome.warnings, **warnings})

        draft = self.draft(values)
        twin, reasons = self.twin_of(draft)
        alike = None
        if twin is None and self.mapping.duplicates != "create":
            alike, reasons = self._alike(draft)
        policy = self.mapping.duplicates
        if twin is not None and self.may_bring_up(twin):
            outcome = self._brought_up(twin, values, None, progress, Ending(reason, given_up_at))
            return replace(outcome, of=twin, warnings=warnings)
        if twin is not None and policy != "create":
            return Outcome("duplicate", None, twin, reasons, warnings)
        if not values.get("topic"):
            values["topic"] = self.topic_of(values)
        self.require_filled(values, products=products)
        if progress:
            values["progress"] = progress
        if is_by_rules:
            lead = operations.capture_by_rules(
                by=self.by, takes_turn=not self.is_dry, products=products, **values
            )
        else:
            lead = operations.capture_lead(by=self.by, owner=owner, products=products, **values)
        self.made(lead)
        warnings |= self._close(lead, Ending(reason, given_up_at, conversion))
        return Outcome("duplicate" if alike else "new", lead, alike, reasons, warnings)

    def _conversion_in(self, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """Take out what a lead was converted into: keywords of `adopt_conversion`, and warnings.

        A lead whose new records did not come along stays open, and its row says so.
        """
        is_converted = values.pop("converted", False) or (
            values.get("status", "").lower() == Lead.Status.QUALIFIED
        )
        at = values.pop("converted_at", None)
        opportunity_id = values.pop("opportunity.external_id", "")
        if not is_converted:
            for name, model, by_name in (
                ("account", Account, accounts_named),
                ("contact", Contact, None),
            ):
                record = self.linked(values, name, model, by_name)
                if record is not None:
                    values[name] = record
            return {}, {}
        try:
            account = self.linked(values, "account", Account, accounts_named)
            contact = self.linked(values, "contact", Contact)
            opportunity = self.linked(
                {"opportunity.external_id": opportunity_id}, "opportunity", Opportunity
            )
        except LinkIsMissing as missing:
            for name in ("account.external_id", "account.name", "contact.external_id"):
                values.pop(name, None)
            return {}, {"converted": [_("%(reason)s The lead stays open.") % {"reason": missing}]}
        if account is None and contact is None and self.mapping.conversions == "link":
            return {}, {"converted": [_("It is not said into what. The lead stays open.")]}
        return {
            "account": account,
            "contact": contact,
            "opportunity": opportunity,
            "at": at,
        }, {}

    def _state_in(self, values: dict[str, Any]) -> tuple[str, DisqualifyReason | None]:
        """Take status and reason out of the values: how far it is, or why it was given up."""
        status = values.pop("status", "").lower()
        detail = values.pop("status_reason", "")
        named = values.pop("disqualify_reason", "")
        if status == Lead.Status.DISQUALIFIED:
            return "", self.choice(
                "disqualify_reason", named or detail or "other", DisqualifyReason
            )
        word = status if status not in {"", *Lead.Status.values} else detail
        if not word or word.lower() in Lead.Status.values:
            return "", None
        if word.lower() in Lead.Progress.values:
            return word.lower(), None
        try:
            return "", self.choice("disqualify_reason", word, DisqualifyReason)
        except LinkIsMissing:
            allowed = ", ".join(Lead.Progress.values)
            told = _("“%(word)s” is neither %(allowed)s nor a reason to disqualify.")
            raise Unacceptable(
                errors={"status": [told % {"word": word, "allowed": allowed}]}
            ) from None

    @staticmethod
    def topic_of(values: dict[str, Any]) -> str:
        """Return what stands for a topic in a file that has none."""
        name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
        return str(values.get("company") or name or values.get("email") or values.get("phone", ""))

    def twin_of(self, draft: Lead) -> tuple[Lead | None, tuple[str, ...]]:
        """Return the lead that says the same: person and company, and email or phone.

        Two rows with an id each are two leads where they come from, and so they are here.
        """
        if "identity" not in self.mapping.match:
            return None, ()
        if not (draft.name_key and draft.company_key):
            return None, ()
        same = Q()
        if draft.email_key:
            same |= Q(email_key=draft.email_key)
        if draft.phone_key:
            same |= Q(phone_key=draft.phone_key)
        if draft.mobile_key:
            same |= Q(mobile_key=draft.mobile_key)
        if not same:
            return None, ()
        twins = Lead.objects.filter(same, name_key=draft.name_key, company_key=draft.company_key)
        if draft.external_id:
            twins = twins.filter(external_id="")
        # Most rows have none, and a column is asked for more quickly than all of a lead.
        number = twins.order_by("pk").values_list("pk", flat=True).first()
        twin = Lead.objects.select_related("owner").filter(pk=number).first() if number else None
        return twin, (str(self.SAME_PERSON),) if twin else ()

    def _alike(self, draft: Lead) -> tuple[Lead | None, tuple[str, ...]]:
        """Return a lead with the same email: worth a look, but no reason to leave a row out."""
        if not draft.email_key or "identity" not in self.mapping.match:
            return None, ()
        alike = (
            Lead.objects.filter(email_key=draft.email_key)
            .select_related("owner")
            .order_by("pk")
            .first()
        )
        return alike, (_("Same email"),) if alike else ()

    @staticmethod
    def draft(values: dict[str, Any]) -> Lead:
        """Return a lead that knows only by what its twin would be found."""
        names = ("external_id", "first_name", "last_name", "company", "email", "phone", "mobile")
        draft = Lead(**{name: values.get(name, "") for name in names})
        draft.country = values.get("country", "")
        draft.derive()
        return draft

    def _brought_up(
        self,
        known: Lead,
        values: dict[str, Any],
        owner: Any,
        progress: str,
        ending: Ending,
    ) -> Outcome:
        """Bring a lead that is here to what the row says; one that was closed here stays closed."""
        if owner is not None:
            values["owner"] = owner
        if not known.is_open:
            # Qualifying chose its own account and contact.
            values.pop("account", None)
            values.pop("contact", None)
        elif progress and self.mapping.duplicates != "fill":
            values["progress"] = progress
        outcome = self.changed(known, values, operations.update_lead)
        if not known.is_open or self.mapping.duplicates in ("skip", "fill"):
            return outcome
        if ending.reason is not None or ending.conversion:
            warnings = self._close(known, ending)
            return replace(outcome, warnings=warnings) if warnings else Outcome("updated", known)
        return outcome

    def _close(self, lead: Lead, ending: Ending) -> dict[str, list[str]]:
        """Close a lead as it was elsewhere; return the warning when only a person can do so."""
        if ending.conversion:
            try:
                adopt_conversion(lead, by=self.by, reason=CONVERTED_ELSEWHERE, **ending.conversion)
            except NeedsDecision as question:
                return {"converted": [_("%(reason)s The lead stays open.") % {"reason": question}]}
            self.trace.is_further = True
        elif ending.reason is not None:
            closed = operations.disqualify(
                lead, by=self.by, reason=ending.reason, comment=CLOSED_ELSEWHERE
            )
            self.trace.is_further = True
            if ending.given_up_at is not None:
                back_date(closed, disqualified_at=ending.given_up_at)
        return {}


EXPORTED: dict[str, type[Importer]] = {
    importer.kind: importer
    for importer in (AccountImporter, ContactImporter, LeadImporter, OpportunityImporter)
}
IMPORTERS: dict[str, type[Importer]] = {
    **EXPORTED,
    **{importer.kind: importer for importer in (ProductImporter, CampaignImporter)},
}
