"""Taking a merge back."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType

from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import (
    create_account,
    create_contact,
    delete_account,
    merge_accounts,
    merge_contacts,
    restore_account,
    unmerge_accounts,
    unmerge_contacts,
    update_account,
    update_contact,
)
from activities.models import Activity
from activities.operations import log_note
from crm.integrity import findings
from leads.operations import merge_leads, qualify, undo, unmerge_leads
from opportunities.models import Opportunity, Stakeholder
from opportunities.operations import update_opportunity
from records.errors import CannotUnmerge, IsMerged, NotPermitted
from records.models import AuditEntry, Merge, MergedRecord
from tests.custom import define
from tests.duplicates import world
from tests.duplicates.kinds import KINDS
from tests.factories import AccountFactory, ContactFactory
from tests.snapshots import rows
from users.models import User


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def test_gives_back_every_row_as_it_was(kind, rep):
    kept, *gone = kind.world(rep)
    before = rows()

    merge = kind.merge(kept, gone, by=rep)
    assert rows() != before
    kind.unmerge(merge, by=rep)

    assert rows() == before
    assert list(findings()) == []


def test_gives_back_chosen_values_as_they_were(kind, rep):
    kept, *gone = kind.world(rep)
    before = rows()
    names = {"account": ["name", "website", "phone"], "contact": ["email", "account", "last_name"]}
    chosen = dict.fromkeys(names.get(kind.model._meta.model_name, ["topic", "company"]), gone[0].pk)

    merge = kind.merge(kept, gone, by=rep, values=chosen)
    kind.unmerge(merge, by=rep)

    assert rows() == before


def test_can_be_done_again_and_again(kind, rep):
    kept, *gone = kind.world(rep)
    before = rows()

    for _ in range(3):
        merge = kind.merge(world.record(kept), [world.record(each) for each in gone], by=rep)
        kind.unmerge(merge, by=rep)

    assert rows() == before
    assert list(findings()) == []


def test_both_are_known_by_one_name_again_that_the_survivor_had_by_an_earlier_merge(rep):
    kept, gone = create_account(by=rep, name="Acme"), create_account(by=rep, name="Curie")
    merge_accounts(kept, [gone], by=rep)
    other = create_account(by=rep, name="Curie", is_different=True)
    before = rows()

    unmerge_accounts(merge_accounts(kept, [other], by=rep), by=rep)

    assert rows() == before
    assert IdentityClaim.objects.filter(account=kept, value__startswith="curie").exists()


def test_what_somebody_else_is_called_stays_theirs_when_the_survivor_is_restored(rep):
    first = create_account(by=rep, name="Curie")
    other = create_account(by=rep, name="Curie", is_different=True)
    kept, gone = (
        create_account(by=rep, name=name, is_different=True) for name in ("Acme", "Curie")
    )
    merge_accounts(kept, [gone], by=rep)
    delete_account(kept, by=rep)
    delete_account(first, by=rep)

    restore_account(kept, by=rep)

    claims = IdentityClaim.objects.filter(value__startswith="curie")
    assert [claim.account for claim in claims] == [other]


def test_goes_on_counting_versions_and_keeps_both_in_the_trail(kind, rep):
    kept, *gone = kind.world(rep)
    versions = [world.record(each).version for each in (kept, *gone)]

    kind.unmerge(kind.merge(kept, gone, by=rep), by=rep)

    assert [world.record(each).version for each in (kept, *gone)] == [v + 2 for v in versions]
    events = AuditEntry.objects.filter(
        record_type=ContentType.objects.get_for_model(kind.model), record_id=gone[0].pk
    )
    told = [
        event.rpartition(".")[2] for event in events.order_by("pk").values_list("event", flat=True)
    ]
    assert told[-2:] == ["merged_away", "unmerged"]


def test_tells_of_a_record_that_moved_where_it_leads_again(rep):
    kept, *gone = world.accounts(rep)
    deal = Opportunity.objects.get(topic="Looms")

    unmerge_accounts(merge_accounts(kept, gone, by=rep), by=rep)

    lines = AuditEntry.objects.filter(event="opportunity.relinked", record_id=deal.pk)
    there, back = lines.order_by("pk")
    assert there.changes["account"] == back.changes["account"][::-1]


def test_changes_nothing_when_it_is_asked_again(kind, rep):
    kept, *gone = kind.world(rep)
    merge = kind.merge(kept, gone, by=rep)
    kind.unmerge(merge, by=rep)
    before = rows(with_trails=True)

    assert kind.unmerge(merge, by=rep).state == Merge.State.UNDONE

    assert rows(with_trails=True) == before


def test_is_refused_to_those_who_may_not(kind, rep, rep2, outsider):
    kept, *gone = kind.world(rep)
    merge = kind.merge(kept, gone, by=rep)

    for stranger in (rep2, outsider):
        with pytest.raises(NotPermitted):
            kind.unmerge(merge, by=stranger)

    assert Merge.objects.get().is_active


def test_leaves_with_the_survivor_what_was_added_since(rep):
    kept, gone, _third = world.accounts(rep)
    merge = merge_accounts(kept, [gone], by=rep)
    note = log_note(kept, by=rep, text="Said since")
    person = create_contact(by=rep, last_name="Since", account=kept)

    unmerge_accounts(merge, by=rep)

    assert note in Activity.objects.on(kept)
    assert note not in Activity.objects.on(gone)
    assert world.record(person).account_id == kept.pk


def test_keeps_an_edit_of_a_field_that_the_merge_left_alone(rep):
    kept, gone, _third = world.accounts(rep)
    merge = merge_accounts(kept, [gone], by=rep)
    update_account(kept, by=rep, description="Old friends")

    unmerge_accounts(merge, by=rep)

    assert world.record(kept).description == "Old friends"
    assert world.record(kept).website == ""
    assert list(findings()) == []


def test_is_refused_with_what_people_have_changed_since(rep):
    kept, gone, _third = world.accounts(rep)
    merge = merge_accounts(kept, [gone], by=rep)
    update_account(kept, by=rep, website="https://other.example")
    deal = Opportunity.objects.get(topic="Looms")
    update_opportunity(deal, by=rep, account=AccountFactory(owner=rep), contact=None)
    before = rows()

    with pytest.raises(CannotUnmerge) as refusal:
        unmerge_accounts(merge, by=rep)

    assert {each.record for each in refusal.value.obstacles} == {kept, deal}
    assert any("website" in reason for reason in refusal.value.reasons)
    assert refusal.value.may_keep
    assert rows() == before


def test_gives_back_the_rest_and_says_what_it_could_not(rep):
    kept, gone, _third = world.accounts(rep)
    merge = merge_accounts(kept, [gone], by=rep)
    update_account(kept, by=rep, website="https://other.example")

    undone = unmerge_accounts(merge, by=rep, keep=True)

    kept, gone = world.record(kept), world.record(gone)
    assert (kept.website, kept.phone) == ("https://other.example", "")
    assert (gone.website, gone.is_in_bin) == ("https://machines.example", False)
    assert len(undone.left) == 1
    assert "website" in undone.left[0]["text"]
    assert list(findings()) == []


def test_names_the_row_that_is_gone(rep):
    kept, gone, _third = world.contacts(rep)
    other = Opportunity.objects.get(topic="Mills")
    merge = merge_contacts(kept, [gone], by=rep)
    Stakeholder.objects.filter(opportunity=other).delete()

    with pytest.raises(CannotUnmerge) as refusal:
        unmerge_contacts(merge, by=rep)
    unmerge_contacts(merge, by=rep, keep=True)

    assert refusal.value.reasons == ["Stakeholder was removed since"]
    assert not Stakeholder.objects.filter(opportunity=other).exists()


def test_does_not_take_an_external_id_from_who_has_it_by_now(rep):
    kept, gone, _third = world.contacts(rep)
    merge = merge_contacts(kept, [gone], by=rep)
    update_contact(kept, by=rep, external_id="")
    other = ContactFactory(owner=rep, external_id="SF-2")

    with pytest.raises(CannotUnmerge) as refusal:
        unmerge_contacts(merge, by=rep)
    unmerge_contacts(merge, by=rep, keep=True)

    assert other in {each.record for each in refusal.value.obstacles}
    assert world.record(gone).external_id == ""
    assert not world.record(gone).is_in_bin


def test_does_not_take_the_survivors_external_id_from_who_has_it_by_now(kind, rep):
    kept, gone, other = kind.world(rep)
    kind.update(kept, by=rep, external_id="SF-1")
    merge = kind.merge(kept, [gone], by=rep, values={"external_id": gone.pk})
    kind.update(other, by=rep, external_id="SF-1")

    with pytest.raises(CannotUnmerge) as refusal:
        kind.unmerge(merge, by=rep)
    kind.unmerge(merge, by=rep, keep=True)

    assert other in {each.record for each in refusal.value.obstacles}
    assert [world.record(each).external_id for each in (kept, gone, other)] == ["", "SF-2", "SF-1"]


def test_goes_backwards_through_a_chain(kind, rep):
    kept, first, second = kind.world(rep)
    before = rows()
    inner = kind.merge(first, [second], by=rep)
    outer = kind.merge(kept, [world.record(first)], by=rep)

    with pytest.raises(CannotUnmerge) as refusal:
        kind.unmerge(inner, by=rep)
    kind.unmerge(outer, by=rep)
    kind.unmerge(inner, by=rep)

    assert [each.record for each in refusal.value.obstacles] == [outer]
    assert rows() == before
    assert list(findings()) == []


def test_goes_backwards_through_merges_into_one_record(kind, rep):
    kept, first, second = kind.world(rep)
    before = rows()
    one = kind.merge(kept, [first], by=rep)
    other = kind.merge(world.record(kept), [second], by=rep)

    with pytest.raises(CannotUnmerge):
        kind.unmerge(one, by=rep)
    kind.unmerge(other, by=rep)
    kind.unmerge(one, by=rep)

    assert rows() == before


def test_waits_for_a_later_merge_of_the_people_of_a_company(rep):
    kept, gone, _third = world.accounts(rep)
    people = list(Contact.objects.filter(account=gone).order_by("pk"))
    merge = merge_accounts(kept, [gone], by=rep)
    later = merge_contacts(people[0], people[1:], by=rep)

    with pytest.raises(CannotUnmerge):
        unmerge_accounts(merge, by=rep)
    unmerge_contacts(later, by=rep)
    unmerge_accounts(merge, by=rep)

    assert list(findings()) == []


def test_waits_for_the_undo_of_a_qualification_that_came_after(rep):
    kept, *gone = world.leads(rep)
    before = rows()
    merge = merge_leads(kept, gone, by=rep)
    qualify(kept, by=rep)

    for keep in (False, True):
        with pytest.raises(CannotUnmerge, match="Undo its qualification first"):
            unmerge_leads(merge, by=rep, keep=keep)
    undo(kept, by=rep)
    unmerge_leads(merge, by=rep)

    assert rows() == before
    assert list(findings()) == []


def test_is_refused_while_the_survivor_is_in_the_bin(rep):
    kept, gone, _third = world.accounts(rep)
    merge = merge_accounts(kept, [gone], by=rep)
    delete_account(world.record(kept), by=rep)

    with pytest.raises(CannotUnmerge, match="Restore it first"):
        unmerge_accounts(merge, by=rep)
    restore_account(kept, by=rep)
    unmerge_accounts(merge, by=rep)

    assert not Account.all_objects.in_the_bin().exists()
    assert list(findings()) == []


@pytest.fixture(params=["account", "contact"])
def taken(request, rep):
    """A merge of which the survivor lay in the bin while another one took what the loser was."""
    kind = KINDS[request.param]
    if request.param == "account":
        loser = {"name": "Byron Mills", "website": "byron.example"}
        survivor = {"name": "Lovelace Engines"}
    else:
        loser = {"last_name": "Byron", "email": "ada@byron.example"}
        two = {"email": "ada@one.example", "second_email": "ada@two.example"}
        survivor = {"last_name": "Ada", **two}  # has no room for a third address
    make = create_account if request.param == "account" else create_contact
    kept, gone = make(by=rep, **survivor), make(by=rep, **loser)
    merge = kind.merge(kept, [gone], by=rep)
    kind.delete(world.record(kept), by=rep)
    other = make(by=rep, **loser)
    kind.restore(world.record(kept), by=rep)
    return kind, merge, gone, other


def test_is_refused_where_another_one_has_become_what_was_merged(rep, taken):
    kind, merge, gone, other = taken
    before = rows(with_trails=True)

    with pytest.raises(CannotUnmerge) as refusal:
        kind.unmerge(merge, by=rep)

    assert rows(with_trails=True) == before
    assert other in {each.record for each in refusal.value.obstacles}
    assert any(f"{other} is the same" in text for text in refusal.value.reasons)
    assert refusal.value.may_keep
    assert world.record(gone).is_in_bin


def test_keeps_both_apart_where_one_wants_it_though_another_is_the_same_by_now(rep, taken):
    kind, merge, gone, other = taken

    undone = kind.unmerge(merge, by=rep, keep=True)

    assert any(f"{other} is the same" in each["text"] for each in undone.left)
    assert not world.record(gone).is_in_bin
    assert list(findings()) == []


def test_is_no_matter_of_those_who_were_said_to_be_different_before(rep):
    kept = create_contact(by=rep, last_name="Ada")
    gone, twin = (
        create_contact(by=rep, last_name="Byron", email="ada@byron.example", is_different=True)
        for _ in range(2)
    )
    before = rows()

    unmerge_contacts(merge_contacts(kept, [gone], by=rep), by=rep)

    assert rows() == before
    assert {gone, twin} <= set(Contact.objects.all())


def test_is_what_brings_a_merged_record_out_of_the_bin(kind, rep):
    kept, *gone = kind.world(rep)
    merge = kind.merge(kept, gone, by=rep)

    with pytest.raises(IsMerged) as refusal:
        kind.restore(gone[0], by=rep)

    assert refusal.value.merge == merge
    assert str(kept) in str(refusal.value)
    assert MergedRecord.objects.count() == len(gone)


def test_refuses_to_change_what_was_merged(kind, rep):
    kept, *gone = kind.world(rep)
    kind.merge(kept, gone, by=rep)

    with pytest.raises(IsMerged):
        kind.update(gone[0], by=rep, description="More")


def test_leaves_a_lead_that_was_qualified_since_with_what_it_became(rep):
    kept, gone, _third = world.contacts(rep)
    lead = world.a_lead(rep, "Joan", contact=gone)
    merge = merge_contacts(kept, [gone], by=rep)
    qualify(lead, by=rep)

    with pytest.raises(CannotUnmerge) as refusal:
        unmerge_contacts(merge, by=rep)
    unmerge_contacts(merge, by=rep, keep=True)

    assert lead in {each.record for each in refusal.value.obstacles}
    assert world.record(lead).contact == kept
    assert list(findings()) == []


def test_custom_links_follow_a_merge_and_come_back(kind, admin, rep):
    name = kind.model._meta.model_name
    define("account", "partner", type="record", target=name, by=admin)
    kept, *gone = kind.world(rep)
    by = User.objects.get(pk=rep.pk)
    linking = create_account(by=by, name="Whoever links", custom={"partner": gone[0].pk})
    before = rows()

    merge = kind.merge(kept, gone, by=rep)
    moved = Account.objects.get(pk=linking.pk)
    kind.unmerge(merge, by=rep)

    assert moved.custom == {"partner": kept.pk}
    assert moved.version == linking.version + 1
    events = AuditEntry.objects.filter(event="account.relinked", record_id=linking.pk)
    assert [entry.changes for entry in events.order_by("pk")] == [
        {"custom.partner": [gone[0].pk, kept.pk]},
        {"custom.partner": [kept.pk, gone[0].pk]},
    ]
    assert rows() == before
