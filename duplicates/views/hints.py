"""What looks like the record that somebody is typing, while they type and without scripts."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView

from accounts.views import AccountCreate, AccountEdit, ContactCreate, ContactEdit
from duplicates.queries import KINDS, meta_of
from leads.matching import hints_for
from leads.views import LeadCreate, LeadEdit
from records.keys import text_problem
from records.permissions import may, reaches
from workbench.views.record import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leads.matching import Hint

LONGEST = 300  # characters of a value that is compared
# What a lookup field puts behind a name.
_NUMBER = re.compile(r"\s*\(#\d+\)$")


class Hints(Page, TemplateView):
    """What looks like `?kind=contact&last_name=…`; with `&id=`, like that record as it is typed.

    Who may neither add nor change such a record learns nothing.
    """

    template_name = "duplicates/hints_page.html"
    title = gettext_lazy("Look for duplicates")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.model = KINDS.get(request.GET.get("kind", "lead"), KINDS["lead"])

    def get_template_names(self) -> list[str]:
        is_part = bool(self.request.htmx)  # type: ignore[attr-defined]
        return ["duplicates/hints.html" if is_part else self.template_name]

    @cached_property
    def number(self) -> int | None:
        """The number of the record that is being changed, if there is one."""
        text = self.request.GET.get("id", "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise Http404
        rows: Any = self.model._default_manager
        record = get_object_or_404(
            rows.permitted(self.user, "view").select_related("owner"), pk=int(text)
        )
        if not reaches(self.user, "change", record):
            raise PermissionDenied
        return int(record.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        number = self.number
        if number is None and not may(self.user, "add", self.model):
            raise PermissionDenied
        found = hints_for(self.kind, typed(self.request.GET), by=self.user, number=number)
        return super().get_context_data(hints=hints_in_words(found), **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Leave what stands there as it is, and unread a second time, when nothing has changed."""
        if self.request.htmx and self.request.GET.get("seen") == context["hints"]["seen"]:  # type: ignore[attr-defined]
            return HttpResponse(status=204)
        return super().render_to_response(context, **kwargs)


class Looking:
    """A form that is sent to look for duplicates: it comes back as typed, and nothing is saved."""

    request: HttpRequest
    user: Any
    kind: str

    def form_url(self) -> str:
        """Return where the form is saved."""
        number = self.kwargs.get("pk")  # type: ignore[attr-defined]
        if number is None:
            return reverse(f"{self.namespace}:create")  # type: ignore[attr-defined]
        return reverse(f"{self.namespace}:edit", kwargs={"pk": number})  # type: ignore[attr-defined]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.go(self.form_url())  # type: ignore[attr-defined,no-any-return]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.closed_because():  # type: ignore[attr-defined]
            return self.go(self.form_url())  # type: ignore[attr-defined,no-any-return]
        form = self.get_form()  # type: ignore[attr-defined]
        form.is_draft = True
        number = self.kwargs.get("pk")  # type: ignore[attr-defined]
        found = hints_for(self.kind, typed(request.POST), by=self.user, number=number)
        context = self.get_context_data(form=form, hints=hints_in_words(found))  # type: ignore[attr-defined]
        return self.render_to_response(context)  # type: ignore[attr-defined,no-any-return]


class LeadLook(Looking, LeadCreate):
    """Look for duplicates of a lead that is being added."""


class LeadEditLook(Looking, LeadEdit):
    """Look for duplicates of a lead that is being changed."""


class AccountLook(Looking, AccountCreate):
    """Look for duplicates of a company that is being added."""


class AccountEditLook(Looking, AccountEdit):
    """Look for duplicates of a company that is being changed."""


class ContactLook(Looking, ContactCreate):
    """Look for duplicates of a person who is being added."""


class ContactEditLook(Looking, ContactEdit):
    """Look for duplicates of a person who is being changed."""


def typed(sent: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed, as far as it can be text of a record."""
    words = {name: _NUMBER.sub("", str(text).strip())[:LONGEST] for name, text in sent.items()}
    return {name: text for name, text in words.items() if text and not text_problem(text)}


def hints_in_words(found: Sequence[Hint]) -> dict[str, Any]:
    """Return hints as `duplicates/hints.html` shows them."""
    seen = [hint for hint in found if hint.record is not None]
    told = [(h.kind, h.score, h.record.pk if h.record else str(h.owner)) for h in found]
    return {
        "seen": hashlib.sha256(repr(told).encode()).hexdigest()[:16],
        "title": _summary(seen),
        "rows": [
            {
                "kind": hint.kind,
                "kind_name": KINDS[hint.kind]._meta.verbose_name,
                "name": str(hint.record),
                "meta": meta_of(hint.record),
                "url": hint.record.get_absolute_url(),
                "score": hint.score,
                "reasons": [
                    {"label": reason.text, "state": "agrees" if reason.agrees else "differs"}
                    for reason in hint.reasons
                ],
            }
            for hint in seen
        ],
        "hidden": [_hidden(hint) for hint in found if hint.record is None],
    }


def _summary(seen: Sequence[Hint]) -> str:
    """Say how many records look like what is typed, like "2 leads and 1 account look like this"."""
    counts = {kind: sum(hint.kind == kind for hint in seen) for kind in KINDS}
    words = {
        "lead": ngettext("%(n)d lead", "%(n)d leads", counts["lead"]),
        "contact": ngettext("%(n)d contact", "%(n)d contacts", counts["contact"]),
        "account": ngettext("%(n)d account", "%(n)d accounts", counts["account"]),
    }
    parts = [text % {"n": counts[kind]} for kind, text in words.items() if counts[kind]]
    if not parts:
        return ""
    told = ngettext("%(what)s looks like this", "%(what)s look like this", len(seen))
    return told % {"what": get_text_list(parts, _("and"))}


def _hidden(hint: Hint) -> str:
    """Say of what may not be seen that it is there, and who can help."""
    words = {
        "lead": _("A lead that you cannot open looks like this. Ask %(owner)s."),
        "contact": _("A contact that you cannot open looks like this. Ask %(owner)s."),
        "account": _("An account that you cannot open looks like this. Ask %(owner)s."),
    }
    return words[hint.kind] % {"owner": hint.owner or _("your manager")}
