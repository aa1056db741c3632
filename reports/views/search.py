"""The search over records of all kinds."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.views import generic

from records.keys import text_problem
from reports import queries
from reports.views.viewer import person

LONGEST_SEARCH = 200


class Search(generic.TemplateView):
    """Records of all kinds that have the words that are looked for."""

    template_name = "reports/search.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").strip()
        if text_problem(text):
            raise SuspiciousOperation(
                "The words to look for cannot be stored, so nothing has them."
            )
        text = text[:LONGEST_SEARCH]
        found = queries.find(text, by=person(self.request))
        return super().get_context_data(
            text=text,
            query=text,
            is_asked=bool(found),
            found=[part for part in found if part.records],
            count=sum(len(part.records) for part in found),
            has_more=any(part.has_more for part in found),
            **kwargs,
        )
