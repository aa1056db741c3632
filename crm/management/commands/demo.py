"""Make a demo world once: people, a year of leads and deals, and ten planted cases to look at."""

from __future__ import annotations

import json
import os
import random
import secrets
import time
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.errors import NeedsDecision
from accounts.operations import create_account, create_contact
from activities.operations import (
    Next,
    add_task,
    complete,
    log_call,
    log_email,
    log_meeting,
    log_note,
    plan_meeting,
)
from crm.demo import demo_file
from crm.management.commands import _names as names
from crm.management.commands import _papers as papers
from crm.management.commands import _story as story
from crm.management.commands._entrances import ask_for_offers, open_entrances, share_out
from crm.management.commands._letters import (
    AFTER_A_CALL,
    NEXT_STEP,
    answer,
    keep_templates,
    write,
)
from crm.management.commands._shape import begin_rules, shape_forms, situation_of
from crm.management.commands._targets import set_goals
from crm.management.commands._views import TAGS, keep_views
from leads.models import DisqualifyReason, Lead, Qualification
from leads.operations import capture_lead, disqualify, qualify, update_lead
from opportunities.models import (
    Campaign,
    Competitor,
    LossReason,
    Opportunity,
    PipelineState,
    Product,
    Source,
    Stage,
    StepTick,
)
from opportunities.operations import (
    add_stakeholder,
    lose,
    move_to_stage,
    put_on_hold,
    update_opportunity,
    win,
)
from records.models import AuditEntry
from users.models import ApiToken, Role, Team, User
from users.operations import issue_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from activities.models import Activity

# key, name, role, team
PEOPLE = [
    ("rep", "Mara Lindqvist", "Sales rep", "North"),
    ("rep2", "Tomas Okafor", "Sales rep", "North"),
    ("manager", "Greta Delacourt", "Sales manager", "North"),
    ("admin", "Ilya Novotny", "Administrator", None),
    ("outsider", "Paloma Ferrante", "Sales rep", "South"),
]
# They own records, and nobody signs in as them.
COLLEAGUES = [("viggo", "Viggo Sandoval", "South"), ("amara", "Amara Kettering", "North")]
LEADS = 175
SATURDAY = 5

# label, key of the planted record, where to look at it
TOUR = [
    ("A lead that is ready: qualify it in two clicks", "lead", "ready", "/leads/{}/qualify/"),
    ("Twin leads: one person asked twice", "lead", "twin", "/leads/{}/"),
    (
        "A lead whose company and contact are known: nothing is doubled",
        "lead",
        "known",
        "/leads/{}/qualify/",
    ),
    ("A lead whose company belongs to another team", "lead", "elsewhere", "/leads/{}/qualify/"),
    ("A lead that only a person can decide about", "lead", "undecided", "/leads/{}/qualify/"),
    ("A qualification that can be undone", "lead", "undo", "/leads/{}/receipt/"),
    (
        "A qualification that people have built on: why undo is refused",
        "lead",
        "built-on",
        "/leads/{}/undo/",
    ),
    (
        "A stale opportunity: nothing planned, nothing said for weeks",
        "opportunity",
        "stale",
        "/opportunities/{}/",
    ),
    ("A deal in its last stage: win it or lose it", "opportunity", "closing", "/opportunities/{}/"),
    ("A lead given up for now: reopen it", "lead", "given-up", "/leads/{}/"),
]


class Command(BaseCommand):
    help = "Make the demo world; made already, it stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument(
            "--force", action="store_true", help="also in a database that has users already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuses a database with people in it, unless told to with --force."""
        emails = [email_of(key) for key, *_ in PEOPLE]
        others = User.objects.filter(is_machine=False).exclude(
            email__in=[*emails, *(email_of(key) for key, *_ in COLLEAGUES)]
        )
        if others.exists() and not options["force"]:
            raise CommandError(
                "There are users already. The demo is for an empty database (--force)."
            )
        started = time.monotonic()
        is_made = User.objects.filter(email__in=emails).exists()
        if not is_made:
            with transaction.atomic():
                World(options["seed"]).make()
        write_demo_file()
        if not is_made:
            self.stdout.write(
                f"The demo world is made: {Lead.objects.count()} leads, "
                f"{Opportunity.objects.count()} opportunities ({time.monotonic() - started:.1f} s)."
            )


def email_of(key: str) -> str:
    return f"{key}@crm.example"


def write_demo_file() -> None:
    """Write down sign-ins and tour; passwords and tokens that are known already are kept."""
    file = demo_file()
    try:
        known = json.loads(file.read_text(encoding="utf-8"))["users"]
    except (OSError, ValueError, KeyError):
        known = {}
    users = {}
    for key, name, role, team in PEOPLE:
        user = User.objects.get(email=email_of(key))
        # Somebody may have chosen another password by now: that is theirs to keep.
        if key in known and user.has_usable_password():
            users[key] = known[key]
            continue
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.save(update_fields=["password"])
        ApiToken.objects.filter(user=user, name="demo").delete()
        _, secret = issue_token(user, by=user, name="demo", scope=ApiToken.Scope.WRITE)
        users[key] = {
            "email": user.email,
            "password": password,
            "api_token": secret,
            "name": name,
            "role": f"{role}, {team}" if team else role,
        }
    planted = {
        ("lead", key.removeprefix("tour-")): pk
        for pk, key in Lead.all_objects.filter(external_id__startswith="tour-").values_list(
            "pk", "external_id"
        )
    } | {
        ("opportunity", key.removeprefix("tour-")): pk
        for pk, key in Opportunity.all_objects.filter(external_id__startswith="tour-").values_list(
            "pk", "external_id"
        )
    }
    data = {
        "url": f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/",
        "users": users,
        "tour": [
            {"label": label, "url": address.format(planted[kind, key])}
            for label, kind, key, address in TOUR
            if (kind, key) in planted
        ],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(data, stream, indent=2)
    draft.replace(file)


class Event(NamedTuple):
    """Something that somebody does at a moment of the story."""

    at: datetime
    number: int
    act: Callable[[], Any]


@dataclass
class Case:
    """A lead on its way, and what it has become so far."""

    owner: User
    fields: dict[str, Any]
    interest: tuple[str, str, str, str]
    lead: Any = None
    deal: Any = None
    task: Any = None
    is_recent: bool = True


class World:
    """Lets a year pass: events in the order of their moments, by the product's own operations.

    Operations write the moment at which they run. When the year is over every such moment is moved
    to the one that the story meant.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.now = timezone.now().replace(minute=0, second=0, microsecond=0)
        self.events: list[Event] = []
        self.passed: list[tuple[datetime, datetime]] = []  # when it ran, when it was meant
        self.people: dict[str, User] = {}
        self.stages: dict[str, Stage] = {}

    def make(self) -> None:
        self._people()
        self._lists()
        self._companies()
        self._year()
        self._planted()
        self.plan(self.ago(30), partial(keep_views, self.people))
        self.plan(self.ago(29), partial(keep_templates, self.people))
        self.plan(self.now - timedelta(days=400), partial(shape_forms, self.people["admin"]))
        self.plan(self.now - timedelta(days=60), partial(begin_rules, self.people["manager"]))
        self.plan(self.ago(90), partial(open_entrances, self.people["admin"]))
        self.plan(self.ago(89), partial(share_out, self.people["manager"]))
        self.plan(self.ago(0.3), ask_for_offers)
        self.plan(self.now - timedelta(days=370), partial(set_goals, self.people))
        self._play()
        self._move_moments()

    # The stage

    def _people(self) -> None:
        teams = {name: Team.objects.get_or_create(name=name)[0] for name in ("North", "South")}
        for key, name, role, team in PEOPLE:
            user = User(email=email_of(key), name=name, team=teams.get(team or ""))
            user.is_staff = user.is_superuser = key == "admin"
            self._join(key, user, role)
        for key, name, team in COLLEAGUES:
            self._join(key, User(email=email_of(key), name=name, team=teams[team]), "Sales rep")
        led = User.objects.filter(team=teams["North"], roles__name="Sales rep")
        led.update(manager=self.people["manager"])

    def _join(self, key: str, user: User, role: str) -> None:
        user.set_unusable_password()
        user.date_joined = self.now - timedelta(days=400)
        user.save()
        user.roles.add(Role.objects.get(name=role))
        self.people[key] = user

    def _lists(self) -> None:
        for place, (key, name, price) in enumerate(story.PRODUCTS, 1):
            Product.objects.get_or_create(
                key=key,
                defaults={
                    "name": name,
                    "price": Decimal(price),
                    "currency": "EUR",
                    "position": place,
                },
            )
        for model, rows in ((Competitor, story.COMPETITORS), (Campaign, story.CAMPAIGNS)):
            for place, (key, name) in enumerate(rows, 1):
                model.objects.get_or_create(key=key, defaults={"name": name, "position": place})
        self.products = {product.key: product for product in Product.objects.all()}
        self.sources = {source.key: source for source in Source.objects.all()}
        self.campaigns = list(Campaign.objects.all())
        self.competitors = list(Competitor.objects.all())
        self.losses = {reason.key: reason for reason in LossReason.objects.all()}
        self.reasons = {reason.key: reason for reason in DisqualifyReason.objects.all()}
        self.stages = {
            stage.key: stage
            for stage in Stage.objects.filter(process__is_default=True).prefetch_related("steps")
        }

    # Dice

    def pick(self, things: Any) -> Any:
        return self.random.choice(things)

    def odds(self, chance: float) -> bool:
        return self.random.random() < chance

    def seller(self) -> User:
        keys = ["rep", "rep", "rep", "rep2", "rep2", "amara", "outsider", "viggo", "manager"]
        return self.people[self.pick(keys)]

    def later(self, moment: datetime, low: float, high: float) -> datetime:
        """Return a moment in office hours, so many days later, and never before."""
        then = moment + timedelta(days=self.random.uniform(low, high))
        then = then.replace(hour=self.random.randrange(8, 17), minute=self.pick([0, 10, 25, 40]))
        if low > 0 and then <= moment:
            then += timedelta(days=1)
        weekday = then.weekday()
        return then + timedelta(days=7 - weekday if weekday >= SATURDAY else 0)

    def ago(self, days: float) -> datetime:
        """Return a moment so many days ago, in the morning if it was not just now."""
        moment = self.now - timedelta(days=days)
        return moment if days < 2 else moment.replace(hour=9, minute=self.pick([5, 20, 45]))

    # What happens

    def plan(self, at: datetime, act: Callable[[], Any]) -> None:
        """Put something into the story, unless it would happen in the future."""
        if at < self.now:
            self.events.append(Event(at, len(self.events), act))

    def _play(self) -> None:
        for event in sorted(self.events, key=lambda event: (event.at, event.number)):
            self.passed.append((timezone.now(), event.at))
            event.act()

    def _companies(self) -> None:
        """Think of companies; some are customers since before the story begins."""
        self.companies: list[dict[str, Any]] = []
        for number in range(150):
            name = names.company_name(number * 71 + 3)
            city, region, country, currency, form, _, pattern = names.PLACES[
                (number * 7) % len(names.PLACES)
            ]
            self.companies.append(
                {
                    "name": f"{name} {form}",
                    "website": f"https://www.{name.lower().replace(' ', '-')}.example",
                    "domain": f"{name.lower().replace(' ', '-')}.example",
                    "industry": names.trade_of(name),
                    "employees": int(self.random.lognormvariate(5, 1)) + 8,
                    "city": city,
                    "region": region,
                    "country": country,
                    "currency": currency,
                    "pattern": pattern,
                }
            )
        for company in self.companies[:28]:
            owner = self.seller()
            at = self.later(self.now, -390, -366)
            self.plan(at, partial(self._customer, company, owner))

    def _customer(self, company: dict[str, Any], owner: User) -> None:
        account = create_account(
            by=owner,
            owner=owner,
            phone=names.phone_of(company["pattern"], self.random.randrange(10**6)),
            tags=["Customer"],
            **{
                name: company[name]
                for name in (
                    "name",
                    "website",
                    "industry",
                    "employees",
                    "city",
                    "region",
                    "country",
                    "currency",
                )
            },
        )
        for _ in range(self.pick([1, 1, 2])):
            person = self.person(company)
            create_contact(
                by=owner,
                owner=owner,
                account=account,
                city=company["city"],
                country=company["country"],
                **{
                    name: person[name]
                    for name in ("first_name", "last_name", "job_title", "email", "phone")
                },
            )

    def person(self, company: dict[str, Any]) -> dict[str, Any]:
        first, last = self.pick(names.FIRST_NAMES), self.pick(names.LAST_NAMES)
        return {
            "first_name": first,
            "last_name": last,
            "job_title": self.pick(names.JOB_TITLES),
            "email": f"{first}.{last}@{company['domain']}".lower(),
            "phone": names.phone_of(company["pattern"], self.random.randrange(10**6)),
        }

    def case(self, company: dict[str, Any], owner: User, **extra: Any) -> Case:
        """Return somebody at a company who asks for something."""
        interest = self.pick(story.INTERESTS)
        price = self.products[interest[1]].price or Decimal(10_000)
        value = (price * self.pick([1, 1, 2, 2, 3, 4])).quantize(Decimal("0.01"))
        fields = {
            "topic": interest[0],
            "company": company["name"],
            **{
                name: company[name]
                for name in (
                    "website",
                    "industry",
                    "employees",
                    "city",
                    "region",
                    "country",
                    "currency",
                )
            },
            **self.person(company),
            "source": self.sources[self.pick(list(self.sources))],
            "campaign": self.pick([None, None, *self.campaigns]),
            "rating": self.pick(["hot", "warm", "warm", "cold"]),
            "estimated_value": value,
            "description": self.pick(story.OPENINGS),
            "consent": self.odds(0.6),
            "custom": situation_of(company["name"], self.now.date()),
            **extra,
        }
        return Case(owner, fields, interest)

    def _year(self) -> None:
        companies = self.companies[20:]
        for number in range(LEADS):
            age = 360 * (1 - number / LEADS) ** 1.5
            start = self.later(self.ago(age + 1), 0.1, 1)
            self.life(self.case(self.pick(companies), self.seller()), start)

    def life(self, case: Case, start: datetime) -> None:
        """Plan what becomes of a lead: most is decided within two months."""
        self.plan(start, lambda: self.capture(case))
        dice = self.random.random()
        case.is_recent = self.now - start < timedelta(days=100)
        if not case.is_recent:
            fate = "given up" if dice < 0.54 else "qualified"
        else:
            fate = "given up" if dice < 0.22 else "qualified" if dice < 0.5 else "open"
        if fate == "open" and self.odds(0.2):
            return
        at = self.later(start, 0.2, 2)
        self.plan(at, lambda: self.first_call(case))
        at = self.later(at, 2, 9)
        self.plan(at, lambda: self.learn(case, is_last=fate == "open"))
        end = self.later(at, 3, 30)
        if fate == "given up":
            self.plan(end, lambda: self.give_up(case))
        elif fate == "qualified":
            self.plan(end, lambda: self.qualify(case))
            self.deal(case, end)

    def capture(self, case: Case) -> None:
        case.lead = capture_lead(
            by=case.owner,
            owner=case.owner,
            products=[self.products[case.interest[1]]],
            tags=TAGS[crc32(str(case.fields.get("company")).encode()) % len(TAGS)],
            **case.fields,
        )

    def first_call(self, case: Case) -> None:
        if self.odds(0.25):
            log_call(
                case.lead, by=case.owner, outcome="no_answer", text=self.pick(story.CALLS_MISSED)
            )
        else:
            log_call(
                case.lead,
                by=case.owner,
                outcome="reached",
                text=self.pick(story.CALLS_REACHED),
                duration=self.pick([5, 10, 15, 25]),
            )
        # What was planned long ago is done: enough of it is enough.
        self.next_step(case, case.lead, 0.9 if case.is_recent else 0.3)

    def next_step(self, case: Case, record: Any, chance: float) -> None:
        """Tick off what was planned and plan something else: late, today or in the days to come."""
        self.finish(case)
        if self.odds(chance):
            case.task = add_task(
                record,
                by=case.owner,
                subject=self.pick(story.NEXT_STEPS),
                due_at=self.later(self.now, -5, 14),
                kind=self.pick(["task", "call"]),
            )

    def learn(self, case: Case, *, is_last: bool = False) -> None:
        """Write down what was found out about budget, authority, need and timeframe."""
        fields = case.fields
        changes: dict[str, Any] = {"progress": self.pick(["working", "working", "nurturing"])}
        if self.odds(0.8):
            changes |= {"need": self.pick(["must", "should"]), "need_description": case.interest[2]}
        if self.odds(0.65):
            changes |= {
                "budget_status": self.pick(["may_buy", "can_buy", "will_buy"]),
                "budget_amount": fields["estimated_value"],
            }
        if self.odds(0.55):
            changes |= {
                "decision_maker_known": True,
                "decision_maker": f"{self.pick(names.FIRST_NAMES)} {self.pick(names.LAST_NAMES)}",
                "purchase_process": self.pick(["individual", "committee"]),
            }
        if self.odds(0.7):
            changes["timeframe"] = self.pick(
                ["immediate", "this_quarter", "next_quarter", "this_year"]
            )
        case.lead = update_lead(case.lead, by=case.owner, **changes)
        if self.odds(0.5 if case.is_recent else 0.2):
            subject, text = self.pick(story.EMAILS)
            log_email(case.lead, by=case.owner, subject=subject, text=text)
        if self.odds(0.25):
            log_note(case.lead, by=case.owner, text=self.pick(story.NOTES))
        self.next_step(case, case.lead, 0.85 if is_last or case.is_recent else 0.15)

    def give_up(self, case: Case) -> None:
        key, comment = self.pick(story.GIVEN_UP)
        disqualify(case.lead, by=case.owner, reason=self.reasons[key], comment=comment)

    def qualify(self, case: Case) -> None:
        self.finish(case)
        with suppress(NeedsDecision):
            outcome = qualify(case.lead, by=case.owner)
            case.lead, case.deal = outcome.lead, outcome.opportunities[0]

    def deal(self, case: Case, start: datetime) -> None:
        """Plan the way of an opportunity through its stages, to its end if there is time for it."""
        at = self.later(start, 3, 14)
        self.plan(at, lambda: self.develop(case))
        is_quick = self.odds(0.25)
        for stage in ("propose", "close"):
            at = self.later(at, 6, 16 if is_quick else 34)
            self.plan(at, partial(self.move, case, stage))
            if self.odds(0.12):
                if self.odds(0.4):
                    self.plan(at + timedelta(days=2), lambda: self.rest(case))
                return
        end = self.later(at, 4, 15 if is_quick else 40)
        if self.odds(0.92):
            closes = self.win if self.odds(0.5) else self.lose
            self.plan(end, lambda: closes(case, end.date()))

    def develop(self, case: Case) -> None:
        if case.deal is None:
            return
        case.deal = update_opportunity(
            case.deal,
            by=case.owner,
            customer_need=case.interest[2],
            proposed_solution=case.interest[3],
            estimated_close_date=self.later(self.now, -10, 110).date() if self.odds(0.8) else None,
        )
        subject, text = self.pick(story.MEETINGS)
        log_meeting(
            case.deal, by=case.owner, subject=subject, text=text, duration=self.pick([45, 60, 90])
        )
        self.tick(case, "develop", 0.6)
        if case.deal.contact and self.odds(0.6):
            add_stakeholder(
                case.deal,
                by=case.owner,
                contact=case.deal.contact,
                role=self.pick(["champion", "decision_maker", "influencer"]),
            )
        self.next_step(case, case.deal, 0.75)

    def tick(self, case: Case, stage: str, chance: float) -> None:
        """Tick some boxes of a stage: all at once, as nobody will ask which came first."""
        StepTick.objects.bulk_create(
            StepTick(opportunity=case.deal, step=step, by=case.owner)
            for step in self.stages[stage].steps.all()
            if not step.field and self.odds(chance)
        )

    def move(self, case: Case, stage: str) -> None:
        if case.deal is None:
            return
        case.deal = move_to_stage(case.deal, by=case.owner, stage=self.stages[stage])
        self.tick(case, stage, 0.4)
        if self.odds(0.5):
            log_call(
                case.deal,
                by=case.owner,
                outcome="reached",
                text=self.pick(story.CALLS_REACHED),
                duration=12,
            )

    def rest(self, case: Case) -> None:
        if case.deal is not None:
            case.deal = put_on_hold(case.deal, by=case.owner)

    def win(self, case: Case, day: date) -> None:
        if case.deal is None:
            return
        self.finish(case)
        value = case.deal.value or Decimal(10_000)
        win(
            case.deal,
            by=case.owner,
            closed_on=day,
            closed_at=timezone.now(),  # of the past: created today, in a story a year ago
            actual_value=(value * self.pick([1, 1, 1, Decimal("0.95"), Decimal("1.1")])).quantize(
                Decimal("0.01")
            ),
            comment=self.pick(story.WON_COMMENTS),
        )

    def lose(self, case: Case, day: date) -> None:
        if case.deal is None:
            return
        self.finish(case)
        reason = self.pick(list(self.losses.values()))
        lose(
            case.deal,
            by=case.owner,
            closed_on=day,
            closed_at=timezone.now(),  # of the past: created today, in a story a year ago
            reason=reason,
            lost_to=self.pick(self.competitors) if self.odds(0.5) else None,
            comment=self.pick(story.LOST_COMMENTS),
        )

    def finish(self, case: Case) -> None:
        """Tick off what was planned: nobody leaves tasks on a closed deal."""
        if case.task is not None:
            complete(case.task, by=case.owner)
            case.task = None

    # The planted cases

    def _planted(self) -> None:
        rep, rep2 = self.people["rep"], self.people["rep2"]
        self._plant_open_leads(rep)
        self._plant_known_companies(rep)
        self._plant_qualified(rep, rep2)
        self._plant_deals(rep)
        manager, now = self.people["manager"], self.now
        self.plan(now - timedelta(days=3), lambda: papers.lay_out_survey(manager, rep))
        self.plan(now - timedelta(days=1), lambda: papers.lay_out_offer(rep, manager))

    def company(self, name: str, place: int, **changes: Any) -> dict[str, Any]:
        city, region, country, currency, _, _, pattern = names.PLACES[place]
        stem = " ".join(name.split()[:2]).lower().replace(" ", "-")
        return {
            "name": name,
            "website": f"https://www.{stem}.example",
            "domain": f"{stem}.example",
            "industry": names.trade_of(" ".join(name.split()[:2])),
            "employees": 240,
            "city": city,
            "region": region,
            "country": country,
            "currency": currency,
            "pattern": pattern,
            **changes,
        }

    def planted(
        self, key: str, company: dict[str, Any], owner: User, days: float, **extra: Any
    ) -> Case:
        """Plan a lead that the tour finds again by `key`, asked for so many days ago."""
        case = self.case(company, owner, external_id=f"tour-{key}" if key else "", **extra)
        if extra.get("decision_maker_known"):
            case.fields["decision_maker"] = " ".join(
                str(case.fields[name]) for name in ("first_name", "last_name")
            )
        self.plan(self.ago(days), lambda: self.capture(case))
        return case

    def ready(self) -> dict[str, Any]:
        """Return everything that a qualified decision needs."""
        return {
            "budget_amount": Decimal(84_000),
            "budget_status": "can_buy",
            "decision_maker_known": True,
            "purchase_process": "committee",
            "need": "must",
            "need_description": "One complaint in three is about a label that is not straight",
            "timeframe": "this_quarter",
            "estimated_value": Decimal(84_000),
            "estimated_close_date": (self.now + timedelta(days=55)).date(),
            "progress": "working",
        }

    def _plant_open_leads(self, rep: User) -> None:
        ready = self.planted(
            "ready",
            self.company("Larkspur Dairy GmbH", 0),
            rep,
            9,
            first_name="Hedda",
            last_name="Westergaard",
            email="hedda.westergaard@larkspur-dairy.example",
            rating="hot",
            **self.ready(),
        )
        self.plan(
            self.ago(4),
            lambda: log_call(
                ready.lead,
                by=rep,
                outcome="reached",
                duration=20,
                text="All four questions answered. She wants an offer this week.",
                next=Next("Qualify, then send the offer", self.today(15), "task"),
            ),
        )
        self.correspond(ready, AFTER_A_CALL, 3, story.ANSWERS[0], on="lead")
        person = {"first_name": "Elena", "last_name": "Marchetti", "phone": "+39 02 4811 2233"}
        silver = self.company("Silverbrook Logistics S.p.A.", 4)
        self.planted(
            "", silver, rep, 21, email="elena.marchetti@silverbrook-logistics.example", **person
        )
        self.planted(
            "twin",
            {**silver, "name": "Silverbrook Logistics"},
            rep,
            2,
            email="Elena.Marchetti@silverbrook-logistics.example",
            topic="Scanners for the new hall",
            description="Asked a second time, by the form: did the first request get lost?",
            **person,
        )
        given_up = self.planted("given-up", self.company("Hollowell Castings Ltd", 10), rep, 60)
        self.plan(
            self.ago(40),
            lambda: disqualify(
                given_up.lead,
                by=rep,
                reason=self.reasons["wrong-timing"],
                comment="They move to a new hall first.",
                revisit_on=(self.now + timedelta(days=30)).date(),
            ),
        )
        for number in range(3):
            self.planted("", self.companies[-1 - number], rep, number * 0.3 + 0.2)

    def today(self, hour: int) -> datetime:
        return timezone.localtime(self.now).replace(hour=hour, minute=0)

    def _plant_known_companies(self, rep: User) -> None:
        oak = self.company("Oakmere Foods B.V.", 3)
        self.plan(self.ago(299), lambda: self._known(oak, rep))
        self.planted(
            "known",
            {**oak, "name": "OAKMERE FOODS"},
            rep,
            3,
            job_title="",
            phone="",
            first_name="Saskia",
            last_name="Vandermeer",
            email="saskia.vandermeer@oakmere-foods.example",
        )
        outsider = self.people["outsider"]
        harbor = self.company("Harborlight Marine A/S", 9)
        self.plan(self.ago(199), lambda: self._customer(harbor, outsider))
        self.planted("elsewhere", harbor, rep, 5)
        copper = self.company("Copperfield Glass Inc.", 13)
        self.plan(self.ago(149), lambda: self._customer(copper, rep))
        undecided = self.planted(
            "undecided",
            self.company(
                "Copperfield Glass SARL", 2, website="", domain="copperfield-verre.example"
            ),
            rep,
            6,
        )
        self.plan(self.now - timedelta(days=1), lambda: self.qualify(undecided))

    def _known(self, company: dict[str, Any], owner: User) -> None:
        account = create_account(
            by=owner,
            owner=owner,
            name=company["name"],
            website=company["website"],
            country=company["country"],
            city=company["city"],
            currency=company["currency"],
        )
        create_contact(
            by=owner,
            owner=owner,
            account=account,
            first_name="Saskia",
            last_name="Vandermeer",
            job_title="Head of Procurement",
            email="saskia.vandermeer@oakmere-foods.example",
        )

    def _plant_qualified(self, rep: User, rep2: User) -> None:
        fresh = self.planted(
            "undo", self.company("Thistledown Paper AB", 8), rep, 6, **self.ready()
        )
        self.plan(
            self.ago(3),
            lambda: log_note(fresh.lead, by=rep, text=story.NOTES[1]),
        )
        self.plan(self.now - timedelta(hours=20), lambda: self.qualify(fresh))
        built = self.planted(
            "built-on", self.company("Ironwell Pumps LLC", 14), rep, 30, **self.ready()
        )
        self.plan(self.ago(21), lambda: self.qualify(built))
        self.plan(self.ago(14), lambda: self.develop(built))
        self.plan(
            self.ago(7),
            lambda: create_contact(
                by=rep2,
                owner=rep2,
                account=built.deal.account,
                first_name="Arlo",
                last_name="Pemberton",
                job_title="Maintenance Lead",
                email="arlo.pemberton@ironwell-pumps.example",
            ),
        )

    def correspond(
        self, case: Case, template: dict[str, Any], days: float, text: str, *, on: str
    ) -> None:
        """Plan an email about what a case has become, and the answer to it a few hours later."""
        sent: list[Activity] = []
        at = (self.now - timedelta(days=days)).replace(hour=9, minute=10)
        later = at + timedelta(hours=5)
        self.plan(at, lambda: sent.append(write(getattr(case, on), template, by=case.owner)))
        self.plan(later, lambda: answer(sent[0], text, at=later))

    def _plant_deals(self, rep: User) -> None:
        stale = self.planted(
            "", self.company("Quarrystone Chemicals AG", 7), rep, 120, **self.ready()
        )
        start = self.ago(104)
        self.plan(start, lambda: self.qualify(stale))
        self.plan(start + timedelta(days=20), lambda: self.silence(stale))

        closing = self.planted(
            "", self.company("Aurorafell Hotels Ltd", 10), rep, 80, **self.ready()
        )
        at = self.ago(69)
        self.plan(at, lambda: self.qualify(closing))
        for stage in ("propose", "close"):
            at += timedelta(days=20)
            self.plan(at, partial(self.move, closing, stage))
        self.correspond(closing, NEXT_STEP, 6, story.ANSWERS[1], on="deal")
        self.plan(self.now - timedelta(days=2), lambda: self.last_meeting(closing))

    def silence(self, case: Case) -> None:
        case.deal = move_to_stage(case.deal, by=case.owner, stage=self.stages["propose"])
        case.deal = update_opportunity(
            case.deal,
            by=case.owner,
            estimated_close_date=(self.now - timedelta(days=18)).date(),
        )
        self.mark(case, "stale")

    def mark(self, case: Case, key: str) -> None:
        """Let the tour find a deal again, without a line on its timeline that says so."""
        Opportunity.objects.filter(pk=case.deal.pk).update(external_id=f"tour-{key}")

    def last_meeting(self, case: Case) -> None:
        self.mark(case, "closing")
        log_call(
            case.deal,
            by=case.owner,
            outcome="reached",
            duration=15,
            text="The board has said yes. She signs as soon as the dates are in the contract.",
        )
        plan_meeting(
            case.deal,
            by=case.owner,
            subject="Sign the contract",
            due_at=self.today(14) + timedelta(days=1),
            duration=45,
        )

    # Moving moments to where they belong

    def _move_moments(self) -> None:
        """Give every moment that was written while the story ran the moment that it stands for."""
        ran = [moment for moment, _ in self.passed]
        ended = timezone.now()

        def meant(moment: datetime) -> datetime:
            place = bisect_right(ran, moment) - 1
            return self.passed[place][1] + (moment - ran[place])

        for model in moment_models():
            columns = [f for f in model._meta.concrete_fields if type(f) is models.DateTimeField]
            self._move_in(model, columns, ran[0], ended, meant)
        for cycle in Qualification.objects.order_by("pk"):
            for name in ("created_at", "changed_at", "touched_at", "ready_since"):
                text = cycle.frozen.get(name)
                if text and ran[0] <= (moment := datetime.fromisoformat(text)) <= ended:
                    cycle.frozen[name] = meant(moment).isoformat()
            cycle.save(update_fields=["frozen"])
        for state in PipelineState.objects.exclude(standing_before=""):
            state.save(update_fields=["days_before"])  # by the moments that it has now

    @staticmethod
    def _move_in(
        model: type[models.Model],
        columns: Sequence[models.Field[Any, Any]],
        start: datetime,
        end: datetime,
        meant: Callable[[datetime], datetime],
    ) -> None:
        adapt = connection.ops.adapt_datetimefield_value
        quote = connection.ops.quote_name
        for column in columns:
            rows = model._base_manager.filter(
                **{f"{column.attname}__gte": start, f"{column.attname}__lte": end}
            ).values_list("pk", column.attname)
            moved = [(adapt(meant(moment)), pk) for pk, moment in rows]
            if not moved:
                continue
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"UPDATE {quote(model._meta.db_table)} SET {quote(str(column.column))} = %s "  # noqa: S608
                    f"WHERE {quote(str(model._meta.pk.column))} = %s",
                    moved,
                )


def moment_models() -> Iterator[type[models.Model]]:
    """Return the models whose moments tell the story: records, their histories and their trail."""
    for room in ("accounts", "activities", "emails", "leads", "opportunities"):
        yield from apps.get_app_config(room).get_models()
    yield AuditEntry
