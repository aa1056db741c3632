"""Companies, people and deals that are written many at once leave what single ones leave."""

from __future__ import annotations

import csv
import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import transaction

from accounts.jobs import AccountImporter, ContactImporter
from crm.integrity import findings
from opportunities.jobs import OpportunityImporter
from opportunities.models import LossReason, Opportunity, PipelineState, Product, Source
from records import writing
from records.models import Currency, Notice
from tests.commands.test_import_batches import Done, differing, tables, told
from tests.custom import define
from tests.factories import AccountFactory, ContactFactory, TeamFactory, UserFactory
from workbench.transfer import ColumnMapping, chunks_of, open_table

COMPANIES = ("Engine Works", "Boiler & Sons Ltd", "Pump AG", "PUMP", "Mill 7", "Ferry Line", "???")
SEEN = ("opportunities.view_opportunity", "accounts.view_account", "accounts.view_contact")
PEOPLE = ("Ada", "Grace", "Bob", "李", " Zoë ")


def a_company(dice, maybe, number):
    name = maybe(0.95, *COMPANIES, *(f"Firm {dice.randrange(60)}" for _ in range(30)))
    return {
        "external_id": maybe(0.5, f"a{dice.randrange(50)}"),
        "name": name,
        "website": maybe(0.4, "https://pump.example", f"firm{dice.randrange(40)}.example"),
        "phone": maybe(0.4, f"+49 30 {dice.randrange(1000, 1030)}00", "call me"),
        "country": maybe(0.5, "DE", "France", "Atlantis"),
        "employees": maybe(0.3, "12", "1.5"),
        "tags": maybe(0.3, "Hot", "vip; hot"),
        "owner.email": maybe(0.3, "rep@others.example", "nobody@x.example"),
        "parent.name": maybe(0.2, *COMPANIES, "Nowhere"),
        "parent.external_id": maybe(0.1, f"a{dice.randrange(50)}"),
        "custom.shoe": maybe(0.2, " 36 ", "37"),
        "created_at": maybe(0.3, f"2026-0{dice.randrange(1, 9)}-01 10:00"),
        "description": maybe(0.1, "A text\r\nof lines", "x" * 10_001),
    }


def a_person(dice, maybe, number):
    return {
        "external_id": maybe(0.5, f"c{dice.randrange(60)}"),
        "first_name": maybe(0.8, *PEOPLE),
        "last_name": maybe(0.9, "Lovelace", "Hopper", f"Nth {dice.randrange(40)}"),
        "email": maybe(0.7, f"{dice.randrange(80)}@mail.example", "info@engine.example", "none"),
        "second_email": maybe(0.1, f"{dice.randrange(80)}@mail.example"),
        "phone": maybe(0.5, f"+49 30 {dice.randrange(1000, 1030)}00"),
        "mobile": maybe(0.2, "+44 20 7946 0000"),
        "country": maybe(0.3, "DE", "GB"),
        "company": maybe(0.6, *COMPANIES, *(f"Firm {dice.randrange(30)}" for _ in range(9))),
        "account.name": maybe(0.1, "Engine Works", "engine works", "Twice", "Nowhere"),
        "tags": maybe(0.3, "Hot", "vip; hot"),
        "owner.email": maybe(0.3, "rep@others.example"),
        "consent": maybe(0.2, "yes", "no"),
        "created_at": maybe(0.3, f"2026-0{dice.randrange(1, 9)}-01 10:00"),
    }


def a_deal(dice, maybe, number):
    day = f"2025-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
    return {
        "external_id": maybe(0.6, f"o{dice.randrange(60)}"),
        "topic": maybe(0.95, "Engines", "Pumps "),
        "account.name": maybe(0.6, "Engine Works", "engine works", "Twice", "Nowhere"),
        "account.external_id": maybe(0.1, "here", "nowhere"),
        "contact.external_id": maybe(0.2, "ada", "nobody"),
        "stage": maybe(0.7, "develop", "propose", "Won", "lost", "won", "unknown"),
        "status": maybe(0.1, "won", "lost", "open"),
        "closed_on": maybe(0.5, day, "2099-01-01"),
        "value": maybe(0.8, "1000", "1,234.50", "many", "-5"),
        "actual_value": maybe(0.2, "900"),
        "currency": maybe(0.3, "EUR", "USD", "XXX"),
        "probability": maybe(0.2, "30", "101"),
        "loss_reason": maybe(0.2, "Price", "Not recorded"),
        "source": maybe(0.3, "fair", "Tea party"),
        "product.name": maybe(0.4, "Pump", "Pump; Mill", "Nothing"),
        "next_step": maybe(0.1, "Call them"),
        "tags": maybe(0.2, "Hot", "vip; hot"),
        "owner.email": maybe(0.5, "rep@others.example", "other@others.example"),
        "created_at": maybe(0.6, f"2025-{dice.randrange(1, 13):02}-11 10:00", "2099-01-01 10:00"),
        "estimated_close_date": maybe(0.3, "2026-03-01"),
    }


@pytest.fixture
def shop(boss):
    """People, lists, fields, and records that rows may mean."""
    may = dict.fromkeys(SEEN, "own")
    UserFactory(email="rep@others.example", name="Rep", team=TeamFactory(), may=may)
    UserFactory(email="other@others.example", name="Other")
    Source.objects.get_or_create(key="fair", defaults={"name": "Fair"})
    LossReason.objects.get_or_create(key="price", defaults={"name": "Price"})
    Product.objects.create(key="pump", name="Pump", price=30)
    Product.objects.create(key="mill", name="Mill")
    Currency.objects.get_or_create(code="USD", defaults={"name": "Dollar", "rate": "0.9"})
    here = AccountFactory(name="Engine Works", owner=boss, external_id="here")
    for domain in ("one.example", "two.example"):
        AccountFactory(name="Twice", owner=boss, website=domain)
    ContactFactory(first_name="Ada", account=here, owner=boss, external_id="ada")
    define("account", "shoe", by=boss)
    define("contact", "hat", default="S", by=boss)
    return boss


KINDS = {
    "account": (AccountImporter, a_company),
    "contact": (ContactImporter, a_person),
    "opportunity": (OpportunityImporter, a_deal),
}


def outcome(kind, file, by, mapping, *, one_by_one, size=500):
    """Take a file in, and return the verdicts and the rows of every table; nothing stays."""
    found = {}
    importer_class = KINDS[kind][0]

    class OneByOne(importer_class):
        def batch(self, chunk):
            return None

    try:
        with transaction.atomic():
            chosen = OneByOne if one_by_one else importer_class
            importer = chosen(by=by, mapping=ColumnMapping.of(dict(mapping), kind))
            table = open_table(file)
            pairs = importer.pairs_for(table)
            verdicts = [
                verdict
                for chunk in chunks_of(table.rows(), size)
                for _row, verdict, _must_wait in importer.verdicts_of(chunk, pairs)
            ]
            place = {v.id: v.line for v in reversed(verdicts) if v.id}
            found["verdicts"] = [told(verdict, place) for verdict in verdicts]
            found["tables"] = tables({})
            raise Done
    except Done:
        return found


def write(file, kind, seed, count):
    dice = random.Random(f"{kind}{seed}")

    def maybe(chance, *values):
        return dice.choice(values) if dice.random() < chance else ""

    rows = [KINDS[kind][1](dice, maybe, number) for number in range(count)]
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "mapping",
    [{}, {"duplicates": "update"}, {"duplicates": "create", "match": ["external_id"]}],
    ids=["report", "update", "create"],
)
def test_any_file_leaves_the_same_rows_many_at_once_as_one_by_one(
    shop, tmp_path, monkeypatch, kind, mapping
):
    # As few rows as a test has are to be many.
    monkeypatch.setattr(writing, "FEW", 2)
    file = tmp_path / "any.csv"
    write(file, kind, sorted(mapping), 90)

    single = outcome(kind, file, shop, mapping, one_by_one=True)
    many = outcome(kind, file, shop, mapping, one_by_one=False, size=30)

    assert many["verdicts"] == single["verdicts"]
    # What is held for a chunk is held for rows that are rejected, too.
    del single["tables"]["accounts.IdentityLock"]
    for label, rows in single["tables"].items():
        assert differing(many["tables"][label], rows) == [], label
    assert Counter(v["verdict"] for v in many["verdicts"])["new"] > 10


def test_deals_of_a_file_cost_few_statements_and_are_not_changed_by_it_again(
    shop, tmp_path, django_assert_max_num_queries
):
    file = tmp_path / "deals.csv"
    head = "external_id,topic,account.name,stage,value,closed_on,created_at,owner.email\n"
    ends = ("Won", "Lost", "develop")
    rows = [
        f"d{n},Engines,Engine Works,{ends[n % 3]},{n},2026-02-0{n % 9 + 1},2026-01-01,"
        "rep@others.example\n"
        for n in range(300)
    ]
    file.write_text(head + "".join(rows))

    importer = OpportunityImporter(by=shop, mapping=ColumnMapping())
    with django_assert_max_num_queries(180):
        first = Counter(v.verdict for v in importer.verdicts(open_table(file)))
    before = tables({})
    with django_assert_max_num_queries(60):
        again = Counter(v.verdict for v in importer.verdicts(open_table(file)))

    assert (first, again) == ({"new": 300}, {"unchanged": 300})
    assert tables({}) == before
    assert Notice.objects.get().count == 300


def test_deal_of_a_file_stands_in_the_pipeline_from_its_first_day_to_its_last(shop, tmp_path):
    file = tmp_path / "deals.csv"
    file.write_text(
        "external_id,topic,stage,value,created_at,closed_on\n"
        "a,Engines,Won,100,2025-02-01,2025-03-10\n"
        "b,Looms,develop,50,2025-03-01,\n"
        "c,Mills,Lost,70,2025-03-05 15:00,2025-03-05\n"  # ended before it began
        "d,Pumps,develop,10,2099-01-01,\n"
    )
    importer = OpportunityImporter(by=shop, mapping=ColumnMapping())

    verdicts = list(importer.verdicts(open_table(file)))

    def open_on(*day):
        moment = datetime(*day, tzinfo=UTC)
        names = PipelineState.objects.open_at(moment).values_list("opportunity__topic", flat=True)
        return sorted(names)

    assert verdicts[3].errors == {"created_at": ["Enter a day that has come."]}
    assert open_on(2025, 1, 31) == []
    assert open_on(2025, 2, 20) == ["Engines"]
    assert open_on(2025, 3, 6) == ["Engines", "Looms"]
    assert open_on(2025, 3, 11) == open_on(2026, 1, 1) == ["Looms"]
    won = Opportunity.objects.get(external_id="a")
    assert [move.at for move in won.moves.order_by("at")] == [won.created_at, won.closed_at]
    assert not list(findings())
