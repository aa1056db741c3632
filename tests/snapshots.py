"""All rows of the business, to compare before with after."""

from __future__ import annotations

from django.apps import apps

# What moves on whatever happens: versions, who changed last, how often it was qualified.
MOVES_ON = frozenset({"version", "changed_at", "changed_by", "cycles"})
ROOMS = frozenset({"intake", "leads", "accounts", "opportunities", "activities", "records"})
# Trails of what was done; rows that are only there to be held on to; and words that were written
# once, by which searches forgive slips.
TRAILS = frozenset(
    "AuditEntry Qualification QualifiedOpportunity IdentityLock Merge Notice SearchWord".split()
)


def rows(*, with_trails: bool = False) -> dict[str, list[str]]:
    """Return every row of the business as text, by table.

    Without trails: what people see of a record. With trails: every column of every row,
    but the rows that are only held on to, which say nothing.
    """
    tables = {}
    for model in apps.get_models():
        name = model.__name__
        if model._meta.app_label not in ROOMS or name == "IdentityLock":
            continue
        if not with_trails and (name in TRAILS or name.startswith("Historical")):
            continue
        left_out = set() if with_trails else set(MOVES_ON)
        if name == "IdentityClaim" and not with_trails:
            left_out.add("id")  # a claim is made anew; only what it says counts
        columns = [f.attname for f in model._meta.concrete_fields if f.name not in left_out]
        tables[name] = sorted(map(as_text, model._base_manager.values_list(*columns)))
    return tables


def as_text(row: tuple[object, ...]) -> str:
    """Return a row as text: PostgreSQL hands out bytes as a view, which shows where it lies."""
    return str(tuple(bytes(v) if isinstance(v, memoryview) else v for v in row))
