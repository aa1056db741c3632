"""Fill a database with many records at once, for benchmarks: in bulk, without operations."""

from __future__ import annotations

import itertools
import random
import time
from bisect import bisect
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import identity
from activities.models import Activity, ActivityLink
from crm.management.commands import _names as names
from leads.models import DisqualifyReason, Lead, Qualification, QualifiedOpportunity
from leads.rules import rules_in_force
from opportunities.models import LossReason, Opportunity, Source, Stage, StageMove
from records import keys
from records.models import Currency, Record
from users.models import Role, Team, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Deal = tuple[int, int, int | None, datetime]  # opportunity, account, contact, when it was opened

BATCH = 2000
SPAN = timedelta(days=730)
OPEN, QUALIFIED = 0.70, 0.86  # 70 % open, 16 % qualified, the rest disqualified
CALLS = [
    "Call back",
    "Send the brochure",
    "Agree on a date",
    "Ask for the budget",
    "Check the need",
]


class Command(BaseCommand):
    help = "Write many believable records, quickly. The same --seed writes the same ones."

    def add_arguments(self, parser: CommandParser) -> None:
        for kind in ("leads", "accounts", "contacts", "opportunities"):
            parser.add_argument(f"--{kind}", type=int, default=0)
        parser.add_argument("--activities", type=int, help="default: half as many as leads")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--history", action="store_true", help="write the first line of history too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        activities = options["activities"]
        sower = Sower(options["seed"], with_history=options["history"])
        sower.accounts(options["accounts"])
        sower.contacts(options["contacts"])
        sower.opportunities(options["opportunities"])
        sower.leads(options["leads"], options["leads"] // 2 if activities is None else activities)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        counts = ", ".join(f"{count} {name}" for name, count in sower.counts.items())
        self.stdout.write(f"{counts} in {time.monotonic() - started:.1f} s")


class Sower:
    """Writes records in batches; `random.Random` makes them the same each time."""

    def __init__(self, seed: int, *, with_history: bool) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.with_history = with_history
        self.counts: dict[str, int] = {}
        # To the minute, so that two runs on one day differ in nothing else.
        self.now = timezone.now().replace(second=0, microsecond=0)
        self.owners = self._owners()
        self.rules = rules_in_force(by=self.owners[0])
        # A few people own many records, most own few.
        self.shares = list(accumulate(1 / (rank + 1) for rank in range(len(self.owners))))
        self.rates = dict(Currency.objects.values_list("code", "rate"))
        self.sources = list(Source.objects.all())
        self.reasons = list(DisqualifyReason.objects.all())
        self.losses = list(LossReason.objects.all())
        self.stages = list(
            Stage.objects.filter(process__is_default=True, is_for_leads=False).order_by("position")
        )
        self.account_ids = list(Account.objects.values_list("pk", flat=True))
        self.contact_ids = list(Contact.objects.values_list("pk", "account_id"))
        self.types = {
            model: ContentType.objects.get_for_model(model).pk
            for model in (Account, Contact, Lead, Opportunity)
        }

    def _owners(self) -> list[User]:
        owners = list(User.objects.filter(is_active=True, is_superuser=False).order_by("pk"))
        if owners:
            return owners
        role = Role.objects.filter(name="Sales rep").first()
        for number in range(12):
            team, _ = Team.objects.get_or_create(name=f"Seed {number % 3 + 1}")
            owner = User(email=f"seed-{number + 1:02d}@seed.example", team=team)
            owner.name = f"{names.FIRST_NAMES[number * 7]} {names.LAST_NAMES[number * 11]}"
            owner.set_unusable_password()
            owner.save()
            if role is not None:
                owner.roles.add(role)
            owners.append(owner)
        return owners

    # Dice

    def owner(self) -> User:
        return self.owners[bisect(self.shares, self.random.random() * self.shares[-1])]

    def moment(self) -> datetime:
        """Return a moment of the last two years; business has grown, so later ones are likelier."""
        back = SPAN * (1 - self.random.random() ** 0.7)
        return self.now - timedelta(seconds=int(back.total_seconds()))

    def amount(self) -> Decimal:
        """Return an amount as deals have them: many small, few large."""
        return Decimal(round(self.random.lognormvariate(9.6, 1.0), -2)).quantize(Decimal("0.01"))

    def person(self, number: int) -> tuple[str, str, str]:
        """Return first name, last name and an address that nobody else has."""
        first = self.random.choice(names.FIRST_NAMES)
        last = self.random.choice(names.LAST_NAMES)
        return first, last, f"{first}.{last}.{number}".lower()

    # Kinds

    def accounts(self, count: int) -> None:
        taken = set(Account.all_objects.values_list("name_key", flat=True))
        free = (
            (number, name)
            for number in itertools.count()
            if keys.company_key(name := names.company_name(number)) not in taken
        )

        def made() -> Iterator[Account]:
            for number, name in islice(free, count):
                place = self.random.choice(names.PLACES)
                yield self.signed(
                    Account(
                        name=f"{name} {place[4]}",
                        website=f"https://www.{domain_of(name, number)}",
                        industry=names.trade_of(name),
                        employees=int(self.random.lognormvariate(5, 1.3)) + 1,
                        phone=names.phone_of(place[6], self.random.randrange(10**7)),
                        city=place[0],
                        region=place[1],
                        country=place[2],
                        currency=place[3],
                    )
                )

        self.sow("accounts", made(), Account, self._claim)
        self.account_ids = list(Account.objects.values_list("pk", flat=True))

    def contacts(self, count: int) -> None:
        start = Contact.all_objects.count()
        accounts = Account.objects.only("name", "name_key", "domain", "country", "website")
        # Loaded a batch at a time: the claims of a person need the key of the company.
        held: list[Account] = []

        def made() -> Iterator[Contact]:
            for number in range(start, start + count):
                if number % BATCH == start % BATCH and self.account_ids:
                    picks = self.random.sample(
                        self.account_ids, min(len(self.account_ids), BATCH // 3)
                    )
                    held[:] = accounts.in_bulk(picks).values()
                account = self.random.choice(held) if held else None
                first, last, local = self.person(number)
                place = self.random.choice(names.PLACES)
                yield self.signed(
                    Contact(
                        first_name=first,
                        last_name=last,
                        job_title=self.random.choice(names.JOB_TITLES),
                        email=f"{local}@{(account and account.domain) or 'mail.example'}",
                        phone=names.phone_of(place[6], self.random.randrange(10**7)),
                        account=account,
                        city=place[0],
                        country=place[2],
                    )
                )

        self.sow("contacts", made(), Contact, self._claim)
        self.contact_ids = list(Contact.objects.values_list("pk", "account_id"))

    def opportunities(self, count: int) -> None:
        def made() -> Iterator[Opportunity]:
            for _ in range(count):
                yield self.signed(self._opportunity())

        self.sow("opportunities", made(), Opportunity, self._moves)

    def _opportunity(self) -> Opportunity:
        contact_id, account_id = (
            self.random.choice(self.contact_ids) if self.contact_ids else (None, None)
        )
        if account_id is None and self.account_ids:
            account_id = self.random.choice(self.account_ids)
        currency = self.random.choice(names.PLACES)[3]
        opportunity = Opportunity(
            topic=self.random.choice(names.TOPICS),
            account_id=account_id,
            contact_id=contact_id,
            value=self.amount(),
            currency=currency,
            rate=self.rates.get(currency, Decimal(1)),
            source=self.random.choice(self.sources),
            created_at=self.moment(),
        )
        age = self.now - opportunity.created_at
        dice = self.random.random()
        # What is old is closed, mostly.
        is_open = dice < (0.9 if age < timedelta(days=60) else 0.18)
        stage = self.random.choices(self.stages, weights=range(len(self.stages), 0, -1))[0]
        opportunity.stage = stage if is_open else self.stages[-1]
        opportunity.probability = stage.probability
        opportunity.forecast_category = stage.forecast_category
        opportunity.stage_entered_at = opportunity.created_at + age * 0.4
        opportunity.estimated_close_date = (
            opportunity.created_at + timedelta(days=self.random.randrange(30, 200))
        ).date()
        if not is_open:
            closed_at = opportunity.created_at + min(
                age, timedelta(days=self.random.randrange(10, 150))
            )
            opportunity.closed_at, opportunity.closed_on = closed_at, closed_at.date()
            is_won = self.random.random() < 0.55
            opportunity.status = Opportunity.Status.WON if is_won else Opportunity.Status.LOST
            opportunity.probability = 100 if is_won else 0
            opportunity.stage_entered_at = min(opportunity.stage_entered_at, closed_at)
            if is_won:
                opportunity.actual_value = opportunity.value
            else:
                opportunity.loss_reason = self.random.choice(self.losses)
        return opportunity

    def _moves(self, batch: Sequence[Opportunity]) -> None:
        """Write how each got where it is."""
        moves = []
        for opportunity in batch:
            path = self.stages[: self.stages.index(opportunity.stage) + 1]
            span = opportunity.stage_entered_at - opportunity.created_at
            for place, stage in enumerate(path):
                moves.append(
                    StageMove(
                        opportunity=opportunity,
                        kind=StageMove.Kind.MOVED if place else StageMove.Kind.OPENED,
                        from_stage=path[place - 1] if place else None,
                        to_stage=stage,
                        at=opportunity.created_at + span * place / max(1, len(path) - 1),
                        by=opportunity.owner,
                        base_value=opportunity.base_value,
                    )
                )
            if opportunity.closed_at is not None:
                moves.append(
                    StageMove(
                        opportunity=opportunity,
                        kind=opportunity.status,
                        from_stage=opportunity.stage,
                        to_stage=opportunity.stage,
                        at=opportunity.closed_at,
                        by=opportunity.owner,
                        base_value=opportunity.base_value,
                        loss_reason=opportunity.loss_reason,
                    )
                )
        StageMove.objects.bulk_create(moves, batch_size=BATCH)

    def leads(self, count: int, activities: int) -> None:
        start = Lead.all_objects.count()
        # Opportunities that came from no lead yet: the qualified ones take them in turn.
        unclaimed = iter(
            Opportunity.objects.filter(qualification_links=None, account__isnull=False)
            .order_by("created_at", "pk")
            .values_list("pk", "account_id", "contact_id", "created_at")
        )
        wanted = {"activities": activities, "left": count}
        became: list[tuple[Lead, Deal]] = []

        def made() -> Iterator[Lead]:
            for number in range(start, start + count):
                lead = self._lead(number)
                dice = self.random.random()
                if dice >= QUALIFIED:
                    lead.status = Lead.Status.DISQUALIFIED
                    lead.disqualify_reason = self.random.choice(self.reasons)
                    lead.disqualified_at = lead.created_at + (self.now - lead.created_at) * 0.3
                    lead.disqualify_comment = "No answer to three calls"
                elif dice >= OPEN and (deal := next(unclaimed, None)) is not None:
                    lead.status = Lead.Status.QUALIFIED
                    lead.account_id, lead.contact_id = deal[1], deal[2]
                    lead.qualified_at = deal[3]
                    lead.created_at = deal[3] - timedelta(days=self.random.randrange(1, 60))
                    lead.cycles = 1
                    became.append((lead, deal))
                lead.changed_at = lead.created_at
                yield self.signed(lead)

        planned: list[tuple[Lead, Activity]] = []

        def plan(batch: Sequence[Lead]) -> None:
            share = round(wanted["activities"] * len(batch) / max(1, wanted["left"]))
            wanted["activities"] -= share
            wanted["left"] -= len(batch)
            planned[:] = self._activities(batch, share)

        def link(batch: Sequence[Lead]) -> None:
            self._qualifications(became)
            became.clear()
            self._write_activities(planned)

        self.sow("leads", made(), Lead, link, plan)

    def _lead(self, number: int) -> Lead:
        first, last, local = self.person(number)
        place = self.random.choice(names.PLACES)
        name = names.company_name(self.random.randrange(len(self.account_ids) * 2 + 500))
        is_asked = self.random.random
        lead = Lead(
            topic=self.random.choice(names.TOPICS),
            first_name=first,
            last_name=last,
            job_title=self.random.choice(names.JOB_TITLES),
            email=f"{local}@{domain_of(name, number)}" if is_asked() < 0.9 else "",
            phone=names.phone_of(place[6], self.random.randrange(10**7)),
            company=f"{name} {place[4]}",
            industry=names.trade_of(name),
            city=place[0],
            region=place[1],
            country=place[2],
            currency=place[3],
            rate=self.rates.get(place[3], Decimal(1)),
            source=self.random.choice(self.sources),
            rating=self.random.choice(["hot", "warm", "warm", "cold", ""]),
            estimated_value=self.amount(),
            progress=self.random.choice(["new", "new", "working", "working", "nurturing"]),
            created_at=self.moment(),
        )
        if is_asked() < 0.5:
            lead.budget_status, lead.budget_amount = "can_buy", lead.estimated_value
        if is_asked() < 0.4:
            lead.decision_maker_known, lead.decision_maker = True, f"{first} {last}"
        if is_asked() < 0.6:
            lead.need, lead.need_description = "must", "The old one fails too often"
        if is_asked() < 0.5:
            lead.timeframe = self.random.choice(["immediate", "this_quarter", "next_quarter"])
        return lead

    def _qualifications(self, pairs: Sequence[tuple[Lead, Deal]]) -> None:
        cycles, links = [], []
        for lead, deal in pairs:
            cycle = Qualification(
                lead=lead,
                seq=1,
                at=deal[3],
                by=lead.owner,
                account_id=deal[1],
                contact_id=deal[2],
                rule_version=str(self.rules.number),
                result={
                    "lead": lead.pk,
                    "account": {"id": deal[1], "outcome": "reused", "reasons": ["Same name"]},
                    "contact": {
                        "id": deal[2],
                        "outcome": "reused" if deal[2] else "skipped",
                        "reasons": [],
                    },
                    "opportunities": [deal[0]],
                    "receipt": f"/leads/{lead.pk}/receipt/",
                },
                before={"account": {}, "contact": {}},
            )
            cycles.append(cycle)
            links.append(
                QualifiedOpportunity(qualification=cycle, opportunity_id=deal[0], is_primary=True)
            )
        Qualification.objects.bulk_create(cycles, batch_size=BATCH)
        for link in links:
            link.qualification_id = link.qualification.pk
        QualifiedOpportunity.objects.bulk_create(links, batch_size=BATCH)

    def _activities(self, leads: Sequence[Lead], count: int) -> list[tuple[Lead, Activity]]:
        """Think of a task on some open leads, a call on others, and what lists show of them."""
        open_leads = [lead for lead in leads if lead.status == "open"]
        pairs = []
        for lead in self.random.sample(open_leads, min(count, len(open_leads))):
            activity = self.signed(Activity(owner=lead.owner, created_at=lead.created_at))
            if self.random.random() < 0.6:
                activity.kind, activity.status = Activity.Kind.TASK, Activity.Status.OPEN
                activity.subject = self.random.choice(CALLS)
                activity.due_at = self.now + timedelta(
                    hours=self.random.randrange(-24 * 20, 24 * 30)
                )
                lead.next_step, lead.next_step_kind = activity.subject, activity.kind
                lead.next_step_at = activity.due_at
            else:
                activity.kind, activity.outcome = Activity.Kind.CALL, "reached"
                activity.text = "Spoke about the need; they want to hear from us again."
                activity.done_at = lead.created_at + (self.now - lead.created_at) * 0.2
                lead.touched_at = lead.contacted_at = activity.done_at
            activity.derive()
            pairs.append((lead, activity))
        return pairs

    def _write_activities(self, pairs: Sequence[tuple[Lead, Activity]]) -> None:
        Activity.objects.bulk_create([activity for _, activity in pairs], batch_size=BATCH)
        ActivityLink.objects.bulk_create(
            [
                ActivityLink(
                    activity=activity,
                    record_type_id=self.types[Lead],
                    record_id=lead.pk,
                    is_origin=True,
                )
                for lead, activity in pairs
            ],
            batch_size=BATCH,
        )
        self.counts["activities"] = self.counts.get("activities", 0) + len(pairs)

    # Writing

    def is_ready(self, lead: Lead) -> bool:
        return self.rules.verdicts(lead).is_ready

    def signed(self, record: Any) -> Any:
        record.owner = record.owner or self.owner()
        record.created_by = record.changed_by = record.owner
        record.changed_at = record.created_at = (
            record.created_at
            if record.created_at < self.now - timedelta(seconds=90)
            else self.moment()
        )
        return record

    def sow(
        self,
        name: str,
        records: Iterator[Any],
        model: type[Record],
        then: Callable[[Sequence[Any]], None],
        before: Callable[[Sequence[Any]], None] = lambda batch: None,
    ) -> None:
        """Write records batch by batch, with what belongs to them."""
        count = 0
        while batch := list(islice(records, BATCH)):
            for record in batch:
                record.derive()
                if isinstance(record, Lead) and record.is_open and self.is_ready(record):
                    record.ready_since = record.created_at + (self.now - record.created_at) * 0.5
            before(batch)
            with transaction.atomic():
                model._base_manager.bulk_create(batch, batch_size=BATCH)
                if self.with_history:
                    history: Any = model.history
                    history.bulk_history_create(batch, batch_size=BATCH)
                then(batch)
            count += len(batch)
        if count:
            self.counts[name] = count

    @staticmethod
    def _claim(batch: Sequence[Account | Contact]) -> None:
        rows = [
            IdentityClaim(
                kind=kind,
                value=value,
                **{"account" if isinstance(record, Account) else "contact": record},
            )
            for record in batch
            for kind, value in identity.identities_of(record)
        ]
        IdentityClaim.objects.bulk_create(rows, batch_size=BATCH)


def domain_of(name: str, number: int) -> str:
    """Return the domain of a company; the same name further down has another one."""
    stem = name.lower().replace(" ", "-")
    return f"{stem}.example" if number % 2 else f"{stem.partition('-')[0]}-{number % 97}.example"
