"""As much of an IMAP server as reading a mailbox needs."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Folder:
    """Letters by number, each with its flags; `password` lets in."""

    def __init__(self, *letters: bytes) -> None:
        self.letters = dict(enumerate(letters, start=1))
        self.flags: dict[int, set[str]] = {uid: set() for uid in self.letters}
        self.password = "se cret"
        self.port = 0


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def say(self, words: str | bytes) -> None:
        self.wfile.write((words if isinstance(words, bytes) else words.encode()) + b"\r\n")

    def handle(self) -> None:
        folder: Folder = self.server.folder
        self.say("* OK here")
        while line := self.rfile.readline().decode().strip():
            tag, _blank, command = line.partition(" ")
            verb = command.upper()
            if verb.startswith("CAPABILITY"):
                self.say("* CAPABILITY IMAP4rev1")
            elif verb.startswith("LOGIN") and folder.password not in command:
                self.say(f"{tag} NO who are you")
                continue
            elif verb.startswith("SELECT") and "INBOX" not in command:
                self.say(f"{tag} NO no such folder")
                continue
            elif verb.startswith("UID SEARCH"):
                free = [str(uid) for uid, flags in folder.flags.items() if not flags]
                self.say(f"* SEARCH {' '.join(free)}".strip())
            elif found := re.match(r"UID FETCH (\d+) .*<0\.(\d+)>", verb):
                raw = folder.letters[int(found[1])][: int(found[2])]
                self.say(f"* {found[1]} FETCH (UID {found[1]} BODY[]<0> {{{len(raw)}}}")
                self.wfile.write(raw)
                self.say(")")
            elif found := re.match(r"UID STORE (\d+) \+FLAGS \(\\(\w+)\)", verb):
                folder.flags[int(found[1])].add(found[2])
            elif verb.startswith("LOGOUT"):
                self.say("* BYE")
                self.say(f"{tag} OK done")
                return
            self.say(f"{tag} OK done")


@contextmanager
def serving(folder: Folder) -> Iterator[None]:
    """Have a server answer on `folder.port` while the block runs."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Talk) as server:
        server.daemon_threads = True
        server.folder = folder  # type: ignore[attr-defined]
        folder.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
