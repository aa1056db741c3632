"""Files that nobody here wrote go through the wizard's operations."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import pytest
from django.db import transaction

from accounts.models import Account, Contact
from imports.jobs import check, check_rows, import_rows, run
from imports.models import Import
from leads.models import Lead
from opportunities.models import Campaign, Opportunity, Product
from records.errors import Unacceptable
from tests.imports.files import imported, sent
from tests.reference import folder_of
from users.models import User
from workbench.jobs import End, Job, Step


@pytest.mark.parametrize(
    ("kind", "text", "model"),
    [
        ("account", "Company Name,City\nEngine Works,London\n", Account),
        ("contact", "First Name,Last Name,Company\nAda,Lovelace,Engine Works\n", Contact),
        ("lead", "Topic,Last Name\nEngines,Lovelace\n", Lead),
        ("opportunity", "Deal Name,Amount,Stage\nEngines,100,\n", Opportunity),
        ("product", "Name,Price\nEngine,100\n", Product),
        ("campaign", "Campaign Name\nExpo\n", Campaign),
    ],
)
def test_every_kind_comes_in(admin: User, kind: str, text: str, model: type) -> None:
    before = model.objects.count()  # type: ignore[attr-defined]

    done = imported(text, by=admin, kind=kind)

    assert done.count("new") == 1, list(done.rows.values("errors"))
    assert model.objects.count() == before + 1  # type: ignore[attr-defined]


@pytest.mark.once  # the statements for each of its rows are those for the export below
@pytest.mark.reference_data("us-500")
def test_us_500(rep: User) -> None:
    content = (folder_of("us-500") / "us-500.csv").read_bytes()

    done = imported(content, by=rep, kind="contact")

    assert (done.total, done.count("rejected")) == (500, 0)
    assert done.count("new") == Contact.objects.count()
    again = imported(content, by=rep, kind="contact")
    assert again.count("new") == again.count("updated") == 0


@pytest.mark.reference_data("salesforce-export")
def test_salesforce_export_is_known_and_comes_in_with_its_links(admin: User) -> None:
    folder = folder_of("salesforce-export")
    for kind, file in (("account", "Account"), ("contact", "Contact"), ("lead", "Lead")):
        draft = sent((folder / f"{file}.csv").read_bytes(), by=admin, kind=kind)
        assert draft.mapping["columns"]["Id"] == "external_id"
        done = run(check(draft, by=admin), by=admin)
        assert done.phase == "done"
        assert done.count("new") > 0
    assert Contact.objects.filter(account__external_id__gt="").exists()


@pytest.mark.reference_data("x-education-leads")
def test_leads_without_names_come_in_with_their_sources(admin: User) -> None:
    lines = (folder_of("x-education-leads") / "Leads.csv").read_text().splitlines(keepends=True)
    content = "".join(lines[:201])
    rows = csv.DictReader(io.StringIO(content))
    truth = Counter(row["Lead Source"].casefold() for row in rows)
    # What else is in it are answers to questions that nobody asks here.
    filled = {"Prospect ID": "external_id", "Lead Source": "source"}
    mapping = {
        "columns": {**dict.fromkeys(rows.fieldnames or ()), **filled},
        "defaults": {"last_name": "Lead {Lead Number}"},
    }

    done = imported(content, by=admin, mapping=mapping)

    assert (done.total, done.count("new")) == (200, 200), done.counts
    found = Counter(name.casefold() for name in Lead.objects.values_list("source__name", flat=True))
    assert found == truth
    again = imported(content, by=admin, mapping=mapping)
    assert (again.count("unchanged"), Lead.objects.count()) == (200, 200), again.counts


@pytest.mark.once
@pytest.mark.reference_data("csv-torture")
@pytest.mark.parametrize(
    "name",
    [
        "comma_in_quotes", "escaped_quotes", "json", "location_coordinates", "newlines",
        "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8",
    ],
)  # fmt: skip
def test_csv_of_any_spelling_is_read_cell_by_cell(rep: User, name: str) -> None:
    folder = folder_of("csv-torture") / "csv-spectrum"
    draft = sent((folder / "csvs" / f"{name}.csv").read_bytes(), by=rep, name=f"{name}.csv")

    truth = json.loads((folder / "json" / f"{name}.json").read_text(encoding="utf-8"))
    truth = truth if isinstance(truth, list) else [truth]
    assert draft.total == len(truth)
    assert draft.headers == [" ".join(head.split()) for head in truth[0]]


@pytest.mark.reference_data("csv-torture")
def test_tables_that_begin_further_down_ask_where(rep: User) -> None:
    folder = folder_of("csv-torture") / "messytables"
    content = (folder / "weird_head_padding.csv").read_bytes()
    with pytest.raises(Unacceptable, match="headers"):
        sent(content, by=rep)
    assert sent((folder / "excel_pasting.csv").read_bytes(), by=rep, header=4).headers[0] == "Year"
    utf16 = sent((folder / "utf-16le_encoded.csv").read_bytes(), by=rep)
    assert (utf16.total, utf16.headers[0]) == (327, "Organisation_code")
    spanish = sent((folder / "spanish_chars.csv").read_bytes(), by=rep)
    # One of its 116 rows is blank.
    assert (spanish.total, spanish.headers[7]) == (115, "Descripción")


@pytest.mark.reference_data("naughty-strings")
def test_hostile_texts_come_in_as_they_are_or_say_why(rep: User) -> None:
    folder = folder_of("naughty-strings")
    texts = json.loads((folder / "blns.json").read_text(encoding="utf-8"))
    lines = [text for text in texts if "\x00" not in text]

    class Echo:
        def write(self, text: str) -> str:
            return text

    writer = csv.writer(Echo())
    rows = [["external_id", "topic", "last_name"]]
    rows += [[f"n{number}", text, "Tester"] for number, text in enumerate(lines)]
    content = "".join(writer.writerow(row) for row in rows)

    done = imported(content.encode("utf-8", "replace"), by=rep)

    assert done.phase == "done"
    stored = dict(Lead.objects.values_list("external_id", "topic"))
    assert len(stored) + done.count("rejected") == done.total == len(lines)
    for row in done.rows.filter(verdict="rejected"):
        assert row.errors


def test_a_job_that_dies_between_two_steps_goes_on_without_a_row_twice(
    rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imports.jobs.CHUNK", 3)
    text = "topic,last_name\n" + "".join(f"Topic {n},Name {n}\n" for n in range(10))
    ready = check(sent(text, by=rep), by=rep)
    Import.objects.filter(pk=ready.pk).update(state="running", counts={}, job=None)
    ready.rows.all().delete()
    job = Job(kind=import_rows.name, owner=rep, title="Import", arguments={"imported": ready.pk})

    ends = 0
    for attempt in range(50):
        try:
            with transaction.atomic():
                step = import_rows.step(job)
                if attempt % 2:
                    raise ConnectionError  # killed before its step has stood
        except ConnectionError:
            continue
        if isinstance(step, End):
            ends += 1
            break
        assert isinstance(step, Step)
        job.cursor = step.cursor

    done = Import.objects.get(pk=ready.pk)
    assert (ends, done.phase, done.count("new")) == (1, "done", 10)
    assert Lead.objects.count() == done.rows.count() == 10
    assert check_rows.name.startswith("imports.jobs")
