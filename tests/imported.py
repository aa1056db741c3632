"""A file of leads to take in, as uneven as a crowd is, and how quickly it comes in."""

from __future__ import annotations

import csv
import random
import resource
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from crm.management.commands import _names as names
from tests.crowd import DIALED, FIRST, LAST, MAIL, STREET, TOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.transfer import Importer, Table

HEADS = (
    "external_id", "topic", "salutation", "first_name", "last_name", "job_title", "email", "phone",
    "company", "website", "industry", "employees", "street", "city", "postal_code", "country",
    "estimated_value", "estimated_close_date", "rating", "description", "source", "created_at",
)  # fmt: skip
TWICE, BAD = 0.05, 0.01  # of all rows


def rows(count: int, seed: int = 1) -> Iterator[list[Any]]:
    """Make rows of leads; some say again what one before them said, some say what is no value."""
    dice, before = random.Random(seed), [[""]]
    for number in range(count):
        chance = dice.random()
        if chance < TWICE and number > 10:
            again = list(dice.choice(before[-2000:]))
            again[0] = ""
            yield again
            continue
        first, last, city = FIRST.one(dice), LAST.one(dice), TOWN.one(dice)
        place = names.PLACES[number % 20]
        company = f"{names.company_name(number * 7 % 40_000)} {place[4]}"
        row = [
            f"L-{seed}-{number:07}",
            dice.choice(names.TOPICS),
            dice.choice(["Ms", "Mr", ""]),
            first,
            last,
            dice.choice(["Head of purchasing", "Engineer", "", "Manager"]),
            f"{first}.{last}.{number}@{MAIL.one(dice)}".lower() if dice.random() < 0.9 else "",
            names.phone_of(DIALED[place[2]], dice.randrange(10**7)),
            company,
            f"https://www.{company.split(maxsplit=1)[0].lower()}-{number}.example",
            dice.choice(["Machinery", "Retail", "Health", ""]),
            dice.randrange(1, 5000),
            f"{number % 90 + 1} {STREET.one(dice)}",
            city,
            f"{number % 99_999:05}",
            place[2],
            "many" if chance > 1 - BAD else dice.randrange(100, 90_000),
            f"2027-{number % 12 + 1:02}-{number % 28 + 1:02}",
            dice.choice(["hot", "warm", "cold", ""]),
            "Met at the fair; wants a call back next week." if dice.random() < 0.3 else "",
            dice.choice(["web", "referral", "trade-show", ""]),
            f"2026-{number % 10 + 1:02}-{number % 28 + 1:02} 10:00:00+00:00",
        ]
        before.append(row)
        yield row


def write(path: Path, count: int, seed: int = 1) -> None:
    """Write a file of `count` rows."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADS)
        writer.writerows(rows(count, seed))


def taken(importer: Importer, table: Table) -> dict[str, Any]:
    """Take a table in as an import does, and return the verdicts, the rows a second, the memory."""
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    for verdict in importer.verdicts(table):
        counts[verdict.verdict] += 1
    seconds = time.perf_counter() - started
    return {
        "verdicts": dict(counts),
        "rows_a_second": round(counts.total() / seconds),
        "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
