"""Leads with hostile values and random conditions on them, to compare both evaluations."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import JSONField, Value
from django.utils import timezone

from accounts.models import Account
from leads.models import DisqualifyReason, Lead
from opportunities.models import Campaign, Product, Source
from records.conditions import (
    PERIODS,
    WITHOUT_VALUE,
    ConditionIsWrong,
    Field,
    Group,
    addressed,
    as_data,
    holds,
    names_in,
    parse,
    stored,
)
from records.vocabulary import fields_of, reader_of
from users.models import Team, User

if TYPE_CHECKING:
    from collections.abc import Callable

# A zone with summer time, far from UTC: days begin where we are.
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 3, 0, 30, tzinfo=ZONE)

NAUGHTY = Path(__file__).parent / "data" / "naughty-strings" / "blns.json"
TEXTS = [
    "", " ", "Acme", "ACME", "acme gmbh", "  Acme  ", "Ärger", "ärger", "İstanbul", "ß", "SS",
    "50%", "%", "_", "a_b", "a%b", "100%_", "O'Neil", '"quoted"', "back\\slash", "DE", "de", "0",
    "007", "1e5", "-1", "٣", "２", "e\u0301", "\u00e9", "\u00a0x\u00a0", "a\nb", "a\tb", "\u2028",
    "🤖", "null", "None", "true", "[]", "{}", "?", "%s", "{0}", "$1", "x" * 90,
]  # fmt: skip
NUMBERS = [0, 1, 5, 10, 49, 50, 10_000, 2_147_483_647]
AMOUNTS = [
    Decimal(text)
    for text in ("0", "0.01", "0.1", "0.10", "99.99", "100", "10000", "10000.10", "999999999999.99")
]

OWN = {
    "custom.note": Field("custom.note", "note", "text", path="custom.note"),
    "custom.size": Field("custom.size", "size", "number", path="custom.size"),
    "custom.due-on": Field("custom.due-on", "due on", "date", path="custom.due-on"),
    "custom.fee": Field("custom.fee", "fee", "money", path="custom.fee"),
    "custom.buddy": Field(
        "custom.buddy", "buddy", "choice", (("5", "Ada"), ("50", "Bob")), "custom.buddy"
    ),
    "custom.partner": Field("custom.partner", "partner", "link", path="custom.partner"),
    "custom.call": Field("custom.call", "call", "moment", path="custom.call"),
    "custom.vip": Field("custom.vip", "important", "yes_no", path="custom.vip"),
    "custom.color": Field(
        "custom.color", "color", "choice", (("red", "Red"), ("blue", "Blue")), "custom.color"
    ),
    "custom.tags": Field(
        "custom.tags", "tags", "choices", (("a", "A"), ("b", "B"), ("c", "C")), "custom.tags"
    ),
}
# What may stand in a JSON column after a field has become another one, or worse.
VALUES: list[Any] = [
    None, True, False, 0, 1, 5, -5, 50, 10**15, 10**15 - 1, 10**20, 0.5, 5.0, 1e300, "", " ", "5",
    "5.0", "-5", "12.5", "0.1", "007", "+5", "1e5", " 5", "5 ", "5\n", ".5", "5.", "1,5", "٣",
    "123456789012345", "1234567890123456", "12345678901234.5", "0.00000000000001", "red", "blue",
    "RED", "a", "true", "2026-11-03", "2026-11-02", "2026-13-01", "2026-02-30", "2026-11-03 ",
    "03.11.2026", "2026-11-03T00:00:00Z", [], ["a"], ["a", "b"], ["c", "a"], [1, "b", None],
    [["a"]], [None], [""], {}, {"a": 1}, {"a": "a"}, {"amount": "12.5", "currency": "EUR"},
    {"amount": "-5.00", "currency": "USD"}, {"amount": 5}, {"amount": "1e5"}, {"amount": "1,5"},
    {"amount": None}, {"amount": "123456789012345678"}, "2026-11-03T05:00:00Z",
    "2026-11-03T04:59:59Z", "2026-11-03T24:00:00Z", "2026-11-04T05:00:00+00:00",
]  # fmt: skip


def texts(rng: Random) -> list[str]:
    """Return texts that any database can store, most of them hostile."""
    naughty = [
        text
        for text in json.loads(NAUGHTY.read_text())
        if len(text) <= 80 and "\x00" not in text and text.isprintable()
    ]
    return TEXTS + rng.sample(naughty, 30)


def moments(rng: Random) -> datetime:
    """Return a moment, often just before, at or after the beginning of a day of ours."""
    midnight = (NOW - timedelta(days=rng.choice([-3, -1, 0, 0, 1, 2, 3, 7, 30, 400]))).replace(
        hour=0, minute=0
    )
    near = rng.choice([-1, 0, 1, 3_600_000_000, rng.randrange(86_400_000_000)])
    return midnight.astimezone(UTC) + timedelta(microseconds=near)


def make_world(rng: Random, count: int) -> None:
    """Insert `count` leads with whatever a column can hold, and what they refer to.

    By hand and not by operations: a value must not become harmless on its way in.
    """
    lists: dict[Any, list[Any]] = {}
    for model in (Source, Campaign, Product, DisqualifyReason):
        for number in range(4):
            model.objects.create(
                key=f"k-{number}", name=f"{model.__name__} {number}", is_active=number != 3
            )
        lists[model] = [None, *model.objects.order_by("pk")]
    teams = [None, *(Team.objects.create(name=f"Team {n} of the world") for n in range(2))]
    people = [
        User.objects.create(email=f"p{n}@world.example", team=rng.choice(teams), is_active=n != 3)
        for n in range(4)
    ]
    words = texts(rng)
    accounts = [
        Account(
            name="A",
            industry=rng.choice(words),
            country=rng.choice(["", "DE", "FR"]),
            employees=rng.choice([None, *NUMBERS]),
            owner=rng.choice([None, *people]),
            deleted_at=rng.choice([None, None, timezone.now()]),
        )
        for _ in range(6)
    ]
    for each in accounts:
        each.derive()
        each.save()
    leads = []
    for number in range(count):
        status = rng.choice(["open", "open", "open", "disqualified"])
        lead = Lead(
            topic=f"Topic {number}",
            company=rng.choice(words)[:190] or "x",
            first_name=rng.choice(["", "Ada", " "]),
            city=rng.choice(words)[:90],
            industry=rng.choice(words)[:90],
            description=rng.choice(words),
            email=rng.choice(["", "ada@engine.example", "no address"]),
            phone=rng.choice(["", "+49 30 1234567", "12"]),
            country=rng.choice(["", "DE", "FR", "AT"]),
            employees=rng.choice([None, *NUMBERS]),
            annual_revenue=rng.choice([None, *AMOUNTS, Decimal("9999999999999.99")]),
            budget_amount=rng.choice([None, *AMOUNTS]),
            budget_status=rng.choice(["", *Lead.BudgetStatus.values]),
            decision_maker_known=rng.choice([None, True, False]),
            decision_maker=rng.choice(["", "", " ", "\u2028", "Ada"]),
            purchase_process=rng.choice(["", *Lead.PurchaseProcess.values]),
            need=rng.choice(["", *Lead.Need.values]),
            need_description=rng.choice(["", "\u00a0", "Engines"]),
            timeframe=rng.choice(["", *Lead.Timeframe.values]),
            estimated_close_date=rng.choice([None, moments(rng).astimezone(ZONE).date()]),
            score=rng.choice([None, 0, 50]),
            rating=rng.choice(["", *Lead.Rating.values]),
            consent=rng.choice([True, False]),
            source=rng.choice(lists[Source]),
            campaign=rng.choice(lists[Campaign]),
            owner=rng.choice([None, *people]),
            account=rng.choice([None, *accounts]),
            created_at=moments(rng),
            touched_at=rng.choice([None, moments(rng)]),
            contacted_at=rng.choice([None, moments(rng)]),
            status=status,
            disqualified_at=moments(rng) if status == "disqualified" else None,
            disqualify_reason=lists[DisqualifyReason][1] if status == "disqualified" else None,
            custom={
                key: rng.choice(VALUES)
                for key in (name.removeprefix("custom.") for name in OWN)
                if rng.random() < 0.8
            },
        )
        lead.derive()
        leads.append(lead)
    for lead in rng.sample(leads, min(3, count)):
        lead.custom = rng.choice([[], Value(None, JSONField()), "text", 7, ["note"]])
    Lead.objects.bulk_create(leads)
    products = lists[Product][1:]
    for lead in Lead.objects.order_by("pk"):
        lead.products.set(rng.sample(products, rng.choice([0, 0, 1, 2, 4])))


def all_fields() -> dict[str, Field]:
    """Return what can be asked of these leads."""
    return {**fields_of(Lead, None, is_for_viewer=True), **OWN}


def any_test(rng: Random, fields: dict[str, Field]) -> dict[str, Any]:
    """Return a random test as data; its value is of the right type, and often hostile."""
    about = fields[rng.choice(sorted(fields))]
    comparison = rng.choice(about.comparisons)
    data: dict[str, Any] = {"field": about.name, "is": comparison}
    if comparison in WITHOUT_VALUE:
        return data
    if comparison == "during":
        return data | {"value": rng.choice(sorted(PERIODS))}
    if comparison in {"one_of", "none_of", "any_of", "all_of"}:
        return data | {"value": [_value(rng, about) for _ in range(rng.randint(1, 3))]}
    if comparison.endswith("_days"):
        return data | {"value": rng.choice([0, 1, 2, 7, 30, 36_500])}
    return data | {"value": _value(rng, about)}


def _value(rng: Random, about: Field) -> Any:
    match about.type:
        case "text":
            words = [word for word in TEXTS if word.strip()]
            return rng.choice([*words, "a", "ac", "DE", "5", "red"])
        case "number" | "money" | "link":
            extreme = ["999999999999999", "-0.000000000000001", "99999999999999.9"]
            return str(rng.choice([*NUMBERS, *AMOUNTS, "-5", "12.5", "0.1", *extreme]))
        case "date" | "moment":
            day = (NOW - timedelta(days=rng.choice([-1, 0, 1, 2, 30, 400]))).date()
            return rng.choice([day.isoformat(), "1900-01-01", "2999-12-31", "2026-11-03"])
    keys = [key for key, _label in (*about.choices, *about.retired)]
    return rng.choice([*rng.sample(keys, min(4, len(keys))), "gone", "7", "9" * 30, "DE"])


def any_valid_test(rng: Random, fields: dict[str, Field]) -> dict[str, Any]:
    """Return a random test that somebody could write today, as it is stored."""
    while True:
        try:
            [test] = parse({"all": [any_test(rng, fields)]}, fields).parts
        except ConditionIsWrong:
            continue
        return as_data(test)


def any_data(
    rng: Random,
    fields: dict[str, Field],
    one: Callable[[Random, dict[str, Field]], dict[str, Any]] = any_test,
) -> dict[str, Any]:
    """Return a random condition of up to four levels, as data."""

    def group(depth: int) -> dict[str, Any]:
        parts = [
            group(depth + 1) if depth < 4 and rng.random() < 0.25 else one(rng, fields)
            for _ in range(rng.choice([1, 1, 2, 2, 3, 4]))
        ]
        return {rng.choice(["all", "any"]): parts}

    return group(1)


def any_condition(rng: Random, fields: dict[str, Field]) -> Group:
    """Return a random condition, read as it is stored; often as somebody means it."""
    condition = stored(any_data(rng, fields), fields)
    people = [key for key, _label in (*fields["owner"].choices, *fields["owner"].retired)]
    if not people or rng.random() < 0.3:
        return condition
    team = rng.sample(people, rng.randint(1, len(people)))
    return addressed(condition, me=rng.choice(people), team=team)  # type: ignore[return-value]


class Compared:
    """Leads loaded once; each condition is asked of all of them, in both ways."""

    def __init__(self, fields: dict[str, Field]) -> None:
        self.fields = fields
        everything = parse(
            {"any": [{"field": name, "is": f.comparisons[-1]} for name, f in _related(fields)]},
            fields,
        )
        rows = Lead.objects.with_answers_to(everything, fields).order_by("pk")
        self.readers = {lead.pk: reader_of(lead) for lead in rows}
        self.pairs = self.met = 0

    def differences(self, condition: Group, *, now: datetime = NOW) -> list[str]:
        """Return what the two ways say differently of which lead."""
        found = set(
            Lead.objects.meeting(condition, self.fields, now=now).values_list("pk", flat=True)
        )
        held = {pk for pk, read in self.readers.items() if holds(condition, read, now=now)}
        self.pairs += len(self.readers)
        self.met += len(held)
        return [
            f"lead {pk} {'only by hand' if pk in held else 'only in the database'}: {condition}"
            for pk in sorted(found ^ held)
        ]


def _related(fields: dict[str, Field]) -> list[tuple[str, Field]]:
    return [(name, about) for name, about in fields.items() if "__" in about.path]


def prove(seed: int, conditions: int, leads: int) -> dict[str, Any]:
    """Compare random conditions on random leads; return the figures, with the first differences."""
    rng = Random(seed)
    make_world(rng, leads)
    fields = all_fields()
    compared = Compared(fields)
    found: list[str] = []
    asked: Counter[str] = Counter()
    began = time.monotonic()
    for _ in range(conditions):
        condition = any_condition(rng, fields)
        asked.update(_sort_of(fields[name]) for name in names_in(condition))
        found += compared.differences(condition)
    return {
        "conditions": conditions,
        "leads": leads,
        "pairs": compared.pairs,
        "met": f"{100 * compared.met / compared.pairs:.1f} %",
        "asked": dict(asked.most_common()),
        "differences": len(found),
        "first": found[:5],
        "seconds": round(time.monotonic() - began, 1),
    }


def _sort_of(about: Field) -> str:
    if about.name in OWN:
        return "custom"
    if about.rows is not None:
        return "derived"
    return "related" if "." in about.name else "built-in"
