"""Read letters and write them on the timelines that they belong to."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from emails.jobs import read, read_piped
from emails.mailboxes import LARGEST, MailboxIsAway
from emails.operations import Received
from records.errors import Busy

TRY_AGAIN = 75  # by this a mail server knows that it may come again with the same letter


class Command(BaseCommand):
    help = "Read a mailbox: a line of JSON for each letter, a summary last."

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--maildir", metavar="PATH")
        source.add_argument("--mbox", metavar="PATH")
        source.add_argument("--imap", metavar="URL", help="imaps://user:secret@host/INBOX")
        source.add_argument("piped", nargs="?", metavar="-", help="one letter on standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Without arguments the mailbox of MAIL_IN_URL is read."""
        if options["piped"]:
            if options["piped"] != "-":
                raise CommandError("Say --maildir, --mbox or --imap before the mailbox.")
            self._piped()
            return
        url = self._url(options)
        counts: Counter[str] = Counter()
        try:
            for received in read(url):
                counts[received.verdict] += 1
                self._tell(received)
        except MailboxIsAway as error:
            raise CommandError(f"The mailbox cannot be read: {error}") from error
        self.stdout.write(json.dumps({"letters": counts.total(), **counts}))

    def _url(self, options: dict[str, Any]) -> str:
        if options["imap"]:
            return str(options["imap"])
        for kind in ("maildir", "mbox"):
            if options[kind]:
                return f"{kind}:{Path(options[kind]).absolute()}"
        if settings.MAIL_IN_URL:
            return str(settings.MAIL_IN_URL)
        raise CommandError("Say which mailbox: --maildir, --mbox, --imap, - or MAIL_IN_URL.")

    def _piped(self) -> None:
        raw = sys.stdin.buffer.read(LARGEST + 1)
        try:
            self._tell(read_piped(raw))
        except Busy as busy:
            self.stderr.write(str(busy))
            raise SystemExit(TRY_AGAIN) from busy

    def _tell(self, received: Received) -> None:
        line = {
            "verdict": received.verdict,
            "message": received.message_id,
            "activity": received.activity.pk if received.activity else None,
            "on": _named(received.record),
            "text": received.text,
        }
        self.stdout.write(json.dumps(line))


def _named(record: Any) -> str | None:
    return f"{record._meta.model_name}:{record.pk}" if record is not None else None
