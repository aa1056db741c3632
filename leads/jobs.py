"""Rows of a file that become leads, many leads qualified at once, and what rules bring about."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks import task

from accounts.errors import NeedsDecision
from accounts.jobs import ADDRESS, AccountImporter, ContactImporter, accounts_named
from accounts.models import Account, Contact
from leads import operations
from leads.models import DisqualifyReason, Lead, QualificationRuleSet
from leads.operations import Plan, Qualified
from leads.operations.converted import adopt_conversion
from leads.rules import RuleSet
from leads.rules.automatic import room_in, takeable
from opportunities.jobs import (
    BANT,
    CampaignImporter,
    OpportunityImporter,
    ProductImporter,
    ProductNaming,
)
from opportunities.models import Campaign, Opportunity, Source
from records.errors import Busy, Refused, Unacceptable
from records.operations import operation
from records.permissions import require_any
from users.operations import machine
from workbench.jobs import End, Job, JobLine, Kind, Line, Step, start
from workbench.operations import back_date
from workbench.transfer import Importer, LinkIsMissing, Outcome, as_flag, as_moment, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from users.models import User

log = logging.getLogger(__name__)
MOST_LEADS = 1_000
DONE, SKIPPED, REFUSED = JobLine.State.DONE, JobLine.State.SKIPPED, JobLine.State.REFUSED
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

    def settle(self, values: dict[str, Any]) -> Outcome:
        known = self.known(values)
        is_by_rules = values.get("owner.email", "").lower() == BY_RULES
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
        if not values.get("topic"):
            values["topic"] = self._topic_of(values)
        if known is not None:
            outcome = self._brought_up(
                known, values, owner, progress, Ending(reason, given_up_at, conversion)
            )
            return replace(outcome, warnings={**outcome.warnings, **warnings})

        twin, reasons = self._twin_of(values)
        alike = None
        if twin is None and self.mapping.duplicates != "create":
            alike, reasons = self._alike(values)
        policy = self.mapping.duplicates
        if twin is not None and policy == "update":
            outcome = self._brought_up(twin, values, None, progress, Ending(reason, given_up_at))
            return replace(outcome, of=twin, warnings=warnings)
        if twin is not None and policy != "create":
            return Outcome("duplicate", None, twin, reasons, warnings)
        self.require_filled(values, products=products)
        if progress:
            values["progress"] = progress
        if is_by_rules:
            lead = operations.capture_by_rules(by=self.by, products=products, **values)
        else:
            lead = operations.capture_lead(by=self.by, owner=owner, products=products, **values)
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
            return {}, {"converted": [f"{missing} The lead stays open."]}
        if account is None and contact is None and self.mapping.conversions == "link":
            return {}, {"converted": ["It is not said into what. The lead stays open."]}
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
            raise Unacceptable(
                errors={"status": [f"“{word}” is neither {allowed} nor a reason to disqualify."]}
            ) from None

    @staticmethod
    def _topic_of(values: dict[str, Any]) -> str:
        """Return what stands for a topic in a file that has none."""
        name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
        return str(values.get("company") or name or values.get("email") or values.get("phone", ""))

    def _twin_of(self, values: dict[str, Any]) -> tuple[Lead | None, tuple[str, ...]]:
        """Return the lead that says the same: person and company, and email or phone.

        Two rows with an id each are two leads where they come from, and so they are here.
        """
        if "identity" not in self.mapping.match:
            return None, ()
        draft = self._draft(values)
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
        twins = Lead.objects.filter(
            same, name_key=draft.name_key, company_key=draft.company_key
        ).select_related("owner")
        if draft.external_id:
            twins = twins.filter(external_id="")
        return twins.order_by("pk").first(), ("Same name, company and email or phone",)

    def _alike(self, values: dict[str, Any]) -> tuple[Lead | None, tuple[str, ...]]:
        """Return a lead with the same email: worth a look, but no reason to leave a row out."""
        draft = self._draft(values)
        if not draft.email_key or "identity" not in self.mapping.match:
            return None, ()
        alike = (
            Lead.objects.filter(email_key=draft.email_key)
            .select_related("owner")
            .order_by("pk")
            .first()
        )
        return alike, ("Same email",) if alike else ()

    @staticmethod
    def _draft(values: dict[str, Any]) -> Lead:
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
        elif progress:
            values["progress"] = progress
        outcome = self.changed(known, values, operations.update_lead)
        if not known.is_open or self.mapping.duplicates == "skip":
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
                return {"converted": [f"{question} The lead stays open."]}
        elif ending.reason is not None:
            closed = operations.disqualify(
                lead, by=self.by, reason=ending.reason, comment=CLOSED_ELSEWHERE
            )
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


# Many leads at once


def qualify_many(leads: Iterable[int], *, by: User, opens_opportunities: bool = True) -> Job:
    """Have the leads of these numbers qualified, in this order; the job tells what came of each.

    Raises `NotPermitted` for whom no lead may be qualified by, `Unacceptable` for no lead at all or
    more than 1,000.
    """
    require_any(by, "qualify", Lead)
    numbers = list(dict.fromkeys(leads))
    if not numbers:
        raise Unacceptable(errors={"leads": [_("Choose at least one lead.")]})
    if len(numbers) > MOST_LEADS:
        raise Unacceptable(
            errors={"leads": [_("Choose at most %(most)d leads at a time.") % {"most": MOST_LEADS}]}
        )
    return start(
        qualify_leads,
        by=by,
        title=ngettext("Qualify %(n)d lead", "Qualify %(n)d leads", len(numbers))
        % {"n": len(numbers)},
        total=len(numbers),
        leads=numbers,
        opens_opportunities=opens_opportunities,
    )


@Kind
def qualify_leads(job: Job) -> Step | End:
    """Qualify the next lead, or tell what stands in its way."""
    numbers, place = job.arguments["leads"], job.cursor.get("next", 0)
    if place == len(numbers):
        return End(_summary(job))
    plan = Plan() if job.arguments["opens_opportunities"] else Plan(opportunities=())
    return Step({"next": place + 1}, lines=(_line(numbers[place], plan, by=job.owner),))


def _line(number: int, plan: Plan, *, by: User) -> Line:
    leads = Lead.objects.permitted(by, "view").select_related("owner")
    lead: Lead | None = leads.filter(pk=number).first()
    if lead is None:
        text = _("There is no lead %(number)d that you can see.") % {"number": number}
        return Line(None, REFUSED, "not_found", text)
    try:
        done = operations.qualify(lead, by=by, plan=plan)
    except Busy:
        raise
    except Refused as refusal:
        return Line(lead, REFUSED, refusal.code, " ".join(refusal.reasons))
    if done.is_repeat:
        return Line(lead, SKIPPED, "already_qualified", _("It was qualified already."))
    return Line(lead, DONE, "qualified", _told(done))


def _told(done: Qualified) -> str:
    """Say what a lead has become, without names: others than `by` may read it."""
    words = {
        "account": {
            "created": _("Account created"),
            "reused": _("Linked to an account that was there"),
            "skipped": _("No account"),
        },
        "contact": {
            "created": _("contact created"),
            "reused": _("linked to a contact that was there"),
            "skipped": _("no contact"),
        },
    }
    result, count = done.qualification.result, len(done.opportunities)
    parts = [words[kind].get(result[kind]["outcome"], "") for kind in words]
    parts.append(
        ngettext("%(n)d opportunity opened", "%(n)d opportunities opened", count) % {"n": count}
        if count
        else _("no opportunity")
    )
    return ", ".join(part for part in parts if part) + "."


def _summary(job: Job) -> str:
    counts = dict(job.lines.order_by().values_list("state").annotate(count=Count("pk")))
    done, skipped, refused = (counts.get(state, 0) for state in (DONE, SKIPPED, REFUSED))
    told = [
        ngettext("%(n)d lead was qualified.", "%(n)d leads were qualified.", done) % {"n": done}
    ]
    if skipped:
        told.append(
            ngettext("%(n)d was so already.", "%(n)d were so already.", skipped) % {"n": skipped}
        )
    if refused:
        told.append(
            ngettext(
                "%(n)d could not be: the report says why.",
                "%(n)d could not be: the report says why.",
                refused,
            )
            % {"n": refused}
        )
    return " ".join(told)


# The rules

MOST_AT_ONCE = 500


@task()
def refresh() -> int:
    """Look at all open leads once more: are they ready, by the rules as they are now?

    A transaction for each few hundred that changed; killed in between, the next time does the rest.
    Returns how often something had changed.
    """
    by, rounds = machine(), 0
    after = operations.refresh_readiness(by=by)
    while after is not None:
        rounds += 1
        after = operations.refresh_readiness(by=by, after=after)
    return rounds


@task()
def automate() -> int:
    """Qualify what may be qualified without a hand by now; return how many leads that were."""
    return qualify_ready()


def qualify_ready() -> int:
    """Do what `automate` says here and now: each lead in a transaction of its own.

    Killed in between, the next time does the rest. One that goes wrong stops no other.
    """
    by = machine()
    rule_set = QualificationRuleSet.objects.active().filter(is_automatic=True).first()
    if rule_set is None:
        return 0
    rules = RuleSet(rule_set.number, rule_set.rules, by=by)
    count = 0
    for lead in takeable(rules)[:MOST_AT_ONCE]:
        if not room_in(rule_set):
            break
        try:
            line = operations.qualify_automatically(lead, by=by)
        except (Busy, DatabaseError):
            # The database asks for patience: the lead waits where it is.
            log.warning("Lead %s could not be qualified now.", lead.pk, exc_info=True)
        except Exception:
            log.exception("Lead %s could not be qualified.", lead.pk)
            operations.note_failure(lead)
        else:
            count += line is not None and line.outcome == line.Outcome.QUALIFIED
    return count


@operation
def activate(
    draft: QualificationRuleSet, *, by: User, version: int | None = None
) -> QualificationRuleSet:
    """Put the rules into force, and have all open leads looked at by them."""
    active = operations.activate_rules(draft, by=by, version=version)
    refresh.enqueue()
    return active
