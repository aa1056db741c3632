"""The real server over a database of its own, for proofs that need one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent


SIGN_IN = """
import json, sys
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from users.models import User
from users.operations import issue_token
email = sys.argv[1]
user = User.objects.filter(email=email).first() or User.objects.create_superuser(
    email, None, name="Boss")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
token = issue_token(user, by=user, name="proof", scope="read")[1]
print(json.dumps({"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
    "Authorization": f"Bearer {token}"}))
"""


# What a new installation starts with, and nothing else; the kinds of records keep their numbers.
RENEW = """
import json
from tests.template import empty
from tests.world import new_installation
empty()
new_installation()
print(json.dumps("done"))
"""


class Server:
    """Gunicorn as the demo runs it. `env` names the database; `pids` are its processes."""

    def __init__(self, folder: Path, database_url: str = "", **env: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("DATABASE", "CRM_"))},
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "only-for-proofs-" * 4,
            "CRM_THROTTLE": "off",
            "BIND": f"127.0.0.1:{self.port}",
            "LOG_LEVEL": "ERROR",
            "INSECURE_HTTP": "1",
            **env,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *words: str) -> str:
        """Run a management command over the same database and return what it printed."""
        return self._run("manage.py", *words)

    def script(self, code: str, *words: str) -> Any:
        """Run Python code with the product loaded; return the JSON that it printed last."""
        head = "import django; django.setup()\n"
        printed = self._run("-c", head + code, *words)
        return json.loads(printed.strip().splitlines()[-1])

    def renew(self) -> None:
        """Take everything out of the database but what a new installation starts with."""
        self.script(RENEW)

    def sign_in(self, email: str) -> dict[str, str]:
        """Return the headers of an administrator at a browser who also has a token to read."""
        headers: dict[str, str] = self.script(SIGN_IN, email)
        return headers

    def get(self, address: str, headers: dict[str, str]) -> str:
        """Return what the running server answers; raises `HTTPError` unless it is well."""
        asked = urllib.request.Request(f"{self.url}{address}", headers=headers)
        for pause in (1, 5, 0):
            try:
                with urllib.request.urlopen(asked, timeout=120) as answer:
                    return str(answer.read().decode())
            except HTTPError:
                raise
            except OSError:  # a worker was renewed meanwhile
                if not pause:
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**self.env, "DJANGO_SETTINGS_MODULE": "crm.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{words[:2]} failed: {done.stderr[-20_000:]}")
        return done.stdout

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "crm/gunicorn.py", "crm.wsgi"],
            cwd=ROOT,
            env=self.env,
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                return
            time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
            self.process.kill()
            self.process = None

    def workers(self) -> list[int]:
        """Return the process numbers of the workers that run now."""
        assert self.process is not None
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in listed.split()]


def processor_seconds(pid: int) -> float:
    """Return how long the threads of a process have had a processor: other programs change that
    little, while they make everything last longer.
    """
    told = (thread / "schedstat" for thread in Path(f"/proc/{pid}/task").iterdir())
    return sum(int(each.read_text().split()[0]) for each in told) / 1e9


@contextmanager
def a_server(folder: Path, database_url: str = "", **env: str) -> Iterator[Server]:
    """Yield a server over a migrated database; end it in the end."""
    server = Server(folder, database_url, **env)
    server.manage("migrate", "--verbosity", "0")
    server.start()
    try:
        yield server
    finally:
        server.stop()
