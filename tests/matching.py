"""How well records that are one are found: public lists whose truth is known, brought in by a file.

Some of the lists have no licence, so they lie outside (`tests/reference.py`); small ones with one
are in `tests/data`. The column with the truth is never mapped. The number of a row goes in as its
external id, only to join what was found with what is true.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.reference import folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.server import Server

Rows = list[dict[str, str]]
FORGET = """
import json
from accounts.models import Account, Contact, IdentityClaim
from leads.models import Lead
from records.models import PossibleDuplicate
for model in (Lead, Contact, Account):
    model.history.all().delete()
    model.all_objects.all().delete()
print(json.dumps(PossibleDuplicate.objects.all().delete()[0]))
"""


@dataclass(frozen=True)
class Known:
    """A list whose truth is known. `columns` map it; `same` says who a row is; `goals` are least
    precision and recall in percent.
    """

    file: str
    kind: str
    number: str
    columns: Mapping[str, str]
    same: Callable[[Mapping[str, str]], str]
    goals: tuple[float, float]
    extra: Mapping[str, Any] = field(default_factory=dict)


FEBRL = {
    "given_name": "first_name",
    "surname": "last_name",
    "address_1": "street",
    "suburb": "city",
    "postcode": "postal_code",
    "state": "region",
}
SETS = {
    "febrl 1": Known(
        "febrl-people/dataset1.csv",
        "contact",
        "rec_id",
        FEBRL,
        lambda row: row["rec_id"].split("-")[1],
        (99, 95),
    ),
    "febrl 3": Known(
        "febrl-people/dataset3.csv",
        "contact",
        "rec_id",
        FEBRL,
        lambda row: row["rec_id"].split("-")[1],
        (99, 90),
    ),
    "splink": Known(
        "splink-people/fake_1000.csv",
        "contact",
        "unique_id",
        {"first_name": "first_name", "surname": "last_name", "city": "city", "email": "email"},
        lambda row: row["cluster"],
        (99, 80),
    ),
    "chicago": Known(
        "chicago-sites/sites_with_true_ids.csv",
        "account",
        "Id",
        {
            "Site name": "name",
            "Address": "street",
            "Zip": "postal_code",
            "Phone": "phone",
            "Website": "website",
        },
        lambda row: row["True Id"],
        (93, 75),
    ),
}


def read(path: Path) -> Rows:
    """Return the rows of a file, without the blanks that some have behind their commas."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, skipinitialspace=True)
        return [{k.strip(): (v or "").strip() for k, v in row.items()} for row in rows]


def judged(
    found: Iterable[tuple[str, str]], rows: Rows, number: str, same: Callable[..., str]
) -> dict[str, float]:
    """Return precision and recall of pairs, in percent; every pair within a cluster is true."""
    who = {row[number]: same(row) for row in rows}
    true = sum(n * (n - 1) // 2 for n in Counter(who.values()).values())
    pairs = {tuple(sorted(pair)) for pair in found}
    right = sum(who[one] == who[other] for one, other in pairs)
    return {
        "found": len(pairs),
        "precision": round(100 * right / max(1, len(pairs)), 2),
        "recall": round(100 * right / true, 2),
    }


def bring_in(server: Server, kind: str, path: Path, mapping: dict[str, Any]) -> dict[str, int]:
    """Import a file with a mapping; return the counts of the verdicts."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as stream:
        json.dump(mapping, stream)
        stream.flush()
        printed = server.manage("import_records", kind, str(path), "--mapping", stream.name)
    counts: dict[str, int] = json.loads(printed.strip().splitlines()[-1])["summary"]
    return counts


def of_a_set(server: Server, known: Known) -> dict[str, Any]:
    """Bring a list in, every row as a record of its own, and find who is twice.

    `these_pairs` is the same for the same pairs, whatever the engine.
    """
    path = folder_of(known.file.split("/")[0]) / known.file.split("/")[1]
    rows = read(path)
    server.script(FORGET)
    wanted = dict.fromkeys(rows[0]) | dict(known.columns)
    mapping = {
        "columns": {**wanted, known.number: "external_id"},
        "duplicates": "create",
        "match": [],
        **known.extra,
    }
    counts = bring_in(server, known.kind, path, mapping)
    lines = csv.DictReader(server.manage("find_duplicates", known.kind).splitlines())
    pairs = [(line["external_id_a"], line["external_id_b"]) for line in lines]
    found = judged(pairs, rows, known.number, known.same)
    assert found["precision"] >= known.goals[0], found
    assert found["recall"] >= known.goals[1], found
    digest = hashlib.sha256(repr(sorted(map(sorted, pairs))).encode()).hexdigest()[:12]
    return {"rows": counts["rows"], "new": counts["new"], **found, "these_pairs": digest}


CODES = {"UK": "GB", "SP": "ES"}  # as the list has them, and as everybody else has
# Typed as a lead would be: the candidates of each spelling, the first one first.
FIRST_CHOICES = """
import json, sys
from accounts.matching import account_match
rows = json.load(open(sys.argv[1]))
told = []
for name, country in rows:
    match = account_match(name, country=country, is_similar_wanted=True)
    told.append([c.record.external_id for c in match.candidates[:1]])
print(json.dumps(told))
"""


def company_names(server: Server) -> dict[str, Any]:
    """500 firms and the same in bad spelling; 1,320 firms that are none of each other."""
    folder = folder_of("company-names")
    server.script(FORGET)
    columns = {"1": "external_id", "company_name": "name", "country": "country"}
    mapping = {"columns": columns, "duplicates": "create", "match": []}
    mapping["values"] = {"country": CODES}
    counts = bring_in(server, "account", folder / "names.csv", mapping)
    with (folder / "names_with_noise.csv").open(encoding="utf-8", newline="") as stream:
        noisy = list(csv.reader(stream))[1:]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as stream:
        json.dump([[row[1], CODES.get(row[2], row[2])] for row in noisy], stream)
        stream.flush()
        choices = server.script(FIRST_CHOICES, stream.name)
    right = sum([row[0]] == choice for row, choice in zip(noisy, choices, strict=True))

    server.script(FORGET)
    mapping = {"columns": {"1": "name", "2": "country"}, "header": False, "delimiter": ";"}
    mapping |= {"duplicates": "report", "match": ["identity"]}
    firms = bring_in(server, "account", folder / "companies_with_country.csv", mapping)
    proposed = list(csv.DictReader(server.manage("find_duplicates", "account").splitlines()))
    assert right >= 470, right
    assert len(proposed) <= 15, proposed
    return {
        "rows": counts["rows"],
        "right_as_first_choice": right,
        "different_firms": firms["rows"],
        "kept_of_them": firms["new"],
        "proposed_among_them": len(proposed),
    }


def zoho(server: Server) -> dict[str, Any]:
    """1,265 leads with 92 emails: nothing is merged unasked."""
    path = folder_of("zoho-leads") / "Leads.csv"
    server.script(FORGET)
    columns = dict.fromkeys(read(path)[0]) | {
        "LEADID": "external_id",
        "Last Name": "last_name",
        "Company": "company",
        "Email": "email",
        "Mobile": "mobile",
    }
    counts = bring_in(server, "lead", path, {"columns": columns, "duplicates": "report"})
    kept = server.script("import json\nfrom leads.models import Lead\nprint(Lead.objects.count())")
    return {"rows": counts["rows"], "kept": kept, "told_as_duplicates": counts["duplicate"]}


def us_500(server: Server) -> dict[str, Any]:
    """The same 500 people in three layouts: 500 contacts in the end."""
    folder = folder_of("us-500")
    server.script(FORGET)
    person = {"first_name": "first_name", "last_name": "last_name", "email": "email"}
    place = {"address": "street", "city": "city", "state": "region", "zip": "postal_code"}
    work = {"company_name": "company", "phone1": "phone", "phone2": "mobile"}
    rest = dict.fromkeys(("county", "web", "birthdate"))
    names = ("first_name", "last_name", "company_name", "address", "city", "county", "state", "zip")
    bare = [*names, "phone1", "phone2", "email"]
    whole = {**person, **place, **work, **rest}
    layouts = {
        "us-500.csv": {"columns": whole},
        "us-500_no_header.csv": {
            "columns": {str(n): whole[name] for n, name in enumerate(bare, start=1)},
            "header": False,
        },
        "us-500_few_columns.csv": {
            "columns": {
                "firstname": "first_name",
                "lastname": "last_name",
                "street": "street",
                "city": "city",
                "state": "region",
                "zip": "postal_code",
                "phone1": "phone",
                "email": "email",
            }
        },
    }
    told = {}
    for name, layout in layouts.items():
        mapping = {**layout, "duplicates": "report", "match": ["identity"]}
        mapping["defaults"] = {"country": "US"}
        counts = bring_in(server, "contact", folder / name, mapping)
        told[name] = {"new": counts["new"], "duplicate": counts["duplicate"]}
    code = "import json\nfrom accounts.models import Contact\nprint(Contact.objects.count())"
    people = server.script(code)
    assert people == 500, (people, told)
    return {"people": people, **told}


def matching(server: Server) -> dict[str, Any]:
    """Precision and recall in percent of the pairs that `find_duplicates` prints, over public lists
    whose truth is known; right first choices for firms in bad spelling; and what was kept apart.
    """
    server.sign_in("boss@proof.example")
    found = {name: of_a_set(server, known) for name, known in SETS.items()}
    return {**found, "company_names": company_names(server), "zoho": zoho(server),
            "us_500": us_500(server)}  # fmt: skip


# Crowds: a letter is wrong, first and last name changed places, half of what is known is left out.
TYPING = """
import json, random, sys
from accounts.models import Account, Contact
from leads.models import Lead
from users.models import User
dice = random.Random(1)
KINDS = {"lead": Lead, "contact": Contact, "account": Account}
NAMES = {"account": ("name", "website"), "lead": ("first_name", "last_name", "email", "company"),
         "contact": ("first_name", "last_name", "email")}
def some(kind, count):
    rows = KINDS[kind].objects.all()
    last = rows.order_by("-pk").values_list("pk", flat=True)[0]
    return rows.filter(pk__in=[dice.randrange(last) + 1 for _ in range(count)]).order_by("pk")
def typed(row, number, kind):
    said = {name: getattr(row, name) for name in (*NAMES[kind], "phone", "street", "city")}
    said["country"] = str(row.country)
    name = "name" if kind == "account" else "last_name"
    text = said[name] or "x"
    place = dice.randrange(len(text))
    said[name] = text[:place] + dice.choice("aeinrst") + text[place + 1:]
    if number % 3 == 0 and kind != "account":
        said["first_name"], said["last_name"] = said["last_name"], said["first_name"]
    for left_out in ((), ("email", "street"), ("phone", "website"), ("email", "phone"))[number % 4]:
        said.pop(left_out, None)
    return {name: value for name, value in said.items() if value}
"""
# Found is who is shown unasked, among the first six.
SEARCHES = (
    TYPING
    + """
import time
from accounts.matching import LISTED, contact_match
from leads.matching import LIMIT
from records.similarity import place_of
times, spent, found = [], 0, 0
rows = list(some("contact", int(sys.argv[1])))
for number, row in enumerate(rows):
    said = typed(row, number, "contact")
    place = place_of(**{k: said[k] for k in ("street", "city", "country") if k in said})
    person = {k: said[k] for k in ("first_name", "last_name", "email", "phone") if k in said}
    began, worked = time.perf_counter(), time.process_time()
    match = contact_match(**person, place=place, is_similar_wanted=True)
    times.append(time.perf_counter() - began)
    spent += time.process_time() - worked
    found += row in [c.record for c in match.candidates[:LIMIT] if c.score >= LISTED]
times.sort()
print(json.dumps({
    "contacts": Contact.objects.count(), "searches": len(rows),
    "candidates_median_ms": round(1000 * times[len(times) // 2], 1),
    "candidates_p95_ms": round(1000 * times[len(times) * 95 // 100], 1),
    "candidates_processor_ms": round(1000 * spent / len(times), 1),
    "found_percent": round(100 * found / len(rows)),
}))
"""
)
ASKED = (
    TYPING
    + """
print(json.dumps({kind: [typed(row, number, kind) for number, row in enumerate(some(kind, 60))]
    for kind in KINDS} | {"previews": [row.pk for row in some("lead", 60) if row.is_open]}))
"""
)
GROW = """
import json, sys
from tests.crowd import Crowd, check
Crowd(int(sys.argv[2])).grow(**json.loads(sys.argv[1]))
check()
print(json.dumps("grown"))
"""
MANY = int(os.environ.get("CRM_PROVE_CONTACTS", "1000000"))
EACH = min(MANY, 100_000)


def candidates(server: Server) -> dict[str, Any]:
    """How long a whole request takes that tells what looks like a record that is typed, and one for
    the preview of a qualification, among 100,000 leads, contacts and accounts; then how long it
    takes to find who may be meant among 1,000,000 contacts (`CRM_PROVE_CONTACTS` for another
    number), and how many are found. Names, towns and keys are as uneven as in life.
    """
    boss = server.sign_in("boss@proof.example")
    server.script(GROW, json.dumps(dict.fromkeys(("accounts", "contacts", "leads"), EACH)), "1")
    asked = server.script(ASKED)
    part = boss | {"HX-Request": "true"}
    told: dict[str, Any] = {"of_each_kind": EACH}
    for kind in ("lead", "contact", "account"):
        looked = [f"/duplicates/hints/?{urlencode({'kind': kind, **said})}" for said in asked[kind]]
        told[f"hints_for_{kind}_ms"] = timed(server, looked, part)
    previews = [f"/leads/{number}/qualify/" for number in asked["previews"]]
    told["preview_ms"] = timed(server, previews, boss)
    if MANY > EACH:
        server.script(GROW, json.dumps({"contacts": MANY - EACH}), "2")
    return {**told, **server.script(SEARCHES, "400"), "load": round(os.getloadavg()[0], 1)}


def timed(server: Server, addresses: list[str], headers: dict[str, str]) -> dict[str, float]:
    """Return the median and the 95th percentile of the milliseconds that a page takes."""
    server.get(addresses[0], headers)  # this one reads templates
    times = []
    for address in addresses:
        began = time.perf_counter()
        server.get(address, headers)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return {
        "median": round(times[len(times) // 2], 1),
        "p95": round(times[len(times) * 95 // 100], 1),
    }
