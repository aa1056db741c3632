"""Files by API: sent once, listed where they are shown, handed out, binned."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from activities.models import Activity, File
from leads.operations import qualify
from tests import samples
from tests.api.conftest import V1, Caller
from tests.factories import AccountFactory, ActivityFactory, LeadFactory

pytestmark = pytest.mark.django_db
MB = 1_048_576


@pytest.fixture(autouse=True)
def _folder(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def lead(rep: Caller) -> Any:
    return LeadFactory(owner=rep.user)


def send(
    caller: Caller, place: str, name: str = "plan.png", content: bytes = b"", **headers: str
) -> Any:
    file = SimpleUploadedFile(name, content or samples.picture(), content_type="text/html")
    named = {"Authorization": f"Bearer {caller.secret}"}
    named |= {key.replace("_", "-"): value for key, value in headers.items()}
    return caller.client.post(f"{V1}{place}files/", {"file": file}, headers=named)


def test_is_sent_listed_and_handed_out(rep: Caller, lead: Any) -> None:
    sent = send(rep, f"leads/{lead.pk}/")
    text = send(rep, f"leads/{lead.pk}/", "a.txt", samples.TEXT).json()

    assert sent.status_code == 201, sent.content
    shown = sent.json()
    assert (shown["name"], shown["content_type"]) == ("plan.png", "image/png")
    assert shown["size"] == len(samples.picture())
    listed = rep.get(f"leads/{lead.pk}/files/").json()
    assert [file["id"] for file in listed["results"]] == [text["id"], shown["id"]]
    assert rep.get(f"files/{shown['id']}/").json() == shown
    content = rep.get(shown["url"])
    assert b"".join(content.streaming_content) == samples.picture()
    assert content["Content-Disposition"].startswith("attachment")
    assert "sandbox" in content["Content-Security-Policy"]
    assert rep.get(shown["preview_url"])["Content-Type"] == "image/webp"
    assert text["preview_url"] is None
    assert rep.get(f"{text['url']}?preview=1").status_code == 404


def test_is_sent_with_an_entry_and_told_there(rep: Caller, lead: Any) -> None:
    note = ActivityFactory(on=lead, owner=rep.user)

    sent = send(rep, f"activities/{note.pk}/", "a.txt", samples.TEXT).json()

    entry = rep.get(f"activities/{note.pk}/").json()
    assert entry["files"] == [
        {key: sent[key] for key in ("id", "name", "size", "content_type", "url")}
    ]
    assert rep.get(f"activities/{note.pk}/files/").json()["results"][0]["id"] == sent["id"]
    assert [row["files"] for row in rep.get("activities/").json()["results"]] == [entry["files"]]


def test_is_shown_on_what_a_lead_became(rep: Caller, lead: Any) -> None:
    sent = send(rep, f"leads/{lead.pk}/").json()
    outcome = qualify(lead, by=rep.user)

    for place in (f"accounts/{outcome.account.pk}", f"contacts/{outcome.contact.pk}"):
        listed = rep.get(f"{place}/files/").json()["results"]
        assert [file["id"] for file in listed] == [sent["id"]], place
    assert send(rep, f"leads/{lead.pk}/").status_code == 409  # it is closed


def test_the_same_key_attaches_once_and_another_file_is_another_request(
    rep: Caller, lead: Any
) -> None:
    place = f"leads/{lead.pk}/"

    first, again = (send(rep, place, Idempotency_Key="once") for _ in range(2))
    other = send(rep, place, "b.txt", samples.TEXT, Idempotency_Key="once")

    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert File.objects.count() == 1


@override_settings(FILE_MAX_BYTES=MB)
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("offer.pdf.exe", samples.EXE, "is a program"),
        ("logo.svg", samples.SVG, "page with scripts"),
        ("huge.txt", b"a" * (2 * MB), "larger than 1 MB"),
        ("all.zip", samples.nested(5), "archives in archives"),
    ],
)
def test_a_refusal_names_the_reason(
    rep: Caller, lead: Any, name: str, content: bytes, reason: str
) -> None:
    refused = send(rep, f"leads/{lead.pk}/", name, content)

    assert refused.status_code == 400
    assert reason in refused.json()["errors"]["files"][0]
    assert not Activity.objects.exists()


def test_what_is_no_file_is_refused_by_name(rep: Caller, lead: Any) -> None:
    place = f"leads/{lead.pk}/files/"

    for body, kind in (({"file": "text"}, "application/json"), (b"\xff", "multipart/form-data")):
        refused = rep.post(place, body, content_type=kind)
        assert refused.status_code == 400, refused.content
    assert rep.post(place, "x", content_type="text/plain").status_code in {400, 415}
    on = {"kind": "lead", "id": lead.pk}
    refused = rep.post("activities/", {"kind": "file", "on": on})
    assert "kind" in refused.json()["errors"]


def test_goes_to_the_bin(rep: Caller, colleague: Caller, lead: Any) -> None:
    sent = send(rep, f"leads/{lead.pk}/").json()

    assert colleague.delete(f"files/{sent['id']}/").status_code == 403
    assert rep.delete(f"files/{sent['id']}/").status_code == 204
    assert rep.get(f"files/{sent['id']}/").status_code == 404
    assert rep.get(sent["url"]).status_code == 404
    assert rep.get(f"leads/{lead.pk}/files/").json()["results"] == []


def test_lies_outside_for_those_who_do_not_see_the_record(
    rep: Caller, outsider: Caller, lead: Any
) -> None:
    sent = send(rep, f"leads/{lead.pk}/").json()

    for place in (f"files/{sent['id']}/", sent["url"], f"leads/{lead.pk}/files/"):
        assert outsider.get(place).status_code == 404, place
    assert send(outsider, f"leads/{lead.pk}/").status_code == 404
    reader = Caller(rep.user, scope="read")
    assert send(reader, f"leads/{lead.pk}/").status_code == 403
    assert reader.get(sent["url"]).status_code == 200


def test_text_and_mentions_come_as_they_were_typed(rep: Caller, colleague: Caller) -> None:
    on = {"kind": "account", "id": AccountFactory(owner=rep.user).pk}
    text = f"**Bold** @{colleague.user.email}\n- <script>"

    note = rep.post("activities/", {"kind": "note", "text": text, "on": on}).json()
    task = rep.post(
        "activities/",
        {
            "kind": "task",
            "subject": "Call",
            "due_at": "2031-01-01T09:00:00Z",
            "remind": "1h",
            "on": on,
        },
    ).json()
    changed = rep.patch(f"activities/{task['id']}/", {"remind": "1d"}).json()

    assert (note["text"], note["mentions"]) == (text, [colleague.user.email])
    assert (task["remind"], changed["remind"]) == ("1h", "1d")
    assert rep.patch(f"activities/{task['id']}/", {"remind": "often"}).status_code == 400
