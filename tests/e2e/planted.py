"""A record of each kind in each state that a page can show, and every address there is for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib import admin as site
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import timezone

from activities.operations import log_note
from imports.jobs import check, run
from imports.models import Import
from imports.operations import remap, upload
from leads.jobs import qualify_many
from leads.models import DisqualifyReason, Lead
from leads.operations import delete_lead, disqualify, qualify
from opportunities.models import Campaign, Competitor, LossReason, Product, Source
from opportunities.operations import (
    add_stakeholder,
    lose,
    move_to_stage,
    put_on_hold,
    set_lines,
    update_opportunity,
    win,
)
from opportunities.rules import stages_of
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
)
from users.models import User
from users.operations import issue_token
from workbench.models import Job
from workbench.operations.saved_views import save_view

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
# Not for people with a browser, or a page of somebody else's making.
NOT_OURS = ("api/", "healthz", "readyz", "auth/social/")


EACH = ("<int:pk>/", "qualify/", "undo/", "receipt/", "reopen/")  # seen in each state


# Rooms whose pages are walked together: a world is planted for each walk.
WALKS = (
    "leads", "accounts contacts", "opportunities", "duplicates handover imports",
    "activities emails notices", "jobs users views others",
)  # fmt: skip


def pages_of(walk: str, planted: dict[str, Any]) -> list[str]:
    """Return the addresses of all rooms of a walk."""
    listed = addresses(planted)
    return [address for room in walk.split() for address in listed[room]]


def plant(rep: User, rep2: User) -> dict[str, list[Any]]:
    """Return records by room: the first is open and full, others are in its states."""
    soon = timezone.now() + timedelta(days=2)
    late = timezone.now() - timedelta(days=2)
    rival = Competitor.objects.create(key="rival", name="Rival")
    Product.objects.create(key="pump", name="Pump", price=Decimal("1200"))
    Campaign.objects.create(key="fair", name="Fair in Turin")

    account = AccountFactory(owner=rep, name="Ferrovia Pumps", website="ferrovia.example")
    contact = ContactFactory(owner=rep, account=account, email="elena@ferrovia.example")
    full = LeadFactory(
        owner=rep, topic=f"Eight pumps for {LONG}", first_name="Elena", last_name="Marchetti",
        job_title="Head of purchasing", company="Ferrovia Pumps", email="elena@ferrovia.example",
        phone="+39 011 555 0101", website="ferrovia.example", country="IT", city="Turin",
        estimated_value=80_000, budget_amount=80_000, budget_status="will_buy",
        timeframe="this_quarter", description="They asked twice.\n\n" + "A long story. " * 40,
    )  # fmt: skip
    LeadFactory(owner=rep, last_name="Marchetti", email="elena@ferrovia.example")  # its twin
    bare = LeadFactory(owner=rep, topic="?", first_name="", last_name=LONG, company="", email="")
    theirs = LeadFactory(owner=rep2)
    done = LeadFactory(owner=rep)
    made = qualify(done, by=rep)
    [deal] = made.opportunities
    built_on = LeadFactory(owner=rep)
    update_opportunity(qualify(built_on, by=rep).opportunities[0], by=rep, customer_need="Pumps")
    given_up = disqualify(
        LeadFactory(owner=rep),
        by=rep,
        reason=DisqualifyReason.objects.all()[0],
        comment="Too small",
    )
    gone = delete_lead(LeadFactory(owner=rep), by=rep)

    deal = set_lines(
        deal, by=rep, lines=[{"product": Product.objects.get(), "quantity": 3, "price": 900}]
    )
    add_stakeholder(deal, by=rep, contact=contact, role="decision_maker")
    stages = [stage for stage in stages_of(deal.stage.process) if not stage.is_for_leads]
    deal = move_to_stage(deal, by=rep, stage=stages[1])
    won = win(OpportunityFactory(owner=rep, account=account, value=9_000), by=rep)
    lost = lose(
        OpportunityFactory(owner=rep, account=account),
        by=rep, reason=LossReason.objects.all()[0], lost_to=rival,
    )  # fmt: skip
    at_rest = put_on_hold(OpportunityFactory(owner=rep, topic=LONG), by=rep)

    entries = []
    for record in (full, account, contact, deal):
        entries = [
            ActivityFactory(on=record, owner=rep, by=rep, kind="task", due_at=soon),
            ActivityFactory(on=record, owner=rep, by=rep, kind="call", due_at=late),
            ActivityFactory(on=record, owner=rep, by=rep, kind="task", is_done=True),
            ActivityFactory(on=record, owner=rep, by=rep, kind="call", text="They answered"),
            ActivityFactory(on=record, owner=rep, by=rep, kind="meeting"),
            ActivityFactory(on=record, owner=rep, by=rep, kind="email"),
            log_note(record, by=rep, text=LONG * 3, is_pinned=True),
        ]
    issue_token(rep, by=rep, name="of a script")
    job = qualify_many([bare.pk, done.pk, theirs.pk, LeadFactory(owner=rep).pk], by=rep)
    broken = Job.objects.create(
        kind="gone", title=LONG, owner=rep, state=Job.State.FAILED, outcome=LONG,
        finished_at=timezone.now(),
    )  # fmt: skip
    sent = [_a_file(rep, name) for name in ("draft.csv", "checked.csv", "done.csv")]
    check(sent[1], by=rep)
    run(check(sent[2], by=rep), by=rep)
    running = Job.objects.create(kind="gone", title="Running", owner=rep, total=7, done=3)
    return {
        "leads": [full, bare, theirs, done, built_on, given_up, gone],
        "accounts": [account],
        "contacts": [contact],
        "opportunities": [deal, won, lost, at_rest],
        "activities": entries,
        "jobs": [job, broken, running],
        "imports": sent,
        "views": [
            save_view("lead", by=rep, name=LONG[:60], query="status=open", audience="private")
        ],
    }


def _a_file(rep: User, name: str) -> Import:
    """Return a draft whose file has no Latin letter that would pass for one of ours."""
    content = "Θεμα,Ονομα,Αξια\nΑντλιες,Νιουκομεν,5\nΑργαλειοι,Ζακαρ,7\n"
    draft = upload(by=rep, kind="lead", name=name, content=content.encode())
    columns = {"Θεμα": "topic", "Ονομα": "last_name", "Αξια": "estimated_value"}
    return remap(draft, by=rep, mapping={"columns": columns})


def patterns(
    resolver: URLResolver | None = None, space: str = "", route: str = ""
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield name, route and arguments of every address of the product but the administration's."""
    for entry in (resolver or get_resolver()).url_patterns:
        full = route + str(entry.pattern)
        if isinstance(entry, URLResolver) and entry.namespace != "admin":
            yield from patterns(entry, entry.namespace or space, full)
        elif isinstance(entry, URLPattern) and entry.name and not full.startswith(NOT_OURS):
            name = f"{space}:{entry.name}" if space else entry.name
            yield name, full, sorted(entry.pattern.regex.groupindex)


def addresses(planted: dict[str, list[Any]]) -> dict[str, list[str]]:
    """Return every address that a planted record has, by room; and those that need no record."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, _route, arguments in patterns():
        room = name.partition(":")[0] if ":" in name else "others"
        if not arguments:
            found[room].append(reverse(name))
        elif arguments == ["kind"] and name != "workbench:lookup":
            found["views"] += [reverse(name, args=[kind]) for kind in ("lead", "opportunity")]
        elif arguments == ["pk"]:
            found[room] += [reverse(name, args=[record.pk]) for record in planted.get(room, [])]
        elif arguments == ["contact", "pk"] and planted:
            deal, contact = planted["opportunities"][0], planted["contacts"][0]
            found[room].append(reverse(name, kwargs={"pk": deal.pk, "contact": contact.pk}))
    found["others"] += ["/search/?q=ferrovia", "/search/?q=nothing+like+it", "/nowhere/"]
    if not planted:
        return found
    full = planted["leads"][0]
    found["leads"] += [
        f"{full.get_absolute_url()}?compose={k}" for k in ("call", "task", "meeting")
    ]
    found["leads"] += [
        "/leads/?q=nothing+like+it",
        "/leads/?owner=none",
        "/leads/?created=neverday",
    ]
    twin = Lead.objects.filter(email=full.email).exclude(pk=full.pk).earliest("pk")
    found["duplicates"] += [
        f"/duplicates/?kind={kind}" for kind in ("account", "contact", "lead")
    ] + [f"/duplicates/merge/?kind=lead&id={full.pk}&id={twin.pk}"]
    found["activities"] += [
        f"/activities/new/?on=lead:{full.pk}&kind={k}" for k in ("call", "email")
    ]
    return found


def administration() -> list[str]:
    """Return the addresses of the administration: of each kind the list, a form and a record.

    History and removal look the same for every kind of record, and for every kind of setting.
    """
    found = [reverse("admin:index")]
    for kind in apps.get_models():
        if not site.site.is_registered(kind):
            continue
        space = f"admin:{kind._meta.app_label}_{kind._meta.model_name}"
        found += [reverse(f"{space}_changelist"), reverse(f"{space}_add")]
        record = kind._base_manager.order_by("pk").first()
        if record is not None:
            of_one = (
                ("change", "history", "delete") if kind in (Lead, Source, User) else ("change",)
            )
            found += [reverse(f"{space}_{page}", args=[record.pk]) for page in of_one]
    return found


def pages(client: Client, addresses: list[str]) -> list[str]:
    """Keep the addresses at which there is a page to look at, and of equal refusals one."""
    found = {}
    for address in dict.fromkeys(addresses):
        answer = client.get(address)
        assert answer.status_code < 500, address
        if answer.status_code in {301, 302, 405} or answer.get("Content-Disposition"):
            continue
        if not answer["Content-Type"].startswith("text/html"):
            continue
        if answer.status_code == 200 and b"<html" not in answer.content:
            continue  # a part that a page fetches
        said = answer.context or {}
        is_refused = answer.status_code in {403, 404} or said.get("closed")
        # A small form looks the same on every record; a record, and what one decides on, does not.
        route = "" if is_refused else resolve(urlsplit(address).path).route
        look = address if route.endswith(EACH) or "?" in address else route
        found.setdefault((look, answer.status_code, said.get("closed") and "closed"), address)
    return list(found.values())
