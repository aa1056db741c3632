"""The questions asked of activities and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from records import keys
from records.models import TimelineRecord
from records.permissions import restrict
from records.querysets import RecordQuerySet, has_word

if TYPE_CHECKING:
    from records.models import Record
    from users.models import User


RowsOf = TypeVar("RowsOf", bound="models.QuerySet[Any, Any]")


class ActivityQuerySet(RecordQuerySet):
    """Activities, narrowed or annotated."""

    def on(self, record: Record) -> Self:
        """Keep what is shown on the timeline of `record`."""
        return self.filter(
            links__record_type=ContentType.objects.get_for_model(type(record)),
            links__record_id=record.pk,
        )

    def open(self) -> Self:
        return self.filter(status="open")

    def to_do(self) -> Self:
        """Keep open tasks and meetings: what can be a next step."""
        return self.open().filter(kind__in=["task", "meeting", "call"])

    def shown_to(self, user: User) -> Self:
        """Keep what `user` may read: entries of their own reach, and those on what they see."""
        return self.filter(
            Q(pk__in=restrict(self.model._base_manager.all(), user, "view").order_by().values("pk"))
            | on_what_is_seen(self.model, user)
        )

    def saying(self, text: str) -> Self:
        """Keep the rows that have every word of `text`: in what was written, or as a file's name.

        Reads the whole texts, so it is for the few rows of one timeline.
        """
        rows = self
        for word in keys.search_key(text).split()[:8]:
            file = related(self.model, "files").filter(activity=OuterRef("pk"), deleted_at=None)
            told = has_word(word) | Q(text__icontains=word) | Exists(file.filter(has_word(word)))
            rows = rows.filter(told)
        return rows

    def contacts(self) -> Self:
        """Keep what people heard from us by: calls and emails that did not come in, meetings.

        Of an email that failed nobody has heard.
        """
        return self.filter(
            ~Q(direction="incoming") & Q(kind__in=["call", "email"]) | Q(kind="meeting"),
            ~Q(mail__state="failed"),
            status="done",
        )

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, and where it was written, in one query."""
        links = self.model._meta.get_field("links").related_model._default_manager
        origin = links.filter(activity=OuterRef("pk"), is_origin=True)
        return self.select_related("owner").annotate(
            origin_type=Subquery(origin.values("record_type")[:1]),
            origin_id=Subquery(origin.values("record_id")[:1]),
        )

    def with_parts(self) -> Self:
        """Fetch with each entry what `files_shown` and `people_shown` read.

        It is no statement of its own, however many there are.
        """
        return with_parts(self)


def with_parts(rows: RowsOf) -> RowsOf:
    """Do what `ActivityQuerySet.with_parts` says, for any rows of activities."""
    mine = {"activity": OuterRef("pk")}
    files = related(rows.model, "files").filter(**mine, deleted_at=None).order_by("pk")
    people = related(rows.model, "mentions").filter(**mine, is_current=True).order_by("pk")
    annotated: RowsOf = rows.annotate(
        files_told=Rows(files.values(*FILE_TOLD)),
        mentions_told=Rows(people.values("user__pk", "user__name", "user__email")),
    )
    return annotated


# In the order of `activities.models.FileShown`.
FILE_TOLD = ("id", "name", "size", "content_type", "is_image", "width", "height")


class Rows(Subquery):
    """The rows of a query as one JSON text: a list of lists, each with the values in order."""

    def __init__(self, queryset: Any, **extra: Any) -> None:
        super().__init__(queryset, output_field=models.TextField(), **extra)

    def as_sql(self, compiler: Any, connection: Any, template: Any = None, **extra: Any) -> Any:
        names = [f"told{number}" for number in range(len(self.query.values_select))]
        columns = ", ".join(f'told."{name}"' for name in names)
        if connection.vendor == "postgresql":
            told = f"json_agg(json_build_array({columns}))::text"
        else:
            told = f"json_group_array(json_array({columns}))"
        # The columns of a table in FROM are named beside it, as the query names its own otherwise.
        named = ", ".join(f'"{name}"' for name in names)
        template = f"(WITH told ({named}) AS (%(subquery)s) SELECT {told} FROM told)"  # noqa: S608
        return super().as_sql(compiler, connection, template, **extra)


class FileQuerySet(models.QuerySet[Any, Any]):
    """Files, narrowed to those that somebody may open."""

    def shown_to(self, user: User) -> Self:
        """Keep the files of entries that `user` may read and that are in no bin."""
        activity = self.model._meta.get_field("activity").related_model
        return self.filter(activity__in=activity.objects.shown_to(user).order_by().values("pk"))


def on_what_is_seen(activity: Any, user: User) -> Q:
    """Keep entries that are shown on a record which `user` may see and which is in no bin."""
    links = related(activity, "links")
    told = Q(pk__in=[])
    for kind in kinds_with_a_timeline():
        seen = restrict(kind._base_manager.filter(deleted_at=None), user, "view")
        there = links.filter(
            activity=OuterRef("pk"),
            record_type=ContentType.objects.get_for_model(kind),
            record_id__in=seen.order_by().values("pk"),
        )
        told |= Q(Exists(there))
    return told


def kinds_with_a_timeline() -> list[type[TimelineRecord]]:
    """Return the kinds of record on which entries are written."""
    return [model for model in apps.get_models() if issubclass(model, TimelineRecord)]


def related(activity: Any, name: str) -> Any:
    """Return all rows of what hangs on activities by this name; the models come after this."""
    return activity._meta.get_field(name).related_model._base_manager.all()
