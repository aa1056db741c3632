"""How much is known of a lead's budget, authority, need and timeframe: the arithmetic of BANT."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

KNOWN = "known"
PARTLY = "partly"
UNKNOWN = "unknown"


class Part(NamedTuple):
    """One of the four questions, and how far it is answered."""

    letter: str
    name: str
    state: str


def bant_of(
    *,
    budget_amount: Decimal | None,
    budget_status: str,
    decision_maker_known: bool | None,
    decision_maker: str,
    purchase_process: str,
    need: str,
    need_description: str,
    timeframe: str,
) -> tuple[Part, Part, Part, Part]:
    """Return the four parts in the order of the word.

    An answer that settles the question is known even when it is a no: there is no budget, there is
    no need.

    >>> parts = bant_of(
    ...     budget_amount=None, budget_status="may_buy", decision_maker_known=True,
    ...     decision_maker="", purchase_process="", need="must", need_description="Ten engines",
    ...     timeframe="unknown",
    ... )
    >>> [part.state for part in parts], known(parts)
    (['partly', 'known', 'known', 'unknown'], 2)
    """
    return (
        Part("B", "budget", _budget(budget_amount, budget_status)),
        Part(
            "A",
            "authority",
            _authority(
                is_known=decision_maker_known, name=decision_maker, process=purchase_process
            ),
        ),
        Part("N", "need", _need(need, need_description)),
        Part("T", "timeframe", UNKNOWN if timeframe in ("", "unknown") else KNOWN),
    )


def known(parts: Iterable[Part]) -> int:
    """Count the parts that are fully known, as in "3 of 4"."""
    return sum(part.state == KNOWN for part in parts)


def _budget(amount: Decimal | None, status: str) -> str:
    if status == "no_budget":
        return KNOWN
    return _state_of(amount is not None, bool(status))


def _authority(*, is_known: bool | None, name: str, process: str) -> str:
    if is_known:
        return KNOWN
    has_a_trace = bool(name.strip()) or process in ("individual", "committee")
    return PARTLY if has_a_trace else UNKNOWN


def _need(level: str, sentence: str) -> str:
    if level == "none":
        return KNOWN
    return _state_of(bool(level), bool(sentence.strip()))


def _state_of(*answered: bool) -> str:
    if all(answered):
        return KNOWN
    return PARTLY if any(answered) else UNKNOWN
