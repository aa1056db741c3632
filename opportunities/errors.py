"""The ways in which something about opportunities is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from records.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model


class OpportunityIsClosed(Refused):
    """The opportunity is won or lost, and therefore read-only."""


class ProcessIsMissing(Refused):
    """There is no stage at which an opportunity could be opened."""


class StepsAreMissing(Refused):
    """Required steps stand between the opportunity and the stage; `steps` are those left to do."""

    def __init__(self, message: str, *, steps: Sequence[Model], **options: Any) -> None:
        super().__init__(message, **options)
        self.steps = list(steps)
