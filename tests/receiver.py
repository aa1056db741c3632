"""A web server that is told things, and answers as a test or a proof says."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Told:
    """One call as it came: its headers by small name, its body, and what was answered."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What came, in order. `answer` says the status of a call, or raw bytes to send instead."""

    port: int = 0
    answer: Callable[[dict[str, str]], int | bytes] = lambda _headers: 204
    calls: list[Told] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def taken(self) -> list[Told]:
        return [call for call in self.calls if 200 <= call.status < 300]


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def setup(self) -> None:
        self.server.receiver.connections += 1
        super().setup()

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        answer = receiver.answer(headers)
        status = answer if isinstance(answer, int) else 0
        receiver.calls.append(Told(headers, body, status))
        if isinstance(answer, bytes):
            self.wfile.write(answer)
        else:
            self.send_response(status)
            self.end_headers()

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, *_words: Any) -> None:
        """Say nothing of those who hung up."""


@contextmanager
def receiving(host: str = "127.0.0.1") -> Iterator[Receiver]:
    """Give a receiver that listens until the end."""
    receiver = Receiver()
    server: socketserver.BaseServer
    with _Server((host, 0), _Handler) as server:
        server.receiver = receiver  # type: ignore[attr-defined]
        receiver.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield receiver
        server.shutdown()
