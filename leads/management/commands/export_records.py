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
from workbench.models import SavedView
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


MOST_LOOKED_AT = 100
# How a view shows records, not which.
PRESENTATION = ("sort", "columns", "per", "density")


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
        parser.add_argument(
            "--view",
            default="",
            metavar="NAME",
            help="a saved view that this user sees, by its name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = acting_user(options["by"])
        query = options["filter"]
        if options["view"]:
            query = "&".join(
                filter(None, [query_of(options["kind"], options["view"], by=by), query])
            )
        records = narrowed(options["kind"], query, by=by)
        lines = csv_lines(EXPORTED[options["kind"]], by=by, records=records, filters=query)
        if options["out"] is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with options["out"].open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(lines)
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error}") from error


def query_of(kind: str, name: str, *, by: User) -> str:
    """Return the filters of the view of this name: one's own before one that others share."""
    views = SavedView.objects.permitted(by).filter(kind=kind, name=name).order_by("pk")
    found = sorted(views[:MOST_LOOKED_AT], key=lambda view: view.owner_id != by.pk)
    if not found:
        raise CommandError(f"{by} sees no view “{name}” of this kind.")
    if len(found) > 1 and found[0].owner_id != by.pk:
        raise CommandError(f"Several people share a view “{name}”. Say its --filter instead.")
    data = QueryDict(found[0].query, mutable=True)
    for shown in PRESENTATION:
        data.pop(shown, None)
    return data.urlencode()


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
