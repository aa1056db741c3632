"""Jobs of many leads whose worker is killed in the middle, again and again; what must hold."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from itertools import repeat
from typing import TYPE_CHECKING, Any

from tests.deliver import Worker
from tests.race import TRUTH, WORLD
from tests.server import ROOT, processor_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.server import Server

LEADS, LEAST_KILLS = 200, 20
MANY, FIRMS, TEN = 1_000, 500, 10

REPORT = """
import json, sys
from tests.raced import report
print(json.dumps(report(int(sys.argv[1]))))
"""


def jobs(server: Server) -> dict[str, Any]:
    """200 leads qualified by one job, whose worker is killed (signal 9) at least 20 times in the
    middle, and the scheduler now and then: each lead once, each with a line, the job done.
    """
    world, dice, begun = server.script(WORLD, str(LEADS), "20"), random.Random(11), time.monotonic()
    # Killed anew for as long as the job lasts, each time after two to ten more leads.
    toil = Toil(server, world, dice)
    found = toil.done((dice.randint(2, 10) for _ in repeat(None)), scheduler_too=True)
    _is_whole(found, server.script(TRUTH), LEADS)
    assert toil.kills >= LEAST_KILLS, toil.kills
    return {
        "leads": LEADS,
        "killed_workers": toil.kills,
        "killed_schedulers": toil.scheduler_kills,
        "qualified_once": found["qualifications"],
        "lines_of_the_report": found["lines"],
        "outcome": found["outcome"],
        "seconds": round(time.monotonic() - begun),
    }


def bulk(server: Server) -> dict[str, Any]:
    """1,000 leads of 500 companies and 700 people qualified by one job, undisturbed; then the same
    1,000 in a database as new, with the worker killed (signal 9) ten times on the way. It ends as
    if it had never been killed: the same line for each lead, the same account, contact,
    opportunity, trail, history and timeline behind it, as many rows in each of their tables, and
    all of it sound.
    """
    dice, seen, spent = random.Random(10), [], []
    for kills in (0, TEN):
        server.renew()
        world = server.script(WORLD, str(MANY), str(FIRMS))
        toil = Toil(server, world, dice)
        # Eleven stretches of the way, and a kill between each two.
        found = toil.done(dice.randint(80, 100) for _ in range(kills))
        truth = server.script(TRUTH)
        _is_whole(found, truth, MANY)
        assert toil.kills == kills, toil.kills
        seen.append((found, truth))
        spent.append(toil.spent)
    (alone, truth), (killed, truth_then) = seen
    assert truth == truth_then, (truth, truth_then)
    assert alone["tables"] == killed["tables"], _differences(alone["tables"], killed["tables"])
    assert alone["leads"] == killed["leads"], _differences(alone["leads"], killed["leads"])
    return {
        "leads": MANY,
        "undisturbed_seconds": alone["seconds"],
        "undisturbed_leads_per_second": round(MANY / alone["seconds"], 1),
        "of_which_the_worker_had_a_processor_for_seconds": round(spent[0], 1),
        "killed_workers": TEN,
        "seconds_when_killed": killed["seconds"],
        **{kind: truth[kind] for kind in ("accounts", "contacts", "opportunities")},
        "outcome": killed["outcome"],
        "leads_that_ended_otherwise": 0,
        "tables_with_other_counts": 0,
    }


def _is_whole(found: dict[str, Any], truth: dict[str, Any], leads: int) -> None:
    """Assert that each lead was qualified once and told of once, and that the data is sound."""
    said = {key: value for key, value in found.items() if key not in {"leads", "tables"}}
    assert found["state"] == "done", said
    assert found["done"] == found["lines"] == found["leads_told_of"] == leads, said
    assert found["codes"] == {"qualified": leads}, said
    assert found["qualifications"] == truth["qualified"] == truth["opportunities"] == leads, said
    assert found["qualified_twice"] == truth["orphans"] == 0, said
    assert not truth["wrong"], truth["wrong"][:10]


def _differences(one: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    found = [(key, one.get(key), other.get(key)) for key in one | other]
    return [difference for difference in found if difference[1] != difference[2]][:10]


class Toil:
    """One job that qualifies all leads of a world, with a worker and a scheduler of its own."""

    def __init__(self, server: Server, world: dict[str, Any], dice: random.Random) -> None:
        self.server, self.world, self.dice = server, world, dice
        self.kills = self.scheduler_kills = 0
        self.spent = 0.0  # seconds of a processor that the last worker has had
        # Who is silent for a second is dead; a wrong guess does no harm, and that is proved, too.
        server.env["JOB_PATIENCE"] = "1"

    def done(self, stretches: Iterable[int], *, scheduler_too: bool = False) -> dict[str, Any]:
        """Kill the worker after each of `stretches`, in leads; return what the job told at last."""
        ahead = iter(stretches)
        with ExitStack() as ending:
            scheduler, worker = Scheduler(self.server), Worker(self.server)
            ending.callback(scheduler.stop)
            ending.callback(worker.stop)
            job = self.asked("leads/bulk-qualify/", {"ids": self.world["leads"]})
            number, start, stretch = job["id"], 0, next(ahead, None)
            patience = time.monotonic() + 1_800
            while job["state"] in {"waiting", "running"} and time.monotonic() < patience:
                job = self.asked(f"jobs/{number}/")
                if stretch is not None and job["done"] - start >= stretch:
                    time.sleep(self.dice.uniform(0, 0.05))
                    worker.kill()
                    start, stretch = self.asked(f"jobs/{number}/")["done"], next(ahead, None)
                    if scheduler_too and worker.kills % 7 == 0:
                        scheduler.kill()
                # Who is not going to kill asks seldom, to disturb as little.
                time.sleep(0.5 if stretch is None else 0.02)
            self.spent = processor_seconds(worker.process.pid)
        self.kills, self.scheduler_kills = worker.kills, scheduler.kills
        told: dict[str, Any] = self.server.script(REPORT, str(number))
        return told

    def asked(self, path: str, body: Any = None) -> Any:
        """Ask the API, as a program would."""
        request = urllib.request.Request(
            f"{self.server.url}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.world['token']}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())


class Scheduler:
    """The scheduler, but every second, which can be killed and started again."""

    def __init__(self, server: Server) -> None:
        self.env = {**server.env, "DJANGO_SETTINGS_MODULE": "crm.settings"}
        self.process = self._started()
        self.kills = 0

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "scheduler", "--every", "1"]
        return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """End it in whatever it is doing, and start another one."""
        self.stop()
        self.kills += 1
        self.process = self._started()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
