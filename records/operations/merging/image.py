"""How the rows that a merge touches were before it, and how it leaves them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from records import audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db import models

    from records.models import Merge


@dataclass
class Image:
    """How the rows that a merge touched were before, and how it left them.

    changed  model → number of the row → column → [before, after]; custom values as `custom.<key>`
    removed  rows that would have stood twice, with all their columns: [model, {column: value}]
    added    model → numbers of the rows that are new
    quiet    models whose rows follow from others: that they have changed since is no loss
    """

    changed: dict[str, dict[str, dict[str, list[Any]]]] = field(default_factory=dict)
    removed: list[list[Any]] = field(default_factory=list)
    added: dict[str, list[int]] = field(default_factory=dict)
    quiet: list[str] = field(default_factory=list)

    def change(self, row: models.Model, column: str, old: Any, new: Any) -> None:
        """Note that a column of a row goes from `old` to `new`; the first `old` counts."""
        columns = self.changed.setdefault(row._meta.label, {}).setdefault(str(row.pk), {})
        first = columns[column][0] if column in columns else audit.plain(old)
        columns[column] = [first, audit.plain(new)]

    def remove(self, row: models.Model) -> None:
        """Note that a row goes, with all that it says."""
        values = {f.attname: audit.plain(getattr(row, f.attname)) for f in columns_of(type(row))}
        self.removed.append([row._meta.label, values])

    def add(self, model: type[models.Model], pks: Iterable[int]) -> None:
        """Note rows that were not there before."""
        self.added.setdefault(model._meta.label, []).extend(pks)

    def touched(self, model: type[models.Model]) -> set[int]:
        """Return the numbers of the rows of this kind that were changed."""
        return {int(pk) for pk in self.changed.get(model._meta.label, ())}

    def as_data(self) -> dict[str, Any]:
        """Return the image as it is kept with the merge."""
        return asdict(self)


def columns_of(model: type[models.Model]) -> Sequence[Any]:
    """Return what a row of this kind consists of."""
    return model._meta.concrete_fields


def image_of(merge: Merge) -> Image:
    """Return what was kept of the rows."""
    return Image(**merge.image)
