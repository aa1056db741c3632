"""A file of a set-up written by hand: each wrong value is a line, never a crash."""

from __future__ import annotations

import copy
from contextlib import suppress
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import pytest

from crm.configuration import FileIsWrong, configuration, take_in
from tests.commands.test_configuration import shape
from tests.thorough import is_thorough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.once]

WRONG: tuple[Any, ...] = (
    None,
    5,
    -1,
    True,
    "",
    "x" * 4000,
    "\x00",
    [],
    [5],
    [[]],
    {},
    {"a": 5},
    "9" * 5000,
)


def test_a_wrong_value_anywhere_is_refused_or_taken_in(admin: User) -> None:
    shape(admin)
    told = configuration()
    crashed: list[str] = []
    # Each place gets some of them and the next one others, or there is time for all.
    few = len(WRONG) if is_thorough() else 4
    dealt = cycle(WRONG)

    for section, lines in told.items():
        if section == "format":
            continue
        for line in _samples(lines):
            for place in list(_places(line)):
                for wrong in islice(dealt, few):
                    changed = copy.deepcopy(line)
                    _put(changed, place, wrong)
                    _try(
                        {"format": 1, section: [changed]},
                        f"{section} {place} {wrong!r:.20}",
                        crashed,
                        admin,
                    )

    assert not crashed, "\n".join(crashed)


def _samples(lines: list[Any]) -> list[Any]:
    """Return the first lines of a section, enough that each of its columns is filled once."""
    kept: list[Any] = []
    filled: set[str] = set()
    for line in lines:
        new = {name for name, value in line.items() if value not in ("", None, [], {})}
        if new - filled:
            kept.append(line)
            filled |= new
    return kept[:3]


def _places(value: Any, place: tuple[Any, ...] = (), deep: int = 4) -> Iterator[tuple[Any, ...]]:
    """Yield where values stand: each key and the first of each list, down to a depth."""
    if place:
        yield place
    if deep and isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*place, name), deep - 1)
    elif deep and isinstance(value, list) and value:
        yield from _places(value[0], (*place, 0), deep - 1)


def _put(value: Any, place: tuple[Any, ...], wrong: Any) -> None:
    for step in place[:-1]:
        value = value[step]
    value[place[-1]] = wrong


def _try(data: dict[str, Any], what: str, crashed: list[str], admin: User) -> None:
    try:
        with suppress(FileIsWrong):
            take_in(data, by=admin, is_dry=True)
    except Exception as error:
        crashed.append(f"{what}: {error!r:.100}")
