"""Write records as CSV that a spreadsheet opens safely and `import_records` takes again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import QueryDict

from accounts.filters import AccountFilter, ContactFilter
from leads.filters import LeadFilter
from leads.jobs import EXPORTED
from leads.management.acting import acting_user
from opportunities.filters import OpportunityFilter
from workbench.transfer import csv_lines

if TYPE_CHECKING:
    from users.models import User
    from workbench.filters import RecordFilter

FILTERS: dict[str, type[RecordFilter]] = {
    "account": AccountFilter,
    "contact": ContactFilter,
    "lead": LeadFilter,
    "opportunity": OpportunityFilter,
}


class Command(BaseCommand):
    help = "Export leads, accounts, contacts or opportunities as CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(EXPORTED))
        parser.add_argument("--out", type=Path, help="a file instead of standard output")
        parser.add_argument(
            "--by", default="", metavar="EMAIL", help="whose records: what this user may see"
        )
        parser.add_argument(
            "--filter",
            default="",
            metavar="QUERY",
            help='what stands behind the ? of a list that shows the same: "status=open&owner=me"',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = acting_user(options["by"])
        records = narrowed(options["kind"], options["filter"], by=by)
        lines = csv_lines(
            EXPORTED[options["kind"]], by=by, records=records, filters=options["filter"]
        )
        if options["out"] is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with options["out"].open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(lines)
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error}") from error


def narrowed(kind: str, query: str, *, by: User) -> Any:
    """Return the records of a list that a query string narrows. Refuses what the list refuses."""
    data = QueryDict(query)
    rows = EXPORTED[kind].model.objects.permitted(by, "view")
    asked = FILTERS[kind](data, rows, user=by)
    if unknown := sorted(data.keys() - asked.filters.keys()):
        raise CommandError(f"There is no filter {', '.join(unknown)}.")
    if not asked.form.is_valid():
        raise CommandError(
            "; ".join(f"{name}: {' '.join(errors)}" for name, errors in asked.form.errors.items())
        )
    return asked.qs
