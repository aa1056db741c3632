"""Finding a record of any kind by what one remembers of it, or wrote about it.

Every kind is asked in the same way: a pool of the rows that may be meant is gathered, the newest
first, and what is in it is put in order. So of a word that very many records have only the latest
are looked at, and the answer takes no longer however many there are. What somebody may not see is
in no pool: it neither takes a place nor changes the order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from django.db.models import BooleanField, Case, TextField, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import Account, Contact
from activities.models import Activity, ActivityLink
from leads.models import Lead
from opportunities.models import Opportunity
from records import keys
from records.fulltext import (
    MOST_WORDS,
    FirstThatHolds,
    InParts,
    Said,
    found_in,
    groups_of,
    part_of,
    read_in,
)
from records.models import SearchWord
from records.permissions import may, team_of
from records.similarity import one_slip
from reports.models import Recent

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from records.fulltext import Groups
    from records.models import TimelineRecord
    from users.models import User

EXACT, NAME, WHOLE, BEGINS, PART, COMPANY, MISSPELT, NOT_FOUND = range(8)

SHOWN = 8  # records of a kind
POOL = 60  # rows of a kind that are put in order
NEWEST = 20_000  # rows that are read through before the index is asked for all
SPELLINGS = 6  # that are tried of a word
SHORTEST_MISSPELT = 4  # letters
TEAM = "team"

# Kind, and the columns that an address or a number is looked up in.
SEARCHED: tuple[tuple[Any, tuple[str, ...], tuple[str, ...]], ...] = (
    (Lead, ("email_key",), ("phone_key", "mobile_key")),
    (Account, (), ("phone_key",)),
    (Contact, ("email_key", "second_email"), ("phone_key", "mobile_key")),
    (Opportunity, (), ()),
)
KINDS = tuple(str(model._meta.model_name) for model, _emails, _phones in SEARCHED)
OF_A_COMPANY = {Contact, Opportunity}


@dataclass(frozen=True)
class Asked:
    """What somebody has typed, taken apart."""

    text: str
    words: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    newest: Mapping[str, int] = field(default_factory=dict)
    team: tuple[int, ...] | None = None

    @classmethod
    def of(cls, text: str) -> Asked:
        """Words of a single character are not looked for."""
        words = [word for word in keys.search_key(text).split() if len(word) > 1]
        return cls(
            " ".join(words),
            tuple(dict.fromkeys(words))[:MOST_WORDS],
            keys.email_key(text),
            keys.phone_key(text, settings.DEFAULT_COUNTRY),
        )

    @property
    def groups(self) -> Groups:
        return groups_of(self.words)

    @cached_property
    def misspelt(self) -> Groups:
        """What is met by a record that has each word, or one that is a slip away from it."""
        if not any(self.spellings.values()):
            return ()
        return tuple(
            (part_of(word), *(f" {w}{end}" for w in self.spellings.get(word, ()) for end in " ,"))
            for word in self.words
        )

    @property
    def shown_words(self) -> tuple[str, ...]:
        """The words that are marked where they are found."""
        return (*self.words, *(word for found in self.spellings.values() for word in found))


@dataclass(frozen=True)
class Found:
    """What a search found of one kind, best first, and whether there is more of it."""

    kind: str
    records: tuple[Any, ...]
    has_more: bool
    url: str

    @property
    def object(self) -> str:
        """The name of one record of this kind, like `lead`."""
        return str(self.records[0]._meta.model_name)

    @property
    def title(self) -> str:
        """The name of the kind, as a heading."""
        return str(self.records[0]._meta.verbose_name_plural).capitalize()

    @property
    def count_text(self) -> str:
        """How many there are, as far as one has looked."""
        return f"{len(self.records)}+" if self.has_more else str(len(self.records))


@dataclass(frozen=True)
class Mentioned:
    """A record, and the entry on its timeline that has the words."""

    record: Any
    activity: Activity


@dataclass(frozen=True)
class Answer:
    """All that a search found. Nothing was looked for without words of two characters.

    `parts` has a part for every kind. `meant` is what was probably meant where it was mistyped.
    """

    asked: Asked
    parts: tuple[Found, ...] = ()
    notes: tuple[Mentioned, ...] = ()
    has_more_notes: bool = False
    meant: str = ""

    @property
    def is_asked(self) -> bool:
        return bool(self.asked.words)

    @property
    def count(self) -> int:
        return sum(len(part.records) for part in self.parts) + len(self.notes)

    @property
    def has_more(self) -> bool:
        return self.has_more_notes or any(part.has_more for part in self.parts)

    def best(self, count: int, *, first: str = "") -> list[Any]:
        """Return the best records of all kinds, those of the kind `first` before their likes."""

        def place(record: Any) -> tuple[Any, ...]:
            is_there = record._meta.model_name == first
            league = 0 if record.rank == EXACT else 3 if record.rank == MISSPELT else 2 - is_there
            return league, record.rank, record.is_closed, -record.at.timestamp()

        return sorted((r for part in self.parts for r in part.records), key=place)[:count]


def find(
    text: str,
    *,
    by: User,
    limit: int = SHOWN,
    kinds: Sequence[str] = KINDS,
    with_notes: bool = True,
) -> Answer:
    """Look for `text` among the records that `by` may see, and in what was written on them.

    In order: whoever has this email address or telephone number; names that begin so; whole words;
    beginnings of words; parts of words; people and opportunities of a company of that name; and
    words with one slip, from four letters on. Among equals open ones come first, then those
    that were touched last. Six statements at most, however much there is: what helps with
    asking, what was written, and one for each kind.
    """
    asked = Asked.of(text)
    if not asked.words:
        return Answer(asked)
    asked = _prepared(asked, by)
    with_notes = with_notes and may(by, "view", Activity)
    mentions = _mentions(asked, by, limit) if with_notes else []
    also: dict[type[Any], list[int]] = {}
    for _activity, places in mentions:
        for model, number in places:
            also.setdefault(model, []).append(number)
    named: dict[tuple[type[Any], int], Any] = {}
    found: dict[type[Any], Found] = {}
    companies: tuple[int, ...] = ()
    for model, emails, phones in _in_order(kinds, also):
        exact = _exact(model._meta.db_table, asked, emails, phones)
        rows = _rows(model, asked, exact, companies, also.get(model, []), by, limit)
        named.update({(model, row.pk): row for row in rows})
        found[model] = _part(model, rows, asked, limit)
        if model is Account:
            companies = tuple(row.pk for row in found[model].records)
    asked_for = [model for model, _emails, _phones in SEARCHED if model._meta.model_name in kinds]
    parts = tuple(found[model] for model in asked_for)
    notes = []
    for activity, places in mentions:
        # What is shown on a record that one may not see is shown on another one.
        record = next((named[place] for place in places if place in named), None)
        if record is not None:
            notes.append(Mentioned(record, activity))
    meant = _meant(asked, parts) if parts else ""
    return Answer(asked, parts, tuple(notes[:limit]), len(notes) > limit, meant)


def _in_order(kinds: Sequence[str], also: Container[Any]) -> list[Any]:
    """Return the kinds that are to be asked: companies first, as they lead to their people."""
    is_led = any(m._meta.model_name in kinds for m in OF_A_COMPANY)
    wanted = [
        each
        for each in SEARCHED
        if each[0]._meta.model_name in kinds or each[0] in also or (each[0] is Account and is_led)
    ]
    return sorted(wanted, key=lambda each: each[0] is not Account)


def _prepared(asked: Asked, by: User) -> Asked:
    """Look up how mistyped words may have been meant, how far the newest rows reach, and whose
    rows are those of the team. One statement at most.
    """
    doubtful = [w for w in asked.words if len(w) >= SHORTEST_MISSPELT and w.isalpha()]
    words = SearchWord.objects.near(doubtful).values_list("word", Value(0)).order_by()
    if connection.vendor != "postgresql":
        # SQLite's index gives the newest rows first by itself.
        near = [word for word, _number in words] if doubtful else []
        return replace(asked, spellings=_spellings(doubtful, near))
    parts = [_newest(model) for model in (*(m for m, _emails, _phones in SEARCHED), Activity)]
    members = team_of(by).order_by()
    parts.append(members.values_list(Value(TEAM, output_field=TextField()), "pk"))
    near, team, newest = [], [], {}
    told = words.union(*parts, all=True) if doubtful else parts[0].union(*parts[1:], all=True)
    for word, number in told:
        if word == TEAM:
            team.append(number)
        elif number:
            newest[word] = number - NEWEST
        else:
            near.append(word)
    spellings = _spellings(doubtful, near)
    return replace(asked, spellings=spellings, newest=newest, team=tuple(sorted(team)))


@cache
def _newest(model: Any) -> Any:
    """Return the question for the number of the newest row of a kind, put together once."""
    rows = model._base_manager.order_by("-pk")
    return rows.values_list(Value(model._meta.label, output_field=TextField()), "pk")[:1]


def _spellings(doubtful: Sequence[str], near: Iterable[str]) -> dict[str, tuple[str, ...]]:
    known = set(near)
    found = {}
    for word in doubtful:
        # Who mistypes a word mostly begins it right.
        slips = sorted((other[0] != word[0], other) for other in known if one_slip(word, other))
        found[word] = tuple(other for _is_unlikely, other in slips[:SPELLINGS])
    return found


# The questions are put together of text, as each is asked anew for every letter that is typed, and
# making as many of them out of querysets takes longer than answering them.


def _exact(table: str, asked: Asked, emails: Sequence[str], phones: Sequence[str]) -> list[Said]:
    """Return the questions for whoever has this address or number, each for an index."""
    found = []
    for name in emails if asked.email else ():
        if name.endswith("_key"):
            found.append(Said(f"{table}.{name} = %s", (asked.email,)))
        else:
            found.append(Said(f"LOWER({table}.{name}) = %s", (asked.email,)))
    if asked.phone:
        within = found_in(table, ((asked.phone,),), connection)
        found += [Said(f"{table}.{name} = %s", (asked.phone,)) & within for name in phones]
    return found


def _pool(model: Any, where: Said, asked: Asked) -> list[Said]:
    """Return the newest rows that meet `where` and have the words: parts, read in their order.

    PostgreSQL's index gives its rows in no order, so that all with a common word would be read to
    find the newest. First the newest rows are read through; what is older is asked of the index
    when too few of those have the word, and it is a rare one then.
    """
    table = model._meta.db_table
    newest = asked.newest.get(model._meta.label)
    words = found_in(table, asked.groups, connection)
    if newest is None:
        parts = [_numbers(table, where & words, "id DESC")]
    elif asked.email:
        # Rare as a whole, while most of its pieces are not: around the sign stands who it is.
        local, _sign, domain = asked.text.partition("@")
        piece = found_in(table, ((f"{local[-4:]}@{domain[:8]}",),), connection)
        whole = read_in(table, asked.groups, connection)
        parts = [_numbers(table, where & piece & whole, UNINDEXED)]
    else:
        # How many rows have one word is known well, how many have all of them is mostly guessed
        # too low: of these rows only the longest word is looked up, and the others are read.
        longest = max(asked.groups, key=lambda group: len(group[0]))
        others = tuple(group for group in asked.groups if group != longest)
        latest = found_in(table, (longest,), connection)
        if others:
            latest &= read_in(table, others, connection)
        near, far = (Said(f"{table}.id {side} %s", (newest,)) for side in (">", "<="))
        parts = [
            _numbers(table, where & near & latest, "id DESC"),
            _numbers(table, where & far & words, UNINDEXED),
        ]
    if asked.misspelt:
        slips = found_in(table, asked.misspelt, connection)
        parts.append(_numbers(table, where & slips, UNINDEXED))
    return parts


# In the order of the numbers, and so that no index says it: it would be read from end to end.
UNINDEXED = "id * -1"


def _numbers(table: str, where: Said, order: str) -> Said:
    """Return the question for the first numbers of a table, as many as a pool has."""
    sql = f"SELECT id FROM {table} WHERE {where.sql} ORDER BY {order} LIMIT {POOL}"  # noqa: S608
    return Said(sql, where.values)


def _scope(rows: Any) -> Said | None:
    """Return the condition that makes `rows`, or nothing where there can be none."""
    rows.query.get_initial_alias()
    try:
        return Said(*rows.query.where.as_sql(rows.query.get_compiler(rows.db), connection))
    except EmptyResultSet:
        return None
    except FullResultSet:
        return Said("TRUE")


def _rows(
    model: Any,
    asked: Asked,
    exact: list[Said],
    companies: Sequence[int],
    also: list[int],
    by: User,
    limit: int,
) -> list[Any]:
    """Read the records of a kind that may be meant, and those that are asked for by number."""
    table = model._meta.db_table
    scope = _scope(model.objects.permitted(by, team=asked.team))
    if scope is None:
        return []
    of_companies = _among(f"{table}.account_id", companies) if model in OF_A_COMPANY else None
    parts = [_numbers(table, scope & _among(f"{table}.id", also), UNINDEXED)] if also else []
    parts += [_numbers(table, scope & question, UNINDEXED) for question in exact]
    parts += _pool(model, scope, asked)
    if companies and of_companies:
        parts.append(_numbers(table, scope & of_companies, UNINDEXED))
    # What is in the parts is permitted. Exact ones and those by number take nobody's place.
    most = POOL * (1 + len(exact)) + len(also)
    found = model.all_objects.filter(InParts(parts, most)).annotate(
        rank=FirstThatHolds(
            _ranks(table, asked, exact, of_companies if companies else None), NOT_FOUND
        ),
        is_closed=_is_closed(model),
        at=Coalesce("touched_at", "created_at"),
    )
    order = [Case(When(pk__in=also, then=0), default=1)] if also else []
    found = found.order_by(*order, "rank", "is_closed", "-at", "-pk")
    return list(found.for_list()[: limit + 1 + len(also)])


def _among(column: str, numbers: Sequence[int]) -> Said:
    return Said(f"{column} IN ({', '.join(['%s'] * len(numbers))})", tuple(numbers))


def _ranks(
    table: str, asked: Asked, exact: list[Said], of_companies: Said | None
) -> list[tuple[int, Said]]:
    """Return how well a row of the pool meets what was asked, the best first."""
    words = asked.words

    def read(*parts: str) -> Said:
        return read_in(table, tuple((part,) for part in parts), connection)

    begins = f"{connection.ops.prep_for_like_query(f' {asked.text}')}%"
    escaped = " ESCAPE '\\'" if connection.vendor == "sqlite" else ""
    ranks = [(EXACT, question) for question in exact]
    ranks += [
        (NAME, Said(f"{table}.search LIKE %s{escaped}", (begins,))),
        (WHOLE, read(*(f" {word} " for word in words))),
        (BEGINS, read(*(f" {word}" for word in words))),
        (PART, read_in(table, asked.groups, connection)),
    ]
    if of_companies:
        ranks.append((COMPANY, of_companies))
    if asked.misspelt:
        ranks.append((MISSPELT, read_in(table, asked.misspelt, connection)))
    return ranks


def _is_closed(model: Any) -> Any:
    if model not in (Lead, Opportunity):
        return Value(value=False, output_field=BooleanField())
    return Case(When(status="open", then=False), default=True, output_field=BooleanField())


def _part(model: Any, rows: Sequence[Any], asked: Asked, limit: int) -> Found:
    hits = [row for row in rows if row.rank != NOT_FOUND]
    hits.sort(key=lambda row: (row.rank, row.is_closed, -row.at.timestamp(), -row.pk))
    room = model().url_namespace
    # The list has those that have the words themselves.
    is_listed = any(row.rank <= PART for row in hits)
    has_more = len(hits) > limit and is_listed
    url = f"{reverse(f'{room}:list')}?{urlencode({'q': asked.text})}" if is_listed else ""
    return Found(room, tuple(hits[:limit]), has_more, url)


def _mentions(
    asked: Asked, by: User, limit: int
) -> list[tuple[Activity, list[tuple[type[TimelineRecord], int]]]]:
    """Return the newest entries with the words, each with the records that show it.

    At least one of these may be seen. One statement.
    """
    models = {ContentType.objects.get_for_model(m).pk: m for m, _emails, _phones in SEARCHED}
    entries, links = Activity._meta.db_table, ActivityLink._meta.db_table
    seen: list[str] = []
    values: list[Any] = []
    for number, model in models.items():
        scope = _scope(model.objects.permitted(by, team=asked.team))
        if scope is None:
            continue
        table = model._meta.db_table
        record = f"SELECT 1 FROM {table} WHERE {table}.id = shown.record_id AND {scope.sql}"  # noqa: S608
        seen.append(f"shown.record_type_id = {number} AND EXISTS ({record})")
        values += scope.values
    if not seen:
        return []
    shown = f"SELECT 1 FROM {links} AS shown WHERE shown.activity_id = {entries}.id"  # noqa: S608
    where = Said(
        f"{entries}.deleted_at IS NULL AND EXISTS ({shown} AND ({' OR '.join(seen)}))",
        tuple(values),
    )
    pool = InParts(_pool(Activity, where, asked), limit + 1)
    rows = ActivityLink.objects.filter(activity__in=Activity.objects.filter(pool).values("pk"))
    found: dict[int, tuple[Activity, list[tuple[type[TimelineRecord], int]]]] = {}
    # Where it was written comes before where it is shown as well.
    for link in rows.select_related("activity__owner").order_by("-activity", "-is_origin", "pk"):
        if link.record_type_id in models:
            _activity, places = found.setdefault(link.activity_id, (link.activity, []))
            places.append((models[link.record_type_id], link.record_id))
    return list(found.values())


def _meant(asked: Asked, parts: Sequence[Found]) -> str:
    """Return the words as they stand in what was found, if nothing has them as they were typed."""
    hits = [record for part in parts for record in part.records]
    if not hits or any(record.rank != MISSPELT for record in hits):
        return ""
    there = hits[0].search.replace(",", " ").split()
    words = []
    for word in asked.words:
        if part_of(word) in hits[0].search:
            words.append(word)
        else:
            words += [w for w in asked.spellings.get(word, ()) if w in there][:1]
    return " ".join(words)


def recent_of(user: User) -> list[Any]:
    """Return the records that somebody has opened lately and may still see, the last one first.

    One statement, and one for each kind among them.
    """
    row = Recent.objects.filter(user=user).first()
    named = [(kind, number) for kind, number in row.records] if row else []
    found = {}
    for model, _emails, _phones in SEARCHED:
        kind = str(model._meta.model_name)
        if numbers := [number for other, number in named if other == kind]:
            rows = model.objects.permitted(user).filter(pk__in=numbers).for_list()
            found.update({(kind, record.pk): record for record in rows})
    return [found[each] for each in named if each in found]


def next_tasks(user: User, count: int) -> list[Activity]:
    """Return what somebody has to do next, the most urgent first."""
    rows = Activity.objects.permitted(user).to_do().filter(owner=user, due_at__isnull=False)
    return list(rows.order_by("due_at", "pk")[:count])
