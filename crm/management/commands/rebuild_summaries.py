"""Count everything anew that figures read of sums."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from crm import summaries


class Command(BaseCommand):
    help = "Make the triggers of all sums anew, and sum up the records that are there."

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        made = summaries.mend(anew=True)
        self.stdout.write(f"Made anew: {', '.join(made)} in {time.monotonic() - begun:.1f} s")
