"""What counts as known of budget, authority, need and timeframe."""

from decimal import Decimal

import pytest

from leads.bant import bant_of, known

NOTHING = {
    "budget_amount": None,
    "budget_status": "",
    "decision_maker_known": None,
    "decision_maker": "",
    "purchase_process": "",
    "need": "",
    "need_description": "",
    "timeframe": "",
}
EVERYTHING = {
    "budget_amount": Decimal("5000"),
    "budget_status": "will_buy",
    "decision_maker_known": True,
    "decision_maker": "Ada Lovelace",
    "purchase_process": "committee",
    "need": "must",
    "need_description": "The old engine stands still.",
    "timeframe": "this_quarter",
}


def state(letter, **answers):
    return next(part.state for part in bant_of(**NOTHING | answers) if part.letter == letter)


def test_of_nothing_is_unknown():
    parts = bant_of(**NOTHING)

    assert [part.state for part in parts] == ["unknown"] * 4
    assert known(parts) == 0


def test_of_everything_is_known():
    parts = bant_of(**EVERYTHING)

    assert [(part.letter, part.name) for part in parts] == [
        ("B", "budget"),
        ("A", "authority"),
        ("N", "need"),
        ("T", "timeframe"),
    ]
    assert known(parts) == 4


@pytest.mark.parametrize(
    ("amount", "status", "expected"),
    [
        (None, "", "unknown"),
        (Decimal("5000"), "", "partly"),
        (Decimal("0"), "", "partly"),
        (None, "may_buy", "partly"),
        (None, "can_buy", "partly"),
        (None, "will_buy", "partly"),
        (None, "no_budget", "known"),
        (Decimal("5000"), "no_budget", "known"),
        (Decimal("5000"), "may_buy", "known"),
        (Decimal("0"), "will_buy", "known"),
    ],
)
def test_budget_is(amount, status, expected):
    assert state("B", budget_amount=amount, budget_status=status) == expected


@pytest.mark.parametrize(
    ("is_known", "name", "process", "expected"),
    [
        (None, "", "", "unknown"),
        (None, "", "unknown", "unknown"),
        (None, "  ", "", "unknown"),
        (False, "", "", "unknown"),
        (False, "", "unknown", "unknown"),
        (False, "Ada", "", "partly"),
        (False, "", "individual", "partly"),
        (False, "", "committee", "partly"),
        (None, "Ada", "", "partly"),
        (None, "", "committee", "partly"),
        (None, "Ada", "individual", "partly"),
        (True, "", "", "known"),
        (True, "Ada", "unknown", "known"),
    ],
)
def test_authority_is(is_known, name, process, expected):
    answers = {
        "decision_maker_known": is_known,
        "decision_maker": name,
        "purchase_process": process,
    }

    assert state("A", **answers) == expected


@pytest.mark.parametrize(
    ("level", "sentence", "expected"),
    [
        ("", "", "unknown"),
        ("", " \n", "unknown"),
        ("must", "", "partly"),
        ("should", " ", "partly"),
        ("", "Ten engines", "partly"),
        ("none", "", "known"),
        ("none", "They have one.", "known"),
        ("good_to_have", "Ten engines", "known"),
    ],
)
def test_need_is(level, sentence, expected):
    assert state("N", need=level, need_description=sentence) == expected


@pytest.mark.parametrize(
    ("timeframe", "expected"),
    [
        ("", "unknown"),
        ("unknown", "unknown"),
        ("immediate", "known"),
        ("this_quarter", "known"),
        ("next_quarter", "known"),
        ("this_year", "known"),
    ],
)
def test_timeframe_is(timeframe, expected):
    assert state("T", timeframe=timeframe) == expected


@pytest.mark.parametrize(
    ("without", "letter"),
    [
        (["budget_amount", "budget_status"], "B"),
        (["decision_maker_known", "decision_maker", "purchase_process"], "A"),
        (["need", "need_description"], "N"),
        (["timeframe"], "T"),
    ],
)
def test_one_part_does_not_touch_another(without, letter):
    answers = EVERYTHING | {name: NOTHING[name] for name in without}

    parts = bant_of(**answers)

    assert [part.letter for part in parts if part.state != "known"] == [letter]
    assert known(parts) == 3
