"""No text escapes translation, on any page, for anybody."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest
from django.test import Client

from crm.management.commands._entrances import open_entrances
from intake.models import Delivery
from records.operations.notices import tell
from tests.e2e.planted import addresses, administration, plant
from tests.pseudo import CODE, leaks, make_greek, pseudo, spoken
from users.models import User

# Words come from templates and catalogues, whatever holds the rows.
pytestmark = pytest.mark.once

# A page, and the part of it that a script asks for.
WHOLE: dict[str, str] = {}
PART = {"HX-Request": "true", "HX-Target": "dialog"}


def test_makes_words_longer_and_keeps_places() -> None:
    assert pseudo("%(n)s leads<br>") == "⟦%(n)s leeeads<br>⟧"
    assert len(pseudo("Opportunities")) - 2 >= len("Opportunities") * 1.35


@pytest.fixture
def planted(rep: User, rep2: User, manager: User, admin: User) -> Any:
    found = plant(rep, rep2)
    open_entrances(admin)
    tell(rep, "mentioned", by=manager, about=found["leads"][0], text="Look")
    tell(rep, "answered", by=None, about=found["leads"][0], text="Ada: Yes")
    tell(rep, "job_finished", by=None, about=found["jobs"][0], text="Done")
    return found


# Written in English for good: documentation, what came in, and words of a library that its own
# catalogues do not have.
ELSEWHERE = ("/docs/figures/",)
NOT_OURS = ("Reauthentication not available", "Two lines, please call us")


def walked(person: User, paths: list[str], *asked: dict[str, str]) -> dict[str, list[str]]:
    """Return the texts that escape, with the first pages that have them."""
    User.objects.filter(pk=person.pk).update(language=CODE)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    found: dict[str, list[str]] = defaultdict(list)
    for path in dict.fromkeys(paths):
        if path.startswith(ELSEWHERE):
            continue
        for headers in asked:
            answer = client.get(path, headers=headers)
            assert answer.status_code < 500, path
            kind = answer.get("Content-Type", "")
            if answer.status_code in {301, 302, 405} or not kind.startswith("text/html"):
                continue
            if answer.get("Content-Disposition") or answer.streaming:
                continue
            for text in leaks(answer.content.decode()):
                if not any(theirs in text for theirs in NOT_OURS):
                    found[text].append(path)
    return found


def searched(listed: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return addresses that look for words that nobody here would translate."""
    return {
        room: [re.sub(r"q=[^&]*", "q=%CF%80%CF%85%CE%BC", path) for path in paths]
        for room, paths in listed.items()
    }


def told(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{text}   {pages[0]} ({len(pages)})" for text, pages in sorted(found.items()))


ROOMS = ("leads", "accounts", "contacts", "opportunities", "activities")


def test_no_text_escapes_translation_on_the_pages_of_a_rep(planted: Any, rep: User) -> None:
    listed = searched(addresses(planted))
    make_greek()

    with spoken():
        found = walked(rep, [path for room in listed.values() for path in room], WHOLE, PART)

    assert not found, told(found)


def test_no_text_escapes_translation_on_the_pages_of_a_manager(planted: Any, manager: User) -> None:
    listed = searched(addresses(planted))
    waiting = [each.get_absolute_url() for each in Delivery.objects.all()]
    rules = "/rules/qualification/"
    paths = [*listed["leads"], *listed["reports"], *listed["intake"], *listed["others"], *waiting]
    paths += [f"{rules}{page}" for page in ("", "1/", "new/", "need/edit/", "automation/")]
    paths += [f"/reports/{name}/" for name in ("pipeline", "conversion", "ageing", "forecast")]
    make_greek()

    with spoken():
        found = walked(manager, paths, WHOLE, PART)

    assert not found, told(found)


def test_no_text_escapes_translation_in_the_administration(planted: Any, admin: User) -> None:
    paths = administration()
    make_greek()

    with spoken():
        found = walked(admin, paths, WHOLE)  # no script asks for parts there

    # Keys, events and permissions are words for programs: labels begin with a capital letter.
    labels = re.compile(r"(text|label|title|aria-label|placeholder): [A-Z][a-z]+( [a-z]+)*$")
    theirs = re.compile(r"Task Results|Tasks Database|Successful|Leads \|")
    escaped = {t: p for t, p in found.items() if labels.search(t) and not theirs.search(t)}
    assert not escaped, told(escaped)
