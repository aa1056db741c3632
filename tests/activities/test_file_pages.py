"""Files on pages: sent with an entry, handed out safely, refused without losing what was typed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from activities.models import Activity, File
from activities.operations import attach, log_note
from leads.models import Lead
from tests import samples
from tests.factories import LeadFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

MB = 1_048_576
COMPOSER = {"HX-Request": "true", "HX-Target": "composer"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Any, settings: Any) -> None:
    """Keep the files of each test to itself."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def lead(rep: User) -> Lead:
    lead: Lead = LeadFactory(owner=rep)
    return lead


def sent(name: str = "offer.pdf", content: bytes = samples.PDF) -> SimpleUploadedFile:
    # What a browser says of its type means nothing.
    return SimpleUploadedFile(name, content, content_type="text/html")


def post(client: Client, lead: Lead, headers: Any = None, **data: Any) -> Any:
    address = f"/activities/new/?on=lead:{lead.pk}"
    return client.post(address, {"kind": "note", **data}, headers=headers or {})


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("note", {"text": "See these"}),
        ("call", {"text": "Sent while talking", "next_subject": "Call again"}),
        ("task", {"subject": "Read them"}),
        ("meeting", {"subject": "Agenda", "due_at": "2030-01-02T10:00"}),
        ("email", {"subject": "Re: offer", "direction": "incoming"}),
        ("file", {}),
    ],
)
def test_come_with_every_kind_of_entry(reps: Client, lead: Lead, kind: str, data: Any) -> None:
    files = [sent(), sent("plan.png", samples.picture())]

    answer = post(reps, lead, kind=kind, files=files, **data)

    assert answer.status_code == 302
    entry = Activity.objects.on(lead).get(kind=kind)
    assert [file.name for file in entry.files.order_by("pk")] == ["offer.pdf", "plan.png"]
    page = reps.get(entry.get_absolute_url()).content.decode()
    assert page.count("/files/") >= 2


def test_a_file_entry_needs_a_file(reps: Client, lead: Lead) -> None:
    answer = post(reps, lead, kind="file", text="Nothing here")

    assert answer.status_code == 422
    assert "Choose a file" in answer.content.decode()
    assert "Nothing here" in answer.content.decode()


@pytest.mark.both
def test_the_same_form_sent_twice_attaches_once(reps: Client, lead: Lead) -> None:
    key = str(uuid.uuid4())

    for _ in range(2):
        assert post(reps, lead, kind="file", files=sent(), submission=key).status_code == 302
    other = post(reps, lead, kind="file", files=sent("b.txt", samples.TEXT), submission=key)

    assert other.status_code == 422
    assert File.objects.count() == 1
    assert len(list(kept_bytes())) == 1


def kept_bytes() -> Any:
    for folder in default_storage.listdir("")[0]:
        yield from default_storage.listdir(folder)[1]


@override_settings(FILE_MAX_BYTES=MB)
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("offer.pdf.exe", samples.EXE, "is a program"),
        ("logo.svg", samples.SVG, "page with scripts"),
        ("huge.txt", b"a" * (3 * MB), "larger than 1 MB"),
        ("empty.txt", b"", "is empty"),
        ("all.zip", samples.nested(5), "archives in archives"),
    ],
)
def test_a_refusal_says_why_and_loses_nothing(
    reps: Client, lead: Lead, name: str, content: bytes, reason: str
) -> None:
    page, part = (
        post(reps, lead, headers, text="What I typed", files=[sent(), sent(name, content)])
        for headers in (None, COMPOSER)
    )

    assert page.status_code == part.status_code == 422
    assert "What I typed" in page.content.decode()
    for answer in (page, part):
        assert reason in answer.content.decode()
    # The form in the page is left as it is, with the files that were chosen in it.
    assert part["HX-Retarget"] == "#composer-errors"
    assert "<textarea" not in part.content.decode()
    assert not Activity.objects.exists()
    assert list(kept_bytes()) == []


@override_settings(FILE_MAX_BYTES=MB)
def test_of_what_is_too_large_no_more_is_kept_than_shows_it(
    reps: Client, lead: Lead, monkeypatch: Any
) -> None:
    from activities.operations import files

    seen: list[int] = []
    measured = files.measured
    monkeypatch.setattr(
        files,
        "measured",
        lambda content, most: seen.append(content.size) or measured(content, most=most),
    )

    answer = post(reps, lead, text="Typed", files=sent("huge.txt", b"a" * (9 * MB)))

    assert answer.status_code == 422
    assert MB < seen[0] < 2 * MB


def test_are_handed_out_as_what_they_are_and_never_as_a_page(
    reps: Client, rep: User, lead: Lead
) -> None:
    hostile = 'quo"te; filename=x.html\u2028 – ü.csv'
    file = attach(lead, by=rep, name=hostile, content=b"a;b\n<script>alert(1)</script>\n")
    picture = attach(lead, by=rep, name="plan.png", content=samples.picture())

    answer = reps.get(file.get_absolute_url())
    preview = reps.get(f"{picture.get_absolute_url()}preview/")

    assert b"".join(answer) == b"a;b\n<script>alert(1)</script>\n"
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "\n" not in answer["Content-Disposition"]
    for each in (answer, preview):
        assert each["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in each["Content-Security-Policy"]
        assert "default-src 'none'" in each["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"
    assert preview["Content-Type"] == "image/webp"
    assert b"".join(preview)[8:12] == b"WEBP"
    assert reps.get(f"{file.get_absolute_url()}preview/").status_code == 404


def test_are_handed_out_to_nobody_who_may_not_see_the_entry(
    client: Client, rep: User, outsider: User, lead: Lead
) -> None:
    file = attach(lead, by=rep, name="plan.png", content=samples.picture())
    addresses = [
        f"{file.get_absolute_url()}{part}" for part in ("", "preview/", "delete/", "restore/")
    ]

    assert client.get(addresses[0]).status_code == 302
    client.force_login(outsider)
    for address in addresses:
        assert client.get(address).status_code == 404, address
        assert client.post(address).status_code in {404, 405}, address
    # Nor by any other address: the bytes have no name that a server knows.
    for guess in (f"/files/{file.key}", f"/static/{file.key}", f"/media/{file.key}", "/files/"):
        assert client.get(guess).status_code == 404, guess
    assert str(file.key) not in client.get("/leads/").content.decode()


def test_bytes_that_are_gone_are_not_found(reps: Client, rep: User, lead: Lead) -> None:
    file = attach(lead, by=rep, name="a.txt", content=samples.TEXT)
    default_storage.delete(file.key)

    assert reps.get(file.get_absolute_url()).status_code == 404


@pytest.mark.both
def test_are_removed_and_come_back(reps: Client, rep: User, lead: Lead) -> None:
    note = log_note(lead, by=rep, text="See this")
    file = attach(lead, by=rep, name="a.txt", content=samples.TEXT, activity=note)
    place = file.get_absolute_url()

    asked = reps.get(f"{place}delete/")
    gone = reps.post(f"{place}delete/", {"next": note.get_absolute_url()}, follow=True)
    assert "a.txt" in asked.content.decode()
    assert "Removed files" in gone.content.decode()
    assert reps.get(place).status_code == 404
    back = reps.post(f"{place}restore/", {"next": note.get_absolute_url()})

    assert back["Location"] == note.get_absolute_url()
    assert reps.get(place).status_code == 200


def test_are_added_when_an_entry_is_corrected(reps: Client, rep: User, lead: Lead) -> None:
    note = log_note(lead, by=rep, text="See this")
    data = {"text": "See these", "version": "1", "done_at": "2026-01-02T10:00"}
    data["files"] = [sent(), sent("b.exe", samples.EXE)]
    address = f"{note.get_absolute_url()}edit/"

    refused = reps.post(address, data)
    data["files"] = [sent()]
    saved = reps.post(address, data)

    note.refresh_from_db()
    assert refused.status_code == 422
    assert "See these" in refused.content.decode()
    assert saved.status_code == 302, saved.context["errors"]
    assert (note.text, note.files.get().name) == ("See these", "offer.pdf")
