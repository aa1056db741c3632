"""Telling people what happened: who is told, once for many, what he has read, and in what words.

`tell` is called inside the transaction of an operation, as its last act but the trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from records.models import Notice, Record, Retention
from records.permissions import reaches, restrict
from users.models import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import Model, QuerySet

    from users.models import User

# What the same person assigns or opens again within this time of the last one is told together: of
# 300 leads that are assigned at once one is told once, whether a job does it, a rule, or a hand.
TOGETHER = timedelta(minutes=5)
TOLD_TOGETHER = {Notice.What.ASSIGNED, Notice.What.LEAD_REOPENED}
LONGEST = 500


def tell(whom: User, what: str, *, by: User | None, about: Model, text: str = "") -> None:
    """Tell `whom` that something happened to `about`, in the way that he wants to be told.

    `what` is one of `Notice.What`; `by` did it, None where nobody did. Nobody is told of what he
    did himself, nor of a record that he may not see, and a machine or somebody who has left is told
    nothing. Three statements at most.
    """
    channel = whom.channel_of(what)
    if not _hears(whom, what, by=by) or not may_see(whom, about):
        return
    kind = ContentType.objects.get_for_model(type(about))
    text = text[:LONGEST]
    if what in TOLD_TOGETHER and _is_told_together(whom, what, by, kind, about, text):
        return
    is_mailed = channel in {Channel.EMAIL, Channel.BOTH}
    Notice.objects.create(
        whom=whom,
        what=what,
        by=by,
        record_type=kind,
        record_id=about.pk,
        text=text,
        is_shown=channel != Channel.EMAIL,
        mail=Notice.Mail.WAITING if is_mailed else Notice.Mail.NONE,
    )


def tell_owner(record: Record, *, by: User, before: int | None = None) -> None:
    """Tell the owner of `record` that it is assigned to him, unless it was: `before` had it."""
    if record.owner is not None and record.owner_id != before:
        tell(record.owner, Notice.What.ASSIGNED, by=by, about=record)


def tell_owners(records: Sequence[Record], *, by: User) -> None:
    """Tell the owner of each of these records of one kind, as `tell_owner` does, in few statements.

    What would be told together is told at once.
    """
    owned: dict[int, list[Record]] = {}
    for record in records:
        if record.owner_id is not None:
            owned.setdefault(record.owner_id, []).append(record)
    what = Notice.What.ASSIGNED
    for own in owned.values():
        whom: Any = own[0].owner
        seen = [each for each in own if may_see(whom, each)] if _hears(whom, what, by=by) else []
        if seen:
            tell(whom, what, by=by, about=seen[0])
        if more := seen[1:]:
            kind = ContentType.objects.get_for_model(type(more[-1]))
            _is_told_together(whom, what, by, kind, more[-1], "", count=len(more))


def _hears(whom: User, what: str, *, by: User | None) -> bool:
    """Say whether `whom` is told such a thing at all."""
    is_told = whom.is_active and not whom.is_machine and by != whom
    return is_told and whom.channel_of(what) != Channel.NONE


def may_see(whom: User, about: Model) -> bool:
    """Say whether `whom` may see what a notice is about."""
    if isinstance(about, Record):
        return not about.is_in_bin and reaches(whom, "view", about)
    return bool(_seen(type(about), whom).filter(pk=about.pk).exists())


def _seen(model: type[Model], viewer: User) -> QuerySet[Any, Any]:
    """Return the rows of a kind that `viewer` may see, also those in the recycle bin."""
    rows: Any = model._base_manager.all() if issubclass(model, Record) else None
    if rows is None:
        rows = model._default_manager.all()
        if hasattr(rows, "permitted"):  # one's own jobs, too
            return rows.permitted(viewer)  # type: ignore[no-any-return]
    return restrict(rows, viewer, "view")


def _is_told_together(
    whom: User,
    what: str,
    by: User | None,
    kind: ContentType,
    about: Model,
    text: str,
    *,
    count: int = 1,
) -> bool:
    """Add a record to what has just been told and not been read or mailed; say whether it was.

    `about` is the last of `count` records that are added.
    """
    now = timezone.now()
    rows = Notice.objects.filter(
        whom=whom,
        what=what,
        by=by,
        record_type=kind,
        read_at=None,
        at__gt=now - TOGETHER,
    ).exclude(mail=Notice.Mail.DONE)
    last = rows.order_by("-at", "-pk").values_list("pk", "record_id", "count").first()
    if last is None:
        return False
    number, record_id, told = last
    row = Notice.objects.filter(pk=number, read_at=None).exclude(mail=Notice.Mail.DONE)
    if (record_id, told) == (about.pk, 1):
        return bool(row.update(at=now, text=text))
    return bool(row.update(at=now, record_id=about.pk, count=F("count") + count, text=""))


def mark_read(whom: User, numbers: Iterable[int]) -> int:
    """Note that `whom` has read these of his notices; return how many were unread."""
    rows = Notice.objects.filter(whom=whom, pk__in=list(numbers), read_at=None)
    return rows.update(read_at=timezone.now())


def mark_unread(whom: User, number: int) -> int:
    """Put one of the notices of `whom` back among the unread; return whether it was read."""
    rows = Notice.objects.filter(whom=whom, pk=number, read_at__isnull=False)
    return rows.update(read_at=None)


def mark_all_read(whom: User, *, until: datetime | None = None) -> int:
    """Note that `whom` has read all that he was told until a moment; return how many were unread.

    What comes in while one reads the page stays unread.
    """
    rows = Notice.objects.filter(whom=whom, read_at=None)
    if until is not None:
        rows = rows.filter(at__lte=until)
    return rows.update(read_at=timezone.now())


def prune_notices(now: datetime | None = None) -> int:
    """Forget what was told long enough ago; return how many."""
    before = Retention.before("notices", now)
    count, _by_kind = Notice.objects.filter(at__lt=before).delete()
    return count


# In words


@dataclass(frozen=True)
class Told:
    """A notice as somebody may read it: of a hidden record neither its name nor a sentence.

    `record` is None where it is hidden or gone, or where the notice speaks of several.
    """

    notice: Notice
    kind: str
    sentence: str
    text: str = ""
    who: str = ""
    url: str = ""
    record: Any = None


def told_to(viewer: User, notices: Sequence[Notice]) -> list[Told]:
    """Return notices, with `record_type` and `by` loaded, as `viewer` may read them now.

    One statement for each kind of record that they are about.
    """
    wanted: dict[type[Model], set[int]] = {}
    for notice in notices:
        model = notice.record_type.model_class()
        if model is not None and notice.count == 1:
            wanted.setdefault(model, set()).add(notice.record_id)
    records = {
        (model, record.pk): record
        for model, numbers in wanted.items()
        for record in _seen(model, viewer).filter(pk__in=numbers)
    }
    return [_told(notice, records) for notice in notices]


def _told(notice: Notice, records: dict[tuple[type[Model], int], Any]) -> Told:
    model, kind = notice.record_type.model_class(), notice.record_type.model
    who = str(notice.by) if notice.by is not None else ""
    if model is not None and notice.count > 1:
        url = f"{reverse(f'{model().url_namespace}:list')}?owner=me"  # type: ignore[attr-defined]
        return Told(notice, kind, _sentence_of_many(notice, kind), who=who, url=url)
    record = None if model is None else records.get((model, notice.record_id))
    if record is None:
        return Told(notice, kind, _("There was something here that you can no longer open."))
    is_there = getattr(record, "deleted_at", None) is None
    url = record.get_absolute_url() if is_there else ""
    return Told(notice, kind, _sentence(notice, record), notice.text, who, url, record)


def _sentence(notice: Notice, record: Any) -> str:
    match notice.what:
        case Notice.What.ASSIGNED:
            words = _("%(record)s was assigned to you")
        case Notice.What.MENTIONED:
            words = _("You were mentioned on %(record)s")
        case Notice.What.ANSWERED:
            words = _("An email came in on %(record)s")
        case Notice.What.TASK_DUE:
            words = _("%(record)s is due")
        case Notice.What.LEAD_REOPENED:
            words = _("%(record)s is open again")
        case _:
            words = _("%(record)s has finished")
    return words % {"record": record}


def _sentence_of_many(notice: Notice, kind: str) -> str:
    n = notice.count
    if notice.what == Notice.What.LEAD_REOPENED:
        words = ngettext(
            "%(n)s lead of yours is open again", "%(n)s leads of yours are open again", n
        )
    elif kind == "lead":
        words = ngettext("%(n)s lead was assigned to you", "%(n)s leads were assigned to you", n)
    elif kind == "account":
        words = ngettext(
            "%(n)s account was assigned to you", "%(n)s accounts were assigned to you", n
        )
    elif kind == "contact":
        words = ngettext(
            "%(n)s contact was assigned to you", "%(n)s contacts were assigned to you", n
        )
    elif kind == "opportunity":
        words = ngettext(
            "%(n)s opportunity was assigned to you", "%(n)s opportunities were assigned to you", n
        )
    else:
        words = ngettext(
            "%(n)s activity was assigned to you", "%(n)s activities were assigned to you", n
        )
    return words % {"n": n}
