"""What a field proposes while one types the name of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import View

from records.keys import search_key
from records.models import Record
from workbench.forms import label_of

if TYPE_CHECKING:
    from django.db.models import Model

PROPOSED = 10


class LookupView(View):
    """Records of any kind whose name begins to be typed, as options of a text field."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        model = record_kinds().get(kind)
        if model is None:
            raise Http404
        text = request.GET.get(request.GET.get("field", ""), "") or request.GET.get("q", "")
        rows: list[Model] = []
        if search_key(text[:200]):
            found = model.objects.permitted(request.user, "view").matching(text[:200])  # type: ignore[attr-defined]
            latest = "touched_at" if hasattr(model, "touched_at") else "changed_at"
            rows = list(found.order_by(f"-{latest}", "-pk")[:PROPOSED])
        options = [label_of(row) for row in rows]
        return render(request, "components/options.html", {"options": options})


def record_kinds() -> dict[str, type[Record]]:
    """Return every kind of record by its name, like `lead`."""
    return {
        str(model._meta.model_name): model
        for model in apps.get_models()
        if issubclass(model, Record) and not str(model._meta.model_name).startswith("historical")
    }
