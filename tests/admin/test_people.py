"""Nobody gets more in the administration than they hold, and nobody locks everybody out."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client

from crm import operations
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.admin.forms import errors_of, form_of
from tests.factories import LeadFactory, TeamFactory, UserFactory
from users.models import ApiToken, Grant, Role, Team, User
from users.operations import machine

pytestmark = pytest.mark.once  # who may what, and what a page says

PEOPLE = {
    f"users.{verb}_{kind}": "all"
    for verb in ("view", "add", "change", "delete")
    for kind in ("user", "role")
}
TYPED = "a long enough passphrase"


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def clerk(team: Team) -> User:
    """Somebody of North who administers people, sees what the team owns, and no more."""
    user: User = UserFactory(team=team, is_staff=True, may=PEOPLE | {"leads.view_lead": "team"})
    return user


def role_with(name: str, **grants: str) -> Role:
    role = Role.objects.create(name=name)
    for permission, scope in grants.items():
        Grant.objects.create(role=role, permission=permission.replace("__", "."), scope=scope)
    return role


def events(thing: Any) -> list[str]:
    rows = AuditEntry.objects.filter(record_id=thing.pk, record_type__model=thing._meta.model_name)
    return list(rows.order_by("pk").values_list("event", flat=True))


def sessions_of(user: User) -> int:
    return sum(
        session.get_decoded().get("_auth_user_id") == str(user.pk)
        for session in Session.objects.all()
    )


# People


def test_lets_somebody_in(desk: Client, team: Team):
    role = Role.objects.get(name="Sales rep")
    sent = form_of(desk, "/admin/users/user/add/")
    sent |= {"email": "Grace@CRM.example", "name": "Grace", "team": team.pk, "roles": [role.pk]}

    answer = desk.post("/admin/users/user/add/", sent | {"password_once": TYPED})

    assert answer.status_code == 302, errors_of(answer)
    user = User.objects.get(email="grace@crm.example")
    assert user.check_password(TYPED)
    assert list(user.roles.all()) == [role]
    assert events(user) == ["user.created"]
    assert TYPED not in str(AuditEntry.objects.values_list("changes"))


def test_a_weak_password_is_refused(desk: Client):
    sent = form_of(desk, "/admin/users/user/add/") | {"email": "grace@crm.example"}

    answer = desk.post("/admin/users/user/add/", sent | {"password_once": "password"})

    assert "too" in errors_of(answer)
    assert not User.objects.filter(email="grace@crm.example").exists()


def test_an_address_is_taken_once(desk: Client, rep: User):
    sent = form_of(desk, "/admin/users/user/add/") | {"email": rep.email.upper()}

    answer = desk.post("/admin/users/user/add/", sent)

    assert "already" in errors_of(answer)


def test_says_who_leads_whom(desk: Client, rep: User, manager: User):
    Client().force_login(rep)
    address = f"/admin/users/user/{rep.pk}/change/"

    answer = desk.post(address, form_of(desk, address) | {"manager": manager.pk})

    assert answer.status_code == 302, errors_of(answer)
    rep.refresh_from_db()
    assert rep.manager == manager
    assert sessions_of(rep) == 1  # nobody's rights have changed
    assert AuditEntry.objects.get(event="user.changed").changes == {
        "manager": [None, {"id": manager.pk, "label": "Manager"}]
    }


def test_nobody_is_above_themselves(admin: User, rep: User, rep2: User, manager: User):
    for person, above in ((rep, rep2), (rep2, manager)):
        operations.update_user(person, by=admin, manager=above)

    for person, above in ((manager, rep), (manager, manager), (rep, machine())):
        with pytest.raises(Unacceptable) as told:
            operations.update_user(person, by=admin, manager=above)
        assert told.value.errors.keys() == {"manager"}
    with pytest.raises(Unacceptable, match="somebody's manager"):
        operations.delete_user(manager, by=admin)
    manager.refresh_from_db()
    assert manager.manager is None


def test_a_new_role_ends_the_sessions(desk: Client, rep: User):
    Client().force_login(rep)
    assert sessions_of(rep) == 1
    address = f"/admin/users/user/{rep.pk}/change/"
    role = Role.objects.get(name="Sales manager")

    answer = desk.post(address, form_of(desk, address) | {"roles": [role.pk]})

    assert answer.status_code == 302, errors_of(answer)
    assert list(rep.roles.all()) == [role]
    assert sessions_of(rep) == 0
    assert AuditEntry.objects.get(event="user.changed").changes == {
        "roles": [["Sales rep"], ["Sales manager"]]
    }


def test_a_new_name_ends_no_session(desk: Client, rep: User):
    Client().force_login(rep)
    address = f"/admin/users/user/{rep.pk}/change/"

    desk.post(address, form_of(desk, address) | {"name": "Renamed"})

    rep.refresh_from_db()
    assert rep.name == "Renamed"
    assert sessions_of(rep) == 1


def test_changing_ones_own_rights_asks_to_sign_in_again(desk: Client, admin: User):
    address = f"/admin/users/user/{admin.pk}/change/"

    sent = form_of(desk, address)
    sent["roles"] = []
    desk.post(address, sent)

    assert desk.get("/admin/").status_code == 302


def test_a_new_password_ends_the_sessions(desk: Client, rep: User):
    other = Client()
    other.force_login(rep)

    answer = desk.post(f"/admin/users/user/{rep.pk}/password/", {"password": TYPED, "again": TYPED})

    assert answer.status_code == 302
    rep.refresh_from_db()
    assert rep.check_password(TYPED)
    assert other.get("/profile/").status_code == 302
    assert events(rep) == ["user.password_changed"]


def test_passwords_have_to_agree_and_be_strong(desk: Client, rep: User):
    address = f"/admin/users/user/{rep.pk}/password/"

    assert b"not the same" in desk.post(address, {"password": TYPED, "again": "other"}).content
    assert b"too short" in desk.post(address, {"password": "short", "again": "short"}).content
    rep.refresh_from_db()
    assert not rep.check_password("short")


def test_a_new_email_closes_the_door_of_the_old_one(admin: User, rep: User):
    EmailAddress.objects.create(user=rep, email=rep.email, primary=True, verified=True)

    operations.update_user(rep, by=admin, email="new@crm.example")

    assert not EmailAddress.objects.filter(user=rep).exists()


def test_the_last_superuser_stays(desk: Client, admin: User):
    User.objects.filter(is_superuser=True).exclude(pk=admin.pk).update(is_active=False)
    address = f"/admin/users/user/{admin.pk}/change/"
    sent = form_of(desk, address)

    for name in ("is_superuser", "is_active"):
        without = {key: value for key, value in sent.items() if key != name}
        assert "last active superuser" in errors_of(desk.post(address, without))
    desk.post(f"/admin/users/user/{admin.pk}/delete/", {"post": "yes"})
    desk.post("/admin/users/user/", {"action": "deactivate", "_selected_action": admin.pk})

    admin.refresh_from_db()
    assert admin.is_superuser
    assert admin.is_active


def test_who_left_traces_is_not_removed(desk: Client, rep: User):
    LeadFactory(owner=rep)

    answer = desk.post(f"/admin/users/user/{rep.pk}/delete/", {"post": "yes"}, follow=True)

    assert b"owns or has changed records" in answer.content
    assert User.objects.filter(pk=rep.pk).exists()


def test_who_left_none_is(desk: Client, rep2: User):
    desk.post(f"/admin/users/user/{rep2.pk}/delete/", {"post": "yes"})

    assert not User.objects.filter(pk=rep2.pk).exists()
    assert AuditEntry.objects.filter(event="user.deleted", label="Rep2").exists()


def test_a_lost_second_factor_is_removed(desk: Client, rep: User):
    Authenticator.objects.create(user=rep, type="totp", data={})
    assert b"Remove second factor" in desk.get(f"/admin/users/user/{rep.pk}/change/").content

    desk.post("/admin/users/user/", {"action": "remove_second_factor", "_selected_action": rep.pk})

    assert not Authenticator.objects.exists()
    assert events(rep) == ["user.second_factor_removed"]


# Who administers people without being a superuser


def test_nobody_grants_more_than_they_hold(clerk: User, client: Client):
    client.force_login(clerk)
    small = role_with("Sees leads", leads__view_lead="team")
    wide = role_with("Sees all leads", leads__view_lead="all")
    other = role_with("Deletes leads", leads__delete_lead="own")
    sent = form_of(client, "/admin/users/user/add/") | {"team": clerk.team_id}

    for role in (wide, other):
        answer = client.post(
            "/admin/users/user/add/", sent | {"email": "a@b.example", "roles": [role.pk]}
        )
        assert "Nobody may grant more than they hold" in errors_of(answer)
    answer = client.post(
        "/admin/users/user/add/", sent | {"email": "a@b.example", "roles": [small.pk]}
    )

    assert answer.status_code == 302, errors_of(answer)
    assert list(User.objects.get(email="a@b.example").roles.all()) == [small]


def test_nobody_raises_themselves(clerk: User, client: Client):
    client.force_login(clerk)
    everything = role_with("All leads", leads__delete_lead="all")
    address = f"/admin/users/user/{clerk.pk}/change/"
    sent = form_of(client, address)

    answer = client.post(
        address, sent | {"roles": [*sent["roles"], everything.pk], "is_superuser": "on"}
    )

    assert "Nobody may grant" in errors_of(answer)
    clerk.refresh_from_db()
    assert not clerk.is_superuser
    assert everything not in clerk.roles.all()


@pytest.mark.parametrize(
    "changes",
    [{"is_active": False}, {"name": "Other"}, {"email": "x@y.example"}, {"is_superuser": False}],
)
def test_nobody_changes_who_may_more(clerk: User, admin: User, manager: User, changes: Any):
    for user in (admin, manager):
        with pytest.raises(NotPermitted):
            operations.update_user(user, by=clerk, **changes)


def test_nobody_signs_out_who_may_more(clerk: User, admin: User):
    Client().force_login(admin)

    with pytest.raises(NotPermitted):
        operations.sign_out(admin, by=clerk)

    assert sessions_of(admin) == 1


def test_nobody_takes_over_an_account(clerk: User, team: Team):
    equal = UserFactory(team=team, may={"leads.view_lead": "team"})

    for work in (
        lambda: operations.set_password(equal, by=clerk, password=TYPED),
        lambda: operations.update_user(equal, by=clerk, email="mine@b.example"),
        lambda: operations.issue_token(equal, by=clerk, name="Mine", scope="write"),
        lambda: operations.remove_second_factor(equal, by=clerk),
        lambda: operations.update_user(equal, by=clerk, is_superuser=True),
    ):
        with pytest.raises(NotPermitted):
            work()
    assert operations.update_user(equal, by=clerk, name="Renamed").name == "Renamed"


def test_nobody_reaches_another_team_by_moving_people(clerk: User):
    south = TeamFactory()
    colleague = UserFactory(team=clerk.team, may={"leads.view_lead": "team"})
    stranger = UserFactory(team=south)

    with pytest.raises(NotPermitted):
        operations.update_user(clerk, by=clerk, team=south)
    with pytest.raises(NotPermitted):
        operations.update_user(colleague, by=clerk, team=south)
    with pytest.raises(NotPermitted):
        operations.update_user(stranger, by=clerk, team=clerk.team)


def test_who_may_not_administer_people_does_not(rep: User, rep2: User):
    role = Role.objects.get(name="Sales rep")
    for work in (
        lambda: operations.add_user(by=rep, email="a@b.example"),
        lambda: operations.update_user(rep2, by=rep, name="x"),
        lambda: operations.update_user(rep, by=rep, is_staff=True),
        lambda: operations.delete_user(rep2, by=rep),
        lambda: operations.sign_out(rep2, by=rep),
        lambda: operations.save_role(role, by=rep, name="x", grants={}),
        lambda: operations.delete_role(role, by=rep),
        lambda: operations.set_password(rep2, by=rep, password=TYPED),
    ):
        with pytest.raises(NotPermitted):
            work()
    assert not AuditEntry.objects.exists()


# Roles


def grants_sent(client: Client, address: str, *grants: tuple[str, str]) -> dict[str, Any]:
    sent = form_of(client, address)
    start = int(sent["grants-INITIAL_FORMS"])
    for number, (permission, scope) in enumerate(grants, start=start):
        sent[f"grants-{number}-permission"] = permission
        sent[f"grants-{number}-scope"] = scope
    sent["grants-TOTAL_FORMS"] = start + len(grants)
    role = client.get(address).context["original"]
    for number, grant in enumerate(role.grants.order_by("permission") if role else []):
        sent[f"grants-{number}-id"] = grant.pk
        sent[f"grants-{number}-role"] = role.pk
        sent[f"grants-{number}-permission"] = grant.permission
        sent[f"grants-{number}-scope"] = grant.scope
    return sent


def test_makes_a_role(desk: Client):
    address = "/admin/users/role/add/"
    sent = grants_sent(desk, address, ("leads.view_lead", "all"), ("leads.qualify_lead", "own"))

    answer = desk.post(address, sent | {"name": "Auditor"})

    assert answer.status_code == 302, errors_of(answer)
    role = Role.objects.get(name="Auditor")
    assert dict(role.grants.values_list("permission", "scope")) == {
        "leads.view_lead": "all",
        "leads.qualify_lead": "own",
    }
    assert events(role) == ["role.created"]


def test_changes_a_role_and_ends_sessions_of_its_members(desk: Client, rep: User):
    Client().force_login(rep)
    role = role_with("Extra", leads__view_lead="own")
    rep.roles.add(role)
    address = f"/admin/users/role/{role.pk}/change/"
    sent = grants_sent(desk, address, ("leads.delete_lead", "team"))

    answer = desk.post(address, sent | {"grants-0-scope": "all"})

    assert answer.status_code == 302, errors_of(answer)
    assert dict(role.grants.values_list("permission", "scope")) == {
        "leads.view_lead": "all",
        "leads.delete_lead": "team",
    }
    assert sessions_of(rep) == 0
    assert AuditEntry.objects.get(event="role.changed").changes == {
        "leads.view_lead": ["own", "all"],
        "leads.delete_lead": [None, "team"],
    }


def test_takes_a_grant_away(desk: Client):
    role = role_with("Extra", leads__view_lead="own", leads__delete_lead="own")
    address = f"/admin/users/role/{role.pk}/change/"

    answer = desk.post(address, grants_sent(desk, address) | {"grants-0-DELETE": "on"})

    assert answer.status_code == 302, errors_of(answer)
    assert [grant.permission for grant in role.grants.all()] == ["leads.view_lead"]


def test_only_real_permissions_can_be_chosen(desk: Client, admin: User):
    address = "/admin/users/role/add/"

    answer = desk.post(
        address, grants_sent(desk, address, ("leads.fly_lead", "all")) | {"name": "Pilot"}
    )

    assert answer.status_code == 200
    with pytest.raises(Unacceptable):
        operations.save_role(Role(), by=admin, name="Pilot", grants={"leads.fly_lead": "all"})
    assert not Role.objects.filter(name="Pilot").exists()


def test_a_role_that_somebody_has_is_not_deleted(desk: Client, rep: User):
    role = rep.roles.get()

    answer = desk.post(f"/admin/users/role/{role.pk}/delete/", {"post": "yes"}, follow=True)

    assert b"1 person has this role" in answer.content
    assert Role.objects.filter(pk=role.pk).exists()


ACTORS = {
    "nothing": {},
    "own": {"leads.view_lead": "own"},
    "team": {"leads.view_lead": "team"},
    "all": {"leads.view_lead": "all"},
}
REACH = {"own": 1, "team": 2, "all": 3}


@pytest.mark.parametrize("holds", ACTORS)
@pytest.mark.parametrize("scope", REACH)
@pytest.mark.parametrize("where", ["own team", "other team", "no team"])
def test_the_lattice_of_privileges(holds: str, scope: str, where: str, team: Team):
    """Every actor, every scope, every place: given exactly when it is no more than is held."""
    actor = UserFactory(team=team, is_staff=True, may=PEOPLE | ACTORS[holds])
    role = role_with("Given", leads__view_lead=scope)
    place = {"own team": team, "other team": TeamFactory(), "no team": None}[where]
    reach = REACH.get(holds, 0)
    is_held = reach >= REACH[scope] and (
        scope == "own" or holds == "all" or where in {"own team", "no team"}
    )

    def give() -> Any:
        return operations.add_user(by=actor, email="new@b.example", roles=[role], team=place)

    if is_held:
        assert give().roles.get() == role
    else:
        with pytest.raises(NotPermitted):
            give()
        assert not User.objects.filter(email="new@b.example").exists()


# Keys


def test_the_secret_of_a_key_is_shown_once(desk: Client, rep: User):
    address = "/admin/users/apitoken/add/"

    answer = desk.post(address, form_of(desk, address) | {"user": rep.pk, "name": "Export"})

    token = ApiToken.objects.get()
    secret = answer.context["secret"]
    assert token.digest == ApiToken.digest_of(secret)
    assert secret.encode() in answer.content
    for page in ("", f"{token.pk}/change/", f"{token.pk}/history/"):
        assert secret.encode() not in desk.get(f"/admin/users/apitoken/{page}").content
    assert events(token) == ["apitoken.created"]


def test_a_key_is_revoked_and_never_changed(desk: Client, rep: User, admin: User):
    token, _secret = operations.issue_token(rep, by=admin, name="Export", scope="write")
    address = f"/admin/users/apitoken/{token.pk}/change/"

    assert desk.post(address, {"name": "Other", "scope": "read"}).status_code == 403
    assert b"Revoke" in desk.get(address).content
    desk.post("/admin/users/apitoken/", {"action": "revoke", "_selected_action": token.pk})

    token.refresh_from_db()
    assert not token.is_live
    assert token.name == "Export"
