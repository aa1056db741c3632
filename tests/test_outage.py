"""The database goes away under a running server, and comes back: a polite word, then work again."""

from __future__ import annotations

import contextlib
import http.cookiejar
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dev import NEUTRAL
from tests import template
from tests.postgres import Cluster, NoPostgres

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


class Answer(NamedTuple):
    """What came back, without following where it leads."""

    status: int
    headers: Any
    body: str


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Take a redirect for an answer."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Stay where we are."""


def opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(NoRedirects, *handlers)


def ask(
    url: str, data: dict[str, str] | None = None, through: Any = None, **headers: str
) -> Answer:
    body = None if data is None else urllib.parse.urlencode(data).encode()
    request = urllib.request.Request(url, data=body, headers={"Referer": url, **headers})
    try:
        with (through or opener()).open(request, timeout=30) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as answer:
        return Answer(answer.code, answer.headers, answer.read().decode())


@contextlib.contextmanager
def served(folder: Path, setup: str = "", **environment: str) -> Iterator[str]:
    """Run the product as the demo does, on the database of `folder`; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, **NEUTRAL, "VAR_DIR": str(folder), "BIND": f"127.0.0.1:{port}"}
    env |= {"LOG_LEVEL": "CRITICAL", "WEB_CONCURRENCY": "1", **environment}
    load = "import django; from django.core.management import call_command as call; django.setup();"
    prepare = f"{load} call('migrate', verbosity=0); {setup}"
    subprocess.run([sys.executable, "-c", prepare], cwd=ROOT, env=env, check=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "crm/gunicorn.py", "crm.wsgi"], cwd=ROOT, env=env
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and server.poll() is None:
            with contextlib.suppress(OSError):
                if ask(f"http://127.0.0.1:{port}/healthz").status == 200:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.postgres
def test_a_postgres_that_dies_and_returns(tmp_path):
    # A session that is looked up: the first thing that a page of a signed-in person asks for.
    visit = {"Cookie": "session=0123456789abcdefghijklmnopqrstuv"}
    try:
        cluster = Cluster(venv=ROOT / ".venv")
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with (
        cluster,
        served(tmp_path, DATABASE_URL=cluster.url, SECRET_KEY="for-tests-" * 6) as site,
    ):
        assert ask(f"{site}/admin/", **visit).status == 302
        assert ask(f"{site}/readyz").status == 200

        cluster.crash()
        page = ask(f"{site}/admin/", **visit)
        assert page.status == 503
        assert page.headers["Retry-After"]
        assert "One moment" in page.body
        assert ask(f"{site}/readyz").status == 503
        assert ask(f"{site}/healthz").status == 200

        cluster.start()
        # Every thread of the server, not only the one that is asked first.
        assert {ask(f"{site}/admin/", **visit).status for _ in range(12)} == {302}
        assert ask(f"{site}/readyz").status == 200


@pytest.mark.once
@pytest.mark.usefixtures("django_db_setup")
def test_a_sqlite_file_that_somebody_else_holds(tmp_path):
    setup = (
        "from django.contrib.auth import get_user_model as model;"
        "model().objects.create_superuser(email='ada@crm.example', password='a long password')"
    )
    template.copy_of_file(str(tmp_path / "crm.sqlite3"))
    with served(tmp_path, setup, SQLITE_TIMEOUT="1", CRM_THROTTLE="off") as site:
        jar = http.cookiejar.CookieJar()
        visitor = opener(urllib.request.HTTPCookieProcessor(jar))

        def sign_in() -> Answer:
            page = ask(f"{site}/login/", through=visitor).body
            (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
            sent = {"login": "ada@crm.example", "password": "a long password"}
            data = {**sent, "csrfmiddlewaretoken": token}
            return ask(f"{site}/login/", data, through=visitor)

        holder = sqlite3.connect(tmp_path / "crm.sqlite3", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        refusal = sign_in()
        assert refusal.status == 503
        assert refusal.headers["Retry-After"]
        assert "One moment" in refusal.body
        assert ask(f"{site}/readyz").status == 200  # reading goes on

        holder.execute("ROLLBACK")
        holder.close()
        assert sign_in().status == 302
