"""People with tokens, and a client that speaks JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import TeamFactory, UserFactory
from users.models import Role, User
from users.operations import issue_token

V1 = "/api/v1/"


class Caller:
    """A program that acts as `user`."""

    def __init__(self, user: User | None, scope: str = "write", secret: str = "") -> None:
        self.user = user
        self.secret = secret
        if user is not None and not secret:
            self.secret = issue_token(user, by=user, name="test", scope=scope)[1]
        self.client = Client(raise_request_exception=True)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request; a body that is text or bytes goes as it is."""
        if self.secret:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        content_type = headers.pop("content_type", "application/json")
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        options: dict[str, Any] = {}
        if body is not None:
            options = {"data": raw, "content_type": content_type}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith(("/", "http")) else V1 + path
        return self.client.generic(method, address, headers=named, **options)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)

    def statements(self, path: str, method: str = "GET", status: int = 200) -> int:
        """Return how many statements a request takes; savepoints do not count."""
        with CaptureQueriesContext(connection) as captured:
            assert self.send(method, path).status_code == status
        return sum("SAVEPOINT" not in query["sql"] for query in captured)


def person(role: str, team: Any) -> User:
    """Return somebody of one of the roles that every installation begins with."""
    return UserFactory(team=team, roles=[Role.objects.get(name=role)])


@pytest.fixture
def team(db: None) -> Any:
    return TeamFactory()


@pytest.fixture
def rep(team: Any) -> Caller:
    return Caller(person("Sales rep", team))


@pytest.fixture
def colleague(team: Any) -> Caller:
    return Caller(person("Sales rep", team))


@pytest.fixture
def manager(team: Any) -> Caller:
    return Caller(person("Sales manager", team))


@pytest.fixture
def outsider(db: None) -> Caller:
    return Caller(person("Sales rep", TeamFactory()))


@pytest.fixture
def admin(db: None) -> Caller:
    return Caller(UserFactory(is_superuser=True))


LEAD = {
    "topic": "Twenty pumps",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "Engines Ltd",
    "email": "ada@engines.example",
}
