"""What is shown where there is nothing to show, or nothing can be shown."""

from __future__ import annotations

import json
import logging
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from crm.logs import JSONLines
from tests.factories import LeadFactory
from users.models import Grant, User

KINDS = [
    ("/leads/", "lead", "somebody who showed interest"),
    ("/opportunities/?view=all", "opportunity", "a sale that may come"),
    ("/accounts/", "account", "a company that you do business with"),
    ("/contacts/", "contact", "a person you know"),
]


def said(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.mark.parametrize(("address", "kind", "purpose"), KINDS)
def test_a_list_that_was_never_used_says_what_it_is_for_and_how_to_begin(
    client: Client, outsider: User, address: str, kind: str, purpose: str
) -> None:
    client.force_login(outsider)

    answer = client.get(address)

    words = said(answer)
    assert purpose in words
    assert f"Create {kind}" in words
    assert f"/imports/new/?kind={kind}" in answer.content.decode()
    assert "match these filters" not in words


def test_who_may_not_import_is_not_offered_it(client: Client, outsider: User) -> None:
    taken = Grant.objects.filter(role__in=outsider.roles.all(), permission="imports.add_import")
    assert taken.delete()[0]
    client.force_login(outsider)

    answer = client.get("/leads/")

    assert "Create lead" in said(answer)
    assert "/imports/new/" not in answer.content.decode().split('id="main"')[1]


def test_a_list_that_filters_leave_empty_offers_to_clear_them_and_a_broader_view(
    client: Client, rep: User
) -> None:
    LeadFactory(owner=rep, topic="Eight pumps")
    client.force_login(rep)

    words = said(client.get("/leads/?q=nothing+like+it&status=open"))

    assert "No leads match these filters" in words
    assert "Clear filters" in words
    assert "without “Text contains nothing like it”" in words
    assert "showed interest" not in words


def test_a_fault_has_a_number_by_which_the_log_tells_more(
    client: Client, rep: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(rep)
    client.raise_request_exception = False

    def broken(*_arguments: Any, **_options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("leads.views.pages.LeadList.get_context_data", broken)
    with caplog.at_level(logging.ERROR, logger="django.request"):
        answer = client.get("/leads/?status=open")

    assert answer.status_code == 500
    [reference] = re.findall(r"Reference ([0-9a-f]{8})\b", said(answer))
    assert 'href="/leads/?status=open"' in answer.content.decode()  # Try again
    lines = [json.loads(JSONLines().format(record)) for record in caplog.records]
    [line] = [each for each in lines if each.get("reference") == reference]
    assert "ZeroDivisionError" in line["exception"]
