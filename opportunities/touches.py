"""How somebody came to us: by what first, which stays, and by what last. No Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LAST = "last"
# In the order in which people ask for it.
PARTS = (
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "source", "campaign",
    "landing_page", "referrer",
)  # fmt: skip


def touched(known: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of how somebody came, after they came again.

    >>> first = touched({}, {"utm_source": "news"})
    >>> touched(first, {"utm_source": "fair"})
    {'utm_source': 'news', 'last': {'utm_source': 'fair'}}
    >>> touched(first, first) == touched(first, {}) == first
    True
    """
    first = {name: value for name, value in known.items() if name != LAST}
    if not now or (now == first and LAST not in known):
        return dict(known)
    return {**first, LAST: dict(now)} if first else dict(now)


def told(known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the first touch, and the last one where it is another: `first` or `last`, and words.

    >>> list(told({"utm_source": "news", "referrer": "https://a.example/", "last": {"x": "y"}}))
    [('first', 'news · https://a.example/')]
    """
    for name, touch in (("first", known), (LAST, known.get(LAST) or {})):
        if words := " · ".join(str(touch[part]) for part in PARTS if touch.get(part)):
            yield name, words
