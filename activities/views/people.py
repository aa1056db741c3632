"""Colleagues, as one begins to write their names behind an @."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic.base import View

from activities import operations
from activities.views.entry import record_named
from records.keys import search_key
from workbench.forms import colleagues

PROPOSED = 8
LONGEST = 60


class People(View):
    """Active people whose name or email has words that begin like `?q=`, as options.

    With `?on=lead:7` each is said not to see the record, if that is so.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").replace("\x00", "")[:LONGEST]
        people = list(self.found(text).exclude(pk=request.user.pk)[:PROPOSED])
        names = [person.name for person in people]
        blind = self.blind(request, people)
        options = [
            {
                "pk": person.pk,
                "name": str(person),
                "email": person.email,
                # Two of one name are told apart by the email.
                "insert": f"@{person.name}"
                if person.name and names.count(person.name) == 1
                else f"@{person.email}",
                "blind": blind.get(person.pk, ""),
            }
            for person in people
        ]
        return render(request, "components/people.html", {"people": options})

    def found(self, text: str) -> Any:
        rows = colleagues()
        for word in search_key(text).split()[:4]:
            begins = Q(name__istartswith=word) | Q(name__icontains=f" {word}")
            rows = rows.filter(begins | Q(email__istartswith=word))
        return rows

    def blind(self, request: HttpRequest, people: list[Any]) -> dict[int, str]:
        """Return by number a sentence for each who does not see the record."""
        try:
            record = record_named(request.GET.get("on", ""), request.user)
        except Http404:
            return {}
        kind = record._meta.verbose_name
        return {
            person.pk: _("%(person)s cannot see this %(kind)s") % {"person": person, "kind": kind}
            for person in operations.who_cannot_see(record, people)
        }
