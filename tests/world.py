"""The people of the tests: rep and rep2 in manager's team, outsider in another, and admin."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from tests.factories import TeamFactory, UserFactory
from users.models import Role, Team, User

DEFAULTS = {
    "users.migrations.0002_default_roles": "add_roles",
    "records.migrations.0002_currencies": "add_currencies",
    "opportunities.migrations.0002_defaults": "add_defaults",
    "leads.migrations.0002_disqualify_reasons": "add_reasons",
}


@pytest.fixture
def defaults(db: None) -> None:
    """What a new installation starts with; a test on real transactions may have emptied it."""
    for module, function in DEFAULTS.items():
        getattr(import_module(module), function)(apps, None)


def a_person(name: str, role: str, team: Team | None) -> User:
    return UserFactory(
        name=name.capitalize(),
        email=f"{name}@crm.example",
        team=team,
        roles=[Role.objects.get(name=role)],
    )


@pytest.fixture
def team(defaults: None) -> Team:
    return TeamFactory(name="North")


@pytest.fixture
def rep(team: Team) -> User:
    return a_person("rep", "Sales rep", team)


@pytest.fixture
def rep2(team: Team) -> User:
    return a_person("rep2", "Sales rep", team)


@pytest.fixture
def manager(team: Team) -> User:
    return a_person("manager", "Sales manager", team)


@pytest.fixture
def admin(defaults: None) -> User:
    person = a_person("admin", "Administrator", None)
    person.is_staff = person.is_superuser = True
    person.save(update_fields=["is_staff", "is_superuser"])
    return person


@pytest.fixture
def outsider(defaults: None) -> User:
    return a_person("outsider", "Sales rep", TeamFactory(name="South"))
