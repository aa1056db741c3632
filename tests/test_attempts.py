"""Qualifying, undoing and merging over HTTP, by many at once, some of them cut off."""

from __future__ import annotations

import random
import threading
import time

import pytest
from django.db import connections

from tests.attempts import asks, attempt, lies_in
from tests.linear import UNKNOWN, Call, is_linear
from tests.raced import a_world, cycles, truth

CLIENTS = 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("defaults")
def test_every_answer_is_explained_and_nothing_is_doubled_or_half_done(live_server, settings):
    settings.CRM_THROTTLE = "off"
    world = a_world(24, 8)
    wanted = asks(world["leads"], 200, {"qualify": 1}, random.Random(3))
    wanted += asks(world["leads"], 100, {"qualify": 5, "undo": 4, "merge": 1}, random.Random(4))
    address = (live_server.thread.host, live_server.thread.port)

    heard = attempt(address, world["token"], wanted, clients=CLIENTS)

    until_nobody_works()
    assert lies_in(heard, cycles()) == []
    assert truth()["wrong"] == []
    assert {"qualify: 201", "qualify: 200", "undo: 200"} <= heard.codes.keys()


def until_nobody_works():
    """Wait for the requests of those who hung up: the server finishes what it began."""
    until = time.monotonic() + 20
    while time.monotonic() < until and any(
        "process_request" in thread.name for thread in threading.enumerate()
    ):
        time.sleep(0.05)
    connections.close_all()


def calls(*told):
    return [Call(kind, *rest) for kind, *rest in told]


TRUE = {
    "asked again while the first is at work": calls(
        ("qualify", 0, 9, 201, 1), ("qualify", 1, 8, 200, 1)
    ),
    "undone between two": calls(
        ("qualify", 0, 1, 201, 1), ("undo", 2, 9, 200), ("qualify", 3, 4, 201, 2)
    ),
    "undone by somebody who hung up": calls(
        ("qualify", 0, 1, 201, 1), ("undo", 2, float("inf"), UNKNOWN), ("qualify", 3, 4, 201, 2)
    ),
    "undone later by somebody who hung up while it was open": calls(
        ("undo", 0, float("inf"), UNKNOWN), ("qualify", 1, 2, 201, 1), ("read", 9, 9, 200, None)
    ),
    "refused while open": calls(("undo", 0, 1, 409, None, "lead_is_open")),
}
FALSE = {
    "qualified twice": calls(("qualify", 0, 1, 201, 1), ("qualify", 0, 1, 201, 2)),
    "an answer before it was so": calls(("qualify", 5, 9, 201, 1), ("qualify", 1, 2, 200, 1)),
    "forgotten": calls(("qualify", 0, 1, 201, 1), ("read", 9, 9, 200, None)),
    "undone, and so told nobody": calls(
        ("qualify", 0, 1, 201, 1), ("undo", 2, 3, 200), ("qualify", 4, 5, 200, 1)
    ),
    "undone without having been qualified": calls(("undo", 0, 1, 200)),
    "two cycles in the wrong order": calls(
        ("qualify", 0, 1, 201, 2), ("undo", 2, 3, 200), ("qualify", 4, 5, 201, 1)
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_finds_an_order_where_there_is_one(name):
    assert is_linear(TRUE[name])


@pytest.mark.parametrize("name", FALSE)
def test_finds_none_where_somebody_was_lied_to(name):
    assert not is_linear(FALSE[name])


def test_takes_a_qualification_that_nobody_was_told_of_from_who_hung_up():
    cut = Call("qualify", 0, float("inf"), UNKNOWN)
    after = Call("qualify", 1, 2, 200, 1)

    assert is_linear([cut, after], unheard=[1])
    assert not is_linear([after], unheard=[1])
