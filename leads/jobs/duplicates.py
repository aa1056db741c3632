"""Looking through all records of a kind for those that may be twice."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.matching import LISTED
from accounts.matching.pairs import FIRM_KEYS, PERSON_KEYS, part_after
from leads.matching import KINDS, alike, score_alone
from leads.operations import drop_pairs, keep_pairs
from records.permissions import require_any
from workbench.jobs import End, Job, Kind, Step, start

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from users.models import User

COLUMNS = {
    "account": [column for group in FIRM_KEYS for column in group],
    "contact": [column for group in PERSON_KEYS for column in group],
    "lead": [column for group in PERSON_KEYS for column in group],
}


@Kind
def look_for_duplicates(job: Job) -> Step | End:
    """Compare the next records by their next key; in the end forget what was not found again."""
    kind = job.arguments["of"]
    since = job.cursor.get("since") or timezone.now().isoformat()
    column, after = job.cursor.get("column", 0), job.cursor.get("after", "")
    if column >= len(COLUMNS[kind]):
        drop_pairs(kind, before=datetime.fromisoformat(since))
        # Not how many there are: the list counts what its reader may see.
        return End(
            _("All have been looked through."), url=f"{reverse('duplicates:list')}?kind={kind}"
        )
    part = part_after(
        _rows(kind),
        COLUMNS[kind],
        alike,
        least=LISTED,
        alone=score_alone if kind == "contact" else None,
        column=column,
        after=after,
    )
    keep_pairs(kind, part.pairs)
    cursor = {"since": since, "column": part.column, "after": part.after}
    return Step(cursor, done=part.column - column)


def _rows(kind: str) -> QuerySet[Any, Any]:
    """Return all records of a kind: the list is everybody's, and shows each what they may see."""
    rows: QuerySet[Any, Any] = KINDS[kind].objects.all()  # type: ignore[attr-defined]
    return rows.select_related("account") if kind == "contact" else rows


def look_through(kind: str, *, by: User) -> Job:
    """Have all records of a kind looked through for pairs; while it goes on nothing is begun anew.

    How far it is is told in keys, not in records: how many of these there are is not for everybody.
    Raises `NotPermitted` for who may see none of them.
    """
    require_any(by, "view", KINDS[kind])
    key = f"duplicates:{kind}"
    if live := Job.objects.filter(kind=look_for_duplicates.name, key=key).live().first():
        return live
    names = KINDS[kind]._meta.verbose_name_plural
    return start(
        look_for_duplicates,
        by=by,
        title=_("Look for duplicate %(records)s") % {"records": names},
        total=len(COLUMNS[kind]),
        key=key,
        of=kind,
    )


def look_through_all(*, by: User) -> int:
    """Have every kind looked through that has records; return how many kinds."""
    kinds = [kind for kind, model in KINDS.items() if model.objects.exists()]  # type: ignore[attr-defined]
    for kind in kinds:
        look_through(kind, by=by)
    return len(kinds)
