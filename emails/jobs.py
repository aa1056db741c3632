"""Reading a mailbox: each letter a transaction of its own, marked when that is through."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from emails.mailboxes import MailboxIsAway, kept_in, opened
from emails.operations import Received, receive
from emails.operations.receiving import LEFT
from records.errors import Busy
from users.operations import mailbox_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from users.models import User

log = logging.getLogger(__name__)


def read(url: str) -> Iterator[Received]:
    """Read a mailbox, and yield what became of each letter. Raises `MailboxIsAway`.

    One that goes wrong stops no other. When the database asks for patience the rest waits where it
    is, for the next time.
    """
    by = mailbox_machine()
    with opened(url) as box:
        for key, raw in box.letters():
            try:
                received = read_one(raw, by=by)
            except Busy:
                return
            if received.is_settled:
                box.settle(key)
            else:
                box.leave(key)
            yield received


def read_one(raw: bytes, *, by: User | None = None) -> Received:
    """Read a letter. A fault of ours leaves it where it is; the log says why."""
    try:
        return receive(raw, by=by or mailbox_machine())
    except Busy:
        raise
    except Exception:
        log.exception("A letter could not be taken in.")
        return Received(LEFT, text=_("Something went wrong on our side. The log says why."))


def read_piped(raw: bytes) -> Received:
    """Read a letter that somebody hands in; one that belongs nowhere is kept under `VAR_DIR`."""
    received = read_one(raw)
    if not received.is_settled:
        kept_in(settings.VAR_DIR / "mail-left").keep(raw)
    return received


def read_configured() -> int:
    """Read the mailbox of the settings, if there is one; return how many letters were new."""
    if not settings.MAIL_IN_URL:
        return 0
    try:
        return sum(received.activity is not None for received in read(settings.MAIL_IN_URL))
    except MailboxIsAway as error:
        # Without the address: it has a password in it.
        log.warning("The mailbox cannot be read: %s", error)
        return 0
