"""Who gets a lead by the assignment rules, and why: decided by reading, changed elsewhere."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import Assignment, AssignmentRule, AssignmentTurn, Lead
from leads.rules.loads import Loads, passed_over
from leads.rules.relations import asks_hidden, hidden_among, owners_of, relations_in
from records import conditions
from records.conditions import Group
from records.permissions import permission_for
from records.vocabulary import fields_of, reader_of
from users.formats import house_now
from users.models import Grant, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from leads.querysets import LeadQuerySet
    from records.conditions import Field

LONGEST_CONDITION = 400  # characters of it that a reason repeats


def takers() -> QuerySet[User]:
    """Return the people who can be given leads, in the order in which it is their turn.

    They are active, and their role lets them see leads: to nobody else a lead would be visible.
    """
    permission = permission_for("view", Lead)
    sees = Grant.objects.filter(role__members=OuterRef("pk"), permission=permission)
    rows = User.objects.filter(Q(is_superuser=True) | Exists(sees))
    return rows.filter(is_active=True, is_machine=False).order_by("pk")


def next_in_turn(people: Sequence[User], last_number: int) -> User:
    """Return who comes behind the last one, round and round by number.

    Whoever is there all the while comes once in each round, whoever joins or leaves: between two
    such people the counts never differ by more than one.
    """
    return next((person for person in people if person.pk > last_number), people[0])


def by_weight(people: Sequence[User], rule: AssignmentRule, turn: AssignmentTurn) -> User:
    """Return whose turn it is where people have weights, and note in `turn` what is due to each.

    Everybody earns their weight; who is most behind gets the lead and pays for the whole round. So
    nobody waits longer than their share, and gets it spread out.
    """
    weights = {person.pk: int(rule.weights.get(str(person.pk), 1)) for person in people}
    due = {pk: turn.credits.get(str(pk), 0) + weight for pk, weight in weights.items()}
    person = max(people, key=lambda each: due[each.pk])  # the first of those that are level
    due[person.pk] -= sum(weights.values())
    turn.credits = {**turn.credits, **{str(pk): credit for pk, credit in due.items()}}
    return person


def chosen(
    people: Sequence[User], rule: AssignmentRule, turn: AssignmentTurn, loads: Loads
) -> User:
    """Return who of those who can take a lead gets it by a rule for a team, and count the turn."""
    if rule.way == AssignmentRule.Way.LEAST:
        fewest = min(loads.open[person.pk] for person in people)
        level = [person for person in people if loads.open[person.pk] == fewest]
        person = next_in_turn(level, turn.last_number)
    elif rule.weights:
        person = by_weight(people, rule, turn)
    else:
        person = next_in_turn(people, turn.last_number)
    turn.last_number = person.pk
    turn.count += 1
    return person


@dataclass(frozen=True)
class ReadRule:
    """A rule with its condition read."""

    rule: AssignmentRule
    condition: Group
    number: int  # its place among those that were read, as people count

    @property
    def relations(self) -> frozenset[str]:
        """Which other records the rule asks about."""
        return relations_in(self.condition)


@dataclass(frozen=True)
class Fate:
    """To whom a lead goes, by which rule, and why."""

    owner: User | None
    reason: str
    rule: AssignmentRule | None = None


class Rules:
    """The rules in use in their order, each with its condition read: two statements at most."""

    def __init__(self, user: User, *, also: int | None = None) -> None:
        """Read the rules in use, and one that is not where its number is `also` given."""
        self.fields = fields_of(Lead, user)
        rows = AssignmentRule.objects.filter(Q(is_active=True) | Q(pk=also))
        rows = rows.select_related("person", "team", "turn").order_by("position", "pk")
        self.rules = [
            ReadRule(rule, conditions.stored(rule.condition, self.fields), number)
            for number, rule in enumerate(rows, start=1)
        ]

    @property
    def question(self) -> Group:
        """Everything that any of the rules asks, to load the answers for many leads at once."""
        return Group("any", tuple(each.condition for each in self.rules))

    def first_for(self, lead: Lead, *, now: datetime | None = None) -> ReadRule | None:
        """Return the first rule that holds for a saved lead; None where none does."""
        value_of, now = reader_of(lead), now or house_now()
        for each in self.rules:
            if conditions.holds(each.condition, value_of, now=now):
                return each
        return None

    def fate_by(
        self,
        found: ReadRule | None,
        people: Sequence[User],
        *,
        turn: AssignmentTurn | None = None,
        loads: Loads | None = None,
    ) -> Fate:
        """Return to whom a lead goes for which a rule holds; a team's `turn` is counted on.

        `people` are takers, with those of the rule's target among them, and `loads` what they have.
        """
        if found is None:
            return Fate(None, self.why_nobody)
        rule, why = found.rule, self._why(found)
        if problem := target_problem(rule, people):
            return Fate(None, f"{why} {problem}", rule)
        asked = [p for p in people if rule.team is None or p.team_id == rule.team_id]
        if rule.team is None:
            asked = [person for person in people if person.pk == rule.person_id]
        loads = loads or Loads(asked, [rule])
        reasons = {person.pk: loads.why_not(person, rule) for person in asked}
        over = passed_over([reason for reason in reasons.values() if reason])
        able = [person for person in asked if not reasons[person.pk]]
        if not able:
            return Fate(None, " ".join([why, _("Nobody can take it now."), over]), rule)
        if rule.team is None:
            return Fate(able[0], why, rule)
        turn = turn or AssignmentTurn(rule=rule)
        person = chosen(able, rule, turn, loads)
        told = self._told(rule, person, turn, len(asked), loads)
        loads.took(person, rule)
        return Fate(person, " ".join(filter(None, [why, told, over])), rule)

    @staticmethod
    def _told(
        rule: AssignmentRule, person: User, turn: AssignmentTurn, count: int, loads: Loads
    ) -> str:
        """Say whose turn it was, and what they had at that moment where the rule goes by it."""
        told = _("Turn %(turn)d of the rule: %(person)s, one of %(count)d in %(team)s.") % {
            "turn": turn.count,
            "person": person,
            "count": count,
            "team": rule.team,
        }
        if rule.way == AssignmentRule.Way.LEAST or rule.most_open:
            has = loads.open[person.pk]
            words = ngettext("They had %(n)d open lead.", "They had %(n)d open leads.", has)
            told = f"{told} {words % {'n': has}}"
        return told

    def fate_now(self, found: ReadRule | None, people: Sequence[User]) -> Fate:
        """Return to whom a lead would go with the turn as it was read; nobody takes it."""
        if found is None:
            return self.fate_by(None, ())
        return self.fate_by(found, people, turn=copy(found.rule.turn))

    def _why(self, each: ReadRule) -> str:
        if each.relations:
            # Who reads this on the lead may not know the other record, nor what it says.
            return _(
                "Rule %(number)d, “%(rule)s”, holds; it asks about the account or the contact."
            ) % {"number": each.number, "rule": each.rule}
        return _("Rule %(number)d, “%(rule)s”, holds: %(condition)s.") % {
            "number": each.number,
            "rule": each.rule,
            "condition": condition_in_words(each.rule, self.fields),
        }

    @cached_property
    def why_nobody(self) -> str:
        """Why no rule holds, with what is wrong with the rules that can never hold."""
        if not self.rules:
            return _("No assignment rule is in use.")
        sentences = [_("No assignment rule holds.")]
        for each in self.rules:
            wrong = conditions.problems_of(each.rule.condition, self.fields, translate=_)
            sentences += [
                _("Rule %(number)d, “%(rule)s”: %(problem)s")
                % {"number": each.number, "rule": each.rule, "problem": problem}
                for _place, problem in wrong[:1]
            ]
        return " ".join(sentences)


@dataclass(frozen=True)
class Trial:
    """What the rules would do with a lead; nothing of it `is_told` that one may not know."""

    lead: Lead
    fate: Fate
    is_told: bool = True

    @property
    def is_same(self) -> bool:
        """Say whether the lead is with whom the rules would give it to."""
        owner = self.fate.owner
        return self.is_told and self.lead.owner_id == (None if owner is None else owner.pk)


def dry_run(rules: Rules, rows: LeadQuerySet, *, viewer: User) -> list[Trial]:
    """Say of each of `rows` where it would go, if they came in once more in their order.

    The turns go on from where they are. Nothing is written. As many statements for a hundred leads
    as for one. Where a rule asks about an account, a contact or a field that `viewer` may not see,
    nothing is told of the lead: the answer would tell what stands there.
    """
    people = list(takers())
    turns = {each.rule.pk: copy(each.rule.turn) for each in rules.rules}
    loads = Loads(people, [each.rule for each in rules.rules])
    relations = frozenset[str]().union(*(each.relations for each in rules.rules))
    rows = rows.with_answers_to(rules.question, rules.fields)
    untold = _("The rules ask about an account or a contact that you cannot open.")
    is_kept = asks_hidden(conditions.names_in(rules.question), viewer=viewer)
    if is_kept:
        untold = _("The rules ask about a field that your role hides.")
    now, trials = house_now(), []
    for lead in rows.select_related("owner", *owners_of(relations)):
        if is_kept or hidden_among(relations, lead, viewer=viewer):
            trials.append(Trial(lead, Fate(None, untold), is_told=False))
            continue
        found = rules.first_for(lead, now=now)
        turn = turns[found.rule.pk] if found else None
        fate = rules.fate_by(found, people, turn=turn, loads=loads)
        trials.append(Trial(lead, fate))
    return trials


def untouched(now: datetime) -> QuerySet[Assignment]:
    """Return the assignments by which open leads are with owners who left them alone too long.

    Each rule says how many hours that is; a lead is touched when somebody was in touch with it.
    """
    latest = Assignment.objects.filter(lead=OuterRef("lead")).order_by("-pk").values("pk")[:1]
    too_long = Q(pk__in=[])
    for rule in AssignmentRule.objects.filter(is_active=True, hours_untouched__isnull=False):
        too_long |= Q(rule=rule, at__lte=now - timedelta(hours=rule.hours_untouched or 0))
    return Assignment.objects.filter(
        too_long,
        Q(lead__touched_at=None) | Q(lead__touched_at__lt=F("at")),
        pk=Subquery(latest),
        lead__status=Lead.Status.OPEN,
        lead__deleted_at=None,
        lead__owner=F("owner"),
    ).order_by("pk")


def waiting_for_room() -> LeadQuerySet:
    """Return the open leads without an owner for which a rule holds that could give them to nobody.

    They are asked again: somebody comes back, or has room.
    """
    latest = Assignment.objects.filter(lead=OuterRef("pk")).order_by("-pk")
    rows: LeadQuerySet = (
        Lead.objects.open()
        .filter(owner=None)
        .annotate(
            by_rule=Subquery(latest.values("rule")[:1]),
            given_to=Subquery(latest.values("owner")[:1]),
        )
        .filter(by_rule__isnull=False, given_to=None)
    )
    return rows


def condition_in_words(rule: AssignmentRule, fields: Mapping[str, Field]) -> str:
    """Return what a rule asks, in a sentence that is not too long to be read."""
    told = conditions.words(conditions.stored(rule.condition, fields), fields, translate=_)
    return told if len(told) <= LONGEST_CONDITION else f"{told[:LONGEST_CONDITION]}…"


def target_problem(rule: AssignmentRule, people: Iterable[User]) -> str:
    """Say why nobody can take a lead by a rule, where nobody can; `people` are takers."""
    if rule.team is not None:
        if any(person.team_id == rule.team_id for person in people):
            return ""
        return _(
            "Nobody in the team %(team)s can take leads. Add people to it, or choose another team."
        ) % {"team": rule.team}
    person = rule.person
    if person is None or any(taker.pk == person.pk for taker in people):
        return ""
    if not person.is_active:
        return _("%(person)s has left. Choose somebody else.") % {"person": person}
    return _("%(person)s may not see leads. Give them a role first, or choose somebody else.") % {
        "person": person
    }


def problems_of(
    rule: AssignmentRule, fields: Mapping[str, Field], people: Sequence[User]
) -> list[str]:
    """Return why a rule cannot assign by now; `people` are the takers."""
    problem = target_problem(rule, people)
    return [*condition_problems(rule, fields), *([problem] if problem else [])]


def condition_problems(rule: AssignmentRule, fields: Mapping[str, Field]) -> list[str]:
    """Return what is wrong with the condition of a rule by now, and what no lead could meet."""
    problems = [told for _p, told in conditions.problems_of(rule.condition, fields, translate=_)]
    if not problems:
        problems = conditions.contradictions(
            conditions.stored(rule.condition, fields),
            fields,
            now=house_now(),
            translate=_,
        )
    return list(dict.fromkeys(problems))
