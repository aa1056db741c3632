"""A file is taken in, matched, checked and run; what came of each row is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import default_storage

from accounts.models import Account
from imports.jobs import NotChecked, check, run
from imports.models import Import
from imports.operations import ImportIsAtWork, ImportIsOver, discard, held, read_as, remap, upload
from imports.queries import digest_of, same_before
from leads.models import Lead
from records.errors import NotPermitted, Unacceptable
from tests.factories import LeadFactory, UserFactory
from tests.imports.files import LEADS, checked, imported, sent, verdicts
from users.models import Grant, User
from workbench.transfer import MappingIsWrong


def test_a_file_is_matched_by_itself_checked_and_run(rep: User) -> None:
    draft = sent(LEADS, by=rep)

    assert (draft.phase, draft.total) == ("draft", 2)
    assert draft.mapping["columns"] == {
        "First Name": "first_name",
        "Surname": "last_name",
        "E-mail": "email",
        "Firma": "company",
        "Topic": "topic",
    }
    ready = check(draft, by=rep)
    assert (ready.phase, ready.counts["new"], Lead.objects.count()) == ("checked", 2, 0)

    done = run(ready, by=rep)

    assert (done.phase, verdicts(done)) == ("done", [(2, "new"), (3, "new")])
    assert set(Lead.objects.values_list("owner", "last_name", "company")) == {
        (rep.pk, "Marchetti", "Ferrovia Logistica"),
        (rep.pk, "Nyström", "Bergslagen Steel"),
    }
    assert [row.record_id for row in done.rows.in_order()] == [
        Lead.objects.get(last_name=name).pk for name in ("Marchetti", "Nyström")
    ]


def test_the_same_file_twice_changes_nothing(rep: User) -> None:
    first = imported(LEADS, by=rep)
    before = list(Lead.objects.order_by("pk").values())

    again = sent(LEADS, by=rep)
    assert same_before(again) == first
    done = run(check(again, by=rep), by=rep)

    assert {verdict for _line, verdict in verdicts(done)} == {"duplicate"}
    assert list(Lead.objects.order_by("pk").values()) == before


def test_a_row_that_cannot_come_in_says_why_and_stops_no_other(rep: User) -> None:
    text = (
        "topic,last_name,email,estimated_value\nA,One,a@one.example,5\nB,Two,b@two.example,many\n"
    )

    ready = checked(text, by=rep)
    done = run(ready, by=rep)

    for stage in (ready, done):
        assert (stage.count("new"), stage.count("rejected")) == (1, 1)
    assert done.rows.get(line=3).errors == {"estimated_value": ["“many” is not a number."]}
    assert Lead.objects.get().topic == "A"


def test_only_what_was_checked_is_run(rep: User) -> None:
    draft = sent(LEADS, by=rep)
    with pytest.raises(NotChecked):
        run(draft, by=rep)
    ready = check(draft, by=rep)
    columns = {**ready.mapping["columns"], "Topic": None}
    changed = remap(ready, by=rep, mapping={**ready.mapping, "columns": columns})

    with pytest.raises(NotChecked):
        run(changed, by=rep)

    assert changed.phase == "draft"
    assert not changed.counts
    assert not Lead.objects.exists()


def test_what_was_run_is_not_run_or_changed_again(rep: User) -> None:
    done = imported(LEADS, by=rep)

    for work in (run, check, discard):
        with pytest.raises(ImportIsOver):
            work(done, by=rep)
    with pytest.raises(ImportIsOver):
        remap(done, by=rep, mapping={"columns": {}})
    assert Lead.objects.count() == 2


def test_a_mapping_names_fields_that_are_there(rep: User) -> None:
    draft = sent(LEADS, by=rep)

    with pytest.raises(MappingIsWrong):
        remap(draft, by=rep, mapping={"columns": {"Topic": "password"}})
    nothing = remap(draft, by=rep, mapping={"columns": dict.fromkeys(draft.headers)})
    with pytest.raises(MappingIsWrong):
        check(nothing, by=rep)


def test_somebody_else_does_nothing_with_it(rep: User, manager: User, admin: User) -> None:
    draft = sent(LEADS, by=rep)

    for other in (manager, admin):
        for work in (check, run, discard):
            with pytest.raises(NotPermitted):
                work(draft, by=other)
        assert not Import.objects.permitted(other).exists()


def test_who_may_not_make_records_takes_in_no_file(rep: User) -> None:
    Grant.objects.filter(permission="leads.add_lead").delete()
    rep = User.objects.get(pk=rep.pk)
    with pytest.raises(NotPermitted):
        sent(LEADS, by=rep)
    assert sent("name\nAcme\n", by=rep, kind="account").total == 1

    Grant.objects.filter(permission="imports.add_import").delete()
    with pytest.raises(NotPermitted):
        sent("name\nAcme\n", by=User.objects.get(pk=rep.pk), kind="account")
    with pytest.raises(NotPermitted):
        sent(LEADS, by=UserFactory(roles=[]))


def test_how_it_is_read_can_be_corrected(rep: User) -> None:
    text = "Expo Milan 2026;\nAll days;\nNachname;Firma\nMüller;Acme GmbH\n".encode("cp1252")
    draft = sent(text, by=rep, header=3)
    assert draft.headers == ["Nachname", "Firma"]

    right = read_as(draft, by=rep, encoding="cp1252", delimiter=";", header=3)

    assert right.mapping["columns"] == {"Nachname": "last_name", "Firma": "company"}
    done = run(check(right, by=rep), by=rep)
    assert Lead.objects.get().last_name == "Müller"
    assert done.count("new") == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("leads.csv", b"", "empty"),
        ("leads.csv", b"<svg onload=alert(1)>", "a page or a script"),
        ("leads.svg", b"<svg/>", "scripts"),
        ("leads.exe.csv", b"a,b\n1,2\n", "two endings"),
        ("leads.csv", b"PK\x03\x04 and more", "not what its name says"),
        ("leads.csv", b"\x00\x01\x02\x03MZ" * 50, "not what its name says"),
        ("leads.xlsx", b"a,b\n1,2\n", "not what its name says"),
        ("leads.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Send one of these"),
        ("leads.pdf", b"%PDF-1.7", "Send one of these"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(
    rep: User, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(Unacceptable) as refusal:
        upload(by=rep, kind="lead", name=name, content=content)

    assert reason in " ".join(refusal.value.errors["file"])
    assert not Import.objects.exists()


def test_a_refused_table_leaves_no_bytes_behind(rep: User) -> None:
    before = all_bytes()
    with pytest.raises(Unacceptable) as refusal:
        sent("\n\n\n", by=rep)
    assert "leads.csv is empty" in str(refusal.value.errors)
    assert all_bytes() == before


def all_bytes(folder: str = "imports") -> list[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return files + [name for each in folders for name in all_bytes(f"{folder}/{each}")]


def test_a_discarded_draft_takes_its_file_along(
    rep: User, django_capture_on_commit_callbacks: object
) -> None:
    draft = sent(LEADS, by=rep)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        discard(draft, by=rep)
    assert not default_storage.exists(draft.key)
    assert not Import.objects.exists()


def test_two_windows_do_not_overwrite_each_other(rep: User) -> None:
    draft = sent(LEADS, by=rep)
    first = {**draft.mapping, "duplicates": "skip"}
    remap(draft, by=rep, mapping=first, version=draft.version)

    with pytest.raises(ImportIsAtWork):
        remap(draft, by=rep, mapping={**first, "duplicates": "create"}, version=draft.version)

    assert held(draft, by=rep).mapping["duplicates"] == "skip"


def test_a_row_may_name_a_parent_in_another_chunk(
    rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imports.jobs.CHUNK", 2)
    text = "name,parent.name\nA Works,D Works\nB Works,A Works\nC Works,Nobody\nD Works,\n"

    ready = checked(text, by=rep, kind="account")
    assert verdicts(ready) == [(2, "new"), (3, "new"), (4, "rejected"), (5, "new")]
    done = run(ready, by=rep)

    assert verdicts(done) == verdicts(ready)
    parents = dict(Account.objects.values_list("name", "parent__name"))
    assert parents == {"A Works": "D Works", "B Works": "A Works", "D Works": None}
    assert not done.rows.filter(waits=True).exists()


def test_a_check_knows_what_an_earlier_chunk_would_bring(
    rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imports.jobs.CHUNK", 1)
    text = "external_id,topic,last_name\nx1,A,One\nx2,B,Two\nx1,C,One\n"

    ready = checked(text, by=rep)
    done = run(ready, by=rep)

    assert verdicts(ready) == verdicts(done) == [(2, "new"), (3, "new"), (4, "updated")]


def test_a_digest_knows_file_reading_and_mapping(rep: User) -> None:
    draft = sent(LEADS, by=rep)
    before = digest_of(draft)
    draft.delimiter = ";"
    assert digest_of(draft) != before


def test_a_duplicate_says_of_which_lead(rep: User) -> None:
    known = LeadFactory(
        owner=rep, first_name="Elena", last_name="Marchetti", company="Ferrovia Logistica",
        email="e.marchetti@ferrovia.example",
    )  # fmt: skip

    done = imported(LEADS, by=rep)

    row = done.rows.get(line=2)
    assert (row.verdict, row.of, row.record_id) == ("duplicate", known.pk, None)
    assert Lead.objects.count() == 2


def test_fills_what_is_empty_and_changes_nothing_else(rep: User, manager: User) -> None:
    LeadFactory(owner=rep, external_id="x1", topic="Old", city="", rating="", progress="new")
    text = "external_id,topic,city,rating,status,owner.email\nx1,New,Bern,hot,working,{}\n"
    mapping = {"columns": {"status": "status", "owner.email": "owner.email"}, "duplicates": "fill"}

    done = imported(text.format(manager.email), by=rep, mapping=mapping)

    lead = Lead.objects.get()
    assert (lead.topic, lead.city, lead.rating) == ("Old", "Bern", "hot")
    assert (lead.progress, lead.owner) == ("new", rep)
    assert verdicts(done) == [(2, "updated")]
    assert verdicts(imported(text.format(manager.email), by=rep, mapping=mapping)) == [
        (2, "unchanged")
    ]


def test_a_row_is_held_to_what_the_rows_before_it_have_made_of_a_record(rep: User) -> None:
    LeadFactory(owner=rep, external_id="x1", topic="A", last_name="One")
    text = "external_id,topic,last_name\nx1,A,One\nx1,B,One\nx1,B,One\nx1,A,One\nx1,,One\n"

    done = imported(text, by=rep)

    assert [verdict for _line, verdict in verdicts(done)] == [
        "unchanged",
        "updated",
        "unchanged",
        "updated",
        "unchanged",
    ]
    assert Lead.objects.get().topic == "A"


def test_rows_that_change_nothing_cost_no_statement_each(
    rep: User, django_assert_max_num_queries: Any
) -> None:
    head = "external_id,topic,last_name,email\n"
    text = head + "".join(f"e{n},Topic {n},Name {n},n{n}@mail.example\n" for n in range(200))
    imported(text, by=rep)
    ready = checked(text, by=rep)

    with django_assert_max_num_queries(60):
        done = run(ready, by=rep)

    assert done.count("unchanged") == 200
