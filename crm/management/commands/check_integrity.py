"""Prove that the data is sound: read everything, change nothing, name what is wrong."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm.integrity import RULES, findings


class Command(BaseCommand):
    help = "Check every record against the rules of integrity. Exits 1 on a finding."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for finding in findings():
            found.append(finding)
            if not options["json"]:
                self.stdout.write(f"{finding.rule}: {finding.kind} {finding.id}: {finding.text}")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "is_sound": not found,
                        "rules": [rule.__name__ for rule in RULES],
                        "findings": [asdict(finding) for finding in found],
                    },
                    default=str,
                    ensure_ascii=False,
                )
            )
        elif not found:
            self.stdout.write(f"Sound: {len(RULES)} rules, nothing found.")
        if found:
            sys.exit(1)
