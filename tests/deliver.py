"""Handing in leads over HTTP, by many at once, with workers killed in the middle; what must hold.

Only the standard library talks to the server, as another system would.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.server import ROOT

if TYPE_CHECKING:
    from tests.server import Server

DOOR = """
import json
from intake.models import Door, DoorField
from intake.operations import save_door
from users.models import User
by = User.objects.create_superuser("door@crm.example", None, name="Door")
door = save_door(Door(name="Proof", slug="proof", on_known="new"), by=by)
DoorField.objects.create(door=door, field="external_id", path="id")
print(json.dumps(door.keys.get().get_absolute_url()))
"""

TRUTH = """
import json
from collections import Counter
from crm.integrity import findings
from intake.models import Delivery, Reference
from leads.models import Lead
from records.models import AuditEntry
wrong = [f"{f.rule}: {f.text}" for f in findings()]
twins = [e for e, n in Counter(Lead.objects.values_list("email", flat=True)).items() if n > 1]
wrong += [f"{email} has a twin" for email in twins]
wrong += [f"delivery {d.pk} is {d.state} without a lead"
          for d in Delivery.objects.filter(lead=None)]
print(json.dumps({
    "wrong": wrong,
    "emails": sorted(Lead.objects.values_list("email", flat=True)),
    "leads": Lead.objects.count(),
    "created": AuditEntry.objects.filter(event="lead.created").count(),
    "states": dict(Counter(Delivery.objects.values_list("state", flat=True))),
}))
"""


@dataclass
class Seen:
    """What those who handed in have seen."""

    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    broken: int = 0


class Worker:
    """The worker as the demo runs it, which can be killed and started again."""

    def __init__(self, server: Server) -> None:
        self.env = {**server.env, "DJANGO_SETTINGS_MODULE": "crm.settings"}
        self.process = self._started()
        self.kills = 0

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "db_worker", "--interval", "0.05", "-v", "0"]
        return subprocess.Popen([*command, "--no-startup-delay"], cwd=ROOT, env=self.env)

    def kill(self) -> None:
        """End it in whatever it is doing, and start another one."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1
        self.process = self._started()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def hand_in(
    server: Server, address: str, bodies: list[dict[str, str]], *, clients: int, again: bool
) -> Seen:
    """Hand in each of `bodies`, by so many at once; what broke is sent again if `again`."""
    seen, lock, queue = Seen(), threading.Lock(), list(bodies)

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while True:
            with lock:
                if not queue:
                    return
                body = queue.pop(0)
            begun = time.monotonic()
            try:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", address, json.dumps(body), headers)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                with lock:
                    seen.broken += 1
                    if again:
                        queue.append(body)
                continue
            with lock:
                seen.times.append(time.monotonic() - begun)
                seen.statuses[response.status] += 1
                if response.status in {200, 202}:
                    seen.acknowledged.add(body["email"])

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def processed(server: Server, worker: Worker, *, patience: float = 120) -> float:
    """Wait until nothing waits any more; return the seconds it took."""
    begun = time.monotonic()
    ask = (
        "import json\nfrom intake.models import Delivery\n"
        "print(json.dumps(Delivery.objects.waiting().count()))"
    )
    while server.script(ask) and time.monotonic() - begun < patience:
        if worker.process.poll() is not None:
            raise RuntimeError("the worker has ended")
        time.sleep(0.2)
    return time.monotonic() - begun


def deliveries(server: Server) -> dict[str, Any]:
    """200 deliveries at once by 32 clients; 10 identical ones at once, ten times; then 300 more by
    8 clients while workers of the server and of the jobs are killed (signal 9): none lost, none
    made into two leads.
    """
    address = server.script(DOOR)
    worker = Worker(server)
    try:
        many = [{"id": f"a{n}", "email": f"a{n}@many.example"} for n in range(200)]
        seen = hand_in(server, address, many, clients=32, again=False)
        waited = processed(server, worker)
        assert set(seen.statuses) <= {200, 202}, seen.statuses
        truth = server.script(TRUTH)
        assert truth["leads"] == len(seen.acknowledged) == 200, truth["states"]

        same = [{"id": f"s{n}", "email": f"s{n}@same.example"} for n in range(10)]
        repeated = hand_in(
            server, address, [body for body in same for _ in range(10)], clients=10, again=False
        )
        processed(server, worker)
        truth = server.script(TRUTH)
        assert truth["leads"] == truth["created"] == 210, truth["states"]

        killed = _killed(server, address, worker)
        # What a dead worker had claimed is taken up by the scheduler.
        server.manage("scheduler", "--once")
        truth = server.script(TRUTH)
    finally:
        worker.stop()
    assert not truth["wrong"], truth["wrong"][:10]
    assert truth["leads"] == truth["created"], truth
    assert killed.acknowledged <= set(truth["emails"]), "an acknowledged delivery is gone"
    assert truth["states"] == {"processed": truth["leads"]}, truth["states"]
    times = sorted(seen.times)
    return {
        "deliveries": 200,
        "answered_median_ms": round(median(times) * 1000, 1),
        "answered_p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "answered_max_ms": round(times[-1] * 1000, 1),
        "leads_there_after_s": round(waited, 1),
        "identical": f"10 × 10, statuses {dict(repeated.statuses)}, 10 leads",
        "killed_job_workers": worker.kills,
        "acknowledged_while_killing": len(killed.acknowledged),
        "broken_connections": killed.broken,
        "leads": truth["leads"],
    }


def _killed(server: Server, address: str, worker: Worker) -> Seen:
    """Hand in 300 while workers die; who hears nothing hands in again, as senders do."""
    dice, done = random.Random(7), threading.Event()

    def killer() -> None:
        while not done.wait(dice.uniform(0.8, 2.4)):  # it takes most of a second to start
            worker.kill()
            if dice.random() < 0.5 and (workers := server.workers()):
                with suppress(ProcessLookupError):
                    os.kill(dice.choice(workers), signal.SIGKILL)

    thread = threading.Thread(target=killer)
    thread.start()
    more = [{"id": f"k{n}", "email": f"k{n}@killed.example"} for n in range(300)]
    seen = hand_in(server, address, more, clients=8, again=True)
    until = time.monotonic() + 25  # the jobs go on dying while they work
    while time.monotonic() < until:
        time.sleep(0.1)
    done.set()
    thread.join()
    return seen
