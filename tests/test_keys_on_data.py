"""Keys, measured on data that nobody here wrote, against what is known to be true of it.

The floors stand a little below what was measured; `pytest -s` prints the figures of today.
"""

import csv
import json
from collections import Counter
from collections.abc import Hashable, Iterable
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from records.keys import (
    clean_text,
    company_key,
    domain_key,
    email_key,
    is_role_mailbox,
    name_key,
    person_key,
    phone_key,
    search_key,
    text_problem,
)
from tests.reference import folder_of

DATA = Path(__file__).parent / "data"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pairs_of(labelled: Iterable[tuple[Hashable, Hashable]]) -> set[frozenset]:
    """Return the pairs of things that carry the same label; an empty label joins nothing."""
    groups: dict[Hashable, list[Hashable]] = {}
    for thing, label in labelled:
        if label:
            groups.setdefault(label, []).append(thing)
    return {frozenset(pair) for group in groups.values() for pair in combinations(group, 2)}


def precision_and_recall(found: set, true: set) -> tuple[float, float]:
    hits = len(found & true)
    return hits / len(found), hits / len(true)


# Company names


def test_noisy_company_names_meet_only_by_spelling():
    clean = rows_of(DATA / "company-names" / "names.csv")
    noisy = rows_of(DATA / "company-names" / "names_with_noise.csv")
    labelled = [("clean", row[""], company_key(row["company_name"])) for row in clean]
    labelled += [("noisy", row[""], company_key(row["company_name"])) for row in noisy]
    across = {
        pair
        for pair in pairs_of([((side, number), key) for side, number, key in labelled])
        if len({side for side, _ in pair}) == 2
    }
    true = {frozenset({("clean", row[""]), ("noisy", row[""])}) for row in clean}

    precision, recall = precision_and_recall(across, true)

    # Measured 0.930 and 0.160. Typing errors and turned words are for similarity to find; what
    # counts is that the key is right when it speaks. The 6 false pairs differ by LLC, Inc, Ltd.
    print(f"\nnames with noise: precision {precision:.3f}, recall {recall:.3f}")
    assert len(true) == 500
    assert precision >= 0.92
    assert recall >= 0.15


def test_listed_companies_meet_only_where_the_legal_form_is_the_difference():
    text = (DATA / "company-names" / "companies_with_country.csv").read_text(encoding="utf-8")
    names = [line.rpartition(";")[0] for line in text.splitlines()]

    met = {
        frozenset(names[index] for index in pair)
        for pair in pairs_of((index, company_key(name)) for index, name in enumerate(names))
    }

    print(f"\nlisted companies: {len(met)} pairs of {len(names)} names meet")
    assert len(names) == 1320
    assert met == {
        frozenset({"Rio Tinto Ltd.", "Rio Tinto plc"}),
        frozenset({"Unilever N.V.", "Unilever plc"}),
        frozenset({"Thomson Corp", "Thomson S.A."}),
        frozenset({"Emco Ltd.", "EMCO spol. s r.o."}),
    }


def test_no_listed_company_loses_its_name_with_its_form():
    text = (DATA / "company-names" / "companies_with_country.csv").read_text(encoding="utf-8")
    names = [line.rpartition(";")[0] for line in text.splitlines()]

    left = Counter(len(company_key(name).split()) for name in names)
    with_form = sum(company_key(name + " Ltd") == company_key(name) for name in names)

    assert left[0] == 0
    # Measured 1320: one more form at the end changes nothing.
    assert with_form == len(names)


def test_most_legal_forms_of_the_world_are_known():
    forms = rows_of(DATA / "company-names" / "legal_forms.csv")

    dropped = [
        form["abbreviation"]
        for form in forms
        if company_key(f"Lovelace {form['abbreviation']}") == "lovelace"
    ]

    # Measured 273 of 455. Rare forms that are also words, places or abbreviations stay on purpose.
    print(f"\nlegal forms: {len(dropped)} of {len(forms)} are dropped")
    assert len(forms) == 455
    assert len(dropped) >= 260
    assert {"uk", "at", "ok", "ky", "e.c."}.isdisjoint(dropped)


# Phone numbers


def test_every_region_s_number_is_one_in_five_spellings():
    rows = rows_of(DATA / "phone-formats" / "fixed_line.csv")

    wrong = [
        (row["region"], column)
        for row in rows
        for column, country in {
            "e164": "US",
            "international": "US",
            "rfc3966": "US",
            "national": row["region"],
            "dialled_from_DE_or_FR": "FR" if row["region"] == "DE" else "DE",
        }.items()
        if phone_key(row[column], country) != row["e164"]
    ]

    # Measured 1225 of 1225. The spellings come from the same library, so less would be our doing.
    print(f"\nphone formats: {5 * len(rows) - len(wrong)} of {5 * len(rows)}")
    assert len(rows) == 245
    assert len({phone_key(row["e164"]) for row in rows}) == 244
    assert wrong == []


# E-mail addresses


def address_cases() -> list[tuple[str, str]]:
    """Return (category, address); a picture of a control character stands for the character."""
    tree = ElementTree.parse(DATA / "email-cases" / "isemail-tests.xml")
    real = {0x2400 + code: chr(code) for code in range(0x21)} | {0x2421: "\x7f"}
    return [
        (test.findtext("category") or "", (test.findtext("address") or "").translate(real))
        for test in tree.getroot().iter("test")
    ]


def test_addresses_are_accepted_and_refused_as_the_standard_says():
    accepted: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for category, address in address_cases():
        if address != address.strip():
            continue  # the standard refuses blanks around an address; people paste them
        total[category] += 1
        accepted[category] += bool(email_key(address))

    print("\naddresses accepted:", {name: f"{accepted[name]}/{total[name]}" for name in total})
    assert sum(total.values()) > 130
    assert accepted["ISEMAIL_ERR"] == 0
    # All but test@io: a domain needs a dot.
    assert accepted["ISEMAIL_VALID_CATEGORY"] == total["ISEMAIL_VALID_CATEGORY"] - 1 == 13
    assert accepted["ISEMAIL_DNSWARN"] == total["ISEMAIL_DNSWARN"] == 8
    # Quoted, commented and literal forms: refused, by policy.
    for category in ("ISEMAIL_RFC5321", "ISEMAIL_RFC5322", "ISEMAIL_DEPREC", "ISEMAIL_CFWS"):
        assert accepted[category] == 0
        assert total[category] > 0


# Hostile strings


def hostile_strings() -> list[str]:
    folder = DATA / "naughty-strings"
    strings = json.loads((folder / "blns.json").read_text(encoding="utf-8"))
    return strings + (folder / "csv-injection-payloads.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "normalise",
    [email_key, domain_key, phone_key, company_key, name_key, search_key, clean_text],
)
def test_hostile_strings_have_stable_keys(normalise):
    strings = hostile_strings()

    unstable = [text for text in strings if normalise(normalise(text)) != normalise(text)]

    assert len(strings) == 521
    assert unstable == []


def test_hostile_strings_keep_apart():
    strings = hostile_strings()

    found = pairs_of((index, company_key(text)) for index, text in enumerate(strings))
    false = [
        pair
        for pair in found
        if len({search_key(strings[index]) for index in pair}) == 2
        and len({"".join(filter(str.isalnum, strings[i].casefold())) for i in pair}) == 2
    ]

    # Names made of nothing but punctuation have no key, so they claim nothing.
    assert sum(company_key(text) == "" for text in strings) > 20
    assert [[strings[index] for index in pair] for pair in false] == []


def test_hostile_strings_can_be_stored_as_they_are():
    assert [text for text in hostile_strings() if text_problem(text)] == []


# A real export


def test_three_united_oil_and_gas_stay_three():
    accounts = rows_of(DATA / "salesforce-export" / "Account.csv")
    contacts = rows_of(DATA / "salesforce-export" / "Contact.csv")
    united = [row for row in accounts if row["Name"].startswith("United Oil")]

    keys = {company_key(row["Name"]) for row in united}
    domains = {
        domain_key(row["Email"])
        for row in contacts
        if row["AccountId"] in {account["Id"] for account in united}
    }

    assert len(united) == len(keys) == 3
    assert domains == {"uog.com"}


def test_every_account_and_lead_of_the_export_has_a_key_of_its_own():
    accounts = rows_of(DATA / "salesforce-export" / "Account.csv")
    leads = rows_of(DATA / "salesforce-export" / "Lead.csv")

    account_keys = {company_key(row["Name"]) for row in accounts}
    lead_keys = {company_key(row["Company"]) for row in leads}

    assert len(account_keys - {""}) == len(accounts) == 18
    assert len(lead_keys - {""}) == len(leads) == 22


def test_seven_leads_of_the_export_have_the_address_of_a_contact():
    leads = rows_of(DATA / "salesforce-export" / "Lead.csv")
    contacts = rows_of(DATA / "salesforce-export" / "Contact.csv")

    shared = {email_key(row["Email"]) for row in leads} & {
        email_key(row["Email"]) for row in contacts
    }

    assert len(shared - {""}) == 7


def test_the_broken_addresses_of_the_export_have_no_key():
    contacts = rows_of(DATA / "salesforce-export" / "Contact.csv")
    given = [row["Email"] for row in contacts + rows_of(DATA / "salesforce-export" / "Lead.csv")]

    broken = {text for text in given if text and not email_key(text)}

    assert broken == {"b.levy@expressl&t.net", "j.davis@expressl&t.net"}
    assert [text for text in given if is_role_mailbox(text)] == []


def test_colleagues_share_a_phone_but_no_name():
    contacts = rows_of(DATA / "salesforce-export" / "Contact.csv")

    by_phone = pairs_of((row["Id"], phone_key(row["Phone"])) for row in contacts)
    by_both = pairs_of(
        (row["Id"], (phone_key(row["Phone"]), person_key(row["FirstName"], row["LastName"])))
        for row in contacts
    )

    assert len(by_phone) >= 7
    assert by_both == set()


def test_jack_rogers_is_found_by_name_and_phone_but_not_by_address():
    [lead] = [
        r for r in rows_of(DATA / "salesforce-export" / "Lead.csv") if r["LastName"] == "Rogers"
    ]
    [contact] = [
        r for r in rows_of(DATA / "salesforce-export" / "Contact.csv") if r["LastName"] == "Rogers"
    ]

    assert name_key(lead["Name"]) == name_key(contact["Name"])
    assert phone_key(lead["Phone"]) == phone_key(contact["Phone"]) == "+13362227000"
    assert email_key(lead["Email"]) != email_key(contact["Email"])


# Data without a licence: it lies outside


@pytest.mark.reference_data("us-500")
def test_three_layouts_of_500_people_have_the_same_keys():
    folder = folder_of("us-500")
    full = rows_of(folder / "us-500.csv")
    few = rows_of(folder / "us-500_few_columns.csv")
    with (folder / "us-500_no_header.csv").open(encoding="utf-8", newline="") as file:
        bare = list(csv.reader(file))

    people = [
        (
            email_key(row["email"]),
            phone_key(row["phone1"]),
            person_key(row["first_name"], row["last_name"]),
        )
        for row in full
    ]
    again = [
        (
            email_key(row["email"]),
            phone_key(row["phone1"]),
            person_key(row["firstname"], row["lastname"]),
        )
        for row in few
    ]
    third = [(email_key(row[10]), phone_key(row[8]), person_key(row[0], row[1])) for row in bare]
    companies = {email_key(row["email"]): company_key(row["company_name"]) for row in full}

    assert len(set(people)) == 500
    assert {part for person in people for part in person if not part} == set()
    assert set(people) == set(again) == set(third)
    assert companies == {email_key(row[10]): company_key(row[2]) for row in bare}
    assert len(set(companies.values())) == 500


@pytest.mark.reference_data("us-500")
def test_free_mail_of_500_people_says_nothing_of_their_firm():
    full = rows_of(folder_of("us-500") / "us-500.csv")

    with_domain = [domain_key(row["email"]) for row in full if domain_key(row["email"])]

    # 359 people write from yahoo, hotmail, cox, gmail and aol; every other has a domain of his own.
    assert len(with_domain) == len(set(with_domain)) == 141


@pytest.mark.reference_data("zoho-leads")
def test_1265_leads_that_share_92_addresses_are_told_apart():
    leads = rows_of(folder_of("zoho-leads") / "Leads.csv")

    assert len(leads) == 1265
    assert len({email_key(row["Email"]) for row in leads}) == 92
    # 14 firms stand there in two spellings: "Impact Forge", "Impact Forge Inc".
    assert len({company_key(row["Company"]) for row in leads}) == 1251
    assert len({phone_key(row["Mobile"]) for row in leads} - {""}) == 1265


@pytest.mark.reference_data("chicago-sites")
def test_sites_of_one_name_are_mostly_one_organisation():
    sites = rows_of(folder_of("chicago-sites") / "sites_with_true_ids.csv")
    true = pairs_of((row["Id"], row["True Id"]) for row in sites)

    found = pairs_of((row["Id"], company_key(row["Site name"])) for row in sites)
    precision, recall = precision_and_recall(found, true)

    print(f"\nsites by name alone: precision {precision:.3f}, recall {recall:.3f}")
    assert len(true) == 6608
    assert precision >= 0.9
    assert recall >= 0.34
