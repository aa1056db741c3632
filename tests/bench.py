"""How long things take with many records, beside hand-written SQL for the same rows.

Run by `dev.py bench`: seeds a database of each engine, starts the real server over it, asks the
main pages as one person who is signed in, and in the same loop sends the SQL that somebody would
write by hand. Milliseconds belong to a machine and its load; ratios and processor time less so.
"""

from __future__ import annotations

import argparse
import gzip
import html
import http.client
import json
import os
import re
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import psycopg2

from tests.postgres import Cluster
from tests.prove import machine, write
from tests.server import ROOT, Server, processor_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = {
    "leads": 100_000,
    "accounts": 20_000,
    "contacts": 20_000,
    "opportunities": 30_000,
    "activities": 50_000,
}
# The release bar on the machine of the goals, quiet: milliseconds, requests a second, bytes.
MUST = {
    "leads": 27,
    "leads, filtered and sorted": 27,
    "leads, deep page": 32,
    "board": 300,
    "lead": 30,
    "search by name": 30,
    "search by company": 30,
    "search by email": 30,
    "search with a typo": 200,
    "search in notes": 200,
    "palette": 100,
    "hints for a lead": 100,
    "overview": 30,
    "qualify on the page": 17,
    "qualify by program": 17,
}
CLIENTS = 8

# The person who looks: the busiest rep, who sees what his team owns. And what he looks at.
VIEWER = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Count
from accounts.models import Account
from leads.models import Lead
from users.models import User
from users.operations import issue_token
from workbench.views.paging import cursor_of, keys_for

def session_of(user):
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key

rep = User.objects.get(pk=Lead.objects.values_list("owner").annotate(n=Count("pk"))
    .order_by("-n").first()[0])
boss = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser(
    "boss@bench.example", None, name="Boss")
seen = Lead.objects.permitted(rep).order_by("-created_at", "-pk")
keys = keys_for(Lead, ["-created_at"])
deep = seen.count() * 3 // 4
# Of nobody whom one knows: so that each is qualified by making all three records.
ready = Lead.objects.open().filter(owner=rep).exclude(email="").exclude(
    company_key__in=Account.objects.values("name_key")).order_by("pk")
some = ready.order_by("company_key", "-pk").values(
    "pk", "first_name", "last_name", "company", "email", "phone", "city", "country", "email_key",
    "name_key", "company_key", "phone_key", "block_name", "block_home", "block_mail", "block_phone")
middle = some[len(ready) // 2]
print(json.dumps({
    "session": session_of(rep), "boss_session": session_of(boss), "rep": rep.pk,
    "token": issue_token(rep, by=rep, name="bench", scope="write")[1],
    "team": list(User.objects.filter(team=rep.team_id).values_list("pk", flat=True)),
    "cookie": settings.SESSION_COOKIE_NAME,
    "deep": cursor_of(seen[deep], keys), "deep_at": seen[deep].created_at.isoformat(),
    "deep_pk": seen[deep].pk, "deep_page": deep // 50,
    "leads": list(ready.values_list("pk", flat=True)[:4000]), "one": middle,
}))
"""

# How many statements each takes, in a process that listens.
STATEMENTS = """
import json, sys
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from users.models import User
setup_test_environment(debug=False)
asked, viewer = json.loads(sys.argv[1]), json.loads(sys.argv[2])
rep = User.objects.get(pk=viewer["rep"])
client = Client(SERVER_NAME="localhost")
client.force_login(rep)
program = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {viewer['token']}"})
counts = {}
def count(name, ask):
    with CaptureQueriesContext(connection) as told:
        answer = ask()
    counts[name] = sum(
        not q["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO")) for q in told)
    return answer.status_code
client.get("/leads/"); program.get("/api/v1/leads/")
for name, address in asked.items():
    part = {"HX-Request": "true"} if name.startswith(("hints", "palette")) else {}
    assert count(name, lambda: client.get(address, headers=part)) == 200, name
count("candidates by program",
    lambda: program.get(f"/api/v1/leads/{viewer['one']['pk']}/qualification/"))
leads = iter(viewer["leads"])
def on_the_page():
    pk = next(leads)
    form = client.get(f"/leads/{pk}/qualify/").context["form"]
    data = {f.html_name: f.value() for f in form if f.value() not in (None, False)}
    data["stage"] = form["stage"].field.choices[0][0]
    return count("qualify on the page", lambda: client.post(f"/leads/{pk}/qualify/", data))
def post(path, data):
    return program.post(f"/api/v1/{path}", data, content_type="application/json")
# Now and then only a person can say which company is meant: then the next one.
while on_the_page() != 302: pass
while count("qualify by program", lambda: post(f"leads/{next(leads)}/qualify/", {})) != 201: pass
count("create a lead by program", lambda: post("leads/", {"topic": "Pumps", "last_name": "Bench"}))
print(json.dumps(counts))
"""


class Person:
    """One person at one browser: a connection that stays, a session, a token for forms."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = headers
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, address: str, body: str = "", **headers: str
    ) -> tuple[int, bytes, float]:
        """Send a request; return status, body and the milliseconds from first byte to last."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent["Cookie"] = f"{sent.get('Cookie', '')}; {held}".lstrip("; ")
        for attempt in (1, 2):
            begun = time.perf_counter()
            try:
                self.connection.request(method, address, body or None, sent)
                answer = self.connection.getresponse()
                content = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError):
                # A worker was renewed, or let go of a connection that had been idle.
                self.connection.close()
                if attempt == 2:
                    raise
        took = (time.perf_counter() - begun) * 1000
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name.strip()] = value
        return answer.status, content, took

    def get(self, address: str, **headers: str) -> float:
        status, content, took = self.ask("GET", address, **headers)
        assert status == 200, (address, status, content[-300:])
        return took


class Clock:
    """Milliseconds of each try, and the processor time that the server's workers took for them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.times: list[float] = []
        self.sql: list[float] = []
        self.cpu = 0.0

    def run(
        self,
        work: Callable[[Any], float],
        sql: Callable[[], Any] | None,
        rounds: int,
        first: Callable[[], Any],
    ) -> None:
        """Take turns: a request, then the SQL, so that a noisy neighbour troubles both alike.

        What the request needs `first` is neither timed nor counted.
        """
        work(first())  # this one reads templates, and pages of the database
        if sql is not None:
            sql()
        for _ in range(rounds):
            needed = first()
            before = self.spent()
            self.times.append(work(needed))
            self.cpu += self.spent() - before
            if sql is not None:
                begun = time.perf_counter()
                sql()
                self.sql.append((time.perf_counter() - begun) * 1000)

    def spent(self) -> float:
        """Milliseconds of processor time that the threads of all workers have had."""
        return sum(processor_seconds(pid) for pid in self.server.workers()) * 1000

    def figures(self) -> dict[str, Any]:
        ordered = sorted(self.times)
        found = {
            "median_ms": round(median(ordered), 1),
            "p95_ms": round(ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)], 1),
            "cpu_ms": round(self.cpu / len(ordered), 1),
        }
        if self.sql:
            by_hand = median(self.sql)
            found |= {"sql_ms": round(by_hand, 2), "ratio": round(found["median_ms"] / by_hand, 1)}
        return found


class ByHand:
    """What somebody would write who needs the same rows and nothing else."""

    def __init__(self, connection: Any, viewer: dict[str, Any], mark: str) -> None:
        self.connection, self.viewer, self.mark = connection, viewer, mark
        self.is_postgres = mark == "%s"
        ids = ", ".join(map(str, viewer["team"]))
        self.scope = f"l.deleted_at IS NULL AND (l.owner_id IN ({ids}) OR l.owner_id IS NULL)"
        self.leads = iter(reversed(viewer["leads"]))
        self.columns: dict[str, list[str]] = {}

    def rows(self, statement: str, *values: Any) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.execute(statement.replace("?", self.mark), values)
        return cursor.fetchall()  # type: ignore[no-any-return]

    def page(self, condition: str = "", order: str = "l.created_at DESC, l.id DESC") -> None:
        where = f"{self.scope} {condition}"
        self.rows(
            "SELECT l.id, l.first_name, l.last_name, l.job_title, l.topic, l.company,"
            " l.budget_amount, l.budget_status, l.decision_maker_known, l.decision_maker,"
            " l.purchase_process, l.need, l.need_description,"
            " l.timeframe, l.status, l.progress, l.estimated_value, l.currency,"
            " l.next_step, l.next_step_kind, l.next_step_at, l.touched_at, l.created_at,"
            " u.name, u.email, s.name FROM leads_lead l LEFT JOIN users_user u ON u.id = l.owner_id"
            f" LEFT JOIN opportunities_source s ON s.id = l.source_id WHERE {where}"
            f" ORDER BY {order} LIMIT 51"
        )
        self.rows(
            f"SELECT count(*) FROM (SELECT 1 FROM leads_lead l WHERE {where} LIMIT 1001) AS counted"
        )

    def first_page(self) -> None:
        self.page()

    def filtered(self) -> None:
        self.page(
            "AND l.status = 'open' AND l.rating = 'hot'",
            "l.base_value DESC NULLS LAST, l.id DESC",
        )

    def deep_page(self) -> None:
        at, pk = self.viewer["deep_at"], self.viewer["deep_pk"]
        if not self.is_postgres:
            at = at.replace("T", " ").partition("+")[0]
        self.page(f"AND (l.created_at, l.id) < ('{at}', {pk})")

    def lead(self) -> None:
        pk = self.viewer["one"]["pk"]
        self.rows(
            "SELECT l.*, u.name, s.name FROM leads_lead l"
            " LEFT JOIN users_user u ON u.id = l.owner_id"
            " LEFT JOIN opportunities_source s ON s.id = l.source_id"
            f" WHERE l.id = ? AND {self.scope}",
            pk,
        )
        self.rows(
            "SELECT a.* FROM activities_activity a JOIN activities_activitylink k"
            " ON k.activity_id = a.id WHERE k.record_id = ? AND k.record_type_id ="
            " (SELECT id FROM django_content_type WHERE app_label = 'leads' AND model = 'lead')"
            " ORDER BY a.created_at DESC LIMIT 31",
            pk,
        )

    def search(self, text: str) -> None:
        words = [word for word in re.split(r"\s+", text.casefold()) if len(word) > 1]
        like = " AND ".join(["search LIKE ?"] * len(words))
        for table, names in (
            ("leads_lead", "id, first_name, last_name, company, topic, status"),
            ("accounts_account", "id, name, city"),
            ("accounts_contact", "id, first_name, last_name, job_title, email"),
            ("opportunities_opportunity", "id, topic, status, value, currency"),
        ):
            scope = self.scope.replace("l.", f"{table}.")
            self.rows(
                f"SELECT {names} FROM {table} WHERE {like} AND {scope} ORDER BY id DESC LIMIT 9",
                *(f"%{word}%" for word in words),
            )

    def alike(self, *kinds: str) -> None:
        """Read who shares a key with the lead, in one statement a kind, and compare nobody."""
        one = self.viewer["one"]
        blocks = ("email_key", "phone_key", "block_name", "block_home", "block_mail", "block_phone")
        person = {column: one[column] for column in blocks}
        keys_of = {
            "lead": person,
            "contact": {**person, "name_key": one["name_key"]},
            "account": {"name_key": one["company_key"], "block_phone": one["block_phone"]},
        }
        for kind in kinds:
            table = "leads_lead" if kind == "lead" else f"accounts_{kind}"
            keys = keys_of[kind]
            # As in ours, what very many share is cut.
            some = " UNION ".join(
                f"SELECT id FROM (SELECT id FROM {table} WHERE {column} = ? LIMIT 25) AS some_{n}"
                for n, column in enumerate(keys)
            )
            self.rows(
                f"SELECT l.*, u.name FROM {table} l LEFT JOIN users_user u ON u.id = l.owner_id"
                f" WHERE l.deleted_at IS NULL AND l.id IN ({some})",
                *keys.values(),
            )

    def hints(self) -> None:
        self.alike("lead", "contact", "account")

    def candidates(self) -> None:
        self.alike("contact", "account")

    def overview(self, scope: str = "") -> None:
        """The figures of the overview: five passes, each over the rows that it needs."""
        mine = scope or self.scope
        days = (
            "floor(extract(epoch FROM qualified_at - created_at) / 86400)"
            if self.is_postgres
            else "CAST(julianday(qualified_at) - julianday(created_at) AS INTEGER)"
        )
        since = "now() - interval '90 days'" if self.is_postgres else "datetime('now', '-90 days')"
        year = "now() - interval '1 year'" if self.is_postgres else "datetime('now', '-1 year')"
        month = (
            "date_trunc('month', created_at)" if self.is_postgres else "substr(created_at, 1, 7)"
        )
        for statement in (
            (
                "SELECT progress, count(*), sum(base_value) FROM leads_lead l"
                f" WHERE status = 'open' AND {mine} GROUP BY progress"
            ),
            (
                "SELECT status, stage_id, count(*), sum(base_value), sum(base_value * probability)"
                f" FROM opportunities_opportunity l WHERE (status = 'open' OR closed_at >= {since})"
                f" AND {mine} GROUP BY status, stage_id"
            ),
            (
                f"SELECT status, {days}, count(*) FROM leads_lead l WHERE"
                f" (qualified_at >= {since} OR disqualified_at >= {since}) AND {mine} GROUP BY 1, 2"
            ),
            (
                f"SELECT {month}, source_id, status, count(*) FROM leads_lead l"
                f" WHERE created_at >= {year} AND {mine} GROUP BY 1, 2, 3"
            ),
            (
                "SELECT owner_id, count(*), sum(base_value) FROM leads_lead l WHERE status = 'open'"
                f" AND ready_since IS NOT NULL AND {mine} GROUP BY owner_id"
            ),
        ):
            self.rows(statement)

    def everything(self) -> None:
        self.overview("l.deleted_at IS NULL")

    def qualify(self) -> None:
        """Lock, look, make three rows, close the lead, hand the timeline on: one transaction."""
        pk = next(self.leads)
        lock = " FOR UPDATE" if self.is_postgres else ""
        if not self.is_postgres:
            self.rows("BEGIN IMMEDIATE")
        found = self.rows(f"SELECT email_key, company_key FROM leads_lead WHERE id = ?{lock}", pk)
        self.rows("SELECT id FROM accounts_contact WHERE email_key = ?", found[0][0])
        self.rows("SELECT id FROM accounts_account WHERE name_key = ?", found[0][1])
        account = self.copied("accounts_account")
        contact = self.copied("accounts_contact", account_id=account)
        self.copied("opportunities_opportunity", account_id=account, contact_id=contact)
        cursor = self.connection.cursor()
        now = "now()" if self.is_postgres else "datetime('now')"
        cursor.execute(
            f"UPDATE leads_lead SET status = 'qualified', qualified_at = {now}, account_id ="
            f" {account}, contact_id = {contact}, version = version + 1 WHERE id = {pk}"
        )
        cursor.execute(
            "INSERT INTO activities_activitylink (activity_id, record_type_id, record_id,"
            " is_origin, via) SELECT activity_id, (SELECT id FROM django_content_type WHERE"
            f" model = 'account' AND app_label = 'accounts'), {account}, {self.no}, 'by hand'"
            f" FROM activities_activitylink WHERE record_id = {pk} AND record_type_id = (SELECT id"
            " FROM django_content_type WHERE model = 'lead' AND app_label = 'leads')"
        )
        self.end()

    @property
    def no(self) -> str:
        return "FALSE" if self.is_postgres else "0"

    def end(self) -> None:
        self.connection.commit() if self.is_postgres else self.rows("COMMIT")

    def create(self) -> None:
        """One lead, committed."""
        if not self.is_postgres:
            self.rows("BEGIN IMMEDIATE")
        self.copied("leads_lead")
        self.end()

    def copied(self, table: str, **values: int) -> int:
        """Insert a row as wide as those that are there; return its number."""
        if table not in self.columns:
            cursor = self.connection.cursor()
            cursor.execute(f"SELECT * FROM {table} LIMIT 0")
            self.columns[table] = [c[0] for c in cursor.description if c[0] != "id"]
        names = self.columns[table]
        taken = ", ".join(str(values.get(name, name)) for name in names)
        cursor = self.connection.cursor()
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {taken} FROM {table}"
            f" WHERE id = (SELECT min(id) FROM {table}) RETURNING id"
        )
        return int(cursor.fetchall()[0][0])


def addresses(viewer: dict[str, Any]) -> dict[str, str]:
    """Return what is asked: name → address."""
    one = viewer["one"]
    typed = {name: one[name] for name in ("first_name", "last_name", "company", "email", "phone",
                                          "city", "country")}  # fmt: skip
    deep = urlencode(
        {"view": "all", "per": 50, "page": viewer["deep_page"], "after": viewer["deep"]}
    )
    return {
        "leads": "/leads/?view=all&per=50",
        "leads, my open ones": "/leads/",
        "leads, filtered and sorted": "/leads/?status=open&rating=hot&sort=-value&per=50",
        "leads, deep page": f"/leads/?{deep}",
        "opportunities": "/opportunities/",
        "board": "/opportunities/board/?status=open",
        "lead": f"/leads/{one['pk']}/",
        "search by name": f"/search/?{urlencode({'q': one['last_name']})}",
        "search by company": f"/search/?{urlencode({'q': one['company']})}",
        "search by email": f"/search/?{urlencode({'q': one['email']})}",
        "search with a typo": f"/search/?{urlencode({'q': mistyped(one['last_name'])})}",
        "search in notes": f"/search/?{urlencode({'q': 'hear from us again'})}",
        "palette": f"/palette/?{urlencode({'q': one['company'][:4], 'scope': 'lead'})}",
        "overview": "/reports/",
        "start page": "/",
        "qualify, preview": f"/leads/{one['pk']}/qualify/",
        "hints for a lead": f"/duplicates/hints/?{urlencode({'kind': 'lead', **typed})}",
    }


def mistyped(word: str) -> str:
    """Return a word with two letters in its middle swapped."""
    middle = len(word) // 2
    return f"{word[: middle - 1]}{word[middle]}{word[middle - 1]}{word[middle + 1 :]}"


# What a page asks for while somebody types, and not a page of its own.
PARTS = ("hints", "palette")


def measure(server: Server, viewer: dict[str, Any], hand: ByHand, rounds: int) -> dict[str, Any]:
    """Ask everything `rounds` times; the writing at last, as it changes what is read."""
    rep = Person(server.port, {"Cookie": f"{viewer['cookie']}={viewer['session']}"})
    boss = Person(server.port, {"Cookie": f"{viewer['cookie']}={viewer['boss_session']}"})
    one = viewer["one"]
    by_hand: dict[str, Callable[[], Any]] = {
        "leads": hand.first_page,
        "leads, filtered and sorted": hand.filtered,
        "leads, deep page": hand.deep_page,
        "lead": hand.lead,
        "search by name": lambda: hand.search(one["last_name"]),
        "search by company": lambda: hand.search(one["company"]),
        "search by email": lambda: hand.search(one["email"]),
        "overview": hand.overview,
        "qualify, preview": hand.hints,
        "hints for a lead": hand.hints,
    }
    found: dict[str, Any] = {}

    def take(
        name: str,
        work: Callable[[Any], float],
        sql: Callable[[], Any] | None = None,
        first: Callable[[], Any] = lambda: None,
    ) -> None:
        clock = Clock(server)
        clock.run(work, sql, rounds, first)
        found[name] = clock.figures() | ({"must_ms": MUST[name]} if name in MUST else {})
        sys.stderr.write(f"  {name}: {found[name]}\n")

    take("nothing but the way in", lambda _: rep.get("/healthz"))
    for name, address in addresses(viewer).items():
        part = {"HX_Request": "true"} if name.startswith(PARTS) else {}
        take(name, lambda _, a=address, p=part: rep.get(a, **p), by_hand.get(name))  # type: ignore[misc]
    take("leads of everybody", lambda _: boss.get("/leads/?view=all&per=50"))
    take("overview of everybody", lambda _: boss.get("/reports/"), hand.everything)

    leads = iter(viewer["leads"][4:])
    program = Person(
        server.port,
        {"Authorization": f"Bearer {viewer['token']}", "Content-Type": "application/json"},
    )

    take(
        "candidates by program",
        lambda _: program.get(f"/api/v1/leads/{one['pk']}/qualification/"),
        hand.candidates,
    )

    def clear_lead() -> tuple[int, str]:
        """Return a lead about which nobody has to decide, and its Qualify page, filled in."""
        while True:
            pk = next(leads)
            _, content, _ = rep.ask("GET", f"/leads/{pk}/qualify/")
            plan = json.loads(program.ask("GET", f"/api/v1/leads/{pk}/qualification/")[1])
            if plan["account"]["outcome"] == plan["contact"]["outcome"] == "created":
                return pk, urlencode(form_of(content.decode()))

    def on_the_page(lead: tuple[int, str]) -> float:
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        status, content, took = rep.ask("POST", f"/leads/{lead[0]}/qualify/", lead[1], **form)
        assert status == 302, content[-500:]
        return took

    def by_program(lead: tuple[int, str]) -> float:
        status, content, took = program.ask("POST", f"/api/v1/leads/{lead[0]}/qualify/", "{}")
        assert status == 201, content
        return took

    def create(_: None) -> float:
        status, content, took = program.ask("POST", "/api/v1/leads/", a_lead())
        assert status == 201, content
        return took

    take("qualify on the page", on_the_page, hand.qualify, clear_lead)
    take("qualify by program", by_program, hand.qualify, clear_lead)
    take("create a lead by program", create, hand.create)
    return found


def form_of(content: str) -> dict[str, str]:
    """Return what a browser would send of the form on the Qualify page."""
    content = content[content.index("<main") :]
    data = {}
    for tag in re.findall(r"<input[^>]*>", content):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        is_choice = re.search(r'type="(radio|checkbox)"', tag)
        if name and not (is_choice and " checked" not in tag):
            data[name[1]] = value[1] if value else "on" if is_choice else ""
    for name, options in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', content, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)"[^>]*selected', options)
        first = re.search(r'value="([^"]*)"', options)
        data[name] = (chosen or first)[1] if chosen or first else ""
    for name in re.findall(r'<textarea[^>]*name="([^"]*)"', content):
        data.setdefault(name, "")
    return {name: html.unescape(value) for name, value in data.items()}


_number = iter(range(10**9))


def a_lead() -> str:
    number = next(_number)
    return json.dumps(
        {
            "topic": f"Twenty pumps {number}",
            "first_name": "Ada",
            "last_name": f"Bench {number}",
            "company": f"Bench {number} Works",
            "email": f"ada.{number}@bench-{number}.example",
        }
    )


def per_second(
    server: Server, seconds: float, people: list[Person], ask: Callable[[Person], None]
) -> float:
    """Let all people ask again and again; return how many answers came each second."""
    done = [0] * len(people)
    until = time.monotonic() + seconds

    def work(place: int) -> None:
        while time.monotonic() < until:
            ask(people[place])
            done[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(people))]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return round(sum(done) / (time.monotonic() - begun), 1)


def under_load(server: Server, viewer: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Answers a second to eight clients with connections that stay."""
    cookie = {"Cookie": f"{viewer['cookie']}={viewer['session']}"}
    token = {"Authorization": f"Bearer {viewer['token']}", "Content-Type": "application/json"}

    def look(person: Person) -> None:
        person.get("/leads/?view=all&per=50")

    def write(person: Person) -> None:
        status, content, _ = person.ask("POST", "/api/v1/leads/", a_lead())
        assert status == 201, content

    def people(headers: dict[str, str]) -> list[Person]:
        return [Person(server.port, headers) for _ in range(CLIENTS)]

    return {
        "list_per_second": per_second(server, seconds, people(cookie), look),
        "new_leads_per_second": per_second(server, seconds, people(token), write),
    }


def weight(server: Server, viewer: dict[str, Any]) -> dict[str, Any]:
    """How heavy the list is, and how heavy packed as a server in front of ours would."""
    rep = Person(server.port, {"Cookie": f"{viewer['cookie']}={viewer['session']}"})
    found = {}
    for name, address in (("list", "/leads/?view=all"), ("list_of_50", "/leads/?view=all&per=50")):
        _, content, _ = rep.ask("GET", address)
        found[f"{name}_kb"] = round(len(content) / 1024, 1)
        found[f"{name}_gzip_kb"] = round(len(gzip.compress(content, 6)) / 1024, 1)
    return found


def start_up(server: Server, times: int = 3) -> float:
    """Seconds from the command to the first page."""
    took = []
    for _ in range(times):
        server.stop()
        begun = time.monotonic()
        server.start()
        Person(server.port, {}).get("/login/")
        took.append(time.monotonic() - begun)
    return round(median(took), 2)


@contextmanager
def database(engine: str, over: str) -> Iterator[tuple[Path, str]]:
    """Yield the folder and the address of a database: a new one, or the one that is there."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if engine == "SQLite":
            yield Path(over) if over else folder, ""
        elif over:
            yield folder, over
        else:
            cluster = stack.enter_context(Cluster(venv=ROOT / ".venv", durable=True))
            yield folder, cluster.url


def connected(folder: Path, address: str) -> Any:
    """Open a connection of our own, set up as the product's."""
    if address:
        place = re.fullmatch(r"postgres://(\w+)@(?:/)?(.*)/(\w+)", address)
        assert place
        opened = psycopg2.connect(user=place[1], host=place[2], dbname=place[3])
        opened.autocommit = True
        opened.cursor().execute("VACUUM ANALYZE")
        opened.autocommit = False
        return opened
    opened = sqlite3.connect(folder / "crm.sqlite3", isolation_level=None, timeout=20)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32768",
                   "mmap_size=268435456", "temp_store=MEMORY"):  # fmt: skip
        opened.execute(f"PRAGMA {pragma}")
    opened.execute("ANALYZE")
    return opened


def bench(
    engine: str, sizes: dict[str, int], rounds: int, seconds: float, over: str = ""
) -> dict[str, Any]:
    """Measure everything on one engine."""
    few: dict[str, int] = {}
    with database(engine, over) as (folder, address):
        server = Server(folder, address)

        def seed(share: float) -> None:
            words = [w for kind, n in sizes.items() for w in (f"--{kind}", str(round(n * share)))]
            sys.stderr.write(f"  {server.manage('seed', *words).strip()}\n")

        def statements() -> dict[str, int]:
            viewer = server.script(VIEWER)
            asked = addresses(viewer)
            return server.script(STATEMENTS, json.dumps(asked), json.dumps(viewer))  # type: ignore[no-any-return]

        server.manage("migrate", "--verbosity", "0")
        if not over:
            seed(0.01)
            few = statements()
            seed(0.99)
        many = statements()
        with closing(connected(folder, address)) as connection:
            viewer = server.script(VIEWER)
            try:
                started = start_up(server)
                hand = ByHand(connection, viewer, "%s" if address else "?")
                found = measure(server, viewer, hand, rounds)
                whole = under_load(server, viewer, seconds) | weight(server, viewer)
            finally:
                server.stop()
    for name, count in many.items():
        found.setdefault(name, {})["statements"] = count
        if few.get(name, count) != count:
            found[name]["statements_with_few_rows"] = few[name]
    return {"operations": found, **whole, "start_s": started, **sizes}


EVERYWHERE = "leads,opportunities,accounts,contacts,activities,search,board,reports,pages"
WALK = """
import json, sys
from tests.walk import walk
rounds, rooms, whose = sys.argv[1:]
print(json.dumps(walk(int(rounds), rooms.split(","), whose.split(","), "")))
"""


def walked(engine: str, sizes: dict[str, int], options: argparse.Namespace) -> dict[str, Any]:
    """Ask every view, sort and filter on one engine; see `tests/walk.py`."""
    over = options.over
    with database(engine, over) as (folder, address):
        server = Server(folder, address)
        server.manage("migrate", "--verbosity", "0")
        if not over:
            server.manage("seed", *(w for k, n in sizes.items() for w in (f"--{k}", str(n))))
        with closing(connected(folder, address)):
            asked = (str(options.rounds), options.rooms, options.whose)
            return server.script(WALK, *asked)  # type: ignore[no-any-return]


def grown(engine: str, sizes: dict[str, int], options: argparse.Namespace) -> dict[str, Any]:
    """Ask every report with a tenth of the records and with all of them, and compare."""
    told = []
    with database(engine, "") as (folder, address):
        server = Server(folder, address)
        server.manage("migrate", "--verbosity", "0")
        for share in (0.1, 0.9):
            words = [w for kind, n in sizes.items() for w in (f"--{kind}", str(round(n * share)))]
            sys.stderr.write(f"  {server.manage('seed', *words).strip()}\n")
            with closing(connected(folder, address)):
                walk = server.script(WALK, str(options.rounds), "reports", "boss")
            told.append(
                {k: v for room in walk["boss"].values() for k, v in room["median_of_each"].items()}
            )
    few, many = told
    return {
        case: {"a_tenth": few[case], "all": ms, "grows": round(ms / few[case], 2)}
        for case, ms in many.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    for kind, size in SIZES.items():
        parser.add_argument(f"--{kind}", type=int, default=size)
    parser.add_argument("--engine", choices=["SQLite", "PostgreSQL"], action="append")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=8, help="of each test under load")
    parser.add_argument("--over", default="", help="a seeded database: its address or folder")
    parser.add_argument(
        "--walk",
        action="store_true",
        help="ask every view, sort and filter instead",
    )
    parser.add_argument(
        "--growth",
        action="store_true",
        help="ask every report with a tenth of the records and with all of them instead",
    )
    parser.add_argument("--rooms", default=EVERYWHERE, help="where to walk")
    parser.add_argument("--whose", default="rep,boss", help="as whom to walk")
    parser.add_argument("--draft", action="store_true", help="print, but do not write docs/proof")
    options = parser.parse_args()
    sizes = {kind: getattr(options, kind) for kind in SIZES}
    results: dict[str, Any] = {}
    if options.growth:
        for engine in options.engine or ["PostgreSQL"]:
            results[engine] = grown(engine, sizes, options)
        sys.stdout.write(json.dumps(results, indent=1) + "\n")
        return 0
    if options.walk:
        for engine in options.engine or ["PostgreSQL", "SQLite"]:
            results[engine] = walked(engine, sizes, options)
        sys.stdout.write(json.dumps(results, indent=1) + "\n")
        rooms = [room for e in results.values() for whose in e.values() for room in whose.values()]
        return int(any(room["read_whole"] for room in rooms))
    for engine in options.engine or ["PostgreSQL", "SQLite"]:
        sys.stderr.write(f"{engine}\n")
        results[engine] = {
            **bench(engine, sizes, options.rounds, options.seconds, options.over),
            "load": round(os.getloadavg()[0], 1),
            **machine(),
        }
    sys.stdout.write(json.dumps(results, indent=1) + "\n")
    if not options.draft:
        write("bench", results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
