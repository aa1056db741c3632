"""Qualifying over HTTP, by many at once, with workers killed in the middle; and what must hold.

Only the standard library talks to the server, as a partner's program would.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.server import Server

# Both as `tests.raced` says. Arguments: how many leads, of how many companies, named how.
WORLD = """
import json, sys
from tests.raced import a_world
print(json.dumps(a_world(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])))
"""
TRUTH = """
import json
from tests.raced import truth
print(json.dumps(truth()))
"""


@dataclass
class Outcome:
    """What the clients of a race have seen."""

    statuses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    answers: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    acknowledged: set[int] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    broken: int = 0
    seconds: float = 0.0

    @property
    def server_errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500)

    def figures(self) -> dict[str, Any]:
        ordered = sorted(self.times)
        return {
            "requests": sum(self.statuses.values()) + self.broken,
            "statuses": dict(sorted(self.statuses.items())),
            "seconds": round(self.seconds, 1),
            "per_second": round(len(ordered) / self.seconds, 1) if self.seconds else None,
            "median_ms": round(median(ordered) * 1000, 1) if ordered else None,
            "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1) if ordered else None,
            "max_ms": round(ordered[-1] * 1000, 1) if ordered else None,
            "different_answers": sum(len(bodies) > 1 for bodies in self.answers.values()),
            "broken_connections": self.broken,
        }


def race(
    server: Server,
    world: dict[str, Any],
    *,
    requests: int,
    clients: int,
    kills: int = 0,
    seed: int = 1,
) -> Outcome:
    """Send `requests` in bursts: neighbours in the queue mostly want the same lead.

    A fifth carries an idempotency key that others carry too. `kills` workers are killed meanwhile.
    """
    dice = random.Random(seed)
    queue: list[tuple[int, str]] = []
    turn: list[int] = []
    while len(queue) < requests:
        turn = turn or dice.sample(world["leads"], len(world["leads"]))
        lead = turn.pop()
        for _ in range(dice.randint(4, 16)):
            key = f"key-{lead}" if dice.random() < 0.2 else ""
            queue.append((lead, key))
    del queue[requests:]
    outcome, lock = Outcome(), threading.Lock()
    started = time.monotonic()
    done = threading.Event()
    threads = [
        threading.Thread(target=_client, args=(server.port, world["token"], queue, outcome, lock))
        for _ in range(clients)
    ]
    killer = threading.Thread(target=_kill, args=(server, kills, done, dice))
    for thread in (*threads, killer):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    killer.join()
    outcome.seconds = time.monotonic() - started
    return outcome


def _client(
    port: int, token: str, queue: list[tuple[int, str]], outcome: Outcome, lock: threading.Lock
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while True:
        with lock:
            if not queue:
                return
            lead, key = queue.pop(0)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        begun = time.monotonic()
        try:
            connection.request("POST", f"/api/v1/leads/{lead}/qualify/", "{}", headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            with lock:
                outcome.broken += 1
            continue
        with lock:
            outcome.times.append(time.monotonic() - begun)
            outcome.statuses[response.status] += 1
            if response.status in {200, 201}:
                outcome.acknowledged.add(lead)
                answer = json.loads(body)
                # The lead inside tells its own age; what became of it has to be the same.
                kept = {
                    k: answer[k] for k in ("qualification", "account", "contact", "opportunities")
                }
                outcome.answers[lead].add(json.dumps(kept, sort_keys=True))


def _kill(server: Server, kills: int, done: threading.Event, dice: random.Random) -> None:
    for _ in range(kills):
        if done.wait(dice.uniform(0.05, 0.4)):
            return
        workers = server.workers()
        if workers:
            try:
                os.kill(dice.choice(workers), signal.SIGKILL)
            except ProcessLookupError:
                continue
