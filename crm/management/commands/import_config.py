"""Make the set-up of this installation that of a file which `export_config` wrote."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.configuration import FileIsWrong, take_in
from leads.management.acting import acting_user


class Command(BaseCommand):
    help = "Take in a set-up; what the file does not name stays. Exits 1 on a fault, and all stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file; - is the input")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, only")
        parser.add_argument("--by", default="", help="in whose name; else the first administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        by = acting_user(options["by"])
        try:
            text = (
                sys.stdin.read()
                if options["file"] == "-"
                else Path(options["file"]).read_text(encoding="utf-8")
            )
            data = json.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            raise CommandError(f"{options['file']} cannot be read as JSON: {error}") from error
        try:
            changes = take_in(data, by=by, is_dry=options["dry_run"])
        except FileIsWrong as wrong:
            for fault in wrong.faults:
                self.stderr.write(fault)
            sys.exit(1)
        for change in changes:
            self.stdout.write(str(change))
        told = "would change" if options["dry_run"] else "changed"
        self.stdout.write(f"{len(changes)} {told}.")
