"""Hostile text through everything an administrator shapes: it is kept or refused, never run."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.operations import capture_lead
from opportunities.models import Process, Stage
from records.models import CustomField, FormLayout
from tests.admin.forms import form_of
from tests.admin.test_layouts import Editor, address
from tests.test_naughty_strings import naughty
from users.models import User

pytestmark = pytest.mark.once  # what a page makes of a text, no engine decides

MARKS = ("<", "script", "{{", "{%", "&#", "onerror", "=cmd", "%0a", "\\", "../")
RUNS = ("<script>alert(", "<img src=x", "<svg/onload", "<iframe", "<body onload")


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


def hostile(most: int) -> list[str]:
    texts = [text for text in naughty() if any(mark in text.lower() for mark in MARKS)]
    step = max(1, len(texts) // most)
    found = [text[:80] for text in texts[::step]][:most]
    assert len(found) == most
    return found


def runs(page: str) -> list[str]:
    return [mark for mark in RUNS if mark in page.lower()]


def shaped(desk: Client, texts: list[str]) -> int:
    """Define a field for each text: its label, help, section, choices and default. Count them."""
    page = reverse("admin:records_customfield_add")
    usual = form_of(desk, page)
    for number, text in enumerate(texts):
        sent = {
            "kind": "lead",
            "key": f"odd_{number}",
            "label": text,
            "help_text": text,
            "section": text,
            "type": "choice",
            "choices-count": "2",
            "choices-0-label": text,
            "choices-1-label": "Other",
            "choices-1-is_active": "on",
            "choices-0-is_active": "on",
        }
        answer = desk.post(page, usual | sent)
        assert answer.status_code in {200, 302}, text
        assert not runs(answer.content.decode()), text
    return CustomField.objects.count()


def test_labels_helps_choices_and_sections_run_nowhere(desk: Client, admin: User) -> None:
    texts = hostile(24)

    count = shaped(desk, texts)

    assert count > len(texts) // 2, "most of them are words like others"
    admin = User.objects.get(pk=admin.pk)
    keys = {field.key: "other" for field in CustomField.objects.all()}
    lead = capture_lead(by=admin, topic="T", last_name="Byron", custom=keys)
    pages = [
        "/leads/new/",
        lead.get_absolute_url(),
        f"{lead.get_absolute_url()}edit/",
        "/leads/?columns=" + ",".join(f"custom.{key}" for key in list(keys)[:8]),
        reverse("admin:records_customfield_changelist"),
        reverse("admin:leads_fieldmapping_add"),
        address("lead"),
        address("lead", "preview"),
        "/api/schema/",
    ]
    for page in pages:
        answer = desk.get(page)
        assert answer.status_code == 200, page
        assert page == "/api/schema/" or not runs(answer.content.decode()), page


def test_sections_of_a_layout_stages_and_steps_run_nowhere(desk: Client) -> None:
    texts = hostile(12)
    for text in texts:
        editor = Editor(desk, "lead")
        editor.call(next(title for title in editor.titles if title), text)
        answer = editor.save()
        assert answer.status_code in {200, 302}
        assert not runs(answer.content.decode())
    stage = Stage.objects.get(key="develop")
    process = Process.objects.get(is_default=True)
    for number, text in enumerate(texts[:6]):
        for line in (stage, process):
            page = reverse(f"admin:opportunities_{line._meta.model_name}_change", args=[line.pk])
            desk.post(page, form_of(desk, page) | {"name": text})
        step = {"label": text, "key": f"odd-{number}", "position": number + 50}
        page = reverse("admin:opportunities_stage_change", args=[stage.pk])
        sent = form_of(desk, page)
        place = int(sent["steps-INITIAL_FORMS"])
        sent["steps-TOTAL_FORMS"] = place + 1
        desk.post(page, sent | {f"steps-{place}-{name}": str(v) for name, v in step.items()})

    assert FormLayout.objects.get(kind="lead").sections
    for page in (
        "/leads/new/",
        address("lead", "versions"),
        "/opportunities/board/",
        reverse("admin:opportunities_process_change", args=[process.pk]),
        reverse("admin:opportunities_stage_changelist"),
        reverse("admin:opportunities_stage_remove", args=[stage.pk]),
        "/reports/",
    ):
        answer = desk.get(page)
        assert answer.status_code == 200, page
        assert not runs(answer.content.decode()), page


def test_a_pattern_of_any_text_is_taken_or_refused_in_words(desk: Client, admin: User) -> None:
    page = reverse("admin:records_customfield_add")
    usual = form_of(desk, page)
    texts = [*hostile(16), "(a+)+$", "(a|a)*b", "(.*)*x", "a{1,99999}", "(?#", "[", "(?P<x>"]

    for number, text in enumerate(texts):
        sent: dict[str, Any] = {
            "kind": "lead",
            "key": f"like_{number}",
            "label": f"Like {number}",
            "type": "text",
            "pattern": text,
        }
        answer = desk.post(page, usual | sent)
        assert answer.status_code in {200, 302}, text
        if answer.status_code == 200:
            assert answer.context["errors"], text

    refused = {"(a+)+$", "(a|a)*b", "(.*)*x"}
    kept = {field.limits.get("pattern") for field in CustomField.objects.all()}
    assert not refused & kept
    for field in CustomField.objects.all():
        desk.post("/leads/new/", {"topic": "T", "last_name": "B", field.name: "a" * 40 + "!"})
