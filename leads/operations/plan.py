"""What is asked for when a lead is to be qualified, and what would come of it.

`decide` is the one place that says which account and contact a qualification uses or makes: the
preview shows its answer, the qualification carries it out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from accounts.matching import Match
from accounts.models import Account, Contact
from leads.matching import matches_for
from leads.operations.apart import told_apart
from leads.operations.reusing import AUTO, SKIP, USE, Target, refuse_bad_choices
from records.errors import Unacceptable
from records.permissions import hidden_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from leads.models import Lead
    from opportunities.models import Opportunity, Stage
    from records.models import TimelineRecord
    from users.models import User

MOST_OPPORTUNITIES = 5


class Origin(Enum):
    """Where a term comes from that was not said."""

    LEAD = "lead"


FROM_LEAD: Final = Origin.LEAD


def budget_for(viewer: User, lead: Lead) -> Decimal | None:
    """Return the budget of a lead; nothing where the roles of `viewer` hide it."""
    is_hidden = "budget_amount" in hidden_fields(viewer, "lead")
    return None if is_hidden else lead.budget_amount


@dataclass(frozen=True)
class Terms:
    """The terms of one opportunity; what is not said is taken from the lead.

    An empty name, currency, stage or owner counts as not said. A value or a date of None is said:
    the opportunity has none, except that lines still add up to a value.
    With `opportunity` the lead joins one that is open already instead of opening another.
    """

    topic: str = ""
    value: Decimal | Origin | None = FROM_LEAD
    currency: str = ""
    estimated_close_date: date | Origin | None = FROM_LEAD
    stage: Stage | None = None
    owner: User | None = None
    opportunity: Opportunity | None = None

    def filled_from(self, lead: Lead, *, by: User) -> Terms:
        """Return the terms with what the lead says where nothing was said."""
        return replace(
            self,
            topic=self.topic or lead.topic,
            value=self.value_for(lead, by=by),
            currency=self.currency or lead.currency,
            estimated_close_date=self.close_date_for(lead),
        )

    def value_for(self, lead: Lead, *, by: User) -> Decimal | None:
        """Return the value of the opportunity that this lead becomes.

        A budget that is hidden from `by` does not become a value that they see.
        """
        if self.value is not FROM_LEAD:
            return self.value
        return lead.estimated_value if lead.estimated_value is not None else budget_for(by, lead)

    def close_date_for(self, lead: Lead) -> date | None:
        """Return when the opportunity that this lead becomes is to be closed."""
        if self.estimated_close_date is not FROM_LEAD:
            return self.estimated_close_date
        return lead.estimated_close_date

    def as_data(self) -> dict[str, Any]:
        """Return the terms as they are kept; what comes from the lead is left out."""
        data = {
            "topic": self.topic,
            "value": self.value,
            "currency": self.currency,
            "estimated_close_date": self.estimated_close_date,
            "stage": self.stage.key if self.stage else None,
            "owner": self.owner.pk if self.owner else None,
            "opportunity": self.opportunity.pk if self.opportunity else None,
        }
        return {name: value for name, value in data.items() if value is not FROM_LEAD}


@dataclass(frozen=True)
class Plan:
    """How to qualify a lead. `opportunities` is None for one from the lead, () for none."""

    account: Target = field(default_factory=Target)
    contact: Target = field(default_factory=Target)
    opportunities: tuple[Terms, ...] | None = None
    override_reason: str = ""
    lead_version: int | None = None
    # Other leads of the same person that are given up as duplicates of this one along with it.
    duplicates: tuple[int, ...] = ()
    # Numbers of records, by kind (account, contact, lead), that are said to be others than are
    # meant: it is remembered along with it.
    apart: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def terms(self) -> tuple[Terms, ...]:
        return (Terms(),) if self.opportunities is None else self.opportunities

    def as_data(self) -> dict[str, Any]:
        """Return the plan as it is kept with the qualification."""
        return {
            "account": asdict(self.account),
            "contact": asdict(self.contact),
            "opportunities": None
            if self.opportunities is None
            else [terms.as_data() for terms in self.opportunities],
            "override_reason": self.override_reason,
            "duplicates": list(self.duplicates),
            "apart": {kind: list(numbers) for kind, numbers in self.apart.items() if numbers},
        }


@dataclass(frozen=True)
class Choice:
    """What is decided about the account or the contact, and why.

    `outcome` is created, reused, skipped or undecided; `record` is the one to reuse.
    """

    outcome: str
    record: Account | Contact | None = None
    reasons: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True)
class Decision:
    """What is decided about both, with the candidates that were looked at."""

    account: Choice
    contact: Choice
    account_match: Match[Account]
    contact_match: Match[Contact]
    # What the plan tells apart from the lead.
    apart: tuple[TimelineRecord, ...] = ()


def decide(lead: Lead, plan: Plan, *, by: User, is_similar_wanted: bool = False) -> Decision:
    """Say which account and contact a qualification by this plan uses or makes.

    At most five statements, and three more where the plan tells records apart. Who shows the
    candidates wants those too that are only similar.

    Raises `Unacceptable` when the plan names a record that does not exist for `by`, skips both, or
    tells apart what it uses, and `NotPermitted` where `by` may not tell anything from this lead.
    """
    others = told_apart(lead, plan.apart, by=by)
    companies, persons = matches_for(
        lead, is_similar_wanted=is_similar_wanted, told_apart=plan.apart
    )
    decision = replace(decided(lead, plan, companies, persons, by=by), apart=tuple(others))
    _refuse_contradiction(plan, decision)
    return decision


def _refuse_contradiction(plan: Plan, decision: Decision) -> None:
    used = [decision.account.record, decision.contact.record]
    closed = set(plan.duplicates) & set(plan.apart.get("lead", ()))
    for other in decision.apart:
        if other in used or (other.pk in closed and other._meta.model_name == "lead"):
            told = _("%(record)s is meant and is told apart: choose one of the two.")
            raise Unacceptable(errors={"apart": [told % {"record": other}]})


def decided(
    lead: Lead, plan: Plan, companies: Match[Account], persons: Match[Contact], *, by: User
) -> Decision:
    """Say what follows from the candidates. Raises `Unacceptable` as `decide` does."""
    contact = _contact_choice(lead, plan.contact, persons, by)
    account = _account_choice(lead, plan.account, companies, contact, by)
    if {account.outcome, contact.outcome} == {"skipped"}:
        raise Unacceptable(
            errors={"account": [_("Choose an account or a contact: a qualified lead has one.")]}
        )
    return Decision(account, contact, companies, persons)


def _contact_choice(lead: Lead, target: Target, match: Match[Contact], by: User) -> Choice:
    has_person = bool(lead.full_name or lead.email or lead.phone or lead.mobile)
    nobody = _("The lead names no person.")
    if target.action != AUTO:
        return _by_hand(Contact, target, match, by, missing="" if has_person else nobody)
    if lead.contact is not None and not lead.contact.is_in_bin:
        return Choice("reused", lead.contact, (_("Picked on the lead"),))
    return _by_match(match, by, missing="" if has_person else nobody)


def _account_choice(
    lead: Lead, target: Target, match: Match[Account], contact: Choice, by: User
) -> Choice:
    nothing = "" if lead.company else _("The lead names no company.")
    if target.action != AUTO:
        return _by_hand(Account, target, match, by, missing=nothing)
    if lead.account is not None and not lead.account.is_in_bin:
        return Choice("reused", lead.account, (_("Picked on the lead"),))
    known = contact.record.account if isinstance(contact.record, Contact) else None
    if known is not None and not known.is_in_bin:
        # The person decides: a contact is never moved to another company unasked.
        return Choice(
            "reused", known, (_("Account of the contact"), *match.reasons_for(known, by=by))
        )
    return _by_match(match, by, missing=nothing)


def _by_hand(
    model: type[Account] | type[Contact],
    target: Target,
    match: Match[Any],
    by: User,
    *,
    missing: str,
) -> Choice:
    """Return what a person chose. `missing` says why there is nothing to create from, if so."""
    kind = str(model._meta.model_name)
    if target.action == SKIP:
        return Choice("skipped", reasons=(_("Skipped by choice"),))
    if target.action == USE:
        record = _named(model, target, kind, by)
        refuse_bad_choices(record, target, by=by)
        return Choice("reused", record, (_("Chosen by hand"), *match.reasons_for(record, by=by)))
    if missing:
        raise Unacceptable(errors={kind: [missing + " " + _("Choose one, or skip it.")]})
    return Choice("created", reasons=(_("Created by choice"),))


def _by_match(match: Match[Any], by: User, *, missing: str) -> Choice:
    """Return what follows when nobody chose."""
    if match.decided is not None:
        return Choice("reused", match.decided, tuple(match.reasons_for(match.decided, by=by)))
    if match.undecided:
        return Choice("undecided", question=match.undecided)
    if missing:
        return Choice("skipped", reasons=(missing,))
    return Choice("created", reasons=(_("No match found"),))


def _named(model: type[Any], target: Target, name: str, by: User) -> Any:
    """Return the record that the plan names, if `by` may see it."""
    record = (
        model.objects.permitted(by, "view").for_list().filter(pk=target.id).first()
        if target.id is not None
        else None
    )
    if record is None:
        raise Unacceptable(
            errors={name: [_("There is no such %(kind)s.") % {"kind": model._meta.verbose_name}]}
        )
    return record
