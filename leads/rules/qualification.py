"""When a lead can be qualified: the rules of managers, each with its verdict in words.

One version of the rules is active. Whoever shows, checks or stores a verdict goes through
`verdicts_for`, which asks the version in force at that moment: nothing is kept between requests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, Subquery
from django.utils.translation import gettext as _

from leads.models import Lead, QualificationRuleSet
from leads.rules.relations import hidden_among, owners_of, relations_in
from leads.rules.steps import required_steps, steps_done
from records.conditions import (
    NEVER,
    Group,
    contradictions,
    holds,
    names_in,
    problems_of,
    stored,
)
from records.custom import PREFIX
from records.vocabulary import fields_of, reader_of
from users.formats import house_now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from records.conditions import Field
    from users.models import User

# Where a person mends what no field of the form is called.
MENDED_AT = {
    "named": "last_name",
    "reachable": "email",
    "bant.budget": "budget_amount",
    "bant.authority": "decision_maker",
    "bant.need": "need",
    "bant.timeframe": "timeframe",
}


@dataclass(frozen=True)
class Rule:
    """One condition of a good lead, as a version of the rules keeps it.

    `label` says that it holds and `unmet_label` that it does not, where managers have words of
    their own; `words` is the condition in words, as of when it was saved.
    """

    key: str = ""
    condition: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    unmet_label: str = ""
    words: str = ""
    is_required: bool = False
    is_active: bool = True

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Rule:
        """Return the rule that is stored so; of what is missing, what it means to leave it out."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return self.label or self.words

    @property
    def field(self) -> str:
        """The field of the lead at which a person mends it; nothing where there is none."""
        for name in self.asks:
            if name in MENDED_AT:
                return MENDED_AT[name]
            if name.startswith(PREFIX) or "." not in name:
                return name
        return ""

    @property
    def asks(self) -> Collection[str]:
        """The names of the fields that it asks about, in their order."""
        return names_in(stored(self.condition, {}))


class RuleSet:
    """A version of the rules in hand, read for somebody who knows the custom fields."""

    def __init__(self, number: int, rules: Iterable[Mapping[str, Any]], *, by: User | None) -> None:
        self.number = number
        self.rules = tuple(Rule.of(data) for data in rules)
        self.by = by

    @cached_property
    def active(self) -> tuple[Rule, ...]:
        """The rules that count."""
        return tuple(rule for rule in self.rules if rule.is_active)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """What the rules ask about, as far as it is still there."""
        return fields_of(Lead, self.by, only={name for rule in self.rules for name in rule.asks})

    @cached_property
    def conditions(self) -> dict[str, Group]:
        """What each rule asks, by its key."""
        return {rule.key: stored(rule.condition, self.fields) for rule in self.rules}

    def together(self, *, is_required_only: bool = False) -> Group:
        """Return all that has to hold for a lead to be ready, or only to be qualified.

        Where nothing is asked for, no lead is ready.
        """
        parts = tuple(
            self.conditions[rule.key]
            for rule in self.active
            if rule.is_required or not is_required_only
        )
        return Group("all", parts) if parts else NEVER

    @cached_property
    def relations(self) -> dict[str, frozenset[str]]:
        """Which other records each rule in use asks about, by its key."""
        return {rule.key: relations_in(self.conditions[rule.key]) for rule in self.active}

    @cached_property
    def broken(self) -> frozenset[str]:
        """The keys of the rules that ask for something that is gone, or can no longer be chosen.

        Looks at the lists from which the rules choose: a statement for each.
        """
        return frozenset(
            rule.key for rule in self.active if problems_of(rule.condition, self.fields)
        )

    def answerable(self, leads: Any) -> Any:
        """Load with many leads what `verdicts` asks, so that it costs no statement for each."""
        owners = owners_of(frozenset[str]().union(*self.relations.values()))
        rows = leads.with_answers_to(self.together(), self.fields)
        return rows.select_related(*owners) if owners else rows

    def is_met_by(self, lead: Lead, *, told: Mapping[str, Any] | None = None) -> bool:
        """Say whether there are rules and every one holds, as `Verdicts.is_ready` does."""
        now, values = house_now(), told or {}
        read = reader_of(lead)

        def value_of(name: str) -> Any:
            return values[name] if name in values else read(name)

        return bool(self.active) and all(
            holds(self.conditions[rule.key], value_of, now=now) for rule in self.active
        )

    def verdicts(
        self,
        lead: Lead,
        *,
        now: datetime | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> Verdicts:
        """Return what the rules say of a lead with its derived columns.

        `told` are values that the record does not have yet.
        """
        now = now or house_now()
        asked = frozenset[str]().union(*self.relations.values())
        hidden = hidden_among(asked, lead, viewer=self.by) if self.by else frozenset[str]()
        read = reader_of(lead)
        values = told or {}

        def value_of(name: str) -> Any:
            return values[name] if name in values else read(name)

        return Verdicts(
            tuple(
                self._verdict(
                    rule,
                    is_met=holds(self.conditions[rule.key], value_of, now=now),
                    is_told=not hidden & self.relations[rule.key],
                )
                for rule in self.active
            ),
            str(self.number),
        )

    def _verdict(self, rule: Rule, *, is_met: bool, is_told: bool) -> Verdict:
        label = str(rule)
        if not is_told:
            note = _("Asks about a record that you cannot open, so it is not told whether it holds")
        elif is_met:
            note = ""
        else:
            label = rule.unmet_label or label
            if rule.key in self.broken:
                note = _("This rule asks for something that is gone: a manager can mend it")
            elif rule.is_required:
                note = _("Required")
            else:
                note = _("A warning: you can still qualify")
        return Verdict(rule.key, label, note, rule.field, rule.is_required, is_met, is_told)


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a lead. `state` is met, warning, blocking or untold.

    `is_met` is what counts. Where it is not `is_told`, whoever reads the verdict may not see the
    record that the rule asks about: no page and no answer may show it then.
    """

    key: str
    label: str
    note: str
    field: str
    is_required: bool
    is_met: bool
    is_told: bool = True

    @property
    def state(self) -> str:
        if not self.is_told:
            return "untold"
        if self.is_met:
            return "met"
        return "blocking" if self.is_required else "warning"


@dataclass(frozen=True)
class Verdicts:
    """What all rules say of a lead.

    The rules hold for everybody. Of those that ask about a record that the reader may not see it is
    told only, all together, that the lead cannot be qualified: `reasons` name none of them.
    """

    items: tuple[Verdict, ...]
    version: str

    @property
    def told(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.items if verdict.is_told)

    @property
    def total(self) -> int:
        """How many rules are told of."""
        return len(self.told)

    @property
    def met(self) -> int:
        """How many of them hold."""
        return sum(verdict.is_met for verdict in self.told)

    @property
    def unmet_required(self) -> tuple[Verdict, ...]:
        """The required rules that are told of and do not hold."""
        return tuple(v for v in self.told if v.is_required and not v.is_met)

    @property
    def may_qualify(self) -> bool:
        """Say whether no required rule fails."""
        return all(verdict.is_met for verdict in self.items if verdict.is_required)

    @property
    def unmet(self) -> dict[str, dict[str, str]]:
        """Why the lead cannot be qualified: by the key of each rule a sentence and a field.

        All rules that are not told of are one, under `untold`.
        """
        unmet = {v.key: {"label": v.label, "field": v.field} for v in self.unmet_required}
        if any(v.is_required and not v.is_met and not v.is_told for v in self.items):
            sentence = _("A rule about a record that you cannot open does not hold")
            unmet["untold"] = {"label": sentence, "field": ""}
        return unmet

    @property
    def reasons(self) -> list[str]:
        """Why the lead cannot be qualified, in sentences."""
        return [line["label"] for line in self.unmet.values()]

    @property
    def warnings(self) -> list[str]:
        """What is recommended and told of, and does not hold."""
        return [verdict.label for verdict in self.told if verdict.state == "warning"]

    @property
    def is_ready(self) -> bool:
        """Say whether there are rules and every one holds, the recommended ones too."""
        return bool(self.items) and all(verdict.is_met for verdict in self.items)


def with_rules(leads: Any) -> Any:
    """Read the version in force along with each of `leads`, so that it costs no statement."""
    active = QualificationRuleSet.objects.active()
    return leads.annotate(
        rules_in_force=Subquery(active.values("rules")[:1]),
        rules_number=Subquery(active.values("number")[:1]),
        has_required_steps=Exists(required_steps()),
    )


def rules_in_force(*, by: User | None, lead: Lead | None = None) -> RuleSet:
    """Return the version in force: as `with_rules` has read it with `lead`, or by a statement."""
    at_hand = vars(lead) if lead is not None else {}
    if "rules_number" in at_hand:
        number, rules = at_hand["rules_number"], at_hand["rules_in_force"]
    else:
        rows = QualificationRuleSet.objects.active().values_list("number", "rules")
        number, rules = rows.first() or (0, [])
    return RuleSet(number or 0, rules or [], by=by)


def verdicts_for(lead: Lead, *, by: User | None, told: Mapping[str, Any] | None = None) -> Verdicts:
    """Return the verdict of every rule in force on a lead with its derived columns.

    `by` knows the custom fields. Costs one statement, none for a lead read `with_rules`, beside
    what is asked about and not loaded.
    """
    return with_steps(rules_in_force(by=by, lead=lead).verdicts(lead, told=told), lead)


def with_steps(verdicts: Verdicts, lead: Lead) -> Verdicts:
    """Add the required steps of the lead's own stages: they stop qualifying as required rules do.

    Costs a statement where there are such steps, or the lead was not read `with_rules`.
    """
    if not vars(lead).get("has_required_steps", True):
        return verdicts
    steps = tuple(
        Verdict(
            key=f"step.{step.key}",
            label=step.label,
            note="" if is_done else _("Required in %(stage)s") % {"stage": step.stage},
            field=step.field,
            is_required=True,
            is_met=is_done,
        )
        for step, is_done in steps_done(lead)
    )
    return replace(verdicts, items=verdicts.items + steps)


def why_incomplete(rule_set: QualificationRuleSet, *, by: User) -> list[str]:
    """Return why a version cannot be put into force, in sentences; nothing when it can."""
    rules = RuleSet(rule_set.number, rule_set.rules, by=by)
    if not rules.active:
        return [_("Add a rule, or switch one on: without rules no lead would ever be ready.")]
    fields = fields_of(Lead, by)
    reasons = [
        _("%(rule)s: %(problem)s") % {"rule": rule, "problem": sentence}
        for rule in rules.active
        for _place, sentence in problems_of(rule.condition, fields, translate=_)
    ]
    if not reasons:
        required = rules.together(is_required_only=True)
        now = house_now()
        reasons = contradictions(required, fields, now=now, translate=_)
    return reasons
