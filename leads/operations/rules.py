"""Writing the qualification rules: a draft is shaped, tried and activated, and never changes again.

Rules are given and kept as `leads.rules.Rule` says. A draft is changed rule by rule, under a lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.errors import DraftExists, RuleIsGone, RulesAreIncomplete, RulesAreSettled
from leads.models import Lead, QualificationRuleSet, RuleRun
from leads.models.rules import MOST_POINTS
from leads.rules import Rule, rules_in_force, why_incomplete
from leads.rules.automatic import why_not_automatic
from records import audit
from records.conditions import as_data, contradictions, parse, words
from records.custom import KEY, key_from
from records.errors import Unacceptable
from records.keys import text_problem
from records.operations import operation, refuse_stale, require_for_all
from records.vocabulary import fields_of
from users.formats import house_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from users.models import User

MOST_RULES = 20
LONGEST_PLAN = timedelta(days=366)
LONGEST_LABEL = 120


@operation
def draft_rules(
    *,
    by: User,
    like: QualificationRuleSet | None = None,
    rules: Sequence[Mapping[str, Any]] | None = None,
) -> QualificationRuleSet:
    """Return the draft of the next version, begun from the active one, from `like` or with `rules`.

    There is one draft at a time: where there is one already it is returned as it stands, and
    `DraftExists` raised where it was to have rules of its own. Raises `Unacceptable` as
    `save_rules` does.
    """
    require_for_all(by, "change", QualificationRuleSet)
    rows = QualificationRuleSet.objects.select_for_update()
    draft: QualificationRuleSet | None = rows.drafts().first()
    if draft is not None:
        if rules is not None:
            raise DraftExists(
                _("Version %(number)d is a draft already. Change that one, or discard it first.")
                % {"number": draft.number}
            )
        return draft
    active = rows.active().first()
    model = like or active
    number = QualificationRuleSet.objects.aggregate(last=Max("number"))["last"] or 0
    draft = QualificationRuleSet.objects.create(
        number=number + 1,
        rules=model.rules if model else [],
        threshold=model.threshold if model else 0,
        created_by=by,
    )
    audit.log(draft, "rules.drafted", by=by)
    return draft if rules is None else save_rules(draft, by=by, rules=rules)


@operation
def save_rule(
    draft: QualificationRuleSet,
    *,
    by: User,
    condition: Mapping[str, Any],
    key: str = "",
    version: int | None = None,
    **values: Any,
) -> QualificationRuleSet:
    """Add a rule at the end of the draft, or change the one with this `key`.

    `values` are `label`, `unmet_label`, `is_required`, `points` and `is_active`. Raises
    `Unacceptable` for a condition that cannot be asked or met, `RulesAreSettled` when the draft is
    none any more, `RuleIsGone`, and `Stale` when somebody else has changed the draft since
    `version`.
    """

    def changed(rules: list[Rule]) -> list[Rule]:
        rule = Rule(key=key, condition=condition, **values)
        if not key:
            return [*rules, rule]
        place = _place_of(key, rules)
        return [*rules[:place], rule, *rules[place + 1 :]]

    return _change(draft, changed, by=by, version=version)


@operation
def save_rules(
    draft: QualificationRuleSet,
    *,
    by: User,
    rules: Sequence[Mapping[str, Any]],
    version: int | None = None,
) -> QualificationRuleSet:
    """Give the draft these rules in this order. A rule without a key is a new one.

    What is wrong with one is told at its place: `rules.2.conditions`. Raises `Stale` when somebody
    has changed the draft since `version`.
    """

    def given(_standing: list[Rule]) -> list[Rule]:
        return [Rule.of(rule) for rule in rules]

    return _change(draft, given, by=by, version=version, place="rules")


@operation
def set_threshold(
    draft: QualificationRuleSet, *, by: User, threshold: int, version: int | None = None
) -> QualificationRuleSet:
    """Say how many points a lead needs under the draft; none with zero.

    Raises `Stale` when somebody has changed the draft since `version`.
    """
    current = _locked_draft(draft, by=by)
    refuse_stale(current, version)
    if not 0 <= threshold <= MOST_POINTS:
        sentence = _("Choose from 0 to %(most)d points.") % {"most": MOST_POINTS}
        raise Unacceptable(errors={"threshold": [sentence]})
    before = current.threshold
    if before != threshold:
        current.threshold = threshold
        current.valid_from = None
        current.version += 1
        current.save(update_fields=["threshold", "valid_from", "version"])
        audit.log(current, "rules.changed", by=by, changes={"threshold": [before, threshold]})
    return current


@operation
def move_rule(
    draft: QualificationRuleSet, *, by: User, key: str, is_up: bool
) -> QualificationRuleSet:
    """Move a rule of the draft one place up or down; at the end it stays where it is."""

    def moved(rules: list[Rule]) -> list[Rule]:
        place = _place_of(key, rules)
        rule = rules.pop(place)
        rules.insert(max(0, place - 1) if is_up else place + 1, rule)
        return rules

    return _change(draft, moved, by=by)


@operation
def switch_rule(
    draft: QualificationRuleSet, *, by: User, key: str, is_active: bool
) -> QualificationRuleSet:
    """Let a rule of the draft count or not. Switching it where it is changes nothing."""

    def switched(rules: list[Rule]) -> list[Rule]:
        place = _place_of(key, rules)
        return [*rules[:place], replace(rules[place], is_active=is_active), *rules[place + 1 :]]

    return _change(draft, switched, by=by)


@operation
def remove_rule(
    draft: QualificationRuleSet, *, by: User, key: str, version: int | None = None
) -> QualificationRuleSet:
    """Take a rule out of the draft.

    Raises `Stale` when somebody has changed the draft since `version`, and `RuleIsGone` when the
    rule is not there.
    """

    def without(rules: list[Rule]) -> list[Rule]:
        del rules[_place_of(key, rules)]
        return rules

    return _change(draft, without, by=by, version=version)


@operation
def activate_rules(
    draft: QualificationRuleSet,
    *,
    by: User,
    version: int | None = None,
    valid_from: datetime | None = None,
) -> QualificationRuleSet:
    """Put the draft into force and retire the version before it, whose automation it takes over.

    With a moment to come it stays a draft, and comes into force then, in the name of `by`.
    Raises `Stale` when somebody has changed the draft since `version`, `RulesAreIncomplete` with
    every reason why nothing good would come of it, and `RulesAreSettled` when it is no draft any
    more.
    """
    current = _locked_draft(draft, by=by)
    refuse_stale(current, version)
    if reasons := why_incomplete(current, by=by):
        raise RulesAreIncomplete(reasons=reasons)
    if valid_from is not None and valid_from > timezone.now() + LONGEST_PLAN:
        raise Unacceptable(errors={"valid_from": [_("Choose a moment within a year.")]})
    if valid_from is not None and valid_from > timezone.now():
        return _planned(current, valid_from, by=by)
    before = QualificationRuleSet.objects.select_for_update().active().first()
    if before is not None:
        before.state = QualificationRuleSet.State.RETIRED
        before.save(update_fields=["state"])
        # Where nothing is required everything would be qualified: nobody means that.
        current.is_automatic = before.is_automatic and not why_not_automatic(current, by=by)
        current.hourly_limit = before.hourly_limit
    current.state = QualificationRuleSet.State.ACTIVE
    current.activated_at = timezone.now()
    current.activated_by = by
    current.save()
    number = before.number if before is not None else None
    audit.log(current, "rules.activated", by=by, changes={"version": [number, current.number]})
    return current


@operation
def unplan_rules(draft: QualificationRuleSet, *, by: User, reason: str = "") -> None:
    """Take away the moment at which a draft was to come into force. Again it changes nothing."""
    current = _locked_draft(draft, by=by)
    if current.valid_from is not None:
        _planned(current, None, by=by, reason=reason)


def _planned(
    draft: QualificationRuleSet, valid_from: datetime | None, *, by: User, reason: str = ""
) -> QualificationRuleSet:
    before = draft.valid_from
    draft.valid_from, draft.activated_by = valid_from, by if valid_from else None
    draft.version += 1
    draft.save(update_fields=["valid_from", "activated_by", "version"])
    changes = {"valid_from": [before, valid_from]}
    audit.log(draft, "rules.planned", by=by, changes=changes, reason=reason)
    return draft


@operation
def discard_rules(draft: QualificationRuleSet, *, by: User, version: int | None = None) -> None:
    """Throw the draft away; the active version stays as it is.

    Raises `Stale` when somebody has changed it since `version`.
    """
    current = _locked_draft(draft, by=by)
    refuse_stale(current, version)
    audit.log(current, "rules.discarded", by=by, changes={"rules": [current.rules, None]})
    current.delete()


@dataclass(frozen=True)
class Round:
    """A part of the leads that was gone through: the number of the last one, how many changed."""

    last: int
    changed: int


@operation
def refresh_readiness(*, by: User, after: int = 0, most: int = 500) -> Round | None:
    """Bring `ready_since` of the next open leads to what the rules say by now.

    Looks at leads above the number `after` that say otherwise, at most so many; returns None when
    none was left. Again it changes nothing.
    """
    rules = rules_in_force(by=by)
    open_leads = Lead.objects.open().filter(pk__gt=after)
    ready = rules.met_in(open_leads)
    now_ready = list(
        ready.filter(ready_since=None).order_by("pk").values_list("pk", flat=True)[:most]
    )
    no_longer = list(
        open_leads.filter(ready_since__isnull=False)
        .exclude(pk__in=ready.values("pk"))
        .order_by("pk")
        .values_list("pk", flat=True)[:most]
    )
    changed = sorted([*now_ready, *no_longer])[:most]
    if not changed:
        return None
    # Held, each is asked once more: somebody may have edited it since it was looked at.
    held = open_leads.filter(pk__in=changed)
    list(held.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    met = list(rules.met_in(held).values_list("pk", flat=True))
    came = held.filter(pk__in=met, ready_since=None).update(ready_since=timezone.now())
    went = held.filter(ready_since__isnull=False).exclude(pk__in=met).update(ready_since=None)
    return Round(int(changed[-1]), came + went)


MOST_RUNS = 100  # of a kind, that are kept


@operation
def note_run(kind: str, *, began_at: datetime, looked_at: int, changed: int, stop: str) -> None:
    """Write down that the product went through leads by the rules.

    Where it changed nothing, as the time before, that line is brought up to now.
    """
    runs = RuleRun.objects.filter(kind=kind).order_by("-pk")
    run = RuleRun(kind=kind, changed=changed, stop=stop)
    last = runs.select_for_update().first()
    if last is not None and (last.changed, last.stop) == (changed, stop) == (0, stop):
        run = last
    run.looked_at, run.began_at, run.ended_at = looked_at, began_at, timezone.now()
    run.save()
    kept = list(runs.values_list("pk", flat=True)[:MOST_RUNS])
    runs.filter(pk__lt=kept[-1]).delete()


def _locked_draft(draft: QualificationRuleSet, *, by: User) -> QualificationRuleSet:
    require_for_all(by, "change", QualificationRuleSet)
    current: QualificationRuleSet | None = (
        QualificationRuleSet.objects.select_for_update().filter(pk=draft.pk).first()
    )
    if current is None:
        raise RulesAreSettled(_("Somebody has thrown this draft away."))
    if not current.is_draft:
        raise RulesAreSettled(
            _("Version %(number)d is in force or was: begin a new draft to change the rules.")
            % {"number": current.number}
        )
    return current


def _change(
    draft: QualificationRuleSet,
    change: Callable[[list[Rule]], list[Rule]],
    *,
    by: User,
    version: int | None = None,
    place: str = "",
) -> QualificationRuleSet:
    """Change the rules of the draft and save what really changed."""
    current = _locked_draft(draft, by=by)
    refuse_stale(current, version)
    standing = [Rule.of(data) for data in current.rules]
    rules = _complete(change(list(standing)), standing, by=by, place=place)
    before, after = current.rules, [rule.as_data() for rule in rules]
    if before == after:
        return current
    current.rules = after
    current.valid_from = None
    current.version += 1
    current.save(update_fields=["rules", "valid_from", "version"])
    audit.log(current, "rules.changed", by=by, changes={"rules": [before, after]})
    return current


def _complete(rules: list[Rule], standing: list[Rule], *, by: User, place: str = "") -> list[Rule]:
    """Check what is new about rules, and give them their keys and their words."""
    if len(rules) > MOST_RULES:
        raise Unacceptable(
            _("A version can have %(most)d rules. Take one away first.") % {"most": MOST_RULES}
        )
    keys = [rule.key for rule in rules if rule.key]
    if len(set(keys)) < len(keys):
        raise Unacceptable(errors={"rules": [_("Two rules have the same key.")]})
    known = {rule.key: rule for rule in standing}
    taken = {*keys, *known}
    complete = []
    for number, rule in enumerate(rules):
        if rule.key and not KEY.fullmatch(rule.key):
            raise Unacceptable(
                errors={"rules": [_("A key has small letters, digits and underscores only.")]}
            )
        stands = known.get(rule.key)
        if stands is not None and _says_the_same(rule, stands):
            # What was accepted once stays as it is, also where its field has gone since.
            complete.append(replace(rule, words=stands.words))
            continue
        checked = _checked(rule, by=by, place=f"{place}.{number}" if place else "")
        if not rule.key:
            checked = replace(checked, key=key_from(str(checked), taken=taken, otherwise="rule"))
            taken.add(checked.key)
        complete.append(checked)
    return complete


def _says_the_same(one: Rule, other: Rule) -> bool:
    names = ("condition", "label", "unmet_label", "points")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _checked(rule: Rule, *, by: User, place: str = "") -> Rule:
    """Return the rule with its condition as it is stored, and in words.

    Raises `Unacceptable`; in a list of rules it names the `place`.
    """
    if not place:
        return _accepted(rule, by=by)
    try:
        return _accepted(rule, by=by)
    except Unacceptable as wrong:
        named = {"condition": "conditions"}
        raise Unacceptable(
            errors={f"{place}.{named.get(n, n)}": told for n, told in wrong.errors.items()}
        ) from wrong


def _accepted(rule: Rule, *, by: User) -> Rule:
    errors: dict[str, list[str]] = {}
    for name in ("label", "unmet_label"):
        text = getattr(rule, name)
        if problem := text_problem(text):
            errors[name] = [problem]
        elif len(text) > LONGEST_LABEL:
            errors[name] = [_("Use at most %(most)d characters.") % {"most": LONGEST_LABEL}]
    if not 0 <= rule.points <= MOST_POINTS:
        errors["points"] = [_("Choose from 0 to %(most)d points.") % {"most": MOST_POINTS}]
    if errors:
        raise Unacceptable(errors=errors)
    fields = fields_of(Lead, by)
    condition = parse(rule.condition, fields, translate=_)
    if impossible := contradictions(condition, fields, now=house_now(), translate=_):
        raise Unacceptable(errors={"condition": impossible})
    return replace(
        rule,
        condition=as_data(condition),
        label=rule.label.strip(),
        unmet_label=rule.unmet_label.strip(),
        words=words(condition, fields, translate=_),
    )


def _place_of(key: str, rules: Sequence[Rule]) -> int:
    for place, rule in enumerate(rules):
        if rule.key == key:
            return place
    raise RuleIsGone(_("This rule is not in the draft any more."))
