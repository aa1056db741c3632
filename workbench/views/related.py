"""The first records of a list, as a card on the record of another room.

The other room knows only the name of the address: `GET /opportunities/?account=7` from an element
whose id begins with `related-`, or with `related-narrow-` where there is room for two columns. The
permission and the columns are those of the list itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from workbench.views.bin import BinListView
from workbench.views.counting import count_text
from workbench.views.kept import LIST, LONGEST_TRAIL

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from workbench.tables import RecordTable

SHOWN = 5
TARGET = "related-"
NARROW, NARROW_COLUMNS = f"{TARGET}narrow-", 2


class RelatedListView(BinListView):
    """A list whose beginning can be shown as a card; `RecordTable.related` names its columns."""

    @property
    def is_card(self) -> bool:
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx and (htmx.target or "").startswith(TARGET))

    def get_template_names(self) -> list[str]:
        return ["workbench/related.html"] if self.is_card else super().get_template_names()

    def trail(self) -> str:
        told = urlencode({LIST: self.link()[1:]})
        return f"?{told}" if len(told) <= LONGEST_TRAIL and not self.is_bin else ""

    @property
    def size(self) -> int:
        return SHOWN if self.is_card else super().size

    def counts(self, rows: QuerySet[Any, Any]) -> dict[str, Any]:
        return self.only_count(rows) if self.is_card else super().counts(rows)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if self.is_card:
            target = self.request.htmx.target  # type: ignore[attr-defined]
            context |= card_of(
                context["table"],
                total=context["page"]["total"],
                most=NARROW_COLUMNS if target.startswith(NARROW) else None,
            )
            context["all_url"] = f"{self.request.path}{self.link()}"
            context["target"] = target
            # On the page of an account the other kinds have tabs, which show the count too.
            context["has_tab"] = target == f"{TARGET}{self.namespace}" and self.kind != "account"
        return context


def card_of(table: RecordTable, *, total: int, most: int | None = None) -> dict[str, Any]:
    """Return what a card shows of a table: headings and rows of its `related` columns."""
    columns = [(column.name, column.column) for column in table.columns]
    names = (table.related or tuple(name for name, _column in columns))[:most]
    places = [place for place, (name, _column) in enumerate(columns) if name in names]
    rows = [
        {"url": row["url"], "cells": [row["cells"][place] for place in places]}
        for row in table.cells
    ]
    heads = [
        {"label": column.verbose_name, "css": column.attrs.get("th", {}).get("class", "")}
        for name, column in columns
        if name in names
    ]
    return {
        "heads": heads,
        "rows": rows,
        "total": count_text(total),
        "has_more": total > len(rows),
    }
