"""Migrate, then put back the triggers of search, sums and webhooks that a migration took away."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS

from crm import outbox, search_index, summaries
from crm.management.commands._bulk import know_the_tables


class Command(Migrate):
    """Django's own command; SQLite rebuilds a table to alter it, and forgets its triggers and what
    it knew of its rows.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        is_only_asked = options["plan"] or options["check_unapplied"]
        if is_only_asked or options["database"] != DEFAULT_DB_ALIAS:
            return
        mended, summed = search_index.mend(), summaries.mend()
        outbox.mend()
        if mended or summed:
            know_the_tables()
        if mended and options["verbosity"] > 0:
            self.stdout.write(f"  Search index made for: {', '.join(mended)}")
        if summed and options["verbosity"] > 0:
            self.stdout.write(f"  Counted anew: {', '.join(summed)}")
