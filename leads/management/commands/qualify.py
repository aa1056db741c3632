"""Qualify leads by the one function that the page and the API use; a JSON line per lead."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.management.acting import acting_user
from leads.models import Lead
from leads.operations import Plan, qualify
from records.errors import Refused


class Command(BaseCommand):
    help = "Qualify leads: each in a transaction of its own, one refusal stops no other."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lead_ids", nargs="*", type=int, metavar="LEAD_ID")
        parser.add_argument(
            "--all", action="store_true", help="every open lead that --by may qualify"
        )
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who qualifies")
        parser.add_argument("--override-reason", default="", metavar="TEXT")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what became of each lead; exit 1 when one was refused."""
        by = acting_user(options["by"])
        ids: list[int] = options["lead_ids"]
        if bool(ids) == options["all"]:
            raise CommandError("Name the leads, or say --all.")
        leads = Lead.objects.permitted(by, "qualify").select_related("owner")
        if options["all"]:
            ids = list(leads.open().order_by("pk").values_list("pk", flat=True))
        has_refusal = False
        for pk in ids:
            lead = leads.filter(pk=pk).first()
            if lead is None:
                line: dict[str, Any] = {
                    "lead": pk,
                    "verdict": "refused",
                    "reasons": ["There is no such lead."],
                }
            else:
                line = self.outcome_for(lead, by, options["override_reason"])
            has_refusal |= line["verdict"] == "refused"
            self.stdout.write(json.dumps(line, ensure_ascii=False))
        if has_refusal:
            sys.exit(1)

    @staticmethod
    def outcome_for(lead: Lead, by: Any, reason: str) -> dict[str, Any]:
        try:
            outcome = qualify(lead, by=by, plan=Plan(override_reason=reason))
        except Refused as refusal:
            return {
                "lead": lead.pk,
                "verdict": "refused",
                "code": refusal.code,
                "reasons": refusal.reasons,
            }
        verdict = "repeated" if outcome.is_repeat else "qualified"
        return {**outcome.qualification.result, "verdict": verdict}
