"""Where letters come from: a Maildir, an mbox file, an IMAP server. Read first, marked afterwards.

A letter that is dealt with is marked as seen (in an mbox: moved into `NAME.read`), one that was
left is flagged, so that a person finds it and the next reading passes it over. Who dies in between
reads it again, which changes nothing.
"""

from __future__ import annotations

import imaplib
import mailbox
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30  # seconds that an IMAP server may keep silent
MOST_AT_ONCE = 200
LARGEST = 25 * 1024 * 1024  # bytes of a letter that is read at all
# Of a letter that is too large to be read no more is fetched than shows that it is.
MOST_FETCHED = LARGEST + 1


class MailboxIsAway(Exception):
    """The mailbox cannot be read; `str()` says why."""


class Mailbox(Protocol):
    """Letters by a key, and what is done to one when it was read."""

    def letters(self) -> Iterator[tuple[Any, bytes]]: ...

    def settle(self, key: Any) -> None: ...

    def leave(self, key: Any) -> None: ...


@contextmanager
def opened(url: str) -> Iterator[Mailbox]:
    """Open `maildir:/path`, `mbox:/path` or `imaps://user:secret@host/INBOX`.

    Raises `MailboxIsAway`.
    """
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    try:
        if parts.scheme == "maildir":
            yield Maildir(path)
        elif parts.scheme == "mbox":
            with _locked(path) as box:
                yield Mbox(path, box)
        elif parts.scheme in {"imap", "imaps"}:
            with _signed_in(parts) as server:
                yield Imap(server)
        else:
            raise MailboxIsAway(f"{parts.scheme or 'this'} is no kind of mailbox that can be read")
    except (OSError, mailbox.Error, imaplib.IMAP4.error) as error:
        raise MailboxIsAway(str(error) or type(error).__name__) from error


class Maildir:
    """A folder with `new` and `cur`: a file for each letter, its marks behind its name."""

    def __init__(self, path: Path) -> None:
        if not (path / "new").is_dir() or not (path / "cur").is_dir():
            raise MailboxIsAway(f"{path} is no Maildir")
        self.path = path

    def letters(self) -> Iterator[tuple[Path, bytes]]:
        waiting = sorted((self.path / "new").iterdir()) + sorted((self.path / "cur").iterdir())
        unread = [file for file in waiting if not set(self._marks(file)) & {"S", "F", "T"}]
        for file in unread[:MOST_AT_ONCE]:
            with suppress(FileNotFoundError):  # somebody else has moved it
                with file.open("rb") as content:
                    letter = content.read(MOST_FETCHED)
                yield file, letter

    def settle(self, key: Path) -> None:
        self._mark(key, "S")

    def leave(self, key: Path) -> None:
        self._mark(key, "F")

    @staticmethod
    def _marks(file: Path) -> str:
        return file.name.partition(":2,")[2]

    def _mark(self, file: Path, mark: str) -> None:
        name, _colon, marks = file.name.partition(":2,")
        marks = "".join(sorted({*marks, mark}))
        with suppress(FileNotFoundError):
            file.rename(self.path / "cur" / f"{name}:2,{marks}")

    def keep(self, raw: bytes) -> None:
        """Put a letter into it, flagged."""
        name = uuid4().hex
        draft = self.path / "tmp" / name
        draft.write_bytes(raw)
        draft.rename(self.path / "cur" / f"{name}:2,F")


def kept_in(path: Path) -> Maildir:
    """Return a Maildir of ours, made when it is first needed."""
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(parents=True, exist_ok=True, mode=0o700)
    return Maildir(path)


class Mbox:
    """One file with all letters. Those that are dealt with are moved into a file beside it."""

    def __init__(self, path: Path, box: mailbox.mbox) -> None:
        self.box = box
        self.read = mailbox.mbox(f"{path}.read")

    def letters(self) -> Iterator[tuple[str, bytes]]:
        for key in self.box.keys()[:MOST_AT_ONCE]:
            with self.box.get_file(key) as content:
                letter = content.read(MOST_FETCHED)
            yield key, letter

    def settle(self, key: str) -> None:
        # As it stands there: nothing in it is looked at once more.
        with Path(self.read._path).open("ab") as file:  # noqa: SLF001
            file.write(self.box.get_bytes(key, from_=True).rstrip(b"\n") + b"\n\n")
        self.box.remove(key)

    def leave(self, key: str) -> None:
        """Leave it where it is: an mbox has no marks that all programs understand."""


@contextmanager
def _locked(path: Path) -> Iterator[mailbox.mbox]:
    if not path.is_file():
        raise MailboxIsAway(f"{path} is no file")
    box = mailbox.mbox(path, create=False)
    box.lock()
    try:
        yield box
        box.flush()
    finally:
        box.unlock()
        box.close()


class Imap:
    """A folder on an IMAP server: what is neither seen nor flagged."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        self.server = server

    def letters(self) -> Iterator[tuple[str, bytes]]:
        _ok, found = self.server.uid("SEARCH", "UNSEEN", "UNFLAGGED")
        for uid in (found[0] or b"").split()[:MOST_AT_ONCE]:
            _ok, told = self.server.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST_FETCHED}>)")
            raw = next((part[1] for part in told or () if isinstance(part, tuple)), None)
            if raw is not None:
                yield uid.decode(), raw

    def settle(self, key: str) -> None:
        self.server.uid("STORE", key, "+FLAGS", r"(\Seen)")

    def leave(self, key: str) -> None:
        self.server.uid("STORE", key, "+FLAGS", r"(\Flagged)")


@contextmanager
def _signed_in(parts: Any) -> Iterator[imaplib.IMAP4]:
    maker = imaplib.IMAP4_SSL if parts.scheme == "imaps" else imaplib.IMAP4
    default = 993 if parts.scheme == "imaps" else 143
    server = maker(parts.hostname or "localhost", parts.port or default, timeout=PATIENCE)
    try:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        answer, _told = server.select(f'"{folder}"')
        if answer != "OK":
            raise MailboxIsAway(f"there is no folder {folder}")
        yield server
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()
