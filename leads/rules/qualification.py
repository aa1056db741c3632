"""When a lead can be qualified: the rules of managers, each with its verdict in words.

One version of the rules is active. Whoever shows, checks or stores a verdict goes through
`verdicts_for`, which asks the version in force at that moment: nothing is kept between requests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import Lead, QualificationRuleSet
from leads.rules.relations import asks_hidden, hidden_among, owners_of, relations_in, unseen_in
from leads.rules.steps import required_steps, steps_done
from records.conditions import (
    NEVER,
    Group,
    contradictions,
    holds,
    names_in,
    points_of,
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
    their own; `words` is the condition in words, as of when it was saved. It is required, gives
    `points` towards the threshold of the version, or is recommended where it does neither.
    """

    key: str = ""
    condition: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    unmet_label: str = ""
    words: str = ""
    is_required: bool = False
    points: int = 0
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
    def is_weighted(self) -> bool:
        """Say whether others can make up for it."""
        return bool(self.points) and not self.is_required

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
    """A version of the rules in hand, read for somebody who knows the custom fields.

    A lead may be qualified when every required rule holds and the points of all that hold reach the
    `threshold`.
    """

    def __init__(
        self,
        number: int,
        rules: Iterable[Mapping[str, Any]],
        *,
        by: User | None,
        threshold: int = 0,
    ) -> None:
        self.number = number
        self.rules = tuple(Rule.of(data) for data in rules)
        self.threshold = threshold
        self.by = by

    @classmethod
    def of(cls, version: QualificationRuleSet, *, by: User | None) -> RuleSet:
        return cls(version.number, version.rules, by=by, threshold=version.threshold)

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

        What gives points is made up for by others, and is not among it. Where nothing is asked
        for, no lead is ready.
        """
        parts = tuple(
            self.conditions[rule.key]
            for rule in self.active
            if rule.is_required or not (is_required_only or rule.is_weighted)
        )
        return Group("all", parts) if parts else NEVER

    @property
    def weights(self) -> list[tuple[Group, int]]:
        """What gives points, and how many."""
        return [(self.conditions[rule.key], rule.points) for rule in self.active if rule.points]

    def met_in(self, leads: Any, *, is_required_only: bool = False) -> Any:
        """Keep the leads that are ready by these rules, or only those that may be qualified."""
        whole = self.together(is_required_only=is_required_only)
        if whole.parts or not self.threshold:
            leads = leads.meeting(whole, self.fields)
        if not self.threshold:
            return leads
        rows = leads.with_points("rule_points", self.weights, self.fields)
        return rows.filter(rule_points__gte=self.threshold)

    def passing(self, leads: Any) -> Any:
        """Keep the leads that may be qualified; all of them where nothing is required."""
        if any(rule.is_required for rule in self.active) or self.threshold:
            return self.met_in(leads, is_required_only=True)
        return leads

    def hidden_from(self, viewer: User) -> Q:
        """Return the leads of which `viewer` may not be told what decides.

        A rule that counts asks about a record of theirs that `viewer` may not see.
        """
        asked = frozenset[str]().union(
            *(self.relations[rule.key] for rule in self.active if rule.is_required or rule.points)
        )
        return unseen_in(asked, viewer=viewer)

    @cached_property
    def relations(self) -> dict[str, frozenset[str]]:
        """Which other records each rule in use asks about, by its key."""
        return {rule.key: relations_in(self.conditions[rule.key]) for rule in self.active}

    @cached_property
    def kept(self) -> frozenset[str]:
        """The keys of the rules in use that ask about a field which the reader may not see."""
        return frozenset(
            rule.key
            for rule in self.active
            if asks_hidden(names_in(self.conditions[rule.key]), viewer=self.by)
        )

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
        question = Group("any", tuple(self.conditions[rule.key] for rule in self.active))
        rows = leads.with_answers_to(question, self.fields)
        return rows.select_related(*owners) if owners else rows

    def is_met_by(self, lead: Lead, *, told: Mapping[str, Any] | None = None) -> bool:
        """Say whether there are rules and every one holds, as `Verdicts.is_ready` does."""
        now, values = house_now(), told or {}
        read = reader_of(lead)

        def value_of(name: str) -> Any:
            return values[name] if name in values else read(name)

        if not self.active:
            return False
        asked = (rule for rule in self.active if not rule.is_weighted)
        if not all(holds(self.conditions[rule.key], value_of, now=now) for rule in asked):
            return False
        return not self.threshold or points_of(self.weights, value_of, now=now) >= self.threshold

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
                    is_kept=rule.key in self.kept,
                )
                for rule in self.active
            ),
            str(self.number),
            self.threshold,
        )

    def _verdict(self, rule: Rule, *, is_met: bool, is_told: bool, is_kept: bool) -> Verdict:
        label = str(rule)
        if is_kept:
            label = _("A field that you may not see")
            note = _("A rule asks about it, so it is not told whether that holds")
        elif not is_told:
            note = _("Asks about a record that you cannot open, so it is not told whether it holds")
        elif is_met:
            note = ""
        else:
            label = rule.unmet_label or label
            if rule.key in self.broken:
                note = _("This rule asks for something that is gone: a manager can mend it")
            elif rule.is_required:
                note = _("Required")
            elif rule.is_weighted:
                note = _points_missed(rule.points)
            else:
                note = _("A warning: you can still qualify")
        return Verdict(
            rule.key,
            label,
            note,
            "" if is_kept else rule.field,
            rule.is_required,
            is_met,
            is_told and not is_kept,
            rule.points,
        )


def _points_missed(points: int) -> str:
    told = ngettext("%(n)d point is missing", "%(n)d points are missing", points)
    return told % {"n": points}


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a lead. `state` is met, open, warning, blocking or untold.

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
    points: int = 0

    @property
    def is_weighted(self) -> bool:
        return bool(self.points) and not self.is_required

    @property
    def state(self) -> str:
        if not self.is_told:
            return "untold"
        if self.is_met:
            return "met"
        if self.is_weighted:
            return "open"
        return "blocking" if self.is_required else "warning"


@dataclass(frozen=True)
class Verdicts:
    """What all rules say of a lead.

    The rules hold for everybody. Of those that ask about a record that the reader may not see it is
    told only, all together, that the lead cannot be qualified: `reasons` name none of them.
    """

    items: tuple[Verdict, ...]
    version: str
    threshold: int = 0

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
        """Say whether no required rule fails and there are points enough."""
        return self.has_points and all(v.is_met for v in self.items if v.is_required)

    @property
    def has_points(self) -> bool:
        """Say whether the rules that hold reach the threshold."""
        return self._points(self.items) >= self.threshold

    @staticmethod
    def _points(verdicts: Iterable[Verdict]) -> int:
        return sum(verdict.points for verdict in verdicts if verdict.is_met)

    @property
    def points_line(self) -> str:
        """How many points there are and how many are needed; nothing without a threshold.

        Nobody is told of points that hang on a record that they may not see.
        """
        if not self.threshold:
            return ""
        if any(verdict.points and not verdict.is_told for verdict in self.items):
            return _("%(needed)d points are needed") % {"needed": self.threshold}
        told = {"points": self._points(self.items), "needed": self.threshold}
        return _("%(points)d of %(needed)d points") % told

    @property
    def unmet(self) -> dict[str, dict[str, str]]:
        """Why the lead cannot be qualified: by the key of each rule a sentence and a field.

        All rules that are not told of are one, under `untold`.
        """
        unmet = {v.key: {"label": v.label, "field": v.field} for v in self.unmet_required}
        if any(v.is_required and not v.is_met and not v.is_told for v in self.items):
            sentence = _("A rule about a record that you cannot open does not hold")
            unmet["untold"] = {"label": sentence, "field": ""}
        if not self.has_points:
            sentence = _("There are not enough points: %(line)s") % {"line": self.points_line}
            unmet["points"] = {"label": sentence, "field": ""}
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
        asked = (verdict for verdict in self.items if not verdict.is_weighted)
        return bool(self.items) and self.has_points and all(verdict.is_met for verdict in asked)


def with_rules(leads: Any) -> Any:
    """Read the version in force along with each of `leads`, so that it costs no statement."""
    active = QualificationRuleSet.objects.active()
    return leads.annotate(
        rules_in_force=Subquery(active.values("rules")[:1]),
        rules_number=Subquery(active.values("number")[:1]),
        rules_threshold=Subquery(active.values("threshold")[:1]),
        has_required_steps=Exists(required_steps()),
    )


def rules_in_force(*, by: User | None, lead: Lead | None = None) -> RuleSet:
    """Return the version in force: as `with_rules` has read it with `lead`, or by a statement."""
    at_hand = vars(lead) if lead is not None else {}
    if "rules_number" in at_hand:
        names = ("rules_number", "rules_in_force", "rules_threshold")
        number, rules, threshold = (at_hand[name] for name in names)
    else:
        rows = QualificationRuleSet.objects.active().values_list("number", "rules", "threshold")
        number, rules, threshold = rows.first() or (0, [], 0)
    return RuleSet(number or 0, rules or [], by=by, threshold=threshold or 0)


def verdicts_for(lead: Lead, *, by: User | None, told: Mapping[str, Any] | None = None) -> Verdicts:
    """Return the verdict of every rule in force on a lead with its derived columns.

    `by` knows the custom fields. Costs one statement, none for a lead read `with_rules`, beside
    what is asked about and not loaded.
    """
    return with_steps(rules_in_force(by=by, lead=lead).verdicts(lead, told=told), lead, by=by)


def with_steps(verdicts: Verdicts, lead: Lead, *, by: User | None) -> Verdicts:
    """Add the required steps of the lead's own stages: they stop qualifying as required rules do.

    Costs a statement where there are such steps, or the lead was not read `with_rules`.
    """
    if not vars(lead).get("has_required_steps", True):
        return verdicts
    steps = tuple(
        Verdict(
            key=f"step.{step.key}",
            label=_("A field that you may not see")
            if step.field and asks_hidden([step.field], viewer=by)
            else step.label,
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
    rules = RuleSet.of(rule_set, by=by)
    if not rules.active:
        return [_("Add a rule, or switch one on: without rules no lead would ever be ready.")]
    fields = fields_of(Lead, by)
    reasons = [
        _("%(rule)s: %(problem)s") % {"rule": rule, "problem": sentence}
        for rule in rules.active
        for _place, sentence in problems_of(rule.condition, fields, translate=_)
    ]
    if (most := sum(rule.points for rule in rules.active)) < rules.threshold:
        told = _("All rules together give %(most)d points, and %(needed)d are needed.")
        reasons.append(told % {"most": most, "needed": rules.threshold})
    if not reasons:
        required = rules.together(is_required_only=True)
        now = house_now()
        reasons = contradictions(required, fields, now=now, translate=_)
    return reasons
