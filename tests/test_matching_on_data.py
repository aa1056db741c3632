"""Public lists of people whose truth is known: how many of the pairs are found, and how few others.

The whole product on all lists is for `dev.py prove matching`; here are two lists and its floors.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import Contact
from leads.matching import pairs
from tests.matching import SETS, judged, read

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("name", ["febrl 1", "splink"])
def test_pairs_of_a_public_list_are_found(admin, name):
    known = SETS[name]
    rows = read(DATA / known.file)
    people = [
        Contact(
            owner=admin,
            external_id=row[known.number],
            **{column: row[header] for header, column in known.columns.items()},
        )
        for row in rows
    ]
    for person in people:
        person.derive()
    Contact.objects.bulk_create(people)

    found = [(p.one.external_id, p.other.external_id) for p in pairs("contact", by=admin)]

    result = judged(found, rows, known.number, known.same)
    assert len(found) == result["found"]  # each pair once
    assert result["precision"] >= known.goals[0], result
    assert result["recall"] >= known.goals[1], result
