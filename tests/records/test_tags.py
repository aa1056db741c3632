"""Tags: one word whatever its case, on every kind of record, carried along and read by whom may."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from accounts.operations import update_account, update_contact
from leads.models import Lead
from leads.operations import qualify, undo, update_lead
from opportunities.operations import update_opportunity
from records.conditions import holds, parse
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, Tag
from records.operations import delete_setting, save_setting
from records.operations.tags import MOST_TAGS
from records.vocabulary import fields_of, reader_of
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.django_db

KINDS: dict[str, tuple[Any, Any]] = {
    "lead": (LeadFactory, update_lead),
    "account": (AccountFactory, update_account),
    "contact": (ContactFactory, update_contact),
    "opportunity": (OpportunityFactory, update_opportunity),
}


def names(record: Any) -> list[str]:
    return sorted(tag.name for tag in record.tags.all())


@pytest.fixture(params=KINDS)
def kind(request: Any) -> tuple[Any, Any]:
    return KINDS[request.param]


def test_a_record_is_made_with_tags_and_changed_with_its_version_and_trail(
    rep: User, kind: tuple[Any, Any]
) -> None:
    make, update = kind
    record = make(owner=rep, by=rep, tags=["Hot", "  hot ", "Spring   fair"])
    assert names(record) == ["Hot", "Spring fair"]

    same = update(record, by=rep, tags=["HOT", "spring fair"])
    changed = update(record, by=rep, version=record.version, tags=["hot", "VIP"])

    assert (same.version, changed.version) == (record.version, record.version + 1)
    assert names(record) == ["Hot", "VIP"]
    told = AuditEntry.objects.filter(record_id=record.pk, event__endswith=".changed").get()
    assert told.changes == {"tags": [["Hot", "Spring fair"], ["Hot", "VIP"]]}


def test_one_word_is_one_tag_whoever_types_it_however(rep: User, rep2: User) -> None:
    LeadFactory(owner=rep, by=rep, tags=["Größe", "VIP"])
    ContactFactory(owner=rep2, by=rep2, tags=["GRÖSSE", "ｖｉｐ", "vip\u200b"])

    assert sorted(Tag.objects.values_list("name", flat=True)) == ["Größe", "VIP"]


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong", ["", "  ", "\u200b", "a,b", "a;b", "x" * 51, "nul\x00", "half \ud800"]
)
def test_what_is_no_tag_is_refused_by_the_name_of_the_field(rep: User, wrong: str) -> None:
    lead = LeadFactory(owner=rep)

    with pytest.raises(Unacceptable) as refusal:
        update_lead(lead, by=rep, tags=["fine", wrong])

    assert list(refusal.value.errors) == ["tags"]
    assert names(lead) == []
    assert not Tag.objects.exists()


def test_a_record_has_only_so_many(rep: User) -> None:
    with pytest.raises(Unacceptable) as refusal:
        LeadFactory(owner=rep, by=rep, tags=[f"tag {n}" for n in range(MOST_TAGS + 1)])

    assert str(MOST_TAGS) in refusal.value.errors["tags"][0]


def test_who_may_not_change_a_record_does_not_tag_it(rep2: User, rep: User) -> None:
    lead = LeadFactory(owner=rep)

    with pytest.raises(NotPermitted):
        update_lead(lead, by=rep2, tags=["mine"])

    assert not Tag.objects.exists()


def test_the_tags_of_a_lead_go_along_to_what_it_becomes_and_go_with_it(rep: User) -> None:
    found = AccountFactory(owner=rep, name="Engines Ltd", website="engines.example")
    alone = LeadFactory(owner=rep, by=rep, tags=["Hot", "Fair"])
    joins = LeadFactory(
        owner=rep, by=rep, company="Engines Ltd", website="engines.example", tags=["Hot"]
    )

    made = qualify(alone, by=rep)
    used = qualify(joins, by=rep)

    assert [names(r) for r in (made.account, made.contact, *made.opportunities)] == [
        ["Fair", "Hot"]
    ] * 3
    assert used.account == found
    assert names(found) == []  # it was there before, with the words that people gave it
    assert names(used.contact) == ["Hot"]
    undo(alone, by=rep)
    assert names(alone) == ["Fair", "Hot"]
    assert not Account.objects.filter(pk=made.account.pk).exists()  # type: ignore[union-attr]


def test_conditions_ask_for_tags_alike_in_hand_and_in_the_database(
    rep: User, kind: tuple[Any, Any]
) -> None:
    make, _update = kind
    both = make(owner=rep, by=rep, tags=["Hot", "VIP"])
    one = make(owner=rep, by=rep, tags=["hot"])
    none = make(owner=rep, by=rep)
    model = type(both)
    fields = fields_of(model, rep, is_for_viewer=True)
    expected = {
        ("any_of", ("hot", "vip")): {both, one},
        ("all_of", ("hot", "vip")): {both},
        ("none_of", ("vip",)): {one, none},
        ("known", None): {both, one},
        ("unknown", None): {none},
    }
    for (comparison, value), wanted in expected.items():
        test: dict[str, Any] = {"field": "tags", "is": comparison}
        if value:
            test["value"] = list(value)
        condition = parse({"all": [test]}, fields)

        found = set(model.objects.meeting(condition, fields))

        assert found == wanted, comparison
        by_hand = {
            record
            for record in (both, one, none)
            if holds(condition, reader_of(record), now=timezone.localtime())
        }
        assert by_hand == wanted, comparison


def test_a_renamed_tag_keeps_its_key_and_leaves_its_name_to_another(admin: User, rep: User) -> None:
    lead = LeadFactory(owner=rep, by=rep, tags=["Hot", "Cold"])
    tag = Tag.objects.get(name_key="hot")
    tag.name = "Warm"
    save_setting(tag, by=admin)
    other = LeadFactory(owner=rep, by=rep, tags=["Hot"])

    assert names(lead) == ["Cold", "Warm"]
    assert names(other) == ["Hot"]
    assert dict(Tag.objects.values_list("name", "key")) == {
        "Warm": "hot",
        "Cold": "cold",
        "Hot": "hot 2",
    }
    tag.name = "COLD"
    with pytest.raises(Unacceptable) as refusal:
        save_setting(tag, by=admin)
    assert "already" in refusal.value.errors["name"][0]
    with pytest.raises(Exception, match="used by"):
        delete_setting(tag, by=admin)
    with pytest.raises(NotPermitted):
        save_setting(Tag.objects.get(name="Cold"), by=rep)


def test_the_words_of_others_are_read_by_whom_may_see_their_records(
    rep: User, rep2: User, outsider: User, admin: User
) -> None:
    LeadFactory(owner=rep, by=rep, tags=["Pumps"])
    theirs = ContactFactory(owner=outsider, by=outsider, tags=["Secret plan"])

    def read(user: User) -> set[str]:
        return set(Tag.objects.seen_by(user).values_list("name", flat=True))

    assert read(rep) == read(rep2) == {"Pumps"}
    assert read(outsider) == {"Secret plan"}
    assert read(admin) == {"Pumps", "Secret plan"}
    choices = dict(fields_of(Lead, rep, is_for_viewer=True)["tags"].choices)
    assert choices == {"pumps": "Pumps"}

    # Who types the word all the same uses the same tag, and is told nothing by it.
    LeadFactory(owner=rep, by=rep, tags=["secret plan"])
    assert Tag.objects.filter(name_key="secret plan").count() == 1
    assert read(rep) == {"Pumps", "Secret plan"}
    update_contact(theirs, by=outsider, tags=[])
    assert read(outsider) == {"Secret plan"}  # their own word stays theirs


def test_no_tag_costs_a_record_nothing(rep: User, statements: Any) -> None:
    lead = LeadFactory(owner=rep)

    with statements() as told:
        update_lead(lead, by=rep, topic="Other")

    assert told
    assert not [sql for sql in told if "records_tag" in sql]
