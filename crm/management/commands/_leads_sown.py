"""The leads that `seed` writes, and what was done about them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from crm.management.commands import _names as names
from crm.management.commands._sower import BATCH, Sower, Told, domain_of
from leads.models import Lead, Qualification, QualifiedOpportunity
from opportunities.models import Opportunity
from records import keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crm.management.commands._bulk import Row

Deal = tuple[int, int, int | None, datetime]  # opportunity, account, contact, when it was opened

OPEN, QUALIFIED = 0.70, 0.86  # 70 % open, 16 % qualified, the rest disqualified
WHOLE = 5_000  # leads that are made whole; of their parts all others are put together
# What of a lead depends on the person alone, or on the person and the city.
OF_PERSON = ("first_name", "last_name", "name_key", "block_name", "block_home", "block_home_2")


@dataclass(frozen=True)
class Pattern:
    """A lead that was made whole: its row, and what has to be known to put others together."""

    row: Row
    city: str
    full_name: str
    domain: str  # of the address, empty where there is none
    company: str
    topic: str
    phones: tuple[str, ...]  # by which it is found
    is_ready: bool


@dataclass
class Sown:
    """A lead that is about to be written."""

    row: Row
    pk: int
    owner: int
    created_at: datetime
    deal: Deal | None = None


class LeadSower(Sower):
    """Writes leads too: some thousand patterns are derived, and all leads share their parts.

    Each has its own address, owner, story and days, and a person of its own in a company of the
    same city. What is derived of a name, a company or a number stands in the pattern that has it.
    """

    def leads(self, count: int, activities: int) -> None:
        """Write leads, and so many activities on those that nothing came of yet."""
        start = Lead.all_objects.count()
        patterns = [self._pattern(start + number) for number in range(min(count, WHOLE))]
        self.of_city: dict[str, list[Pattern]] = defaultdict(list)
        for pattern in patterns:
            self.of_city[pattern.city].append(pattern)
        deals = self._unclaimed()
        for done in range(0, count, BATCH):
            size = min(BATCH, count - done)
            made = patterns[done : done + size]
            made += self.random.choices(patterns, k=size - len(made)) if len(made) < size else []
            batch = [self._sown(start + done + n, each, deals) for n, each in enumerate(made)]
            share = round(activities * size / (count - done))
            told = self._told([each for each in batch if each.deal is None], share)
            self.write_rows(Lead, [each.row for each in batch])
            self._qualifications(batch)
            self.write_activities(told)
            activities -= share
            self.counts["leads"] = self.counts.get("leads", 0) + size

    def _unclaimed(self) -> Iterator[Deal]:
        """Return opportunities that came from no lead yet: the qualified ones take them in turn."""
        rows = Opportunity.objects.filter(qualification_links=None, account__isnull=False)
        told = rows.order_by("created_at", "pk")
        return iter(list(told.values_list("pk", "account_id", "contact_id", "created_at")))

    def _pattern(self, number: int) -> Pattern:
        lead = self._lead(number)
        lead.derive()
        lead.pk = 0
        return Pattern(
            self.tables[Lead].row_of(lead),
            lead.city,
            lead.full_name,
            lead.email.partition("@")[2],
            lead.company,
            lead.topic,
            (lead.phone, lead.phone_key, lead.mobile_key),
            self.rules.verdicts(lead).is_ready,
        )

    def _sown(self, number: int, pattern: Pattern, deals: Iterator[Deal]) -> Sown:
        table, row = self.tables[Lead], [*pattern.row]
        person = self.random.choice(self.of_city[pattern.city])
        for name in OF_PERSON:
            row[table.places[name]] = person.row[table.places[name]]
        email = ""
        if pattern.domain:
            email = f"{person.full_name.replace(' ', '.')}.{number}@{pattern.domain}".lower()
        sown = Sown(row, table.number(), self.owner().pk, self.moment())
        self._decide(sown, pattern, deals)
        table.put(
            row,
            id=sown.pk,
            owner_id=sown.owner,
            created_by_id=sown.owner,
            changed_by_id=sown.owner,
            created_at=sown.created_at,
            changed_at=sown.created_at,
            email=email,
            email_key=email,
            block_mail=email[:5],
            search=keys.search_text(
                person.full_name, pattern.company, pattern.topic, email, *pattern.phones
            ),
        )
        return sown

    def _decide(self, sown: Sown, pattern: Pattern, deals: Iterator[Deal]) -> None:
        """Say what has become of a lead."""
        table, dice = self.tables[Lead], self.random.random()
        since = self.now - sown.created_at
        if dice >= QUALIFIED:
            table.put(
                sown.row,
                status=Lead.Status.DISQUALIFIED,
                disqualify_reason_id=self.random.choice(self.reasons).pk,
                disqualified_at=sown.created_at + since * 0.3,
                disqualify_comment="No answer to three calls",
            )
        elif dice >= OPEN and (deal := next(deals, None)) is not None:
            sown.deal = deal
            sown.created_at = deal[3] - timedelta(days=self.random.randrange(1, 60))
            table.put(
                sown.row,
                status=Lead.Status.QUALIFIED,
                account_id=deal[1],
                contact_id=deal[2],
                qualified_at=deal[3],
                cycles=1,
            )
        elif pattern.is_ready:
            table.put(sown.row, ready_since=sown.created_at + since * 0.5)

    def _lead(self, number: int) -> Lead:
        first, last, local = self.person(number)
        place = self.random.choice(names.PLACES)
        name = names.company_name(self.random.randrange(len(self.firms) * 2 + 500))
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

    # What was done

    def _qualifications(self, batch: Sequence[Sown]) -> None:
        cycles, links = [], []
        for sown in batch:
            if sown.deal is None:
                continue
            opportunity, account, contact, at = sown.deal
            cycle = Qualification(
                lead_id=sown.pk,
                seq=1,
                at=at,
                by_id=sown.owner,
                account_id=account,
                contact_id=contact,
                rule_version=str(self.rules.number),
                result={
                    "lead": sown.pk,
                    "account": {"id": account, "outcome": "reused", "reasons": ["Same name"]},
                    "contact": {
                        "id": contact,
                        "outcome": "reused" if contact else "skipped",
                        "reasons": [],
                    },
                    "opportunities": [opportunity],
                    "receipt": f"/leads/{sown.pk}/receipt/",
                },
                before={"account": {}, "contact": {}},
                pk=self.tables[Qualification].number(),
            )
            cycles.append(cycle)
            links.append(
                QualifiedOpportunity(
                    qualification_id=cycle.pk, opportunity_id=opportunity, is_primary=True
                )
            )
        self.write(Qualification, cycles)
        self.write(QualifiedOpportunity, links)

    def _told(self, batch: Sequence[Sown], count: int) -> list[Told]:
        """Think of a task on some leads, of calls on many, and of what lists show of them."""
        each, rest = divmod(count, len(batch)) if batch else (0, 0)
        others = set(self.random.sample(range(len(batch)), rest))
        table, told = self.tables[Lead], []
        for place, sown in enumerate(batch):
            wanted = each + (place in others)
            is_open = sown.row[table.places["status"]] == Lead.Status.OPEN
            if wanted and is_open and self.random.random() < 0.6:
                task = self.a_task(Lead, sown.pk, sown.owner, sown.created_at)
                table.put(
                    sown.row,
                    next_step=task.subject,
                    next_step_kind=task.kind,
                    next_step_at=task.at,
                )
                told.append(task)
                wanted -= 1
            calls = [self.a_call(Lead, sown.pk, sown.owner, sown.created_at) for _ in range(wanted)]
            if calls:
                days = [call.at for call in calls]
                table.put(sown.row, touched_at=max(days), contacted_at=min(days))
            told += calls
        return told
