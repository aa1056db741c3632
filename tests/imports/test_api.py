"""Imports by programs: the same operations, the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from leads.models import Lead
from tests.imports.files import LEADS
from users.models import User
from users.operations import issue_token


@pytest.fixture
def api(client: Client, rep: User) -> Any:
    _token, secret = issue_token(rep, name="Test", by=rep)
    head = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}

    def ask(method: str, path: str, data: Any = None, **more: Any) -> Any:
        kind = {"content_type": "application/json"} if method == "patch" else {}
        return getattr(client, method)(f"/api/v1/imports/{path}", data, **kind, **head, **more)

    return ask


def a_file(text: str = LEADS) -> SimpleUploadedFile:
    return SimpleUploadedFile("expo.csv", text.encode())


def test_the_whole_way(api: Any) -> None:
    sent = api("post", "", {"file": a_file(), "kind": "lead"})
    assert sent.status_code == 201
    draft = sent.json()
    assert (draft["state"], draft["total"]) == ("draft", 2)
    columns = {**draft["mapping"]["columns"], "Topic": "description"}
    changed = api("patch", f"{draft['id']}/", {"mapping": {"columns": columns}})
    assert changed.json()["mapping"]["columns"]["Topic"] == "description"
    assert api("post", f"{draft['id']}/run/").status_code == 409

    ready = api("post", f"{draft['id']}/check/").json()
    assert (ready["state"], ready["counts"]["new"]) == ("checked", 2)
    done = api("post", f"{draft['id']}/run/").json()
    rows = api("get", f"{draft['id']}/rows/").json()["results"]

    assert done["state"] == "done"
    assert [(row["line"], row["verdict"]) for row in rows] == [(2, "new"), (3, "new")]
    assert {row["id"] for row in rows} == set(Lead.objects.values_list("pk", flat=True))
    assert api("post", f"{draft['id']}/revert/").json()["state"] == "reverted"
    assert not Lead.objects.exists()


def test_what_is_wrong_is_said(api: Any) -> None:
    assert api("post", "", {"kind": "lead"}).status_code in (400, 415)
    unknown = api("post", "", {"file": a_file(), "kind": "person"})
    assert unknown.json()["errors"]["kind"]
    wrong = api("post", "", {"file": a_file(), "kind": "lead", "mapping": "[]"})
    assert wrong.json()["errors"]["mapping"]


def test_sent_again_with_a_key_it_is_one_import(api: Any) -> None:
    again = {"HTTP_IDEMPOTENCY_KEY": "one"}
    first = api("post", "", {"file": a_file(), "kind": "lead"}, **again)
    second = api("post", "", {"file": a_file(), "kind": "lead"}, **again)
    other = api("post", "", {"file": a_file("topic\nA\n"), "kind": "lead"}, **again)

    assert first.json() == second.json()
    assert other.status_code == 422
    assert len(api("get", "").json()["results"]) == 1
