"""The ways in which something about companies and people is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from records.errors import Refused

if TYPE_CHECKING:
    from records.models import Record


class AlreadyExists(Refused):
    """What is to be made is there: `record` is the one."""

    def __init__(self, message: str, *, record: Record, **options: Any) -> None:
        super().__init__(message, **options)
        self.record = record


class AccountExists(AlreadyExists):
    """A company of this identity is there already."""


class ContactExists(AlreadyExists):
    """A person of this identity is there already."""


class NeedsDecision(Refused):
    """Only a person can say which record is meant; `kind` is account or contact."""

    def __init__(self, message: str, *, kind: str, **options: Any) -> None:
        super().__init__(message, **options)
        self.kind = kind
