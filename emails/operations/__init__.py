"""Everything that changes emails: written, received, sent again; and the templates."""

from emails.operations.inviting import invite
from emails.operations.receiving import Received, receive
from emails.operations.templates import (
    change_template,
    delete_template,
    may_share_with_everyone,
    save_template,
)
from emails.operations.writing import IsLeftAlone, send_again, send_email

__all__ = [
    "IsLeftAlone",
    "Received",
    "change_template",
    "delete_template",
    "invite",
    "may_share_with_everyone",
    "receive",
    "save_template",
    "send_again",
    "send_email",
]
