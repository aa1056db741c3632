"""Who sees what: outside one's scope a record is as if it were not; a seen one may be closed."""

from __future__ import annotations

from typing import Any

import pytest

from activities.models import Activity
from records.models import AuditEntry
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
)

pytestmark = pytest.mark.django_db

KINDS = {
    "leads": LeadFactory,
    "accounts": AccountFactory,
    "contacts": ContactFactory,
    "opportunities": OpportunityFactory,
    "activities": ActivityFactory,
}
VERBS = {
    "leads": ["qualify", "undo", "disqualify", "reopen", "assign", "apart", "together"],
    "opportunities": ["stage", "win", "lose", "reopen", "hold", "resume"],
}
BODIES = {
    "disqualify": {"reason": "no-budget"},
    "assign": {"owner": None},
    "stage": {"stage": "close"},
    "lose": {"reason": "price"},
}
CHANGES = {
    "leads": {"city": "Rome"},
    "accounts": {"city": "Rome"},
    "contacts": {"city": "Rome"},
    "opportunities": {"description": "x"},
    "activities": {"text": "x"},
}


def record_of(kind: str, owner: Any) -> Any:
    if kind == "activities":
        return ActivityFactory(on=LeadFactory(owner=owner), owner=owner)
    return KINDS[kind](owner=owner)


def requests_for(kind: str, pk: int) -> list[tuple[str, str, Any]]:
    """Return every request there is for one record."""
    found: list[tuple[str, str, Any]] = [
        ("GET", f"{kind}/{pk}/", None),
        ("PATCH", f"{kind}/{pk}/", CHANGES[kind]),
        ("PATCH", f"{kind}/{pk}/", {"owner": None}),
        ("DELETE", f"{kind}/{pk}/", None),
    ]
    found += [
        ("POST", f"{kind}/{pk}/{verb}/", BODIES.get(verb, {})) for verb in VERBS.get(kind, [])
    ]
    if kind == "leads":
        found += [
            ("GET", f"leads/{pk}/qualification/", None),
            ("POST", f"leads/{pk}/qualification/", {}),
            ("GET", f"leads/{pk}/receipts/", None),
        ]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_out_of_scope_answers_like_one_that_is_not_there(kind, rep, outsider):
    record = record_of(kind, outsider.user)
    lines, version = AuditEntry.objects.count(), record.version

    for number, (method, path, body) in enumerate(requests_for(kind, record.pk)):
        hidden = rep.send(method, path, body, Idempotency_Key=f"hidden {number}")
        missing = rep.send(
            method,
            path.replace(f"/{record.pk}/", "/999999/"),
            body,
            Idempotency_Key=f"missing {number}",
        )
        assert hidden.status_code == missing.status_code == 404, path
        assert hidden.content == missing.content
        assert sorted(hidden.headers) == sorted(missing.headers)
    record.refresh_from_db()
    assert (record.version, AuditEntry.objects.count()) == (version, lines)
    assert rep.get(f"{kind}/?count=1").json()["count"] == 0
    assert rep.get(f"{kind}/?id__in={record.pk}").json()["results"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_that_is_seen_but_not_ones_own_is_refused_with_403(kind, rep, colleague):
    record = record_of(kind, colleague.user)
    lines = AuditEntry.objects.count()
    is_shared = kind in {"accounts", "contacts"}  # which the team may change

    for method, path, body in requests_for(kind, record.pk):
        answer = rep.send(method, path, body)
        is_read = method == "GET" or path.endswith("/qualification/")
        is_open = is_read or (is_shared and body == CHANGES[kind])
        expected = 200 if is_open else 403
        assert answer.status_code == expected, (method, path, answer.content)
        if expected == 403:
            assert answer.json()["code"] == "not_permitted"
            assert str(record) not in answer.content.decode()
    record.refresh_from_db()
    if not is_shared:
        assert (record.version, AuditEntry.objects.count()) == (1, lines)


def test_who_has_no_role_sees_and_adds_nothing():
    from tests.api.conftest import LEAD, Caller
    from tests.factories import UserFactory

    nobody = Caller(UserFactory())
    LeadFactory()

    for kind in KINDS:
        assert nobody.get(f"{kind}/").json()["results"] == []
    assert nobody.post("leads/", LEAD).status_code == 403
    assert nobody.post("accounts/", {"name": "x"}).status_code == 403


def test_giving_to_others_needs_the_right_to(team):
    from tests.api.conftest import LEAD, Caller
    from tests.factories import UserFactory

    other = UserFactory(team=team)
    helper = Caller(
        UserFactory(team=team, may={"leads.add_lead": "team", "leads.view_lead": "team"})
    )

    refused = helper.post("leads/", {**LEAD, "owner": other.email})

    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert helper.post("leads/", LEAD).status_code == 201


def test_links_to_what_one_may_not_see_are_left_out(rep, outsider):
    hidden = AccountFactory(owner=outsider.user)
    contact = ContactFactory(owner=rep.user, account=hidden)
    lead = LeadFactory(owner=rep.user, account=hidden)
    deal = OpportunityFactory(owner=rep.user, account=hidden)

    assert rep.get(f"contacts/{contact.pk}/").json()["account"] is None
    assert rep.get(f"leads/{lead.pk}/").json()["account"] is None
    assert rep.get(f"opportunities/{deal.pk}/").json()["account"] is None


def test_a_list_cannot_be_asked_for_what_one_may_not_see(rep, outsider):
    hidden, seen = AccountFactory(owner=outsider.user), AccountFactory(owner=rep.user)
    ContactFactory(owner=rep.user, account=hidden)
    contact = ContactFactory(owner=rep.user, account=seen)

    found = rep.get(f"contacts/?account={seen.pk}").json()["results"]

    assert [row["id"] for row in found] == [contact.pk]
    assert rep.get(f"contacts/?account={hidden.pk}").json()["results"] == []


def test_a_team_sees_what_waits_for_it(rep):
    waiting = LeadFactory(owner=None)

    assert rep.get(f"leads/{waiting.pk}/").status_code == 200


def test_an_administrator_sees_everything(admin, rep, outsider):
    for kind in KINDS:
        record_of(kind, rep.user)
        record_of(kind, outsider.user)

    for kind in ("accounts", "contacts", "opportunities", "activities"):
        assert admin.get(f"{kind}/?count=1").json()["count"] == 2
    assert Activity.objects.count() == 2


def test_people_who_left_are_shown_to_administrators_only(rep, colleague, admin):
    colleague.user.is_active = False
    colleague.user.save()

    assert rep.get(f"users/{colleague.user.pk}/").status_code == 404
    assert admin.get(f"users/{colleague.user.pk}/").json()["is_active"] is False
    assert set(rep.get("users/").json()["results"][0]) == {
        "id",
        "email",
        "name",
        "team",
        "manager",
        "is_active",
        "is_machine",
    }
