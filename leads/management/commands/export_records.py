"""Write records as CSV that a spreadsheet opens safely and `import_records` takes again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.jobs import EXPORTED
from leads.management.acting import acting_user
from workbench.transfer import csv_lines


class Command(BaseCommand):
    help = "Export leads, accounts, contacts or opportunities as CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(EXPORTED))
        parser.add_argument("--out", type=Path, help="a file instead of standard output")
        parser.add_argument(
            "--by", default="", metavar="EMAIL", help="whose records: what this user may see"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        lines = csv_lines(EXPORTED[options["kind"]], by=acting_user(options["by"]))
        if options["out"] is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with options["out"].open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(lines)
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error}") from error
