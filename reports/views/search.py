"""The search over records of all kinds: a page of its own, and the palette over any page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import generic

from records.keys import text_problem
from reports import operations, queries
from reports.queries.search import KINDS, SEARCHED
from reports.views.told import actions_on, excerpt, line_of
from reports.views.viewer import person

if TYPE_CHECKING:
    from django.http import HttpRequest

    from users.models import User

LONGEST_SEARCH = 200
OF_ONE_KIND = 50  # records, when only one kind is asked for
NOTES = "notes"  # what stands for entries among the kinds
IN_PALETTE, NOTES_IN_PALETTE = 5, 3
OPENED = re.compile(r"(\w{1,20}):(\d{1,18})", re.ASCII)


def asked_text(request: HttpRequest) -> str:
    """Return what is looked for; refuse what no record can hold."""
    text = request.GET.get("q", "").strip()
    if text_problem(text):
        raise SuspiciousOperation("The words to look for cannot be stored, so nothing has them.")
    return text[:LONGEST_SEARCH]


class Search(generic.TemplateView):
    """Records of all kinds that have the words that are looked for, or those of one kind."""

    template_name = "reports/search.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text, viewer = asked_text(self.request), person(self.request)
        kind = self.request.GET.get("kind", "")
        answer = answer_for(text, kind, viewer)
        words = answer.asked.shown_words
        groups = [
            {
                "part": part,
                "lines": [line_of(each, viewer=viewer, words=words) for each in part.records],
            }
            for part in answer.parts
            if part.records
        ]
        return super().get_context_data(
            text=text,
            query=text,
            answer=answer,
            words=words,
            groups=groups,
            notes=told_notes(answer, viewer, len(answer.notes)),
            notes_url=f"?{urlencode({'q': text, 'kind': NOTES})}",
            kinds=kinds_to_choose(text, kind, answer),
            is_one_kind=kind in (*KINDS, NOTES),
            all_url=f"?{urlencode({'q': text})}",
            meant_url=f"?{urlencode({'q': answer.meant})}",
            **kwargs,
        )


def answer_for(text: str, kind: str, viewer: User) -> queries.Answer:
    """Ask for all kinds, or for more of one."""
    if kind == NOTES:
        return queries.find(text, by=viewer, kinds=(), limit=OF_ONE_KIND)
    if kind in KINDS:
        return queries.find(text, by=viewer, kinds=(kind,), limit=OF_ONE_KIND, with_notes=False)
    return queries.find(text, by=viewer)


def kinds_to_choose(text: str, kind: str, answer: queries.Answer) -> list[dict[str, Any]]:
    """Return the links to one kind each; how many it has is told where all were asked."""
    counts = {
        part.records[0]._meta.model_name: part.count_text for part in answer.parts if part.records
    }
    if answer.notes:
        counts[NOTES] = f"{len(answer.notes)}+" if answer.has_more_notes else len(answer.notes)
    is_all = kind not in (*KINDS, NOTES)
    named = {
        str(model._meta.model_name): capfirst(str(model._meta.verbose_name_plural))
        for model, _emails, _phones in SEARCHED
    } | {NOTES: _("Notes")}
    return [
        {"label": _("All"), "url": f"?{urlencode({'q': text})}", "is_current": is_all},
        *(
            {
                "label": f"{label} {counts[name]}" if is_all and name in counts else label,
                "url": f"?{urlencode({'q': text, 'kind': name})}",
                "is_current": name == kind,
            }
            for name, label in named.items()
        ),
    ]


def told_notes(answer: queries.Answer, viewer: User, most: int) -> list[dict[str, Any]]:
    """Return the entries that have the words, each with the record that shows it."""
    words = answer.asked.shown_words
    return [
        {
            "line": line_of(each.record, viewer=viewer),
            "entry": each.activity,
            "text": excerpt(f"{each.activity.subject} {each.activity.text}", words),
            "at": each.activity.done_at or each.activity.changed_at,
        }
        for each in answer.notes[:most]
    ]


class Palette(generic.TemplateView):
    """What the palette asks the server: records for what is typed, or what one may want anyway.

    The commands that every page offers stand in the page itself and work without this.
    """

    template_name = "reports/palette.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.htmx:  # type: ignore[attr-defined]
            # Who comes here without it wants the page that answers the same.
            return HttpResponseRedirect(
                f"{reverse('search')}?{urlencode({'q': asked_text(request)})}"
            )
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text, viewer = asked_text(self.request), person(self.request)
        answer = queries.find(text, by=viewer, limit=IN_PALETTE)
        if not answer.is_asked:
            found = self.before_typing(viewer)
        else:
            found = self.found(answer, viewer)
        return super().get_context_data(**found, **kwargs)

    def found(self, answer: queries.Answer, viewer: User) -> dict[str, Any]:
        words = answer.asked.shown_words
        best = answer.best(IN_PALETTE, first=self.request.GET.get("scope", ""))
        return {
            "words": words,
            "hits": [
                {
                    "line": line_of(record, viewer=viewer, words=words),
                    "actions": actions_on(record, viewer=viewer),
                }
                for record in best
            ],
            "notes": told_notes(answer, viewer, NOTES_IN_PALETTE),
            "lists": [
                {
                    "url": part.url,
                    "label": ALL_OF[part.kind] % {"text": answer.asked.text},
                    "count": part.count_text,
                }
                for part in answer.parts
                if part.records and part.url
            ],
            "search_url": f"{reverse('search')}?{urlencode({'q': answer.asked.text})}"
            if answer.count
            else "",
        }

    def before_typing(self, viewer: User) -> dict[str, Any]:
        return {
            "tasks": queries.next_tasks(viewer, IN_PALETTE),
            "recent": [line_of(each, viewer=viewer) for each in queries.recent_of(viewer)],
        }


ALL_OF = {
    "leads": gettext_lazy("All leads with “%(text)s”"),
    "accounts": gettext_lazy("All accounts with “%(text)s”"),
    "contacts": gettext_lazy("All contacts with “%(text)s”"),
    "opportunities": gettext_lazy("All opportunities with “%(text)s”"),
}


class Opened(generic.View):
    """Note which records somebody has opened since the palette was last asked."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        opened = []
        for text in request.POST.getlist("opened")[: operations.MOST_RECENT]:
            named = OPENED.fullmatch(text)
            if named and named[1] in KINDS:
                opened.append((named[1], int(named[2])))
        operations.remember(opened, by=person(request))
        return HttpResponse(status=204)
