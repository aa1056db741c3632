"""Reports are read from a second database, where there is one; everything else is not."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from crm.routers import ReplicaRouter
from leads.models import Lead
from reports.queries import minutes_behind
from reports.tables import REPORTS
from tests.reports.world import a_lead, an_opportunity
from users.models import User

ROOT = Path(__file__).resolve().parent.parent.parent
PRINT = """
import json
from django.conf import settings
from django.db import router
from leads.models import Lead
print(json.dumps([settings.REPORTS_DATABASE, settings.DATABASES["replica"]["NAME"],
    router.db_for_read(Lead), router.db_for_write(Lead), router.allow_migrate("replica", "leads")]))
"""


@pytest.fixture(scope="module")
def second() -> Any:
    """Know a second database before a test says that it uses it; return how to name its file."""
    connections.settings["replica"] = {**connections.settings["default"]}
    yield connections["replica"].settings_dict
    connections["replica"].close()
    del connections["replica"], connections.settings["replica"]


@pytest.fixture
def copy(second: dict[str, Any], settings: Any, tmp_path: Path) -> str:
    """Let reports read a second database, of which the name is given."""
    connections["replica"].close()
    second["NAME"] = str(tmp_path / "copy.sqlite3")
    settings.REPORTS_DATABASE = "replica"
    settings.DATABASE_ROUTERS = ["crm.routers.ReplicaRouter"]
    return str(second["NAME"])


@pytest.mark.once
@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
def test_reports_say_what_the_copy_says_and_lists_what_is_so_now(
    client: Client, copy: str, rep: User
) -> None:
    a_lead(rep)
    client.force_login(rep)
    with sqlite3.connect(connection.settings_dict["NAME"]) as now, sqlite3.connect(copy) as then:
        now.backup(then)
    a_lead(rep)
    an_opportunity(rep, value=500)

    page = client.get(reverse("reports:overview"))
    listed = client.get("/leads/?status=open")
    asked_here: list[str] = []
    with connection.execute_wrapper(
        lambda ask, sql, *rest: asked_here.append(sql) or ask(sql, *rest)
    ):
        for name in REPORTS:
            assert client.get(f"/reports/{name}/").status_code == 200

    assert page.context["deals"].total.count == 0
    assert listed.context["page"]["total"] == 2
    assert Lead.objects.using("replica").count() == 1
    assert minutes_behind() == 0
    # Who may be asked for in the head of a page is read where it is changed; figures are not.
    kinds = ("leads_lead", "opportunities_opportunity", "opportunities_pipelinestate",
             "opportunities_stage", "activities_activity")  # fmt: skip
    assert [sql for sql in asked_here if any(f'FROM "{kind}"' in sql for kind in kinds)] == []


@pytest.mark.once
def test_settings_name_the_copy_and_write_nothing_there(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", PRINT],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'one.sqlite3'}",
            "REPLICA_DATABASE_URL": f"sqlite:///{tmp_path / 'two.sqlite3'}",
            "SECRET_KEY": "k" * 60,
            "VAR_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert json.loads(told) == [
        "replica",
        str(tmp_path / "two.sqlite3"),
        "default",
        "default",
        False,
    ]


def test_what_is_related_is_found_where_all_is() -> None:
    router = ReplicaRouter()

    assert router.db_for_read(Lead, instance=Lead()) == "default"
    assert router.allow_relation(Lead(), Lead())
    assert router.allow_migrate("default", "leads")
