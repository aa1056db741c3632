"""The layouts that a form has had, and the way back to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from records import audit
from records.errors import Unacceptable
from records.models import FormLayout
from records.operations import operation, require_for_all
from records.operations.shaping import save_layout

if TYPE_CHECKING:
    from datetime import datetime

    from users.models import User

MOST_VERSIONS = 50


@dataclass(frozen=True)
class Version:
    """How a form was laid out from a moment on, by whom; without sections as built in."""

    number: int
    at: datetime
    by: str
    sections: list[dict[str, Any]]


def versions_of(layout: FormLayout) -> list[Version]:
    """Return the layouts that a form has had, the latest first."""
    return [
        Version(line.pk, line.at, str(line.actor or ""), line.changes["sections"][1] or [])
        for line in audit.latest(layout, MOST_VERSIONS)
        if isinstance(line.changes.get("sections"), list)
    ]


@operation
def roll_back_layout(layout: FormLayout, *, by: User, number: int) -> FormLayout:
    """Lay a form out as it was in an earlier version, which makes it a new one.

    Raises `Unacceptable` where there is no such version, and for one that cannot be any more,
    because a field of it is gone or has become required.
    """
    require_for_all(by, "change", FormLayout)
    found = next((each for each in versions_of(layout) if each.number == number), None)
    if found is None:
        raise Unacceptable(_("There is no such version of this form."))
    layout.sections = found.sections
    return save_layout(layout, by=by)
