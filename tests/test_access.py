"""The table of `tests/access.py`, asked address by address, person by person, method by method."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib import admin as admin_site
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import now

from accounts.operations import (
    create_account,
    create_contact,
    delete_account,
    delete_contact,
    merge_accounts,
)
from activities.operations import add_task, attach, delete_activity, plan_meeting
from emails.models import EmailTemplate
from emails.operations import save_template, send_email
from imports.models import Import
from imports.operations import upload
from intake.models import Delivery, Door, WebForm
from intake.operations import process, save_door, save_web_form, store_delivery
from leads.models import DisqualifyReason
from leads.operations import (
    capture_lead,
    delete_lead,
    dismiss_pair,
    draft_rules,
    qualify,
    restore_pair,
)
from opportunities.models import Campaign, Competitor, LossReason, Process, Product, Source, Stage
from opportunities.operations import add_stakeholder, delete_opportunity, open_opportunity, win
from records.models import Notice
from records.operations.notices import tell
from reports.operations import save_dashboard, set_targets
from tests.access import ACCESS, LIBRARIES, METHODS, PEOPLE, STAFF, STATUSES, STRANGERS
from tests.custom import define
from tests.leads.assigning import a_rule, a_scoring_rule
from tests.samples import picture
from tests.snapshots import rows
from tests.workbench.kinds import found_teams
from users.operations import intake_machine, issue_token
from webhooks.models import Webhook
from webhooks.operations import save_webhook
from workbench.jobs import Job, start
from workbench.operations.mail import note_bounce
from workbench.operations.saved_views import save_view

if TYPE_CHECKING:
    from collections.abc import Iterator


def addresses(
    resolver: URLResolver | None = None, space: str = "", route: str = ""
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield name, route and arguments of every address of the product."""
    for entry in (resolver or get_resolver()).url_patterns:
        full = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry, inner, full)
        elif isinstance(entry, URLPattern):
            name = f"{space}{entry.name}" if entry.name else ""
            yield name, full, sorted(entry.pattern.regex.groupindex)


OURS = {
    name: arguments
    for name, route, arguments in addresses()
    if not route.startswith(tuple(LIBRARIES))
}


def test_every_address_stands_in_the_table():
    assert set(OURS) - set(ACCESS) == set()
    assert set(ACCESS) - set(OURS) == set()


@pytest.fixture
def world(rep, rep2, manager, outsider, admin):
    """One record of each kind, owned by rep, in each state that an address asks for."""
    person = {"topic": "Engines", "last_name": "Lovelace"}
    lead = capture_lead(by=rep, company="Acme", email="a@acme.example", tags=["Steam"], **person)
    qualified = capture_lead(by=rep, company="Apex", email="a@apex.example", **person)
    outcome = qualify(qualified, by=rep)
    account, contact = outcome.account, outcome.contact
    deal = open_opportunity("Engines", by=rep, owner=rep, account=account, contact=contact)
    second = create_contact(by=rep, last_name="Babbage", account=account)
    add_stakeholder(deal, by=rep, contact=second, role="other")
    door = save_door(Door(name="Shop", slug="shop"), by=admin)
    save_web_form(WebForm(name="Contact", slug="shop"), by=admin)
    records = {
        "door key": door.keys.get().key,
        "intake": failed_delivery(door),
        "leads": lead,
        "accounts": account,
        "contacts": contact,
        "opportunities": deal,
        "activities": add_task(lead, by=rep, subject="Call"),
        "qualified lead": qualified,
        "won opportunity": win(open_opportunity("Won", by=rep, owner=rep), by=rep),
        "binned leads": delete_lead(capture_lead(by=rep, company="Bin", **person), by=rep),
        "binned opportunities": delete_opportunity(
            open_opportunity("Bin", by=rep, owner=rep), by=rep
        ),
        "binned accounts": delete_account(create_account(by=rep, name="Bin"), by=rep),
        "binned contacts": delete_contact(create_contact(by=rep, last_name="Bin"), by=rep),
        "binned activities": delete_activity(add_task(lead, by=rep, subject="Bin"), by=rep),
        "file": attach(lead, by=rep, name="plan.png", content=picture()),
        "contact of deal": second,
        "token": issue_token(rep, by=rep, name="mine", scope="write")[0],
        "tags": lead.tags.get(),
        "users": rep,
        "teams": rep.team,
        "sources": Source.objects.first(),
        "campaigns": Campaign.objects.create(key="fair", name="Fair"),
        "products": Product.objects.create(key="engine", name="Engine"),
        "processes": Process.objects.first(),
        "stages": Stage.objects.first(),
        "competitors": Competitor.objects.create(key="rival", name="Rival"),
        "loss-reasons": LossReason.objects.first(),
        "disqualify-reasons": DisqualifyReason.objects.first(),
        "jobs": a_job(rep),
        "saved view": save_view("lead", by=rep, name="Ours", query="q=a", audience="team"),
        "dashboard": save_dashboard(by=rep, name="Ours", query="cards=trend.5", audience="team"),
        "target": set_targets(rep, 2026, by=admin, amounts={1: Decimal(5)})[0],
        "import": an_import(rep),
        "notice": a_notice(rep, about=lead),
        "pair": a_pair(rep),
        "merge": merge_accounts(
            create_account(by=rep, name="Twin"), [create_account(by=rep, name="Twins")], by=rep
        ),
        "intake-doors": save_door(Door(name="By program"), by=admin),
        "web-forms": save_web_form(WebForm(name="By program"), by=admin),
        "webhooks": save_webhook(Webhook(name="Shop", url="https://shop.example/"), by=admin),
        "custom-fields": define("lead", "fleet", by=admin),
        "qualification-rules": draft_rules(by=admin),
        "assignment rule": a_rule(person=rep),
        "scoring rule": a_scoring_rule(),
        "taker": rep,
        "meeting": plan_meeting(lead, by=rep, subject="Demo", due_at=now() + timedelta(days=9)),
        "failed email": a_failed_email(lead, rep),
        "template": save_template(
            EmailTemplate(name="Thanks", subject="Hi", text="Thank you", audience="team"), by=rep
        ),
    }
    users = dict(zip(PEOPLE, (None, rep, rep2, manager, outsider, admin), strict=True))
    return records, users


def a_pair(by: Any) -> Any:
    """Return two leads of somebody that may be one."""
    one, other = (capture_lead(by=by, owner=by, company="Twice", topic=each) for each in "ab")
    return restore_pair(one, other, by=by) or dismiss_pair(one, other, by=by)


def a_failed_email(lead: Any, by: Any) -> Any:
    """Return an email that did not arrive."""
    email = send_email(lead, by=by, to="a@acme.example", subject="The quote", text="Here it is")
    note_bounce(email.mail.message_id, "nobody here")
    return email


def a_notice(whom: Any, *, about: Any) -> Notice:
    """Return something that somebody is told."""
    tell(whom, Notice.What.MENTIONED, by=None, about=about)
    return Notice.objects.get(whom=whom, what=Notice.What.MENTIONED)


def a_job(by: Any) -> Job:
    """Return a job that has ended."""
    job = start(found_teams, by=by, title="Found teams", total=1)
    return Job.objects.get(pk=job.pk)


def an_import(by: Any) -> Import:
    """Return a file that waits for its columns to be matched."""
    return upload(
        by=by, kind="lead", name="leads.csv", content=b"topic,last_name\nPumps,Newcomen\n"
    )


def failed_delivery(door: Door) -> Delivery:
    """Return something that came in and says nothing."""
    ((delivery, _is_new),) = store_delivery(door, raw=b'{"nothing": 1}')
    process(delivery, by=intake_machine())
    return Delivery.objects.get(pk=delivery.pk)


def address_of(name: str, records: dict[str, Any]) -> str:
    access = ACCESS[name]
    kind = access.on or ("token" if "token" in name else name.replace(":", "-").rsplit("-", 1)[0])
    kind = kind if kind in records else name.replace(":", "-").split("-", 1)[0]
    values = {
        "pk": lambda: records[kind].pk,
        "contact": lambda: records["contact of deal"].pk,
        "kind": lambda: "account",
        "slug": lambda: "shop",
        "key": lambda: "reachable" if name.startswith("leads:rule") else records["door key"],
        "number": lambda: 1,
        "year": lambda: 2026,
        "column": lambda: "industry",
        "field": lambda: "industry",
        "name": lambda: "pipeline",
        "action": lambda: "assign",
        "token": lambda: "unknown",
    }
    url = reverse(name, kwargs={argument: values[argument]() for argument in OURS[name]})
    is_composer = name in {"activities:create", "emails:create"}
    return f"{url}?on=lead:{records['leads'].pk}&kind=note" if is_composer else url


def new_token(user: Any) -> str:
    return issue_token(user, by=user, name="access", scope="write")[1]


def client_of(user: Any) -> Client:
    """Return a client of `user`, the same each time, that remembers nothing but who it is."""
    if user is None:
        return Client(raise_request_exception=False)
    client: Client | None = getattr(user, "client", None)
    if client is None:
        client = user.client = Client(raise_request_exception=False)
        client.force_login(user)
        user.session_cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: user.session_cookie})
    return client


class TakenBack(Exception):
    """Ends a transaction whose changes nobody wants."""


def ask(user: Any, method: str, url: str, body: dict[str, Any], *, stays: bool = False) -> Any:
    """Ask as `user`, and take back whatever the answer has changed, unless it `stays`."""
    headers, sent = {}, {"data": body}
    if url.startswith("/api/v1/") or url == "/api/schema/":
        client = client_of(None)
        if user is not None:
            user.secret = getattr(user, "secret", None) or new_token(user)
            headers["Authorization"] = f"Bearer {user.secret}"
        sent["content_type"] = "application/json"
    else:
        client = client_of(user)
    if method in {"get", "head"}:
        sent = {}
    if stays:
        return getattr(client, method)(url, headers=headers, **sent)
    answer = None
    try:
        with transaction.atomic():
            answer = getattr(client, method)(url, headers=headers, **sent)
            raise TakenBack
    except TakenBack:
        return answer


# One world serves all addresses of a room: what is asked is taken back.
ROOMS = ("leads", "accounts", "contacts", "opportunities", "activities", "others")


def room_of(name: str) -> str:
    room = name.replace(":", "-").split("-", 1)[0]
    return room if room in ROOMS else "others"


# Whom HEAD and what an address has not are asked for: who is nobody, and who may. What the others
# get differs by their scope alone, which GET and POST ask of everybody.
WITNESSES = ("anonymous", "rep")

# Nor does an engine decide who may what: PostgreSQL is asked once for the rows of a person, of a
# team and of everybody, and for a record that is not among them.
ONE_OF_EACH_SCOPE = ("rep", "manager", "outsider", "admin")


@pytest.mark.parametrize("room", ROOMS)
def test_gives_each_person_what_the_table_says(world, room):
    records, users = world
    people = ONE_OF_EACH_SCOPE if connection.vendor == "postgresql" else PEOPLE
    asked = [
        (name, method, person)
        for name in ACCESS
        if room_of(name) == room
        for method in METHODS
        for person in people
    ]
    looked: dict[tuple[str, str], int] = {}
    wrong = []

    def check(name: str, method: str, person: str, *, stays: bool) -> None:
        access, url = ACCESS[name], address_of(name, records)
        said = f"{method.upper()} {url} as {person}"
        answer = ask(users[person], method, url, access.body, stays=stays)
        if answer.status_code not in STATUSES[access.of(method)[person]]:
            wrong.append(f"{said}: {answer.status_code}, not {access.of(method)[person]}")
        if method == "get":
            looked[name, person] = answer.status_code
        elif method == "head" and answer.status_code != looked[name, person]:
            wrong.append(f"{said}: {answer.status_code}, and GET {looked[name, person]}")

    # Looking, and asking for what there is not, changes nothing. What comes of HEAD and of a method
    # that an address has not, no engine decides.
    witnesses = WITNESSES if connection.vendor == "sqlite" else ()
    before = rows(with_trails=True)
    for name, method, person in asked:
        is_as_usual = method == "head" or not ACCESS[name].knows(method)
        if method == "get" or (is_as_usual and person in witnesses):
            check(name, method, person, stays=True)
    assert rows(with_trails=True) == before

    for name, method, person in asked:
        if method not in {"get", "head"} and ACCESS[name].knows(method):
            check(name, method, person, stays=False)
    assert wrong == []


PAGES = sorted(
    name
    for name, access in ACCESS.items()
    if access.post["rep"] == "done"
    and not name.endswith("-list")
    and ":" in name
    and name not in STRANGERS
)


@pytest.mark.once
def test_refuses_a_change_without_the_token_of_the_form(world):
    records, users = world
    before = rows(with_trails=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(users["rep"])

    answers = {name: client.post(address_of(name, records)).status_code for name in PAGES}

    assert {name for name, status in answers.items() if status != 403} == set()
    assert rows(with_trails=True) == before


HIDDEN = sorted(
    name for name, access in ACCESS.items() if access.get["outsider"] == "not found" and OURS[name]
)


@pytest.mark.once
def test_tells_nothing_of_what_lies_outside_the_scope(world):
    records, users = world

    for name in HIDDEN:
        url = address_of(name, records)
        unknown = dict.fromkeys(OURS[name], 987_654_321)
        if "year" in unknown:
            unknown["year"] = 2026  # of nobody
        missing = reverse(name, kwargs=unknown)
        hidden = ask(users["outsider"], "get", url, {})
        absent = ask(users["outsider"], "get", missing, {})

        assert hidden.status_code == absent.status_code == 404
        assert what_it_says(hidden, url) == what_it_says(absent, missing)


def what_it_says(answer: Any, url: str) -> str:
    """Return a page without what differs from one to the next: its own address, the tokens, and for
    how long one stays signed in.
    """
    text: str = answer.content.decode().replace(url, "")
    text = re.sub(r'data-session="[0-9]+"', "", text)
    return re.sub(r"[A-Za-z0-9]{64}", "token", text)


@pytest.mark.once
def test_the_administration_is_for_staff_only(world):
    _records, users = world

    for model in admin_site.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for person, verdict in STAFF.items():
            status = ask(users[person], "get", url, {}).status_code
            assert status in STATUSES[verdict], f"{url} as {person}"
