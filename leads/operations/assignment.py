"""Giving leads to people: by hand, or by the assignment rules; and the rules themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from leads.models import Assignment, AssignmentRule, AssignmentTurn, Availability, Lead
from leads.models.assignment import LONGEST_REASON
from leads.operations.edit import capture_lead, open_lead
from leads.rules.assignment import Fate, Rules, takers, target_problem, untouched
from records import audit
from records.conditions import ConditionIsWrong, as_data, contradictions, parse
from records.errors import LostRace, Unacceptable
from records.operations import (
    assign,
    operation,
    refuse_stale,
    require_for_all,
    save_setting,
)
from records.permissions import reaches
from records.vocabulary import fields_of
from users.formats import house_now
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Collection

    from leads.rules.assignment import ReadRule

MOST_WEIGHT = 100

# Leads


@operation
def assign_lead(lead: Lead, *, by: User, owner: User | None, version: int | None = None) -> Lead:
    """Give an open lead to another owner, or to nobody. Giving it to its owner changes nothing.

    Raises `Stale` when `version` is given and no longer the current one.
    """
    before = open_lead(lead, by=by, action="assign", version=version).owner_id
    current = assign(lead, by=by, owner=owner)
    if current.owner_id != before:
        told = _("%(by)s gave it to %(owner)s.") if owner else _("%(by)s put it into the queue.")
        _note(current, Fate(owner, told % {"by": by, "owner": owner}), by=by)
    return current


@operation
def assign_by_rules(lead: Lead, *, by: User) -> Lead:
    """Give an open lead that nobody owns to whom the assignment rules say.

    A lead that has an owner keeps it: what a person decided is never overturned, and a lead that
    is asked for twice goes out once. One that no rule wants stays in the queue, with the reason.
    """
    current = open_lead(lead, by=by, action="assign")
    return current if current.owner_id is not None else _handed_out(current, by=by)


@operation
def capture_by_rules(*, by: User, takes_turn: bool = True, **fields: Any) -> Lead:
    """Add a lead, as `capture_lead` does, whose owner is for the assignment rules to say.

    Who may add leads of their own only has it for a moment, and gives it away. One that is to be
    taken back takes no turn: it goes where it would go now, nobody waits for it, and nothing is
    noted.
    """
    is_unassigned = reaches(by, "add", Lead())
    lead = capture_lead(by=by, is_unassigned=is_unassigned, **fields)
    current = open_lead(lead, by=by, action="assign")
    if takes_turn:
        return _handed_out(current, by=by)
    rules = Rules(by)
    fate = rules.fate_now(rules.first_for(current), list(takers()))
    return assign(current, by=by, owner=fate.owner)


@operation
def capture_for(owner: User, *, by: User, reason: str, **fields: Any) -> Lead:
    """Add a lead, as `capture_lead` does, for somebody who was named before, and write down why."""
    lead = capture_lead(by=by, owner=owner, **fields)
    _note(lead, Fate(owner, reason), by=by)
    return lead


def _handed_out(lead: Lead, *, by: User) -> Lead:
    """Give a locked lead to whom the rules say, and write down why."""
    rules = Rules(by)
    found = rules.first_for(lead)
    fate = rules.fate_by(None, ()) if found is None else _taken(rules, found)
    if fate.owner is None and _waits_for(lead, fate):
        return lead
    assigned = assign(lead, by=by, owner=fate.owner)
    _note(assigned, fate, by=by)
    return assigned


def _waits_for(lead: Lead, fate: Fate) -> bool:
    """Say whether it is written down already that a lead waits for somebody of this rule."""
    latest = Assignment.objects.filter(lead=lead).order_by("-pk").first()
    if latest is None or latest.owner_id is not None or fate.rule is None:
        return False
    return bool(latest.rule_id == fate.rule.pk)


@operation
def hand_on(lead: Lead, *, by: User) -> Lead:
    """Give a lead that its owner has not touched for too long to another one, by the same rule.

    Whoever had it by this rule does not get it again; when nobody is left it stays where it is, and
    so does a lead that somebody has touched since it was found.
    """
    current = open_lead(lead, by=by, action="assign")
    given = untouched(house_now()).filter(lead=current).select_related("rule", "owner").first()
    if given is None:
        return current
    rules = Rules(by)
    found = next((each for each in rules.rules if each.rule.pk == given.rule_id), None)
    if found is None or found.rule.team is None:
        return current
    had = Assignment.objects.filter(lead=current, rule=given.rule).values_list("owner", flat=True)
    try:
        with transaction.atomic():
            fate = _taken(rules, found, without=set(had))
            if fate.owner is None:
                raise LostRace("Nobody is left.")
    except LostRace:
        return current
    told = _("%(person)s did not touch it for %(n)d hours.") % {
        "person": given.owner,
        "n": found.rule.hours_untouched,
    }
    assigned = assign(current, by=by, owner=fate.owner)
    _note(assigned, replace(fate, reason=f"{told} {fate.reason}"), by=by)
    return assigned


def _taken(rules: Rules, found: ReadRule, *, without: Collection[int] = ()) -> Fate:
    """Return who gets a lead by the rule that holds, `without` some; in a team, take the turn.

    Whoever hands out by the same rule waits here: one after the other takes a turn.
    """
    rule = found.rule
    turn = AssignmentTurn.objects.select_for_update().filter(rule=rule).first()
    if turn is None:
        raise LostRace(f"The rule {rule} was deleted.")
    mine = takers().filter(Q(team=rule.team) if rule.team else Q(pk=rule.person_id))
    people = [person for person in mine if person.pk not in without]
    if rule.most_open or rule.way == AssignmentRule.Way.LEAST:
        # Another rule may give to the same people: whoever counts waits until it has.
        held = User.objects.select_for_update(no_key=True)
        list(held.filter(pk__in=[p.pk for p in people]).order_by("pk").values_list("pk"))
    before = turn.count
    fate = rules.fate_by(found, people, turn=turn)
    if turn.count != before:
        turn.save(update_fields=["last_number", "count", "credits"])
    return fate


def _note(lead: Lead, fate: Fate, *, by: User) -> None:
    reason = fate.reason[:LONGEST_REASON]
    Assignment.objects.create(lead=lead, by=by, owner=fate.owner, rule=fate.rule, reason=reason)


@operation
def set_availability(
    person: User, *, by: User, version: int | None = None, **values: Any
) -> Availability:
    """Say when somebody takes leads: what is not given stays as it is.

    Whoever shapes the assignment rules may say it of everybody. Raises `Stale` when somebody has
    changed it since `version`, `Unacceptable` for times that run backwards.
    """
    require_for_all(by, "change", Availability)
    Availability.objects.get_or_create(person=person, defaults={"version": 0})
    current = Availability.objects.select_for_update(of=("self",)).get(person=person)
    refuse_stale(current, version)
    for name, value in values.items():
        setattr(current, name, value)
    days = current.works_on
    if not isinstance(days, list) or not all(type(day) is int and 1 <= day <= 7 for day in days):
        raise Unacceptable(errors={"works_on": [_("Give days from 1, Monday, to 7.")]})
    current.works_on = sorted(set(days))
    return save_setting(current, by=by)


# Rules


@operation
def save_assignment_rule(
    rule: AssignmentRule, *, by: User, position: int | None = None
) -> AssignmentRule:
    """Save an assignment rule as it is in hand; a new one comes last, unless it is given a place.

    Saving what stands writes nothing. Raises `Unacceptable` for what could never assign: a rule
    that is to be used needs a condition that a lead can meet, and somebody who can take leads.
    """
    require_for_all(by, "change" if rule.pk else "add", AssignmentRule)
    order = _locked_order()
    standing = next((each for each in order if each.pk == rule.pk), None) if rule.pk else None
    if rule.pk and standing is None:
        raise _is_gone()
    rule.position = standing.position if standing else len(order) + 1
    _require_sense(rule, standing, by=by)
    save_setting(rule, by=by)
    AssignmentTurn.objects.get_or_create(rule=rule)
    return rule if position is None else move_assignment_rule(rule, by=by, position=position)


@operation
def change_assignment_rule(
    rule: AssignmentRule,
    *,
    by: User,
    version: int | None = None,
    position: int | None = None,
    **changes: Any,
) -> AssignmentRule:
    """Change these columns of an assignment rule as it stands by now, and nothing else of it.

    A person who is named takes the place of the team, and the other way round. Raises `Stale` when
    somebody has changed it since `version`, and `Unacceptable` as saving it does.
    """
    require_for_all(by, "change", AssignmentRule)
    standing = next((each for each in _locked_order() if each.pk == rule.pk), None)
    if standing is None:
        raise _is_gone()
    refuse_stale(standing, version)
    other = {"person": "team", "team": "person"}
    instead = {other[name]: None for name in other if changes.get(name) is not None}
    for name, value in {**instead, **changes}.items():
        setattr(standing, name, value)
    if standing.team is None and "weights" not in changes:
        standing.weights = {}
    return save_assignment_rule(standing, by=by, position=position)


@operation
def move_assignment_rule(rule: AssignmentRule, *, by: User, position: int) -> AssignmentRule:
    """Give a rule another place in the order, counted from one. Where it stands it stays.

    That is a change of this rule; those that make way stay at their version.
    """
    require_for_all(by, "change", AssignmentRule)
    order = _locked_order()
    moved = next((each for each in order if each.pk == rule.pk), None)
    if moved is None:
        raise _is_gone()
    before = order.index(moved) + 1
    order.remove(moved)
    order.insert(min(max(position, 1), len(order) + 1) - 1, moved)
    after = order.index(moved) + 1
    changed = [each for place, each in enumerate(order, start=1) if each.position != place]
    for place, each in enumerate(order, start=1):
        each.position = place
    AssignmentRule.objects.bulk_update(changed, ["position"])
    if before != after:
        moved.version += 1
        moved.save(update_fields=["version"])
        audit.log(moved, "assignmentrule.moved", by=by, changes={"position": [before, after]})
    return moved


@operation
def delete_assignment_rule(rule: AssignmentRule, *, by: User, version: int | None = None) -> None:
    """Delete a rule. What it has assigned stays as it is, and so do the reasons.

    Deleting what is gone already changes nothing. Raises `Stale` when somebody has changed it since
    `version`.
    """
    require_for_all(by, "delete", AssignmentRule)
    # First the turn, then the rule: so does whoever hands out a lead, and says by which rule.
    list(AssignmentTurn.objects.select_for_update().filter(rule=rule.pk))
    current = AssignmentRule.objects.select_for_update().filter(pk=rule.pk).first()
    if current is not None:
        refuse_stale(current, version)
        audit.log(current, "assignmentrule.deleted", by=by)
        current.delete()


def _locked_order() -> list[AssignmentRule]:
    """Lock every rule, so that no two people put them in order at once."""
    rows = AssignmentRule.objects.select_for_update(of=("self",)).order_by("pk")
    return sorted(rows, key=lambda rule: (rule.position, rule.pk))


def _is_gone() -> Unacceptable:
    return Unacceptable(_("Somebody has deleted this rule in the meantime."))


def _require_sense(rule: AssignmentRule, standing: AssignmentRule | None, *, by: User) -> None:
    """Refuse what could never assign. What has been accepted once can always be switched off."""
    errors: dict[str, list[str]] = {}
    if rule.is_active or standing is None or rule.condition != standing.condition:
        errors |= _condition_errors(rule, by=by)
    if (rule.person is None) == (rule.team is None):
        errors["team"] = [_("Choose a person, or a team whose people take turns.")]
    elif rule.person is not None and rule.weights:
        errors["weights"] = [_("Only people of a team have weights.")]
    elif not all(
        key.isdecimal() and type(weight) is int and 0 <= weight <= MOST_WEIGHT
        for key, weight in rule.weights.items()
    ):
        told = _("Choose weights from 0 to %(most)d.") % {"most": MOST_WEIGHT}
        errors["weights"] = [told]
    elif rule.is_active and (problem := target_problem(rule, takers())):
        errors["team" if rule.team else "person"] = [problem]
    if errors:
        raise Unacceptable(errors=errors)


def _condition_errors(rule: AssignmentRule, *, by: User) -> dict[str, list[str]]:
    if not rule.condition:
        return {"condition": [_("Add a condition: which leads is the rule for?")]}
    fields = fields_of(Lead, by)
    try:
        condition = parse(rule.condition, fields, translate=_)
    except ConditionIsWrong as wrong:
        return wrong.errors
    rule.condition = as_data(condition)
    found = contradictions(condition, fields, now=house_now(), translate=_)
    return {"condition": found} if found and rule.is_active else {}
