"""Telling a receiver that fails and workers that are killed: nothing lost, in order, no twins."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from tests.deliver import Worker
from tests.receiver import receiving

if TYPE_CHECKING:
    from tests.receiver import Told
    from tests.server import Server

EVENTS, FAILING, KILLS, RECORDS = 5_000, 0.3, 20, 500

MAKE = """
import json, sys
from contextlib import suppress
from django.db import transaction
from leads.operations import capture_lead, update_lead
from users.models import User
from webhooks.models import Message, Webhook
from webhooks.operations import save_webhook
url, events, records = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
by = User.objects.create_superuser("tell@crm.example", None, name="Tell")
save_webhook(Webhook(name="Proof", url=url, events=["lead.created", "lead.changed"]), by=by)
leads = [capture_lead(by=by, owner=by, last_name=f"P{n}", topic="0") for n in range(records)]
for turn in range(1, events // records):
    for lead in leads:
        update_lead(lead, by=by, topic=str(turn))
for lead in leads[:100]:
    with suppress(RuntimeError), transaction.atomic():
        update_lead(lead, by=by, topic="taken back")
        raise RuntimeError
print(json.dumps(Message.objects.count()))
"""
LEFT = """
import json
from webhooks.jobs import take_up
from webhooks.models import Message
take_up()
print(json.dumps(Message.objects.exclude(state="sent").count()))
"""


def outgoing(server: Server) -> dict[str, Any]:
    """5,000 events of 500 leads to a receiver that refuses three of ten, by two workers that are
    killed 20 times: all arrive, those of a lead in order, none of work that was taken back.
    """
    server.env |= {
        "WEBHOOK_NETWORKS": "127.0.0.1/32",
        "WEBHOOK_PAUSES": ",".join(["0.2"] * 40),
        "JOB_PATIENCE": "3",
    }
    chance = random.Random(7)
    with receiving() as receiver:
        receiver.answer = lambda _headers: 503 if chance.random() < FAILING else 204
        noted = server.script(MAKE, receiver.url, str(EVENTS), str(RECORDS))
        assert noted == EVENTS, noted
        begun, workers = time.monotonic(), [Worker(server), Worker(server)]
        try:
            while left := server.script(LEFT):
                kills = sum(worker.kills for worker in workers)
                if kills < KILLS and left < EVENTS * (1 - kills / KILLS):
                    chance.choice(workers).kill()
                assert time.monotonic() - begun < 3_600, f"{left} have not arrived"
                time.sleep(0.3)
        finally:
            for worker in workers:
                worker.stop()
        kills = sum(worker.kills for worker in workers)
    first = _first_of_each(receiver.taken)
    assert len(first) == EVENTS, len(first)
    for call in receiver.calls:
        assert call.body == first[call.name].body
    topics: dict[int, list[str]] = {}
    for call in first.values():
        data = call.message["data"]
        topics.setdefault(data["id"], []).append(data["changes"].get("topic", ["", "0"])[1])
    wanted = [str(turn) for turn in range(EVENTS // RECORDS)]
    assert all(told == wanted for told in topics.values()), "out of order"
    return {
        "events": EVENTS,
        "refused": len(receiver.calls) - len(receiver.taken),
        "came twice": len(receiver.taken) - len(first),
        "kills": kills,
        "seconds": round(time.monotonic() - begun, 1),
    }


def _first_of_each(calls: list[Told]) -> dict[str, Told]:
    """Return of each message the call by which it arrived first, in order."""
    first: dict[str, Told] = {}
    for call in calls:
        first.setdefault(call.name, call)
    return first
