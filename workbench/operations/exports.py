"""That records have left the house: who took them, which, how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from records import audit
from records.operations import operation

if TYPE_CHECKING:
    from records.models import Record
    from users.models import User


@operation
def note_export(model: type[Record], *, by: User, rows: int, filters: str = "") -> None:
    """Write into the trail that `by` takes `rows` records of a kind, narrowed by `filters`.

    `filters` is the query string of the list that shows the same records, empty for all of them.
    """
    audit.log_kind(
        model,
        f"{model._meta.model_name}.exported",
        by=by,
        changes={"rows": rows, "filters": filters},
    )
