"""Files and mappings that nobody sends by mistake: refused with the reason, and nothing told."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from accounts.models import Account
from imports.jobs import check, import_rows
from imports.models import Import
from imports.operations import uploading
from imports.queries import table_of
from leads.models import Lead
from records.errors import NotPermitted
from tests.factories import AccountFactory, LeadFactory
from tests.imports.files import LEADS, checked, imported, sent
from tests.imports.test_api import a_file, api  # noqa: F401 - a fixture
from tests.imports.test_imports import all_bytes
from users.models import Grant, User
from workbench.jobs import Job

MEGABYTE = 1_048_576
TWIN = (
    "first_name,last_name,company,email,topic\n"
    "Elena,Marchetti,Ferrovia,e.m@ferrovia.example,Sorting\n"
)


@pytest.mark.parametrize("policy", ["update", "fill"])
@pytest.mark.parametrize("topic", ["Sorting", "Other"])
def test_of_a_hidden_lead_not_even_its_values_are_told(
    rep: User, outsider: User, policy: str, topic: str
) -> None:
    lead = LeadFactory(
        owner=outsider,
        first_name="Elena",
        last_name="Marchetti",
        company="Ferrovia",
        email="e.m@ferrovia.example",
        topic=topic,
    )

    row = checked(TWIN, by=rep, mapping={"duplicates": policy}).rows.get()

    assert not Lead.objects.permitted(rep).filter(pk=lead.pk).exists()
    assert (row.verdict, row.record_id, row.of, row.errors) == ("duplicate", None, None, {})
    assert row.reasons == ["It exists outside of what you may see."]


@pytest.mark.parametrize("city", ["Bern", "Basel"])
def test_of_a_hidden_account_not_even_its_values_are_told(
    rep: User, outsider: User, city: str
) -> None:
    AccountFactory(owner=outsider, name="Hidden Works", website="https://hidden.example", city=city)
    text = "name,website,city\nHidden Works,https://hidden.example,Bern\n"

    row = checked(text, by=rep, kind="account", mapping={"duplicates": "update"}).rows.get()

    assert not Account.objects.permitted(rep).exists()
    assert (row.verdict, row.record_id, row.of, row.errors) == ("duplicate", None, None, {})


@pytest.mark.once
@pytest.mark.parametrize(
    "mapping",
    [
        {"columns": {"Topic": ["x"]}},
        {"columns": {"Topic": {"a": 1}}},
        {"columns": {"Topic": 5}},
        {"columns": []},
        {"match": [[]]},
        {"match": [{}]},
        {"match": "external_id"},
        {"preset": ["x"]},
        {"preset": {}},
        {"preset": "salesforce", "columns": "Topic"},
        {"preset": "../salesforce"},
        {"columns": {"Topic": "topic"}, "values": {"topic": {"Sorting": 5}}},
        {"columns": {"Topic": "topic"}, "values": {"topic": {"Sorting": ["x"]}}},
        {"values": {"topic": "Sorting"}},
        {"defaults": {"topic": {"a": 1}}},
        {"defaults": {"topic": None}},
        {"duplicates": []},
        {"decimal": {}},
        {"date_order": None},
        {"encoding": {}},
        {"header": "first"},
    ],
)
def test_a_mapping_of_wrong_types_is_refused_with_the_reason(
    api: Any,  # noqa: F811
    mapping: Any,
) -> None:
    draft = api("post", "", {"file": a_file(), "kind": "lead"}).json()

    answer = api("patch", f"{draft['id']}/", {"mapping": mapping})

    if mapping == {"preset": {}}:  # no preset is none
        assert answer.status_code == 200
        return
    assert answer.status_code in (400, 409, 422), answer.content
    assert "mapping" in answer.content.decode().lower() or "“" in answer.content.decode()
    assert Import.objects.get().mapping == draft["mapping"]


def test_a_preset_is_kept_as_it_was_when_it_was_chosen(api: Any) -> None:  # noqa: F811
    draft = api("post", "", {"file": a_file(), "kind": "lead"}).json()

    api("patch", f"{draft['id']}/", {"mapping": {"preset": "salesforce"}})

    mapping = Import.objects.get().mapping
    assert "preset" not in mapping
    assert mapping["columns"]["LastName"] == "last_name"


def test_a_file_with_a_wrong_mapping_leaves_nothing_behind(api: Any) -> None:  # noqa: F811
    before = all_bytes()

    answer = api(
        "post",
        "",
        {"file": a_file(), "kind": "lead", "mapping": '{"columns": {"Topic": "password"}}'},
    )

    assert answer.status_code >= 400
    assert not Import.objects.exists()
    assert all_bytes() == before


def test_text_that_looks_like_an_unpacked_sheet_is_text(rep: User) -> None:
    content = '["topic","last_name"]\n["A","One"]\n' + "[" * 30_000 + "\n"

    draft = sent(content, by=rep)

    table = table_of(draft)
    assert (table.encoding, table.sheet) == ("utf-8", "")
    assert "topic" not in draft.headers


def test_a_row_without_end_is_not_taken_into_memory(rep: User) -> None:
    content = b"topic,last_name\nA,B\n" + b"," * 20_000_000 + b"\nC,D\n"
    tracemalloc.start()

    ready = checked(content, by=rep)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000
    assert list(ready.rows.in_order().values_list("line", "verdict")) == [
        (2, "new"),
        (3, "rejected"),
        (4, "new"),
    ]
    assert "longer than 1,000,000 characters" in ready.rows.get(line=3).errors[""][0]


def test_a_quote_that_swallows_lines_ends_somewhere(rep: User) -> None:
    content = "topic,last_name\nA,B\n" + '"' + '\n","' * 250_100

    ready = checked(content, by=rep)

    assert "longer than" in ready.rows.get(line=3).errors[""][0]


def test_what_no_database_keeps_is_not_repeated_in_what_is_told(rep: User) -> None:
    # Behind the first kilobytes, by which it is seen what a file is.
    good = "".join(f"e{n},{'T' * 50},N,5\n" for n in range(200))
    text = "external_id,topic,last_name,estimated_value\n" + good + "z,Q,N,1\x002\n"

    ready = checked(text, by=rep)

    told = ready.rows.get(verdict="rejected").errors
    assert told == {"estimated_value": ["“12” is not a number."]}
    assert "\x00" not in json.loads(json.dumps(told))["estimated_value"][0]


def test_a_run_stops_when_the_right_is_gone(rep: User) -> None:
    ready = check(sent(LEADS, by=rep), by=rep)
    ready.rows.all().delete()
    Import.objects.filter(pk=ready.pk).update(state="running", counts={}, job=None)
    Grant.objects.filter(permission="imports.add_import").delete()
    job = Job(kind=import_rows.name, owner=rep, title="Import", arguments={"imported": ready.pk})

    with pytest.raises(NotPermitted):
        import_rows.step(job)

    assert not Lead.objects.exists()


def workbook(*rows: list[Any]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    book.save(out)
    return out.getvalue()


def test_fractions_of_a_workbook_are_what_they_are_whatever_the_decimal_sign(rep: User) -> None:
    content = workbook(["topic", "last_name", "estimated_value"], ["A", "B", 1.125], ["C", "D", 7])

    done = imported(content, by=rep, name="leads.xlsx", mapping={"decimal": ","})

    assert done.count("new") == 2
    values = Lead.objects.order_by("pk").values_list("estimated_value", flat=True)
    assert [str(value) for value in values] == ["1.12", "7.00"]


def test_the_rejected_rows_of_a_file_that_is_gone_are_not_begun(
    client: Any,
    rep: User,
    api: Any,  # noqa: F811
) -> None:
    done = imported(LEADS, by=rep)
    Import.objects.filter(pk=done.pk).update(key="")
    client.force_login(rep)

    response = client.get(f"/imports/{done.pk}/rejected/", follow=True)

    assert response.status_code == 200
    assert "not kept any longer" in response.content.decode()
    told = api("get", f"{done.pk}/rejected/")
    assert told.status_code == 400
    assert "not kept any longer" in told.content.decode()


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "expo.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "a program or a page with scripts",
        ),
        ("expo.csv", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "was not taken"),
        ("expo.csv.exe", LEADS.encode(), "a program or a page with scripts"),
        ("expo.exe.csv", b"MZ\x90\x00\x03\x00" + b"\x00" * 100, "was not taken"),
        ("expo.xlsx", LEADS.encode(), "was not taken"),
        ("expo.csv", workbook(["topic"], ["A"]), "was not taken"),
        ("expo.csv", b"", "empty"),
    ],
)
def test_what_is_no_table_is_refused_on_the_page_with_the_reason(
    client: Any, rep: User, name: str, content: bytes, told: str
) -> None:
    before = all_bytes()
    client.force_login(rep)

    response = client.post(
        "/imports/new/", {"kind": "lead", "file": SimpleUploadedFile(name, content)}
    )

    assert response.status_code in (200, 409, 422)
    assert told in response.content.decode()
    assert not Import.objects.exists()
    assert all_bytes() == before


@pytest.mark.once
def test_what_unpacks_to_more_than_can_be_read_is_refused(
    client: Any, rep: User, settings: Any
) -> None:
    settings.FILE_MAX_UNPACKED_BYTES = MEGABYTE
    client.force_login(rep)

    response = client.post(
        "/imports/new/", {"kind": "lead", "file": SimpleUploadedFile("leads.xlsx", bomb())}
    )

    assert response.status_code == 422
    assert "unpack" in response.content.decode()
    assert not Import.objects.exists()


def test_what_is_larger_than_can_be_taken_is_refused(
    client: Any, rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = all_bytes()
    monkeypatch.setattr(uploading, "MOST_BYTES", len(LEADS.encode()) - 1)
    client.force_login(rep)

    response = client.post("/imports/new/", {"kind": "lead", "file": a_file()})

    assert response.status_code == 422
    assert "was not taken" in response.content.decode()
    assert all_bytes() == before


def bomb() -> bytes:
    """Return a workbook whose sheet is a thousand times as large as it looks."""
    import zipfile

    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["topic"], ["A"]))) as book,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for part in book.infolist():
            content = book.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b"<sheetData>", b"<sheetData>" + b" " * (2 * MEGABYTE))
            archive.writestr(part.filename, content)
    return out.getvalue()
