"""Which of two databases is asked, where reports have one of their own."""

from __future__ import annotations

from typing import Any


class ReplicaRouter:
    """Keeps everything at the main database but what asks for the copy by name, to read."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """The copy has the same records, so what was read there may be named here."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """The copy follows the main database by itself, tables and all."""
        return db == "default"
