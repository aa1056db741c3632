"""The questions that can be asked of any kind of record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import connection, models
from django.db.models.functions import Length, Reverse

from records import keys
from records.conditions import names_in
from records.fulltext import groups_of
from records.lookups import rows_where
from records.permissions import named_on_seen, restrict
from users.formats import house_now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser

    from records.conditions import Field, Group, Test
    from users.models import User


def has_word(word: str) -> models.Q:
    """Keep rows whose search text contains `word`; one or two letters have to begin a word there.

    Reads the texts: for rows that are few already. `search__parts` looks words up among many.
    """
    if len(word) > 2:
        return models.Q(search__contains=word)
    return models.Q(search__startswith=word) | models.Q(search__contains=f" {word}")


class Names(models.Aggregate):
    """The values of a column, one after the other with a comma."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ', ')"
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


class RecordQuerySet(models.QuerySet[Any, Any]):
    """Records, narrowed to what somebody may do or is looking for."""

    def permitted(
        self,
        user: User | AnonymousUser,
        action: str = "view",
        *,
        team: Collection[int] | None = None,
    ) -> Self:
        """Keep the rows on which the roles of `user` grant `action`; `team` as in `restrict`."""
        return restrict(self, user, action, team=team)  # type: ignore[return-value]

    def alive(self) -> Self:
        return self.filter(deleted_at=None)

    def in_the_bin(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def matching(self, text: str) -> Self:
        """Keep the rows whose search text contains every word of `text`."""
        words = keys.search_key(text).split()
        return self.filter(search__parts=groups_of(words)) if words else self

    def meeting(
        self,
        condition: Group | Test,
        fields: Mapping[str, Field],
        *,
        now: datetime | None = None,
    ) -> Self:
        """Keep the rows for which the condition holds, as `records.conditions.holds` says.

        `fields` are those of `records.vocabulary.fields_of`. Days begin in the zone of `now`, which
        is the installation's and the present moment unless given.
        """
        now = now or house_now()
        return self.filter(rows_where(condition, fields, model=self.model, now=now))

    def with_points(
        self,
        name: str,
        parts: Iterable[tuple[Group, int]],
        fields: Mapping[str, Field],
        *,
        now: datetime | None = None,
    ) -> Self:
        """Add the points of the conditions that hold, as `records.conditions.points_of` does."""
        now = now or house_now()
        total: Any = models.Value(0)
        for condition, points in parts:
            where = rows_where(condition, fields, model=self.model, now=now)
            total += models.Case(models.When(where, then=points), default=0)
        return self.alias(**{name: models.ExpressionWrapper(total, models.IntegerField())})

    def with_tag_names(self) -> Self:
        """Add the names of the tags as one text, without a statement of their own."""
        tags: Any = self.model._meta.get_field("tags")
        own = tags.m2m_field_name()
        linked = tags.remote_field.through.objects.filter(**{own: models.OuterRef("pk")})
        names = linked.values(own).annotate(names=Names("tag__name"))
        return self.annotate(tag_names=models.Subquery(names.values("names")))

    def with_answers_to(self, condition: Group | Test, fields: Mapping[str, Field]) -> Self:
        """Load with the rows what `records.vocabulary.reader_of` reads for this condition."""
        joined: set[str] = set()
        gathered: set[str] = set()
        for name in names_in(condition) & fields.keys():
            relation, _marks, _column = fields[name].path.rpartition("__")
            if relation:
                (gathered if fields[name].type == "choices" else joined).add(relation)
        rows = self.select_related(*joined) if joined else self
        return rows.prefetch_related(*gathered) if gathered else rows


class WholeDays(models.Func):
    """Whole days of 24 hours from the second moment to the first; zero when it was not later.

    Both engines count alike (SQLite keeps moments to the millisecond), so a list and a figure that
    ask for the same days find the same rows.
    """

    arity = 2
    output_field = models.IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        milliseconds = "CAST(julianday({}) * 86400000 + 0.5 AS INTEGER)"
        return self._compiled(compiler, f"MAX(0, ({milliseconds} - {milliseconds}) / 86400000)")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # What lies between two moments comes in days of 24 hours already; its seconds, divided,
        # would be exact numbers of any length, and take several times as long.
        days = "DATE_PART('day', {} - {})::integer"
        return self._compiled(
            compiler, f"CASE WHEN {{}} >= {{}} THEN {days} WHEN {{}} < {{}} THEN 0 END"
        )

    def _compiled(self, compiler: Any, template: str) -> tuple[str, tuple[Any, ...]]:
        """Fill the template with the two moments in turn, as often as it has places."""
        later, earlier = (compiler.compile(moment) for moment in self.get_source_expressions())
        pairs = template.count("{}") // 2
        return template.format(*(later[0], earlier[0]) * pairs), (*later[1], *earlier[1]) * pairs


class WholeHours(WholeDays):
    """Whole hours from the second moment to the first; zero when it was not later."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        milliseconds = "CAST(julianday({}) * 86400000 + 0.5 AS INTEGER)"
        return self._compiled(compiler, f"MAX(0, ({milliseconds} - {milliseconds}) / 3600000)")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        hours = "FLOOR(EXTRACT(EPOCH FROM {} - {}) / 3600)::integer"
        return self._compiled(
            compiler, f"CASE WHEN {{}} >= {{}} THEN {hours} WHEN {{}} < {{}} THEN 0 END"
        )


class WordQuerySet(models.QuerySet[Any, Any]):
    """Words that stand in records."""

    def near(self, words: Iterable[str]) -> Self:
        """Keep what may be one of `words` with one letter wrong, missing, too many or swapped.

        One slip leaves one half of a word as it was, unless it swaps the letters in the middle.
        """
        rows = self
        is_indexed = connection.vendor == "postgresql"
        if is_indexed:
            # The index of beginnings serves the ends too, when the word is read from behind.
            rows = rows.annotate(backwards=Reverse("word"))
        asked = models.Q(pk__in=[])
        for word in words:
            middle = len(word) // 2
            begins, ends = word[:middle], word[middle:]
            swapped = f"{word[: middle - 1]}{word[middle]}{word[middle - 1]}{word[middle + 1 :]}"
            half = models.Q(word__startswith=begins) | (
                models.Q(backwards__startswith=ends[::-1])
                if is_indexed
                else models.Q(word__endswith=ends)
            )
            length = {"length__gte": len(word) - 1, "length__lte": len(word) + 1}
            asked |= (half & models.Q(**length)) | models.Q(word=swapped)
        return rows.annotate(length=Length("word")).filter(asked)


class TagQuerySet(models.QuerySet[Any, Any]):
    """Tags, narrowed to those that somebody may read."""

    def seen_by(self, user: User | AnonymousUser) -> Self:
        """Keep the tags of records that `user` may see, and those that they have made.

        What others have noted about their own records is told by the names of tags as well.
        """
        return named_on_seen(self, user) | self.filter(created_by=user.pk)  # type: ignore[return-value]


class AliveManager(models.Manager[Any]):
    """Records outside the recycle bin: what every list, page and figure means by "records"."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(deleted_at=None)
