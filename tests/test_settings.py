"""The promises of the settings: safe by default, and a refusal where it would be unsafe."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory
from django.urls import reverse

from crm.logs import JSONLines
from crm.middleware import PoliteRefusal, is_outage
from crm.views import server_error
from records.errors import Busy
from users.models import User

ROOT = Path(__file__).resolve().parent.parent
A_KEY = "k" * 60
PRINT = """
import json
import logging
from django.conf import settings
names = (
    "ALLOWED_HOSTS CSRF_COOKIE_NAME CSRF_COOKIE_SECURE DEBUG SECRET_KEY SECURE_HSTS_SECONDS "
    "SECURE_SSL_REDIRECT SESSION_COOKIE_NAME SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY "
    "SESSION_COOKIE_SAMESITE DATABASES STORAGES ACCOUNT_RATE_LIMITS"
).split()
print(json.dumps({name: getattr(settings, name, None) for name in names}, default=str))
"""


def start(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of its own, as a server would, with nothing else set."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=ROOT,
        env={
            **inherited,
            "DJANGO_SETTINGS_MODULE": "crm.settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": "",
            "SECRET_KEY": "",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def loaded(folder: Path, **environment: str) -> dict[str, Any]:
    done = start(folder, **environment)
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return values


# Starting


def test_makes_a_key_once_and_keeps_it_to_itself(tmp_path):
    first, second = loaded(tmp_path)["SECRET_KEY"], loaded(tmp_path)["SECRET_KEY"]

    assert first == second
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_refuses_to_start_without_a_key_in_production(tmp_path):
    done = start(tmp_path, DATABASE_URL="postgres://crm@db/crm")

    assert done.returncode != 0
    assert "Set SECRET_KEY" in done.stderr


@pytest.mark.parametrize("unsafe", [{"CRM_DEMO": "1"}, {"CRM_THROTTLE": "off"}])
def test_refuses_what_is_for_this_machine_only_elsewhere(tmp_path, unsafe):
    done = start(tmp_path, ALLOWED_HOSTS="crm.example", **unsafe)

    assert done.returncode != 0
    assert "loopback" in done.stderr


def test_is_strict_by_default_away_from_this_machine(tmp_path):
    values = loaded(
        tmp_path,
        DATABASE_URL="postgres://crm@db/crm",
        SECRET_KEY=A_KEY,
        ALLOWED_HOSTS="crm.example",
    )

    assert values["DEBUG"] is False
    assert values["SECURE_SSL_REDIRECT"] is True
    assert values["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert values["SESSION_COOKIE_NAME"] == "__Host-session"
    assert values["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert values["SESSION_COOKIE_SECURE"] is values["CSRF_COOKIE_SECURE"] is True
    assert values["SESSION_COOKIE_HTTPONLY"] is True
    assert values["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_gives_statements_of_a_server_an_end(tmp_path):
    database = loaded(
        tmp_path,
        DATABASE_URL="postgres://crm@db/crm",
        SECRET_KEY=A_KEY,
        STATEMENT_TIMEOUT_MS="5000",
    )["DATABASES"]["default"]

    assert "lock_timeout=3000" in database["OPTIONS"]["options"]
    assert "statement_timeout=5000" in database["OPTIONS"]["options"]
    assert "idle_in_transaction_session_timeout=15000" in database["OPTIONS"]["options"]
    assert database["CONN_MAX_AGE"] is None
    assert database["CONN_HEALTH_CHECKS"] is True


# The engine


def test_sqlite_survives_a_power_cut_and_keeps_its_references(tmp_path):
    options = loaded(tmp_path)["DATABASES"]["default"]["OPTIONS"]
    opened = sqlite3.connect(tmp_path / "one.sqlite3")
    opened.executescript(options["init_command"])
    found = {
        pragma: opened.execute(f"PRAGMA {pragma}").fetchone()[0]
        for pragma in ("journal_mode", "synchronous", "foreign_keys")
    }
    opened.close()

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert options["transaction_mode"] == "IMMEDIATE"


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgres_speaks_through_psycopg2_and_does_not_wait_for_ever():
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (limit,) = cursor.fetchone()

    assert connection.Database.__name__ == "psycopg2"
    assert limit == "3s"


def test_hashes_passwords_with_argon2_and_asks_for_twelve_characters():
    # The run itself uses a quick hash; what is promised stands in the file.
    source = (ROOT / "crm" / "settings.py").read_text()
    first = source.split("PASSWORD_HASHERS = [")[1].strip().splitlines()[0]
    lengths = [
        validator.get("OPTIONS", {}).get("min_length")
        for validator in settings.AUTH_PASSWORD_VALIDATORS
    ]

    assert "Argon2PasswordHasher" in first
    assert 12 in lengths


# What a browser is told


@pytest.mark.django_db
def test_sends_a_policy_that_runs_nothing_inline(client: Client):
    answer = client.get("/login/")

    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not {"unsafe-inline", "unsafe-eval", "data:"} & set(policy.replace(";", " ").split())
    assert answer["Cache-Control"].find("no-store") >= 0
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "HX-Request" in answer["Vary"]


@pytest.mark.django_db
def test_asks_for_a_sign_in_everywhere(client: Client):
    answer = client.get("/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")
    assert reverse("account_login") == "/login/"
    assert reverse("account_logout") == "/logout/"


@pytest.mark.django_db
def test_nobody_signs_up_alone(client: Client, django_user_model):
    answer = client.post(
        reverse("account_signup"),
        {
            "email": "eve@evil.example",
            "password1": "a long password",
            "password2": "a long password",
        },
    )

    assert answer.status_code in {200, 302, 403}
    assert not django_user_model.objects.filter(email="eve@evil.example").exists()


# Health and outages


def test_healthz_asks_nothing_of_the_database(client: Client):
    # No database mark on purpose: a statement would fail this test.
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_sees_database_and_migrations(client: Client):
    assert client.get("/readyz").json()["status"] == "ok"


@pytest.mark.parametrize(
    "error", [InterfaceError("connection already closed"), Busy(), OperationalError("gone")]
)
@pytest.mark.parametrize(
    ("path", "kind"), [("/leads/", "text/html"), ("/api/v1/leads/", "application/json")]
)
def test_answers_politely_when_the_database_is_away(error, path, kind):
    answer = PoliteRefusal(lambda request: None).process_exception(
        RequestFactory().get(path), error
    )

    assert answer is not None
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer["Content-Type"].startswith(kind)


def test_a_fault_of_ours_stays_a_fault():
    class SqliteError(Exception):
        pass

    SqliteError.__module__ = "sqlite3"
    error = OperationalError("no such table: leads_lead")
    error.__cause__ = SqliteError()

    assert not is_outage(error)
    assert not is_outage(ValueError("locked"))


@pytest.mark.parametrize("path", ["/leads/", "/api/v1/leads/"])
def test_tells_no_details_of_a_fault(path):
    try:
        raise ValueError("secret detail")
    except ValueError:
        answer = server_error(RequestFactory().get(path))

    assert answer.status_code == 500
    assert b"secret detail" not in answer.content


@pytest.mark.parametrize(
    ("address", "host"), [("/search/?q=%00", "testserver"), ("/", "elsewhere.example")]
)
def test_what_is_turned_away_is_a_warning_without_a_traceback(
    client: Client, rep: User, monkeypatch: pytest.MonkeyPatch, address: str, host: str
) -> None:
    client.force_login(rep)
    told = StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JSONLines):
            monkeypatch.setattr(handler, "stream", told)

    answer = client.get(address, headers={"host": host})

    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    assert answer.status_code == 400
    assert [line["level"] for line in lines if "security" in line["logger"]] == ["warning"]
    assert not any("exception" in line for line in lines)
