"""Tags that are proposed while somebody types one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import View

from records.keys import tag_key
from records.models import Tag

PROPOSED = 10
LONGEST = 200


class TagOptions(View):
    """The tags whose name has what is typed, `?q=`, those that begin with it first.

    Offered are those of records that the user may see: the word that others have put on theirs is
    theirs to read.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        text = tag_key(request.GET.get("q", "")[:LONGEST])
        rows: Any = Tag.objects.filter(name_key__contains=text).seen_by(request.user)
        first = list(rows.filter(name_key__startswith=text).order_by("name_key")[:PROPOSED])
        others = rows.exclude(name_key__startswith=text).order_by("name_key")
        found = [*first, *others[: PROPOSED - len(first)]] if text else first
        return render(request, "components/tag_options.html", {"tags": [str(tag) for tag in found]})
