"""Keeping pairs of records that may be one, and that somebody said they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.matching import as_data
from accounts.models import Account, Contact
from leads.matching import KINDS, alike, score_alone
from leads.models import Lead
from records import audit
from records.errors import Unacceptable
from records.models import PossibleDuplicate
from records.operations import operation
from records.permissions import require

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from accounts.matching import Pair
    from records.models import TimelineRecord
    from users.models import User


def pair_of(record: Any, other: Any) -> tuple[str, int, int]:
    """Return under which kind and numbers a pair is kept, whichever of the two comes first.

    Raises `Unacceptable` for a record and itself, and for kinds that are never compared.
    """
    kinds = {model: kind for kind, model in KINDS.items()}
    one, two = kinds.get(type(record)), kinds.get(type(other))
    if one == two and one is not None and record.pk != other.pk:
        return one, min(record.pk, other.pk), max(record.pk, other.pk)
    if isinstance(record, Lead) and isinstance(other, Account | Contact):
        return f"lead_{two}", record.pk, other.pk
    if isinstance(other, Lead) and isinstance(record, Account | Contact):
        return pair_of(other, record)
    raise Unacceptable(_("Choose two records that can be compared."))


def told_apart(
    lead: Lead, numbers: Mapping[str, Collection[int]], *, by: User
) -> list[TimelineRecord]:
    """Return the records with these numbers, by kind, for `by` to tell them from the lead.

    A statement for each kind that is named. Raises `Unacceptable` for one that `by` cannot see and
    for the lead itself, `NotPermitted` unless `by` may change the lead.
    """
    found: list[TimelineRecord] = []
    for kind, model in KINDS.items():
        wanted = set(numbers.get(kind, ()))
        if not wanted:
            continue
        rows: Any = model._default_manager
        seen = rows.permitted(by, "view").select_related("owner").filter(pk__in=wanted)
        others = [each for each in seen.order_by("pk") if each != lead]
        if len(others) < len(wanted):
            told = _("There is no such %(kind)s.") % {"kind": model._meta.verbose_name}
            raise Unacceptable(errors={"apart": [told]})
        found += others
    if found:
        require(by, "change", lead)
    return found


@operation
def dismiss_pair(record: Any, other: Any, *, by: User) -> PossibleDuplicate:
    """Say that two records are not the same: no match, pair or hint proposes it again.

    `by` has to be allowed to change one of them and see the other. Saying it twice changes nothing.
    """
    kind, low, high = pair_of(record, other)
    require(by, "change", record)
    require(by, "view", other)
    # Writing what stands holds the row: else it could be forgotten before it is read.
    PossibleDuplicate.objects.bulk_create(
        [PossibleDuplicate(kind=kind, low=low, high=high)],
        update_conflicts=True,
        unique_fields=["kind", "low", "high"],
        update_fields=["kind"],
    )
    pair = PossibleDuplicate.objects.select_for_update().get(kind=kind, low=low, high=high)
    if pair.dismissed_at is not None:
        return pair
    if kind in KINDS and not pair.score:  # else it was found with one
        likeness = alike(record, other)
        pair.score, pair.reasons = likeness.score, as_data(likeness)
        if kind == "contact":
            pair.score_alone = score_alone(record, other, likeness)
    pair.dismissed_at, pair.dismissed_by = timezone.now(), by
    pair.save()
    for each, second in ((record, other), (other, record)):
        audit.log(each, "pair.dismissed", by=by, changes={"other": [None, second.pk]})
    return pair


@operation
def restore_pair(record: Any, other: Any, *, by: User) -> PossibleDuplicate | None:
    """Take back that two records are not the same. Nothing happens where nobody said so."""
    kind, low, high = pair_of(record, other)
    require(by, "change", record)
    require(by, "view", other)
    pair = (
        PossibleDuplicate.objects.select_for_update()
        .filter(kind=kind, low=low, high=high, dismissed_at__isnull=False)
        .first()
    )
    if pair is None:
        return None
    pair.dismissed_at = pair.dismissed_by = None
    pair.save()
    for each, second in ((record, other), (other, record)):
        audit.log(each, "pair.restored", by=by, changes={"other": [second.pk, None]})
    return pair


@operation
def keep_pairs(kind: str, found: Iterable[Pair[Any]]) -> int:
    """Keep pairs that were found, anew with the score of today; return how many.

    What somebody said of a pair stays. One statement.
    """
    now = timezone.now()
    rows = [
        PossibleDuplicate(
            kind=kind,
            low=min(pair.one.pk, pair.other.pk),
            high=max(pair.one.pk, pair.other.pk),
            score=pair.score,
            score_alone=pair.score_alone,
            reasons=as_data(pair.likeness),
            found_at=now,
        )
        for pair in found
    ]
    PossibleDuplicate.objects.bulk_create(
        sorted(rows, key=lambda row: (row.low, row.high)),
        update_conflicts=True,
        unique_fields=["kind", "low", "high"],
        update_fields=["score", "score_alone", "reasons", "found_at"],
    )
    return len(rows)


@operation
def drop_pairs(kind: str, *, before: datetime) -> int:
    """Forget the pairs that were not found again since `before`; return how many."""
    rows = PossibleDuplicate.objects.filter(kind=kind, found_at__lt=before, dismissed_at=None)
    return rows.delete()[0]
