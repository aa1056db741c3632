"""A mail server that catches what is sent to it, and answers as a test tells it to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from django.test import override_settings


@dataclass
class Caught:
    """A letter as it came: who sent it, for whom, and what it says."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> Message:
        return message_from_bytes(self.raw, policy=default)  # type: ignore[arg-type]


@dataclass
class Catcher:
    """What the server answers: by verb, by recipient, or nothing at all.

    `answers` maps a verb (`MAIL`, `DATA`, `END` of the letter) or an address to an answer like
    `550 5.1.1 nobody here`; `hang_up_at` closes the line at a verb, `is_silent` never answers.
    """

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    hang_up_at: str = ""
    caught: list[Caught] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    is_silent: bool = False


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def handle(self) -> None:
        catcher: Catcher = self.server.catcher
        if catcher.is_silent:
            catcher.ended.wait(timeout=30)
            return
        self.say("220 catcher")
        sender, recipients = "", []
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            told = line.partition(":<")[2].partition(">")[0]
            if verb == catcher.hang_up_at:
                return
            answer = catcher.answers.get(told) or catcher.answers.get(verb)
            if verb == "DATA" and not answer:
                self.say("354 go on")
                raw = self.letter()
                if catcher.hang_up_at != "END":
                    answer = catcher.answers.get("END")
                if not answer or answer.startswith("2"):
                    catcher.caught.append(Caught(sender, recipients, raw))
                if catcher.hang_up_at == "END":
                    return
            elif verb == "MAIL":
                sender, recipients = told, []
            elif verb == "RCPT" and not answer:
                recipients.append(told)
            self.say(answer or ("221 bye" if verb == "QUIT" else "250 ok"))
            if verb == "QUIT":
                return

    def letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def catching(**settings: Any) -> Iterator[Catcher]:
    """Have mail go to a server of our own while the block runs."""
    catcher = Catcher()
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.catcher = catcher  # type: ignore[attr-defined]
        catcher.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        named = {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": catcher.port,
            "EMAIL_TIMEOUT": 5,
        }
        try:
            with override_settings(**{**named, **settings}):
                yield catcher
        finally:
            catcher.ended.set()
            server.shutdown()
            thread.join()
