"""The pages of merging: compare, choose, receipt, and the way back. Without scripts, all of it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.operations import (
    create_account,
    create_contact,
    merge_contacts,
    unmerge_contacts,
    update_contact,
)
from activities.operations import log_note
from leads.operations import qualify
from records.models import Merge
from tests.duplicates import world
from tests.duplicates.kinds import KINDS
from tests.duplicates.world import record
from tests.factories import AccountFactory, ContactFactory, OpportunityFactory, UserFactory

pytestmark = pytest.mark.once  # but for what is marked `both`

MERGE = reverse("duplicates:merge")


def address(*records, main=None):
    words = [f"kind={records[0]._meta.model_name}", *(f"id={each.pk}" for each in records)]
    return f"{MERGE}?{'&'.join(words)}" + (f"&main={main.pk}" if main else "")


def versions(*records):
    return {f"version-{each.pk}": each.version for each in records}


@pytest.fixture
def visitor(client, rep):
    client.force_login(rep)
    return client


@pytest.fixture
def twins(rep):
    return [
        create_contact(by=rep, first_name="Ada", last_name="Lovelace", email="ada@one.example"),
        create_contact(by=rep, first_name="Ada", last_name="Byron", job_title="Countess"),
    ]


@pytest.mark.both
@pytest.mark.parametrize("name", KINDS)
def test_shows_every_kind_side_by_side(visitor, rep, name):
    records = KINDS[name].world(rep)

    page = visitor.get(address(*records))

    assert page.status_code == 200
    assert all(f"take-{row.name}" in page.content.decode() for row in page.context["rows"])
    assert len(page.context["columns"]) == 3


def test_asks_only_for_what_differs_and_folds_the_rest(visitor, twins):
    page = visitor.get(address(*twins))

    assert [row.name for row in page.context["rows"]] == ["last_name", "job_title", "email"]
    assert {row.name for row in page.context["same"]} == {"first_name", "owner"}


def test_proposes_what_the_merge_would_do(visitor, twins):
    page = visitor.get(address(*twins))

    chosen = {
        row.name: next(cell.pk for cell in row.cells if cell.checked)
        for row in page.context["rows"]
    }
    kept, gone = twins
    assert chosen == {"last_name": kept.pk, "job_title": gone.pk, "email": kept.pk}


def test_says_beforehand_what_moves(visitor, rep, twins):
    kept, gone = twins
    OpportunityFactory(owner=rep, contact=gone)
    log_note(gone, by=rep, text="Prefers mail")

    page = visitor.get(address(*twins))

    told = [effect["text"] for effect in page.context["effects"]]
    assert f"1 opportunity to {kept}" in told
    assert f"1 entry of the timeline to {kept}" in told


def test_counts_nothing_that_one_may_not_see(visitor, outsider, twins):
    OpportunityFactory(owner=outsider, contact=twins[1], topic="Hidden looms")

    page = visitor.get(address(*twins))

    told = " ".join(effect["text"] for effect in page.context["effects"])
    assert "opportunit" not in told
    assert "What you cannot open" in told
    assert "Hidden looms" not in page.content.decode()


def test_merges_and_leads_to_the_receipt(visitor, twins):
    kept, gone = twins

    answer = visitor.post(
        address(*twins), {**versions(*twins), "take-last_name": gone.pk}, follow=True
    )

    merge = Merge.objects.get()
    assert answer.redirect_chain[-1][0] == merge.get_absolute_url()
    assert record(kept).last_name == "Byron"
    assert record(kept).job_title == "Countess"
    assert merge.values == {"last_name": gone.pk}
    assert "1 record was merged into Ada" in answer.content.decode()
    assert reverse("duplicates:unmerge", args=[merge.pk]) in answer.content.decode()


def test_keeps_the_one_that_was_made_the_main_record(visitor, twins):
    kept, gone = twins

    visitor.post(address(*twins, main=gone), versions(*twins))

    assert record(kept).is_in_bin
    assert record(gone).email == "ada@one.example"


@pytest.mark.both
def test_sent_twice_it_merges_once_and_says_so(visitor, twins):
    visitor.post(address(*twins), versions(*twins))

    again = visitor.post(address(*twins), versions(*twins))

    assert again.status_code == 409
    assert f"{twins[1]} was merged into {twins[0]}." in again.content.decode()
    assert Merge.objects.count() == 1


def test_tells_of_a_change_since_it_was_compared(visitor, rep, twins):
    sent = versions(*twins)
    update_contact(twins[1], by=rep, job_title="CEO")

    answer = visitor.post(address(*twins), {**sent, "take-last_name": twins[1].pk})

    assert answer.status_code == 409
    assert not Merge.objects.exists()
    chosen = next(row for row in answer.context["rows"] if row.name == "last_name")
    assert [cell.pk for cell in chosen.cells if cell.checked] == [twins[1].pk]


def test_puts_a_refused_choice_at_its_field(visitor, rep):
    kept, gone = (
        create_account(by=rep, name=name, annual_revenue="5.00", currency=currency)
        for name, currency in (("One", "EUR"), ("Two", "USD"))
    )

    answer = visitor.post(address(kept, gone), {**versions(kept, gone), "take-currency": gone.pk})

    assert answer.status_code == 422
    assert "Choose the currency of the same record" in answer.content.decode()
    assert answer.context["errors"][0]["name"] == "take-annual_revenue"


@pytest.mark.both
def test_finds_the_other_one_by_its_name(visitor, rep, twins):
    answer = visitor.get(address(twins[0]) + "&add=Ada Byron")

    assert answer.status_code == 302
    assert answer["Location"] == address(*twins)


def test_proposes_what_looks_like_the_one(visitor, rep, twins):
    like = ContactFactory(owner=rep, first_name="Ada", last_name="Lovelace", email="")

    page = visitor.get(address(twins[0]))

    assert [each["name"] for each in page.context["suggestions"]] == [str(like)]


@pytest.mark.parametrize("words", ["", "?kind=contact", "?kind=nothing&add=x"])
def test_asks_for_records_where_none_are_named(visitor, words):
    assert visitor.get(MERGE + words).status_code == 200
    assert visitor.post(MERGE + words).status_code == 409


@pytest.mark.parametrize("words", ["id=987654", "id=1e3", "id=" + "9" * 30, "id=²"])
def test_knows_no_record_that_is_not_there(visitor, twins, words):
    answer = visitor.get(f"{address(*twins)}&{words}")

    assert answer.status_code == 404


def test_a_record_of_others_is_as_if_it_were_not(visitor, outsider, twins):
    hidden = ContactFactory(owner=outsider)

    there = visitor.get(address(twins[0], hidden))
    absent = visitor.get(address(twins[0]) + "&id=987654")

    assert there.status_code == absent.status_code == 404
    assert str(hidden) not in there.content.decode()


def test_refuses_more_than_five(visitor, rep):
    answer = visitor.post(address(*(ContactFactory(owner=rep) for _ in range(6))))

    assert answer.status_code == 409
    assert not Merge.objects.exists()


@pytest.mark.both
def test_is_forbidden_to_who_may_see_and_not_change(client, rep, twins):
    reader = UserFactory(may={"accounts.view_contact": "all"})
    client.force_login(reader)

    answer = client.get(address(*twins))

    assert answer.status_code == 403
    assert "Ask" in answer.content.decode()


def test_is_offered_on_the_record_to_who_may(visitor, client, rep, twins):
    lead = world.a_lead(rep)
    account = AccountFactory(owner=rep)

    for one in (lead, account, twins[0]):
        page = visitor.get(one.get_absolute_url()).content.decode()
        assert f"{MERGE}?kind={one._meta.model_name}&amp;id={one.pk}" in page
    reader = UserFactory(may={"accounts.view_contact": "all"})
    client.force_login(reader)
    assert MERGE not in client.get(twins[0].get_absolute_url()).content.decode()


def test_the_timeline_names_what_was_merged_to_who_may_see_it(visitor, client, rep, outsider):
    kept = ContactFactory(owner=rep)
    theirs = ContactFactory(owner=outsider, last_name="Secretive")
    mine = ContactFactory(owner=rep, last_name="Mine")
    merge_contacts(kept, [theirs, mine], by=UserFactory(is_superuser=True))

    page = visitor.get(f"{kept.get_absolute_url()}?kind=changes").content.decode()

    assert "Merged with others" in page
    assert "Mine" in page
    assert "Secretive" not in page


# The receipt, and the way back


def test_the_page_of_a_merged_record_says_what_it_is_part_of(visitor, rep, twins):
    kept, gone = twins
    merge = merge_contacts(kept, [gone], by=rep)

    page = visitor.get(gone.get_absolute_url())

    assert page.status_code == 200
    assert f"{gone} was merged into {kept}." in page.content.decode()
    assert kept.get_absolute_url() in page.content.decode()
    assert merge.get_absolute_url() in page.content.decode()


def test_the_page_of_a_merged_record_leads_to_the_last_of_a_chain(visitor, rep, twins):
    last = ContactFactory(owner=rep)
    kept, gone = twins
    merge_contacts(kept, [gone], by=rep)
    merge_contacts(last, [record(kept)], by=rep)

    assert last.get_absolute_url() in visitor.get(gone.get_absolute_url()).content.decode()


def test_the_page_of_a_merged_record_is_nothing_to_others(client, rep, outsider, twins):
    kept, gone = twins
    merge_contacts(kept, [gone], by=rep)
    client.force_login(outsider)

    assert client.get(gone.get_absolute_url()).status_code == 404


@pytest.mark.both
def test_names_no_survivor_that_one_may_not_see(client, rep, outsider, twins):
    mine = ContactFactory(owner=rep)
    theirs = ContactFactory(owner=outsider, last_name="Secretive")
    clerk = UserFactory(is_superuser=True)
    merge = merge_contacts(theirs, [mine], by=clerk)
    client.force_login(rep)

    page = client.get(mine.get_absolute_url())

    assert "Secretive" not in page.content.decode()
    assert client.get(merge.get_absolute_url()).status_code == 404


@pytest.mark.both
def test_the_receipt_says_what_moved_and_what_it_got(visitor, rep):
    kept, *gone = world.contacts(rep)
    merge = merge_contacts(kept, gone, by=rep)

    page = visitor.get(merge.get_absolute_url())

    assert {line["label"] for line in page.context["changes"]} >= {"Phone", "Account", "Mobile"}
    told = [effect["text"] for effect in page.context["effects"]]
    assert f"2 opportunities to {kept}" in told
    assert f"2 entries of the timeline to {kept}" in told


@pytest.mark.both
def test_the_receipt_of_an_undone_merge_tells_no_values_of_what_one_may_not_see(
    client, rep, outsider, admin
):
    kept = ContactFactory(owner=rep, phone="")
    theirs = ContactFactory(owner=outsider, phone="+49 30 555001", second_email="ada@one.example")
    merge = merge_contacts(kept, [theirs], by=admin)

    def receipt_for(user):
        client.force_login(user)
        return client.get(merge.get_absolute_url())

    assert "+49 30 555001" in receipt_for(rep).content.decode()
    unmerge_contacts(merge, by=admin)

    page = receipt_for(rep)
    assert page.status_code == 200
    assert page.context["changes"] == []
    assert "+49 30 555001" not in page.content.decode()
    assert "+49 30 555001" in receipt_for(admin).content.decode()


def test_undoes_a_merge_by_its_button(visitor, rep, twins):
    kept, gone = twins
    merge = merge_contacts(kept, [gone], by=rep)

    answer = visitor.post(reverse("duplicates:unmerge", args=[merge.pk]), follow=True)

    assert answer.status_code == 200
    assert not record(gone).is_in_bin
    assert f"The merge into {kept} was undone" in answer.content.decode()


def test_says_what_has_changed_since_and_undoes_the_rest(visitor, rep, twins):
    kept, gone = twins
    merge = merge_contacts(kept, [gone], by=rep)
    update_contact(record(kept), by=rep, job_title="CEO")
    undo = reverse("duplicates:unmerge", args=[merge.pk])

    refused = visitor.post(undo)
    done = visitor.post(undo, {"keep": "1"}, follow=True)

    assert refused.status_code == 422
    assert "was changed since: job title" in refused.content.decode()
    assert kept.get_absolute_url() in refused.content.decode()
    assert "Undo the rest" in refused.content.decode()
    assert "Some of it stayed as it was" in done.content.decode()
    assert record(kept).job_title == "CEO"


@pytest.mark.both
def test_hides_the_name_of_what_has_changed_from_who_may_not_see_it(visitor, rep, outsider):
    kept, gone = AccountFactory(owner=rep), AccountFactory(owner=rep)
    deal = OpportunityFactory(owner=outsider, account=gone, topic="Hidden looms")
    merge = KINDS["account"].merge(kept, [gone], by=rep)
    deal.refresh_from_db()
    type(deal).objects.filter(pk=deal.pk).update(account=None)
    undo = reverse("duplicates:unmerge", args=[merge.pk])

    refused = visitor.post(undo)
    done = visitor.post(undo, {"keep": "1"}, follow=True)

    for page in (refused, done):
        assert "Hidden looms" not in page.content.decode()
        assert "Something that you cannot open" in page.content.decode()


@pytest.mark.both
def test_the_undo_of_a_qualification_leads_to_the_merge(visitor, rep):
    lead = world.a_lead(rep)
    outcome = qualify(lead, by=rep)
    other = AccountFactory(owner=rep)
    merge = KINDS["account"].merge(other, [outcome.account], by=rep)

    page = visitor.get(reverse("leads:undo", args=[lead.pk]))

    assert merge.get_absolute_url() in page.content.decode()
    assert "Undo the merge first" in page.content.decode()


def test_lists_merges_in_the_same_few_statements_however_many_there_are(visitor, rep, statements):
    def asked(number: int) -> int:
        for each in range(number):
            one, other = (ContactFactory(owner=rep, last_name=f"{each} {n}") for n in "ab")
            merge_contacts(one, [other], by=rep)
        with statements() as told:
            assert visitor.get(reverse("duplicates:merges")).status_code == 200
        assert not any('"records_merge"."image"' in each for each in map(str, told))
        return len(told)

    assert asked(1) >= asked(5)


def test_proposes_nothing_for_a_lead_that_is_qualified(visitor, rep):
    kept, gone = world.a_lead(rep), world.a_lead(rep, "Augusta", phone="+44 20 7946 0001")
    qualify(kept, by=rep)
    page = visitor.get(address(kept, gone)).content.decode()

    boxes = [box for box in page.split("<input") if 'name="take-phone"' in box]

    assert [f'value="{kept.pk}" checked' in box for box in boxes] == [True, False]


@pytest.mark.both
def test_lists_the_latest_merges(visitor, rep, twins):
    merge = merge_contacts(twins[0], twins[1:], by=rep)

    page = visitor.get(reverse("duplicates:merges"))

    assert merge.get_absolute_url() in page.content.decode()
