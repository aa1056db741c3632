"""The scoring rules by API, the scale, and what made the score of a lead."""

from __future__ import annotations

import pytest

from leads.models import Lead
from tests.api.conftest import Caller
from tests.factories import LeadFactory

pytestmark = [pytest.mark.django_db, pytest.mark.once]

GERMANY = {"all": [{"field": "country", "is": "is", "value": "DE"}]}


def test_a_rule_is_made_changed_and_deleted_and_all_leads_are_scored(
    manager: Caller, rep: Caller
) -> None:
    lead = LeadFactory(owner=rep.user, country="DE")
    made = manager.post("scoring-rules/", {"name": "Home", "conditions": GERMANY, "points": 30})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["words"], body["problems"], body["is_active"]) == ("Country is Germany", [], True)
    address = f"scoring-rules/{body['id']}/"

    changed = manager.patch(address, {"points": 70}, If_Match=made.headers["ETag"])
    late = manager.patch(address, {"points": 80}, If_Match=made.headers["ETag"])
    told = rep.get(f"leads/{lead.pk}/score/").json()

    assert (changed.json()["points"], late.status_code) == (70, 412)
    assert told == {
        "score": 70,
        "parts": [{"rule": "Home", "points": 70}],
        "suggested_rating": "hot",
    }
    assert rep.get(f"leads/{lead.pk}/").json()["score"] == 70
    assert rep.get("leads/?score_min=71&count=1").json()["count"] == 0
    assert manager.get("scoring-rules/").json()["results"][0]["name"] == "Home"
    assert manager.delete(address).status_code == 204
    assert Lead.objects.get().score is None


def test_the_scale_is_read_and_changed(manager: Caller, rep: Caller) -> None:
    assert rep.get("scoring-rules/scale/").status_code == 403
    wrong = manager.patch("scoring-rules/scale/", {"warm_from": 90})

    changed = manager.patch("scoring-rules/scale/", {"highest": 200, "hot_from": 150})

    assert wrong.status_code == 400, wrong.content
    assert changed.json() == manager.get("scoring-rules/scale/").json()
    assert changed.json() == {"lowest": 0, "highest": 200, "warm_from": 30, "hot_from": 150}


def test_a_rule_that_asks_for_the_score_is_refused(manager: Caller) -> None:
    loop = {"all": [{"field": "score", "is": "at_least", "value": 5}]}

    answer = manager.post("scoring-rules/", {"name": "Loop", "conditions": loop, "points": 1})

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["conditions"]
