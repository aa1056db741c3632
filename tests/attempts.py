"""Many who qualify, undo and merge over HTTP at once, some of them cut off; and what must hold.

Only the standard library talks to the server, as a partner's program would.
"""

from __future__ import annotations

import http.client
import json
import math
import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.linear import UNKNOWN, Call, is_linear
from tests.race import TRUTH, WORLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.server import Server

CUT, REPLAYED = 0.02, 0.2
BURST = (4, 16)  # so many neighbours in the queue want the same lead
NEWEST = 8  # of the accounts, or people, that are merged at random

CYCLES = """
import json
from tests.raced import cycles
print(json.dumps(cycles()))
"""


@dataclass(frozen=True)
class Ask:
    """What one request wants."""

    kind: str  # qualify, undo, merge
    lead: int = 0
    key: str = ""
    is_cut: bool = False


@dataclass
class Heard:
    """What all clients have heard, by lead; and what they know of accounts and people."""

    calls: dict[int, list[Call]] = field(default_factory=lambda: defaultdict(list))
    replays: dict[tuple[int, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    codes: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    places: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    cut: int = 0
    seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        ordered = sorted(self.times)
        return {
            "answers": dict(sorted(self.codes.items())),
            "cut": self.cut,
            "seconds": round(self.seconds, 1),
            "per_second": round(len(ordered) / self.seconds, 1),
            "median_ms": round(median(ordered) * 1000, 1),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
            "max_ms": round(ordered[-1] * 1000, 1),
        }


def asks(
    leads: Sequence[int], count: int, weights: Mapping[str, int], dice: random.Random
) -> list[Ask]:
    """Return `count` requests in bursts, of the kinds that `weights` names."""
    found: list[Ask] = []
    turn: list[int] = []
    while len(found) < count:
        turn = turn or dice.sample(leads, len(leads))
        lead = turn.pop()
        for _ in range(dice.randint(*BURST)):
            kind = dice.choices(list(weights), list(weights.values()))[0]
            key = f"key-{kind}-{lead}" if dice.random() < REPLAYED and kind == "qualify" else ""
            found.append(Ask(kind, lead, key, is_cut=dice.random() < CUT))
    return found[:count]


class Client(threading.Thread):
    """One of many programs that take requests from one queue."""

    def __init__(
        self, address: tuple[str, int], token: str, queue: list[Ask], heard: Heard, seed: int
    ) -> None:
        super().__init__()
        self.address, self.queue, self.heard = address, queue, heard
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.dice = random.Random(seed)
        self.connection = http.client.HTTPConnection(*address, timeout=60)

    def run(self) -> None:
        while self.queue:
            try:
                ask = self.queue.pop()
            except IndexError:
                break
            (self.merge if ask.kind == "merge" else self.about_a_lead)(ask)
        self.connection.close()

    def send(self, path: str, body: Any, key: str = "") -> tuple[int, Any, bool]:
        """Return status, answer and whether the answer is a repeated one."""
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        begun = time.monotonic()
        self.connection.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read() or b"null")
        self.heard.times.append(time.monotonic() - begun)
        return response.status, answer, response.getheader("Idempotent-Replayed") is not None

    def cut(self, path: str, key: str) -> None:
        """Ask, and hang up before there is an answer."""
        self.connection.close()
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        self.connection.request("POST", f"/api/v1/{path}", "{}", headers)
        time.sleep(self.dice.uniform(0, 0.05))
        self.connection.close()
        self.heard.cut += 1

    def about_a_lead(self, ask: Ask) -> None:
        path, heard = f"leads/{ask.lead}/{ask.kind}/", self.heard
        begun = time.monotonic()
        if ask.is_cut:
            self.cut(path, ask.key)
            heard.calls[ask.lead].append(Call(ask.kind, begun, math.inf, UNKNOWN))
            return
        try:
            status, answer, is_replay = self.send(path, {}, ask.key)
        except (OSError, http.client.HTTPException):
            self.connection.close()
            heard.codes[f"{ask.kind}: lost"] += 1
            heard.calls[ask.lead].append(Call(ask.kind, begun, math.inf, UNKNOWN))
            return
        ended, code = time.monotonic(), str(answer.get("code", ""))
        heard.codes[f"{ask.kind}: {code or status}{', again' if is_replay else ''}"] += 1
        if ask.kind == "qualify" and status in {200, 201}:
            for kind in ("account", "contact"):
                heard.places[kind].add(answer[kind]["id"])
        if ask.key:
            heard.replays[ask.lead, ask.key].add(f"{status} {answer.get('qualification')}")
        if not is_replay:
            cycle = answer.get("qualification")
            heard.calls[ask.lead].append(Call(ask.kind, begun, ended, status, cycle, code))

    def merge(self, ask: Ask) -> None:
        """Make two accounts or contacts one, and mostly two again."""
        kind = self.dice.choice(("account", "contact"))
        # Those made first are gone by now, undone or merged: asking for them would do nothing.
        known = sorted(self.heard.places[kind])[-NEWEST:]
        if len(known) < 2:
            return
        survivor, loser = self.dice.sample(known, 2)
        status, answer, _ = self.send(f"{kind}s/merge/", {"survivor": survivor, "losers": [loser]})
        self.heard.codes[f"merge: {answer.get('code') or status}"] += 1
        if status == 201:
            time.sleep(self.dice.uniform(0, 0.2))
            status, answer, _ = self.send(f"merges/{answer['merge']}/undo/", {})
            self.heard.codes[f"un-merge: {answer.get('code') or status}"] += 1


def attempt(
    address: tuple[str, int], token: str, wanted: Iterable[Ask], *, clients: int, seed: int = 1
) -> Heard:
    """Let `clients` ask for all that is `wanted`, in its order; return what they heard."""
    heard, queue = Heard(), list(wanted)[::-1]
    begun = time.monotonic()
    threads = [Client(address, token, queue, heard, seed + n) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard.seconds = time.monotonic() - begun
    return heard


def lies_in(heard: Heard, cycles: Mapping[int, Sequence[tuple[int, str]]]) -> list[str]:
    """Return what is wrong in what was heard, compared with the `cycles` that there are now."""
    wrong = [f"{code}: {n} times" for code, n in heard.codes.items() if _is_fault(code)]
    for (lead, key), answers in heard.replays.items():
        firsts = {each for each in answers if each.startswith("2")}
        if len({each.split()[1] for each in firsts}) > 1:
            wrong.append(f"lead {lead}: {key} was answered {sorted(answers)}")
    for lead, calls in heard.calls.items():
        now = cycles.get(lead, [])
        told = {call.cycle for call in calls if call.status == 201}
        active = next((number for number, state in now if state == "active"), None)
        read = Call("read", math.inf, math.inf, 200, active)
        if not is_linear([*calls, read], [number for number, _state in now if number not in told]):
            wrong.append(f"lead {lead}: no order explains {sorted(calls, key=lambda c: c.begun)}")
    return wrong


def _is_fault(code: str) -> bool:
    said = code.split(": ")[1]
    return said in {"lost", "busy", "unavailable"} or said.startswith("5")


def attempts(server: Server) -> dict[str, Any]:
    """10,000 attempts to qualify by 32 clients: 200 leads of 20 companies in 6 spellings and 140
    people, a fifth with a key that others carry too, 2 in 100 cut off; then 3,000 attempts to
    qualify, undo, merge and un-merge at random. No twin, no half state, no failure of the server,
    and for each lead an order of the calls that explains every answer.
    """
    dice, found = random.Random(7), {}
    for name, company, leads, count, weights in (
        ("qualify", "Company", 200, 10_000, {"qualify": 1}),
        ("mixed", "Firm", 60, 3_000, {"qualify": 5, "undo": 4, "merge": 1}),
    ):
        world = server.script(WORLD, str(leads), "20", company)
        heard = attempt(
            ("127.0.0.1", server.port),
            world["token"],
            asks(world["leads"], count, weights, dice),
            clients=32,
        )
        cycles = {int(lead): rows for lead, rows in server.script(CYCLES).items()}
        wrong = lies_in(heard, cycles) + server.script(TRUTH)["wrong"]
        assert not wrong, wrong[:5]
        found |= {f"{name}_{key}": value for key, value in heard.figures().items()}
    return found
