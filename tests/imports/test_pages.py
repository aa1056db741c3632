"""The pages of an import: four steps that cannot be skipped, a report, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from imports.models import Import
from leads.models import Lead
from tests.imports.files import LEADS, checked, imported, sent
from users.models import User

pytestmark = pytest.mark.once


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def a_file(text: str = LEADS, name: str = "expo.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_whole_way_without_scripts(reps: Client) -> None:
    answer = reps.post("/imports/new/", {"kind": "lead", "file": a_file()})
    draft = Import.objects.get()
    assert answer["Location"] == f"/imports/{draft.pk}/columns/"

    page = text_of(reps.get(answer["Location"]))
    assert "5 of 5 columns are matched" in page
    assert "Elena" in page
    data = {f"column-{n}": field for n, field in enumerate(draft.mapping["columns"].values())}
    answer = reps.post(
        f"/imports/{draft.pk}/columns/", {**data, "version": draft.version, "do": "check"}
    )
    assert answer["Location"] == f"/imports/{draft.pk}/"
    page = text_of(reps.get(answer["Location"]))
    assert "Import 2 rows" in page
    assert not Lead.objects.exists()

    reps.post(f"/imports/{draft.pk}/run/")
    page = text_of(reps.get(f"/imports/{draft.pk}/"))

    assert "The file was imported." in page
    for lead in Lead.objects.all():
        assert lead.get_absolute_url() in page
    assert Lead.objects.count() == 2
    assert "expo.csv" in text_of(reps.get("/imports/"))

    reps.post(f"/imports/{draft.pk}/undo/")
    assert "The import was undone." in text_of(reps.get(f"/imports/{draft.pk}/"))
    assert not Lead.objects.exists()


def test_a_step_cannot_be_skipped(reps: Client, rep: User) -> None:
    draft = sent(LEADS, by=rep)

    answer = reps.post(f"/imports/{draft.pk}/run/", follow=True)

    assert "Check the rows first" in text_of(answer)
    assert not Lead.objects.exists()


def test_a_bad_file_comes_back_with_the_reason(reps: Client) -> None:
    answer = reps.post("/imports/new/", {"kind": "lead", "file": a_file("<svg>", "a.svg")})

    assert answer.status_code == 422
    assert "a program or a page with scripts" in text_of(answer)


def test_how_the_file_is_read_is_corrected_on_a_page(reps: Client, rep: User) -> None:
    draft = sent("topic\tlast_name\nA\tOne\n", by=rep, delimiter=";")
    assert len(draft.headers) == 1
    url = f"/imports/{draft.pk}/reading/"
    assert "Read again" in text_of(reps.get(url))

    answer = reps.post(url, {"encoding": "utf-8", "delimiter": "\t", "header": "1"})

    assert answer["Location"] == f"/imports/{draft.pk}/columns/"
    draft.refresh_from_db()
    assert draft.mapping["columns"] == {"topic": "topic", "last_name": "last_name"}
    assert reps.post(url, {"delimiter": "#"}).status_code == 422


def test_words_of_a_list_are_given_a_meaning(reps: Client, rep: User) -> None:
    draft = sent("topic,last_name,rating\nA,One,Very hot\nB,Two,cold\n", by=rep)
    url = f"/imports/{draft.pk}/columns/"
    assert "1 word has no meaning yet" in text_of(reps.get(url))

    sending = {"column-0": "topic", "column-1": "last_name", "column-2": "rating"}
    words = {"word-2-0": "Very hot", "means-2-0": "hot"}
    reps.post(url, {**sending, **words, "do": "check"})
    reps.post(f"/imports/{draft.pk}/run/")

    assert set(Lead.objects.values_list("topic", "rating")) == {("A", "hot"), ("B", "cold")}


def test_a_change_in_another_window_is_not_overwritten(reps: Client, rep: User) -> None:
    draft = sent(LEADS, by=rep)
    sending = {"column-4": "description", "do": "save"}
    reps.post(f"/imports/{draft.pk}/columns/", {**sending, "version": draft.version})

    answer = reps.post(
        f"/imports/{draft.pk}/columns/", {"column-4": "", "version": draft.version, "do": "save"}
    )

    assert answer.status_code == 422
    assert "changed in another window" in text_of(answer)
    draft.refresh_from_db()
    assert draft.mapping["columns"]["Topic"] == "description"


def test_rejected_rows_are_a_file_that_can_be_sent_again(reps: Client, rep: User) -> None:
    done = imported('topic,last_name,estimated_value\n=1+1,"One, A",many\nB,Two,5\n', by=rep)

    answer = reps.get(f"/imports/{done.pk}/rejected/")
    text = b"".join(answer).decode("utf-8-sig")  # type: ignore[arg-type]

    assert text.startswith("topic,last_name,estimated_value,Why it was rejected\r\n")
    assert '\'=1+1,"One, A",many,Line 2: estimated_value: “many” is not a number.' in text
    mended = imported(text.replace(",many,", ",7,"), by=rep)
    assert mended.count("new") == 1
    assert Lead.objects.get(last_name="One, A").topic == "=1+1"


def test_rows_are_narrowed_to_a_verdict(reps: Client, rep: User) -> None:
    ready = checked("topic,last_name,estimated_value\nA,One,many\nB,Two,5\n", by=rep)

    page = text_of(reps.get(f"/imports/{ready.pk}/?verdict=rejected"))

    assert "“many” is not a number" in page
    assert "Two" not in page


def test_somebody_elses_is_not_there(client: Client, rep: User, admin: User) -> None:
    done = imported(LEADS, by=rep)
    client.force_login(admin)

    for name in ("detail", "columns", "reading", "rejected", "undo"):
        assert client.get(reverse(f"imports:{name}", args=[done.pk])).status_code == 404
    for name in ("check", "run", "cancel", "resume", "delete", "undo", "columns"):
        assert client.post(reverse(f"imports:{name}", args=[done.pk])).status_code == 404


def test_the_same_file_is_told_of_before(reps: Client, rep: User) -> None:
    first = imported(LEADS, by=rep)
    again = sent(LEADS, by=rep)

    page = text_of(reps.get(f"/imports/{again.pk}/columns/"))

    assert "You have imported this file before." in page
    assert first.get_absolute_url() in page


def test_lists_and_navigation_lead_to_it(reps: Client) -> None:
    page = text_of(reps.get("/leads/"))

    assert 'href="/imports/new/?kind=lead"' in page
    assert 'href="/imports/"' in page
    assert 'value="lead" selected' in text_of(reps.get("/imports/new/?kind=lead"))
