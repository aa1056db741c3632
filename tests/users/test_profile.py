"""One's own profile, theme and keys."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from tests.factories import UserFactory
from users.models import ApiToken, User
from users.operations import issue_token, live_token, update_profile

pytestmark = pytest.mark.once  # but for what is marked `both`

PROFILE = {"name": "Ada Lovelace", "theme": "dark", "has_shortcuts": ""}


@pytest.fixture
def ada(client: Client, db: None) -> User:
    user: User = UserFactory(name="Ada")
    client.force_login(user)
    return user


def test_saves_name_theme_and_shortcuts(client: Client, ada: User) -> None:
    answer = client.post("/profile/", PROFILE)

    ada.refresh_from_db()
    assert answer.status_code == 302
    assert (ada.name, ada.theme, ada.has_shortcuts) == ("Ada Lovelace", "dark", False)
    assert 'data-bs-theme="dark"' in client.get("/profile/").content.decode()


@pytest.mark.parametrize(
    "wrong", [{"theme": "pink"}, {"theme": ""}, {"name": "x" * 121}, {"name": "a\x00b"}]
)
def test_names_the_field_that_is_wrong_and_keeps_what_was_typed(
    client: Client, ada: User, wrong: dict[str, str]
) -> None:
    answer = client.post("/profile/", PROFILE | wrong)

    ada.refresh_from_db()
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert (ada.name, ada.theme) == ("Ada", "system")


def test_changes_the_theme_from_the_menu_and_goes_back(client: Client, ada: User) -> None:
    answer = client.post("/profile/theme/", {"theme": "light", "next": "/leads/?status=open"})

    ada.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/leads/?status=open")
    assert ada.theme == "light"


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:1", ""])
def test_goes_back_to_no_other_site(client: Client, ada: User, address: str) -> None:
    answer = client.post("/profile/theme/", {"theme": "light", "next": address})

    assert answer["Location"] == "/profile/"


def test_refuses_a_theme_that_there_is_not(client: Client, ada: User) -> None:
    client.post("/profile/theme/", {"theme": "pink"})

    ada.refresh_from_db()
    assert ada.theme == "system"


def test_shows_the_secret_of_a_new_key_once(client: Client, ada: User) -> None:
    answer = client.post("/profile/tokens/", {"name": "Robot", "scope": "read", "lifetime": "30"})

    secret = answer.context["secret"]
    token = live_token(secret)
    assert token is not None
    assert (token.user, token.scope, token.name) == (ada, "read", "Robot")
    assert token.expires_at is not None
    assert secret in answer.content.decode()
    assert secret not in client.get("/profile/").content.decode()


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 101}, {"scope": "all"}, {"lifetime": "9999"}]
)
def test_makes_no_key_of_wrong_terms(client: Client, ada: User, wrong: dict[str, str]) -> None:
    terms: dict[str, Any] = {"name": "Robot", "scope": "read", "lifetime": "30"}

    answer = client.post("/profile/tokens/", terms | wrong)

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert not ApiToken.objects.exists()


@pytest.mark.both
def test_ends_a_key_of_ones_own(client: Client, ada: User) -> None:
    token, secret = issue_token(ada, by=ada, name="Robot")

    client.post(f"/profile/tokens/{token.pk}/revoke/")

    assert live_token(secret) is None
    assert "Robot" not in client.get("/profile/").content.decode()


@pytest.mark.both
def test_knows_no_key_of_somebody_else(client: Client, ada: User) -> None:
    other = UserFactory()
    token, secret = issue_token(other, by=other, name="Theirs")

    assert client.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
    assert "Theirs" not in client.get("/profile/").content.decode()
    assert live_token(secret) is not None


def test_writes_nothing_when_it_is_only_read(client: Client, ada: User) -> None:
    for address in ("/profile/theme/", "/profile/tokens/", "/profile/tokens/1/revoke/"):
        assert client.get(address).status_code == 405


def test_leaves_the_profile_of_somebody_else_alone(db: None) -> None:
    ada, mallory = UserFactory(), UserFactory()

    with pytest.raises(PermissionDenied):
        update_profile(ada, by=mallory, name="Mallory's")


def test_takes_only_themes_that_there_are(db: None) -> None:
    ada = UserFactory()

    with pytest.raises(ValidationError):
        update_profile(ada, by=ada, theme="pink")
    ada.refresh_from_db()
    assert ada.theme == "system"


@pytest.mark.both
def test_changes_only_what_is_given(db: None) -> None:
    ada = UserFactory(name="Ada", theme="dark")

    update_profile(ada, by=ada, has_shortcuts=False)

    ada.refresh_from_db()
    assert (ada.name, ada.theme, ada.has_shortcuts) == ("Ada", "dark", False)
