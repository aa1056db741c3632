"""How any record changes: in one transaction, by somebody, with a trail.

`operation` makes a function one transaction that is tried again when the database asks for it.
The other functions are what every kind of record has in common; rooms above build on them.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.apps import apps
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.models import Exists, F
from django.utils import timezone
from django.utils.translation import gettext as _

from records import audit, custom
from records.errors import (
    Busy,
    IsGone,
    IsInBin,
    IsInUse,
    IsMerged,
    KeyReused,
    LostRace,
    NotPermitted,
    Stale,
    Unacceptable,
)
from records.form_conditions import gaps_after
from records.models import (
    Currency,
    FormCondition,
    IdempotencyKey,
    MergedRecord,
    MoneyField,
    Record,
    default_currency,
)
from records.operations.checking import acceptable
from records.operations.notices import tell_owner
from records.operations.states import as_read, note_state
from records.operations.tags import retag
from records.permissions import fixed_fields, name_for, require, require_fields, scope_of
from users import formats
from users.models import Grant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from users.models import User

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=models.Model)
M = TypeVar("M", bound=models.Model)

MOST_USES = 1000
MOST_VERSIONS = 100  # that are looked through for what somebody had read
TRIES = 8
ANSWERS_KEPT_FOR = timedelta(days=7)
DEADLINE = 15.0  # seconds: longer than any lock timeout, shorter than the server's patience

# serialization failure, deadlock, lock not available, unique violation, foreign key violation
_RETRYABLE_STATES = {"40001", "40P01", "55P03", "23505", "23503"}


def is_retryable(error: Exception) -> bool:
    """Say whether the same work may succeed when it is simply done again.

    A violated key counts: whoever was faster has committed by now, and the next try reads what
    they wrote and uses it, or sees that what it wanted to delete is needed.
    """
    if isinstance(error, LostRace):
        return True
    state = getattr(error.__cause__, "pgcode", None)
    if state is not None:
        return state in _RETRYABLE_STATES
    text = str(error)
    if isinstance(error, OperationalError):
        return "locked" in text or "busy" in text
    return isinstance(error, IntegrityError) and "UNIQUE" in text


def refers_to_nothing(error: Exception) -> bool:
    """Say whether a row was written that refers to one that somebody has deleted meanwhile."""
    is_foreign = getattr(error.__cause__, "pgcode", None) == "23503"
    return is_foreign or (isinstance(error, IntegrityError) and "FOREIGN KEY" in str(error))


def run_atomically(work: Callable[[], T]) -> T:
    """Do `work` in one transaction; again, after a short pause, when the database asks for it.

    Raises `Busy` when the database still asks after the last try, and `IsGone` when what the work
    refers to is not there any more. Inside a transaction that somebody else opened the work is done
    once: only the owner of a transaction can repeat it.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return work()
    started = time.monotonic()
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return work()
        except (LostRace, OperationalError, IntegrityError) as error:
            may_retry = is_retryable(error)
            if not may_retry or attempt == TRIES or time.monotonic() - started > DEADLINE:
                if refers_to_nothing(error):
                    raise IsGone(
                        _("Something that you chose is gone for good. Look again.")
                    ) from error
                if not may_retry or isinstance(error, IntegrityError):
                    raise
                raise Busy(_("The database is busy. Try again in a moment.")) from error
            # Full jitter keeps the losers of one race from meeting again.
            time.sleep(random.uniform(0, min(0.5, 0.01 * 2**attempt)))  # noqa: S311
    raise AssertionError("unreachable")


def operation(function: Callable[P, T]) -> Callable[P, T]:
    """Make `function` one transaction, tried again as `run_atomically` says."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_atomically(lambda: function(*args, **kwargs))

    return run


def locked(record: R, *, by: User, action: str, version: int | None = None) -> R:
    """Lock and re-read `record`, and refuse what may not or no longer be done.

    Raises `NotPermitted` outside the scope of `by`, `IsInBin`, and `Stale` when `version` is not
    the one that stands. SQLite locks the whole database when the transaction opens instead.
    """
    current = _locked_row(record)
    require(by, action, current)
    if current.is_in_bin:
        refuse_merged(current, by=by)
        raise IsInBin(
            _("%(record)s is in the recycle bin. Restore it first.") % {"record": current}
        )
    refuse_other(current, version)
    return current


def refuse_other(current: Record, version: int | None) -> None:
    """Raise `Stale`, telling what stands, unless a record in hand is at the version that was read.

    Where none was named, any will do.
    """
    if version is not None and version != current.version:
        raise Stale(
            stale_sentence(current, version),
            version=current.version,
            theirs=values_of(current),
            by=str(current.changed_by or ""),
            at=current.changed_at,
        )


def refuse_merged(record: Record, *, by: User) -> None:
    """Raise `IsMerged` when `record` is part of another one by now."""
    rows = MergedRecord.objects.select_related("merge")
    found = rows.filter(kind=record._meta.model_name, record_id=record.pk).first()
    if found is None:
        return
    whole = type(record)._base_manager.select_related("owner")
    survivor = whole.filter(pk=found.merge.survivor_id).first()
    raise IsMerged(
        _("%(record)s was merged into %(survivor)s. Undo the merge first.")
        % {"record": record, "survivor": name_for(by, survivor) if survivor else _("another one")},
        merge=found.merge,
    )


def hold_chosen(*chosen: Record | None, by: User) -> None:
    """Hold records that another one is about to refer to, until the transaction ends.

    Somebody may have merged them since they were chosen, and what then leads to them would hang on
    what is gone: raises `IsMerged`, and `IsGone` for what is not even in the bin. One statement for
    each.
    """
    for record in chosen:
        if record is None:
            continue
        rows = type(record)._base_manager.select_for_update(of=("self",), no_key=True)
        if row_of(record, rows.only("deleted_at")).is_in_bin:
            refuse_merged(record, by=by)


def stale_sentence(record: Record, version: int) -> str:
    """Say why `version` is not the one that stands: it is an earlier one, or never was."""
    if version > record.version or version < 1:
        return _("There is no version %(version)d of %(record)s; the current one is %(now)d.") % {
            "version": version,
            "record": record,
            "now": record.version,
        }
    return _("%(record)s was changed by %(by)s in the meantime.") % {
        "record": record,
        "by": record.changed_by or _("somebody"),
    }


def _locked_row(record: R) -> R:
    rows: Any = type(record)._base_manager.select_for_update(of=("self",))
    asks = FormCondition.objects.filter(kind=custom.kind_of(record))
    rows = rows.annotate(has_form_conditions=Exists(asks))
    found: R = row_of(record, rows.select_related("owner"))
    return as_read(settled(found, "owner"))


def row_of(record: M, rows: models.QuerySet[M]) -> M:
    """Return the row of `record` among `rows`. Raises `IsGone` when somebody has deleted it."""
    found = rows.filter(pk=record.pk).first()
    if found is None:
        raise IsGone(_("%(record)s is gone for good.") % {"record": record})
    return found


def settled(record: R, *relations: str) -> R:
    """Return a record that was locked with what it is related to, with what it is related to now.

    PostgreSQL, when it waited for somebody who gave the record away, returns the row as it is now,
    beside what was looked up before it waited. Asks nothing where both agree.
    """
    changed = [
        name
        for name in relations
        if getattr(getattr(record, name), "pk", None) != getattr(record, f"{name}_id")
    ]
    if changed:
        record.refresh_from_db(fields=changed)
    return record


def values_of(record: models.Model) -> dict[str, Any]:
    """Return the columns of `record` as JSON can hold them, by attribute name."""
    return {
        field.attname: audit.plain(getattr(record, field.attname))
        for field in record._meta.concrete_fields
        if field.attname != "search"
    }


def known_currency(code: str) -> Currency:
    """Return the currency of this code. Raises `Unacceptable` when nobody has entered it."""
    currency = Currency.objects.filter(pk=code).first()
    if currency is None:
        raise Unacceptable(
            errors={
                "currency": [
                    _("There is no currency %(code)s here. An administrator can add it.")
                    % {"code": f"“{str(code)[:20]}”"}
                ]
            }
        )
    return currency


def save_new(record: Record, *, by: User) -> None:
    """Check and insert a record, with its first line of history.

    Custom values are checked against their definitions, and get the defaults of what they leave
    out. Raises `Unacceptable` naming `custom.<key>`.
    """
    made_ready(record, by=by)
    record.save(force_insert=True)
    note_state(record)


def made_ready(record: Record, *, by: User) -> None:
    """Complete and check a new record, as `save_new` does before it writes."""
    record.created_by = record.changed_by = by
    given = dict(vars(record))
    values = custom.for_new(custom.kind_of(record), record.custom, by=by)
    record.custom = {key: value for key, value in values.items() if value is not None}
    acceptable(record)
    if given != vars(record):
        # Blanks were taken off, or defaults put in: what follows from the texts may be another.
        record.derive()
    record._history_user = by  # type: ignore[attr-defined]


def save_changed(record: Record, *, by: User, since: datetime | None = None) -> None:
    """Check and save a record that `locked` returned, as its next version.

    `since` is when it became so, where that was before it is written.
    """
    record.version += 1
    record.changed_by = by
    record.changed_at = timezone.now()
    acceptable(record)
    record._history_user = by  # type: ignore[attr-defined]
    record.save(force_update=True)
    note_state(record, since=since)


def _amounts_in(record: Record, names: Collection[str]) -> Iterator[bool]:
    """Say of each amount of these fields that it stands there."""
    for field in record._meta.concrete_fields:
        if field.name in names and isinstance(field, MoneyField):
            yield getattr(record, field.name) is not None


def apply(
    record: Record,
    changes: Mapping[str, Any],
    *,
    by: User | None = None,
    is_carried: bool = False,
) -> dict[str, list[Any]]:
    """Set attributes and return what really changed: field → [old, new].

    `custom` holds only the keys that change, and None or "" for what is taken away; each is told
    as `custom.<key>`. `tags` are the names of all tags; they are written at once, so the caller
    saves what has changed. Raises `Unacceptable` for values that do not fit their definitions,
    which are those that `by` has loaded, and for fields that the roles of `by` keep from them; not
    for what `is_carried` from one record to another, whoever may see it.
    """
    changed: dict[str, list[Any]] = {}
    for name, value in changes.items():
        if name == "custom":
            kind = custom.kind_of(record)
            record.custom, told = custom.changed_by(kind, record.custom, value, by=by)
            changed |= told
            continue
        if name == "tags" and by is not None:
            changed |= retag(record, value, by=by)  # type: ignore[arg-type]
            continue
        old = getattr(record, name)
        if old != value:
            setattr(record, name, value)
            changed[name] = [old, value]
    if not is_carried:
        kind = custom.kind_of(record)
        require_fields(by, kind, changed)
        if "currency" in changed and any(_amounts_in(record, fixed_fields(by, kind))):
            sentence = _("It is the currency of an amount that your role does not let you change.")
            raise Unacceptable(errors={"currency": [sentence]})
    return changed


def refuse_gaps(record: Record, changed: Iterable[str], *, by: User) -> None:
    """Refuse a change that leaves a field empty that is asked for then, by a condition of the form.

    Raises `Unacceptable` naming each. `record`, which `locked` returned, has the change already; it
    knows whether there are conditions, so that nothing is asked where there are none.
    """
    if not getattr(record, "has_form_conditions", True):
        return
    if errors := gaps_after(record, changed, by=by):
        raise Unacceptable(errors=errors)


@operation
def update_record(record: R, *, by: User, version: int | None = None, **changes: Any) -> R:
    """Change fields of a record. Changing nothing writes nothing.

    Raises `Stale` with the values that stand when `version` is given and no longer the current one.
    """
    current = locked(record, by=by, action="change", version=version)
    changed = apply(current, changes, by=by)
    if changed:
        refuse_gaps(current, changed, by=by)
        save_changed(current, by=by)
        audit.log(current, f"{current._meta.model_name}.changed", by=by, changes=changed)
    return current


@operation
def assign(record: R, *, by: User, owner: User | None, version: int | None = None) -> R:
    """Give a record to another owner, who is told; or to nobody. Giving it to its owner changes
    nothing.

    Raises `Stale` when `version` is given and no longer the current one.
    """
    current = locked(record, by=by, action="assign", version=version)
    if owner is not None and not owner.is_active:
        raise Unacceptable(errors={"owner": [_("%(owner)s is not active.") % {"owner": owner}]})
    changed = apply(current, {"owner": owner})
    if changed:
        save_changed(current, by=by)
        tell_owner(current, by=by)
        audit.log(current, f"{current._meta.model_name}.assigned", by=by, changes=changed)
    return current


@operation
def delete_record(record: R, *, by: User, version: int | None = None) -> R:
    """Put a record into the recycle bin. Deleting what is there already changes nothing."""
    current = _locked_row(record)
    require(by, "delete", current)
    if current.is_in_bin:
        return current
    if version is not None and version != current.version:
        raise Stale(stale_sentence(current, version), version=current.version)
    current.deleted_at = timezone.now()
    current.deleted_by = by
    save_changed(current, by=by)
    audit.log(current, f"{current._meta.model_name}.deleted", by=by)
    return current


@operation
def restore_record(record: R, *, by: User) -> R:
    """Take a record out of the recycle bin. Restoring what is not there changes nothing.

    Raises `IsMerged` for what is part of another record: undoing the merge brings it back.
    """
    current = _locked_row(record)
    require(by, "delete", current)
    if not current.is_in_bin:
        return current
    refuse_merged(current, by=by)
    current.deleted_at = current.deleted_by = None
    save_changed(current, by=by)
    audit.log(current, f"{current._meta.model_name}.restored", by=by)
    return current


def once(
    key: str, *, by: User, request: Any, work: Callable[[], tuple[int, Any]]
) -> tuple[int, Any, bool]:
    """Do `work` once per user and key; asked again, give the first answer.

    `request` is whatever makes two requests the same one; the answer is saved in the transaction of
    the effect, so that there is never one without the other. Returns status, body and whether the
    answer is a repeated one. Raises `KeyReused` when the same key comes with another request.
    """
    fingerprint = hashlib.sha256(
        json.dumps(request, sort_keys=True, default=str).encode()
    ).hexdigest()

    def answer() -> tuple[int, Any, bool]:
        IdempotencyKey.objects.bulk_create(
            [IdempotencyKey(user=by, key=key, fingerprint=fingerprint)], ignore_conflicts=True
        )
        row = IdempotencyKey.objects.select_for_update().get(user=by, key=key)
        if row.fingerprint != fingerprint:
            raise KeyReused(_("This idempotency key was used for another request. Use a new one."))
        if row.status is not None:
            return row.status, row.body, True
        row.status, row.body = work()
        row.save(update_fields=["status", "body"])
        return row.status, row.body, False

    return run_atomically(answer)


@operation
def forget_answers(now: datetime | None = None) -> int:
    """Forget answers that were given more than 7 days ago; return how many."""
    before = (now or timezone.now()) - ANSWERS_KEPT_FOR
    count, _by_kind = IdempotencyKey.objects.filter(at__lt=before).delete()
    return count


# Settings: the lists and tables that an administrator shapes


@operation
def save_setting(setting: S, *, by: User, standing: S | None = None) -> S:
    """Save a line of the configuration as it is in hand. Saving what stands writes nothing.

    A caller who has moved the line aside in the meantime says how it was `standing` before.
    A line that has a `version` gets the next one. Raises `NotPermitted` unless `by` may do this to
    all lines, `Stale` when it is in hand at an older version than stands, `Unacceptable` for what
    cannot be stored.
    """
    model = type(setting)
    if standing is None and setting.pk:
        rows = model._base_manager.select_for_update(of=("self",))
        standing = rows.filter(pk=setting.pk).first()
    is_new = standing is None
    require_for_all(by, "add" if is_new else "change", model)
    if standing is not None:
        refuse_stale(standing, getattr(setting, "version", None))
    acceptable(setting)
    code = getattr(setting, "currency", None)
    if code and code not in {default_currency(), getattr(standing, "currency", None)}:
        known_currency(code)
    before, after = ({} if standing is None else _shown(standing)), _shown(setting)
    changed = {name: [before.get(name), new] for name, new in after.items() if name != "version"}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if changed:
        if standing is not None and "version" in before:
            setting.version = standing.version + 1  # type: ignore[attr-defined]
        setting.save()
        audit.log(
            setting,
            f"{model._meta.model_name}.{'created' if is_new else 'changed'}",
            by=by,
            changes=changed,
        )
    return setting


@operation
def note_parts(setting: Any, *, by: User, **changes: Any) -> None:
    """Give a line of the configuration its next version because lines that belong to it changed.

    `changes` has, by the name of the relation, what they were before and what they are now.
    """
    rows = type(setting)._base_manager.filter(pk=setting.pk)
    rows.update(version=F("version") + 1)
    setting.version = rows.values_list("version", flat=True).get()
    audit.log(setting, f"{setting._meta.model_name}.changed", by=by, changes=changes)


def refuse_stale(standing: Any, version: int | None) -> None:
    """Raise `Stale` unless a line of the configuration, held, is at the `version` that was read.

    Each version has left one line in the trail: they tell who it was, and what was there before.
    """
    if version is None or version == standing.version:
        return
    since = audit.latest(standing, min(max(standing.version - version, 1), MOST_VERSIONS))
    read: dict[str, Any] = {}
    for line in since:
        read |= {name: pair[0] for name, pair in line.changes.items()}
    by = str(since[0].actor) if since else ""
    raise Stale(
        _("%(by)s has changed %(setting)s in the meantime. Look at it again.")
        % {"by": by or _("Somebody"), "setting": standing},
        version=standing.version,
        read=read,
        by=by,
        at=since[0].at if since else None,
    )


@operation
def delete_setting(
    setting: models.Model, *, by: User, parts: Sequence[str] = (), version: int | None = None
) -> None:
    """Delete a line of the configuration to which nothing refers, with its `parts`.

    Parts are named by the relation that holds them. Raises `IsInUse`, saying by how many of what,
    and `Stale` where it has a version and stands at another one than that.
    """
    model = type(setting)
    require_for_all(by, "delete", model)
    current = row_of(setting, model._base_manager.select_for_update(of=("self",)))
    refuse_stale(current, version)
    if uses := uses_of(current, parts=parts):
        raise IsInUse(
            _("%(setting)s is used by %(uses)s, so it cannot be deleted.")
            % {
                "setting": current,
                "uses": ", ".join(f"{formats.count(count)} {name}" for name, count in uses.items()),
            },
            uses=uses,
        )
    audit.log(current, f"{model._meta.model_name}.deleted", by=by, changes={})
    for part in parts:
        getattr(current, part).all().delete()
    current.delete()


def uses_of(setting: models.Model, *, parts: Sequence[str] = ()) -> dict[str, int]:
    """Return how many of which kind refer to a line of the configuration; no more are counted than
    `MOST_USES`. What refers to one of its `parts` counts too.
    """
    uses: dict[str, int] = {}
    for relation in type(setting)._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        model = relation.related_model
        if not issubclass(model, models.Model) or hasattr(model, "instance_type"):
            continue  # the history remembers whatever there was
        if hasattr(model, "is_derived"):
            continue  # what only counts records is there because of them
        rows = model._base_manager.filter(**{relation.field.name: setting})
        if relation.get_accessor_name() in parts:
            for part in rows:
                for name, count in uses_of(part).items():
                    uses[name] = uses.get(name, 0) + count
        elif count := rows[:MOST_USES].count():
            name = _name_of(relation)
            uses[name] = uses.get(name, 0) + count
    if isinstance(setting, Currency):
        uses |= _uses_of_code(setting.pk)
    return uses


def _name_of(relation: models.ManyToOneRel) -> str:
    """Return what refers: for the table between two kinds, the kind at the other end."""
    model: Any = relation.related_model
    if model._meta.auto_created:
        return str(model._meta.auto_created._meta.verbose_name_plural)
    return str(model._meta.verbose_name_plural)


def _uses_of_code(code: str) -> dict[str, int]:
    """Return which records carry this currency; the installation's own is always in use."""
    uses: dict[str, int] = {}
    if code == default_currency():
        uses[str(_("the installation itself"))] = 1
    for model in apps.get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if "currency" not in names or hasattr(model, "instance_type"):
            continue
        if count := model._base_manager.filter(currency=code)[:MOST_USES].count():
            uses[str(model._meta.verbose_name_plural)] = count
    return uses


def _shown(setting: models.Model) -> dict[str, Any]:
    """Return the columns of a setting, those of relations as people know them.

    What its model names in `UNTOLD` is a secret, and stands in no trail.
    """
    left_out = {"id", *getattr(setting, "UNTOLD", ())}
    return {
        field.name: audit.plain(getattr(setting, field.name))
        for field in setting._meta.concrete_fields
        if field.name not in left_out
    }


def require_for_all(by: User, action: str, model: type[models.Model]) -> None:
    """Raise `NotPermitted` unless `by` may do `action` to every line of this kind."""
    if scope_of(by, action, model) != Grant.Scope.ALL:
        raise NotPermitted(
            _("You may not %(action)s %(things)s.")
            % {"action": action, "things": model._meta.verbose_name_plural}
        )
