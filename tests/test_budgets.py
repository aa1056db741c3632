"""How many statements a request may take, from the first to the last, whatever it has to read.

Everything that is asked of the database counts: the session, the user, what opens and ends a
transaction. Savepoints do not, nor the `SELECT 1` that tries a kept connection to PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Contact
from activities.operations import add_task, log_note
from leads.models import Lead
from opportunities.models import Opportunity
from tests.custom import VALUES, one_of_each
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User
from users.operations import issue_token
from workbench.models import Job, JobLine

LIST = SEARCH = 10
PART_OF_RECORD = 8  # our own: who asks, the record, what it may be changed to
BELL = 4  # our own: who asks, and what is new for them; every page has it
RECORD = 15
OVERVIEW = HOME = 12
PREVIEW = 20
REHEARSAL = 14  # our own: a list, and what is looked up once to decide about all of its leads
QUALIFY = 30
CREATE = 20  # our own, too

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # so that it stands first among what is to do
PART = {"HX-Request": "true", "HX-Target": "list-body"}
IN_PLACE = {"HX-Request": "true"}
FEW, MANY = 10, 10_000

LISTS = {
    "leads": "/leads/",
    "leads, all": "/leads/?view=all",
    "leads, filtered": "/leads/?status=open&owner={owner}&rating={rating}&q={email}",
    "leads, sorted": "/leads/?view=all&sort=-value",
    "leads, second page": "/leads/?view=all&page=2&per=25",
    "leads, by owner": "/leads/?view=all&sort=owner",
    "leads, by owner, hundredth page": "/leads/?view=all&sort=owner&page=100&per=25",
    "leads of a source": "/leads/?view=all&source={source}",
    "opportunities": "/opportunities/",
    "opportunities, all, sorted": "/opportunities/?view=all&sort=-value",
    "opportunities, by stage": "/opportunities/?view=all&sort=stage",
    "board": "/opportunities/board/",
    "board, all": "/opportunities/board/?view=all",
    "board, filtered": "/opportunities/board/?status=open&owner=me&q=pump",
    "accounts": "/accounts/",
    "accounts, all": "/accounts/?view=all",
    "contacts": "/contacts/",
    "contacts, all": "/contacts/?view=all",
    "activities": "/activities/",
    "activities, all": "/activities/?view=all",
}
PAGES = {name: (address, LIST) for name, address in LISTS.items()} | {
    "lead": ("/leads/{lead}/", RECORD),
    "lead, qualified": ("/leads/{qualified}/", RECORD),
    "account": ("/accounts/{account}/", RECORD),
    "contact": ("/contacts/{contact}/", RECORD),
    "opportunity": ("/opportunities/{opportunity}/", RECORD),
    "search by name": ("/search/?q=son", SEARCH),
    "field, a text": ("/field/lead/{lead}/company/", PART_OF_RECORD),
    "field, a person": ("/field/lead/{lead}/owner/", PART_OF_RECORD),
    "field of an account": ("/field/account/{account}/industry/", PART_OF_RECORD),
    "cell": ("/cell/lead/{lead}/source/", PART_OF_RECORD),
    "cell of an opportunity": ("/cell/opportunity/{opportunity}/stage/", PART_OF_RECORD),
    "bell": ("/notifications/bell/", BELL),
    "notifications": ("/notifications/", LIST),
    "palette": ("/palette/?q=son", SEARCH),
    "search in notes": ("/search/?q=hear+from+us+again", SEARCH),
    "search with a slip": ("/search/?q=conveyro", SEARCH),
    "account, timeline": ("/accounts/{account}/?tab=timeline", RECORD),
    "search by email": ("/search/?q={email}", SEARCH),
    "search for nothing": ("/search/?q=nowhere+to+be+found", SEARCH),
    "overview": ("/reports/", OVERVIEW),
    "jobs": ("/jobs/", LIST),
    "jobs of everybody": ("/jobs/?view=all", LIST),
    "job": ("/jobs/{job}/", RECORD),
    "many to qualify": ("/leads/bulk/qualify/?status=open", REHEARSAL),
    "automation": ("/rules/qualification/automation/", REHEARSAL + 6),
    "start page": ("/", HOME),
    "start page of somebody else": ("/?person={rep}", HOME + 1),
    "hand over": ("/handover/?person={rep}", RECORD + 6),
    "email": ("/emails/new/?on=account:{account}", RECORD),
    "email templates": ("/templates/", LIST),
    "email template": ("/templates/new/", RECORD),
    "duplicates": ("/duplicates/?kind=lead", LIST),
    "hints": ("/duplicates/hints/?kind=lead&last_name=Son&company=Engines&email={email}", LIST),
    "preview": ("/leads/{lead}/qualify/", PREVIEW),
}
API = {
    "leads": ("leads/", LIST),
    "leads, counted": ("leads/?count=1&status=open&q=a", LIST),
    "accounts": ("accounts/", LIST),
    "contacts": ("contacts/", LIST),
    "opportunities": ("opportunities/", LIST),
    "activities": ("activities/", LIST),
    "lead": ("leads/{lead}/", RECORD),
    "account": ("accounts/{account}/", RECORD),
    "contact": ("contacts/{contact}/", RECORD),
    "opportunity": ("opportunities/{opportunity}/", RECORD),
    "emails of a lead": ("leads/{lead}/emails/", LIST),
    "email templates": ("email-templates/", LIST),
    "preview": ("leads/{lead}/qualification/", PREVIEW),
    "duplicates": ("duplicates/?kind=lead", LIST),
}

Asking = Callable[[], Any]


def statements_of(ask: Asking, status: int = 200) -> list[str]:
    """Return what a request asks of the database, as it would be outside of a test.

    A test is one transaction, so those of the product are savepoints in it: of these the outermost
    are what they stand for, BEGIN and COMMIT.
    """
    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    assert answer.status_code == status, answer.content.decode()[-2000:]
    told: list[str] = []
    depth = 0
    for query in captured.captured_queries:
        sql = query["sql"]
        if sql.startswith("SAVEPOINT"):
            told += ["BEGIN"] if depth == 0 else []
            depth += 1
        elif sql.startswith("RELEASE"):
            depth -= 1
            told += ["COMMIT"] if depth == 0 else []
        elif not sql.startswith("ROLLBACK TO"):
            told.append(sql)
    return told


def is_part(address: str) -> bool:
    """Say whether this is no page, but something in one."""
    return address.startswith(("/field/", "/cell/", "/palette/", "/notifications/bell/"))


class World:
    """Records of two reps; one of each kind to look at, which shows whatever it can show."""

    def __init__(self, rep: User) -> None:
        self.rep = rep
        self.sow(FEW)
        deal = Opportunity.objects.exclude(contact=None).exclude(account=None).first()
        lead = Lead.objects.open().exclude(email="").first()
        qualified = Lead.objects.qualified().first()
        assert deal
        assert lead
        assert qualified
        # The newest, so that it stands on the first page of a list.
        Lead.objects.filter(pk=qualified.pk).update(created_at=timezone.now())
        self.looked_at = {
            "lead": lead,
            "qualified": qualified,
            "account": deal.account,
            "contact": deal.contact,
            "opportunity": deal,
        }
        self.names: dict[str, Any] = {name: row.pk for name, row in self.looked_at.items()}
        self.names |= {"email": lead.email, "source": lead.source_id, "rep": rep.pk}
        # What is filtered for is there, however many others are: of an empty list more is asked.
        self.names |= {"owner": lead.owner_id, "rating": lead.rating}
        job = Job.objects.create(kind="tests", title="Look", owner=self.rep)
        self.looked_at_by, self.names["job"] = job, job.pk
        self.relate(FEW)
        self.tell(2)

    def grow(self) -> None:
        """Make many of few: rows in every table, related records, longer stories."""
        self.sow(MANY - FEW)
        self.relate(60)
        self.tell(12)

    def sow(self, count: int) -> None:
        kinds = ("leads", "accounts", "contacts", "opportunities", "activities")
        call_command("seed", **dict.fromkeys(kinds, count), stdout=StringIO())

    def relate(self, count: int) -> None:
        """Hang so many records on those that are looked at."""
        account, contact = self.looked_at["account"], self.looked_at["contact"]

        def some(rows: Any) -> Any:
            return rows.filter(
                pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:count])
            )

        some(Opportunity.objects.all()).update(account=account, contact=contact)
        some(Contact.objects.all()).update(account=account)
        domains = {"website": f"https://{account.domain}", "domain": account.domain}
        some(Lead.objects.open()).update(
            company=account.name, company_key=account.name_key, **domains
        )

        told = {line.record_id for line in self.looked_at_by.lines.all()}
        kind = ContentType.objects.get_for_model(Lead)
        JobLine.objects.bulk_create(
            JobLine(job=self.looked_at_by, record_type=kind, record_id=number)
            for number in some(Lead.objects.open()).values_list("pk", flat=True)
            if number not in told
        )
        Job.objects.bulk_create(
            Job(kind="tests", title="Look", owner=self.rep) for _ in range(count)
        )

    def tell(self, entries: int) -> None:
        for _ in range(entries):
            for record in self.looked_at.values():
                if not getattr(record, "is_read_only", False):
                    log_note(record, by=self.rep, text="They asked again")
                    add_task(record, by=self.rep, subject="Answer", due_at=LONG_AGO)


@pytest.fixture(autouse=True)
def _kinds(db: None) -> None:
    """Ask for what is asked once in the life of a process, whichever test comes first."""
    ContentType.objects.get_for_models(Lead, Account, Contact, Opportunity)


@pytest.fixture
def world(rep: User, rep2: User) -> World:
    return World(rep)


def test_a_request_takes_few_statements_however_many_rows_there_are(
    client: Client, manager: User, rep: User, world: World
) -> None:
    client.force_login(manager)
    secret = issue_token(rep, by=rep, name="budgets", scope="write")[1]
    program = Client(headers={"Authorization": f"Bearer {secret}"})

    def told() -> dict[str, list[str]]:
        asked = {
            name: (
                client,
                address.format(**world.names),
                IN_PLACE if is_part(address) else {},
            )
            for name, (address, _) in PAGES.items()
        } | {
            f"API: {name}": (program, f"/api/v1/{address.format(**world.names)}", {})
            for name, (address, _) in API.items()
        }
        asked["leads, part of the page"] = (client, "/leads/", PART)
        return {
            name: statements_of(lambda c=who, a=address, h=headers: c.get(a, headers=h))
            for name, (who, address, headers) in asked.items()
        }

    told()  # what is read once for good, and the note that the token was used
    few = told()
    # Whether more is asked for more rows is decided by code that is the same for both engines.
    if connection.vendor == "sqlite":
        world.grow()
    many = told()

    budgets = {name: most for name, (_, most) in PAGES.items()}
    budgets |= {f"API: {name}": most for name, (_, most) in API.items()}
    budgets["leads, part of the page"] = LIST
    over = [
        f"{name}: {len(few[name])}, then {len(many[name])}, of {most}\n{in_short(many[name])}"
        for name, most in budgets.items()
        if not len(few[name]) == len(many[name]) <= most
    ]
    assert not over, "\n".join(over)


def test_five_custom_columns_cost_a_list_nothing_more(
    client: Client, admin: User, rep: User
) -> None:
    for kind in ("lead", "account", "contact", "opportunity"):
        one_of_each(kind, by=admin)
    shown = ("text", "whole", "date", "choice", "choices")
    lead = LeadFactory(owner=rep, custom=VALUES)
    account = AccountFactory(owner=rep, custom=VALUES)
    ContactFactory(owner=rep, account=account, custom=VALUES)
    OpportunityFactory(owner=rep, account=account, custom=VALUES)
    secret = issue_token(rep, by=rep, name="budgets", scope="write")[1]
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    client.force_login(rep)
    columns = ",".join(f"custom.{key}" for key in shown)
    narrowed = "&custom.choice=small&custom.whole__gte=7"

    for room in ("leads", "accounts", "contacts", "opportunities"):
        lists = (
            f"/{room}/?view=all",
            f"/{room}/?view=all&columns={columns}{narrowed}&sort=custom.date",
        )
        client.get(lists[0])
        program.get(f"/api/v1/{room}/")
        plain, wide = (statements_of(lambda a=address: client.get(a)) for address in lists)
        asked = statements_of(lambda r=room: program.get(f"/api/v1/{r}/?{narrowed}"))

        assert len(wide) <= len(plain) <= LIST, f"{room}\n{in_short(wide)}"
        assert len(asked) <= LIST, f"{room}\n{in_short(asked)}"
    page = client.get(f"/leads/?view=all&columns={columns}{narrowed}")
    assert [row.pk for row in page.context["page"]["rows"]] == [lead.pk]


def in_short(told: list[str]) -> str:
    """Write one line for each statement, without its columns."""
    lines = (re.sub(r"^SELECT .*? FROM", "SELECT … FROM", sql.strip()) for sql in told)
    return "\n".join(line.replace('"', "")[:160] for line in lines)


@pytest.fixture
def lead(rep: User) -> Lead:
    """A lead with a story: a note, a task that waits, a source and a product."""
    lead: Lead = LeadFactory(owner=rep, website="https://engine.example", phone="+1 212 555 0199")
    for _ in range(5):
        log_note(lead, by=rep, text="They asked again")
        add_task(lead, by=rep, subject="Answer")
    return lead


def test_qualifying_on_the_page_stays_within_its_budget(
    client: Client, rep: User, lead: Lead
) -> None:
    client.force_login(rep)
    form = client.get(f"/leads/{lead.pk}/qualify/").context["form"]
    data = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    data["stage"] = form["stage"].field.choices[0][0]  # a browser sends what the list shows

    told = statements_of(lambda: client.post(f"/leads/{lead.pk}/qualify/", data), status=302)

    lead.refresh_from_db()
    assert lead.status == "qualified"
    assert Account.objects.count() == Contact.objects.count() == Opportunity.objects.count() == 1
    assert len(told) <= QUALIFY, in_short(told)


def test_qualifying_by_program_stays_within_its_budget(
    client: Client, rep: User, lead: Lead
) -> None:
    _, secret = issue_token(rep, by=rep, name="budgets", scope="write")
    bearer = {"Authorization": f"Bearer {secret}"}
    client.get("/api/v1/leads/", headers=bearer)  # the token's use is noted

    def ask(key: str, **headers: str) -> Any:
        return client.post(
            f"/api/v1/leads/{lead.pk}/qualify/",
            data="{}",
            content_type="application/json",
            headers={**bearer, "Idempotency-Key": key, **headers},
        )

    told = statements_of(lambda: ask("once"), status=201)
    again = statements_of(lambda: ask("once"), status=201)

    assert Account.objects.count() == Contact.objects.count() == Opportunity.objects.count() == 1
    assert len(told) <= QUALIFY, in_short(told)
    assert len(again) <= LIST, in_short(again)


def test_a_lead_is_written_with_few_statements(client: Client, rep: User) -> None:
    _, secret = issue_token(rep, by=rep, name="budgets", scope="write")
    bearer = {"Authorization": f"Bearer {secret}"}
    client.get("/api/v1/leads/", headers=bearer)  # the token's use is noted
    data = {"topic": "Twenty pumps", "last_name": "Lovelace", "email": "ada@engines.example"}

    told = statements_of(
        lambda: client.post("/api/v1/leads/", data, "application/json", headers=bearer), status=201
    )

    assert len(told) <= CREATE, in_short(told)
