"""Looking through all records of a kind for those that may be twice."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.matching import LISTED
from accounts.matching.pairs import FIRM_KEYS, PERSON_KEYS, part_after
from leads.matching import KINDS, alike
from leads.operations import drop_pairs, keep_pairs
from records.models import PossibleDuplicate
from records.permissions import require_any
from workbench.jobs import End, Kind, Step, start

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from users.models import User
    from workbench.models import Job

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
        count = PossibleDuplicate.objects.filter(kind=kind, dismissed_at=None).count()
        told = ngettext("%(n)d pair may be one.", "%(n)d pairs may be one.", count)
        return End(told % {"n": count})
    part = part_after(_rows(kind), COLUMNS[kind], alike, least=LISTED, column=column, after=after)
    keep_pairs(kind, part.pairs)
    cursor = {"since": since, "column": part.column, "after": part.after}
    return Step(cursor, done=part.looked_at)


def _rows(kind: str) -> QuerySet[Any, Any]:
    """Return all records of a kind: the list is everybody's, and shows each what they may see."""
    rows: QuerySet[Any, Any] = KINDS[kind].objects.all()  # type: ignore[attr-defined]
    return rows.select_related("account") if kind == "contact" else rows


def look_through(kind: str, *, by: User) -> Job:
    """Have all records of a kind looked through for pairs; while it goes on it begins anew.

    Raises `NotPermitted` for who may see none of them.
    """
    require_any(by, "view", KINDS[kind])
    names = KINDS[kind]._meta.verbose_name_plural
    return start(
        look_for_duplicates,
        by=by,
        title=_("Look for duplicate %(records)s") % {"records": names},
        total=len(COLUMNS[kind]) * KINDS[kind].objects.count(),  # type: ignore[attr-defined]
        key=f"duplicates:{kind}",
        of=kind,
    )


def look_through_all(*, by: User) -> int:
    """Have every kind looked through that has records; return how many kinds."""
    kinds = [kind for kind, model in KINDS.items() if model.objects.exists()]  # type: ignore[attr-defined]
    for kind in kinds:
        look_through(kind, by=by)
    return len(kinds)
