"""A crowd to look for somebody in: companies, people and leads, quickly and as unevenly as in life.

A few names, towns and providers of mail are those of very many, most are those of few; people of
one firm share its switchboard, not everybody has a telephone or an address. Written as the engine
takes it quickest: with the indexes made afterwards, and with keys that are put together here. What
that makes other than the product would is found by `check`.
"""

from __future__ import annotations

import io
import random
from bisect import bisect
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

from django.core.management.color import no_style
from django.db import connection, transaction

from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import identity
from crm.management.commands import _names as names
from leads.models import Lead
from records import keys, similarity
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django.db.models import Model

KIND = IdentityClaim.Kind
AT_ONCE = 10_000  # rows
TOWNS = 3000
STREETS = 4000


class Common:
    """Values of which the first ones come often; `even` is how many come about as often."""

    def __init__(self, values: Sequence[Any], even: int) -> None:
        self.values = values
        self.shares = list(accumulate(1 / (rank + even) for rank in range(len(values))))

    def one(self, dice: random.Random) -> Any:
        return self.values[bisect(self.shares, dice.random() * self.shares[-1])]


COMPOSED = [start + end for end in names.ENDS_OF_NAMES for start in names.PLACES_OF_NAMES]
random.Random(1).shuffle(COMPOSED)
FIRST = Common(names.FIRST_NAMES, 20)
LAST = Common([*names.LAST_NAMES, *COMPOSED], 10)
TOWN = Common([*(place[0] for place in names.PLACES), *COMPOSED[:TOWNS]], 4)
STREET = Common(
    [
        f"{name} {kind}"
        for name, kind in zip(
            COMPOSED[-STREETS:], ("Street", "Road", "Lane", "Avenue") * STREETS, strict=False
        )
    ],
    50,
)
COUNTRY = {place[0]: place[2] for place in names.PLACES}
MAIL = Common(["mail.example", "post.example", "inbox.example", "letters.example"], 1)
DIALED = {place[2]: place[6].replace(" ", "").replace("-", "") for place in names.PLACES}


@lru_cache(maxsize=200_000)
def _place(street: str, city: str, country: str) -> similarity.Place:
    return similarity.place_of(street=street, city=city, country=country)


class Crowd:
    """Makes rows of each kind; the same `seed` makes the same ones."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.firm: Common | None = None

    def grow(self, *, accounts: int = 0, contacts: int = 0, leads: int = 0) -> None:
        """Write so many of each kind, and what they claim."""
        owner = User.objects.order_by("pk").values_list("pk", flat=True)[0]
        write(Account, self._accounts(accounts), owner)
        columns = ("id", "name", "name_key", "domain", "phone")
        firms = list(Account._base_manager.order_by("pk").values(*columns))
        self.firm = Common(firms, 100) if firms else None
        write(Contact, self._contacts(contacts), owner)
        write(Lead, self._leads(leads), owner)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")

    def phone(self, country: str) -> str:
        return names.phone_of(DIALED[country], self.dice.randrange(10**7))

    def where(self) -> dict[str, str]:
        """Return a town, and mostly a street there."""
        city, street = TOWN.one(self.dice), ""
        if self.dice.random() < 0.6:
            street = f"{int(self.dice.expovariate(1 / 40)) + 1} {STREET.one(self.dice)}"
        country = COUNTRY.get(city) or names.PLACES[len(city) * ord(city[1]) % 20][2]
        return {"street": street, "city": city, "country": country}

    def _accounts(self, count: int) -> Iterator[dict[str, Any]]:
        for number in _on_from(Account, count):
            name = f"{names.company_name(number)} {names.PLACES[number % 20][4]}"
            where = self.where()
            domain = f"{name.split(maxsplit=1)[0].lower()}-{number}.example"
            phone = self.phone(where["country"]) if self.dice.random() < 0.7 else ""
            place = _place(**where)
            firm = similarity.firm_of(name, domain=domain, phones=[phone], place=place)
            yield {
                **where,
                **similarity.blocks_of_firm(firm),
                "name": name,
                "website": f"https://www.{domain}",
                "domain": domain,
                "phone": phone,
                "phone_key": phone,
                "name_key": (key := keys.company_key(name)[:200]),
                "claims": [(KIND.COMPANY.value, f"{key}|{domain}")],
                "search": keys.search_text(
                    name, f"https://www.{domain}", phone, phone, where["city"]),
            }  # fmt: skip

    def _person(self, number: int) -> dict[str, Any]:
        dice = self.dice
        where = self.where()
        first, last = FIRST.one(dice), LAST.one(dice)
        firm = self.firm.one(dice) if self.firm and dice.random() < 0.8 else None
        email = phone = ""
        if dice.random() < 0.85:
            local = dice.choice(["{0}.{1}.{2}", "{1}.{0}.{2}", "{3}{1}{2}", "{2}.{1}"])
            domain = firm["domain"] if firm and dice.random() < 0.7 else MAIL.one(dice)
            email = f"{local.format(first, last, number, first[0])}@{domain}".lower()
        if dice.random() < 0.75:
            is_shared = firm and firm["phone"] and dice.random() < 0.15
            phone = firm["phone"] if firm and is_shared else self.phone(where["country"])
        return {
            **where,
            "first_name": first,
            "last_name": last,
            "name_key": keys.person_key(first, last)[:220],
            "email": email,
            "email_key": email,
            "phone": phone,
            "phone_key": phone,
            "firm": firm,
        }

    def _contacts(self, count: int) -> Iterator[dict[str, Any]]:
        for number in _on_from(Contact, count):
            row = self._person(number)
            firm = row.pop("firm")
            row["account_id"] = firm["id"] if firm else None
            row["claims"] = [(KIND.EMAIL.value, row["email"])] if row["email"] else []
            if firm and row["phone"] and row["phone"] != firm["phone"]:
                # Behind a switchboard there may be namesakes, of whom one would have the claim.
                who = f"{row['name_key']}|{firm['name_key']}|{row['phone']}"
                row["claims"].append((KIND.PERSON.value, who))
            row["search"] = keys.search_text(
                f"{row['first_name']} {row['last_name']}", row["email"], row["phone"], row["phone"]
            )
            yield row | _blocks(row)

    def _leads(self, count: int) -> Iterator[dict[str, Any]]:
        for number in _on_from(Lead, count):
            row = self._person(-number - 1)
            firm = row.pop("firm")
            company = firm["name"] if firm else ""
            row |= {
                "topic": self.dice.choice(names.TOPICS),
                "company": company,
                "company_key": keys.company_key(company)[:200],
                "domain": keys.domain_key(row["email"]),
            }
            row["search"] = keys.search_text(
                f"{row['first_name']} {row['last_name']}",
                company,
                row["topic"],
                row["email"],
                row["phone"],
                row["phone"],
            )
            yield row | _blocks(row)


def _on_from(model: type[Model], count: int) -> range:
    there = model._base_manager.count()
    return range(there, there + count)


def _blocks(row: dict[str, Any]) -> dict[str, str]:
    person = similarity.person_of(
        first_name=row["first_name"],
        last_name=row["last_name"],
        company=row.get("company", ""),
        emails=[row["email"]],
        phones=[row["phone"]],
        place=_place(row["street"], row["city"], row["country"]),
    )
    return similarity.blocks_of_person(person)


# Writing


def write(model: type[Model], made: Iterable[dict[str, Any]], owner: int) -> None:
    """Write rows, numbered on from those that are there."""
    last = model._base_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    common = _defaults(model) | {"owner_id": owner, "created_by_id": owner, "changed_by_id": owner}
    rows = iter(made)
    with _without_indexes(model, IdentityClaim):
        while batch := list(islice(rows, AT_ONCE)):
            for row in batch:
                last += 1
                row["id"] = last
            _insert(model, list(common), (common | row for row in batch))
            _insert(IdentityClaim, list(_CLAIM), _claims(model, batch))
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model, IdentityClaim]):
            cursor.execute(statement)


_CLAIM = {"kind": "", "value": "", "slot": 0, "account_id": None, "contact_id": None, "alias": ""}


def _claims(model: type[Model], batch: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    holder = f"{model._meta.model_name}_id"
    for row in batch:
        for kind, value in row.get("claims", ()):
            yield {**_CLAIM, "kind": kind, "value": value, holder: row["id"]}


def _defaults(model: type[Model]) -> dict[str, Any]:
    """Return what stands in each column of a record of which nothing is known."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    values = {f.column: f.get_db_prep_save(f.get_default(), connection) for f in fields}
    # As text: it goes in beside the ORM.
    texts = {"custom": "{}", "utm": "{}", "rate": "1"}
    return {c: texts.get(c, v) for c, v in values.items()} | {"id": None}


def _insert(model: type[Model], columns: list[str], rows: Iterable[dict[str, Any]]) -> None:
    table, names_ = model._meta.db_table, ", ".join(columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            marks = ", ".join("?" * len(columns))
            cursor.connection.executemany(
                f"INSERT INTO {table} ({names_}) VALUES ({marks})",
                ([row.get(column) for column in columns] for row in rows),
            )
            return
        lines = ("\t".join(map(_as_text, map(row.get, columns))) + "\n" for row in rows)
        cursor.copy_expert(f"COPY {table} ({names_}) FROM STDIN", io.StringIO("".join(lines)))


def _as_text(value: Any) -> str:
    return "\\N" if value is None else str(value)


@contextmanager
def _without_indexes(*models: type[Model]) -> Iterator[None]:
    """Take away the indexes that guard nothing, and make them again from what is there then."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES[connection.vendor], [*tables])
        found = cursor.fetchall()
        for name, _statement in found:
            cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for _name, statement in found:
                cursor.execute(statement)


_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    " AND tbl_name IN (%s, %s)",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN (%s, %s)"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
}


# Being honest


def check(count: int = 100) -> None:
    """See that some of the rows have the keys that the product gives them."""
    for model in (Account, Contact, Lead):
        rows = model._base_manager.order_by("-pk")[:count]
        columns = [f.attname for f in model._meta.concrete_fields]
        for row in rows:
            before = {column: getattr(row, column) for column in columns}
            row.derive()
            found = {column: getattr(row, column) for column in columns}
            assert found == before, {c: (before[c], found[c]) for c in columns
                                     if before[c] != found[c]}  # fmt: skip
            if model is not Lead:
                claims = set(row.claims.values_list("kind", "value"))
                assert claims <= set(identity.identities_of(row)), (row, claims)
