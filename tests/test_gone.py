"""What somebody deleted for good since it was read is a refusal in words, never a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.api import AccountViewSet
from accounts.operations import (
    create_account,
    create_contact,
    delete_account,
    restore_account,
    update_account,
    update_contact,
)
from accounts.views import AccountEdit
from activities.operations import add_task, complete, log_note
from intake import operations as intake
from intake.models import Delivery, WebForm
from leads.models import DisqualifyReason, Lead, QualificationRuleSet
from leads.operations import (
    capture_lead,
    disqualify,
    qualify,
    reopen,
    set_automation,
    undo,
    update_lead,
)
from opportunities.models import Source
from opportunities.operations import add_stakeholder, open_opportunity, update_opportunity, win
from records.errors import IsGone
from records.operations import delete_setting
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    UserFactory,
)
from tests.intake.world import a_door
from tests.snapshots import rows
from tests.world import a_superuser
from users.models import Role, User
from users.operations import (
    delete_role,
    delete_user,
    issue_token,
    save_role,
    set_password,
    update_user,
)
from workbench.jobs import Job, cancel


def a_failed_delivery() -> Delivery:
    delivery, _is_new = intake.store_delivery(a_door(), raw=b"{}")[0]
    Delivery.objects.update(state=Delivery.State.FAILED)
    return delivery


MAKING: dict[str, Any] = {
    "account": AccountFactory,
    "contact": ContactFactory,
    "lead": LeadFactory,
    "deal": OpportunityFactory,
    "task": lambda: add_task(LeadFactory(), by=UserFactory(is_superuser=True), subject="Call"),
    "source": lambda: Source.objects.create(name="Fair", key="fair"),
    "form": lambda: WebForm.objects.create(name="Contact us", slug="contact"),
    "door": a_door,
    "delivery": a_failed_delivery,
    "rules": lambda: QualificationRuleSet.objects.get(state="active"),
    "job": lambda: Job.objects.create(kind="x", title="x", owner=UserFactory()),
}
DOING: dict[str, dict[str, Any]] = {
    "account": {
        "change": lambda it, by: update_account(it, by=by, name="Else"),
        "delete": lambda it, by: delete_account(it, by=by),
        "restore": lambda it, by: restore_account(it, by=by),
        "note": lambda it, by: log_note(it, by=by, text="Hello"),
        "new below": lambda it, by: create_account(by=by, name="Else", parent=it),
        "put below": lambda it, by: update_account(AccountFactory(), by=by, parent=it),
        "person": lambda it, by: create_contact(by=by, last_name="Else", account=it),
        "deal": lambda it, by: open_opportunity("Looms", by=by, owner=by, account=it),
        "lead": lambda it, by: capture_lead(by=by, topic="Looms", last_name="Else", account=it),
    },
    "contact": {
        "change": lambda it, by: update_contact(it, by=by, last_name="Else"),
        "picked": lambda it, by: update_lead(LeadFactory(), by=by, contact=it),
        "stakeholder": lambda it, by: add_stakeholder(
            OpportunityFactory(), by=by, contact=it, role="champion"
        ),
    },
    "lead": {
        "change": lambda it, by: update_lead(it, by=by, topic="Else"),
        "qualify": lambda it, by: qualify(it, by=by),
        "undo": lambda it, by: undo(it, by=by),
        "reopen": lambda it, by: reopen(it, by=by),
        "disqualify": lambda it, by: disqualify(
            it, by=by, reason=DisqualifyReason.objects.all()[0]
        ),
    },
    "deal": {
        "change": lambda it, by: update_opportunity(it, by=by, topic="Else"),
        "win": lambda it, by: win(it, by=by),
    },
    "task": {"complete": lambda it, by: complete(it, by=by)},
    "source": {"delete": lambda it, by: delete_setting(it, by=by)},
    "form": {
        "save": lambda it, by: intake.save_web_form(it, by=by),
        "snippet": lambda it, by: intake.renew_snippet(it, by=by),
    },
    "door": {
        "add a key": lambda it, by: intake.add_key(it, by=by),
        "drop keys": lambda it, by: intake.drop_old_keys(it, by=by),
        "secret": lambda it, by: intake.set_secret(it, by=by, secret="x" * 40),
    },
    "delivery": {
        "retry": lambda it, by: intake.retry(it, by=by),
        "discard": lambda it, by: intake.discard(it, by=by),
    },
    "rules": {"automation": lambda it, by: set_automation(it, by=by, is_automatic=False)},
    "job": {"cancel": lambda it, by: cancel(it, by=by)},
}


@pytest.mark.parametrize(("kind", "way"), [(k, way) for k, ways in DOING.items() for way in ways])
def test_refuses_in_words_whatever_was_to_be_done_with_it(admin, kind, way):
    thing = MAKING[kind]()
    type(thing)._base_manager.filter(pk=thing.pk).delete()

    with pytest.raises(IsGone, match="is gone for good"):
        DOING[kind][way](thing, admin)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("defaults")
def test_refuses_to_write_what_refers_to_it():
    admin = a_superuser()
    source = Source.objects.create(name="Fair", key="fair")
    Source.objects.filter(pk=source.pk).delete()
    before = rows(with_trails=True)

    with pytest.raises(IsGone, match="Something that you chose is gone for good"):
        capture_lead(by=admin, topic="Looms", last_name="Else", source=source)

    assert rows(with_trails=True) == before
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    "work",
    [
        lambda user, role, by: update_user(user, by=by, name="Else"),
        lambda user, role, by: set_password(user, by=by, password="long-enough-for-us-7"),
        lambda user, role, by: delete_user(user, by=by),
        lambda user, role, by: save_role(role, by=by, name="Else", grants={}),
        lambda user, role, by: delete_role(role, by=by),
    ],
    ids=["change a person", "password", "delete a person", "change a role", "delete a role"],
)
def test_refuses_people_and_roles_that_were_deleted(admin, work):
    user, role = UserFactory(), Role.objects.create(name="Gone")
    User.objects.filter(pk=user.pk).delete()
    Role.objects.filter(pk=role.pk).delete()

    with pytest.raises(ValidationError, match="is gone for good"):
        work(user, role, admin)


def deleted_just_in_time(record: Any, **changes: Any) -> Any:
    """Whoever asks has found the record; a moment later, the operation does not."""
    type(record)._base_manager.filter(pk=record.pk).delete()
    return update_account(record, **changes)


def test_a_person_reads_so_and_keeps_what_was_typed(client, admin, monkeypatch):
    account = AccountFactory()
    client.force_login(admin)
    address = f"/accounts/{account.pk}/edit/"
    form = client.get(address).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields} | {"name": "Else"}
    monkeypatch.setattr(AccountEdit, "operation", staticmethod(deleted_just_in_time))

    answer = client.post(address, typed)

    assert answer.status_code == 422
    assert "is gone for good" in answer.content.decode()
    assert answer.context["form"]["name"].value() == "Else"


def test_a_program_is_told_so(client, admin, monkeypatch):
    account = AccountFactory()
    monkeypatch.setattr(AccountViewSet, "update_operation", staticmethod(deleted_just_in_time))

    _token, secret = issue_token(admin, by=admin, name="test", scope="write")
    answer = client.patch(
        f"/api/v1/accounts/{account.pk}/",
        {"name": "Else"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "is_gone")
