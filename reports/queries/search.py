"""Finding a record of any kind by what one remembers of it, or wrote about it.

Every kind is asked in the same way: a pool of the rows that may be meant is gathered, the newest
first, and what is in it is put in order. So of a word that very many records have only the latest
are looked at, and the answer takes no longer however many there are. What somebody may not see is
in no pool: it neither takes a place nor changes the order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import Account, Contact
from activities.models import Activity, ActivityLink
from leads.models import Lead
from opportunities.models import Opportunity
from records import keys
from records.fulltext import MOST_WORDS, groups_of, part_of
from records.models import SearchWord
from records.permissions import may, team_of
from records.similarity import one_slip
from reports.models import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    (Contact, ("email_key",), ("phone_key", "mobile_key")),
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
    for _activity, model, number in mentions:
        also.setdefault(model, []).append(number)
    parts, named = [], {}
    for model, emails, phones in SEARCHED:
        wanted = also.get(model, [])
        is_asked = model._meta.model_name in kinds
        if not (is_asked or wanted):
            continue
        exact = _exact(model, asked, emails, phones) if is_asked else []
        rows = _rows(model, asked, exact, wanted, by, limit if is_asked else 0)
        named.update({(model, row.pk): row for row in rows})
        if is_asked:
            parts.append(_part(model, rows, asked, limit))
    notes = [
        Mentioned(record, activity)
        for activity, model, number in mentions
        if (record := named.get((model, number))) is not None
    ]
    return Answer(
        asked,
        tuple(parts),
        tuple(notes[:limit]),
        len(notes) > limit,
        _meant(asked, parts) if parts else "",
    )


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
    kinds: list[Any] = [*(model for model, _emails, _phones in SEARCHED), Activity]
    parts = [
        model._base_manager.order_by("-pk").values_list(Value(model._meta.label), "pk")[:1]
        for model in kinds
    ]
    parts.append(team_of(by).order_by().values_list(Value(TEAM), "pk"))
    near, team, newest = [], [], {}
    for word, number in words.union(*parts, all=True) if doubtful else parts[0].union(*parts[1:]):
        if word == TEAM:
            team.append(number)
        elif number:
            newest[word] = number - NEWEST
        else:
            near.append(word)
    spellings = _spellings(doubtful, near)
    return replace(asked, spellings=spellings, newest=newest, team=tuple(sorted(team)))


def _spellings(doubtful: Sequence[str], near: Iterable[str]) -> dict[str, tuple[str, ...]]:
    known = set(near)
    found = {}
    for word in doubtful:
        # Who mistypes a word mostly begins it right.
        slips = sorted((other[0] != word[0], other) for other in known if one_slip(word, other))
        found[word] = tuple(other for _is_unlikely, other in slips[:SPELLINGS])
    return found


def _exact(model: Any, asked: Asked, emails: Sequence[str], phones: Sequence[str]) -> list[Q]:
    """Return the questions for whoever has this address or number, each for an index."""
    found = [Q(**{name: asked.email}) for name in emails if asked.email]
    # Not every column has an index of its own, but the search text has one and holds them all.
    if asked.email and hasattr(model, "second_email"):
        in_text = Q(search__parts=((f" {asked.text} ",),))
        found.append(Q(second_email__iexact=asked.email) & in_text)
    if asked.phone:
        in_text = Q(search__parts=((asked.phone,),))
        found += [Q(**{name: asked.phone}) & in_text for name in phones]
    return found


def _pool(rows: Any, asked: Asked) -> list[Any]:
    """Return the newest of `rows` that have the words: parts of a pool, to be read in their order.

    PostgreSQL's index gives its rows in no order, so that all with a common word would be read to
    find the newest. First the newest rows are read through; what is older is asked of the index
    when too few of those have the word, and it is a rare one then.
    """
    told = rows.filter(search__parts=asked.groups)
    newest = asked.newest.get(rows.model._meta.label)
    parts = []
    if newest is None:
        parts.append(told.order_by("-pk"))
    else:
        parts.append(told.filter(pk__gt=newest).order_by("-pk"))
        parts.append(told.filter(pk__lte=newest).order_by(_UNINDEXED))
    if asked.misspelt:
        parts.append(rows.filter(search__parts=asked.misspelt).order_by(_UNINDEXED))
    return [part.values("pk")[:POOL] for part in parts]


# In the order of the numbers, and so that no index says it: it would be read from end to end.
_UNINDEXED = ExpressionWrapper(F("pk") * -1, output_field=IntegerField()).asc()


def _gathered(model: Any, parts: Sequence[Any], most: int) -> Any:
    """Return the numbers in `parts`, one part after the other, `most` of them: a subquery."""
    every = model._base_manager.order_by()
    wrapped = [every.filter(pk__in=part).values("pk") for part in parts]
    return (wrapped[0].union(*wrapped[1:], all=True) if wrapped[1:] else wrapped[0])[:most]


def _rows(
    model: Any, asked: Asked, exact: list[Q], also: list[int], by: User, limit: int
) -> list[Any]:
    """Read the records of a kind that may be meant, and those that are asked for by number.

    None but these with a `limit` of nothing.
    """
    rows = model.objects.permitted(by, team=asked.team).order_by()
    every = model._base_manager.order_by()
    parts = [every.filter(pk__in=also).values("pk")] if also else []
    cases = []
    if limit:
        parts += [rows.filter(question).values("pk")[:POOL] for question in exact]
        parts += _pool(rows, asked)
        if model in OF_A_COMPANY:
            companies = Account.objects.permitted(by, team=asked.team).order_by()
            told = _gathered(Account, _pool(companies, replace(asked, spellings={})), SHOWN)
            parts.append(rows.filter(account__in=told).order_by(_UNINDEXED).values("pk")[:POOL])
        cases = _ranks(model, asked, exact, by)
    is_wanted = Case(When(pk__in=also, then=0), default=1, output_field=IntegerField())
    found = rows.filter(pk__in=_gathered(model, parts, POOL + len(also) + POOL * len(exact)))
    found = found.annotate(
        rank=Case(*cases, default=Value(NOT_FOUND), output_field=IntegerField()),
        is_closed=_is_closed(model),
        at=Coalesce("touched_at", "created_at"),
    )
    order = ("rank", "is_closed", "-at", "-pk")
    found = found.order_by(*([is_wanted] if also else []), *order)
    return list(found.for_list()[: limit + 1 + len(also)])


def _ranks(model: Any, asked: Asked, exact: list[Q], by: User) -> list[When]:
    """Return how well a row of the pool meets what was asked, the best first."""

    def every(*parts: str) -> Q:
        told = Q()
        for part in parts:
            told &= Q(search__contains=part)
        return told

    words = asked.words
    cases = [When(question, then=Value(EXACT)) for question in exact]
    cases += [
        When(search__startswith=f" {asked.text}", then=Value(NAME)),
        When(every(*(f" {word} " for word in words)), then=Value(WHOLE)),
        When(every(*(f" {word}" for word in words)), then=Value(BEGINS)),
        When(every(*map(part_of, words)), then=Value(PART)),
    ]
    if model in OF_A_COMPANY:
        # Of a company that one may not see nothing is found by its name.
        companies = (
            Account.objects.permitted(by, team=asked.team).order_by().filter(pk=OuterRef("account"))
        )
        is_of_it = Exists(companies.filter(every(*map(part_of, words))))
        cases.append(When(is_of_it, then=Value(COMPANY)))
    if asked.misspelt:
        told = Q()
        for group in asked.misspelt:
            told &= Q(*(Q(search__contains=part) for part in group), _connector=Q.OR)
        cases.append(When(told, then=Value(MISSPELT)))
    return cases


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
) -> list[tuple[Activity, type[TimelineRecord], int]]:
    """Return the newest entries with the words, each with a record that shows it. One statement."""
    models = {ContentType.objects.get_for_model(m).pk: m for m, _emails, _phones in SEARCHED}
    seen = Q(pk__in=[])
    for number, model in models.items():
        record = (
            model.objects.permitted(by, team=asked.team).order_by().filter(pk=OuterRef("record_id"))
        )
        seen |= Q(record_type=number) & Q(Exists(record))
    links = ActivityLink.objects.filter(seen)
    rows = Activity.objects.filter(Exists(links.filter(activity=OuterRef("pk")))).order_by()
    pool = _gathered(Activity, _pool(rows, asked), limit + 1)
    # Where it was written comes before where it is shown as well.
    shown = links.filter(activity__in=pool).select_related("activity__owner")
    found: dict[int, tuple[Activity, type[TimelineRecord], int]] = {}
    for link in shown.order_by("-activity", "-is_origin", "pk"):
        place = (link.activity, models[link.record_type_id], link.record_id)
        found.setdefault(link.activity_id, place)
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
