"""What would happen if a lead were qualified now. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Contact
from activities.models import Activity
from leads.models import Lead
from leads.operations.carrying import Arrival, Arrivals, arrivals_of, left_behind
from leads.operations.plan import Choice, Decision, Plan, decide
from leads.operations.reusing import (
    ALWAYS,
    BARRED,
    FILLED,
    KEPT,
    TAKEN,
    Target,
    differences,
    is_nothing,
)
from leads.rules import Verdicts, verdicts_for
from records.custom import is_empty
from records.permissions import hidden_fields, is_hidden_field, reaches
from users import formats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Model

    from users.models import User


@dataclass(frozen=True)
class Step:
    """One thing that would happen, in words.

    `icon` is link, plus, minus, arrow, copy, lock, question or warning.
    """

    icon: str
    text: str


@dataclass(frozen=True)
class Compared:
    """A field in which the lead and a record that is used differ, in words.

    `outcome` is filled, taken, kept or barred; `is_gap` says that the record has nothing there,
    `is_asked` that the mapping leaves the choice to whoever qualifies, `is_forced` that it always
    takes the lead's value.
    """

    name: str
    label: str
    theirs: str
    ours: str
    outcome: str
    is_gap: bool
    is_asked: bool = False
    is_forced: bool = False

    @property
    def is_taken_unasked(self) -> bool:
        """Say whether the lead's value goes there when nobody chooses."""
        return self.is_forced or (self.is_gap and not self.is_asked)

    @property
    def is_carried(self) -> bool:
        return self.outcome in {FILLED, TAKEN}


@dataclass(frozen=True)
class Preview:
    """Rules, candidates and consequences, as one user may see them."""

    verdicts: Verdicts
    plan: Plan
    decision: Decision
    steps: tuple[Step, ...]
    may_override: bool
    # True where the record that would be used lies outside what the user may see.
    is_account_hidden: bool
    is_contact_hidden: bool
    # What becomes of each field of the records that are used; nothing of a hidden one.
    account_fields: tuple[Compared, ...] = ()
    contact_fields: tuple[Compared, ...] = ()

    @property
    def may_qualify(self) -> bool:
        return self.verdicts.may_qualify or self.may_override


def preview(lead: Lead, *, by: User, plan: Plan | None = None) -> Preview:
    """Say what `qualify` with this plan would do. Raises `Unacceptable` as that would."""
    plan = plan or Plan()
    decision = decide(lead, plan, by=by, is_similar_wanted=True)
    arrivals = arrivals_of(lead, decision, plan, by=by)
    fields = {
        kind: tuple(_compared(lead, choice, target, arrivals, by))
        for kind, choice, target in (
            ("account", decision.account, plan.account),
            ("contact", decision.contact, plan.contact),
        )
    }
    return Preview(
        verdicts_for(lead, by=by),
        plan,
        decision,
        tuple(_steps(lead, plan, decision, fields, arrivals, by)),
        reaches(by, "override", lead),
        is_hidden(decision.account.record, by),
        is_hidden(decision.contact.record, by),
        fields["account"],
        fields["contact"],
    )


def _compared(
    lead: Lead, choice: Choice, target: Target, arrivals: Arrivals, by: User
) -> Iterable[Compared]:
    """Yield the fields in which the record to use differs, unless `by` may not see it."""
    record = choice.record
    if record is None or is_hidden(record, by):
        return
    mapped = arrivals.mapped_in(str(record._meta.model_name))
    for line in differences(lead, record, target, by=by, without=mapped):
        is_kept = is_hidden_field(by, type(record), line.name) or is_hidden_field(
            by, Lead, line.source
        )
        if line.is_telling and not is_kept:
            yield Compared(
                line.name,
                label_of(type(record), line.name),
                in_text(record, line.name, line.theirs),
                in_text(lead, line.source, line.ours),
                line.outcome,
                is_nothing(line.theirs),
            )
    may_change = reaches(by, "change", record)
    for each in _told(arrivals, str(record._meta.model_name), by):
        way, is_gap = each.way, is_empty(each.theirs)
        if each.theirs == way.value:
            continue
        outcome = (FILLED if is_gap else TAKEN) if each.is_filled else KEPT
        yield Compared(
            way.target.name,
            str(way.target),
            "" if is_gap else way.target.words(each.theirs),
            way.words,
            BARRED if is_gap and not may_change else outcome,
            is_gap,
            each.is_asked,
            way.policy == ALWAYS,
        )


def _told(arrivals: Arrivals, kind: str, viewer: User) -> Iterable[Arrival]:
    """Yield what arrives in a kind of record, as far as `viewer` may see both fields."""
    hidden = hidden_fields(viewer, kind)
    for each in arrivals.for_kind(kind):
        if each.way.target.name not in hidden and not is_hidden_field(
            viewer, Lead, each.way.source.name
        ):
            yield each


def label_of(model: type[Model], name: str) -> str:
    """Return what people call a column."""
    label = str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def in_text(record: Model, name: str, value: Any) -> str:
    """Return a value of a column as people read it; nothing is an empty text."""
    if is_nothing(value):
        return ""
    if isinstance(value, Decimal):
        return formats.number(value, 2)
    if isinstance(value, int):
        return formats.number(value)
    return str(getattr(value, "name", value))


def is_hidden(record: Account | Contact | None, viewer: User) -> bool:
    """Say whether there is a record that `viewer` may not see."""
    return record is not None and not reaches(viewer, "view", record)


def _steps(
    lead: Lead,
    plan: Plan,
    decision: Decision,
    fields: dict[str, tuple[Compared, ...]],
    arrivals: Arrivals,
    by: User,
) -> list[Step]:
    steps = [
        _step(_("account"), lead.company, decision.account, by),
        _step(_("contact"), lead.full_name or lead.email or lead.phone, decision.contact, by),
    ]
    for terms in plan.terms:
        if terms.opportunity is not None:
            steps.append(
                Step("link", _("Add to the opportunity %(name)s") % {"name": terms.opportunity})
            )
        else:
            name = terms.topic or lead.topic
            steps.append(Step("plus", _("Create the opportunity %(name)s") % {"name": name}))
    if not plan.terms:
        steps.append(Step("minus", _("Create no opportunity")))
    steps += _field_steps(decision, fields, arrivals, by)
    left = left_behind(lead, decision, plan, arrivals)
    if left := [each for each in left if not is_hidden_field(by, Lead, each.name)]:
        told = _("Nothing takes these over, they stay on the lead: %(fields)s")
        steps.append(Step("warning", told % {"fields": ", ".join(each.label for each in left)}))
    steps += _duplicate_steps(lead, plan, by)
    entries = Activity.objects.on(lead).count()
    if entries:
        steps.append(
            Step(
                "arrow",
                ngettext(
                    "Carry over %(count)d timeline entry",
                    "Carry over %(count)d timeline entries",
                    entries,
                )
                % {"count": entries},
            )
        )
    steps.append(Step("lock", _("Close the lead as Qualified")))
    return steps


def _field_steps(
    decision: Decision, fields: dict[str, tuple[Compared, ...]], arrivals: Arrivals, by: User
) -> Iterable[Step]:
    """Yield what is filled in and replaced on each record, and a warning for what goes nowhere.

    Of a record that `by` may not see it is not told what it has.
    """
    for kind, label in (
        ("account", _("account")),
        ("contact", _("contact")),
        ("opportunity", _("opportunity")),
    ):
        lines = fields.get(kind, ())
        filled = [f"{line.label}: {line.ours}" for line in lines if line.outcome == FILLED]
        taken = [f"{line.label}: {line.ours}" for line in lines if line.outcome == TAKEN]
        known = {line.name for line in lines}
        filled += [
            f"{each.way.target}: {each.way.words}"
            for each in _told(arrivals, kind, by)
            if each.is_filled and each.way.target.name not in known
        ]
        if filled:
            yield Step("copy", _("Fill in on the %(kind)s: %(fields)s") % _of(label, filled))
        if taken:
            yield Step("copy", _("Replace on the %(kind)s: %(fields)s") % _of(label, taken))
        for line in lines:
            yield from _left(line, label, getattr(decision, kind).record)
        for each in _told(arrivals, kind, by):
            if not each.is_filled and is_hidden(each.record, by):
                yield _barred(each.way.source_label, label)
    for source in arrivals.stranded:
        if is_hidden_field(by, Lead, source.name):
            continue
        told = (
            _("%(field)s stays on the lead: you may not see the record that it links to")
            if source in arrivals.unseen
            else _("%(field)s stays on the lead: no field takes it over")
        )
        yield Step("warning", told % {"field": source.label})


def _of(kind: str, fields: list[str]) -> dict[str, str]:
    return {"kind": kind, "fields": "; ".join(fields)}


def _left(line: Compared, kind: str, record: Account | Contact) -> Iterable[Step]:
    """Yield what a record that is there keeps instead of the value of the lead."""
    if line.outcome == BARRED:
        yield _barred(line.label, kind)
    elif line.outcome == KEPT and line.is_asked:
        values = {"field": line.label, "record": record, "ours": line.ours}
        told = _("%(field)s: choose whether %(record)s takes %(ours)s; else it stays as it is")
        yield Step("question", told % values)
    elif line.outcome == KEPT and not line.is_gap:
        values = {"record": record, "field": line.label, "value": line.theirs}
        yield Step("minus", _("%(record)s keeps %(field)s: %(value)s") % values)


def _barred(field: str, kind: str) -> Step:
    values = {"field": field, "kind": kind}
    sentence = _("%(field)s stays on the lead: you may not change the %(kind)s")
    return Step("warning", sentence % values)


def _duplicate_steps(lead: Lead, plan: Plan, by: User) -> Iterable[Step]:
    """Yield which other leads are closed along with this one."""
    if plan.duplicates:
        rows = Lead.objects.permitted(by, "view").open().filter(pk__in=plan.duplicates)
        for other in rows.exclude(pk=lead.pk):
            yield Step("lock", _("Close the lead %(name)s as a duplicate") % {"name": other})


def _step(kind: str, name: str, choice: Choice, by: User) -> Step:
    values = {"kind": kind, "name": name}
    match choice.outcome:
        case "created":
            return Step("plus", _("Create the %(kind)s %(name)s") % values)
        case "reused" if is_hidden(choice.record, by):
            return Step("link", _("Link to an existing %(kind)s that you cannot open") % values)
        case "reused":
            return Step("link", _("Link to %(name)s") % {"name": choice.record})
        case "undecided":
            return Step("question", choice.question)
        case _:
            return Step("minus", _("Create no %(kind)s") % values)
