"""Write the records that may be twice: two numbers a line, with a score and the reasons."""

from __future__ import annotations

import csv
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.matching import PRESELECTED, reasons_of
from leads.management.acting import acting_user
from leads.matching import KINDS, pairs
from workbench.transfer import safe_cell

COLUMNS = ("id_a", "external_id_a", "id_b", "external_id_b", "score", "reasons")


class Command(BaseCommand):
    help = "Find leads, accounts or contacts that may be one: pairs as CSV, nothing is changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("--format", choices=["csv"], default="csv")
        parser.add_argument(
            "--min-score", type=int, default=PRESELECTED, metavar="N", help="0 to 100, else 80"
        )
        parser.add_argument(
            "--by", default="", metavar="EMAIL", help="among whose records: what this user may see"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = acting_user(options["by"])
        lines = csv.writer(self.stdout or sys.stdout, lineterminator="\n")
        lines.writerow(COLUMNS)
        for pair in pairs(options["kind"], by=by, least=options["min_score"]):
            reasons = "; ".join(
                reason.text for reason in reasons_of(pair.likeness) if reason.agrees
            )
            one, other = pair.one, pair.other
            ends = (one.pk, safe_cell(one.external_id), other.pk, safe_cell(other.external_id))
            lines.writerow([*ends, pair.score, reasons])
