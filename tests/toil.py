"""A job of many leads whose worker is killed in the middle, again and again; what must hold."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.deliver import Worker
from tests.race import TRUTH, WORLD
from tests.server import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server import Server

LEADS, LEAST_KILLS = 200, 20

REPORT = """
import json, sys
from collections import Counter
from leads.models import Lead, Qualification
from workbench.models import Job
job = Job.objects.get(pk=int(sys.argv[1]))
told = Counter(job.lines.values_list("record_id", flat=True))
print(json.dumps({
    "state": job.state, "outcome": job.outcome, "done": job.done,
    "lines": sum(told.values()), "leads_told_of": len(told),
    "codes": dict(Counter(job.lines.values_list("code", flat=True))),
    "qualified_twice": Lead.objects.filter(cycles__gt=1).count(),
    "qualifications": Qualification.objects.count(),
}))
"""


def jobs(server: Server) -> dict[str, Any]:
    """200 leads qualified by one job, whose worker is killed (signal 9) at least 20 times in the
    middle, and the scheduler now and then: each lead once, each with a line, the job done.
    """
    world = server.script(WORLD, str(LEADS), "20")
    # Who is silent for a second is dead; a wrong guess does no harm, and that is proved, too.
    server.env["JOB_PATIENCE"] = "1"
    begun, kills, dice = time.monotonic(), 0, random.Random(11)
    with a_scheduler(server) as scheduler:
        worker = Worker(server)
        try:
            job = asked(server, world, "leads/bulk-qualify/", {"ids": world["leads"]})
            number, done = job["id"], 0
            patience = time.monotonic() + 1_800
            while job["state"] in {"waiting", "running"} and time.monotonic() < patience:
                job = asked(server, world, f"jobs/{number}/")
                if job["done"] - done >= dice.randint(2, 10):
                    time.sleep(dice.uniform(0, 0.05))
                    worker.kill()
                    kills, done = kills + 1, asked(server, world, f"jobs/{number}/")["done"]
                    if kills % 7 == 0:
                        scheduler.kill()
                time.sleep(0.02)
        finally:
            worker.stop()
    found, truth = server.script(REPORT, str(number)), server.script(TRUTH)
    assert found["state"] == "done", found
    assert found["done"] == found["lines"] == found["leads_told_of"] == LEADS, found
    assert found["codes"] == {"qualified": LEADS}, found
    assert found["qualifications"] == truth["qualified"] == truth["opportunities"] == LEADS, found
    assert found["qualified_twice"] == truth["orphans"] == 0, found
    assert not truth["wrong"], truth["wrong"][:10]
    assert kills >= LEAST_KILLS, kills
    return {
        "leads": LEADS,
        "killed_workers": kills,
        "killed_schedulers": scheduler.kills,
        "qualified_once": found["qualifications"],
        "lines_of_the_report": found["lines"],
        "outcome": found["outcome"],
        "seconds": round(time.monotonic() - begun),
    }


def asked(server: Server, world: dict[str, Any], path: str, body: Any = None) -> Any:
    """Ask the API, as a program would."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {world['token']}", "Content-Type": "application/json"},
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
        self.stop()
        self.kills += 1
        self.process = self._started()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def a_scheduler(server: Server) -> Iterator[Scheduler]:
    """Yield a scheduler; end it in the end."""
    scheduler = Scheduler(server)
    try:
        yield scheduler
    finally:
        scheduler.stop()
