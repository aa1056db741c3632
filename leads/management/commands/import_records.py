"""Take a file of records in: a verdict per row as JSON lines, a summary last."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from leads.jobs import IMPORTERS
from leads.management.acting import acting_user
from records.errors import Refused
from workbench.transfer import create_fields, mapping_from, table_for

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def taken_back() -> Iterator[None]:
    """Do what follows in one transaction, and undo it in the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Command(BaseCommand):
    help = "Import a CSV or XLSX file of leads, accounts, contacts, opportunities, or lists."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(IMPORTERS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", default="", help="a mapping file, or the name of a preset")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, write nothing"
        )
        parser.add_argument(
            "--create-fields",
            action="store_true",
            help="define the custom fields of the mapping that are not there",
        )
        parser.add_argument("--by", default="", metavar="EMAIL", help="who imports")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line per row. Exits 1 only when nothing could be read at all."""
        by = acting_user(options["by"])
        counts: Counter[str] = Counter()
        try:
            mapping = mapping_from(options["mapping"], options["kind"])
            table = table_for(options["file"], mapping)
            with taken_back() if options["dry_run"] else nullcontext():
                if options["create_fields"]:
                    create_fields(table, options["kind"], mapping, by=by)
                importer = IMPORTERS[options["kind"]](by=by, mapping=mapping)
                for verdict in importer.verdicts(table, is_dry=options["dry_run"]):
                    counts["rows"] += 1
                    counts[verdict.verdict] += 1
                    counts["warnings"] += bool(verdict.warnings)
                    self.stdout.write(verdict.as_json())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        words = ("rows", "new", "updated", "unchanged", "duplicate", "rejected", "warnings")
        summary = {word: counts[word] for word in words}
        self.stdout.write(
            json.dumps(
                {"summary": summary, "file": options["file"].name, "dry_run": options["dry_run"]}
            )
        )
