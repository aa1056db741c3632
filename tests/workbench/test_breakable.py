"""Addresses go on in the next line where a reader expects it."""

from __future__ import annotations

import pytest

from workbench.templatetags.workbench import breakable


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("elena@ferrovia.example", "elena@<wbr>ferrovia<wbr>.example<wbr>"),
        ("ferrovia.example/shop", "ferrovia<wbr>.example/<wbr>shop<wbr>"),
        ("+39 011 555", "+39 011 555<wbr>"),
        ("", ""),
    ],
)
def test_an_address_may_be_broken_behind_its_at_and_before_its_points(
    address: str, shown: str
) -> None:
    assert breakable(address) == shown


def test_markup_in_an_address_stays_text() -> None:
    assert breakable("<b>@x") == "&lt;b&gt;@<wbr>x<wbr>"
