"""Files for the tests of imports, and a walk with one through all steps."""

from __future__ import annotations

import io
from typing import Any

from imports.jobs import check, run
from imports.models import Import
from imports.operations import remap, upload
from users.models import User

LEADS = (
    "First Name,Surname,E-mail,Firma,Topic\n"
    "Elena,Marchetti,e.marchetti@ferrovia.example,Ferrovia Logistica,Sorting\n"
    "Oskar,Nyström,o.nystrom@bergslagen.example,Bergslagen Steel,Scales\n"
)


def sent(
    text: str | bytes, *, by: User, kind: str = "lead", name: str = "", **reading: Any
) -> Import:
    """Return the draft of a file."""
    content = text if isinstance(text, bytes) else text.encode()
    return upload(
        by=by, kind=kind, name=name or f"{kind}s.csv", content=io.BytesIO(content), **reading
    )


def checked(
    text: str | bytes, *, by: User, mapping: dict[str, Any] | None = None, **more: Any
) -> Import:
    """Return a file whose rows were judged; `mapping` says what goes before the guess."""
    draft = sent(text, by=by, **more)
    if mapping:
        columns = {**draft.mapping["columns"], **mapping.get("columns", {})}
        draft = remap(draft, by=by, mapping={**draft.mapping, **mapping, "columns": columns})
    return check(draft, by=by)


def imported(text: str | bytes, *, by: User, **more: Any) -> Import:
    """Return a file whose rows have come in."""
    return run(checked(text, by=by, **more), by=by)


def verdicts(done: Import) -> list[tuple[int, str]]:
    return list(done.rows.in_order().values_list("line", "verdict"))
