"""Merging by program."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import Contact
from accounts.operations import create_contact, update_contact
from records.models import Merge, PossibleDuplicate
from tests.api.conftest import Caller
from tests.duplicates import world
from tests.duplicates.kinds import KINDS
from tests.duplicates.world import record
from tests.factories import ContactFactory


@pytest.fixture
def program(rep):
    return Caller(rep)


@pytest.mark.parametrize("name", KINDS)
def test_makes_records_one_and_several_again(program, rep, name):
    kept, *gone = KINDS[name].world(rep)
    body = {"survivor": kept.pk, "losers": [each.pk for each in gone]}

    merged = program.post(f"{name}s/merge/", body)
    undone = program.post(f"merges/{merged.json()['merge']}/undo/")

    assert merged.status_code == 201
    assert merged.json() == {
        "merge": Merge.objects.get().pk,
        "kind": name,
        "survivor": kept.pk,
        "losers": [each.pk for each in gone],
        "version": kept.version + 1,
    }
    assert merged["ETag"] == f'"v{kept.version + 1}"'
    assert (undone.status_code, undone.json()["state"]) == (200, "undone")
    assert not any(record(each).is_in_bin for each in gone)


def test_does_it_once_per_key(program, rep):
    kept, gone = ContactFactory(owner=rep), ContactFactory(owner=rep)
    body = {"survivor": kept.pk, "losers": [gone.pk]}

    first = program.post("contacts/merge/", body, Idempotency_Key="one")
    again = program.post("contacts/merge/", body, Idempotency_Key="one")
    other = program.post("contacts/merge/", {**body, "values": {}}, Idempotency_Key="one")

    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert Merge.objects.count() == 1


def test_takes_the_fields_that_are_named(program, rep):
    kept, gone = (
        create_contact(by=rep, first_name=name, last_name="Lovelace") for name in ("Ada", "Augusta")
    )

    answer = program.post(
        "contacts/merge/",
        {"survivor": kept.pk, "losers": [gone.pk], "values": {"first_name": gone.pk}},
    )

    assert answer.status_code == 201
    assert record(kept).first_name == "Augusta"


def test_calls_the_fields_of_a_lead_as_the_api_does(program, rep):
    kept = world.a_lead(rep, "Ada", estimated_close_date=date(2030, 1, 1))
    gone = world.a_lead(rep, "Mary", estimated_close_date=date(2031, 1, 1))

    answer = program.post(
        "leads/merge/",
        {"survivor": kept.pk, "losers": [gone.pk], "values": {"estimated_close_on": gone.pk}},
    )

    assert answer.status_code == 201
    assert record(kept).estimated_close_date == record(gone).estimated_close_date


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"survivor": 987_654}, "survivor"),
        ({"losers": [987_654]}, "losers.0"),
        ({"losers": []}, "losers"),
        ({"losers": list(range(1, 100_001))}, "losers"),
        ({"losers": "all"}, "losers"),
        ({"values": {"phone": 987_654}}, "values.phone"),
        ({"values": {"id": 1}}, "values.id"),
        ({"values": {"consent": True}}, "values.consent"),
        ({"values": [1]}, "values"),
        ({"nothing": 1}, "nothing"),
    ],
)
def test_names_what_is_wrong(program, rep, change, field):
    kept, gone = ContactFactory(owner=rep), ContactFactory(owner=rep)

    answer = program.post("contacts/merge/", {"survivor": kept.pk, "losers": [gone.pk], **change})

    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert not Merge.objects.exists()


@pytest.mark.parametrize("name", ["²", "9" * 5_000, "first", "-1"])
def test_passes_over_versions_of_what_is_no_number(program, rep, name):
    kept, gone = ContactFactory(owner=rep), ContactFactory(owner=rep)
    body = {"survivor": kept.pk, "losers": [gone.pk], "versions": {name: 1}}

    assert program.post("contacts/merge/", body).status_code == 201


def test_refuses_a_record_with_itself(program, rep):
    kept = ContactFactory(owner=rep)

    answer = program.post("contacts/merge/", {"survivor": kept.pk, "losers": [kept.pk]})

    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_merge")


def test_a_record_of_others_is_as_if_it_were_not(program, rep, outsider):
    kept, hidden = ContactFactory(owner=rep), ContactFactory(owner=outsider)

    there = program.post("contacts/merge/", {"survivor": kept.pk, "losers": [hidden.pk]})
    absent = program.post("contacts/merge/", {"survivor": kept.pk, "losers": [987_654]})

    assert there.status_code == absent.status_code == 400
    assert there.content == absent.content


def test_refuses_what_was_changed_since_it_was_read(program, rep):
    kept, gone = ContactFactory(owner=rep), ContactFactory(owner=rep)
    body = {"survivor": kept.pk, "losers": [gone.pk]}
    update_contact(gone, by=rep, job_title="CEO")

    by_body = program.post("contacts/merge/", {**body, "versions": {str(gone.pk): 1}})
    by_header = program.post("contacts/merge/", body, If_Match='"v7"')

    assert (by_body.status_code, by_header.status_code) == (412, 412)


def test_tells_where_a_record_went(program, rep):
    kept, gone = ContactFactory(owner=rep), ContactFactory(owner=rep)
    program.post("contacts/merge/", {"survivor": kept.pk, "losers": [gone.pk]})

    lost = program.get(f"contacts/{gone.pk}/")
    found = program.get(f"merges/?kind=contact&loser={gone.pk}").json()["results"]
    again = program.post("contacts/merge/", {"survivor": kept.pk, "losers": [gone.pk]})

    assert lost.status_code == 404
    assert [(each["survivor"], each["losers"]) for each in found] == [(kept.pk, [gone.pk])]
    assert again.status_code == 400


def test_lists_the_merges_into_what_one_may_see(program, rep, outsider):
    kept, gone = ContactFactory(owner=rep), ContactFactory(owner=rep)
    program.post("contacts/merge/", {"survivor": kept.pk, "losers": [gone.pk]})

    assert len(program.get("merges/").json()["results"]) == 1
    assert Caller(outsider).get("merges/").json()["results"] == []


def test_lists_what_has_changed_since_and_undoes_the_rest(program, rep):
    kept, gone = (
        create_contact(by=rep, last_name="Lovelace", **more) for more in ({}, {"job_title": "CEO"})
    )
    merge = program.post("contacts/merge/", {"survivor": kept.pk, "losers": [gone.pk]}).json()
    update_contact(kept, by=rep, job_title="CTO")

    refused = program.post(f"merges/{merge['merge']}/undo/")
    undone = program.post(f"merges/{merge['merge']}/undo/", {"keep": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_unmerge")
    assert refused.json()["may_keep"]
    assert refused.json()["obstacles"][0]["record"] == {"kind": "contact", "id": kept.pk}
    assert undone.status_code == 200
    assert len(undone.json()["left"]) == 1
    assert Contact.objects.get(pk=kept.pk).job_title == "CTO"


@pytest.mark.parametrize("name", KINDS)
def test_says_of_a_pair_that_it_is_none_and_takes_it_back(program, rep, name):
    one, other, *_more = KINDS[name].world(rep)
    pair = PossibleDuplicate.objects.create(
        kind=name, low=min(one.pk, other.pk), high=max(one.pk, other.pk), score=80
    )

    dismissed = program.post(f"duplicates/{pair.pk}/dismiss/")
    without = program.get(f"duplicates/?kind={name}").json()["results"]
    restored = program.post(f"duplicates/{pair.pk}/restore/")

    assert (dismissed.status_code, without) == (200, [])
    assert dismissed.json()["dismissed_at"]
    assert restored.json()["dismissed_at"] is None
    listed = program.get(f"duplicates/?kind={name}").json()["results"]
    assert [each["id"] for each in listed] == [pair.pk]
