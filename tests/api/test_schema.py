"""The description of the API: whole, valid, and true."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from tests.api.conftest import LEAD, Caller
from tests.factories import LeadFactory, TeamFactory

pytestmark = pytest.mark.once  # but for what is marked `both`

READ = {"get"}
RECORDS = ["leads", "accounts", "contacts", "opportunities", "activities"]


@pytest.fixture(scope="module")
def schema() -> Any:
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    return yaml.safe_load(out.getvalue())


def test_is_valid_and_says_everything_that_there_is(schema):
    paths = schema["paths"]

    for kind in RECORDS:
        assert set(paths[f"/api/v1/{kind}/"]) == {"get", "post"}
        assert set(paths[f"/api/v1/{kind}/{{id}}/"]) == {"get", "patch", "delete"}
    for verb in ("qualify", "undo", "disqualify", "reopen", "assign", "apart", "together"):
        assert set(paths[f"/api/v1/leads/{{id}}/{verb}/"]) == {"post"}
    for verb in ("stage", "win", "lose", "reopen"):
        assert set(paths[f"/api/v1/opportunities/{{id}}/{verb}/"]) == {"post"}
    assert set(paths["/api/v1/leads/{id}/qualification/"]) == {"get", "post"}
    assert set(paths["/api/v1/leads/{id}/receipts/"]) == READ
    for report in ("overview", "breakdown", "{name}"):
        assert set(paths[f"/api/v1/reports/{report}/"]) == READ


def test_says_how_lists_are_narrowed_and_paged(schema):
    named = {p["name"]: p for p in schema["paths"]["/api/v1/leads/"]["get"]["parameters"]}

    assert {"limit", "cursor", "count", "q", "owner", "status", "created_at__gte"} <= set(named)
    assert named["status"]["schema"]["enum"] == ["disqualified", "open", "qualified"]
    assert named["created_at__gte"]["schema"]["format"] == "date-time"


def test_says_how_to_come_in_and_how_to_ask_twice(schema):
    qualify = schema["paths"]["/api/v1/leads/{id}/qualify/"]["post"]

    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {"Idempotency-Key", "If-Match"} <= {p["name"] for p in qualify["parameters"]}
    assert {"200", "201", "4XX"} <= set(qualify["responses"])


def test_describes_the_fields_that_are_sent(schema, rep):
    lead = LeadFactory(owner=rep.user)
    described = schema["components"]["schemas"]["Lead"]["properties"]

    assert set(described) == set(rep.get(f"leads/{lead.pk}/").json())
    assert described["annual_revenue"] == {
        "type": "string",
        "format": "decimal",
        "pattern": described["annual_revenue"]["pattern"],
        "nullable": True,
    }
    assert described["status"]["readOnly"]


@pytest.mark.django_db
def test_is_there_for_programs_and_for_people_who_are_signed_in(rep):
    person = Caller(None)
    person.client.force_login(rep.user)

    for caller in (rep, person):
        answer = caller.get("/api/schema/")
        assert answer.status_code == 200
        assert b"openapi: 3" in answer.content
    assert Caller(None).get("/api/schema/").status_code == 401


@pytest.mark.both
@pytest.mark.django_db
def test_who_reads_it_keeps_no_list_of_that_day(rep):
    assert rep.get("/api/schema/").status_code == 200
    assert rep.get("opportunities/?team=0&limit=1").status_code == 400

    team = TeamFactory()

    assert rep.get(f"opportunities/?team={team.pk}&limit=1").status_code == 200


@pytest.mark.django_db
def test_the_pages_to_read_it_on_need_nothing_from_elsewhere(rep):
    person = Caller(None)
    person.client.force_login(rep.user)

    page = person.get("/api/docs/")
    script = person.get("/api/docs/?script=")

    assert page.status_code == 200
    html = page.content.decode()
    assert "https://" not in html
    assert "<script>" not in html
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "script-src" not in page["Content-Security-Policy"]  # as everywhere: only our own
    assert script.status_code == 200
    assert Caller(None).get("/api/docs/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/leads/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_is_none_answers_in_the_same_shape(rep, path, method):
    missing = rep.send(method, path, LEAD if method == "POST" else None)

    assert missing.status_code == 404
    assert missing.json() == {"detail": "Not found.", "code": "not_found", "errors": {}}


@pytest.mark.django_db
def test_the_slash_at_the_end_may_be_left_out(rep):
    lead = rep.post("leads", LEAD)

    assert lead.status_code == 201
    assert rep.get(f"leads/{lead.json()['id']}").json() == lead.json()
    assert rep.post(f"leads/{lead.json()['id']}/qualify").status_code == 201


@pytest.mark.django_db
def test_answers_json_whatever_is_asked_for(rep):
    answer = rep.get("leads/", Accept="text/html")

    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in rep.get("leads/", Origin="https://x.example")
    assert rep.send("OPTIONS", "leads/").status_code == 405
