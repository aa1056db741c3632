"""The accounts, contacts and opportunities that `seed` writes."""

from __future__ import annotations

import itertools
import random
from bisect import bisect
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone

from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import identity
from activities.models import Activity, ActivityLink
from crm.management.commands import _names as names
from crm.management.commands._bulk import Table
from leads.models import DisqualifyReason, Lead, Qualification, QualifiedOpportunity
from leads.rules import rules_in_force
from opportunities.models import LossReason, Opportunity, PipelineState, Source, Stage, StageMove
from records import keys
from records.models import Currency
from users.models import Role, Team, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crm.management.commands._bulk import Row

BATCH = 2000
SPAN = timedelta(days=730)
WRITTEN = (
    Account,
    Contact,
    IdentityClaim,
    Opportunity,
    StageMove,
    PipelineState,
    Lead,
    Qualification,
    QualifiedOpportunity,
    Activity,
    ActivityLink,
)

TASKS = [
    "Call back",
    "Send the brochure",
    "Agree on a date",
    "Ask for the budget",
    "Check the need",
]
HEARD = [
    "Spoke about the need; they want to hear from us again.",
    "Left a message with the office.",
    "They compare two offers and decide next month.",
    "The old one fails too often, above all in winter.",
    "Asked who signs; it is the plant manager.",
]


@dataclass(frozen=True)
class Told:
    """A task that is open, or a call that was made: on which record, whose, and when."""

    kind: str
    subject: str
    text: str
    record: tuple[type[Model], int]
    owner: Any
    created_at: datetime
    at: datetime


class Sower:
    """Writes records in batches; `random.Random` makes them the same each time, on each engine."""

    def __init__(self, seed: int, *, with_history: bool) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.with_history = with_history
        self.counts: dict[str, int] = {}
        self.rows_of_words: dict[tuple[str, str, str], Row] = {}
        # To the minute, so that two runs on one day differ in nothing else.
        self.now = timezone.now().replace(second=0, microsecond=0)
        self.tables: dict[type[Model], Table] = {model: Table(model) for model in WRITTEN}
        self.owners = self._owners()
        self.rules = rules_in_force(by=self.owners[0])
        # A few people own many records, most own few.
        self.shares = list(accumulate(1 / (rank + 1) for rank in range(len(self.owners))))
        self.rates = dict(Currency.objects.values_list("code", "rate"))
        self.sources = list(Source.objects.order_by("pk"))
        self.reasons = list(DisqualifyReason.objects.order_by("pk"))
        self.losses = list(LossReason.objects.order_by("pk"))
        self.stages = list(
            Stage.objects.filter(process__is_default=True, is_for_leads=False).order_by("position")
        )
        # Of each company what its people need to know of it.
        self.firms: list[tuple[int, str, str]] = list(
            Account.objects.order_by("pk").values_list("pk", "name_key", "domain")
        )
        self.people: list[tuple[int, int | None]] = list(
            Contact.objects.order_by("pk").values_list("pk", "account_id")
        )
        self.types: dict[type[Model], int] = {
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
        return min(
            self.now - timedelta(seconds=int(back.total_seconds())),
            self.now - timedelta(seconds=90),
        )

    def soon(self) -> datetime:
        """Return when something is due: some weeks ago, or in a month at the latest."""
        return self.now + timedelta(hours=self.random.randrange(-24 * 20, 24 * 30))

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

        def then(batch: Sequence[Account]) -> None:
            self._claim(batch)
            self.firms += [(account.pk, account.name_key, account.domain) for account in batch]

        self.sow("accounts", made(), Account, then)

    def contacts(self, count: int) -> None:
        start = Contact.all_objects.count()

        def made() -> Iterator[Contact]:
            for number in range(start, start + count):
                account = None
                if self.firms:
                    pk, name_key, domain = self.random.choice(self.firms)
                    account = Account(pk=pk, name_key=name_key, domain=domain)
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

        def then(batch: Sequence[Contact]) -> None:
            self._claim(batch)
            self.people += [(contact.pk, contact.account_id) for contact in batch]

        self.sow("contacts", made(), Contact, then)

    def opportunities(self, count: int) -> None:
        def made() -> Iterator[Opportunity]:
            for _ in range(count):
                yield self.signed(self._opportunity())

        def then(batch: Sequence[Opportunity]) -> None:
            self._moves(batch)
            self.write_activities(
                [
                    Told(
                        each.next_step_kind,
                        each.next_step,
                        "",
                        (Opportunity, each.pk),
                        each.owner_id,
                        each.created_at,
                        each.next_step_at,
                    )
                    for each in batch
                    if each.next_step_at
                ]
            )

        self.sow("opportunities", made(), Opportunity, then)

    def _opportunity(self) -> Opportunity:
        contact_id, account_id = self.random.choice(self.people) if self.people else (None, None)
        if account_id is None and self.firms:
            account_id = self.random.choice(self.firms)[0]
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
        if is_open and self.random.random() < 0.7:
            opportunity.next_step = self.random.choice(TASKS)
            opportunity.next_step_kind, opportunity.next_step_at = "task", self.soon()
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
            owner: Any = opportunity.owner_id
            path = self.stages[: self.stages.index(opportunity.stage) + 1]
            span = opportunity.stage_entered_at - opportunity.created_at
            for place, stage in enumerate(path):
                moves.append(
                    StageMove(
                        opportunity_id=opportunity.pk,
                        kind=StageMove.Kind.MOVED if place else StageMove.Kind.OPENED,
                        from_stage=path[place - 1] if place else None,
                        to_stage=stage,
                        at=opportunity.created_at + span * place / max(1, len(path) - 1),
                        by_id=owner,
                        base_value=opportunity.base_value,
                    )
                )
            if opportunity.closed_at is not None:
                moves.append(
                    StageMove(
                        opportunity_id=opportunity.pk,
                        kind=opportunity.status,
                        from_stage=opportunity.stage,
                        to_stage=opportunity.stage,
                        at=opportunity.closed_at,
                        by_id=owner,
                        base_value=opportunity.base_value,
                        loss_reason_id=opportunity.loss_reason_id,
                    )
                )
        self.write(StageMove, moves)
        self.write(PipelineState, [state for each in batch for state in self._states(each)])

    def _states(self, opportunity: Opportunity) -> Iterator[PipelineState]:
        """Return what an opportunity was on the way that `_moves` tells."""
        path = self.stages[: self.stages.index(opportunity.stage) + 1]
        span = opportunity.stage_entered_at - opportunity.created_at
        starts = [
            opportunity.created_at + span * place / max(1, len(path) - 1)
            for place in range(len(path))
        ]
        steps: list[tuple[datetime, Stage | None]] = list(zip(starts, path, strict=True))
        if opportunity.closed_at is not None:
            steps.append((opportunity.closed_at, None))
        last: PipelineState | None = None
        for at, stage in steps:
            state = PipelineState.of(opportunity)
            state.from_at = at
            if stage is not None and opportunity.closed_at is not None:
                state.standing = PipelineState.Standing.OPEN
            if stage is not None and (stage is not path[-1] or opportunity.closed_at is not None):
                state.stage, state.probability = stage, stage.probability
                state.forecast_category = stage.forecast_category
            if last is not None:
                if at <= last.from_at:  # what lasted no time has not been
                    last.standing, last.stage = state.standing, state.stage
                    last.probability = state.probability
                    last.forecast_category = state.forecast_category
                    continue
                last.until_at = at
                state.follow(last)
                yield last
            last = state
        if last is not None:
            yield last

    # What was done

    def a_task(self, model: type[Model], pk: int, owner: int, created_at: datetime) -> Told:
        subject = self.random.choice(TASKS)
        return Told("task", subject, "", (model, pk), owner, created_at, self.soon())

    def a_call(self, model: type[Model], pk: int, owner: int, created_at: datetime) -> Told:
        text = f"{self.random.choice(HEARD)} {self.random.choice(names.TOPICS)}."
        at = created_at + (self.now - created_at) * self.random.random()
        return Told("call", "", text, (model, pk), owner, created_at, at.replace(microsecond=0))

    def write_activities(self, told: Sequence[Told]) -> None:
        """Write activities, each on the record where it was written."""
        table, links = self.tables[Activity], self.tables[ActivityLink]
        rows, linked = [], []
        for each in told:
            row = [*self._activity_row(each.kind, each.subject, each.text)]
            is_done = each.kind == "call"
            number = table.number()
            table.put(
                row,
                id=number,
                owner_id=each.owner,
                created_by_id=each.owner,
                changed_by_id=each.owner,
                created_at=each.created_at,
                changed_at=each.created_at,
                due_at=None if is_done else each.at,
                done_at=each.at if is_done else None,
            )
            rows.append(row)
            model, record = each.record
            shown = [*self._link_row]
            links.put(
                shown,
                id=links.number(),
                activity_id=number,
                record_type_id=self.types[model],
                record_id=record,
            )
            linked.append(shown)
        self.write_rows(Activity, rows)
        self.write_rows(ActivityLink, linked)
        self.counts["activities"] = self.counts.get("activities", 0) + len(rows)

    def _activity_row(self, kind: str, subject: str, text: str) -> Row:
        """Return the row of an activity with these words; what is derived of them, once."""
        if row := self.rows_of_words.get((kind, subject, text)):
            return row
        activity = Activity(pk=0, kind=kind, subject=subject, text=text)
        if kind == "task":
            activity.status = Activity.Status.OPEN
        else:
            activity.outcome = "reached"
        activity.derive()
        row = self.rows_of_words[kind, subject, text] = self.tables[Activity].row_of(activity)
        return row

    @cached_property
    def _link_row(self) -> Row:
        return self.tables[ActivityLink].row_of(ActivityLink(pk=0, is_origin=True))

    # Writing

    def signed(self, record: Any) -> Any:
        """Say whose a record is, and when it was made where that is not said yet."""
        if record.owner_id is None:
            record.owner_id = self.owner().pk
        record.created_by_id = record.changed_by_id = record.owner_id
        if record.created_at > self.now - timedelta(seconds=90):
            record.created_at = self.moment()
        record.changed_at = record.created_at
        return record

    def sow(
        self,
        name: str,
        records: Iterator[Any],
        model: type[Model],
        then: Callable[[Sequence[Any]], None],
    ) -> None:
        """Write records batch by batch, with what belongs to them."""
        while batch := list(islice(records, BATCH)):
            for record in batch:
                record.derive()
            self.write(model, batch)
            then(batch)
            self.counts[name] = self.counts.get(name, 0) + len(batch)

    def write(self, model: type[Model], records: Sequence[Model]) -> None:
        """Write records that have no rows yet."""
        table = self.tables[model]
        self.write_rows(model, [table.row_of(record) for record in records])

    def write_rows(self, model: type[Model], rows: Sequence[Row]) -> None:
        if not rows:
            return
        self.tables[model].write(rows)
        history: Any = getattr(model, "history", None)
        if self.with_history and history is not None:
            written = model._base_manager.filter(pk__gt=self.tables[model].last - len(rows))
            history.bulk_history_create(list(written.order_by("pk")), batch_size=BATCH)

    def go_on(self) -> None:
        """Let the database number what comes after."""
        for table in self.tables.values():
            table.go_on()

    def _claim(self, batch: Sequence[Account | Contact]) -> None:
        claims = []
        for record in batch:
            holder = "account_id" if isinstance(record, Account) else "contact_id"
            claims += [
                IdentityClaim(kind=kind, value=value, **{holder: record.pk})
                for kind, value in identity.identities_of(record)
            ]
        self.write(IdentityClaim, claims)


def domain_of(name: str, number: int) -> str:
    """Return the domain of a company; the same name further down has another one."""
    stem = name.lower().replace(" ", "-")
    return f"{stem}.example" if number % 2 else f"{stem.partition('-')[0]}-{number % 97}.example"
