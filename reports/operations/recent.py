"""What the pages remember of a person: which records were opened lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from records.operations import operation
from reports.models import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from users.models import User

    Named = tuple[str, int]

MOST_RECENT = 10


@operation
def remember(opened: Iterable[Named], *, by: User) -> list[Named]:
    """Note which records somebody has just opened, the last one last; return all that is known.

    A record that was known moves to the front. One row a person, whatever they open. Noting what
    stands in front already writes nothing.
    """
    row = Recent.objects.select_for_update().filter(user=by).first() or Recent(user=by)
    before = [(kind, number) for kind, number in row.records]
    after = list(dict.fromkeys([*reversed([*opened]), *before]))[:MOST_RECENT]
    if after != before:
        row.records = after
        row.save()
    return after
