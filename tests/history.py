"""Leads of another system with their outcome: brought in by a file, then counted from every side.

The file is public and has no licence, so it lies outside (`tests/reference.py`); the mapping is
ours. What is true of it is counted from its rows, without the product.
"""

from __future__ import annotations

import csv
import json
import re
import time
from collections import Counter
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.reference import folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.server import Server

    Ask = Callable[[str], str]  # the address of a page or of a resource → what it answers

NAME = "x-education-leads"
MAPPING = Path(__file__).parent / "data" / "mappings" / "x-education.json"
BLANK = "(blank)"

WHOLE = """
import json
from crm.integrity import findings
from django.apps import apps
from users.models import User
counts = {m._meta.label: m._base_manager.count() for m in apps.get_models()
    if m._meta.app_label in {"leads", "accounts", "opportunities", "activities", "records"}}
print(json.dumps({"counts": counts, "wrong": [f"{f.rule}: {f.text}" for f in findings()]}))
"""


# The oracle of scores, on what came in.
SCORES = """
import json
from tests.scores import prove
print(json.dumps(prove()))
"""


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def truth_of(rows: Iterable[Mapping[str, str]]) -> dict[str, tuple[int, int]]:
    """Return how many leads and conversions each source has; `google` and `Google` are one."""
    leads: Counter[str] = Counter()
    converted: Counter[str] = Counter()
    for row in rows:
        source = row["Lead Source"].casefold() or BLANK
        leads[source] += 1
        converted[source] += row["Converted"] == "1"
    return {source: (leads[source], converted[source]) for source in leads}


def disagreements(truth: Mapping[str, tuple[int, int]], ask: Ask) -> list[str]:
    """Compare figures, the lists behind them and the API with what is true.

    Returns a sentence for each difference.
    """
    told: list[str] = []

    def compare(where: str, found: Any, expected: Any) -> None:
        if found != expected:
            told.append(f"{where}: {found} instead of {expected}")

    whole = sum(leads for leads, _ in truth.values())
    part = sum(converted for _, converted in truth.values())
    overview = json.loads(ask("/api/v1/reports/overview"))["conversion"]
    rates = {"leads": whole, "qualified": part, "rate": f"{part / whole:.4f}"}
    compare("conversion in the overview", overview, rates)

    lines = list(csv.reader(ask("/reports/conversion/?by=source&format=csv").splitlines()))
    card = {line[0].casefold(): (int(line[1]), int(line[2])) for line in lines[1:-1]}
    card = {source if source in truth else BLANK: found for source, found in card.items()}
    compare("card of the dashboard", card, dict(truth))
    compare("all of the card", lines[-1][1:3], [str(whole), str(part)])

    for measure, of in (
        ("leads", lambda leads, _: leads),
        ("qualified", lambda _, converted: converted),
        ("conversion_rate", lambda leads, converted: f"{converted / leads:.4f}"),
    ):
        answer = json.loads(ask(f"/api/v1/reports/breakdown?measure={measure}&by=source"))
        compare(f"{measure} of all", answer["total"], of(whole, part))
        rows = {row["label"].casefold(): row for row in answer["rows"]}
        rows = {source if source in truth else BLANK: row for source, row in rows.items()}
        compare(f"sources with {measure}", set(rows), set(truth))
        for source, row in rows.items():
            expected = of(*truth[source])
            compare(f"{source}, {measure}", row["value"], expected)
            if measure != "conversion_rate":
                compare(f"{source}, {measure} in the list", listed(ask, row["url"]), expected)
                compare(f"{source}, {measure} by API", counted(ask, row["url"]), expected)
    return told


def listed(ask: Ask, address: str) -> int:
    """Return how many records a list has; it counts to a thousand, beyond it is walked."""
    path = urlsplit(address).path
    address = f"{address}&per=100"
    last = 0
    while address:
        page = ask(address)
        found = re.search(r"–([\d,]+) of <strong>([\d,]+)(\+?)</strong>", page)
        if found is None:
            return last
        if not found[3]:
            return _number(found[2])
        last = _number(found[1])
        onward = re.search(r'href="([^"]+)" rel="next"', page)
        address = f"{path}{unescape(onward[1])}" if onward else ""
    return last


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def counted(ask: Ask, address: str, *, of: str = "leads") -> int:
    """Return how many records the API counts under the filters of a list."""
    answer = json.loads(ask(f"/api/v1/{of}/?{urlsplit(address).query}&count=1&limit=1"))
    return int(answer["count"])


def x_education(server: Server) -> dict[str, Any]:
    """9,240 leads of another system come in with their outcome: every rate by source is as it was,
    in the list, by API and in the figures, and the same file again changes nothing.
    """
    folder = folder_of(NAME)
    truths = json.loads((folder / "truths.json").read_text())
    truth = truth_of(rows_of(folder / "Leads.csv"))
    assert truth == {
        source: (told["leads"], told["converted"])
        for source, told in truths["by_lead_source_case_folded"].items()
    }
    boss = server.sign_in("boss@history.example")
    command = ["import_records", "lead", str(folder / "Leads.csv"), "--mapping", str(MAPPING)]

    begun = time.monotonic()
    first = _summary(server.manage(*command, "--create-fields"))
    took = time.monotonic() - begun
    assert first["new"] == first["rows"] == truths["rows"], first
    before = server.script(WHOLE)
    assert not before["wrong"], before["wrong"][:10]

    begun = time.monotonic()
    again = _summary(server.manage(*command, "--create-fields"))
    took_again = time.monotonic() - begun
    assert again["unchanged"] == again["rows"] == truths["rows"], again
    assert server.script(WHOLE) == before

    def ask(address: str) -> str:
        return server.get(address, boss)

    wrong = disagreements(truth, ask)
    assert not wrong, wrong[:10]
    scores = server.script(SCORES)
    return {
        **scores,
        "leads": first["new"],
        "qualified": truths["converted"],
        "rate_percent": truths["conversion_rate_pct"],
        "sources_that_agree": len(truth),
        "import_s": round(took),
        "rows_per_s": round(first["rows"] / took),
        "again_s": round(took_again),
        "changed_by_the_second_import": again["rows"] - again["unchanged"],
    }


def _summary(printed: str) -> dict[str, int]:
    summary: dict[str, int] = json.loads(printed.splitlines()[-1])["summary"]
    return summary
