"""Files on a timeline: what is taken, where it is shown, and what becomes of the bytes."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.test import override_settings
from django.utils import timezone
from PIL import Image

from accounts.operations import create_account, merge_accounts, unmerge_accounts
from activities.models import Activity, File
from activities.operations import (
    Upload,
    attach,
    delete_activity,
    kept,
    log_note,
    remove_file,
    restore_activity,
    restore_file,
    sweep_files,
    written_with,
)
from activities.timeline import timeline_of
from crm.integrity import files_have_their_bytes
from leads.operations import qualify
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, Merge
from tests import samples
from tests.factories import AccountFactory, LeadFactory

MB = 1_048_576


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings):
    """Keep the files of each test to itself."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def lead(rep):
    return LeadFactory(owner=rep)


def bytes_kept() -> int:
    return sum(len(default_storage.listdir(folder)[1]) for folder in default_storage.listdir("")[0])


def bytes_of(file: File) -> bytes:
    with default_storage.open(file.key) as stream:
        return stream.read()


TAKEN = {
    "offer.pdf": samples.PDF,
    "Offer v2.1 final.PDF": samples.PDF,
    "plan.png": samples.picture(),
    "photo.jpg": samples.picture("JPEG"),
    "photo.jpeg": samples.picture("JPEG", mode="CMYK"),
    "moving.gif": samples.picture("GIF", mode="P"),
    "small.webp": samples.picture("WEBP", mode="RGBA"),
    "notes.txt": samples.TEXT,
    "latin.txt": "Füller".encode("cp1252"),
    "wide.txt": "Füller".encode("utf-16"),
    "list.csv": b"a;b\n1;=2+2\n",
    "letter.docx": samples.office("word/"),
    "sheet.xlsx": samples.office("xl/"),
    "slides.pptx": samples.office("ppt/"),
    "letter.odt": samples.open_document(),
    "old.doc": samples.OLE,
    "all.zip": samples.archive({"a.txt": b"a", "deep/b.docx": samples.office()}),
    "mail.eml": b"From: ada@engine.example\n\nHello",
}


def test_takes_what_is_what_its_name_says(rep, lead):
    for name, content in TAKEN.items():
        file = attach(lead, by=rep, name=name, content=content)

        assert (file.name, file.size, bytes_of(file)) == (name, len(content), content)
        assert file.activity.kind == "file"
        assert file.is_image == (file.content_type.startswith("image/")), name
        assert bool(file.preview) == file.is_image, name
        assert file.key not in (name, file.sha256)

    shown = timeline_of(lead, kind="file", limit=50, viewer=rep).entries
    assert [entry.files[0].name for entry in shown] == list(TAKEN)[::-1]


LIMIT = 60_000
REFUSED = {
    "wrong type": ("film.mp4", b"\0\0\0\x18ftypmp42", "kind are not taken"),
    "no ending": ("README", samples.TEXT, "kind are not taken"),
    "double ending": ("offer.pdf.exe", samples.EXE, "is a program"),
    "program inside": ("offer.exe.pdf", samples.PDF, "two endings"),
    "program under another name": ("offer.pdf", samples.EXE, "not what its name says"),
    "picture under another name": ("offer.pdf", samples.picture(), "not what its name says"),
    "svg": ("logo.svg", samples.SVG, "page with scripts"),
    "svg as png": ("logo.png", samples.SVG, "a page or a script"),
    "html": ("page.html", samples.HTML, "page with scripts"),
    "html as text": ("page.txt", b"\xef\xbb\xbf  " + samples.HTML, "a page or a script"),
    "script as text": ("run.txt", b"#!/bin/sh\nrm -rf /\n", "a page or a script"),
    "binary as text": ("data.csv", b"a;b\x00c", "not what its name says"),
    "empty": ("empty.txt", b"", "is empty"),
    "huge": ("huge.txt", b"a" * (MB + 1), "larger than 1 MB"),
    "no picture": ("broken.png", b"\x89PNG\r\n\x1a\n" + b"rubbish" * 9, "damaged"),
    "a picture of too many pixels": ("big.png", samples.wide_png(30_000, 30_000), "million pixels"),
    "macros": ("letter.docx", samples.office(vbaProject=b"Sub"), "macros"),
    "a sheet as a letter": ("letter.docx", samples.office("xl/"), "not what its name says"),
    "another open document": (
        "letter.odt",
        samples.open_document("application/vnd.oasis.opendocument.spreadsheet"),
        "not what its name says",
    ),
    "an open document that shouts its type": (
        "letter.odt",
        samples.archive({"MIMETYPE": b"x", "content.xml": b"<x/>"}),
        "damaged",
    ),
    "an open document with two names for one": ("letter.odt", samples.renamed(), "damaged"),
    "broken archive": ("all.zip", b"PK\x03\x04" + b"rubbish" * 9, "damaged"),
    "bomb": ("all.zip", samples.bomb(LIMIT * 2), "unpacks to more than"),
    "bomb that lies": ("all.zip", samples.lying_bomb(LIMIT * 2), "unpacks to more than"),
    "bomb in a letter": (
        "letter.docx",
        samples.office(media=bytes(LIMIT * 2)),
        "unpacks to more than",
    ),
    "bomb in an archive": (
        "all.zip",
        samples.nested(1, samples.bomb(LIMIT * 2)),
        "unpacks to more than",
    ),
    "archives in archives": ("all.zip", samples.nested(5), "archives in archives"),
    "locked": ("all.zip", samples.locked(), "locked by a password"),
}


@override_settings(FILE_MAX_UNPACKED_BYTES=LIMIT, FILE_MAX_BYTES=MB)
def test_refuses_the_rest_with_the_reason_and_keeps_no_byte_of_it(rep, lead):
    for case, (name, content, reason) in REFUSED.items():
        with pytest.raises(Unacceptable) as refused:
            attach(lead, by=rep, name=name, content=content)

        (sentence,) = refused.value.errors["files"]
        assert reason in sentence, (case, sentence)
        assert name in sentence, (case, sentence)
    assert not Activity.objects.exists()
    assert bytes_kept() == 0


def test_says_of_several_what_is_wrong_with_each_and_takes_none(rep, lead):
    uploads = [
        Upload("good.txt", samples.TEXT),
        Upload("bad.exe", samples.EXE),
        Upload("empty.txt", b""),
    ]

    with pytest.raises(Unacceptable) as refused, kept(uploads):
        pytest.fail("nothing is to be taken")

    assert ["bad.exe" in refused.value.reasons[0], "empty.txt" in refused.value.reasons[1]]
    assert bytes_kept() == 0
    with pytest.raises(Unacceptable, match="at most 10"), kept([uploads[0]] * 11):
        pytest.fail("these are too many")


class Endless(io.RawIOBase):
    """Bytes without end; it counts how many were asked for."""

    given = 0

    def read(self, size=-1):
        assert size > 0, "nobody reads it whole"
        self.given += size
        return b"a" * size

    def seek(self, *args):
        return 0


@override_settings(FILE_MAX_BYTES=MB)
def test_stops_reading_what_is_too_large(rep, lead):
    stream = Endless()

    with pytest.raises(Unacceptable, match="larger than 1 MB"):
        attach(lead, by=rep, name="endless.txt", content=stream)

    assert stream.given < 2 * MB


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\secret\\offer.txt", "offer.txt"),
        ("offer\u202etxt.exe\u202c.txt", "offertxt.exe.txt"),
        ("of\nfer\x00.txt", "of fer.txt"),
        ("\u200bхорошо — 良い 😀.txt", "хорошо — 良い 😀.txt"),
        ("a" * 300 + ".txt", "a" * 146 + ".txt"),
        ('quo"te; filename=x.txt', 'quo"te; filename=x.txt'),
        (" .. .txt", "file.txt"),
    ],
)
def test_cleans_names(rep, lead, name, cleaned):
    if ".exe." in cleaned:
        with pytest.raises(Unacceptable, match="two endings"):
            attach(lead, by=rep, name=name, content=samples.TEXT)
        return
    if cleaned == "file.txt":
        with pytest.raises(Unacceptable, match="not taken"):
            attach(lead, by=rep, name=name, content=samples.TEXT)
        return
    assert attach(lead, by=rep, name=name, content=samples.TEXT).name == cleaned


def test_makes_a_small_picture_anew_without_what_came_with_it(rep, lead):
    exif = Image.Exif()
    exif[0x010E] = "Where I live"
    exif[0x0112] = 6  # lies on its side
    content = samples.picture("JPEG", (1200, 600), exif=exif)

    file = attach(lead, by=rep, name="photo.jpg", content=content)

    with default_storage.open(file.preview) as stream:
        small = Image.open(stream)
        small.load()
    assert small.format == "WEBP"
    assert small.size == (file.width, file.height) == (320, 640)
    assert not dict(small.getexif())


def test_takes_a_large_picture_without_a_preview_where_it_cannot_be_made(rep, lead):
    large = samples.wide_png(6000, 6000)  # and its lines are missing

    file = attach(lead, by=rep, name="large.png", content=large)

    assert (file.preview, file.width, file.is_image) == ("", 0, True)


def test_comes_with_an_entry_of_another_kind(rep, lead, rep2):
    uploads = [Upload("a.txt", samples.TEXT), Upload("b.pdf", samples.PDF)]
    with kept(uploads) as files:
        note = written_with(log_note(lead, by=rep, text="See these"), files, by=rep)
    added = attach(lead, by=rep, name="c.png", content=samples.picture(), activity=note)

    (entry,) = timeline_of(lead, kind="note", viewer=rep).entries
    assert [file.name for file in entry.files] == ["a.txt", "b.pdf", "c.png"]
    assert added.activity == note
    assert AuditEntry.objects.filter(event="activity.files_added").count() == 2
    with pytest.raises(NotPermitted):
        attach(lead, by=rep2, name="d.txt", content=samples.TEXT, activity=note)
    other = LeadFactory(owner=rep)
    with pytest.raises(Unacceptable, match="not on this record"):
        attach(other, by=rep, name="d.txt", content=samples.TEXT, activity=note)
    assert bytes_kept() == 4


def test_is_found_by_its_name_in_the_timeline(rep, lead):
    note = log_note(lead, by=rep, text="See this")
    attach(lead, by=rep, name="Füller Angebot.txt", content=samples.TEXT, activity=note)
    attach(lead, by=rep, name="other.txt", content=samples.TEXT)
    log_note(lead, by=rep, text=f"{'long ' * 300}needle")

    assert [e.activity for e in timeline_of(lead, text="FÜLLER angebot").entries] == [note]
    assert len(timeline_of(lead, text="needle").entries) == 1
    assert len(timeline_of(lead, kind="file").entries) == 2


def test_does_not_count_as_a_touch(rep, lead):
    attach(lead, by=rep, name="a.txt", content=samples.TEXT)

    lead.refresh_from_db()
    assert lead.touched_at is None


def test_is_for_whoever_sees_the_record_and_on_all_that_it_became(
    rep, rep2, manager, outsider, lead
):
    file = attach(lead, by=rep, name="a.txt", content=samples.TEXT)
    outcome = qualify(lead, by=rep)
    seen = [File.objects.shown_to(user).count() for user in (rep, rep2, manager, outsider)]

    for record in (lead, outcome.account, outcome.contact):
        (entry,) = timeline_of(record, kind="file", viewer=rep).entries
        assert [each.id for each in entry.files] == [file.pk]
    assert seen == [1, 1, 1, 0]
    with pytest.raises(NotPermitted):
        attach(outcome.account, by=outsider, name="b.txt", content=samples.TEXT)


def test_goes_with_a_merge_and_comes_back(rep):
    kept_one, gone = (create_account(by=rep, name=name) for name in ("Engines", "Machines"))
    attach(gone, by=rep, name="a.txt", content=samples.TEXT)

    merge_accounts(kept_one, [gone], by=rep)
    assert len(timeline_of(kept_one, kind="file").entries) == 1
    unmerge_accounts(Merge.objects.get(), by=rep)

    assert len(timeline_of(kept_one, kind="file").entries) == 0
    assert len(timeline_of(gone, kind="file").entries) == 1


def test_goes_to_the_bin_alone_or_with_its_entry_and_comes_back(rep, rep2, lead):
    note = log_note(lead, by=rep, text="See these")
    first = attach(lead, by=rep, name="a.txt", content=samples.TEXT, activity=note)
    alone = attach(lead, by=rep, name="b.txt", content=samples.TEXT)

    with pytest.raises(NotPermitted):
        remove_file(first, by=rep2)
    remove_file(first, by=rep)
    remove_file(first, by=rep)
    remove_file(alone, by=rep)
    assert not File.objects.shown_to(rep).exists()
    assert Activity.objects.filter(pk=note.pk).exists()
    assert not Activity.objects.filter(pk=alone.activity_id).exists()

    restore_file(first, by=rep)
    restore_file(alone, by=rep)
    assert File.objects.shown_to(rep).count() == 2
    delete_activity(note, by=rep)
    assert File.objects.shown_to(rep).count() == 1
    restore_activity(note, by=rep)
    assert File.objects.shown_to(rep).count() == 2


def test_leaves_no_byte_behind_when_it_fails(rep, lead, broken_trail):
    broken_trail()

    with pytest.raises(DatabaseError):
        attach(lead, by=rep, name="a.txt", content=samples.TEXT)

    assert not File.all_objects.exists()
    assert sweep_files(timezone.now() + timedelta(days=2)) == 1


def test_bytes_that_no_file_names_are_swept_after_a_day(rep, lead):
    file = attach(lead, by=rep, name="a.png", content=samples.picture())
    remove_file(file, by=rep)
    stray = default_storage.save("zz/stray", io.BytesIO(b"stray"))
    with kept([Upload("unused.txt", samples.TEXT)]):
        pass
    assert bytes_kept() == 3

    assert sweep_files() == 0
    assert sweep_files(timezone.now() + timedelta(days=2)) == 1
    assert not default_storage.exists(stray)
    assert bytes_kept() == 2


def test_what_is_amiss_with_bytes_is_found(rep):
    account = AccountFactory(owner=rep)
    whole, gone, short = (
        attach(account, by=rep, name=f"{n}.txt", content=samples.TEXT) for n in "abc"
    )
    assert list(files_have_their_bytes()) == []
    old = default_storage.path(default_storage.save("zz/stray", io.BytesIO(b"stray")))
    os.utime(old, (1, 1))
    default_storage.delete(gone.key)
    Path(default_storage.path(short.key)).write_bytes(b"short")

    found = {(kind, pk) for kind, pk, _text in files_have_their_bytes()}

    assert found == {("file", gone.pk), ("file", short.pk), ("bytes", "zz/stray")}
    assert ("file", whole.pk) not in found
