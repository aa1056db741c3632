"""`manage.py read_mailbox`: every letter once, marked when it is through, and none is lost."""

from __future__ import annotations

import io
import json
import mailbox
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from activities.models import Activity
from emails.jobs import read_configured
from emails.matching import address_of
from emails.operations import receiving
from records.errors import Busy
from tests.emails.imap import Folder, serving
from tests.emails.letters import raw


def told(*words: str, **options: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("read_mailbox", *words, stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def verdicts(lines: list[dict[str, Any]]) -> list[str]:
    return [line["verdict"] for line in lines if "verdict" in line]


@pytest.fixture
def letters(lead: Any) -> list[bytes]:
    good = raw(to=address_of(lead))
    return [good, b"\x00\xff nonsense", raw("eve@evil.example", message_id="<9@x>"), good]


def maildir(folder: Path, letters: list[bytes]) -> Path:
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    for number, letter in enumerate(letters):
        name = f"cur/{number}.a:2,R" if number == 3 else f"new/{number}.a"
        (folder / name).write_bytes(letter)
    return folder


def test_a_maildir_is_read_and_marked(tmp_path, letters, lead):
    folder = maildir(tmp_path / "box", letters)

    lines = told("--maildir", str(folder))

    assert verdicts(lines) == ["added", "unreadable", "left", "known"]
    assert lines[0]["on"] == f"lead:{lead.pk}"
    assert lines[-1] == {"letters": 4, "added": 1, "unreadable": 1, "left": 1, "known": 1}
    marked = sorted(file.name for file in (folder / "cur").iterdir())
    assert marked == ["0.a:2,S", "1.a:2,F", "2.a:2,F", "3.a:2,RS"]
    assert verdicts(told("--maildir", str(folder))) == []
    assert Activity.objects.filter(kind="email").count() == 1


def test_an_mbox_is_emptied_of_what_is_dealt_with(tmp_path, letters):
    path = tmp_path / "in.mbox"
    box = mailbox.mbox(path)
    for letter in letters:
        box.add(letter)
    box.close()

    assert verdicts(told("--mbox", str(path))) == ["added", "unreadable", "left", "known"]
    assert verdicts(told("--mbox", str(path))) == ["unreadable", "left"]
    assert len(mailbox.mbox(f"{path}.read")) == 2
    assert len(mailbox.mbox(path)) == 2


def test_a_folder_on_a_server_is_read_and_marked(letters):
    folder = Folder(*letters)
    with serving(folder):
        url = f"imap://me%40crm.example:se%20cret@127.0.0.1:{folder.port}/INBOX"
        lines = told("--imap", url)
        assert verdicts(lines) == ["added", "unreadable", "left", "known"]
        flags = [next(iter(each)) for each in folder.flags.values()]
        assert flags == ["SEEN", "FLAGGED", "FLAGGED", "SEEN"]
        assert verdicts(told("--imap", url)) == []
        for wrong in (url.replace("se%20cret", "no"), url.replace("INBOX", "Other")):
            with pytest.raises(CommandError, match="cannot be read") as error:
                told("--imap", wrong)
            assert "se%20cret" not in str(error.value)


def piped(monkeypatch: pytest.MonkeyPatch, letter: bytes) -> list[dict[str, Any]]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(letter)))
    return told("-")


def test_one_letter_is_piped_in_and_kept_when_it_belongs_nowhere(monkeypatch, letters):
    assert verdicts(piped(monkeypatch, letters[0])) == ["added"]
    assert verdicts(piped(monkeypatch, letters[2])) == ["left"]

    kept = list((settings.VAR_DIR / "mail-left" / "cur").iterdir())
    assert [file.read_bytes() for file in kept] == [letters[2]]


def test_a_database_that_is_busy_leaves_the_rest_for_the_next_time(
    tmp_path, letters, monkeypatch, lead
):
    folder = maildir(tmp_path / "box", letters)

    def busy(*args: Any, **options: Any) -> None:
        raise Busy

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "take_in", busy)
        assert verdicts(told("--maildir", str(folder))) == []
        with pytest.raises(SystemExit) as end:
            piped(patch, letters[0])
        assert end.value.code == 75
    assert verdicts(told("--maildir", str(folder)))[0] == "added"


def test_a_fault_of_ours_stops_no_other_letter(tmp_path, letters, monkeypatch, lead):
    folder = maildir(tmp_path / "box", [*letters[:1], raw(to=address_of(lead), message_id="<2@x>")])
    true, calls = receiving.take_in, []

    def faulty(*args: Any, **options: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise ZeroDivisionError
        return true(*args, **options)

    monkeypatch.setattr(receiving, "take_in", faulty)

    assert verdicts(told("--maildir", str(folder))) == ["left", "added"]


@pytest.mark.parametrize(
    "words", [("--maildir", "/nowhere"), ("--mbox", "/nowhere"), ("--imap", "ftp://x"), ("x",), ()]
)
def test_says_when_there_is_no_mailbox(db, words):
    with pytest.raises(CommandError):
        told(*words)


def test_the_scheduler_reads_the_mailbox_of_the_settings(tmp_path, letters, caplog):
    folder = maildir(tmp_path / "box", letters)
    assert read_configured() == 0
    with override_settings(MAIL_IN_URL=f"maildir:{folder}"):
        assert read_configured() == 2
        assert read_configured() == 0
    with override_settings(MAIL_IN_URL="imap://me:secret@127.0.0.1:1/INBOX"):
        assert read_configured() == 0
    assert "secret" not in caplog.text
