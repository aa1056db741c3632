"""Which value of each field stays when several records become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext as _

from records import custom
from records.errors import Unacceptable
from records.models import Record
from records.permissions import fixed_fields

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from users.models import User

R = TypeVar("R", bound=Record)

# Whose it is, is never filled in unasked.
NEVER_FILLED = frozenset({"owner"})
# Whether somebody agreed, nobody else can say: it stays as the survivor has it.
AS_IT_IS = frozenset({"consent"})
# Where one of them says no, it stays a no.
STRICTEST = frozenset({"do_not_contact", "do_not_automate"})


def fields_of(model: type[Record]) -> list[str]:
    """Return the fields of which a merge keeps one value, in the order in which they stand."""
    never = AS_IT_IS | STRICTEST
    return [
        f.name
        for f in model._meta.concrete_fields
        if f.editable and not f.primary_key and f.name not in never
    ]


def is_empty(value: Any) -> bool:
    return value in (None, "", {}, [])


def value_of(record: Record, name: str) -> Any:
    """Return the value of a field, or of a custom field by its name `custom.<key>`."""
    if name.startswith(custom.PREFIX):
        return record.custom.get(name.removeprefix(custom.PREFIX))
    return getattr(record, name)


def custom_names(records: Iterable[Record]) -> list[str]:
    """Return the custom fields in which any of `records` holds a value."""
    return list(dict.fromkeys(f"{custom.PREFIX}{key}" for each in records for key in each.custom))


def sources_of(
    survivor: R,
    losers: Sequence[R],
    values: Mapping[str, int],
    *,
    money: Collection[str] = (),
    others: Collection[str] = (),
    by: User | None = None,
) -> dict[str, R]:
    """Return which record each field is taken from.

    `values` says it for the fields that somebody chose. What they left out stays as the survivor
    has it, and is filled from the losers in their order where the survivor has nothing. Amounts
    (`money`) go along with their currency; `others` are columns that nobody chooses, and `by` does
    not choose what their roles keep from them. Raises `Unacceptable`.
    """
    by_id = {record.pk: record for record in (survivor, *losers)}
    names = [*fields_of(type(survivor)), *custom_names(by_id.values())]
    kept = fixed_fields(by, custom.kind_of(survivor))
    _refuse_unknown(values, [name for name in names if name not in kept], by_id)
    strictest = [name for name in STRICTEST if hasattr(survivor, name)]
    sources: dict[str, R] = {}
    for name in [*names, *strictest, *others]:
        filled = [r for r in (survivor, *losers) if not is_empty(value_of(r, name))]
        if name in values:
            sources[name] = by_id[values[name]]
        elif name in STRICTEST:
            sources[name] = next((r for r in filled if value_of(r, name)), survivor)
        elif name in NEVER_FILLED or not filled:
            sources[name] = survivor
        else:
            sources[name] = filled[0]
    if money:
        _agree_on_currency(survivor, losers, values, sources, money)
    return sources


def _refuse_unknown(
    values: Mapping[str, int], names: Collection[str], by_id: Mapping[int, Record]
) -> None:
    errors: dict[str, list[str]] = {}
    for name, pk in values.items():
        if name not in names:
            errors[f"values.{name}"] = [_("There is no such field to choose.")]
        elif pk not in by_id:
            errors[f"values.{name}"] = [_("Choose one of the records that are merged.")]
    if errors:
        raise Unacceptable(errors=errors)


def _agree_on_currency(
    survivor: R,
    losers: Sequence[R],
    values: Mapping[str, int],
    sources: dict[str, R],
    money: Collection[str],
) -> None:
    """Let amounts and their currency come from where they belong together."""
    if "currency" not in values:
        holding = [
            r for r in (survivor, *losers) if any(not is_empty(value_of(r, n)) for n in money)
        ]
        chosen = [sources[name] for name in money if name in values]
        sources["currency"] = next(iter([*chosen, *holding]), survivor)
    currency = value_of(sources["currency"], "currency")
    errors: dict[str, list[str]] = {}
    for name in money:
        source = sources[name]
        if is_empty(value_of(source, name)) or value_of(source, "currency") == currency:
            continue
        if source is survivor or name in values:
            errors[f"values.{name}"] = [
                _("This amount is in %(own)s. Choose the currency of the same record.")
                % {"own": value_of(source, "currency")}
            ]
        else:
            sources[name] = survivor
    if errors:
        raise Unacceptable(errors=errors)
