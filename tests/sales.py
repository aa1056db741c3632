"""Sales of another system with every total known: brought in by the wizard, counted from all sides.

The files are public and carry no licence, so they lie outside (`tests/reference.py`); the mapping
is ours. What is true of them is counted from their rows, without the product.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.history import counted, listed
from tests.reference import folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from imports.models import Import
    from tests.server import Server
    from users.models import User

    Ask = Callable[[str], str]  # the address of a page or of a resource → what it answers

NAME = "maven-crm"
FILES = {"ymd": "sales_pipeline.csv", "mdy": "sales_pipeline_us_dates.csv"}
MAPPING = Path(__file__).parent / "data" / "mappings" / "maven-crm.json"
DAYS = "from=2016-01-01&to=2017-12-31"
# As a page asks for them.
ON_PAGES = f"period=days&{DAYS}"
PARTS = {
    "agent": "owner",
    "manager": "manager",
    "region": "team",
    "product": "product",
    "quarter": "quarter",
}


@dataclass
class Ends:
    """What was won and lost of some deals."""

    won: int = 0
    lost: int = 0
    value: Decimal = Decimal(0)

    @property
    def win_rate(self) -> str:
        return f"{self.won / (self.won + self.lost):.4f}"


Truth = dict[str, dict[str, Ends]]


def rows_of(file: str) -> list[dict[str, str]]:
    with (folder_of(NAME) / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def written(rows: list[dict[str, str]]) -> bytes:
    """Return rows as the bytes of a file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def truth_of(rows: Iterable[Mapping[str, str]]) -> Truth:
    """Count by agent, manager, region, product and quarter what was won and lost, and all of it."""
    teams = {line["sales_agent"]: line for line in rows_of("sales_teams.csv")}
    found: Truth = defaultdict(lambda: defaultdict(Ends))
    for row in rows:
        if row["deal_stage"] not in {"Won", "Lost"}:
            continue
        year, month, _day = row["close_date"].split("-")
        of = {
            "all": "",
            "agent": row["sales_agent"],
            "manager": teams[row["sales_agent"]]["manager"],
            "region": teams[row["sales_agent"]]["regional_office"],
            "product": row["product"].replace("GTXPro", "GTX Pro"),
            "quarter": f"Q{(int(month) + 2) // 3} {year}",
        }
        for by, key in of.items():
            ends = found[by][key]
            ends.won += row["deal_stage"] == "Won"
            ends.lost += row["deal_stage"] == "Lost"
            ends.value += Decimal(row["close_value"])
    return found


def let_in(*, by: User) -> None:
    """Let the agents in, each with the manager and in the team of the office, and the managers.

    The product takes no files of people.
    """
    from users.models import Role, Team
    from users.operations import add_user

    people: dict[str, User] = {}

    def one(name: str, role: str, team: Team, **more: Any) -> User:
        if name not in people:
            email = f"{name.replace(' ', '.')}@sales.example".lower()
            roles = [Role.objects.get(name=role)]
            people[name] = add_user(by=by, email=email, name=name, team=team, roles=roles, **more)
        return people[name]

    for line in rows_of("sales_teams.csv"):
        team, _ = Team.objects.get_or_create(name=line["regional_office"])
        boss = one(line["manager"], "Sales manager", team)
        one(line["sales_agent"], "Sales rep", team, manager=boss)


def draft_of(kind: str, name: str, content: bytes, *, by: User, **reading: str) -> Import:
    """Send a file of ours to the wizard."""
    from imports.operations import upload

    mapping = json.loads(MAPPING.read_text())[kind] | reading
    return upload(by=by, kind=kind, name=name, content=io.BytesIO(content), mapping=mapping)


def bring_in(pipeline: bytes, *, by: User, order: str = "ymd") -> Import:
    """Take in products, accounts and deals by the wizard, each checked first."""
    from imports.jobs import check, run

    let_in(by=by)
    for kind in ("product", "account"):
        content = (folder_of(NAME) / f"{kind}s.csv").read_bytes()
        done = run(check(draft_of(kind, f"{kind}s.csv", content, by=by), by=by), by=by)
        assert done.count("new") == done.total, done.counts
    draft = draft_of("opportunity", FILES[order], pipeline, by=by, date_order=order)
    return run(check(draft, by=by), by=by)


def disagreements(truth: Truth, ask: Ask) -> list[str]:
    """Compare dashboard, files, lists and API with what is true; a sentence for each difference."""
    told: list[str] = []

    def compare(where: str, found: Any, expected: Any) -> None:
        if found != expected:
            told.append(f"{where}: {found} instead of {expected}")

    whole = truth["all"][""]
    overview = json.loads(ask(f"/api/v1/reports/overview?{DAYS}"))
    compare("won by API", overview["won"], {"count": whole.won, "value": f"{whole.value:.2f}"})
    compare("lost by API", overview["lost"]["count"], whole.lost)
    compare("win rate by API", overview["win_rate"], whole.win_rate)

    page = ask(f"/reports/?{ON_PAGES}")
    compare("won on the dashboard", f"{whole.value:,.2f}".removesuffix(".00") in page, True)
    file = _file(ask, "outcomes")
    compare("won in the file", file["Won"][:2], [str(whole.won), f"{whole.value:.2f}"])
    compare("lost in the file", file["Lost"][:2], [str(whole.lost), "0.00"])
    agents = _file(ask, "leaderboard")
    for name, ends in truth["agent"].items():
        compare(
            f"{name} in the file",
            [*agents[name][:3], agents[name][5]],
            [f"{ends.value:.2f}", str(ends.won), str(ends.lost), ends.win_rate],
        )

    sold = json.loads(ask(f"/api/v1/reports/breakdown?{DAYS}&measure=won_count&by=owner"))
    zeros = {row["label"] for row in sold["rows"] if not row["value"]} & agents.keys()
    idle = {line["sales_agent"] for line in rows_of("sales_teams.csv")} - truth["agent"].keys()
    compare("agents without deals that are not named", idle - zeros, set())

    for part, by in PARTS.items():
        for measure in ("won_value", "won_count", "lost_count", "win_rate"):
            answer = json.loads(ask(f"/api/v1/reports/breakdown?{DAYS}&measure={measure}&by={by}"))
            rows = {row["label"]: row for row in answer["rows"] if row["value"] not in (0, None)}
            compare(f"total of {measure} by {part}", answer["total"], _said(measure, whole))
            for label, ends in truth[part].items():
                found = rows.pop(label, {"value": None})
                said = _said(measure, ends)
                compare(f"{label}, {measure}", found["value"], said or None)
                if measure == "won_count" and ends.won:
                    compare(f"{label} in the list", listed(ask, found["url"]), ends.won)
                    compare(f"{label}, list by API", _counted(ask, found["url"]), ends.won)
            others = {
                label for label, row in rows.items() if row["value"] not in ("0.00", "0.0000")
            }
            compare(f"others with {measure} by {part}", others, set())
    return told


def _said(measure: str, ends: Ends) -> Any:
    return {
        "won_value": f"{ends.value:.2f}",
        "won_count": ends.won,
        "lost_count": ends.lost,
        "win_rate": ends.win_rate,
    }[measure]


def _counted(ask: Ask, address: str) -> int:
    return counted(ask, address, of="opportunities")


def _file(ask: Ask, name: str) -> dict[str, list[str]]:
    """Return the lines of a file of a card by their first cell."""
    lines = csv.reader(ask(f"/reports/{name}/?{ON_PAGES}&format=csv").splitlines())
    return {line[0]: line[1:] for line in lines}


# The whole file in one of its layouts, as an administrator who has nobody to help.
BRING_IN = """
import json, sys
from django.test import override_settings
from tests.sales import FILES, NAME, bring_in
from tests.reference import folder_of
from users.models import User
boss = User.objects.get(email="boss@sales.example")
order = sys.argv[1]
with override_settings(TASKS={"default": {
        "BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}):
    done = bring_in((folder_of(NAME) / FILES[order]).read_bytes(), by=boss, order=order)
print(json.dumps(done.counts | {"rows": done.total}))
"""


def maven_crm(server: Server, order: str = "ymd") -> dict[str, Any]:
    """8,800 deals of another system come in by the wizard, with accounts and products: every total
    by agent, manager, region, product and quarter is as it was, on the dashboard, in the lists, in
    the files and by API.
    """
    truths = json.loads((folder_of(NAME) / "truths.json").read_text())
    truth = truth_of(rows_of(FILES["ymd"]))
    whole = truth["all"][""]
    assert whole.value == truths["won_value_total"]
    boss = server.sign_in("boss@sales.example")
    counts = server.script(BRING_IN, order)
    assert counts["new"] == counts["rows"] == truths["rows"]["sales_pipeline"], counts

    def ask(address: str) -> str:
        return server.get(address, boss)

    wrong = disagreements(truth, ask)
    assert not wrong, wrong[:10]
    return {
        "opportunities": counts["new"],
        "won": whole.won,
        "won_value": f"{whole.value:,}",
        "win_rate": whole.win_rate,
        "totals_that_agree": sum(len(parts) for parts in truth.values()),
    }


def maven_crm_us(server: Server) -> dict[str, Any]:
    """The same deals with their days written the American way: the same figures."""
    return maven_crm(server, "mdy")
