"""Inviting people to a meeting: whoever asked to be left alone is not."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from activities.operations import put_invitation
from activities.operations.changing import held
from emails.operations.writing import refuse_left_alone
from records import audit
from records.operations import operation
from workbench.operations.mail import addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from activities.models import Activity, Invitation
    from users.models import User


@operation
def invite(
    activity: Activity, *, by: User, people: str | Sequence[str], place: str = "", text: str = ""
) -> Invitation:
    """Invite people to a meeting that is planned, as `put_invitation` does.

    Raises `IsLeftAlone` for whoever has asked not to be contacted.
    """
    current = held(activity, by=by, action="change")
    found = addresses(people, "people")
    refuse_left_alone([parseaddr(each)[1] for each in found], "people")
    invitation = put_invitation(current, by=by, people=found, place=place, text=text)
    audit.log(current, "activity.invited", by=by, changes={"people": [None, str(invitation)]})
    return invitation
