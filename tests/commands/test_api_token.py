"""`api_token`: a secret that is printed once."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from tests.factories import UserFactory
from users.models import ApiToken
from users.operations import live_token


def test_prints_a_secret_that_opens(db):
    user = UserFactory()
    out = io.StringIO()

    call_command("api_token", user.email.upper(), name="Import", scopes="write", stdout=out)

    token = live_token(out.getvalue().strip())
    assert token is not None
    assert (token.user, token.name, token.scope) == (user, "Import", ApiToken.Scope.WRITE)


@pytest.mark.parametrize("is_there", [False, True])
def test_is_refused_for_who_cannot_sign_in(db, is_there):
    if is_there:
        UserFactory(email="gone@crm.example", is_active=False)

    with pytest.raises(CommandError):
        call_command("api_token", "gone@crm.example", name="Import", scopes="read")
