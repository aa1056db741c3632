"""Seven scoring rules for leads with a known outcome, and the same points counted by hand."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from leads import operations
from leads.jobs import rescore
from leads.models import Lead, QualificationRuleSet, ScoringRule
from leads.rules import RuleSet
from leads.rules.backtest import FIGURES, TRIED, backtest
from leads.rules.scoring import by_score
from records.models import CustomField
from tests.history import NAME, rows_of
from tests.reference import folder_of
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Points, column of the file, field of ours, comparison, value.
RULES: list[tuple[int, str, str, str, Any]] = [
    (30, "Lead Origin", "origin", "is", "Lead Add Form"),
    (25, "What is your current occupation", "occupation", "is", "Working Professional"),
    (20, "Total Time Spent on Website", "seconds_on_website", "at_least", 600),
    (10, "TotalVisits", "total_visits", "at_least", 5),
    (10, "Last Activity", "last_activity", "is", "SMS Sent"),
    (-20, "Do Not Email", "do_not_email", "yes", "Yes"),
    (-10, "Last Activity", "last_activity", "is", "Olark Chat Conversation"),
]
ENOUGH = 30


def points_of(row: Mapping[str, str]) -> int:
    """Return the points of a row, by the words of the rules alone."""
    return sum(
        points
        for points, column, _field, comparison, value in RULES
        if (
            row[column] != "" and float(row[column]) >= value
            if comparison == "at_least"
            else row[column] == value
        )
    )


def by_hand(rows: Iterable[Mapping[str, str]]) -> dict[int, tuple[int, int]]:
    """Return how many leads and conversions each score has."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        counts = found[points_of(row)]
        counts[0] += 1
        counts[1] += row["Converted"] == "1"
    return {score: (leads, converted) for score, (leads, converted) in found.items()}


def score_all(*, by: User) -> float:
    """Write the rules and have all leads scored by them; return how long that took, in seconds."""
    operations.set_scale(by=by, lowest=-100, highest=200)
    for points, _column, field, comparison, value in RULES:
        test: dict[str, Any] = {"field": f"custom.{field}", "is": comparison}
        if comparison == "at_least":
            test["value"] = value
        elif comparison == "is":
            test["value"] = key_of(field, value)
        rule = ScoringRule(name=f"{field}: {value}", condition={"all": [test]}, points=points)
        operations.save_scoring_rule(rule, by=by)
    begun = time.monotonic()
    rescore.call()
    return time.monotonic() - begun


def key_of(field: str, label: str) -> str:
    choices = CustomField.objects.get(kind="lead", key=field).choices
    return next((each["key"] for each in choices if each["label"] == label), "unknown")


def scored(*, by: User) -> dict[int | None, tuple[int, int]]:
    """Return how many leads and conversions each score has by the product."""
    return {step.score: (step.leads, step.qualified) for step in by_score(viewer=by)}


def passed(*, by: User) -> tuple[int, int]:
    """Return how many leads, and conversions, a rule lets through that asks for enough points."""
    draft = operations.draft_rules(by=by)
    asked = {"all": [{"field": "score", "is": "at_least", "value": ENOUGH}]}
    rule = {"condition": asked, "is_required": True}
    draft = operations.save_rules(draft, by=by, rules=[rule])
    rules = RuleSet.of(QualificationRuleSet.objects.get(pk=draft.pk), by=by)
    [tried] = backtest([rules], viewer=by, most=TRIED[-1])
    return sum(map(FIGURES["passed"], tried)), sum(map(FIGURES["qualified"], tried))


def prove() -> dict[str, Any]:
    """Score the leads that came in, compare them with the oracle, and do it once more."""
    oracle = json.loads((folder_of(NAME) / "truths.json").read_text())["rule_oracle"]
    by = User.objects.get(email="boss@history.example")
    took = score_all(by=by)
    expected = {int(s): tuple(c) for s, c in oracle["leads_and_converted_by_score"].items()}
    assert by_hand(rows_of(folder_of(NAME) / "Leads.csv")) == expected
    assert scored(by=by) == expected, scored(by=by)
    enough = oracle["at_least"][str(ENOUGH)]
    assert passed(by=by) == (enough["leads"], enough["converted"])
    change = ScoringRule.objects.order_by("pk").first()
    assert change is not None
    operations.change_scoring_rule(change, by=by, points=31)
    begun = time.monotonic()
    changed = rescore.call()
    return {
        "scored": Lead.objects.exclude(score=None).count(),
        "scores_that_agree": len(expected),
        "score_all_s": round(took, 1),
        "changed_by_one_rule": changed,
        "rescore_s": round(time.monotonic() - begun, 1),
    }
