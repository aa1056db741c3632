"""Rows that are written many at once leave what they leave one by one, in every table."""

from __future__ import annotations

import csv
import random
from collections import Counter

import pytest
from django.db import transaction

from leads.jobs import LeadImporter
from leads.models import Lead
from leads.operations import update_lead
from opportunities.models import Campaign, Product, Source
from records import writing
from records.models import AuditEntry, Notice
from tests import alike, imported
from tests.custom import define
from tests.factories import AccountFactory, TeamFactory, UserFactory
from workbench.transfer import ColumnMapping, open_table
from workbench.transfer import rows as rows_module

HEADS = (
    "external_id", "topic", "first_name", "last_name", "company", "email", "phone", "mobile",
    "website", "country", "city", "estimated_value", "employees", "rating", "status", "source",
    "campaign", "tags", "owner.email", "consent", "currency", "custom.shoe", "product.name",
    "account.name", "description", "created_at", "converted", "budget_amount", "need",
)  # fmt: skip


def a_row(dice, number):
    """Return cells in the order of `HEADS`: mostly good ones, of few people and firms."""

    def maybe(chance, *values):
        return dice.choice(values) if dice.random() < chance else ""

    first = maybe(0.8, "Ada", " Grace", "Bob", "Zoë", "李")
    last = maybe(0.9, "Lovelace", "Hopper", "O'Neil", "Tab\there", "Back\\slash", "\\N")
    return [
        maybe(0.6, f"x{dice.randrange(60)}"),
        maybe(0.8, "Engines", "Pumps ", "“Quotes”; and, more"),
        first,
        last,
        maybe(0.7, "Engine Works", "Boiler & Sons Ltd", "Pump AG"),
        maybe(0.7, f"{dice.randrange(80)}@mail.example", "INFO@Engine.example", "no address"),
        maybe(0.5, f"+49 30 {dice.randrange(1000, 1030)}00", "call me"),
        maybe(0.2, "+44 20 7946 0000"),
        maybe(0.4, "https://www.engine.example/path", "pump.example"),
        maybe(0.5, "DE", "gb", "France", "Atlantis"),
        maybe(0.5, "London", " Köln ", "New\nYork"),
        maybe(0.5, "1000", "1,234.50", "0", "many", "999999999999", "-5"),
        maybe(0.3, "12", "1.5", "99999999999"),
        maybe(0.3, "hot", "Warm"),
        maybe(0.4, "new", "working", "nurturing", "disqualified", "qualified", "unknown"),
        maybe(0.4, "web", "Tea party", "Fair"),
        maybe(0.1, "Spring"),
        maybe(0.3, "Hot", "vip; hot", "Fresh"),
        maybe(0.3, "rep@import.example", "boss@import.example", "nobody@x.example", "rules"),
        maybe(0.2, "yes", "no"),
        maybe(0.2, "EUR", "USD", "XXX"),
        maybe(0.4, " 36 ", "37", "x" * 300),
        maybe(0.1, "Pump", "Nothing"),
        maybe(0.1, "Engine Works", "Nowhere"),
        maybe(0.2, "A text\r\nof lines", "=1+1", "x" * 10_001),
        maybe(0.4, f"2026-0{dice.randrange(1, 9)}-01 10:00"),
        maybe(0.05, "yes"),
        maybe(0.2, "500", "12"),
        maybe(0.2, "must_have", "perhaps"),
    ]


@pytest.fixture
def shop(boss):
    """Lists, people, a field with a default, and leads that rows may mean."""
    UserFactory(email="rep@import.example", name="Rep", team=TeamFactory())
    Source.objects.get_or_create(key="fair", defaults={"name": "Fair"})
    Campaign.objects.create(key="spring", name="Spring")
    Product.objects.create(key="pump", name="Pump")
    AccountFactory(name="Engine Works", owner=boss)
    define("lead", "shoe", by=boss)
    define("lead", "hat", default="S", by=boss)
    return boss


class Done(Exception):
    """Ends a transaction, so that nothing of it stays."""


def outcome(file, by, mapping, *, one_by_one, size=500):
    """Take a file in, and return the verdicts and the rows of every table; nothing stays."""
    found = {}

    class OneByOne(LeadImporter):
        def batch(self, chunk):
            return None

    try:
        with transaction.atomic():
            kind = OneByOne if one_by_one else LeadImporter
            importer = kind(by=by, mapping=ColumnMapping.of(dict(mapping), "lead"))
            table = open_table(file)
            pairs = importer.pairs_for(table)
            verdicts = [
                verdict
                for chunk in rows_module.chunks_of(table.rows(), size)
                for _row, verdict, _must_wait in importer.verdicts_of(chunk, pairs)
            ]
            place = {v.id: v.line for v in reversed(verdicts) if v.id}
            found["verdicts"] = [told(verdict, place) for verdict in verdicts]
            found["tables"] = tables(place)
            raise Done
    except Done:
        return found


def told(verdict, place):
    data = vars(verdict) | {"id": place.get(verdict.id), "of": place.get(verdict.of)}
    return data | {"undo": alike.NUMBER.sub("#", repr(verdict.undo))}


def tables(place):
    """Return what stands in every table: leads by their line, what else is referred to by name."""
    named = alike.names(place)
    return {model._meta.label: Counter(alike.plain_rows(model, named)) for model in alike.models()}


def differing(one, other):
    """Return the columns in which the rows of a table differ, and the rows without a likeness."""
    left, right = sorted((one - other).elements()), sorted((other - one).elements())
    pairs = [(a, b) for rows in zip(left, right, strict=False) for a, b in zip(*rows, strict=True)]
    return [pair for pair in pairs if pair[0] != pair[1]] + left[len(right) :] + right[len(left) :]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"duplicates": "update", "conversions": "make"},
        {"duplicates": "create", "match": ["external_id"]},
    ],
    ids=["report", "update", "create"],
)
def test_any_file_leaves_the_same_rows_many_at_once_as_one_by_one(
    shop, tmp_path, monkeypatch, seed, mapping
):
    # As few rows as a test has are to be many.
    monkeypatch.setattr(writing, "FEW", 2)
    dice = random.Random(f"{seed}{sorted(mapping)}")
    file = tmp_path / "any.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADS)
        writer.writerows(a_row(dice, number) for number in range(90))

    single = outcome(file, shop, mapping, one_by_one=True)
    many = outcome(file, shop, mapping, one_by_one=False, size=30)

    assert many["verdicts"] == single["verdicts"]
    for label, rows in single["tables"].items():
        assert differing(many["tables"][label], rows) == [], label
    assert Counter(v["verdict"] for v in many["verdicts"])["new"] > 10


def test_a_clean_file_leaves_the_same_rows_and_costs_few_statements(
    shop, tmp_path, django_assert_max_num_queries
):
    file = tmp_path / "clean.csv"
    imported.write(file, 300)

    single = outcome(file, shop, {}, one_by_one=True)
    with django_assert_max_num_queries(300):
        many = outcome(file, shop, {}, one_by_one=False)

    assert many == single
    counts = Counter(verdict["verdict"] for verdict in many["verdicts"])
    assert counts["duplicate"] > 5
    assert counts["new"] > 250


def test_same_file_again_changes_nothing(shop, tmp_path):
    file = tmp_path / "clean.csv"
    imported.write(file, 100)
    importer = LeadImporter(by=shop, mapping=ColumnMapping())
    first = list(importer.verdicts(open_table(file)))
    before = tables({})

    again = list(importer.verdicts(open_table(file)))

    expected = {"new": "unchanged"}
    assert [v.verdict for v in again] == [expected.get(v.verdict, v.verdict) for v in first]
    assert tables({}) == before


def test_record_that_came_in_with_others_can_be_changed(shop, tmp_path):
    file = tmp_path / "clean.csv"
    imported.write(file, 60)
    list(LeadImporter(by=shop, mapping=ColumnMapping()).verdicts(open_table(file)))
    lead = Lead.objects.order_by("pk").last()

    changed = update_lead(lead, by=shop, city="Elsewhere")

    assert list(changed.history.order_by("history_id").values_list("city", flat=True)) == [
        lead.city,
        "Elsewhere",
    ]
    assert AuditEntry.objects.filter(record_id=lead.pk, event="lead.created").count() == 1


def test_rows_that_the_database_refuses_are_told_one_by_one(shop, tmp_path):
    # Without external ids to match by, only the database knows that one is taken.
    head = "external_id,topic,last_name\n"
    file = tmp_path / "taken.csv"
    lines = [f"y{number},Engines,Lovelace{number}\n" for number in range(30)]
    file.write_text(head + "y7,Engines,Before\n")
    mapping = ColumnMapping.of({"match": ["identity"]}, "lead")
    list(LeadImporter(by=shop, mapping=mapping).verdicts(open_table(file)))
    file.write_text(head + "".join(lines))

    verdicts = list(LeadImporter(by=shop, mapping=mapping).verdicts(open_table(file)))

    assert Counter(v.verdict for v in verdicts) == {"new": 29, "rejected": 1}
    assert verdicts[7].verdict == "rejected"
    assert not Notice.objects.exists()
