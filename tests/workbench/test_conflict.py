"""Two people change one record at once: both versions are shown, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.operations import update_account, update_contact
from leads.operations import qualify, update_lead
from opportunities.models import Competitor, Product
from opportunities.operations import update_opportunity, win
from records.operations import delete_record
from tests.custom import define
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def sent(answer: Any) -> dict[str, Any]:
    """Return what the form of a page would send if one pressed its button at once."""
    data = {}
    for field in answer.context["form"]:
        value = field.value()
        value = value.pk if hasattr(value, "pk") else value
        if value not in (None, "", False, []):
            data[field.html_name] = value
    return data


# Of each kind: how it is made, how somebody else changes it, and two texts of its own.
KINDS: dict[str, tuple[Callable[..., Any], Callable[..., Any], str, str]] = {
    "lead": (LeadFactory, update_lead, "city", "region"),
    "account": (AccountFactory, update_account, "city", "industry"),
    "contact": (ContactFactory, update_contact, "city", "job_title"),
    "opportunity": (OpportunityFactory, update_opportunity, "topic", "customer_need"),
}


@pytest.mark.both
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_shows_mine_theirs_and_what_will_be_saved(
    reps: Client, rep: User, manager: User, admin: User, kind: str
) -> None:
    for key in ("fleet", "depot"):
        define(kind, key, by=admin)
    make, change, both, mine_only = KINDS[kind]
    record = make(owner=rep)
    url = f"{record.get_absolute_url()}edit/"
    form = sent(reps.get(url))
    change(record, by=manager, **{both: "Theirs"}, custom={"fleet": "Ten", "depot": "North"})

    typed = {both: "Mine", mine_only: "Also mine", "custom.fleet": "Nine"}
    stale = reps.post(url, form | typed)

    lines = {line["name"]: line for line in stale.context["merge"]}
    assert stale.status_code == 409
    assert {name: line["taken"] for name, line in lines.items()} == {
        both: "ask",
        mine_only: "mine",
        "custom.fleet": "ask",
        "custom.depot": "theirs",
    }
    assert lines[both]["by"] == str(manager)
    # What will be saved: mine, where both have changed it, until somebody says otherwise.
    shown = {name: line["field"].value() for name, line in lines.items()}
    assert shown == {both: "Mine", mine_only: "Also mine", "custom.fleet": "Nine",
                     "custom.depot": "North"}  # fmt: skip
    text = stale.content.decode()
    assert text.count(f'name="{both}"') == 1
    assert f'name="mine-{both}" value="Mine"' in text

    # One choice takes theirs, one is written anew, one takes mine though the field says otherwise.
    choices = {
        f"merge-{both}": "theirs",
        "merge-custom.fleet": "typed", "custom.fleet": "Eleven",
        f"merge-{mine_only}": "mine", f"mine-{mine_only}": "Also mine", mine_only: "x",
    }  # fmt: skip
    saved = reps.post(url, sent(stale) | choices)

    record.refresh_from_db()
    assert saved.status_code == 302
    assert (getattr(record, both), getattr(record, mine_only)) == ("Theirs", "Also mine")
    assert record.custom == {"fleet": "Eleven", "depot": "North"}


def test_relations_to_many_know_what_stood_there_before(
    reps: Client, rep: User, manager: User
) -> None:
    pump, tank = (Product.objects.create(key=k, name=k.title()) for k in ("pump", "tank"))
    rival = Competitor.objects.create(key="rival", name="Rival")
    lead = update_lead(LeadFactory(owner=rep), by=rep, products=[pump])
    deal = OpportunityFactory(owner=rep)
    forms = {each: sent(reps.get(f"{each.get_absolute_url()}edit/")) for each in (lead, deal)}
    update_lead(lead, by=manager, products=[pump, tank])
    update_opportunity(deal, by=manager, competitors=[rival])

    for record, name in ((lead, "products"), (deal, "competitors")):
        url = f"{record.get_absolute_url()}edit/"
        stale = reps.post(url, forms[record] | {"description": "Mine"})
        taken = {line["name"]: line["taken"] for line in stale.context["merge"]}
        assert taken == {name: "theirs", "description": "mine"}, name
        assert reps.post(url, sent(stale)).status_code == 302

    assert set(lead.products.all()) == {pump, tank}
    assert set(deal.competitors.all()) == {rival}


@pytest.mark.both
def test_a_third_change_in_between_is_merged_again(reps: Client, rep: User, manager: User) -> None:
    lead = LeadFactory(owner=rep)
    url = f"/leads/{lead.pk}/edit/"
    form = sent(reps.get(url))
    update_lead(lead, by=manager, city="Rome")
    stale = reps.post(url, form | {"city": "Kiel"})
    update_lead(lead, by=manager, city="Turin")

    again = reps.post(url, sent(stale) | {"merge-city": "mine", "mine-city": "Kiel"})

    assert again.status_code == 409
    assert "Turin" in again.content.decode()
    assert reps.post(url, sent(again) | {"merge-city": "theirs"}).status_code == 302
    lead.refresh_from_db()
    assert lead.city == "Turin"


def test_a_choice_is_kept_where_another_field_is_refused(
    reps: Client, rep: User, manager: User
) -> None:
    lead = LeadFactory(owner=rep)
    url = f"/leads/{lead.pk}/edit/"
    form = sent(reps.get(url))
    update_lead(lead, by=manager, city="Rome")
    stale = reps.post(url, form | {"city": "Kiel"})

    refused = reps.post(url, sent(stale) | {"merge-city": "theirs", "employees": "many"})

    assert refused.status_code == 422
    assert refused.context["form"]["city"].value() == "Rome"
    assert refused.context["form"]["employees"].value() == "many"


def test_names_nobody_may_see_stand_in_no_merge(
    reps: Client, rep: User, outsider: User, admin: User
) -> None:
    hidden = AccountFactory(owner=outsider, name="Secret Holdings")
    mine = AccountFactory(owner=rep, name="Ours")
    contact = ContactFactory(owner=rep)
    url = f"/contacts/{contact.pk}/edit/"
    form = sent(reps.get(url))
    update_contact(contact, by=admin, account=hidden)

    stale = reps.post(url, form | {"account": f"Ours (#{mine.pk})"})

    assert stale.status_code == 409
    assert "Secret" not in stale.content.decode()
    assert "an account that you cannot open" in stale.content.decode()


@pytest.mark.parametrize("way", ["qualified", "won", "deleted"])
def test_what_was_typed_can_be_taken_along_from_what_is_closed_or_gone(
    reps: Client, rep: User, client: Client, outsider: User, way: str
) -> None:
    record: Any = OpportunityFactory(owner=rep) if way == "won" else LeadFactory(owner=rep)
    url = f"{record.get_absolute_url()}edit/"
    form = sent(reps.get(url))
    {
        "qualified": lambda: qualify(record, by=rep),
        "won": lambda: win(record, by=rep),
        "deleted": lambda: delete_record(record, by=rep),
    }[way]()

    answer = reps.post(url, form | {"description": "A long and careful text"})

    text = answer.content.decode()
    assert answer.status_code == (404 if way == "deleted" else 409)
    assert "A long and careful text" in text
    assert ("Back to the list" if way == "deleted" else "Back to the record") in text
    client.force_login(outsider)
    assert "careful" not in client.post(url, form | {"description": "careful"}).content.decode()


def test_a_record_in_the_bin_says_so_to_those_who_could_see_it(
    reps: Client, client: Client, rep: User, rep2: User, outsider: User
) -> None:
    lead = LeadFactory(owner=rep, last_name="Gone")
    delete_record(lead, by=rep)
    url, restore = lead.get_absolute_url(), f"/leads/{lead.pk}/restore/"

    mine = reps.get(url)
    dialog = reps.get(f"{url}qualify/", headers={"HX-Request": "true", "HX-Target": "dialog"})
    client.force_login(rep2)
    colleagues = client.get(url)
    client.force_login(outsider)
    nobodys = client.get(url)

    assert mine.status_code == colleagues.status_code == 404
    assert "was deleted" in mine.content.decode()
    assert restore in mine.content.decode()
    assert restore not in colleagues.content.decode()
    assert "was deleted" in colleagues.content.decode()
    assert dialog.status_code == 409
    assert "<dialog" in dialog.content.decode()
    assert nobodys.status_code == 404
    assert "Gone" not in nobodys.content.decode()
    assert "was deleted" not in nobodys.content.decode()


def test_a_link_that_one_may_not_see_survives_an_edit_of_the_whole(
    reps: Client, rep: User, outsider: User, admin: User
) -> None:
    hidden = AccountFactory(owner=outsider)
    records: list[Any] = [
        ContactFactory(owner=rep, by=admin, account=hidden),
        LeadFactory(owner=rep, by=admin, account=hidden),
        OpportunityFactory(owner=rep, by=admin, account=hidden),
    ]
    for record in records:
        url = f"{record.get_absolute_url()}edit/"
        assert reps.post(url, sent(reps.get(url)) | {"description": "New"}).status_code == 302
        record.refresh_from_db()
        assert (record.account, record.description) == (hidden, "New")
