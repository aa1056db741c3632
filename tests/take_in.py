"""A large file of leads through the wizard and the worker: how quickly, and what must hold."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.deliver import Worker
from tests.server import processor_seconds
from tests.toil import Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server import Server

ROWS = int(os.environ.get("IMPORT_ROWS", "100000"))
# A death is noticed between two steps of 500 rows: a short file has too few of them for 20.
KILLS = min(20, ROWS // 2_000)
MOST_MEMORY = 500  # megabytes
# The end of a job is told to whoever asked for it, and so is that of the second import.
TOLD = {"records.Notice", "records.AuditEntry", "records.HistoricalNotice"}
# The scheduler, which gives the work of the dead to others, writes when it looked at the rules.
BY_THE_CLOCK = {"leads.RuleRun"}

BEGIN = """
import json, sys
from tests.take_in import begin
print(json.dumps(begin(sys.argv[1])))
"""
TRUTH = """
import json, sys
from tests.take_in import truth
print(json.dumps(truth(int(sys.argv[1]))))
"""
BY_HAND = """
import json
from tests.take_in import by_hand
print(json.dumps(by_hand()))
"""


def begin(file: str) -> dict[str, Any]:
    """Write the file where it is not yet, send it in, and return who may go on with it."""
    from imports.operations import upload
    from tests.imported import write
    from users.models import User
    from users.operations import issue_token

    path = Path(file)
    if not path.exists():
        write(path, ROWS)
    user = User.objects.filter(email="import@crm.example").first()
    user = user or User.objects.create_superuser("import@crm.example", None, name="Import")
    _token, secret = issue_token(user, by=user, name="import", scope="write")
    begun = time.monotonic()
    with path.open("rb") as stream:
        draft = upload(by=user, kind="lead", name=path.name, content=stream)
    return {
        "token": secret,
        "id": draft.pk,
        "seconds": time.monotonic() - begun,
    }


def truth(number: int) -> dict[str, Any]:
    """Return what came of the rows of an import, and what stands in every table."""
    from crm.integrity import findings
    from imports.models import ImportRow
    from tests.alike import sums
    from tests.snapshots import ROOMS

    rows = ImportRow.objects.filter(within=number, record_id__isnull=False).order_by("-line")
    place = dict(rows.values_list("record_id", "line"))
    return {
        "wrong": [f"{found.rule}: {found.text}" for found in findings()],
        "tables": sums(place, ROOMS),
    }


def by_hand() -> float:
    """Return the seconds that PostgreSQL takes for the same leads in a table as theirs, by COPY."""
    from django.db import connection, transaction

    with tempfile.TemporaryFile() as file, connection.cursor() as cursor, transaction.atomic():
        cursor.copy_expert("COPY leads_lead TO STDOUT", file)
        cursor.execute("CREATE TABLE by_hand (LIKE leads_lead INCLUDING ALL)")
        file.seek(0)
        begun = time.monotonic()
        cursor.copy_expert("COPY by_hand FROM STDIN", file)
        seconds = time.monotonic() - begun
        transaction.set_rollback(True)
    return seconds


def leads_of_a_file(server: Server) -> dict[str, Any]:
    """100,000 leads, of which 5 % are said twice and 1 % say no value, come in by the worker: how
    many rows a second, beside a COPY of the same rows by hand; how much memory the worker took. The
    same file sent again changes nothing. In a database as new, with the worker killed (signal 9) 20
    times on the way, every table says what it said before.
    """
    server.env["JOB_PATIENCE"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "leads.csv")
        first = Passage(server, file).through()
        once = server.script(TRUTH, str(first["id"]))
        hand = server.script(BY_HAND) if server.env["DATABASE_URL"] else None
        again = Passage(server, file).through()
        twice = server.script(TRUTH, str(first["id"]))
        server.renew()
        dice = random.Random(20)
        ahead = [dice.uniform(0.3, 1.0) for _ in range(KILLS)]
        killed = Passage(server, file).through(kills=iter(ahead))
        after = server.script(TRUTH, str(killed["id"]))
    assert first["counts"].keys() >= {"new", "duplicate", "rejected"}, first
    assert first["megabytes"] < MOST_MEMORY, first
    assert not once["wrong"], once["wrong"][:10]
    assert not again["counts"].keys() & {"new", "updated"}, again
    told = [_without(each["tables"], TOLD) for each in (once, twice)]
    assert told[0] == told[1], _unlike(once, twice)
    assert killed["kills"] == KILLS, killed
    assert killed["counts"] == first["counts"], (killed, first)
    told = [_without(each["tables"], BY_THE_CLOCK) for each in (once, after)]
    assert told[0] == told[1], _unlike(once, after)
    return {
        "rows": ROWS,
        "verdicts": first["counts"],
        "rows_a_second": round(ROWS / first["seconds"]),
        "rows_a_second_of_processor_time": round(ROWS / first["processor"]),
        "rows_a_second_checked": round(ROWS / first["check_seconds"]),
        **({"times_a_copy_by_hand": round(first["seconds"] / hand, 1)} if hand else {}),
        "megabytes": first["megabytes"],
        "sent_again": again["counts"],
        "sent_again_rows_a_second": round(ROWS / again["seconds"]),
        "killed_workers": killed["kills"],
        "tables_that_ended_otherwise": 0,
        "load": round(os.getloadavg()[0], 1),
    }


def _without(tables: dict[str, str], labels: set[str]) -> dict[str, str]:
    return {label: told for label, told in tables.items() if label not in labels}


def _unlike(one: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    pairs = ((label, one["tables"][label], other["tables"][label]) for label in one["tables"])
    return [pair for pair in pairs if pair[1] != pair[2]]


class Passage:
    """One file on its way through check and import, by a worker of its own."""

    def __init__(self, server: Server, file: Path) -> None:
        self.server = server
        self.sent: dict[str, Any] = server.script(BEGIN, str(file))

    def through(self, *, kills: Iterator[float] | None = None) -> dict[str, Any]:
        """Have it checked and run; `kills` are stretches between the deaths of the worker, as parts
        of a twentieth of the way. Return what it told in the end, and what it took.
        """
        worker = Worker(self.server)
        # Whose worker has died is given to the next one by the scheduler.
        scheduler = Scheduler(self.server) if kills else None
        try:
            checked = self._done("check", worker)
            spent = processor_seconds(worker.process.pid)
            ran = self._done("run", worker, kills)
            return {
                **ran,
                "check_seconds": checked["seconds"],
                "kills": worker.kills,
                "processor": processor_seconds(worker.process.pid) - spent,
                "megabytes": _most_memory(worker.process.pid),
            }
        finally:
            worker.stop()
            if scheduler is not None:
                scheduler.stop()

    def _done(
        self, act: str, worker: Worker, kills: Iterator[float] | None = None
    ) -> dict[str, Any]:
        begun = time.monotonic()
        told = self._asked(f"{act}/", is_post=True)
        ahead, start = next(kills, None) if kills else None, 0
        while told["state"] in {"checking", "running", "failed", "cancelled"}:
            assert told["state"] not in {"failed", "cancelled"}, told
            assert time.monotonic() - begun < 3_600, told
            time.sleep(0.2 if ahead is None else 0.02)
            told = self._asked("")
            done = sum(told["counts"].values())
            if kills and ahead is not None and done - start >= ahead * ROWS / (KILLS + 1):
                worker.kill()
                start, ahead = done, next(kills, None)
        return {**told, "seconds": time.monotonic() - begun}

    def _asked(self, path: str, *, is_post: bool = False) -> Any:
        request = urllib.request.Request(
            f"{self.server.url}/api/v1/imports/{self.sent['id']}/{path}",
            data=b"" if is_post else None,
            headers={"Authorization": f"Bearer {self.sent['token']}"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())


def _most_memory(pid: int) -> int:
    """Return the most megabytes that a process has had at once."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024
