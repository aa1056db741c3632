"""Hostile text in every text field: kept as it was typed or sent, taken along and back.

What a field does to every text holds here, too: blanks around it go, line ends become one kind, and
what no file can hold is refused. All else comes back letter by letter.
"""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.db import connection
from django.test import Client
from django.urls import resolve, reverse

from accounts.models import Account, Contact
from activities.models import Activity
from activities.operations import add_task, log_note
from emails.models import EmailTemplate
from emails.operations import delete_template, save_template
from emails.placeholders import filled
from leads.models import Lead
from opportunities.models import Opportunity
from opportunities.operations import open_opportunity
from records.errors import Unacceptable
from records.keys import clean_text, tag_key, text_problem
from records.models import tag_problem
from records.operations.tags import MOST_TAGS
from tests.api.conftest import Caller
from tests.commands.test_export_records import export, import_again
from tests.factories import LeadFactory
from tests.workbench.test_export import taken
from users.models import User
from workbench.forms import LookupField

FOLDER = Path(__file__).resolve().parent / "data" / "naughty-strings"
KINDS: dict[str, tuple[Any, str]] = {
    "leads": (Lead, "topic"),
    "accounts": (Account, "name"),
    "contacts": (Contact, "last_name"),
    "opportunities": (Opportunity, "topic"),
}


# How an engine keeps text it does so in every table: the second one is asked for leads, in whose
# columns all kinds of texts are, and for tags.
ROOMS = [pytest.param(room, marks=() if room == "leads" else pytest.mark.once) for room in KINDS]


def naughty(room: str = "") -> list[str]:
    """Return every hostile text that a field of 100 letters has room for, each once.

    The fields of all rooms are of the same few types, so each room may take its share of the texts.
    """
    texts = json.loads((FOLDER / "blns.json").read_text(encoding="utf-8"))
    texts += (FOLDER / "csv-injection-payloads.txt").read_text(encoding="utf-8").splitlines()
    typed = [one_line(clean_text(text)).strip() for text in texts if not text_problem(text)]
    found = list(dict.fromkeys(text for text in typed if text and len(text) <= 100))
    return found[list(KINDS).index(room) :: len(KINDS)] if room else found


def one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def text_fields(room: str, user: User) -> list[str]:
    """Return the fields of a new record that take any text."""
    form: Any = resolve(reverse(f"{room}:create")).func.view_class.form_class  # type: ignore[attr-defined]
    return [
        name
        for name, field in form(user=user).fields.items()
        if type(field) is forms.CharField
        and not isinstance(field, LookupField)
        and (field.max_length or 999) >= 100
        and not isinstance(field.widget, forms.HiddenInput)
        and column_is_free(KINDS[room][0], name)
    ]


def column_is_free(model: Any, name: str) -> bool:
    """Say whether a column takes any text: no choice, no address, no number."""
    names = {field.name for field in model._meta.concrete_fields}
    special = ("email", "phone", "mobile", "website", "currency")
    return name in names and not any(word in name for word in special)


@pytest.mark.parametrize("room", ROOMS)
def test_a_form_keeps_it_as_it_was_typed(client: Client, rep: User, room: str):
    model, main = KINDS[room]
    client.force_login(rep)
    names = text_fields(room, rep)
    assert main in names
    form = client.get(reverse(f"{room}:create")).context_data["form"]
    usual = {each.name: each.value() for each in form if each.value() not in (None, [])}
    del usual["submission"]  # each is another one

    # PostgreSQL gets all of them in one room: it refuses some that SQLite takes.
    expected, texts = {}, naughty("" if connection.vendor == "postgresql" else room)
    for start in range(0, len(texts), len(names)):
        part = texts[start : start + len(names)]
        typed = dict(zip(names, [*part, *texts[: len(names) - len(part)]], strict=True))
        more = {"company": typed.get("company", "Acme")} if room == "leads" else {}
        sent = {**usual, **typed, **more, "is_different": "on"}
        answer = client.post(reverse(f"{room}:create"), sent)
        assert answer.status_code == 302, (typed, answer.context_data["form"].errors)
        expected[int(answer["Location"].rstrip("/").split("/")[-1])] = typed

    for pk, typed in expected.items():
        row = model.objects.values(*names).get(pk=pk)
        assert {k: one_line(v) for k, v in row.items()} == {
            k: one_line(v) for k, v in typed.items()
        }
    # What a page makes of the same texts, no engine decides.
    for pk in expected if connection.vendor == "sqlite" else ():
        page = client.get(reverse(f"{room}:detail", args=[pk])).content.decode()
        assert "<script>alert(" not in page
        assert "onerror=" not in page.replace("&", "") or "<img src=x" not in page


@pytest.mark.parametrize("room", ROOMS)
def test_a_program_reads_what_it_has_written(rep: User, room: str):
    _model, main = KINDS[room]
    program = Caller(rep)
    names = text_fields(room, rep)
    start = {main: "Begin", **({"company": "Acme"} if room == "leads" else {})}
    address = f"{room}/{program.post(f'{room}/', start).json()['id']}/"

    texts = naughty(room)
    for number in range(0, len(texts), len(names)):
        body = dict(zip(names, texts[number:], strict=False))
        answer = program.patch(address, body)
        assert answer.status_code == 200, (body, answer.content)
        read = program.get(address).json()
        assert {name: read[name] for name in body} == body


@pytest.mark.once  # what is written into a file
@pytest.mark.parametrize("kind", ["lead", "account", "contact", "opportunity"])
def test_what_is_taken_along_runs_nowhere_and_comes_in_again(admin, tmp_path: Path, kind: str):
    room = {"opportunity": "opportunities"}.get(kind, f"{kind}s")
    model, main = KINDS[room]
    texts = naughty(room)
    for text in texts:
        if kind == "opportunity":
            open_opportunity(text, by=admin, owner=admin)
        else:
            more = {"company": text} if kind == "lead" else {}
            model.objects.create(owner=admin, created_by=admin, **{main: text}, **more)
    told = export(kind)

    cells = [cell for row in csv.reader(io.StringIO(told)) for cell in row]
    before = list(model.objects.order_by("pk").values_list(main, "version"))
    verdicts = import_again(kind, told, tmp_path)

    assert [cell for cell in cells if cell.lstrip()[:1] in set("=+@|%\t\r")] == []
    assert [each for each in verdicts[:-1] if each["verdict"] != "unchanged"] == []
    assert list(model.objects.order_by("pk").values_list(main, "version")) == before
    assert [name for name, _version in before] == texts


@pytest.mark.once  # what is written into a file
def test_a_workbook_keeps_it_as_text(client: Client, rep: User):
    client.force_login(rep)
    texts = naughty()
    leads = [Lead(topic="One", owner=rep, company=text) for text in texts]
    for lead in leads:
        lead.derive()
    Lead.objects.bulk_create(leads)

    _head, *rows = taken(client, "/leads/?view=all&columns=company", "xlsx")

    sayable = [text.translate({0xFFFE: "", 0xFFFF: ""}) for text in texts]
    assert sayable != texts
    assert sorted(str(row[-1] or "") for row in rows) == sorted(sayable)


@pytest.mark.once
def test_a_timeline_keeps_it_and_shows_it_as_text(client: Client, rep: User):
    client.force_login(rep)
    subjects, texts = naughty()[::2], naughty()[1::2]
    leads = [LeadFactory(owner=rep) for _subject in subjects[::20]]
    for number, subject in enumerate(subjects):
        add_task(leads[number // 20], by=rep, subject=subject)
    for number, text in enumerate(texts):
        log_note(leads[number // 20], by=rep, text=text)

    kept = Activity.objects.order_by("pk")
    assert list(kept.filter(kind="note").values_list("text", flat=True)) == texts
    assert list(kept.filter(kind="task").values_list("subject", flat=True)) == subjects
    for lead in leads:
        page = client.get(lead.get_absolute_url()).content.decode()
        assert "<script>" not in page
        assert "<img src=x" not in page


@pytest.mark.once  # a text as any other, and what comes of its placeholders
def test_a_template_of_an_email_keeps_it_or_says_what_is_no_placeholder(rep: User):
    plain = [text for text in naughty() if "{{" not in text]
    for subject, text in zip_longest(plain[::2], plain[1::2], fillvalue=""):
        saved = save_template(EmailTemplate(name="One", subject=subject, text=text), by=rep)
        saved.refresh_from_db()
        assert (saved.subject, saved.text) == (subject, text)
        assert filled(saved.text, {}.get) == text
        delete_template(saved, by=rep)  # one keeps 200 at most
    for text in set(naughty()) - set(plain):
        with suppress(Unacceptable):
            saved = save_template(EmailTemplate(name="One", subject=text, text=text), by=rep)
            assert (saved.subject, saved.text) == (text, text)
            delete_template(saved, by=rep)


def test_a_tag_keeps_it_and_finds_its_records(client: Client, rep: User):
    client.force_login(rep)
    program = Caller(rep)
    tags = {tag_key(text): " ".join(text.split()) for text in naughty() if not tag_problem(text)}
    names = list(tags.values())
    for start in range(0, len(names), MOST_TAGS):
        part = names[start : start + MOST_TAGS]
        answer = program.post("leads/", {"topic": f"From {start}", "company": "Acme", "tags": part})
        assert answer.status_code == 201, (part, answer.content)
        assert sorted(answer.json()["tags"]) == sorted(part)

    for place in range(0, len(names), 9):
        found = client.get("/leads/", {"view": "all", "tag": names[place]})
        rows = [row.topic for row in found.context["page"]["rows"]]
        assert rows == [f"From {place - place % MOST_TAGS}"], names[place]
