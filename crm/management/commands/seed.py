"""Fill a database with many records at once, for benchmarks: in bulk, without operations."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from crm.management.commands._bulk import know_the_tables, without_indexes
from crm.management.commands._leads_sown import LeadSower

KINDS = ("accounts", "contacts", "opportunities", "leads")
MANY = 50_000  # records from which on it pays to make the indexes anew


class Command(BaseCommand):
    help = "Write many believable records, quickly. The same --seed writes the same ones."

    def add_arguments(self, parser: CommandParser) -> None:
        for kind in KINDS:
            parser.add_argument(f"--{kind}", type=int, default=0)
        parser.add_argument("--activities", type=int, help="default: half as many as leads")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--history", action="store_true", help="write the first line of history too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        sower = LeadSower(options["seed"], with_history=options["history"])
        activities = options["activities"]
        if activities is None:
            activities = options["leads"] // 2
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # While records are thought of, nothing is asked of the database.
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            if activities + sum(options[kind] for kind in KINDS) < MANY:
                self.sow(sower, options, activities)
            else:
                with without_indexes(table.model for table in sower.tables.values()):
                    self.sow(sower, options, activities)
        know_the_tables()
        counts = ", ".join(f"{count} {name}" for name, count in sower.counts.items())
        self.stdout.write(f"{counts} in {time.monotonic() - started:.1f} s")

    def sow(self, sower: LeadSower, options: dict[str, Any], activities: int) -> None:
        sower.accounts(options["accounts"])
        sower.contacts(options["contacts"])
        sower.opportunities(options["opportunities"])
        sower.leads(options["leads"], activities)
        sower.go_on()
