"""How an amount is written: whole in tiles and charts, to the cent where it counts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from workbench.templatetags.workbench import money


@pytest.mark.parametrize(
    ("amount", "compact", "full"),
    [
        ("1264000", "€1.26M", "€1,264,000"),
        ("98765.40", "€99K", "€98,765.40"),
        ("3808.85", "€3,809", "€3,808.85"),
        ("-3808.85", "-€3,809", "-€3,808.85"),
        ("0.45", "€0.45", "€0.45"),
        ("0", "€0", "€0"),
    ],
)
def test_cents_stand_where_there_is_room(amount: str, compact: str, full: str) -> None:
    assert money(Decimal(amount), "EUR", compact=True) == compact
    assert money(Decimal(amount), "EUR") == full
