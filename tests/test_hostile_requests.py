"""Addresses and forms that no page of ours has written: refused or left aside, and never an error.

Every address of `tests/access.py` is asked with names that some page knows and values that none of
them expects, alone and all together, by somebody who may see what is there.
"""

from __future__ import annotations

import base64
import json
import random
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.access import ACCESS
from tests.test_access import OURS, ROOMS, address_of, ask, room_of, world
from tests.thorough import is_thorough

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["world"]

# What the pages, lists, filters and reports read of an address.
NAMES = """
    add after as_of ascii at before bin by c cancel cohort column columns compose condition country
    cursor day density direction entry existing field find fields filter format from fromdate group
    id in is join keep kind label lead leads limit list main measure metric name next number of on
    open opportunities opportunity order outcome owner page panel per period person preset process
    product provider q query reason receivers remove role score search section seen selected seq
    show sort source stage status submission tab tag tags take team template text theirs to topic
    undecided undo until unread value version view was what why
""".split()
VALUES = [
    "",
    "-1",
    "0",
    "99999999999999999999999999",
    "9223372036854775808",
    "1e999",
    "NaN",
    "²",
    "١",
    "%",
    "\x00",
    "a\x00b",
    "\ud800",
    "'",
    '"><script>alert(1)</script>',
    "../../etc/passwd",
    "lead:1",
    "lead:99999999999999999999999999",
    "account:²",
    "__class__",
    "owner__password",
    "-owner.password",
    "custom.nothing",
    "[]",
    "{}",
    '{"any": [{"all": []}]}',
    "[" * 5000,
    "0001-01-01",
    "9999-12-31T23:59:59+00:00",
    "9999-12-31",
    "2026-13-45",
    "9999-12-31T23:59:59.999999-12:00~0~99999999999999999999999",
    "🏳️‍🌈",
    "\u202e\ufeff\u2028",
    "a" * 3000,
]


def cursors() -> Iterator[str]:
    """Yield places in a list that nobody has been to."""
    for value in ([], [None], [1] * 3, ["a", 10**30], [{}], "x", [["9999-12-31"], 1], [1e308, 1]):
        yield base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


HOSTILE = [*VALUES, *cursors()]


# What a client can write in a form.
SENT = [value for value in HOSTILE if "\ud800" not in value]
API_NAMES = """
    topic owner email phone name custom tags account contact lead leads ids reason survivor losers
    on kind subject text to cc template answers due_at done_at stage lines products estimated_value
    currency country version field value file secret fields conditions
""".split()


def asked_of(room: str, records: dict[str, Any]) -> Iterator[str]:
    for name in sorted(ACCESS):
        if room_of(name) == room and name in OURS and "logout" not in name:
            yield address_of(name, records)


def with_more(url: str, more: dict[str, Any]) -> str:
    text = urlencode(more, doseq=True, errors="surrogatepass")
    return f"{url}{'&' if '?' in url else '?'}{text}"


def broken(user: Any, method: str, url: str, body: Any = None) -> list[str]:
    answer = ask(user, method, url, body if body is not None else {})
    if answer.status_code < 500:
        return []
    told = getattr(answer, "exc_info", None)
    return [f"{method.upper()} {url[:300]}: {answer.status_code} {told[1]!r:.300}" if told else url]


TOGETHER, ALONE = (2, 4) if is_thorough() else (1, 1)  # requests of each address


@pytest.mark.parametrize("room", ROOMS)
def test_no_address_is_an_error_whatever_stands_behind_it(world, room):
    records, users = world
    dice = random.Random(room)

    wrong = []
    for url in asked_of(room, records):
        for _ in range(TOGETHER):
            more = {name: dice.choice(HOSTILE) for name in NAMES}
            wrong += broken(users["manager"], "get", with_more(url, more))
        for name in dice.sample(NAMES, ALONE):
            more = {name: dice.choices(HOSTILE, k=2)}
            wrong += broken(users["manager"], "get", with_more(url, more))
    assert wrong == []


FIELD = re.compile(r'<(?:input|select|textarea)[^>]* name="([^"]+)"')
# What a program may send instead of a word.
ODD: list[Any] = [
    None, True, -1, 10**30, 1.5, [], {}, [[]], [None], {"a": {"b": []}}, [1] * 2_000, "\x00", "²",
    "9999-12-31T23:59:59Z", "0001-01-01", {"id": "x"}, {"__class__": 1}, "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
def test_no_form_is_an_error_whatever_is_sent_with_it(world, room):
    records, users = world
    dice = random.Random(room)
    manager = users["manager"]

    wrong, count = [], 0
    for url in asked_of(room, records):
        if url.startswith("/api/"):
            continue
        page = ask(manager, "get", url, {})
        found = [] if page.streaming else FIELD.findall(page.content.decode())
        names = [name for name in dict.fromkeys(found) if not name.startswith("csrf")]
        for _ in range(TOGETHER):
            body = {name: dice.choice(SENT) for name in names or NAMES[:12]}
            wrong += broken(manager, "post", url, body)
            count += bool(names)
        for name in dice.sample(names, min(ALONE, len(names))):
            usual = dict.fromkeys(names, "1")
            wrong += broken(manager, "post", url, {**usual, name: dice.choices(SENT, k=2)})
    assert wrong == []
    assert count or room == "activities", "no form was found"


@pytest.mark.parametrize("room", ROOMS)
def test_no_program_is_an_error_whatever_it_sends(world, room):
    records, users = world
    dice = random.Random(room)
    manager = users["manager"]

    wrong = []
    for url in asked_of(room, records):
        if not url.startswith("/api/v1/"):
            continue
        shown = ask(manager, "get", url, {})
        told = shown.json() if "json" in shown.get("Content-Type", "") else {}
        first = (told.get("results") or [told])[0] if isinstance(told, dict) else {}
        names = [*first, *API_NAMES]
        for method in ("post", "patch", "delete"):
            for body in (dice.choice(["null", [], "x", 1, {"": None}]), {key: [] for key in NAMES}):
                wrong += broken(manager, method, url, body)
            for _ in range(TOGETHER):
                body = {name: dice.choice(ODD) for name in dice.sample(names, min(4, len(names)))}
                wrong += broken(manager, method, url, body)
    assert wrong == []


PLACES = ["9223372036854775808", "99999999999999999999999999"]


def test_no_number_of_a_record_is_an_error(world):
    records, users = world

    wrong = []
    for name in sorted(ACCESS):
        if name in OURS and "pk" in OURS[name]:
            url = address_of(name, records)
            number = str(records["leads"].pk)
            for place in PLACES:
                named = re.sub(r"/\d+(?=/)", f"/{place}", url)
                for each in {named, url.replace(f"={number}", f"={place}")} - {url}:
                    wrong += broken(users["manager"], "get", each)
                    wrong += broken(users["manager"], "post", each, {})
    assert wrong == []
