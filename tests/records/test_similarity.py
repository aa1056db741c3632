"""How alike people and firms are: what agrees weighs, what contradicts weighs against it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.similarity import (
    alike_firms,
    alike_people,
    blocks_of_firm,
    blocks_of_person,
    firm_of,
    person_of,
    place_of,
)
from records.similarity.blocks import LENGTH
from records.similarity.people import name_facts
from records.similarity.spelling import closeness, is_nickname, plain, sound

PRESELECTED, LISTED = 80, 50
LONDON = place_of(street="12 Mill Lane", city="London", postal_code="SW1A 1AA", country="GB")
NEW_YORK = place_of(street="9 Broad St", city="New York", postal_code="10004", country="US")


def ada(**others):
    return person_of(**{"first_name": "Ada", "last_name": "Lovelace", **others})


def state_of(one, other, what):
    facts = alike_people(one, other).facts
    return next((fact.state for fact in facts if fact.what == what), None)


# Names


@pytest.mark.parametrize(
    ("one", "other", "states"),
    [
        (("Ada", "Lovelace"), ("ADA ", "lovelace"), {"name": "same"}),
        (("Ada", "Lovelace"), ("Lovelace", "Ada"), {"name": "swapped"}),
        (("", "Ada Lovelace"), ("Ada", "Lovelace"), {"name": "same"}),
        (("Bill", "Gates"), ("William", "Gates"), {"first_name": "nickname"}),
        (("A.", "Lovelace"), ("Ada", "Lovelace"), {"first_name": "initial"}),
        (("Ada", "Lovelcae"), ("Ada", "Lovelace"), {"last_name": "alike"}),
        (("Jürgen", "Müller"), ("Jurgen", "Mueller"), {"last_name": "alike"}),
        (("Пётр", "Чайковский"), ("Petr", "Chaikovsky"), {"last_name": "alike"}),
        (("Ada", "King-Lovelace"), ("Ada", "Lovelace"), {"last_name": "alike"}),
        (("", "Lovelace"), ("Ada", "Lovelace"), {"last_name": "same", "first_name": None}),
        (("Ada", "Lovelace"), ("Grace", "Hopper"), {"first_name": "different"}),
    ],
)
def test_names_are_compared_as_people_write_them(one, other, states):
    facts = name_facts(*(person_of(first_name=f, last_name=n) for f, n in (one, other)))

    found = {fact.what: fact.state for fact in facts}
    assert {what: found.get(what) for what in states} == states


def test_a_short_form_belongs_to_its_long_one():
    assert is_nickname("rob", "robert")
    assert not is_nickname("robert", "ronald")


def test_a_name_alone_is_listed_and_never_preselected():
    assert LISTED <= alike_people(ada(), ada()).score < PRESELECTED
    assert alike_people(ada(place=LONDON), ada(place=LONDON)).score >= PRESELECTED
    assert alike_people(ada(place=LONDON), ada(place=NEW_YORK)).score < LISTED


# What else is known


def test_the_same_personal_mailbox_is_the_same_person_and_a_shared_one_is_not():
    other = person_of(first_name="Grace", last_name="Hopper")

    def mailed(person, email):
        return person_of(first_name=person.first, last_name=person.last, emails=[email])

    personal = [mailed(each, "ada@engine.example") for each in (ada(), other)]
    shared = [mailed(each, "info@engine.example") for each in (ada(), other)]
    assert alike_people(*personal).score >= PRESELECTED
    assert alike_people(*shared).score < LISTED


def a_namesake(email, **others):
    name = {"first_name": "Wilhelmina", "last_name": "Strzelecki"}
    return person_of(**{**name, "emails": [email], **others})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("wilhelmina.strzelecki@alpha.example", "wilhelmina.strzelecki@omega.example"),
        ("wstrzelecki@alpha.example", "wstrzelecki@omega.example"),
        ("strzelecki@alpha.example", "strzelecki@omega.example"),
        ("wilhelmina.strzelecki@gmail.com", "wilhelmina.strzelecki@yahoo.com"),
        ("wilhelmina.strzelecki@gmail.com", "wilhelmina.strzeleckie@gmail.com"),
    ],
)
def test_an_address_that_repeats_the_name_says_nothing_beside_it(one, other):
    firms = {"company": "Alpha Pumps"}, {"company": "Omega Valves"}
    mailed = [a_namesake(one, **firms[0]), a_namesake(other, **firms[1])]
    unmailed = [a_namesake("", **firm) for firm in firms]

    assert alike_people(*mailed) == alike_people(*unmailed)
    assert LISTED <= alike_people(*mailed).score < PRESELECTED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pepper1815@alpha.example", "pepper1815@omega.example"),
        ("wstrzelecki77@gmail.com", "wstrzelecki77@yahoo.com"),
        ("wilhelmina.strzelecki@alpha.example", "wilhelmina.strzeleki@alpha.example"),
        ("wilhelmina.strzelecki@gmail.com", "wilhelmina.strzelecki@gmial.com"),
    ],
)
def test_an_address_that_says_more_than_the_name_counts(one, other):
    assert alike_people(a_namesake(one), a_namesake(other)).score >= PRESELECTED


def test_an_address_says_as_much_of_a_name_as_is_missing():
    whole = a_namesake("wilhelmina.strzelecki@alpha.example", company="Pumps")
    half = a_namesake("wilhelmina.strzelecki@omega.example", first_name="", company="Pumps")
    without = a_namesake("", first_name="", company="Pumps")

    assert alike_people(whole, without).score < alike_people(whole, half).score
    assert alike_people(whole, half).score <= alike_people(whole, whole).score


def test_a_number_without_its_area_code_agrees_with_the_whole_one():
    one = ada(phones=["555-0199 1"])
    assert state_of(ada(phones=["555-0199"]), ada(phones=["+12125550199"]), "phone") == "tail"
    assert state_of(ada(phones=["2125550199"]), ada(phones=["+12125550199"]), "phone") == "same"
    assert state_of(one, ada(phones=["+12125550199"]), "phone") == "different"
    assert state_of(ada(phones=["0000000000"]), ada(phones=["0000000000"]), "phone") is None


def test_colleagues_and_their_switchboard_stay_apart():
    work = {"company": "Engines Ltd", "phones": ["+12125550199"], "place": LONDON}
    anna = person_of(first_name="Anna", last_name="Berg", **work)
    peter = person_of(first_name="Peter", last_name="Berg", **work)

    assert alike_people(anna, peter).score < PRESELECTED


@pytest.mark.parametrize(
    ("one", "other"),
    [(("Zora", "Haddad"), ("Zora", "Falkenrath")), (("Hana", "Berg"), ("Gemma", "Berg"))],
)
def test_two_of_one_firm_who_share_half_a_name_are_not_listed(one, other):
    firm = {"company": "Engines Ltd", "place": LONDON, "days": {"contract_ends": "2027-01-31"}}
    first, second = (
        person_of(first_name=a, last_name=b, emails=[f"{a}.{b}@engines.test"], phones=[p], **firm)
        for (a, b), p in ((one, "+12125550199"), (other, "+12125550123"))
    )

    assert alike_people(first, second).score < LISTED


def test_somebody_of_the_firm_who_has_another_last_name_by_now_is_listed_by_their_telephone():
    work = {"first_name": "Zora", "company": "Engines Ltd", "phones": ["+12125550199"]}
    before, after = (person_of(last_name=name, **work) for name in ("Haddad", "Falkenrath"))

    assert LISTED <= alike_people(before, after).score < PRESELECTED


def test_what_names_nobody_is_not_preselected():
    one = person_of(company="Engines Ltd", phones=["+12125550199"], place=LONDON)

    assert alike_people(one, one).score < PRESELECTED


def test_a_birthday_that_agrees_weighs_and_one_that_differs_weighs_against():
    born = {"born_on": "1815-12-10"}
    plainly = alike_people(ada(), ada()).score
    agreeing = alike_people(ada(days=born), ada(days=born)).score
    differing = alike_people(ada(days=born), ada(days={"born_on": "1906-06-09"})).score

    assert differing < plainly < agreeing
    assert state_of(ada(days=born), ada(days={"signed_on": "1815-12-10"}), "day") is None


# Firms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme, Inc.", "ACME GmbH & Co. KG"),
        ("Analytical Engines", "Engines, Analytical"),
        ("AnalyticalEngines Ltd", "Analytical Engines"),
        ("Analitical Engines", "Analytical Engines"),
        ("FaheyInc", "Fahey"),
        ("Müller Maschinenbau", "Mueller Maschinenbau"),
    ],
)
def test_spellings_of_one_firm_in_one_country_are_listed(one, other):
    place = place_of(country="GB")

    assert alike_firms(firm_of(one, place=place), firm_of(other, place=place)).score >= LISTED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("China Eastern Airlines", "China Southern Airlines"),
        ("Teva Pharmaceutical Industries", "Taro Pharmaceutical Industries"),
        ("TAT Technologies", "ATI Technologies"),
        ("BASF Aktiengesellschaft", "Bayer Aktiengesellschaft"),
        ("Unit 7 Holdings", "Unit 8 Holdings"),
    ],
)
def test_firms_that_share_only_common_words_are_not_preselected(one, other):
    place = place_of(country="GB")

    assert alike_firms(firm_of(one, place=place), firm_of(other, place=place)).score < PRESELECTED


def test_a_branch_in_another_street_is_not_preselected_by_its_chain():
    one = firm_of("Daily Bread Bakery", place=place_of(street="12 Mill Lane", city="Leeds"))
    other = firm_of("Daily Bread Bakery", place=place_of(street="90 High Street", city="Leeds"))

    assert alike_firms(one, other).score < PRESELECTED


# For whatever comes

words = st.text(st.characters(codec="utf-8"), max_size=30)
people = st.builds(
    person_of,
    first_name=words,
    last_name=words,
    company=words,
    emails=st.lists(st.one_of(words, st.emails()), max_size=2),
    phones=st.lists(st.one_of(words, st.from_regex(r"\+?[0-9]{4,14}", fullmatch=True)), max_size=2),
    place=st.builds(place_of, street=words, city=words, postal_code=words, region=words),
    days=st.dictionaries(st.just("born_on"), st.dates().map(str)),
)
firms = st.builds(
    firm_of,
    words,
    domain=st.sampled_from(["", "engine.example"]),
    phones=st.lists(words, max_size=1),
    place=st.builds(place_of, street=words, city=words),
)


@pytest.mark.thorough
@given(people, people)
def test_who_is_compared_with_whom_makes_no_difference(one, other):
    assert alike_people(one, other).score == alike_people(other, one).score
    assert 0 <= alike_people(one, other).score <= 99


@pytest.mark.thorough
@given(firms, firms)
def test_which_firm_is_compared_with_which_makes_no_difference(one, other):
    assert alike_firms(one, other).score == alike_firms(other, one).score


@pytest.mark.thorough
@given(people, firms)
def test_a_key_fits_its_column_and_has_no_character_that_a_database_refuses(person, firm):
    for key in (*blocks_of_person(person).values(), *blocks_of_firm(firm).values()):
        assert len(key) <= LENGTH
        assert "\x00" not in key


@pytest.mark.thorough
@given(words)
def test_plain_letters_stay_as_they_are(text):
    assert plain(plain(text)) == plain(text)
    assert sound(sound(plain(text))) is not None


@pytest.mark.thorough
@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=6, max_size=12), st.data())
def test_one_wrong_letter_in_a_long_name_is_a_typing_error(name, data):
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))

    assert closeness(name, name[:place] + letter + name[place + 1 :]) >= 0.7


# On lists whose truth is known, in memory: the proof asks the whole product

DATA = Path(__file__).parent.parent / "data"


def test_bad_spellings_of_500_firms_find_their_firm_first():
    def rows(name):
        with (DATA / "company-names" / name).open(encoding="utf-8", newline="") as stream:
            return [
                (number, firm_of(firm, place=place_of(country=country)))
                for number, firm, country in list(csv.reader(stream))[1:]
            ]

    good = rows("names.csv")
    by_key = {}
    for number, firm in good:
        for key in filter(lambda item: item[1], blocks_of_firm(firm).items()):
            by_key.setdefault(key, []).append((number, firm))
    right = 0
    for number, firm in rows("names_with_noise.csv"):
        near = {n: f for key in blocks_of_firm(firm).items() for n, f in by_key.get(key, ())}
        bits = {n: sum(x.bits for x in alike_firms(firm, f).facts) for n, f in near.items()}
        right += bool(bits) and max(bits, key=bits.__getitem__) == number
    assert right >= 465


def test_of_1320_firms_that_are_none_of_each_other_hardly_any_are_proposed():
    with (DATA / "company-names" / "companies_with_country.csv").open(encoding="utf-8") as stream:
        firms = [
            firm_of(name, place=place_of(country=country[:12]))
            for name, country in csv.reader(stream, delimiter=";")
        ]
    by_key = {}
    for index, firm in enumerate(firms):
        for key in filter(lambda item: item[1], blocks_of_firm(firm).items()):
            by_key.setdefault(key, []).append(index)
    near = {(a, b) for found in by_key.values() for a in found for b in found if a < b}

    proposed = [p for p in near if alike_firms(firms[p[0]], firms[p[1]]).score >= PRESELECTED]

    assert len(proposed) <= 15
