"""What the people of the demo keep of their lists: views of their own, and those of their team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.operations.saved_views import pin_view, save_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from users.models import User

# Who keeps it, of which records, under which name, what it shows, who sees it, and who pins it.
VIEWS = (
    (
        "rep", "lead", "Going cold",
        "owner=me&status=open&where=touched_at:older_than_days:10&sort=touched",
        "private", ("rep",),
    ),
    (
        "manager", "opportunity", "Large, in sight",
        "status=open&where=value:at_least:50000&sort=close", "team", ("rep", "manager"),
    ),
    (
        "manager", "lead", "Unassigned, hot",
        "owner=none&status=open&rating=hot", "team", ("manager",),
    ),
    ("rep", "account", "Customers", "tag=customer", "private", ("rep",)),
)  # fmt: skip
# The tags of a lead, by the name of its company: most have none.
TAGS = ((), (), ("Spring fair",), (), ("VIP", "Framework contract"), (), ("Retrofit",), ())


def keep_views(people: Mapping[str, User]) -> None:
    """Keep and pin the views of the demo."""
    for who, kind, name, query, audience, pinned_by in VIEWS:
        view = save_view(kind, by=people[who], name=name, query=query, audience=audience)
        for person in pinned_by:
            pin_view(view, by=people[person], is_pinned=True)
