"""Do what is due by itself, every minute, until it is ended."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from intake import jobs as intake_jobs
from intake.operations import prune
from leads.operations import reopen_due
from users.operations import machine


class Command(BaseCommand):
    help = "Do what has come due. Run one of it; two do no harm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do it once and end")
        parser.add_argument("--every", type=int, default=60, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Survive a database that is away: the next turn finds what this one could not do."""
        pruned_on = None
        while True:
            try:
                for lead in reopen_due(by=machine()):
                    self.stdout.write(f"Reopened lead {lead.pk}: its day has come.")
                if taken := intake_jobs.take_up():
                    self.stdout.write(f"Took up {taken} deliveries that nobody was about.")
                if pruned_on != timezone.localdate():
                    pruned_on = timezone.localdate()
                    if pruned := prune():
                        self.stdout.write(f"Forgot the payloads of {pruned} old deliveries.")
            except DatabaseError as error:
                self.stderr.write(f"Not this time: {error}")
            if options["once"]:
                return
            close_old_connections()
            time.sleep(options["every"])
