"""The pages of accounts and contacts: they answer, they refuse twins, they lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Contact
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    OpportunityFactory,
    UserFactory,
)
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

Statements = Callable[[], AbstractContextManager[list[str]]]
PAGES = ["detail", "edit", "assign", "delete"]
ROOMS = ["accounts", "contacts"]


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def records(rep: User) -> dict[str, Any]:
    account = AccountFactory(owner=rep, name="Northgate Storage", website="northgate.example")
    contact = ContactFactory(
        owner=rep, first_name="Dana", last_name="Whitfield", email="dana@northgate.example",
        account=account,
    )  # fmt: skip
    return {"accounts": account, "contacts": contact}


def page(room: str, name: str, record: Any) -> str:
    return reverse(f"{room}:{name}", kwargs={"pk": record.pk})


# They answer


@pytest.mark.both
@pytest.mark.parametrize("room", ROOMS)
def test_pages_answer_with_one_heading(reps: Client, records: dict[str, Any], room: str) -> None:
    addresses = [page(room, name, records[room]) for name in PAGES]
    addresses += [reverse(f"{room}:create"), reverse(f"{room}:list")]

    for address in addresses:
        answer = reps.get(address)
        assert answer.status_code == 200, address
        assert answer.content.decode().count("<h1") == 1, address


@pytest.mark.parametrize("room", ROOMS)
def test_pages_outside_the_scope_do_not_exist(
    client: Client, outsider: User, records: dict[str, Any], room: str
) -> None:
    client.force_login(outsider)

    for name in [*PAGES, "restore"]:
        assert client.get(page(room, name, records[room])).status_code == 404, name
        assert client.post(page(room, name, records[room])).status_code == 404, name
    listed = client.get(reverse(f"{room}:list"), {"view": "all"}).content.decode()
    assert str(records[room]) not in listed


@pytest.mark.parametrize("room", ROOMS)
def test_a_colleague_may_change_but_neither_delete_nor_assign(
    client: Client, rep2: User, records: dict[str, Any], room: str
) -> None:
    client.force_login(rep2)
    shown = client.get(page(room, "detail", records[room])).content.decode()

    assert client.get(page(room, "edit", records[room])).status_code == 200
    for name in ("delete", "assign"):
        assert client.get(page(room, name, records[room])).status_code == 403
        assert client.post(page(room, name, records[room])).status_code == 403
        assert page(room, name, records[room]) not in shown


@pytest.mark.parametrize("room", ROOMS)
def test_manager_uses_what_belongs_to_the_team(
    client: Client, manager: User, records: dict[str, Any], room: str
) -> None:
    client.force_login(manager)

    assert all(client.get(page(room, name, records[room])).status_code == 200 for name in PAGES)


@pytest.mark.both
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("part", [None, "list", "list-body", "related-x"])
def test_list_survives_a_hostile_address(
    reps: Client, records: dict[str, Any], room: str, part: str | None
) -> None:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}

    for query in (
        "owner=x", "owner=99999999999999999999", "account=%00", "account=-1", "parent=x",
        "created=ever", "created_after=0000-00-00", "page=99999999999", "after=zzz", "sort=owner",
        "sort=%00", "per=x", "q=%00", "city=%00", "with_account=7", "team=none",
    ):  # fmt: skip
        answer = reps.get(f"{reverse(f'{room}:list')}?{query}", headers=headers)
        assert answer.status_code == 200, query


# What they show


def test_account_shows_its_people_and_where_its_other_records_are(
    reps: Client, records: dict[str, Any]
) -> None:
    account = records["accounts"]

    answer = reps.get(page("accounts", "detail", account)).content.decode()

    assert "Dana Whitfield" in answer
    for room in ("opportunities", "leads"):
        address = f"{reverse(f'{room}:list')}?account={account.pk}"
        assert f'hx-get="{address}"' in answer
        assert f'href="{address}"' in answer


def test_account_has_a_timeline_of_its_own(
    reps: Client, rep: User, records: dict[str, Any]
) -> None:
    ActivityFactory(on=records["contacts"], owner=rep, text="They moved to Leeds")

    overview = reps.get(page("accounts", "detail", records["accounts"])).content.decode()
    timeline = reps.get(page("accounts", "detail", records["accounts"]), {"tab": "timeline"})

    assert "They moved to Leeds" in overview
    assert 'id="composer"' not in overview
    assert "They moved to Leeds" in timeline.content.decode()
    assert 'id="composer"' in timeline.content.decode()


def test_contact_names_no_account_outside_the_scope(
    reps: Client, rep: User, outsider: User, admin: User
) -> None:
    account = AccountFactory(owner=outsider, name="Secret Holdings")
    contact = ContactFactory(owner=rep, by=admin, account=account)

    shown = reps.get(page("contacts", "detail", contact)).content.decode()
    listed = reps.get(reverse("contacts:list")).content.decode()

    assert "Secret Holdings" not in shown
    assert "Secret Holdings" not in listed
    assert str(contact) in listed


def test_account_lists_no_contact_outside_the_scope(
    reps: Client, rep: User, outsider: User, admin: User
) -> None:
    account = AccountFactory(owner=rep)
    ContactFactory(owner=outsider, by=admin, account=account, last_name="Hidden")

    answer = reps.get(page("accounts", "detail", account)).content.decode()

    assert "Hidden" not in answer


@pytest.mark.both
def test_whom_not_to_contact_is_not_called_with_one_click(reps: Client, rep: User) -> None:
    contact = ContactFactory(owner=rep, phone="+44 113 496 0128", do_not_contact=True)

    answer = reps.get(page("contacts", "detail", contact)).content.decode()

    assert "Do not contact" in answer
    assert 'class="c-button c-commands__second" href="tel:' not in answer


# Twins


def filled(reps: Client, address: str, **more: Any) -> dict[str, Any]:
    """Return what the form at `address` would send, with some fields typed over."""
    form = reps.get(address).context["form"]
    data = {field.html_name: field.value() for field in form}
    return {name: value for name, value in (data | more).items() if value not in (None, False)}


def test_a_twin_of_an_account_is_refused_with_a_way_to_the_first(
    reps: Client, records: dict[str, Any]
) -> None:
    address = reverse("accounts:create")
    data = filled(
        reps, address, name="Northgate Storage Ltd", website="https://www.northgate.example"
    )

    refused = reps.post(address, data)
    made = reps.post(address, {**data, "is_different": "on"})

    content = refused.content.decode()
    assert refused.status_code == 422
    assert records["accounts"].get_absolute_url() in content
    assert "This is a different company" in content
    assert 'value="Northgate Storage Ltd"' in content
    assert made.status_code == 302
    assert Account.objects.count() == 2


def test_a_twin_of_a_contact_is_refused_with_a_way_to_the_first(
    reps: Client, records: dict[str, Any]
) -> None:
    address = reverse("contacts:create")
    data = filled(reps, address, first_name="D.", last_name="W.", email="DANA@northgate.example")

    refused = reps.post(address, data)
    made = reps.post(address, {**data, "is_different": "on"})

    assert refused.status_code == 422
    assert records["contacts"].get_absolute_url() in refused.content.decode()
    assert "This is a different person" in refused.content.decode()
    assert made.status_code == 302
    assert Contact.objects.count() == 2


def test_nobody_is_led_to_a_twin_outside_the_scope(
    client: Client, outsider: User, records: dict[str, Any]
) -> None:
    client.force_login(outsider)
    address = reverse("contacts:create")

    answer = client.post(
        address, filled(client, address, last_name="W.", email="dana@northgate.example")
    )

    assert answer.status_code == 422
    assert records["contacts"].get_absolute_url() not in answer.content.decode()
    assert "Whitfield" not in answer.content.decode()
    assert "This is a different person" in answer.content.decode()


def test_the_box_is_not_shown_before_there_is_a_twin(reps: Client) -> None:
    answer = reps.get(reverse("accounts:create")).content.decode()

    assert "This is a different company" not in answer


def test_edit_into_a_twin_is_refused_and_keeps_what_was_typed(
    reps: Client, rep: User, records: dict[str, Any]
) -> None:
    other = ContactFactory(owner=rep, email="other@northgate.example")
    address = page("contacts", "edit", other)

    answer = reps.post(
        address, filled(reps, address, job_title="Boss", email="dana@northgate.example")
    )

    assert answer.status_code == 422
    assert 'value="Boss"' in answer.content.decode()
    assert records["contacts"].get_absolute_url() in answer.content.decode()


@pytest.mark.both
def test_edit_changes_only_what_was_changed(reps: Client, records: dict[str, Any]) -> None:
    address = page("accounts", "edit", records["accounts"])

    answer = reps.post(address, filled(reps, address, industry="Warehousing", employees="640"))

    records["accounts"].refresh_from_db()
    assert answer.status_code == 302
    assert records["accounts"].industry == "Warehousing"
    assert records["accounts"].employees == 640
    assert records["accounts"].version == 2


def test_a_contact_needs_something_to_be_known_by(reps: Client) -> None:
    address = reverse("contacts:create")

    answer = reps.post(address, filled(reps, address, job_title="Ghost"))

    assert answer.status_code == 422
    assert 'value="Ghost"' in answer.content.decode()


@pytest.mark.parametrize("room", ROOMS)
def test_delete_can_be_undone(reps: Client, records: dict[str, Any], room: str) -> None:
    reps.post(page(room, "delete", records[room]))
    gone = reps.get(page(room, "detail", records[room])).status_code
    reps.post(page(room, "restore", records[room]))

    assert gone == 404
    assert reps.get(page(room, "detail", records[room])).status_code == 200


@pytest.mark.both
@pytest.mark.parametrize("room", ROOMS)
def test_bin_shows_what_was_deleted_to_those_who_may_restore_it(
    client: Client, rep: User, rep2: User, manager: User, records: dict[str, Any], room: str
) -> None:
    itself, listed = records[room].get_absolute_url(), reverse(f"{room}:list")
    client.force_login(rep)
    client.post(page(room, "delete", records[room]))

    shown = {}
    for person in (rep, rep2, manager):
        client.force_login(person)
        shown[person] = itself in client.get(listed, {"bin": "1"}).content.decode()

    assert itself not in client.get(listed, {"view": "all"}).content.decode()
    assert shown == {rep: True, rep2: False, manager: True}
    assert page(room, "restore", records[room]) in client.get(itself).content.decode()


@pytest.mark.both
def test_bin_is_closed_to_those_who_may_delete_nothing(client: Client, db: None) -> None:
    reader = UserFactory(may={"accounts.view_account": "all"})
    client.force_login(reader)

    assert client.get(reverse("accounts:list"), {"bin": "1"}).status_code == 403
    assert "?bin=1" not in client.get(reverse("accounts:list")).content.decode()


@pytest.mark.parametrize("room", ROOMS)
def test_assign_gives_the_record_away(
    client: Client, manager: User, rep2: User, records: dict[str, Any], room: str
) -> None:
    client.force_login(manager)

    client.post(page(room, "assign", records[room]), {"owner": rep2.pk})

    records[room].refresh_from_db()
    assert records[room].owner == rep2


# They are quick


@pytest.mark.parametrize("room", ROOMS)
def test_record_takes_few_statements_whatever_it_holds(
    reps: Client, rep: User, records: dict[str, Any], statements: Statements, room: str
) -> None:
    account, contact = records["accounts"], records["contacts"]
    address = page(room, "detail", records[room])
    ActivityFactory(on=contact, owner=rep)
    reps.get(address)

    with statements() as few:
        reps.get(address)
    for _ in range(4):
        ContactFactory(owner=rep, account=account)
        OpportunityFactory(owner=rep, account=account, contact=contact)
        ActivityFactory(on=contact, owner=rep)
        ActivityFactory(on=contact, owner=rep, kind="task")
    with statements() as many:
        reps.get(address)

    assert len(many) == len(few) <= 15
