"""A request that is sent again has one effect and one answer; an old version changes nothing."""

from __future__ import annotations

import pytest

from activities.models import Activity
from leads.models import Lead
from opportunities.models import Opportunity
from records.models import AuditEntry, IdempotencyKey
from tests.api.conftest import LEAD
from tests.factories import AccountFactory, ActivityFactory, LeadFactory, OpportunityFactory

pytestmark = pytest.mark.django_db


def test_the_first_answer_comes_again(rep):
    first = rep.post("leads/", LEAD, Idempotency_Key="order 1")
    again = rep.post("leads/", LEAD, Idempotency_Key="order 1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["ETag"] == again["ETag"]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Lead.objects.count() == 1


def test_the_order_and_the_spelling_of_the_body_do_not_matter(rep):
    rep.post("leads/", '{"topic": "Pumps", "company": "Engines"}', Idempotency_Key="k")

    again = rep.post("leads/", '{ "company":"Engines","topic":"Pum\\u0070s" }', Idempotency_Key="k")

    assert again["Idempotent-Replayed"] == "true"


def test_another_body_address_or_method_is_refused(rep):
    lead = rep.post("leads/", LEAD, Idempotency_Key="k").json()

    for method, path, body in (
        ("POST", "leads/", {**LEAD, "topic": "Other"}),
        ("POST", "accounts/", {"name": "x"}),
        ("PATCH", f"leads/{lead['id']}/", LEAD),
        ("POST", f"leads/{lead['id']}/qualify/", {}),
    ):
        refused = rep.send(method, path, body, Idempotency_Key="k")
        assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")
    assert Lead.objects.get().version == 1


def test_a_key_is_one_persons_own(rep, colleague):
    rep.post("leads/", LEAD, Idempotency_Key="k")

    other = colleague.post("leads/", {**LEAD, "topic": "Other"}, Idempotency_Key="k")

    assert other.status_code == 201
    assert other.json()["topic"] == "Other"


@pytest.mark.once
@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb", "é", "a\x7f"])
def test_a_key_has_1_to_255_printable_characters(rep, key):
    refused = rep.post("leads/", LEAD, Idempotency_Key=key)

    assert refused.status_code == 400
    assert "Idempotency-Key" in refused.json()["errors"]
    assert not Lead.objects.exists()


def test_the_longest_key_is_taken(rep):
    assert rep.post("leads/", LEAD, Idempotency_Key="~" * 255).status_code == 201


def test_a_refusal_comes_again_too(rep):
    lead = LeadFactory(owner=rep.user, email="")
    first = rep.post(f"leads/{lead.pk}/qualify/", Idempotency_Key="k")
    rep.patch(f"leads/{lead.pk}/", {"email": "ada@engines.example"})

    again = rep.post(f"leads/{lead.pk}/qualify/", Idempotency_Key="k")

    assert (first.status_code, again.status_code) == (422, 422)
    assert first.json() == again.json()
    assert rep.post(f"leads/{lead.pk}/qualify/", Idempotency_Key="k2").status_code == 201


def test_an_old_version_may_be_tried_again_with_the_same_key(rep):
    lead = LeadFactory(owner=rep.user)
    address = f"leads/{lead.pk}/"

    stale = rep.patch(address, {"city": "Rome"}, Idempotency_Key="k", If_Match='"v7"')
    fresh = rep.patch(address, {"city": "Rome"}, Idempotency_Key="k", If_Match='"v1"')

    assert (stale.status_code, fresh.status_code) == (412, 200)
    assert IdempotencyKey.objects.count() == 1


def test_every_kind_of_write_happens_once(rep):
    lead = LeadFactory(owner=rep.user)
    deal = OpportunityFactory(owner=rep.user)
    account = AccountFactory(owner=rep.user)
    task = ActivityFactory(on=lead, owner=rep.user, kind="task")
    note = {"kind": "note", "text": "x", "on": {"kind": "lead", "id": lead.pk}}
    requests = [
        ("POST", "accounts/", {"name": "Engines"}),
        ("POST", "contacts/", {"last_name": "Lovelace"}),
        ("POST", "opportunities/", {"topic": "Looms"}),
        ("POST", "activities/", note),
        ("PATCH", f"activities/{task.pk}/", {"status": "done"}),
        ("PATCH", f"accounts/{account.pk}/", {"city": "Rome"}),
        ("DELETE", f"accounts/{account.pk}/", None),
        ("POST", f"opportunities/{deal.pk}/win/", {}),
        ("POST", f"opportunities/{deal.pk}/reopen/", {}),
        ("POST", f"leads/{lead.pk}/qualify/", {}),
        ("POST", f"leads/{lead.pk}/undo/", {}),
        ("POST", f"leads/{lead.pk}/disqualify/", {"reason": "no-budget"}),
        ("POST", f"leads/{lead.pk}/reopen/", {}),
        ("POST", f"leads/{lead.pk}/assign/", {"owner": None}),
    ]

    for number, (method, path, body) in enumerate(requests):
        first = rep.send(method, path, body, Idempotency_Key=f"key {number}")
        assert first.status_code < 300, (path, first.content)
        lines = AuditEntry.objects.count()

        again = rep.send(method, path, body, Idempotency_Key=f"key {number}")

        assert (again.status_code, again.content) == (first.status_code, first.content), path
        assert again["Idempotent-Replayed"] == "true"
        assert AuditEntry.objects.count() == lines, path
    assert Activity.objects.filter(kind="note").count() == 1
    assert Opportunity.objects.filter(topic="Looms").count() == 1


# Versions


@pytest.mark.parametrize("tag", ['"v2"', 'W/"v2"', "*", '"v1", "v2"'])
def test_the_current_version_is_changed(rep, tag):
    lead = LeadFactory(owner=rep.user)
    rep.patch(f"leads/{lead.pk}/", {"city": "Rome"})

    assert rep.patch(f"leads/{lead.pk}/", {"city": "Oslo"}, If_Match=tag).status_code == 200


@pytest.mark.parametrize(
    "tag", ['"v1"', '"v3"', "v2", '"2"', "", '"v' + "9" * 5_000 + '"', "nonsense"]
)
def test_an_old_version_is_refused_everywhere(rep, tag):
    lead = LeadFactory(owner=rep.user)
    deal = OpportunityFactory(owner=rep.user)
    rep.patch(f"leads/{lead.pk}/", {"city": "Rome"})
    rep.patch(f"opportunities/{deal.pk}/", {"description": "x"})

    for method, path, body in (
        ("PATCH", f"leads/{lead.pk}/", {"city": "Oslo"}),
        ("PATCH", f"leads/{lead.pk}/", {"owner": None}),
        ("DELETE", f"leads/{lead.pk}/", None),
        ("POST", f"leads/{lead.pk}/qualify/", {}),
        ("POST", f"leads/{lead.pk}/disqualify/", {"reason": "no-budget"}),
        ("POST", f"leads/{lead.pk}/assign/", {"owner": None}),
        ("POST", f"opportunities/{deal.pk}/win/", {}),
        ("POST", f"opportunities/{deal.pk}/stage/", {"stage": "close"}),
    ):
        refused = rep.send(method, path, body, If_Match=tag)
        assert refused.status_code == 412, (path, refused.content)
        assert (refused.json()["code"], refused.json()["version"]) == ("stale", 2)
        assert refused["ETag"] == '"v2"'
    assert Lead.objects.get(pk=lead.pk).version == 2
