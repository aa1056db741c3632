"""Dashboards as people keep them: saved views of the figures, with the cards in their order.

They are shared, pinned, begun with and deleted as the saved views of lists are. What such a view
keeps is an address and no more: whoever opens it is told the figures that he may see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django.utils.translation import gettext as _

from records.errors import Unacceptable
from records.operations import operation
from reports.arrangements import LIBRARY, LONGEST, Arrangement
from workbench.models import SavedView
from workbench.operations.saved_views import save_view, update_view

if TYPE_CHECKING:
    from users.models import User

DASHBOARD = "dashboard"
MOST_TOLD = 3  # names of cards that there are not


@operation
def save_dashboard(
    *, by: User, name: str, query: str, audience: str = SavedView.Audience.PRIVATE
) -> SavedView:
    """Keep a dashboard under a name: its cards, and what is chosen in its head and on its cards.

    Raises what `save_view` does, and `Unacceptable` for cards that there are not.
    """
    _check_cards(query)
    return save_view(DASHBOARD, by=by, name=name, query=query, audience=audience)


@operation
def change_dashboard(
    view: SavedView, *, by: User, version: int | None = None, **changes: Any
) -> SavedView:
    """Change name, audience or query of a dashboard. Raises what `update_view` does, and
    `Unacceptable` for cards that there are not.
    """
    if "query" in changes:
        _check_cards(changes["query"])
    return update_view(view, by=by, version=version, **changes)


def _check_cards(query: str) -> None:
    text = parse_qs(query).get("cards", [""])[-1]
    if len(text) > LONGEST:
        raise Unacceptable(
            errors={
                "cards": [
                    _("There are %(most)d cards, and each stands on a dashboard once.")
                    % {"most": len(LIBRARY)}
                ]
            }
        )
    found = Arrangement.read(text)
    if found.strange:
        names = ", ".join(found.strange[:MOST_TOLD])
        raise Unacceptable(
            errors={
                "cards": [
                    _(
                        "There is no such card, it cannot be that wide, or it stands there already:"
                        " %(names)s. Take it away."
                    )
                    % {"names": names}
                ]
            }
        )
    if not found.cards:
        raise Unacceptable(errors={"cards": [_("Add a card first.")]})
