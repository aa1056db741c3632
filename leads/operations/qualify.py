"""Where a lead is qualified, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import NeedsDecision
from accounts.models import Account, Contact
from accounts.operations import identity
from activities.operations import share
from leads.errors import LeadIsClosed, RulesAreUnmet
from leads.models import Lead, Qualification, QualifiedOpportunity
from leads.operations.apart import dismiss_pair
from leads.operations.carrying import Arrivals, arrivals_of, column_mappings, kept_by
from leads.operations.disqualify import held
from leads.operations.duplicates import MOST_DUPLICATES, duplicates_of, give_up
from leads.operations.plan import Choice, Decision, Plan, Terms, decide
from leads.operations.reusing import CREATE, TO_ACCOUNT, TO_CONTACT, brought_up
from leads.rules import Verdicts, verdicts_for, with_rules
from opportunities.models import Bant, Opportunity
from opportunities.operations import open_opportunity
from records import audit
from records.errors import Busy, IsInBin, Refused, Stale, Unacceptable
from records.operations import (
    operation,
    row_of,
    run_atomically,
    save_changed,
    save_new,
    settled,
    stale_sentence,
    values_of,
)
from records.operations.tags import put_on
from records.permissions import reaches, require, require_any

if TYPE_CHECKING:
    from records.models import AuditEntry, TimelineRecord
    from users.models import User

BANT = tuple(column.name for column in Bant._meta.get_fields())
TO_OPPORTUNITY = (*BANT, "source", "campaign", "utm", "description")


@dataclass(frozen=True)
class Qualified:
    """What a lead has become. `is_repeat` says that it had become so before."""

    qualification: Qualification
    lead: Lead
    account: Account | None
    contact: Contact | None
    opportunities: tuple[Opportunity, ...]
    is_repeat: bool = False


class TakenBack(Exception):
    """Ends a transaction of which nothing is to stay."""


def qualify(lead: Lead, *, by: User, plan: Plan | None = None) -> Qualified:
    """Turn a lead into an account, a contact and opportunities, as `plan` says.

    Records that exist already are used; twins are never made. Either all of it happens or none.
    Asked again, whoever asks gets what came of the first time. Raises `RulesAreUnmet`,
    `LeadIsClosed` for a disqualified lead, `Stale`, and `NeedsDecision` when only a person can say
    which record is meant: then the lead is marked so, and nothing else happens.
    """
    try:
        return _qualify(lead, plan or Plan(), by=by)
    except NeedsDecision as question:
        park(lead, str(question))
        raise


def refusal_of(lead: Lead, *, by: User, plan: Plan) -> Refused | None:
    """Say why `qualify` by this plan would refuse now; None where it would not. Nothing stays.

    It is done and taken back in one transaction: what the database would refuse is told, too.
    """

    def attempt() -> None:
        _qualify(lead, plan, by=by)
        raise TakenBack

    try:
        run_atomically(attempt)
    except TakenBack:
        return None
    except Busy:
        raise
    except Refused as refusal:
        return refusal
    raise AssertionError("unreachable")


@operation
def _qualify(lead: Lead, plan: Plan, *, by: User) -> Qualified:
    # One more than may be closed tells that there are too many; the others need no lock.
    others = held(lead.pk, *plan.duplicates[: MOST_DUPLICATES + 1]) if plan.duplicates else []
    lead = _locked(lead, by=by)
    if lead.status == Lead.Status.QUALIFIED:
        return outcome_of(lead)
    _refuse_wrong_state(lead, plan)
    verdicts = _refuse_unmet_rules(lead, plan, by=by)
    duplicates = duplicates_of(lead, plan, others, by=by)

    identity.hold(_locks(lead))
    decision = decide(lead, plan, by=by)
    _refuse_open_questions(decision)
    arrivals = arrivals_of(lead, decision, plan, by=by)
    frozen = values_of(lead)
    kept = kept_by(lead, decision, plan, arrivals, by=by)
    before: dict[str, Any] = {"account": {}, "contact": {}}
    if duplicates:
        before["duplicates"] = [other.pk for other in duplicates]
    owner = lead.owner or by
    account = _account(lead, decision, plan, arrivals, owner=owner, by=by, before=before["account"])
    contact = _contact(
        lead, decision, plan, account, arrivals, owner=owner, by=by, before=before["contact"]
    )
    _claim(plan, decision, account, contact)
    trail: list[AuditEntry] = []
    opportunities = _opportunities(
        lead, plan, account, contact, arrivals, owner=owner, by=by, trail=trail
    )
    made = _made(decision, plan, account, contact, opportunities)
    if lead.has_tags:  # type: ignore[attr-defined]  # annotated by `_locked`
        tags = list(lead.tags.all())
        for record in made:
            put_on(record, tags)

    lead.status = Lead.Status.QUALIFIED
    lead.qualified_at = timezone.now()
    lead.cycles += 1
    lead.account, lead.contact = account, contact
    lead.needs_decision = ""
    save_changed(lead, by=by)
    qualification = Qualification.objects.create(
        lead=lead,
        seq=lead.cycles,
        at=lead.qualified_at,
        by=by,
        account=account,
        contact=contact,
        rule_version=verdicts.version,
        override_reason=plan.override_reason,
        plan=audit.plain(plan.as_data()),
        result=_answer(lead, decision, account, contact, opportunities),
        before=before,
        after=_versions(lead, account, contact, opportunities),
        frozen=frozen,
        carried=arrivals.as_data(),
        kept=kept,
    )
    _link(qualification, plan, opportunities)
    targets: list[TimelineRecord] = [r for r in (account, contact, *opportunities) if r]
    share(
        lead,
        targets=targets,
        via=f"qualification:{qualification.pk}",
        alike=made,
    )
    audit.write(
        *trail,
        *(
            audit.entry(record, f"{record._meta.model_name}.created", by=by)
            for record, choice in ((account, decision.account), (contact, decision.contact))
            if record is not None and choice.outcome == "created"
        ),
        audit.entry(
            lead,
            "lead.qualified",
            by=by,
            changes={
                "status": ["open", "qualified"],
                "account": [None, account],
                "contact": [None, contact],
                "opportunities": [[], opportunities],
            },
            reason=plan.override_reason,
        ),
    )
    give_up(duplicates, lead, by=by)
    # The last: whoever joins two pairs holds other records before.
    for other in decision.apart:
        dismiss_pair(lead, other, by=by)
    return Qualified(qualification, lead, account, contact, tuple(opportunities))


@operation
def park(lead: Lead, question: str) -> None:
    """Mark an open lead as one that only a person can decide about; again changes nothing."""
    Lead.objects.open().filter(pk=lead.pk).update(needs_decision=question[:300])


def outcome_of(lead: Lead) -> Qualified:
    """Return what a qualified lead has become, to everybody who asks again."""
    qualification = (
        Qualification.objects.select_related("account", "contact")
        .filter(lead=lead)
        .exclude(state=Qualification.State.UNDONE)
        .latest("seq")
    )
    links = qualification.opportunity_links.select_related("opportunity").order_by("pk")
    return Qualified(
        qualification,
        lead,
        qualification.account,
        qualification.contact,
        tuple(link.opportunity for link in links),
        is_repeat=True,
    )


def _locked(lead: Lead, *, by: User) -> Lead:
    rows = with_rules(Lead.all_objects.select_for_update(of=("self",))).annotate(
        has_products=Exists(Lead.products.through.objects.filter(lead=OuterRef("pk"))),
        has_tags=Exists(Lead.tags.through.objects.filter(lead=OuterRef("pk"))),
        has_mappings=Exists(column_mappings()),
    )
    # An account or a contact is picked on few leads: they are read where one is.
    current: Lead = row_of(lead, rows.select_related("owner", "source", "campaign"))
    settled(current, "owner", "source", "campaign")
    require(by, "qualify", current)
    return current


def _refuse_wrong_state(lead: Lead, plan: Plan) -> None:
    if lead.is_in_bin:
        raise IsInBin(_("%(lead)s is in the recycle bin. Restore it first.") % {"lead": lead})
    if not lead.is_open:
        raise LeadIsClosed(
            _("%(lead)s is disqualified. Reopen it before you qualify it.") % {"lead": lead}
        )
    if plan.lead_version is not None and plan.lead_version != lead.version:
        raise Stale(
            stale_sentence(lead, plan.lead_version),
            version=lead.version,
            theirs=values_of(lead),
            by=str(lead.changed_by or ""),
            at=lead.changed_at,
        )


def _refuse_unmet_rules(lead: Lead, plan: Plan, *, by: User) -> Verdicts:
    verdicts = verdicts_for(lead, by=by)
    if not verdicts.may_qualify and not (plan.override_reason and reaches(by, "override", lead)):
        raise RulesAreUnmet(
            _("%(lead)s cannot be qualified yet.") % {"lead": lead},
            unmet=verdicts.unmet,
            reasons=verdicts.reasons,
        )
    return verdicts


def _locks(lead: Lead) -> list[str]:
    picked = [lead.account.name] if lead.account else []
    return [
        *identity.company_locks(lead.company, *picked),
        *identity.person_locks(lead.email, name_key=lead.name_key),
    ]


def _refuse_open_questions(decision: Decision) -> None:
    for kind, choice in (("account", decision.account), ("contact", decision.contact)):
        if choice.outcome == "undecided":
            raise NeedsDecision(choice.question, kind=kind)


def _account(
    lead: Lead,
    decision: Decision,
    plan: Plan,
    arrivals: Arrivals,
    *,
    owner: User,
    by: User,
    before: dict[str, Any],
) -> Account | None:
    """Make the account that is decided on, or bring up the one that is there."""
    choice, custom = decision.account, arrivals.values_for("account")
    columns, mapped = arrivals.columns_for("account"), arrivals.mapped_in("account")
    if isinstance(choice.record, Account):
        return brought_up(
            choice.record, lead, plan.account, custom, before, columns, by=by, without=mapped
        )
    if choice.outcome == "skipped":
        return None
    account = Account(
        owner=owner,
        name=lead.company,
        currency=lead.currency,
        custom=custom,
        # Without a person the number is the company's.
        phone="" if lead.full_name else lead.phone,
        **{**_values(lead, TO_ACCOUNT), **columns},
        **lead.next_step_values,
    )
    require_any(by, "add", Account)
    save_new(account, by=by)
    return account


def _contact(
    lead: Lead,
    decision: Decision,
    plan: Plan,
    account: Account | None,
    arrivals: Arrivals,
    *,
    owner: User,
    by: User,
    before: dict[str, Any],
) -> Contact | None:
    """Make the contact that is decided on, or bring up the one that is there."""
    choice, custom = decision.contact, arrivals.values_for("contact")
    columns, mapped = arrivals.columns_for("contact"), arrivals.mapped_in("contact")
    if isinstance(choice.record, Contact):
        more: dict[str, Any] = dict(columns)
        if choice.record.account_id is None and account is not None:
            more["account"] = account
        if lead.do_not_contact and not choice.record.do_not_contact:
            more["do_not_contact"] = True
        return brought_up(
            choice.record, lead, plan.contact, custom, before, more, by=by, without=mapped
        )
    if choice.outcome == "skipped":
        return None
    contact = Contact(
        owner=owner,
        account=account,
        custom=custom,
        consent=lead.consent,
        do_not_contact=lead.do_not_contact,
        **{**_values(lead, TO_CONTACT), **columns},
        **lead.next_step_values,
    )
    require_any(by, "add", Contact)
    save_new(contact, by=by)
    return contact


def _made(
    decision: Decision,
    plan: Plan,
    account: Account | None,
    contact: Contact | None,
    opportunities: list[Opportunity],
) -> list[TimelineRecord]:
    """Return the records that there were not before."""
    made: list[TimelineRecord] = [
        record
        for record, choice in ((account, decision.account), (contact, decision.contact))
        if record is not None and choice.outcome == "created"
    ]
    opened = zip(plan.terms, opportunities, strict=True)
    return [*made, *(opportunity for terms, opportunity in opened if terms.opportunity is None)]


def _claim(
    plan: Plan, decision: Decision, account: Account | None, contact: Contact | None
) -> None:
    """Claim the identities of what was made; where a person chose to create, beside a twin."""
    made: dict[bool, list[Account | Contact]] = {True: [], False: []}
    if account is not None and decision.account.outcome == "created":
        made[plan.account.action == CREATE].append(account)
    if contact is not None and decision.contact.outcome == "created":
        made[plan.contact.action == CREATE].append(contact)
    for is_different, records in made.items():
        if records:
            identity.claim(records, is_different=is_different)


def _values(lead: Lead, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in names}


def _opportunities(
    lead: Lead,
    plan: Plan,
    account: Account | None,
    contact: Contact | None,
    arrivals: Arrivals,
    *,
    owner: User,
    by: User,
    trail: list[AuditEntry],
) -> list[Opportunity]:
    told: dict[str, Any] = {"owner": owner, "by": by, "trail": trail}
    has_products = lead.has_products  # type: ignore[attr-defined]  # annotated by `_locked`
    products = list(lead.products.all()) if plan.terms and has_products else []
    custom, columns = arrivals.values_for("opportunity"), arrivals.columns_for("opportunity")
    return [
        _joined(terms.opportunity, account, by=by)
        if terms.opportunity
        else _opened(lead, terms, account, contact, products, custom, columns, **told)
        for terms in plan.terms
    ]


def _link(qualification: Qualification, plan: Plan, opportunities: list[Opportunity]) -> None:
    QualifiedOpportunity.objects.bulk_create(
        QualifiedOpportunity(
            qualification=qualification,
            opportunity=opportunity,
            is_primary=place == 0,
            is_created=terms.opportunity is None,
        )
        for place, (terms, opportunity) in enumerate(zip(plan.terms, opportunities, strict=True))
    )


def _opened(
    lead: Lead,
    terms: Terms,
    account: Account | None,
    contact: Contact | None,
    products: list[Any],
    custom: dict[str, Any],
    columns: dict[str, Any],
    *,
    owner: User,
    by: User,
    trail: list[AuditEntry],
) -> Opportunity:
    said = terms.filled_from(lead, by=by)
    return open_opportunity(
        said.topic,
        by=by,
        owner=said.owner or owner,
        account=account,
        contact=contact,
        stage=said.stage,
        value=said.value,
        currency=said.currency,
        estimated_close_date=terms.close_date_for(lead),
        products=products,
        rate=lead.rate if said.currency == lead.currency else None,
        continues=lead,
        lines_of_trail=trail,
        custom=dict(custom),
        **{**_values(lead, TO_OPPORTUNITY), **columns},
    )


def _joined(opportunity: Opportunity, account: Account | None, *, by: User) -> Opportunity:
    """Return the open opportunity that the lead is added to."""
    current: Opportunity | None = (
        Opportunity.objects.permitted(by, "view").open().filter(pk=opportunity.pk).first()
    )
    if current is None or (account is not None and current.account_id != account.pk):
        raise Unacceptable(
            errors={"opportunities": [_("Choose an open opportunity of the same account.")]}
        )
    return current


def _answer(
    lead: Lead,
    decision: Decision,
    account: Account | None,
    contact: Contact | None,
    opportunities: list[Opportunity],
) -> dict[str, Any]:
    """Return the answer that every asker gets, without the addresses, which are the web's."""

    def part(choice: Choice, record: Account | Contact | None) -> dict[str, Any]:
        return {
            "id": record.pk if record else None,
            "outcome": choice.outcome,
            "reasons": list(choice.reasons),
        }

    return {
        "lead": lead.pk,
        "account": part(decision.account, account),
        "contact": part(decision.contact, contact),
        "opportunities": [opportunity.pk for opportunity in opportunities],
    }


def _versions(
    lead: Lead,
    account: Account | None,
    contact: Contact | None,
    opportunities: list[Opportunity],
) -> dict[str, Any]:
    """Return the versions that undo compares with."""
    return {
        "lead": lead.version,
        "account": account.version if account else None,
        "contact": contact.version if contact else None,
        "opportunities": {str(o.pk): o.version for o in opportunities},
    }
