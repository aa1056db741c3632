"""Sharing leads out by a rule over HTTP, with several workers at once; what must hold."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tests.deliver import Worker, hand_in, processed

if TYPE_CHECKING:
    from tests.server import Server

# SQLite has one writer at a time, and so one that asks for work.
WORKERS = {"sqlite": 2, "postgresql": 4}

WORLD = """
import json
from intake.models import Door, DoorField
from intake.operations import save_door
from datetime import date
from leads.models import AssignmentRule
from leads.operations import save_assignment_rule, set_availability
from users.models import Role, Team, User
by = User.objects.create_superuser("boss@crm.example", None, name="Boss")
team = Team.objects.create(name="Four")
for name in ("Ann", "Bea", "Cleo", "Dan", "Eve"):
    person = User.objects.create_user(f"{name.lower()}@crm.example", None, name=name, team=team)
    person.roles.add(Role.objects.get(name="Sales rep"))
condition = {"all": [{"field": "country", "is": "is", "value": "DE"}]}
rule = AssignmentRule(name="Germany", condition=condition, team=team, most_open=251)
save_assignment_rule(rule, by=by)
set_availability(person, by=by, away_from=date(2020, 1, 1))
door = save_door(Door(name="Proof", slug="proof", on_known="new"), by=by)
DoorField.objects.create(door=door, field="country", path="country")
print(json.dumps(door.keys.get().get_absolute_url()))
"""

TRUTH = """
import json
from collections import Counter
from crm.integrity import findings
from leads.models import Assignment, AssignmentTurn, Lead
print(json.dumps({
    "wrong": [f"{f.rule}: {f.text}" for f in findings()],
    "leads": Lead.objects.count(),
    "owners": dict(Counter(Lead.objects.values_list("owner__name", flat=True))),
    "reasons": Assignment.objects.exclude(reason="").count(),
    "turns": AssignmentTurn.objects.get().count,
}))
"""


def assignment(server: Server) -> dict[str, Any]:
    """1,000 deliveries at once by 32 clients on a rule over four people and one who is away, made
    into leads by several workers at once: nobody gets more than one lead more than anybody else,
    who is away none, and each lead says why. Then 10 identical ones at once: one lead, and one
    turn. Then 7 more, for three of whom there is room: four wait with the reason.
    """
    address = server.script(WORLD)
    count = WORKERS["postgresql" if server.env["DATABASE_URL"] else "sqlite"]
    with ExitStack() as ending:
        workers = [Worker(server) for _ in range(count)]
        for worker in workers:
            ending.callback(worker.stop)
        many = [{"email": f"a{n}@many.example", "country": "DE"} for n in range(1000)]
        seen = hand_in(server, address, many, clients=32, again=False)
        waited = processed(server, workers[0], patience=1200)
        shared = server.script(TRUTH)
        same = [{"email": "same@same.example", "country": "DE"}] * 10
        repeated = hand_in(server, address, same, clients=10, again=False)
        processed(server, workers[0], patience=600)
        truth = server.script(TRUTH)
        rest = [{"email": f"b{n}@many.example", "country": "DE"} for n in range(7)]
        hand_in(server, address, rest, clients=7, again=False)
        processed(server, workers[0], patience=600)
        full = server.script(TRUTH)
    assert set(seen.statuses) <= {200, 202}, seen.statuses
    counts = shared["owners"]
    assert shared["leads"] == sum(counts.values()) == shared["turns"] == 1000, shared
    assert len(counts) == 4, counts
    assert max(counts.values()) - min(counts.values()) <= 1, counts
    assert truth["leads"] == truth["turns"] == truth["reasons"] == 1001, truth
    most = {"Ann": 251, "Bea": 251, "Cleo": 251, "Dan": 251, None: 4}
    assert {name if name != "null" else None: n for name, n in full["owners"].items()} == most, full
    assert full["reasons"] == full["leads"] == 1008, full
    assert not truth["wrong"], truth["wrong"][:10]
    return {
        "deliveries": 1000,
        "who_is_away": 0,
        "beyond_the_capacity": "4 wait with the reason",
        "workers": count,
        "shared_out": counts,
        "leads_there_after_s": round(waited, 1),
        "identical": f"10, statuses {dict(repeated.statuses)}, 1 lead, 1 turn",
    }
