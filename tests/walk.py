"""Every view, sort and filter of the lists, the search, the board and reports over many records.

Run by `dev.py bench --walk` over a seeded database. Each case is asked as a browser asks it, the
hundredth page by the link of the page before, and is answered in this process: the milliseconds are
those of the server, without network. Beside them stand its processor time, the statements, and what
their plans read from end to end.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.server import processor_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Milliseconds that 95 of 100 may take.
LIST, SEARCH, PALETTE, BOARD = 150, 200, 100, 300
DASHBOARD, CARD, PAST = 400, 150, 500
HUNDREDTH = 100
AS_OF = "pipeline-as-of"
# What may never be read from end to end to show some of it.
LARGE = (
    "leads_lead",
    "opportunities_opportunity",
    "activities_activity",
    "activities_activitylink",
    "accounts_account",
    "accounts_contact",
    "accounts_identityclaim",
    "opportunities_stagemove",
)
ON_POSTGRES = re.compile(rf"Seq Scan on ({'|'.join(LARGE)})\b")
ON_SQLITE = re.compile(rf"^SCAN ({'|'.join(LARGE)})(?! USING)\b")
ROOMS = ("leads", "opportunities", "accounts", "contacts", "activities")
BY_GROUP = (
    'where={{"any":[{{"field":"rating","is":"is","value":"hot"}},'
    '{{"field":"email","is":"unknown"}}]}}'
)
# Filters beside those of which each choice is asked, and groups of conditions.
FILTERS = {
    "leads": (
        "q=pump",
        "q=conveyor",
        "q={name}",
        "q={email}",
        "created_after=2026-01-01",
        "created_before=2025-06-30",
        "qualified_after=2026-01-01",
        "disqualified_after=2026-01-01",
        "closed_after=2026-01-01",
        "country=DE",
        "region=TX",
        "account={account}",
        "contact={contact}",
        "days_min=30",
        "status=open&owner=me&rating=hot",
        "status=open&team={team}",
        "where=company:contains:harbor",
        "where=city:is:Lyon",
        "where=estimated_value:at_least:50000&where=owner:me",
        BY_GROUP,
    ),
    "opportunities": ("q=line", "status=open&owner=me", "account={account}", "country=DE"),
    "accounts": ("q=harbor", "country=DE", "where=industry:is:Energy"),
    "contacts": ("q={name}", "account={account}"),
    "activities": ("q=winter", "kind=call", "status=open&owner=me"),
}
SEARCHES = {
    "exact": "{email}",
    "one record": "{name} {company}",
    "prefix": "{prefix}",
    "two letters": "al",
    "typo": "{typo}",
    "two words": "{name} pump",
    "two common words": "conveyor retrofit",
    "rare": "{company}",
    "common": "example",
    "very common": "service",
    "in notes": "hear from us again",
    "nothing": "nowhere to be found",
}


@dataclass
class Case:
    """Something that is asked again and again, and how it was answered."""

    name: str
    address: str
    must: int
    headers: dict[str, str] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # of the processor, for the same
    statements: int = 0
    whole: list[str] = field(default_factory=list)  # tables that were read from end to end
    plans: list[str] = field(default_factory=list)

    @property
    def p95(self) -> float:
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]

    @property
    def figures(self) -> dict[str, Any]:
        return {
            "median_ms": round(median(self.times), 1),
            "p95_ms": round(self.p95, 1),
            "max_ms": round(max(self.times), 1),
            "cpu_ms": round(median(self.cpu), 1),
            "statements": self.statements,
            "must_ms": self.must,
        } | ({"reads_whole": self.whole} if self.whole else {})


def list_cases(room: str, words: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every view of a list, plain and by each sort, and each of its filters."""
    from django.urls import resolve

    view = resolve(f"/{room}/").func.view_class
    sorts = [name for name, column in view.table_class.base_columns.items() if column.order_by]
    views = {str(tab.label): tab.query for tab in view.tabs} | {"everything": "view=all"}
    for label, query in views.items():
        yield label, query
        for name in sorts:
            yield f"{label}, by {name}", f"{query}&sort={name}"
            yield f"{label}, by {name} down", f"{query}&sort=-{name}"
    for name, each in view.filter_class.base_filters.items():
        for value, _label in each.extra.get("choices", ()):
            yield f"{name} {value}", urlencode({name: value})
    for own in ("owner=me", "owner=none", "owner={rep}", "source={source}", "team={team}"):
        if own.partition("=")[0] in view.filter_class.base_filters:
            yield own.format(**words), own.format(**words)
    for said in FILTERS[room]:
        query = said.format(**words)
        yield query, urlencode([tuple(part.split("=", 1)) for part in query.split("&")])


def all_cases(words: dict[str, Any], rooms: list[str]) -> list[Case]:
    """Return all that is asked; lists at their first page and at the hundredth."""
    part = {"HX-Request": "true", "HX-Target": "list-body"}
    cases = []
    for room in rooms:
        for name, query in list_cases(room, words) if room in ROOMS else ():
            address = f"/{room}/?{query}&per=50"
            cases.append(Case(f"{room}: {name}", address, LIST))
            before = f"{address}&page={HUNDREDTH - 1}"
            cases.append(Case(f"{room}: {name}, page {HUNDREDTH}", before, LIST, part))
    if "search" in rooms:
        palette = {"HX-Request": "true"}
        for name, said in SEARCHES.items():
            text = said.format(**words)
            cases.append(Case(f"search: {name}", f"/search/?{urlencode({'q': text})}", SEARCH))
            address = f"/palette/?{urlencode({'q': text})}"
            cases.append(Case(f"palette: {name}", address, PALETTE, palette))
    if "board" in rooms:
        boards = (
            "status=open",
            "owner=me&status=open",
            "stale=1&status=open",
            "status=open&q=line",
        )
        cases += [Case(f"board: {q}", f"/opportunities/board/?{q}", BOARD) for q in boards]
    if "reports" in rooms:
        cases += report_cases()
    if "pages" in rooms:
        cases.append(Case("my day", "/", LIST))
        cases += [
            Case(f"a {kind}", f"/{room}/{words[kind]}/", LIST)
            for room, kind in (
                ("leads", "lead"),
                ("accounts", "account"),
                ("contacts", "contact"),
                ("opportunities", "opportunity"),
            )
        ]
    return cases


def report_cases() -> list[Case]:
    """Return every dashboard, whole, and every card by itself; the pipeline also of a year ago."""
    from django.utils import timezone

    from reports.tables import REPORTS
    from reports.views.boards import BOARDS

    past = timezone.localdate() - timedelta(days=365)
    return [
        *(Case(f"dashboard: {key}", f"/reports/?board={key}", DASHBOARD) for key in BOARDS),
        *(
            Case(f"card: {name}", f"/reports/{name}/", PAST if name == AS_OF else CARD)
            for name in REPORTS
        ),
        Case("card: a year ago", f"/reports/{AS_OF}/?as_of={past.isoformat()}", PAST),
    ]


def plans_of(told: list[tuple[str, Any]]) -> Iterator[str]:
    """Yield the plan of each statement that reads a large table."""
    from django.db import connection

    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        for sql, values in told:
            if sql.startswith(("SELECT", "(SELECT", "WITH")) and any(t in sql for t in LARGE):
                cursor.execute(explain + sql, values)
                yield "\n".join(str(row[-1]) for row in cursor.fetchall())


def next_of(case: Case, client: Any) -> bool:
    """Let a case of the hundredth page ask for it by the link that the page before has; say whether
    there is one.
    """
    content = client.get(case.address, headers=case.headers).content.decode()
    link = re.search(r'href="([^"]*)" rel="next"', content)
    if link:
        case.address = case.address.partition("?")[0] + html.unescape(link[1])
    return bool(link)


def look(case: Case, ask: Callable[[Case], None]) -> None:
    """Ask once, to count statements and to read their plans; it warms what is cached, too."""
    from django.db import connection

    told: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        told.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(listen):
        ask(case)
    case.statements = len(told)
    found = ON_POSTGRES if connection.vendor == "postgresql" else ON_SQLITE
    for plan in plans_of(told):
        tables = [m[1] for line in plan.splitlines() if (m := found.search(line.strip()))]
        if tables:
            case.whole += tables
            case.plans.append(plan)
    case.whole = sorted(set(case.whole))


def processes() -> list[int]:
    """Return who works on an answer: this process, and PostgreSQL's for our connection."""
    from django.db import connection

    connection.ensure_connection()
    if connection.vendor != "postgresql":
        return [os.getpid()]
    return [os.getpid(), connection.connection.info.backend_pid]


def spent(pids: list[int]) -> float:
    """Return how many milliseconds of a processor they have had, others being at work or not."""
    return sum(map(processor_seconds, pids)) * 1000


def words_of(rep: Any) -> dict[str, Any]:
    """Return what the cases are about: a lead in the middle, and what belongs to it."""
    from accounts.models import Account, Contact
    from leads.models import Lead
    from opportunities.models import Opportunity, Source

    leads = Lead.objects.filter(owner=rep, status="open").exclude(email="").order_by("pk")
    lead = leads[leads.count() // 2]
    deal = Opportunity.objects.filter(owner=rep).exclude(contact=None).order_by("-pk")[0]
    contact = Contact.objects.permitted(rep).order_by("-pk")[0]
    name, company = lead.last_name, lead.company.split()[0]
    middle = len(name) // 2
    return {
        "rep": rep.pk,
        "team": rep.team_id,
        "source": Source.objects.order_by("pk")[0].pk,
        "lead": lead.pk,
        "account": Account.objects.permitted(rep).order_by("-pk")[0].pk,
        "contact": contact.pk,
        "opportunity": deal.pk,
        "email": lead.email,
        "name": name,
        "company": company,
        "prefix": name[:4],
        "typo": name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :],
    }


def walk(rounds: int, rooms: list[str], whose: list[str], only: str) -> dict[str, Any]:
    """Ask everything so often as the busiest rep and as an administrator; return the figures."""
    from django.db.models import Count
    from django.test import Client

    from leads.models import Lead
    from users.models import User

    busy = processes()
    busiest = Lead.objects.values_list("owner").annotate(n=Count("pk")).order_by("-n")
    rep = User.objects.get(pk=busiest[0][0])
    boss = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser(
        "boss@bench.example", None, name="Boss"
    )
    words = words_of(rep)
    result: dict[str, Any] = {}
    for label, user in (("rep", rep), ("boss", boss)):
        if label not in whose:
            continue
        client = Client(SERVER_NAME="localhost")
        client.force_login(user)

        def ask(case: Case, client: Client = client) -> None:
            before, begun = spent(busy), time.perf_counter()
            answer = client.get(case.address, headers=case.headers)
            case.times.append((time.perf_counter() - begun) * 1000)
            case.cpu.append(spent(busy) - before)
            if answer.status_code != 200:
                raise RuntimeError(f"{case.address}: {answer.status_code}")

        cases = [case for case in all_cases(words, rooms) if only in case.name]
        for case in list(cases):
            if case.name.endswith(f"page {HUNDREDTH}") and not next_of(case, client):
                cases.remove(case)
                continue
            look(case, ask)
            case.times, case.cpu = [], []
            for _ in range(rounds):
                ask(case)
            late = " LATE" if case.p95 > case.must else ""
            read = f" READS {', '.join(case.whole)}" if case.whole else ""
            sys.stderr.write(f"  {label}: {case.name}: {case.figures}{late}{read}\n")
            for plan in case.plans if only else ():
                sys.stderr.write(plan + "\n")
        result[label] = summary(cases)
    return result


FEW = 50  # cases of which each is told


def summary(cases: list[Case]) -> dict[str, Any]:
    """Return the figures of each room, what is late, and what reads a table from end to end."""
    found: dict[str, Any] = {}
    for case in cases:
        found.setdefault(case.name.partition(":")[0], []).append(case)
    told: dict[str, Any] = {}
    for room, some in found.items():
        every = Case(
            room,
            "",
            some[0].must,
            times=[t for case in some for t in case.times],
            cpu=[t for case in some for t in case.cpu],
        )
        figures = every.figures | {"cases": len(some)}
        figures["statements"] = max(case.statements for case in some)
        figures["worst"] = {
            case.name: case.figures for case in sorted(some, key=lambda c: -c.p95)[:8]
        }
        if len(some) <= FEW:
            figures["median_of_each"] = {case.name: case.figures["median_ms"] for case in some}
        figures["late"] = [case.name for case in some if case.p95 > case.must]
        figures["read_whole"] = {case.name: case.whole for case in some if case.whole}
        told[room] = figures
    return told


def main() -> int:
    import django

    django.setup()
    parser = argparse.ArgumentParser(prog="dev.py bench --walk", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--rooms", default=",".join((*ROOMS, "search", "board", "reports", "pages"))
    )
    parser.add_argument("--whose", default="rep,boss")
    parser.add_argument("--only", default="", help="a part of the names of the cases")
    options = parser.parse_args()
    found = walk(options.rounds, options.rooms.split(","), options.whose.split(","), options.only)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return int(any(room["read_whole"] for told in found.values() for room in told.values()))


if __name__ == "__main__":
    sys.exit(main())
