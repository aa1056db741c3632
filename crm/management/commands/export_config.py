"""Write the set-up of this installation as JSON: what an administrator has shaped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm.configuration import configuration


class Command(BaseCommand):
    help = "Write fields, forms, processes, mapping, lists, rules and roles as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="where to; - is the output")

    def handle(self, *args: Any, **options: Any) -> None:
        text = json.dumps(configuration(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        if options["file"] == "-":
            self.stdout.write(text, ending="")
        else:
            Path(options["file"]).write_text(text, encoding="utf-8")
