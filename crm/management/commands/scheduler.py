"""Do what is due by itself, every minute, until it is ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django_tasks import task_backends
from django_tasks_db.backend import DatabaseBackend

from activities.operations import remind_due, sweep_files
from emails import jobs as emails_jobs
from imports.operations import prune_imports
from intake import jobs as intake_jobs
from intake.operations import prune
from leads import jobs as leads_jobs
from leads.operations import reopen_due
from records.errors import Busy
from records.operations import forget_answers
from records.operations.deleting_fields import purge_fields
from records.operations.notices import prune_notices
from reports.operations import fold
from users.operations import machine
from webhooks import jobs as webhooks_jobs
from webhooks.operations import prune_messages
from workbench import jobs
from workbench.operations import sending
from workbench.operations.digests import send_digests, send_waiting
from workbench.operations.jobs import forget_lost_tasks, prune_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Rules may ask for days that pass and calls that are made: readiness changes without a save.
REFRESHED_EVERY = 900  # seconds


class Command(BaseCommand):
    help = "Do what has come due. Run one of it; two do no harm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do it once and end")
        parser.add_argument("--every", type=int, default=60, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Survive a database that is away: the next turn finds what this one could not do."""
        pruned_on, refreshed_at = None, float("-inf")
        while True:
            self._do([self._reopen, self._take_up_deliveries, self._qualify, self._take_up_jobs])
            self._do([self._remind, self._mail_notices, self._send_mail, self._read_mail])
            self._do([self._send_messages, self._fold, self._put_into_force, self._hand_out])
            if time.monotonic() - refreshed_at > REFRESHED_EVERY:
                refreshed_at = time.monotonic()
                self._do([self._refresh_readiness])
            if pruned_on != timezone.localdate():
                pruned_on = timezone.localdate()
                self._do(
                    [
                        self._prune_deliveries,
                        self._prune_jobs,
                        self._prune_answers,
                        self._purge_fields,
                    ]
                )
                self._do(
                    [
                        self._rescore,
                        self._look_for_duplicates,
                        self._prune_mail,
                        self._prune_notices,
                    ]
                )
                self._do([self._sweep_files, self._prune_imports, self._prune_messages])
                self._do([self._measure_tables])
            if options["once"]:
                return
            close_old_connections()
            time.sleep(options["every"])

    def _do(self, duties: Sequence[Callable[[], None]]) -> None:
        """Do one after the other; one that goes wrong keeps none of the others from being done."""
        for duty in duties:
            try:
                duty()
            except (Busy, DatabaseError, OSError) as error:
                self.stderr.write(f"Not this time: {error}")

    def _reopen(self) -> None:
        for lead in reopen_due(by=machine()):
            self.stdout.write(f"Reopened lead {lead.pk}: its day has come.")

    def _hand_out(self) -> None:
        if went := leads_jobs.hand_out():
            self.stdout.write(f"Handed out {went} leads that had waited.")

    def _put_into_force(self) -> None:
        if leads_jobs.activate_due():
            self.stdout.write("Put the next qualification rules into force: their moment has come.")

    def _rescore(self) -> None:
        if changed := leads_jobs.rescore.call():
            self.stdout.write(f"Scored {changed} leads anew.")

    def _remind(self) -> None:
        if told := remind_due():
            self.stdout.write(f"Told {told} people what comes due.")

    def _sweep_files(self) -> None:
        if swept := sweep_files():
            self.stdout.write(f"Threw away the bytes of {swept} files that nobody kept.")

    def _prune_imports(self) -> None:
        if pruned := prune_imports():
            self.stdout.write(f"Threw away the files of {pruned} imports that are long over.")

    def _measure_tables(self) -> None:
        # PostgreSQL counts by itself what it plans with; SQLite only when it is told to.
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                # Of each index so many rows, so that it takes a moment however many there are.
                cursor.execute("PRAGMA analysis_limit = 1000")
                cursor.execute("ANALYZE")

    def _take_up_deliveries(self) -> None:
        if taken := intake_jobs.take_up():
            self.stdout.write(f"Took up {taken} deliveries that nobody was about.")

    def _fold(self) -> None:
        if folded := fold():
            self.stdout.write(f"Put together {folded} rows of sums.")

    def _qualify(self) -> None:
        if qualified := leads_jobs.qualify_ready():
            self.stdout.write(f"Qualified {qualified} leads without a hand.")

    def _refresh_readiness(self) -> None:
        leads_jobs.refresh.call()

    def _take_up_jobs(self) -> None:
        if taken := jobs.take_up():
            self.stdout.write(f"Took up {taken} jobs that nobody was about.")

    def _mail_notices(self) -> None:
        if mailed := send_waiting() + send_digests():
            self.stdout.write(f"Told {mailed} people by email what they have not read.")

    def _prune_notices(self) -> None:
        if pruned := prune_notices():
            self.stdout.write(f"Forgot {pruned} notifications that were told long ago.")

    def _send_mail(self) -> None:
        if sending.take_up():
            self.stdout.write("Had emails sent that were due.")

    def _read_mail(self) -> None:
        if count := emails_jobs.read_configured():
            self.stdout.write(f"Took in {count} emails.")

    def _send_messages(self) -> None:
        if told := webhooks_jobs.take_up():
            self.stdout.write(f"Had messages sent to {told} webhooks.")

    def _prune_messages(self) -> None:
        if pruned := prune_messages():
            self.stdout.write(f"Forgot {pruned} messages to webhooks that are settled.")

    def _prune_mail(self) -> None:
        if pruned := sending.prune_mail():
            self.stdout.write(f"Forgot {pruned} emails that were sent long ago.")

    def _prune_deliveries(self) -> None:
        if pruned := prune():
            self.stdout.write(f"Forgot the payloads of {pruned} old deliveries.")

    def _purge_fields(self) -> None:
        if purged := purge_fields(by=machine()):
            self.stdout.write(f"Forgot {purged} custom fields that were deleted 30 days ago.")

    def _prune_jobs(self) -> None:
        if pruned := prune_jobs():
            self.stdout.write(f"Forgot {pruned} jobs that ended long ago.")
        # Where tasks are done at once, as in tests, nothing is kept of them.
        backend: object = task_backends["default"]
        if isinstance(backend, DatabaseBackend):
            call_command("prune_db_task_results", queue_name="*", verbosity=0)
        if lost := forget_lost_tasks():
            self.stdout.write(f"Forgot {lost} tasks whose workers died long ago.")

    def _look_for_duplicates(self) -> None:
        if kinds := leads_jobs.look_through_all(by=machine()):
            self.stdout.write(f"Began to look for duplicates among {kinds} kinds of records.")

    def _prune_answers(self) -> None:
        if pruned := forget_answers():
            self.stdout.write(f"Forgot {pruned} answers that nobody will ask for again.")
