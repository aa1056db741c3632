"""Page, API, batch and command: whichever way leads are qualified, the same comes of them."""

from __future__ import annotations

import io
import random
from contextlib import suppress

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from leads import jobs
from leads.models import Lead
from tests.raced import a_world
from tests.world import at_once
from users.models import User
from workbench.jobs import Job, run

LATER = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# Nobody asks for two companies: then who was first would say where they work.
LEADS, COMPANIES = 60, 7
API = {"content_type": "application/json"}


def answered(ask):
    """Ask again as long as others hold the database, as whoever is told so should."""
    while (answer := ask()).status_code == 503:
        continue
    return answer


def by_page(numbers, world):
    client = Client()
    client.force_login(User.objects.get(pk=world["by"]))
    for number in numbers:
        answer = answered(lambda n=number: client.post(reverse("leads:qualify", args=[n])))
        assert answer.status_code in {200, 302}


def by_program(numbers, world):
    client = Client(headers={"Authorization": f"Bearer {world['token']}"})
    for number in numbers:
        address = f"/api/v1/leads/{number}/qualify/"
        answer = answered(lambda to=address: client.post(to, "{}", **API))
        assert answer.status_code in {200, 201}


def as_a_batch(numbers, world):
    """Do what a worker does, a step a transaction: others come between two of them."""
    job = jobs.qualify_many(numbers, by=User.objects.get(pk=world["by"]))
    while Job.objects.live().filter(pk=job.pk).exists():
        run.call(job.pk)


def by_command(numbers, world):
    by = User.objects.get(pk=world["by"])
    with suppress(SystemExit):
        call_command("qualify", *map(str, numbers), by=by.email, stdout=io.StringIO())


WAYS = {"page": by_page, "API": by_program, "batch": as_a_batch, "command": by_command}


def shuffled(numbers, seed):
    return random.Random(seed).sample(numbers, len(numbers))


def what_became_of(numbers):
    """Return which of the leads, by their place, share an account, and which a contact."""
    places = {number: place for place, number in enumerate(numbers)}
    accounts: dict[int, set[int]] = {}
    contacts: dict[int, set[int]] = {}
    for lead in Lead.objects.qualified().filter(pk__in=numbers):
        accounts.setdefault(lead.account_id, set()).add(places[lead.pk])
        contacts.setdefault(lead.contact_id, set()).add(places[lead.pk])
    return sorted(map(sorted, accounts.values())), sorted(map(sorted, contacts.values()))


# Every seventh lead is of the same company, and 42 people ask: the first 18 of them twice.
EXPECTED = (
    [list(range(n, LEADS, COMPANIES)) for n in range(COMPANIES)],
    sorted([[n, n + 42] if n < 18 else [n] for n in range(42)]),
)


ORDERS = {
    "backwards": lambda numbers, _way: numbers[::-1],
    "at random": lambda numbers, way: shuffled(numbers, len(way)),
}


@pytest.fixture(autouse=True)
def _later(settings):
    settings.TASKS = LATER


@pytest.mark.usefixtures("defaults")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", [pytest.param("backwards", marks=pytest.mark.once), "at random"])
def test_the_same_comes_of_the_same_leads_whichever_way_and_in_whatever_order(way, order):
    world = a_world(LEADS, COMPANIES)

    WAYS[way](ORDERS[order](world["leads"], way), world)

    assert what_became_of(world["leads"]) == EXPECTED


@pytest.mark.usefixtures("defaults")
@pytest.mark.django_db(transaction=True)
def test_the_same_comes_of_them_all_ways_at_once():
    world = a_world(LEADS, COMPANIES)
    works = [
        lambda way=way, seed=seed: way(shuffled(world["leads"], seed), world)
        for seed, way in enumerate(WAYS.values())
    ]

    at_once(*works)

    assert what_became_of(world["leads"]) == EXPECTED
    assert Lead.objects.filter(cycles=1).count() == LEADS
