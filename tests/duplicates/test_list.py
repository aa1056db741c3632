"""The list of records that may be one: pairs, groups, what one says of them, and the API."""

from __future__ import annotations

import itertools

import pytest
from django.urls import reverse

from accounts.operations import create_account, create_contact, delete_contact
from leads.jobs import look_through
from leads.operations import capture_lead, dismiss_pair
from records.models import PossibleDuplicate
from tests.factories import UserFactory
from tests.posted import posted
from users.operations import issue_token

LIST = reverse("duplicates:list")
API = "/api/v1/duplicates/"


def contacts(by, *fields):
    return [create_contact(by=by, owner=by, **each) for each in fields]


def pair(one, other, score=90, reasons=(("email", "same"),)):
    low, high = sorted((one.pk, other.pk))
    return PossibleDuplicate.objects.create(
        kind=one._meta.model_name,
        low=low,
        high=high,
        score=score,
        reasons=[list(each) for each in reasons],
    )


@pytest.fixture
def visitor(client, rep):
    client.force_login(rep)
    return client


@pytest.fixture
def people(rep):
    return contacts(
        rep, *({"last_name": name} for name in ("Ada", "Byron", "Clare", "Dora", "Eve"))
    )


def groups(client, **asked):
    return client.get(LIST, {"kind": "contact", **asked}).context["groups"]


def test_shows_pairs_with_score_reasons_and_the_way_to_merge(visitor, people):
    ada, byron, *_ = people
    pair(ada, byron, 94, [("email", "same"), ("city", "different")])

    (group,) = groups(visitor)

    assert group["score"] == 94
    assert [each["name"] for each in group["records"]] == ["Ada", "Byron"]
    assert group["pairs"][0]["reasons"] == [
        {"label": "Same email", "state": "agrees"},
        {"label": "Different city", "state": "differs"},
    ]
    assert group["merge_url"].endswith(f"?kind=contact&id={ada.pk}&id={byron.pk}")
    assert visitor.get(group["merge_url"]).status_code == 200


def test_puts_connected_pairs_together_the_likeliest_first(visitor, people):
    ada, byron, clare, dora, eve = people
    pair(ada, byron, 70)
    pair(dora, eve, 80)
    pair(byron, clare, 95)

    found = groups(visitor)

    assert [each["score"] for each in found] == [95, 80]
    assert {each["name"] for each in found[0]["records"]} == {"Ada", "Byron", "Clare"}
    assert [each["score"] for each in found[0]["pairs"]] == [95, 70]


def test_keeps_the_kinds_apart(visitor, rep, people):
    pair(*people[:2])
    pair(*(create_account(by=rep, name=name, owner=rep) for name in ("Acme", "Akme")))

    assert len(groups(visitor)) == 1
    assert (
        visitor.get(LIST, {"kind": "account"}).context["groups"][0]["records"][0]["name"] == "Acme"
    )
    assert visitor.get(LIST).context["kind"] == "lead"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"score": "80"}, ["Ada"]),
        ({"reason": "email"}, ["Ada"]),
        ({"reason": "name"}, ["Clare"]),
        ({"reason": "phone"}, []),
        ({"reason": "phone", "score": "60"}, []),
        ({"reason": "nonsense", "score": "much"}, ["Ada", "Clare"]),
    ],
)
def test_is_narrowed_by_reason_and_score(visitor, people, asked, found):
    ada, byron, clare, dora, _eve = people
    pair(ada, byron, 90, [("email", "same"), ("name", "different")])
    pair(clare, dora, 60, [("last_name", "alike"), ("email", "different")])

    assert [each["records"][0]["name"] for each in groups(visitor, **asked)] == found


def test_shows_only_pairs_of_which_one_may_see_both_and_counts_the_rest(
    visitor, rep, outsider, people
):
    (hidden,) = contacts(outsider, {"last_name": "Secret"})
    pair(people[0], hidden)
    pair(people[1], people[2])

    page = visitor.get(LIST, {"kind": "contact", "reason": "phone"})

    assert page.context["outside"] == 1
    assert "1 more outside what you may see" in page.content.decode()
    assert len(groups(visitor)) == 1
    assert "Secret" not in visitor.get(LIST, {"kind": "contact"}).content.decode()


def test_counts_nothing_outside_for_those_who_see_everything(client, admin, people):
    client.force_login(admin)
    pair(*people[:2])

    assert client.get(LIST, {"kind": "contact"}).context["outside"] == 0


def test_leaves_out_what_is_in_the_bin(visitor, rep, people):
    pair(*people[:2])
    delete_contact(people[0], by=rep)

    page = visitor.get(LIST, {"kind": "contact"})

    assert page.context["groups"] == []
    assert page.context["outside"] == 0


def test_has_pages(visitor, rep):
    for number in range(21):
        pair(*contacts(rep, {"last_name": f"A {number}"}, {"last_name": f"B {number}"}))

    first = visitor.get(LIST, {"kind": "contact", "score": "60"})
    last = visitor.get(LIST, {"kind": "contact", "score": "60", "page": "2"})
    beyond = visitor.get(LIST, {"kind": "contact", "page": "99"})

    assert len(first.context["groups"]) == 20
    assert first.context["next"] == "?kind=contact&score=60&page=2"
    assert len(last.context["groups"]) == len(beyond.context["groups"]) == 1


@pytest.mark.once
def test_takes_the_same_few_statements_however_many_pairs_there_are(visitor, rep, statements):
    pair(*contacts(rep, {"last_name": "A"}, {"last_name": "B"}))
    groups(visitor)
    with statements() as few:
        groups(visitor)
    made = contacts(rep, *({"last_name": f"Name {n}"} for n in range(30)))
    for one, other in itertools.pairwise(made):
        pair(one, other)
    with statements() as many:
        groups(visitor)

    assert len(many) == len(few) <= 12


# Saying something of a pair


def test_says_that_two_are_not_the_same_and_takes_it_back(visitor, people):
    kept = pair(*people[:2])
    page = visitor.get(LIST, {"kind": "contact", "score": "60"})
    dismiss = reverse("duplicates:dismiss", kwargs={"pk": kept.pk})
    assert f'action="{dismiss}?kind=contact&amp;score=60"' in page.content.decode()

    answer = visitor.post(f"{dismiss}?kind=contact&score=60", posted(page.content.decode()))

    assert answer.url == f"{LIST}?kind=contact&score=60"
    after = visitor.get(answer.url)
    undo = reverse("duplicates:restore", kwargs={"pk": kept.pk})
    assert after.context["groups"] == []
    assert f'action="{undo}?kind=contact"' in after.content.decode()
    visitor.post(f"{undo}?kind=contact")
    assert len(groups(visitor)) == 1


def test_what_was_said_is_remembered_when_all_records_are_looked_through(visitor, rep):
    twins = contacts(
        rep,
        {"first_name": "Ada", "last_name": "Lovelace", "phone": "+4930555001", "city": "Bonn"},
        {"first_name": "Ada", "last_name": "Lovelace", "mobile": "+4930555001", "city": "Bonn"},
    )
    dismiss_pair(*twins, by=rep)

    look_through("contact", by=rep)

    assert groups(visitor) == []


def test_who_may_only_read_has_no_buttons(client, people):
    kept = pair(*people[:2])
    client.force_login(UserFactory(may={"accounts.view_contact": "all"}))

    (group,) = groups(client)
    answer = client.post(reverse("duplicates:dismiss", kwargs={"pk": kept.pk}), follow=True)

    assert group["merge_url"] == ""
    assert not group["pairs"][0]["may_dismiss"]
    assert "c-toast" in answer.content.decode()
    assert PossibleDuplicate.objects.get().dismissed_at is None


def test_a_pair_with_a_hidden_record_is_not_found(visitor, outsider, people):
    kept = pair(people[0], *contacts(outsider, {"last_name": "Secret"}))

    address = reverse("duplicates:dismiss", kwargs={"pk": kept.pk})

    assert visitor.post(address).status_code == 404
    assert visitor.post(address.replace(str(kept.pk), "999999")).status_code == 404


# Looking


def test_before_anybody_has_looked_it_says_so(visitor):
    page = visitor.get(LIST)

    assert "Nobody has looked yet" in page.content.decode()
    assert page.context["last"] is None


@pytest.mark.django_db(transaction=True)
def test_looks_now_and_says_when(visitor, rep):
    for topic in ("Pumps", "Valves"):
        capture_lead(by=rep, owner=rep, topic=topic, last_name="Lovelace", email="ada@one.example")

    answer = visitor.post(f"{reverse('duplicates:search')}?kind=lead")

    page = visitor.get(answer.url)
    assert len(page.context["groups"]) == 1
    assert page.context["last"] is not None
    assert "Last looked" in page.content.decode()


# The API


def ask(client, user, address="", method="get", **asked):
    secret = issue_token(user, by=user, name="pairs", scope="write")[1]
    headers = {"Authorization": f"Bearer {secret}"}
    more = {"content_type": "application/json"} if method == "post" else {}
    return getattr(client, method)(API + address, asked or None, headers=headers, **more)


def test_programs_get_the_pairs_of_a_kind(client, rep, people):
    kept = pair(*people[:2], 94)
    pair(*people[2:4], 55, [("phone", "same")])

    answer = ask(client, rep, kind="contact", min_score="80", reason="email").json()

    (found,) = answer["results"]
    assert found["id"] == kept.pk
    assert found["records"] == [people[0].pk, people[1].pk]
    assert found["score"] == 94
    assert found["reasons"] == [{"text": "Same email", "agrees": True}]


def test_programs_read_page_by_page(client, rep, people):
    for one, other in itertools.pairwise(people):
        pair(one, other, 70)

    first = ask(client, rep, kind="contact", limit="3").json()
    second = ask(client, rep, first["next"].split("/duplicates/")[1]).json()

    numbers = [each["id"] for each in first["results"] + second["results"]]
    assert len(first["results"]) == 3
    assert len(set(numbers)) == 4
    assert second["next"] is None


def test_programs_get_no_pair_with_a_hidden_record(client, rep, outsider, people):
    kept = pair(people[0], *contacts(outsider, {"last_name": "Secret"}))

    assert ask(client, rep, kind="contact").json()["results"] == []
    assert ask(client, rep, f"{kept.pk}/").status_code == 404
    assert ask(client, rep, f"{kept.pk}/dismiss/", "post").status_code == 404


def test_programs_dismiss_and_restore(client, rep, people):
    kept = pair(*people[:2])

    said = ask(client, rep, f"{kept.pk}/dismiss/", "post")
    listed = ask(client, rep, kind="contact").json()["results"]
    back = ask(client, rep, f"{kept.pk}/restore/", "post")

    assert said.json()["dismissed_at"]
    assert listed == []
    assert back.json()["dismissed_at"] is None


def test_programs_are_told_what_is_no_kind(client, rep):
    assert ask(client, rep, kind="deal").status_code == 400
