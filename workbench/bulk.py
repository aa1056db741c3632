"""Many records changed at once: each by its own operation, in a transaction of its own.

A room says what is done to one record, and what an undo needs to know:

    class AssignLeads(Assign):
        model = Lead
        operation = staticmethod(operations.assign_lead)

`change_many` makes a job of it, whose report names each record. A few are done at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.db.models import Count, Model, prefetch_related_objects
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.custom import PREFIX, asked_for, field_of, in_words, kind_of
from records.errors import Busy, NotPermitted, Refused, Unacceptable
from records.keys import tag_key
from records.operations import assign
from records.operations.tags import in_order
from records.permissions import may, reaches
from users import formats
from workbench.jobs import End, Job, JobLine, Kind, Line, Step, do_now, start
from workbench.operations.jobs import use_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from users.models import User

MOST_RECORDS = 1_000
AT_ONCE = 50  # so many are done while somebody waits
DONE, SKIPPED, REFUSED = JobLine.State.DONE, JobLine.State.SKIPPED, JobLine.State.REFUSED


@dataclass(frozen=True)
class Verdict:
    """What would become of a record: done, skipped or refused, and why."""

    state: str = DONE
    text: str = ""


class BulkAction:
    """What is done to each of many records.

    `operation` takes a record, `by` and what was asked for. `names` are the fields that it sets:
    an undo sets them back. `action` is what has to be permitted on a record, `needs_open` says that
    a closed one is refused.
    """

    model: ClassVar[type[Any]]
    action: ClassVar[str]
    operation: ClassVar[Callable[..., Any]]
    names: ClassVar[tuple[str, ...]] = ()
    needs_open: ClassVar[bool] = False
    # What to fetch along with each record.
    related: ClassVar[tuple[str, ...]] = ("owner",)
    # Whether what becomes of a record depends on what is chosen.
    depends: ClassVar[bool] = False
    # The line of consequence on the page.
    explanation: ClassVar[Any] = ""

    # In words

    @classmethod
    def title(cls, count: int) -> str:
        """Say what is going to be done, like a button does."""
        raise NotImplementedError

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        """Say in a sentence what was done."""
        raise NotImplementedError

    @classmethod
    def counted(cls, count: int) -> str:
        """Return how many of which kind: "1 lead", "3 leads"."""
        meta = cls.model._meta
        return f"{count} {meta.verbose_name if count == 1 else meta.verbose_name_plural}"

    # Beforehand

    @classmethod
    def is_open_to(cls, user: User) -> bool:
        """Say whether `user` may do this to some records."""
        return may(user, cls.action, cls.model)

    @classmethod
    def verdicts(cls, records: Iterable[Any], *, by: User, **data: Any) -> list[Verdict]:
        """Say of each record, with its owner loaded, what would become of it. Writes nothing."""
        return [cls.verdict(record, by=by, **data) for record in records]

    @classmethod
    def verdict(cls, record: Any, *, by: User, **data: Any) -> Verdict:
        """Say of one record what would become of it; of `data` there is what was chosen so far."""
        if cls.needs_open and not record.is_open:
            status = record.get_status_display().lower()
            return Verdict(REFUSED, _("It is %(status)s.") % {"status": status})
        if not reaches(by, cls.action, record):
            return Verdict(REFUSED, _("You may not do this to it."))
        asked = {name: data[name] for name in cls.names if name in data}
        if asked and all(getattr(record, name) == value for name, value in asked.items()):
            return Verdict(SKIPPED, _("It is so already."))
        return Verdict()

    @classmethod
    def reached(cls, user: User) -> Any:
        """Return the records from which `user` may take this back."""
        return cls.model.all_objects.permitted(user, cls.action)

    # Doing it, and taking it back

    @classmethod
    def state_of(cls, record: Any) -> dict[str, Any]:
        """Return what this changes of a record, as JSON can hold it."""
        return dumped({name: getattr(record, name) for name in cls.names})

    @classmethod
    def run(cls, record: Any, *, by: User, **data: Any) -> dict[str, Any]:
        """Do it to a record; return what an undo needs to know, nothing where nothing changed."""
        before = cls.state_of(record)
        after = cls.state_of(cls.operation(record, by=by, **data))
        return {} if before == after else {"before": before, "after": after}

    @classmethod
    def take_back(cls, record: Any, kept: dict[str, Any], *, by: User) -> bool:
        """Take it back from a record; False where that is not as it was left."""
        if cls.state_of(record) != kept["after"]:
            return False
        cls.operation(record, by=by, **loaded(kept["before"]))
        return True


class Assign(BulkAction):
    """Give each record to an owner, or to nobody."""

    action = "assign"
    names = ("owner",)
    depends = True
    operation: ClassVar[Callable[..., Any]] = staticmethod(assign)

    @classmethod
    def title(cls, count: int) -> str:
        return _("Assign %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        words = {"records": cls.counted(count), "owner": data.get("owner")}
        if words["owner"] is None:
            return _("%(records)s put into the queue.") % words
        return _("%(records)s assigned to %(owner)s.") % words


class Retag(BulkAction):
    """Put tags on each record, and take others off. `update` changes the fields of one record."""

    action = "change"
    names = ("tags",)
    depends = True
    update: ClassVar[Callable[..., Any]]

    @classmethod
    def title(cls, count: int) -> str:
        return _("Tag %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        return _("%(records)s tagged.") % {"records": cls.counted(count)}

    @classmethod
    def verdicts(cls, records: Iterable[Any], *, by: User, **data: Any) -> list[Verdict]:
        records = list(records)
        prefetch_related_objects(records, "tags")
        return super().verdicts(records, by=by, **data)

    @classmethod
    def verdict(cls, record: Any, *, by: User, **data: Any) -> Verdict:
        found = super().verdict(record, by=by)
        if found.state != DONE:
            return found
        if not data.get("add") and not data.get("remove"):
            return Verdict(SKIPPED, _("No tag is chosen yet."))
        before, after = in_order(record.tags.all()), cls._wanted(record, **data)
        if _keys(before) == _keys(after):
            return Verdict(SKIPPED, _("It is so already."))
        return Verdict(DONE, _("Tags: %(tags)s") % {"tags": ", ".join(after) or _("none")})

    @staticmethod
    def _wanted(record: Any, add: Iterable[str] = (), remove: Iterable[str] = ()) -> list[str]:
        """Return the tags that a record is to have."""
        gone = _keys(remove)
        kept = [name for name in in_order(record.tags.all()) if tag_key(name) not in gone]
        known = _keys(kept)
        return [*kept, *(name for name in add if tag_key(name) not in known)]

    @classmethod
    def state_of(cls, record: Any) -> dict[str, Any]:
        return {"tags": in_order(record.tags.all())}

    @classmethod
    def run(cls, record: Any, *, by: User, **data: Any) -> dict[str, Any]:
        """Do it to a record, unless somebody has changed it since it was read."""
        before = cls.state_of(record)
        cls.update(record, by=by, version=record.version, tags=cls._wanted(record, **data))
        after = cls.state_of(record)
        return {} if before == after else {"before": before, "after": after}

    @classmethod
    def take_back(cls, record: Any, kept: dict[str, Any], *, by: User) -> bool:
        if cls.state_of(record) != kept["after"]:
            return False
        cls.update(record, by=by, version=record.version, **kept["before"])
        return True


def _keys(names: Iterable[str]) -> set[str]:
    return {tag_key(name) for name in names}


class SetField(BulkAction):
    """Give a custom field of each record a value, or take it away. `update` changes one record."""

    action = "change"
    names = ("custom",)
    depends = True
    explanation = gettext_lazy("Without a value the field is emptied.")
    update: ClassVar[Callable[..., Any]]

    @classmethod
    def title(cls, count: int) -> str:
        return _("Set a field of %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        return _("%(records)s changed.") % {"records": cls.counted(count)}

    @classmethod
    def verdict(
        cls, record: Any, *, by: User, field: str = "", value: Any = None, **data: Any
    ) -> Verdict:
        found = super().verdict(record, by=by)
        if found.state != DONE:
            return found
        definition = field_of(kind_of(record), field, by) if field else None
        if definition is None:
            return Verdict(SKIPPED, _("No field is chosen yet."))
        stands = record.custom.get(definition.key)
        if stands == value:
            return Verdict(SKIPPED, _("It is so already."))
        if value is None and definition.is_required:
            return Verdict(REFUSED, asked_for(definition))
        words = {
            "field": definition.label,
            "old": in_words(definition, stands) or _("nothing"),
            "new": in_words(definition, value) or _("nothing"),
        }
        return Verdict(DONE, _("%(field)s from %(old)s to %(new)s") % words)

    @classmethod
    def run(
        cls, record: Any, *, by: User, field: str = "", value: Any = None, **data: Any
    ) -> dict[str, Any]:
        """Do it to a record, unless somebody has changed it since it was read."""
        key, before = field.removeprefix(PREFIX), record.custom
        if before.get(key) == value:
            return {}
        cls.update(record, by=by, version=record.version, custom={key: value})
        return {"field": field, "before": before.get(key), "after": value}

    @classmethod
    def take_back(cls, record: Any, kept: dict[str, Any], *, by: User) -> bool:
        key = kept["field"].removeprefix(PREFIX)
        if record.custom.get(key) != kept["after"]:
            return False
        cls.update(record, by=by, version=record.version, custom={key: kept["before"]})
        return True


class Delete(BulkAction):
    """Put each record into the recycle bin; `restore` takes it out."""

    action = "delete"
    explanation = gettext_lazy("They go to the recycle bin, from where they can be restored.")
    restore: ClassVar[Callable[..., Any]]

    @classmethod
    def title(cls, count: int) -> str:
        return _("Delete %(records)s") % {"records": cls.counted(count)}

    @classmethod
    def told(cls, count: int, **data: Any) -> str:
        return _("%(records)s moved to the recycle bin.") % {"records": cls.counted(count)}

    @classmethod
    def state_of(cls, record: Any) -> dict[str, Any]:
        return {"is_in_bin": record.is_in_bin}

    @classmethod
    def take_back(cls, record: Any, kept: dict[str, Any], *, by: User) -> bool:
        if not record.is_in_bin:
            return False
        cls.restore(record, by=by)
        return True


def change_many(
    change: type[BulkAction], numbers: Iterable[int], *, by: User, back: str = "", **data: Any
) -> Job:
    """Do `change` to the records of these numbers, in this order; the job tells what came of each.

    Up to 50 are done before this returns, more by the workers. `back` is the view of the list that
    they were selected in. Raises `NotPermitted`, and `Unacceptable` for none or more than 1,000.
    """
    if not change.is_open_to(by):
        raise NotPermitted(
            _("You may not do this to %(kind)s.") % {"kind": change.model._meta.verbose_name_plural}
        )
    numbers = list(dict.fromkeys(numbers))
    if problem := problem_of(len(numbers)):
        raise Unacceptable(errors={"numbers": [problem]})
    begin = do_now if len(numbers) <= AT_ONCE else start
    return begin(
        change_each,
        by=by,
        title=change.title(len(numbers)),
        total=len(numbers),
        change=f"{change.__module__}.{change.__qualname__}",
        numbers=numbers,
        data=dumped(data),
        back=back,
    )


def problem_of(count: int) -> str:
    """Say what is wrong with so many records, if anything is."""
    if not count:
        return _("Select at least one row of the list.")
    if count > MOST_RECORDS:
        return _("At most %(most)s records can be changed at a time. Narrow the list first.") % {
            "most": formats.count(MOST_RECORDS)
        }
    return ""


@Kind.undone_at("jobs:undo")
def change_each(job: Job) -> Step | End:
    """Change the next record, or tell what stands in the way."""
    change, data = change_of(job), loaded(job.arguments["data"])
    numbers, place = job.arguments["numbers"], job.cursor.get("next", 0)
    if place == len(numbers):
        return End(summary(job, lambda n: change.told(n, **data), so_already))

    def work(record: Any) -> Line:
        kept = change.run(record, by=job.owner, **data)
        if not kept:
            return Line(record, SKIPPED, "so_already", _("It was so already."))
        return Line(record, DONE, change.action, undo=kept)

    rows = change.model.objects.permitted(job.owner, "view").select_related(*change.related)
    line = _line(rows.filter(pk=numbers[place]).first(), work)
    return Step({"next": place + 1}, lines=(line,))


def take_back_many(job: Job, *, by: User) -> Job:
    """Take back what a job of `change_many` has done, record by record, the last one first.

    What has changed since, or was taken back once, stays as it is. Raises `Unacceptable` for a job
    that is at work or being taken back, or has done nothing that can be.
    """
    if job.kind != change_each.name:
        raise Unacceptable(errors={"job": [_("This job did nothing that can be taken back.")]})
    refuse_at_work(job)
    lines = list(job.lines.filter(state=DONE).order_by("-pk").values_list("pk", flat=True))
    if not lines:
        raise Unacceptable(errors={"job": [_("This job did nothing that can be taken back.")]})
    begin = do_now if len(lines) <= AT_ONCE else start
    return begin(
        take_each_back,
        by=by,
        title=_("Undo: %(job)s") % {"job": job.title},
        total=len(lines),
        key=undo_key(job),
        change=job.arguments["change"],
        lines=lines,
        back=job.arguments["back"],
    )


def undo_key(job: Job) -> str:
    """Return what there may be one live job of: taking back what this one has done."""
    return f"undo:{job.pk}"


def refuse_at_work(job: Job) -> None:
    """Raise `Unacceptable` for a job that is still at work, or is being taken back already.

    Begun anew, its undo would tell of what it has done itself that others have changed it.
    """
    if job.is_live:
        told = _("This job is still at work. Cancel it or wait for its end.")
    elif Job.objects.live().filter(key=undo_key(job)).exists():
        told = _("This job is being taken back already.")
    else:
        return
    raise Unacceptable(errors={"job": [told]})


@Kind
def take_each_back(job: Job) -> Step | End:
    """Take the change of the next record back, or tell why it stays."""
    change = change_of(job)
    lines, place = job.arguments["lines"], job.cursor.get("next", 0)
    if place == len(lines):
        return End(
            summary(
                job,
                lambda n: _("%(records)s as before.") % {"records": change.counted(n)},
                changed_since,
            )
        )
    done = JobLine.objects.get(pk=lines[place])

    def work(record: Any) -> Line:
        if not done.undo or not change.take_back(record, done.undo, by=job.owner):
            text = _("It was taken back or changed since: it stays as it is.")
            return Line(record, SKIPPED, "not_as_it_was", text)
        # Once: who does the same again afterwards has done it by themselves.
        use_up(done)
        return Line(record, DONE, "undone", _("It is as before."))

    rows = change.model.all_objects.permitted(job.owner, "view").select_related(*change.related)
    line = _line(rows.filter(pk=done.record_id).first(), work)
    return Step({"next": place + 1}, lines=(line,))


def may_take_back(job: Job, user: User) -> bool:
    """Say whether `user` still reaches a record that this job of `change_many` has changed."""
    change = change_of(job)
    numbers = job.lines.filter(state=DONE).values("record_id")
    return bool(change.reached(user).filter(pk__in=numbers).exists())


def change_of(job: Job) -> type[BulkAction]:
    """Return what a job does to each record."""
    change: type[BulkAction] = import_string(job.arguments["change"])
    return change


def _line(record: Any, work: Callable[[Any], Line]) -> Line:
    if record is None:
        return Line(None, REFUSED, "not_found", _("One of them is not there, or not yours to see."))
    try:
        return work(record)
    except Busy:
        raise
    except Refused as refusal:
        return Line(record, REFUSED, refusal.code, " ".join(refusal.reasons))


# What a job keeps


def dumped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords of an operation as JSON can hold them: records by kind and number."""
    return {name: _dumped(value) for name, value in values.items()}


def loaded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords that `dumped` was given. Raises `Refused` for a record that is gone."""
    return {name: _loaded(value) for name, value in values.items()}


def _dumped(value: Any) -> Any:
    if isinstance(value, Model):
        return {"model": value._meta.label_lower, "pk": value.pk}
    return {"moment": value.isoformat()} if isinstance(value, datetime) else value


def _loaded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "moment" in value:
        return parse_datetime(value["moment"])
    if "model" not in value:
        return value
    found = apps.get_model(value["model"])._base_manager.filter(pk=value["pk"]).first()
    if found is None:
        raise Refused(_("What was chosen is not there any more."))
    return found


# In words


def so_already(count: int) -> str:
    return ngettext("%(n)d was so already.", "%(n)d were so already.", count) % {"n": count}


def changed_since(count: int) -> str:
    return ngettext(
        "%(n)d had changed since and stays.", "%(n)d had changed since and stay.", count
    ) % {"n": count}


def summary(job: Job, done: Callable[[int], str], skipped: Callable[[int], str]) -> str:
    """Say in a line how often what came about."""
    counts = tally(job)
    told = [done(counts.get(DONE, 0))]
    if counts.get(SKIPPED):
        told.append(skipped(counts[SKIPPED]))
    if refused := counts.get(REFUSED):
        told.append(
            ngettext(
                "%(n)d could not be: the report says why.",
                "%(n)d could not be: the report says why.",
                refused,
            )
            % {"n": refused}
        )
    return " ".join(told)


def tally(job: Job) -> dict[str, int]:
    """Return how many lines of a job there are of each state."""
    return dict(job.lines.order_by().values_list("state").annotate(count=Count("pk")))
