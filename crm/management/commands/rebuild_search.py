"""Make everything by which records are found anew."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from crm import search_index


class Command(BaseCommand):
    help = "Make the indexes of the search, and the words that it knows, anew from the records."

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        made = search_index.mend(anew=True)
        self.stdout.write(f"Made anew for {', '.join(made)} in {time.monotonic() - begun:.1f} s")
