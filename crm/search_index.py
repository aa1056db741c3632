"""What keeps the search in step with the records: made by the database itself, on either engine.

PostgreSQL has an index by trigrams on the search text of each kind, where it has `pg_trgm`. SQLite
has a table of trigrams beside each kind, and triggers keep it. On both, triggers write down the
words of records, for those who mistype one. `migrate` makes what is missing, as SQLite drops the
triggers of a table that a migration rebuilds; `check_integrity` proves it; `rebuild_search` makes
all of it anew. Why it is so: `docs/decisions/0010-how-records-are-found.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection, transaction

from accounts.models import Account, Contact
from activities.models import Activity
from leads.models import Lead
from opportunities.models import Opportunity
from records.fulltext import has_trigrams, index_of
from records.models import SearchWord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from records.models import Record

# Each kind that is searched, and the name of its index on PostgreSQL.
SEARCHED: dict[type[Record], str] = {
    Account: "account_search_idx",
    Contact: "contact_search_idx",
    Lead: "lead_search_idx",
    Opportunity: "opp_search_idx",
    Activity: "activity_search_idx",
}
# What people tell each other is no list of names: its words would only make more mistakes likely.
WITHOUT_WORDS = {Activity}
BACKWARDS = "searchword_backwards_idx"

SHORTEST, LONGEST = 3, 40  # letters of a word that is written down
NO_LETTERS = "0123456789@./:+&()_-"  # nobody mistypes an address or a number by one letter
CHUNK = 2000


def words_in(text: str) -> set[str]:
    """Return the words that the triggers write down of a search text.

    >>> sorted(words_in(" ada king, acme, inc. ada@acme.example 512 "))
    ['acme', 'ada', 'king']
    """
    return {
        word
        for word in text.replace(",", " ").split(" ")
        if SHORTEST <= len(word) <= LONGEST and not set(NO_LETTERS) & set(word)
    }


def mend(*, anew: bool = False) -> list[str]:
    """Make what is missing of the indexes and triggers; return the kinds that had been without.

    What may have been missed in the meantime is read in. `anew` makes everything as if nothing had
    been there. Kinds whose table is not there yet are left out.
    """
    tables = set(connection.introspection.table_names())
    if SearchWord._meta.db_table not in tables:
        return []
    mended = []
    with transaction.atomic():
        if anew:
            with connection.cursor() as cursor:
                forget = f"DELETE FROM {SearchWord._meta.db_table}"  # noqa: S608
                cursor.execute(forget)
        if connection.vendor == "postgresql":
            _prepare_postgres()
        for model in SEARCHED:
            if model._meta.db_table not in tables:
                continue
            mend_one = _mend_postgres if connection.vendor == "postgresql" else _mend_sqlite
            if mend_one(model, anew):
                mended.append(str(model._meta.verbose_name_plural))
    return mended


def leave_off() -> None:
    """Let SQLite write rows without learning them, which it does for each alone; then `mend`."""
    with connection.cursor() as cursor:
        for model in SEARCHED:
            for name in _triggers_of(model):
                drop = f"DROP TRIGGER IF EXISTS {name}"
                cursor.execute(drop)


def faults() -> Iterator[tuple[str, Any, str]]:
    """Yield what is not in step: of which table, of which row where that is known, and what."""
    for model in SEARCHED:
        table = model._meta.db_table
        there = _triggers_on(table)
        for name in sorted(_triggers_of(model).keys() - there):
            yield table, None, f"The trigger {name} is missing. Run migrate."
        if connection.vendor == "sqlite" and has_trigrams() and not _agrees(table):
            yield table, None, "Its index is not in step with it. Run rebuild_search."
    yield from _unknown_words()


def _unknown_words() -> Iterator[tuple[str, Any, str]]:
    known = set(SearchWord.objects.values_list("word", flat=True).iterator(chunk_size=CHUNK))
    for model in SEARCHED.keys() - WITHOUT_WORDS:
        rows = model._base_manager.order_by("pk").values_list("pk", "search")
        for pk, text in rows.iterator(chunk_size=CHUNK):
            if unknown := words_in(text) - known:
                words = ", ".join(sorted(unknown)[:3])
                yield str(model._meta.model_name), pk, f"The search has not learnt {words}."


def _triggers_on(table: str) -> set[str]:
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass",
    }
    with connection.cursor() as cursor:
        cursor.execute(asked[connection.vendor], [table])
        return {name for (name,) in cursor.fetchall()}


def _triggers_of(model: type[Record]) -> dict[str, str]:
    """Return what a table has to have: the name of each trigger, and how it is made."""
    if connection.vendor == "postgresql":
        return {} if model in WITHOUT_WORDS else _on_postgres(model._meta.db_table)
    return _on_sqlite(model._meta.db_table, with_words=model not in WITHOUT_WORDS)


# SQLite


def _on_sqlite(table: str, *, with_words: bool) -> dict[str, str]:
    index = index_of(table)
    enter = f"INSERT INTO {index} (rowid, search) VALUES (new.id, new.search);"  # noqa: S608
    leave = f"INSERT INTO {index} ({index}, rowid, search) VALUES ('delete', old.id, old.search);"  # noqa: S608
    if not has_trigrams():
        enter = leave = ""
    learn = f"{_learn_on_sqlite('new.search')};" if with_words else ""
    events = {
        f"{index}_new": ("INSERT", "", enter + learn),
        f"{index}_changed": (
            "UPDATE OF search",
            "WHEN old.search <> new.search ",
            leave + enter + learn,
        ),
        f"{index}_gone": ("DELETE", "", leave),
    }
    return {
        name: f"CREATE TRIGGER {name} AFTER {event} ON {table} {when}BEGIN {work} END"
        for name, (event, when, work) in events.items()
        if work
    }


def _learn_on_sqlite(text: str, source: str = "") -> str:
    """Write the statement that writes down the words of `text`, a column of `source`."""
    quoted = f"json_quote({text})"
    inside = f"substr({quoted}, 2, length({quoted}) - 2)"
    listed = f"""'["' || replace(replace({inside}, ',', ' '), ' ', '","') || '"]'"""
    words = SearchWord._meta.db_table
    return (
        f"INSERT INTO {words} (word) SELECT DISTINCT part.value"  # noqa: S608
        f" FROM {source}json_each({listed}) AS part"
        f" WHERE length(part.value) BETWEEN {SHORTEST} AND {LONGEST}"
        f" AND part.value NOT GLOB '*[{NO_LETTERS}]*'"
        f" AND NOT EXISTS (SELECT 1 FROM {words} WHERE word = part.value)"
    )


def _mend_sqlite(model: type[Record], anew: bool) -> bool:
    table = model._meta.db_table
    index = index_of(table)
    wanted = _triggers_of(model)
    statements = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master")
        there = dict(cursor.fetchall())
        is_whole = index in there or not has_trigrams()
        if is_whole and not anew and all(there.get(n) == sql for n, sql in wanted.items()):
            return False
        statements += [f"DROP TRIGGER IF EXISTS {name}" for name in wanted]
        statements += wanted.values()
        if has_trigrams():
            # Which row has a trigram, and not where: the text itself is asked for the rest.
            statements.append(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {index} USING fts5(search, content='{table}',"
                " content_rowid='id', tokenize='trigram', detail='none', columnsize=0)"
            )
            statements.append(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608
        if model not in WITHOUT_WORDS:
            statements.append(_learn_on_sqlite("row.search", f"{table} AS row, "))
        for statement in statements:
            cursor.execute(statement)
    return True


def _agrees(table: str) -> bool:
    """Say whether the index of a table has what stands in it, row by row."""
    index = index_of(table)
    statement = f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)"  # noqa: S608
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return False
    return True


# PostgreSQL

# A plan that was made while there were few words would read all of them for each row, later on.
_BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"


def _on_postgres(table: str) -> dict[str, str]:
    new, changed = f"{table}_words_new", f"{table}_words_changed"
    return {
        new: f"CREATE TRIGGER {new} AFTER INSERT ON {table} REFERENCING NEW TABLE AS written"
        " FOR EACH STATEMENT EXECUTE FUNCTION records_learn_new()",
        changed: f"CREATE TRIGGER {changed} AFTER UPDATE OF search ON {table} FOR EACH ROW"
        " WHEN (old.search IS DISTINCT FROM new.search) EXECUTE FUNCTION records_learn_changed()",
    }


def _learn_on_postgres(text: str, source: str = "") -> str:
    words = SearchWord._meta.db_table
    return (
        f"INSERT INTO {words} (word) SELECT DISTINCT part.word"  # noqa: S608
        f" FROM {source}unnest(string_to_array(replace({text}, ',', ' '), ' ')) AS part (word)"
        f" WHERE length(part.word) BETWEEN {SHORTEST} AND {LONGEST}"
        f" AND part.word !~ '[{NO_LETTERS}]'"
        f" AND NOT EXISTS (SELECT 1 FROM {words} AS known WHERE known.word = part.word)"
    )


def _prepare_postgres() -> None:
    """Make the functions of the triggers, and the index in which words are read from behind."""
    functions = {
        "records_learn_new": _learn_on_postgres("written.search", "written, "),
        "records_learn_changed": _learn_on_postgres("new.search"),
    }
    with connection.cursor() as cursor:
        for name, learn in functions.items():
            function = (
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {_BY_INDEX}"
                f" AS $$ BEGIN {learn}; RETURN NULL; END $$"
            )
            cursor.execute(function)
        if not _is_there(BACKWARDS):
            table = SearchWord._meta.db_table
            index = f"CREATE INDEX {BACKWARDS} ON {table} (reverse(word) text_pattern_ops)"
            cursor.execute(index)


def _mend_postgres(model: type[Record], anew: bool) -> bool:
    table = model._meta.db_table
    missing = {n: sql for n, sql in _triggers_of(model).items() if n not in _triggers_on(table)}
    statements = [*missing.values()]
    if model not in WITHOUT_WORDS and (missing or anew):
        statements.append(_learn_on_postgres("row.search", f"{table} AS row, "))
    with connection.cursor() as cursor:
        if _has_pg_trgm() and not _is_there(SEARCHED[model]):
            index = f"CREATE INDEX {SEARCHED[model]} ON {table} USING gin (search gin_trgm_ops)"
            cursor.execute(index)
        for statement in statements:
            cursor.execute(statement)
    return bool(statements)


def _is_there(index: str) -> bool:
    """Say whether there is an index of this name; asked first, as making one waits for writers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [index])
        return cursor.fetchone()[0] is not None


def _has_pg_trgm() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None
