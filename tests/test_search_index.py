"""What keeps the search in step with the records: the database itself, whoever writes."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from activities.operations import log_note
from crm import search_index
from crm.integrity import findings
from leads.models import Lead
from records.fulltext import has_trigrams
from records.models import SearchWord
from tests.factories import LeadFactory
from users.models import User


def found(text: str) -> list[int]:
    return list(Lead.objects.matching(text).order_by("pk").values_list("pk", flat=True))


def raw(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def told() -> list[str]:
    return [finding.text for finding in findings() if "search" in finding.rule]


def test_rows_that_no_operation_wrote_are_found(rep: User) -> None:
    call_command("seed", leads=5, accounts=5, contacts=5, opportunities=5, stdout=StringIO())
    made = Lead(topic="Talk", last_name="Quarrington", owner=rep)
    made.derive()
    lead = Lead.objects.bulk_create([made])[0]

    in_bulk = found("quarr")
    Lead.objects.filter(pk=lead.pk).update(search=" xylograph ")
    updated = found("quarr"), found("xylo")
    raw(f"DELETE FROM leads_lead WHERE id = {lead.pk}")

    assert in_bulk == [lead.pk]
    assert updated == ([], [lead.pk])
    assert found("xylo") == []
    assert told() == []


def test_the_words_of_records_are_learnt_and_those_of_notes_are_not(rep: User) -> None:
    lead = LeadFactory(
        owner=rep,
        last_name="Quarrington, O'Neill",
        company="Zoe Ferrovia (North)",
        email="zoe@only.example",
        phone="5127576000",
    )
    log_note(lead, by=rep, text="A whispered secret")

    known = set(SearchWord.objects.values_list("word", flat=True))

    assert {"zoe", "quarrington", "o'neill", "ferrovia"} <= known
    assert not {"whispered", "zoe@only.example", "5127576000", "(north)"} & known
    assert search_index.words_in(lead.search) <= known


def test_a_word_that_is_known_is_not_learnt_again(rep: User) -> None:
    for _ in range(3):
        LeadFactory(owner=rep, last_name="Quarrington")

    assert SearchWord.objects.filter(word="quarrington").count() == 1


@pytest.mark.parametrize(
    "text", ['say "quarry"', "back\\slash quarry", "100% quarry_", "ça\tquarry", "'); quarry"]
)
def test_whatever_a_text_holds_is_learnt_and_found(rep: User, text: str) -> None:
    lead = LeadFactory(owner=rep, topic=text)

    assert found(text) == [lead.pk]
    assert SearchWord.objects.filter(word="quarry").exists() == ("quarry " in f"{text} ")
    assert told() == []


def test_migrating_puts_back_what_rebuilding_a_table_has_dropped(rep: User) -> None:
    table = "leads_lead"
    for name in search_index._triggers_on(table):
        raw(
            f"DROP TRIGGER {name}"
            if connection.vendor == "sqlite"
            else f"DROP TRIGGER IF EXISTS {name} ON {table}"
            if "words" in name
            else "SELECT 1"
        )
    lead = LeadFactory(owner=rep, last_name="Quarrington")
    missing = told()

    said = StringIO()
    call_command("migrate", stdout=said)

    assert any("trigger" in text for text in missing)
    assert "leads" in said.getvalue()
    assert found("quarr") == [lead.pk]
    assert SearchWord.objects.filter(word="quarrington").exists()
    assert told() == []


def test_a_word_that_is_not_known_is_told_and_learnt_anew(rep: User) -> None:
    LeadFactory(owner=rep, last_name="Quarrington")
    SearchWord.objects.filter(word="quarrington").delete()
    missing = told()

    call_command("rebuild_search", stdout=StringIO())

    assert missing == ["The search has not learnt quarrington."]
    assert told() == []


def test_rebuilding_forgets_the_words_that_are_nowhere_any_more(rep: User) -> None:
    lead = LeadFactory(owner=rep, last_name="Quarrington")
    Lead.objects.filter(pk=lead.pk).update(last_name="", search=" nobody ")

    call_command("rebuild_search", stdout=StringIO())

    known = set(SearchWord.objects.values_list("word", flat=True))
    assert "nobody" in known
    assert "quarrington" not in known


def test_the_index_of_sqlite_that_is_out_of_step_is_told_and_made_anew(rep: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its indexes by itself")
    assert has_trigrams()
    lead = LeadFactory(owner=rep, last_name="Quarrington")
    raw(f"INSERT INTO leads_lead_search (leads_lead_search, rowid, search)"
        f" VALUES ('delete', {lead.pk}, '{lead.search}')")  # fmt: skip
    lost, wrong = found("quarr"), told()

    call_command("rebuild_search", stdout=StringIO())

    assert lost == []
    assert wrong == ["Its index is not in step with it. Run rebuild_search."]
    assert found("quarr") == [lead.pk]


def test_sqlite_looks_words_up_and_does_not_read_all_rows(rep: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("tests/test_indexes.py asks PostgreSQL")
    plan: Any = Lead.objects.matching("quarr").explain()

    assert "leads_lead_search VIRTUAL TABLE INDEX" in plan
    assert "SCAN leads_lead\n" not in f"{plan}\n"
