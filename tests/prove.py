"""The heavy proofs, on both engines; writes `docs/proof.md`. Run by `dev.py prove [name …]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.attempts import attempts
from tests.automate import automation
from tests.deliver import deliveries
from tests.history import x_education
from tests.matching import candidates, matching
from tests.outgoing import outgoing
from tests.postgres import Cluster
from tests.race import TRUTH, WORLD, race
from tests.sales import maven_crm, maven_crm_us
from tests.server import ROOT, Server, a_server
from tests.share_out import assignment
from tests.take_in import leads_of_a_file
from tests.toil import bulk, jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = ROOT / "docs" / "proof.md"
FIGURES = ROOT / "docs" / "proof.json"


@contextmanager
def engines() -> Iterator[dict[str, str]]:
    """Yield the databases to prove on: name → address, the embedded one having none.

    Both survive a power cut, as those of an installation do: what is fast has to be fast with that.
    """
    with Cluster(venv=ROOT / ".venv", durable=True) as cluster:
        yield {"SQLite": "", "PostgreSQL": cluster.url}


def many_at_once(server: Server) -> dict[str, Any]:
    """2,000 requests by 16 clients over 100 leads of 10 companies in 6 spellings, in bursts."""
    world = server.script(WORLD, "100", "10")
    outcome = race(server, world, requests=2000, clients=16)
    truth = server.script(TRUTH)
    assert not truth["wrong"], truth["wrong"][:10]
    assert outcome.server_errors == 0, outcome.statuses
    assert not [b for b in outcome.answers.values() if len(b) > 1]
    assert truth["accounts"] == 10, truth
    assert truth["opportunities"] == truth["qualified"] == len(outcome.answers), truth
    return outcome.figures() | {k: v for k, v in truth.items() if k != "wrong"}


def killed_in_the_middle(server: Server) -> dict[str, Any]:
    """Workers killed (signal 9) 50 times while clients qualify: each lead whole, none forgotten."""
    killed, figures, acknowledged = 0, [], 0
    while killed < 50:
        world = server.script(WORLD, "60", "6")
        outcome = race(server, world, requests=600, clients=8, kills=10, seed=killed + 1)
        killed += 10
        truth = server.script(TRUTH)
        assert not truth["wrong"], truth["wrong"][:10]
        assert truth["orphans"] == 0
        lost = server.script(
            "import json, sys\nfrom leads.models import Lead\n"
            "ids = json.loads(sys.argv[1])\n"
            "print(json.dumps(Lead.objects.filter(pk__in=ids).exclude(status='qualified').count()))",
            json.dumps(sorted(outcome.acknowledged)),
        )
        assert lost == 0, "an acknowledged qualification is gone"
        acknowledged += len(outcome.acknowledged)
        figures.append(outcome.broken)
    return {"kills": killed, "acknowledged": acknowledged, "broken_connections": sum(figures)}


# As many leads as keep a query cheap, and so many conditions that there are 100,000 pairs and more.
CONDITIONS = """
import json
from tests.any_condition import prove
print(json.dumps(prove(2026, 2000, 250)))
"""


def conditions(server: Server) -> dict[str, Any]:
    """2,000 random conditions on 250 leads of hostile values, over built-in, related, derived and
    custom fields: each pair asked of the record in hand and of the database, which always agree.
    """
    found: dict[str, Any] = server.script(CONDITIONS)
    first = found.pop("first")
    assert not found["differences"], first
    assert found["pairs"] >= 100_000
    return found


# Each step is one operation, chosen at random, and a comparison of everything.
STEPS = """
import json
from tests.machine import prove
print(json.dumps(prove(5000)))
"""


def whole_machine(server: Server) -> dict[str, Any]:
    """5,000 random steps of qualifying, undoing, editing, giving up, reopening, merging and back,
    deleting and restoring, each compared with a model that knows no database: which refusal comes,
    what every record holds and is known by. No difference, and all data sound after each walk.
    """
    found: dict[str, Any] = server.script(STEPS)
    return found


PROOFS: dict[str, Callable[[Server], dict[str, Any]]] = {
    "many_at_once": many_at_once,
    "killed_in_the_middle": killed_in_the_middle,
    "deliveries": deliveries,
    "outgoing": outgoing,
    "automation": automation,
    "jobs": jobs,
    "bulk": bulk,
    "assignment": assignment,
    "import": leads_of_a_file,
    "x_education": x_education,
    "maven_crm": maven_crm,
    "maven_crm_us": maven_crm_us,
    "conditions": conditions,
    "matching": matching,
    "candidates": candidates,
    "machine": whole_machine,
    "attempts": attempts,
}


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit,
        "processors": os.cpu_count(),
        "memory": f"{memory:.0f} GiB",
        "python": platform.python_version(),
        "system": platform.system(),
    }


def main(words: list[str]) -> int:
    """Run the named proofs, or all, on both engines or on one; write down each that holds."""
    parser = argparse.ArgumentParser(prog="dev.py prove")
    parser.add_argument("names", nargs="*", help=", ".join(PROOFS))
    parser.add_argument("--on", choices=("SQLite", "PostgreSQL"), help="one engine alone")
    options = parser.parse_args(words)
    if unknown := set(options.names) - set(PROOFS):
        parser.error(f"no such proof: {', '.join(sorted(unknown))}")
    with engines() as databases:
        for name in options.names or PROOFS:
            for engine, address in databases.items():
                if options.on in {None, engine}:
                    found = proved(name, address)
                    sys.stdout.write(f"{name} on {engine}: {json.dumps(found)}\n")
                    write(name, {engine: {**found, **machine()}})
    return 0


def proved(name: str, address: str) -> dict[str, Any]:
    """Run a proof on a new installation and return its figures; an empty address is SQLite."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_server(Path(folder), address) as server,
    ):
        server.renew()
        return PROOFS[name](server)


def write(name: str, by_engine: dict[str, Any]) -> None:
    """Put the figures of a proof beside those of the others."""
    results = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    results.setdefault(name, {}).update(by_engine)
    FIGURES.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results))


def page(results: dict[str, Any]) -> str:
    """Return the figures as a page to read."""
    lines = [
        "# Proof",
        "",
        "Written by `python3 dev.py prove`: what was run, on which machine, and what came of it.",
        "A figure belongs to the machine beside it; that nothing was doubled or lost does not.",
    ]
    for name, by_engine in results.items():
        if name == "bench":
            lines += ["", "## How long things take", *measured(by_engine)]
            continue
        purpose = (PROOFS[name].__doc__ or "").strip() if name in PROOFS else ""
        lines += ["", f"## {name.replace('_', ' ').capitalize()}", "", purpose, ""]
        engines_found = list(by_engine)
        lines += ["| | " + " | ".join(engines_found) + " |", "|---|" + "---|" * len(engines_found)]
        keys = dict.fromkeys(key for figures in by_engine.values() for key in figures)
        for key in keys:
            values = [_in_words(by_engine[engine].get(key, "")) for engine in engines_found]
            lines.append(f"| {key.replace('_', ' ')} | " + " | ".join(values) + " |")
    return "\n".join(lines) + "\n"


COLUMNS = {
    "median_ms": "median",
    "p95_ms": "p95",
    "cpu_ms": "processor",
    "must_ms": "goal",
    "sql_ms": "by hand",
    "ratio": "ratio",
    "statements": "statements",
    "statements_with_few_rows": "with few rows",
}


def measured(by_engine: dict[str, Any]) -> list[str]:
    """Return the figures of `dev.py bench` as lines of the page."""
    lines = [
        "",
        "`python3 dev.py bench`: milliseconds of whole requests to the running server by one",
        "person, beside the processor time of its workers, the goal for a quiet machine, and",
        "hand-written SQL for the same rows in the same minute. The load tells what else ran.",
    ]
    for engine, figures in by_engine.items():
        lines += ["", f"### {engine}", "", f"| | {' | '.join(COLUMNS.values())} |"]
        lines.append("|---|" + "---:|" * len(COLUMNS))
        for name, found in figures["operations"].items():
            cells = [str(found.get(key, "")) for key in COLUMNS]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        rest = {key: value for key, value in figures.items() if key != "operations"}
        lines += ["", "| | |", "|---|---|"]
        lines += [f"| {key.replace('_', ' ')} | {_in_words(v)} |" for key, v in rest.items()]
    notes = PAGE.with_name("speed.md")
    return (
        [*lines, "", "What misses its goal, and why: [speed](speed.md)."]
        if notes.exists()
        else lines
    )


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k}: {v}" for k, v in value.items())
    return str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
