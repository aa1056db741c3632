"""Who may come in: tokens that open, and tokens that do not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from leads.models import Lead
from tests.api.conftest import LEAD, Caller
from tests.factories import UserFactory
from users.models import ApiToken
from users.operations import issue_token, revoke_token

pytestmark = pytest.mark.django_db


def test_nobody_comes_in_without_one():
    refused = Caller(None).get("leads/")

    assert refused.status_code == 401
    assert refused["WWW-Authenticate"] == "Bearer"
    assert refused.json()["code"] == "not_authenticated"


def test_a_session_is_no_token(rep):
    caller = Caller(None)
    caller.client.force_login(rep.user)

    assert caller.get("leads/").status_code == 401
    assert caller.post("leads/", LEAD).status_code == 401


@pytest.mark.once
@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer crm_wrong",
        "Bearer nonsense",
        "Bearer " + "crm_" + "x" * 5_000,
        "Bearer crm_\u00e9",
        "Basic YTpi",
        "Token crm_x",
        "Bearer a b c",
    ],
)
def test_a_token_that_is_none_opens_nothing(rep, header):
    refused = Caller(None).get("leads/", Authorization=header)

    assert refused.status_code == 401
    assert refused.json()["code"] == "authentication_failed"


def test_the_word_bearer_may_be_written_as_one_likes(rep):
    assert rep.get("leads/", Authorization=f"bearer {rep.secret}").status_code == 200


def test_only_the_hash_is_kept(rep):
    token = ApiToken.objects.get(user=rep.user)

    assert rep.secret not in str(token.__dict__)
    assert rep.secret.startswith(token.prefix)


def test_a_revoked_token_opens_nothing(rep):
    token = ApiToken.objects.get(user=rep.user)

    revoked = revoke_token(token, by=rep.user)

    assert rep.get("leads/").status_code == 401
    assert revoke_token(token, by=rep.user).revoked_at == revoked.revoked_at


def test_an_expired_token_opens_nothing(rep):
    _, secret = issue_token(
        rep.user, by=rep.user, name="short", expires_at=timezone.now() + timedelta(hours=1)
    )
    caller = Caller(rep.user, secret=secret)

    assert caller.get("leads/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert caller.get("leads/").status_code == 401


def test_a_token_of_somebody_who_left_opens_nothing(rep):
    rep.user.is_active = False
    rep.user.save()

    assert rep.get("leads/").status_code == 401


def test_a_token_to_read_changes_nothing(rep):
    reader = Caller(rep.user, scope="read")
    lead = rep.post("leads/", LEAD).json()

    assert reader.get(f"leads/{lead['id']}/").status_code == 200
    for method, path in (
        ("POST", "leads/"),
        ("PATCH", f"leads/{lead['id']}/"),
        ("DELETE", f"leads/{lead['id']}/"),
        ("POST", f"leads/{lead['id']}/qualify/"),
        ("POST", "leads/999/qualify/"),
    ):
        refused = reader.send(method, path, {})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert Lead.objects.get().version == 1


def test_its_use_is_noted_once_an_hour(rep):
    start = timezone.now()

    def used_at(after: timedelta) -> object:
        with time_machine.travel(start + after, tick=False):
            rep.get("leads/")
        return ApiToken.objects.get(user=rep.user).used_at

    first = used_at(timedelta())
    assert first == start
    assert used_at(timedelta(minutes=59)) == first
    assert used_at(timedelta(minutes=61)) == start + timedelta(minutes=61)


def test_is_issued_to_oneself_or_by_an_administrator(rep, manager, admin):
    with pytest.raises(PermissionDenied):
        issue_token(rep.user, by=manager.user, name="x")
    with pytest.raises(PermissionDenied):
        revoke_token(ApiToken.objects.get(user=rep.user), by=manager.user)

    token, secret = issue_token(rep.user, by=admin.user, name="sync", scope="read")

    assert (token.user, token.scope) == (rep.user, "read")
    assert Caller(rep.user, secret=secret).get("leads/").status_code == 200


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"scope": "everything"},
        {"expires_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_is_not_issued_on_terms_that_make_no_sense(rep, wrong):
    with pytest.raises(ValidationError):
        issue_token(rep.user, by=rep.user, **{"name": "x", **wrong})


def test_is_not_issued_to_somebody_who_left(admin):
    with pytest.raises(ValidationError):
        issue_token(UserFactory(is_active=False), by=admin.user, name="x")
