"""What somebody is told: the page of it, and the panel of the bell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from records.models import Notice
from records.operations.notices import mark_all_read, mark_read, mark_unread, told_to
from users.models import NoticeKind, User
from workbench.views.jobs import page_in, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from records.operations.notices import Told

ROWS = 30
IN_PANEL = 8
KINDS: dict[str, Any] = {
    NoticeKind.ASSIGNED: gettext_lazy("Assigned"),
    NoticeKind.MENTIONED: gettext_lazy("Mentions"),
    NoticeKind.ANSWERED: gettext_lazy("Emails"),
    NoticeKind.TASK_DUE: gettext_lazy("Tasks"),
    NoticeKind.LEAD_REOPENED: gettext_lazy("Reopened"),
    NoticeKind.JOB_FINISHED: gettext_lazy("Jobs"),
}


def shown_to(user: User) -> QuerySet[Notice]:
    """Return what is told to `user` in the app: unread first, then the newest first."""
    is_read = Case(When(read_at=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = Notice.objects.filter(whom=user, is_shown=True)
    return rows.select_related("by", "record_type").order_by(is_read, "-at", "-pk")


class NoticePage(View):
    """A page about what whoever has signed in is told."""

    http_method_names = ["get", "head", "options"]

    @property
    def user(self) -> User:
        return self.request.user  # type: ignore[return-value]


class NoticeList(NoticePage, TemplateView):
    """Everything that one was told in the last 90 days, by kind, or the unread alone."""

    template_name = "workbench/notices.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        what = self.request.GET.get("what", "")
        what = what if what in KINDS or what == "unread" else ""
        rows = shown_to(self.user)
        if what == "unread":
            rows = rows.filter(read_at=None)
        elif what:
            rows = rows.filter(what=what)
        page = page_in(self.request)
        found: Sequence[Notice] = list(rows[(page - 1) * ROWS : page * ROWS + 1])
        labels = {"": _("All"), "unread": _("Unread"), **KINDS}
        tabs = [
            {
                "label": label,
                "url": f"?what={name}" if name else "?",
                "is_current": name == what,
                "count": self.user.unread_notices or None if name == "unread" else None,
            }
            for name, label in labels.items()
        ]
        return super().get_context_data(
            tabs=tabs,
            what=what,
            told=told_to(self.user, found[:ROWS]),
            until=max((notice.at for notice in found), default=None),
            has_unread=bool(self.user.unread_notices),
            **pages(page, len(found) > ROWS, f"?what={what}"),
            **kwargs,
        )


class NoticePanel(NoticePage):
    """The first of them, for the bell; without htmx the whole page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.htmx:  # type: ignore[attr-defined]
            return HttpResponseRedirect(reverse("notices:list"))
        return panel(request, self.user)


class NoticeBell(NoticePage):
    """How many are unread, asked for now and then by a page that is being looked at."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.htmx:  # type: ignore[attr-defined]
            return HttpResponseRedirect(reverse("notices:list"))
        context = {"unread": self.user.unread_notices}
        return render(request, "components/bell.html#state", context)


def panel(request: HttpRequest, user: User, unread: int | None = None) -> HttpResponse:
    """Return the panel, and with it the number on the bell where that has changed."""
    found = list(shown_to(user)[:IN_PANEL])
    context = {
        "told": told_to(user, found),
        "until": max((notice.at for notice in found), default=None),
        "unread": user.unread_notices if unread is None else unread,
        "has_changed": unread is not None,
    }
    return render(request, "components/bell_panel.html", context)


class NoticeChange(NoticePage):
    """Something that is done to a notice by a button."""

    http_method_names = ["post", "options"]

    def notice(self, pk: int) -> Notice:
        return get_object_or_404(Notice.objects.select_related("by", "record_type"), **self.own(pk))

    def own(self, pk: int) -> dict[str, Any]:
        return {"pk": pk, "whom": self.user}

    def back(self, changed: int) -> HttpResponse:
        if self.request.htmx:  # type: ignore[attr-defined]
            return panel(self.request, self.user, max(0, self.user.unread_notices + changed))
        return HttpResponseRedirect(reverse("notices:list"))


class NoticeOpen(NoticeChange):
    """Go to what a notice is about; it is read by that."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        notice = self.notice(pk)
        told: Told = told_to(self.user, [notice])[0]
        mark_read(self.user, [notice.pk])
        if not told.url:
            messages.info(request, told.sentence)
        return HttpResponseRedirect(told.url or reverse("notices:list"))


class NoticeMark(NoticeChange):
    """Mark one as read, or as unread by `unread`."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        notice = self.notice(pk)
        if "unread" in request.POST:
            return self.back(mark_unread(self.user, notice.pk))
        return self.back(-mark_read(self.user, [notice.pk]))


class NoticeReadAll(NoticeChange):
    """Mark all as read that came until the page was made."""

    def post(self, request: HttpRequest) -> HttpResponse:
        text = request.POST.get("until", "")[:40]
        try:
            until = parse_datetime(text)
        except ValueError:
            until = None
        count = mark_all_read(self.user, until=until if until and until.tzinfo else None)
        if not request.htmx:  # type: ignore[attr-defined]
            messages.success(request, _("All notifications are marked as read"))
        return self.back(-count)
