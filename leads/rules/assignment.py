"""Who gets a lead by the assignment rules, and why: decided by reading, changed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.models import AssignmentRule, Lead
from records import conditions
from records.conditions import Group
from records.permissions import permission_for
from records.vocabulary import fields_of, reader_of
from users.models import Grant, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from records.conditions import Field
    from users.models import Team

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


@dataclass(frozen=True)
class ReadRule:
    """A rule with its condition read."""

    rule: AssignmentRule
    condition: Group
    number: int  # its place among those in use, as people count


class Rules:
    """The rules in use in their order, each with its condition read: two statements at most."""

    def __init__(self, user: User, *, also: int | None = None) -> None:
        """Take the rules in use, and one that is not if its number is `also` given."""
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
        value_of, now = reader_of(lead), now or timezone.localtime()
        for each in self.rules:
            if conditions.holds(each.condition, value_of, now=now):
                return each
        return None

    def why(self, each: ReadRule) -> str:
        """Say which rule holds and what it asks."""
        told = condition_in_words(each.rule, self.fields)
        return _("Rule %(number)d, “%(rule)s”, holds: %(condition)s.") % {
            "number": each.number,
            "rule": each.rule,
            "condition": told,
        }

    def why_nobody(self) -> str:
        """Say why no rule holds, with what is wrong with the rules that can never hold."""
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


def condition_in_words(rule: AssignmentRule, fields: Mapping[str, Field]) -> str:
    """Return what a rule asks, in a sentence that is not too long to be read."""
    told = conditions.words(conditions.stored(rule.condition, fields), fields, translate=_)
    return told if len(told) <= LONGEST_CONDITION else f"{told[:LONGEST_CONDITION]}…"


def in_turn(person: User, turn: int, people: Sequence[User], team: Team) -> str:
    """Say by which turn somebody got a lead."""
    return _("Turn %(turn)d of the rule: %(person)s, one of %(count)d in %(team)s.") % {
        "turn": turn,
        "person": person,
        "count": len(people),
        "team": team,
    }


def nobody_in(team: Team) -> str:
    return _(
        "Nobody in the team %(team)s can take leads. Add people to it, or choose another team."
    ) % {"team": team}


def cannot_take(person: User) -> str:
    if not person.is_active:
        return _("%(person)s has left. Choose somebody else.") % {"person": person}
    return _("%(person)s may not see leads. Give them a role first, or choose somebody else.") % {
        "person": person
    }


def target_problem(rule: AssignmentRule, people: Iterable[User]) -> str:
    """Say why the target of a rule can take no lead, where it cannot; `people` are the takers."""
    if rule.team is not None:
        is_manned = any(person.team_id == rule.team_id for person in people)
        return "" if is_manned else nobody_in(rule.team)
    if rule.person is None or any(person.pk == rule.person_id for person in people):
        return ""
    return cannot_take(rule.person)


def condition_problems(rule: AssignmentRule, fields: Mapping[str, Field]) -> list[str]:
    """Return what is wrong with the condition of a rule by now, and what no lead could meet."""
    problems = [told for _p, told in conditions.problems_of(rule.condition, fields, translate=_)]
    if not problems:
        problems = conditions.contradictions(
            conditions.stored(rule.condition, fields),
            fields,
            now=timezone.localtime(),
            translate=_,
        )
    return list(dict.fromkeys(problems))
