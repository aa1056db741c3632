"""Who looks like whom: leads, contacts and accounts, typed or stored; and who is said not to be."""

from __future__ import annotations

import csv
from importlib import import_module
from io import StringIO
from itertools import combinations

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from accounts.matching import LISTED, PRESELECTED, account_match, contact_match, twins_of
from accounts.matching.pairs import PERSON_KEYS, pairs_in
from accounts.models import Account, Contact, FirmBlocks, PersonBlocks
from accounts.operations import create_account, create_contact, delete_contact, update_contact
from crm.integrity import findings
from duplicates.queries import agreeing_in, count_outside, pairs_for, reasons_told
from leads.jobs import look_through
from leads.jobs.duplicates import COLUMNS
from leads.matching import LIMIT, alike, hints_for, lookalikes, pairs
from leads.models import Lead
from leads.operations import (
    capture_lead,
    delete_lead,
    dismiss_pair,
    keep_pairs,
    preview,
    restore_pair,
)
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, PossibleDuplicate
from records.similarity import alike_people
from tests.factories import ContactFactory, UserFactory
from workbench.models import Job


def a_lead(by, **fields):
    return capture_lead(by=by, **{"topic": "Engines", **fields})


def numbers(found):
    return {tuple(sorted((pair.one.pk, pair.other.pk))) for pair in found}


# Candidates


def test_a_contact_is_proposed_by_a_nickname_a_typing_error_and_its_place_and_not_decided(rep):
    known = create_contact(
        by=rep, first_name="William", last_name="Thompson", city="Leeds", street="4 Mill Lane"
    )

    typed = {"first_name": "Bill", "last_name": "Tompson", "is_similar_wanted": True}
    place = known.as_place()
    match = contact_match(**typed, place=place)

    assert match.decided is None
    assert not match.undecided
    [candidate] = match.candidates
    assert candidate.record == known
    assert candidate.score >= PRESELECTED
    said = {reason.text for reason in candidate.reasons if reason.agrees}
    assert {"Short form of the first name", "Similar last name", "Same street"} <= said


def test_names_that_changed_places_are_one_name(rep):
    known = create_contact(by=rep, first_name="Ada", last_name="Lovelace", city="London")

    match = contact_match(
        first_name="Lovelace", last_name="Ada", is_similar_wanted=True, place=known.as_place()
    )

    assert match.candidates[0].record == known
    assert match.candidates[0].score >= PRESELECTED
    assert match.candidates[0].reasons[0].text == "Same name, first and last swapped"


def test_people_of_one_firm_with_one_switchboard_are_not_chosen_for_each_other(rep):
    account = create_account(by=rep, name="Analytical Engines")
    create_contact(
        by=rep, account=account, first_name="Anna", last_name="Berg", phone="+1 212 555 0199"
    )

    match = contact_match(
        first_name="Peter",
        last_name="Berg",
        phone="+1 212 555 0199",
        company="Analytical Engines",
        is_similar_wanted=True,
    )

    assert match.decided is None
    assert match.candidates[0].score < PRESELECTED


def test_the_same_personal_email_comes_first_whatever_else_is_alike(rep):
    mailed = create_contact(by=rep, last_name="Byron", email="ada@engine.example")
    create_contact(by=rep, first_name="Ada", last_name="Lovelace", phone="+1 212 555 0199")

    match = contact_match(
        first_name="Ada",
        last_name="Lovelace",
        email="ADA@engine.example",
        phone="+1 212 555 0199",
        is_similar_wanted=True,
    )

    assert match.decided == mailed
    assert match.candidates[0].record == mailed
    assert match.candidates[0].score == 100


def test_an_account_is_proposed_by_a_name_typed_badly_in_another_order(rep):
    known = create_account(by=rep, name="Müller & Söhne Maschinenbau GmbH", country="DE")

    match = account_match("Maschinenbau Mueller und Soehne", country="DE", is_similar_wanted=True)

    assert match.decided is None
    assert [candidate.record for candidate in match.candidates] == [known]
    assert match.candidates[0].score >= LISTED


def test_of_very_many_who_share_a_key_those_who_share_more_are_looked_at(rep, monkeypatch):
    monkeypatch.setattr("accounts.matching.preselected.LIKELIEST", 2)
    monkeypatch.setattr("accounts.matching.preselected.MOST_OF_A_KEY", 6)
    for name in ("Bruno", "Clara", "Dora", "Emil", "Fritz"):
        create_contact(by=rep, first_name=name, last_name="Meier", city="London")
    known = create_contact(by=rep, first_name="Gustav", last_name="Meier", city="London")
    place = known.as_place()

    match = contact_match(
        first_name="Gustav", last_name="Meyer", is_similar_wanted=True, place=place
    )

    assert match.candidates[0].record == known
    assert len(match.candidates) == 2


def test_what_decides_is_found_however_many_are_more_alike(rep, monkeypatch):
    monkeypatch.setattr("accounts.matching.preselected.LIKELIEST", 1)
    for _number in range(3):
        create_contact(by=rep, first_name="Ada", last_name="Lovelace", city="London")
    known = create_contact(by=rep, last_name="Byron", second_email="ada@engine.example")

    match = contact_match(
        first_name="Ada",
        last_name="Lovelace",
        email="ada@engine.example",
        is_similar_wanted=True,
        place=Contact(city="London").as_place(),
    )

    assert match.decided == known


def test_what_only_looks_alike_decides_nothing_for_who_asks_what_decides(rep):
    create_account(by=rep, name="Analytical Engines", country="GB")

    assert account_match("Analitical Engines", country="GB").candidates == ()
    assert account_match("Analytical Engines", country="GB").decided is not None


# Leads


def test_a_lead_with_a_typing_error_in_the_same_town_looks_alike(rep):
    first = a_lead(rep, first_name="Charlotte", last_name="Orchard", city="Mooloolaba")
    second = a_lead(rep, first_name="Charlote", last_name="Orchard", city="Mooloolaba")

    [found] = lookalikes(second, by=rep)

    assert found.lead == first
    assert "same city" in found.reasons


def test_a_visible_lead_is_not_lost_behind_hidden_ones_that_are_more_alike(rep, outsider):
    known = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@engine.example"}
    for _ in range(LIMIT + 1):
        a_lead(outsider, **known, city="London", phone="+1 212 555 0199")
    mine = a_lead(rep, **known)
    lead = a_lead(rep, **known, city="London", phone="+1 212 555 0199")

    assert [found.lead for found in lookalikes(lead, by=rep)] == [mine, None]


def test_a_visible_contact_is_not_lost_behind_hidden_ones_that_are_more_alike(
    rep, outsider, monkeypatch
):
    monkeypatch.setattr("accounts.matching.found.MOST", 2)
    known = {"first_name": "Ada", "last_name": "Lovelace", "city": "London"}
    for number in range(3):
        create_contact(
            by=outsider, **known, email=f"ada{number}@one.example", mobile="+12125550199"
        )
    mine = create_contact(by=rep, **known)

    hints = hints_for("contact", {**known, "phone": "+1 212 555 0199"}, by=rep)

    assert [(hint.record, hint.owner) for hint in hints] == [(mine, rep), (None, outsider)]
    [twin, hidden] = twins_of(create_contact(by=rep, **known, phone="+1 212 555 0199"), by=rep)
    assert (twin.record, hidden.record, hidden.owner) == (mine, None, outsider)


def test_a_lead_in_the_bin_looks_like_nobody(rep):
    values = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@engine.example"}
    binned, lead = a_lead(rep, **values), a_lead(rep, **values, company="Engines", city="London")
    assert [found.lead for found in lookalikes(lead, by=rep)] == [binned]

    delete_lead(binned, by=rep)

    assert lookalikes(lead, by=rep) == []
    assert hints_for("lead", values, by=rep, number=lead.pk) == []


def test_a_contact_in_the_bin_is_nobody_who_may_be_meant(rep):
    values = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@engine.example"}
    binned = create_contact(by=rep, **values)
    assert contact_match(**values, is_similar_wanted=True).decided == binned

    delete_contact(binned, by=rep)

    assert contact_match(**values, is_similar_wanted=True).candidates == ()


def test_typing_a_lead_tells_leads_contacts_and_accounts_that_look_like_it(rep):
    lead = a_lead(rep, first_name="Ada", last_name="Lovelace", email="ada@engine.example")
    account = create_account(by=rep, name="Analytical Engines", website="engine.example")
    contact = create_contact(
        by=rep, account=account, first_name="Ada", last_name="Lovelace", phone="+1 212 555 0199"
    )

    typed = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@engine.example",
        "phone": "(212) 555-0199",
        "company": "Analytical Engines Ltd",
        "topic": "Wings",
        "no_such_field": "x",
    }
    found = hints_for("lead", typed, by=rep)

    assert {(hint.kind, hint.record) for hint in found} == {
        ("lead", lead),
        ("contact", contact),
        ("account", account),
    }


def test_a_hint_says_of_what_one_may_not_see_only_that_it_is_there_and_who_can_help(rep, outsider):
    a_lead(outsider, first_name="Ada", last_name="Lovelace", email="ada@engine.example")

    [hint] = hints_for("lead", {"email": "ada@engine.example", "last_name": "Lovelace"}, by=rep)

    assert (hint.kind, hint.record, hint.score, hint.reasons) == ("lead", None, 0, ())
    assert hint.owner == outsider


def test_a_record_that_is_being_changed_is_no_hint_for_itself(rep):
    contact = create_contact(by=rep, first_name="Ada", last_name="Lovelace", city="London")
    values = {"first_name": "Ada", "last_name": "Lovelace", "city": "London"}

    assert hints_for("contact", values, by=rep, number=contact.pk) == []
    assert [hint.record for hint in hints_for("contact", values, by=rep)] == [contact]


def test_looking_takes_as_few_statements_as_it_says(rep, django_assert_num_queries):
    lead = a_lead(rep, first_name="Ada", last_name="Lovelace", company="Engines", city="London")
    a_lead(rep, first_name="Ada", last_name="Lovelace", company="Engines", city="London")
    account = create_account(by=rep, name="Engines", phone="+1 212 555 0199")
    create_contact(by=rep, account=account, first_name="Ada", last_name="Lovelace", city="London")
    typed = {"first_name": "Ada", "last_name": "Lovelace", "company": "Engines", "city": "London"}

    with django_assert_num_queries(1):
        contact_match(
            first_name="Ada",
            last_name="Lovelace",
            company="Engines",
            is_similar_wanted=True,
            place=lead.as_place(),
        )
    with django_assert_num_queries(1):
        account_match("Engines", phone="+1 212 555 0199", is_similar_wanted=True)
    with django_assert_num_queries(3):
        assert lookalikes(lead, by=rep)
    with django_assert_num_queries(5):
        assert len(hints_for("lead", typed, by=rep, number=lead.pk)) == 3


# What a hidden account says


@pytest.fixture
def at_hidden_firms(rep, outsider):
    """Two visible contacts of one name at hidden accounts that are alike."""
    firms = [
        create_account(by=outsider, name="Analytical Engines", is_different=True) for _ in range(2)
    ]
    return [
        create_contact(by=rep, first_name="Ada", last_name="Lovelace", account=firm)
        for firm in firms
    ]


def test_a_pair_of_contacts_tells_nothing_of_accounts_that_one_may_not_see(
    rep, admin, at_hidden_firms
):
    look_through("contact", by=admin)

    [told] = pairs_for(rep, ["contact"])
    [whole] = pairs_for(admin, ["contact"])

    assert whole.told_score >= PRESELECTED > told.told_score >= LISTED
    assert "Same company" in {reason.text for reason in reasons_told(whole)}
    assert "Same company" not in {reason.text for reason in reasons_told(told)}
    assert list(agreeing_in(pairs_for(rep), "company")) == []
    assert list(pairs("contact", by=rep)) == []
    assert len(list(pairs("contact", by=admin))) == 1
    assert count_outside(rep, "contact") == 0


def test_whether_a_pair_is_listed_tells_nothing_of_hidden_accounts(rep, outsider, admin):
    def two_at(*firms, **person):
        return [
            create_contact(
                by=rep,
                **person,
                account=create_account(by=outsider, name=firm, is_different=True),
            )
            for firm in firms
        ]

    known = {"first_name": "Ada", "last_name": "Byron", "country": "GB"}
    apart = two_at("Difference Works", "Loom Weavers", **known, phone="")
    firm = "Analytical Engines"
    near = two_at(firm, firm, first_name="Ada", last_name="Bell", city="Leeds", country="GB")
    near[1] = update_contact(near[1], by=rep, first_name="Joan", country="US")
    look_through("contact", by=admin)

    scores = [alike_people(*(each.as_person() for each in two)).score for two in (apart, near)]
    assert scores[0] >= LISTED > scores[1]
    told = dict(pairs_for(rep, ["contact"]).values_list("low", "told_score"))
    assert told == {apart[0].pk: scores[0]}
    assert near[0].pk in pairs_for(admin, ["contact"]).values_list("low", flat=True)


def test_hints_twins_and_reasons_tell_nothing_of_an_account_that_one_may_not_see(
    rep, admin, at_hidden_firms
):
    one, _other = at_hidden_firms
    typed = {"first_name": "Ada", "last_name": "Lovelace", "company": "Analytical Engines"}
    lead = a_lead(rep, **typed, city="London")

    def told_of_contacts(typed, by):
        found = hints_for("lead", typed, by=by, number=lead.pk)
        return {(h.record, h.score, h.reasons) for h in found if h.kind == "contact"}

    guessed = told_of_contacts(typed, rep)
    assert guessed == told_of_contacts({**typed, "company": "Mills"}, rep) != set()
    assert guessed != told_of_contacts(typed, admin)
    assert twins_of(Contact.objects.get(pk=one.pk), by=rep) == []
    assert len(twins_of(Contact.objects.get(pk=one.pk), by=admin)) == 1
    match = preview(lead, by=rep).decision.contact_match
    for candidate in match.seen_by(rep).candidates:
        assert "Same company" not in {reason.text for reason in candidate.reasons}
        assert "Same company" not in match.reasons_for(candidate.record, by=rep)


# Not a duplicate


@pytest.fixture
def twins(rep):
    values = {"first_name": "Ada", "last_name": "Lovelace", "city": "London"}
    return [create_contact(by=rep, **values) for _ in range(2)]


def test_what_is_said_to_be_different_is_never_proposed_again(rep, twins):
    one, other = twins
    assert numbers(pairs("contact", by=rep)) == {(one.pk, other.pk)}

    dismiss_pair(one, other, by=rep)
    dismiss_pair(other, one, by=rep)

    assert numbers(pairs("contact", by=rep)) == set()
    values = {"first_name": "Ada", "last_name": "Lovelace", "city": "London"}
    assert hints_for("contact", values, by=rep, number=one.pk) == []
    kept = PossibleDuplicate.objects.get()
    assert (kept.dismissed_by, kept.score >= PRESELECTED) == (rep, True)
    assert AuditEntry.objects.filter(event="pair.dismissed").count() == 2

    restore_pair(one, other, by=rep)

    assert numbers(pairs("contact", by=rep)) == {(one.pk, other.pk)}
    assert restore_pair(one, other, by=rep) is None


def test_looking_for_pairs_again_does_not_forget_what_was_said(rep, twins):
    dismiss_pair(*twins, by=rep)
    restore_pair(*twins, by=rep)
    found = list(pairs("contact", by=rep))
    dismiss_pair(*twins, by=rep)

    assert keep_pairs("contact", found) == 1

    assert PossibleDuplicate.objects.get().dismissed_at is not None


def test_an_account_that_is_said_to_be_different_is_not_taken_for_a_lead(rep):
    account = create_account(by=rep, name="Analytical Engines")
    lead = a_lead(rep, last_name="Lovelace", company="Analytical Engines")
    assert preview(lead, by=rep).decision.account.record == account

    dismiss_pair(lead, account, by=rep)

    choice = preview(lead, by=rep).decision.account
    assert choice.outcome == "undecided"
    assert "different one" in choice.question


def test_leads_that_are_said_to_be_different_look_alike_no_more(rep):
    one = a_lead(rep, last_name="Lovelace", email="ada@engine.example")
    other = a_lead(rep, last_name="Lovelace", email="ada@engine.example")
    assert lookalikes(one, by=rep)

    dismiss_pair(one, other, by=rep)

    assert lookalikes(one, by=rep) == lookalikes(other, by=rep) == []


def test_nobody_says_it_of_what_they_may_not_see_or_of_one_record(rep, outsider):
    mine = create_contact(by=rep, last_name="Lovelace")
    theirs = create_contact(by=outsider, last_name="Byron")

    with pytest.raises(NotPermitted):
        dismiss_pair(mine, theirs, by=rep)
    with pytest.raises(NotPermitted):
        dismiss_pair(theirs, mine, by=rep)
    with pytest.raises(Unacceptable):
        dismiss_pair(mine, mine, by=rep)
    assert not PossibleDuplicate.objects.exists()


# Pairs


def test_every_pair_comes_once_however_many_keys_it_shares(rep):
    same = {"first_name": "Ada", "last_name": "Lovelace", "city": "London", "street": "4 Mill Lane"}
    for _ in range(4):
        a_lead(rep, **same, email="ada@engine.example", phone="+1 212 555 0199")
    a_lead(rep, first_name="Grace", last_name="Hopper", city="London", street="9 Mill Lane")

    found = list(pairs("lead", by=rep))

    everybody = sorted(Lead.objects.filter(last_name="Lovelace").values_list("pk", flat=True))
    assert len(found) == 6
    assert numbers(found) == set(combinations(everybody, 2))


def test_a_key_that_very_many_share_brings_nobody_together(rep, monkeypatch):
    monkeypatch.setattr("accounts.matching.pairs.MOST_OF_A_KEY", 3)
    for name in ("Anna", "Berta", "Clara", "Dora"):
        create_contact(by=rep, first_name=name, last_name="Meier", phone="+1 212 555 0199")
    twins = [
        create_contact(by=rep, first_name="Emil", last_name="Meier", phone="+1 212 555 0199")
        for _ in range(2)
    ]

    assert numbers(pairs("contact", by=rep)) == {tuple(twin.pk for twin in twins)}


def test_nobody_is_told_of_pairs_outside_their_scope(rep, outsider, admin):
    for owner in (rep, outsider):
        create_contact(by=owner, first_name="Ada", last_name="Lovelace", city="London")

    assert list(pairs("contact", by=rep)) == []
    assert len(list(pairs("contact", by=admin))) == 1


def test_the_command_writes_a_line_for_each_pair(rep, admin):
    for number in ("x1", "x2"):
        create_contact(
            by=rep, external_id=number, first_name="Ada", last_name="Lovelace", city="London"
        )
    create_contact(by=rep, first_name="Grace", last_name="Hopper")
    out = StringIO()

    call_command("find_duplicates", "contact", format="csv", stdout=out)

    [line] = csv.DictReader(out.getvalue().splitlines())
    assert (line["external_id_a"], line["external_id_b"]) == ("x1", "x2")
    assert int(line["score"]) >= PRESELECTED
    assert line["reasons"] == "Same name; Same city"


# The list of all pairs


@pytest.mark.parametrize("at_a_time", [3, 400])
def test_looking_through_all_keeps_the_pairs_and_forgets_what_is_one_no_more(
    admin, rep, monkeypatch, at_a_time
):
    monkeypatch.setattr("accounts.matching.pairs.AT_A_TIME", at_a_time)
    values = {"first_name": "Ada", "last_name": "Lovelace", "city": "London"}
    one, other, third = (create_contact(by=rep, **values) for _ in range(3))
    for name in ("Byron", "Hopper", "Turing", "Noether"):
        create_contact(by=rep, first_name="Emmy", last_name=name, city="Leeds")

    look_through("contact", by=admin)

    kept = PossibleDuplicate.objects.filter(kind="contact", score__gte=PRESELECTED)
    assert set(kept.values_list("low", "high")) == {
        tuple(sorted(pair)) for pair in combinations([one.pk, other.pk, third.pk], 2)
    }
    assert ["name", "same"] in kept[0].reasons

    dismiss_pair(one, other, by=rep)
    update_contact(third, by=rep, first_name="Grace", last_name="Hopper", city="New York")
    look_through("contact", by=admin)

    assert set(kept.values_list("low", "high")) == {tuple(sorted((one.pk, other.pk)))}
    assert kept.get().dismissed_at is not None
    assert Job.objects.filter(state=Job.State.DONE).count() == 2


@pytest.mark.parametrize("at_a_time", [4, 400])
def test_step_by_step_finds_the_pairs_that_the_command_finds(admin, monkeypatch, at_a_time):
    monkeypatch.setattr("accounts.matching.pairs.AT_A_TIME", at_a_time)
    names = ["Analytical Engines", "Analitical Engines Ltd", "Engines Analytical", "Byron Mills"]
    for name in names:
        create_account(by=admin, name=name, country="GB", is_different=True)

    look_through("account", by=admin)

    kept = set(PossibleDuplicate.objects.values_list("low", "high"))
    assert kept == numbers(pairs("account", by=admin, least=LISTED)) != set()


def test_looking_through_all_tells_nobody_how_many_there_are(admin, outsider):
    for _number in range(3):
        create_contact(by=admin, first_name="Ada", last_name="Lovelace", city="London")

    job = look_through("contact", by=outsider)

    job.refresh_from_db()
    assert job.total == job.done == len(COLUMNS["contact"])
    assert job.outcome == "All have been looked through."


def test_what_is_looked_through_is_not_begun_anew_by_who_asks_again(admin, rep, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    first = look_through("contact", by=admin)

    assert look_through("contact", by=rep) == first
    assert Job.objects.count() == 1


def test_who_may_see_nothing_has_nothing_looked_through(db):
    reader = UserFactory(may={"leads.view_lead": "all"})

    with pytest.raises(NotPermitted):
        look_through("account", by=reader)


# The keys


def test_records_that_were_there_before_get_their_keys(rep):
    create_account(by=rep, name="Analytical Engines", phone="+1 212 555 0199", street="4 Mill Lane")
    person = {"first_name": "Ada", "last_name": "Lovelace", "city": "London", "street": "4 Mill La"}
    create_contact(by=rep, email="ada@engine.example", phone="212 555 0199", **person)
    a_lead(rep, email="ada@engine.example", mobile="555 0199", **person)
    a_lead(rep, company="Analytical Engines", last_name="Lovelace")
    for model, keys in ((Account, FirmBlocks), (Contact, PersonBlocks), (Lead, PersonBlocks)):
        model.objects.update(**{column.name: "" for column in keys._meta.local_fields})
    behind = {finding.kind for finding in findings() if "block_" in finding.text}
    assert behind == {"account", "contact", "lead"}

    editor = connection.schema_editor()
    import_module("accounts.migrations.0004_fill_blocks").fill_all(apps, editor)
    import_module("leads.migrations.0029_fill_blocks").fill(apps, editor)

    assert [finding.text for finding in findings()] == []


def test_passes_over_who_was_changed_while_they_are_looked_through(rep):
    _one, other = (ContactFactory(owner=rep, email="info@engine.example") for _ in range(2))
    rows = Contact.objects.select_related("account")
    read = rows.in_bulk

    def late(numbers):
        Contact.objects.filter(pk=other.pk).update(
            **{column: "" for group in PERSON_KEYS for column in group}
        )
        return read(numbers)

    rows.in_bulk = late

    assert not list(pairs_in(rows, PERSON_KEYS, alike, kind="contact", least=0))
