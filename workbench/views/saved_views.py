"""The pages of saved views: keep one, rename and share it, pin it, begin with it, delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.errors import Refused
from workbench.forms import PageForm
from workbench.forms.saved_views import SavedViewForm
from workbench.models import SavedView
from workbench.operations import saved_views
from workbench.views.kept import FROM, NOT_KEPT, VIEW, kept
from workbench.views.lookup import record_kinds
from workbench.views.record import FormPage, Page
from workbench.views.setting import SettingForm

if TYPE_CHECKING:
    from collections.abc import Container

    from records.errors import Stale
    from records.models import Record
    from workbench.querysets import SavedViewQuerySet


class AboutView(Page):
    """A page about a view of somebody's lists: one that is not shown to the user does not exist."""

    action: ClassVar[str] = "view"
    leaving: ClassVar[Container[str]] = NOT_KEPT  # what is not kept of an address

    def views(self, action: str = "view") -> SavedViewQuerySet:
        """Return the views that these pages are about."""
        return SavedView.objects.permitted(self.user, action).filter(kind__in=record_kinds())

    @cached_property
    def view(self) -> SavedView:
        view: SavedView = get_object_or_404(
            self.views().select_related("owner"), pk=self.kwargs["pk"]
        )
        if not self.views(self.action).filter(pk=view.pk).exists():
            raise PermissionDenied(
                _("It belongs to %(owner)s. Save one of your own.") % {"owner": view.owner}
            )
        return view

    @cached_property
    def model(self) -> type[Record]:
        return kind_named(self.view.kind)

    def list_with(self, view: SavedView | None, query: str = "") -> str:
        """Return the address of the list that shows a view, or what `query` made of it."""
        data = QueryDict(query, mutable=True)
        if view is not None:
            data[FROM if query else VIEW] = str(view.pk)
        return f"{reverse(f'{self.namespace}:list')}?{data.urlencode()}".rstrip("?")


def kind_named(kind: str) -> type[Record]:
    model = record_kinds().get(kind)
    if model is None:
        raise Http404
    return model


class SavedViewCreate(AboutView, FormPage):
    """Keep what a list shows, its query string in `?query=`, under a name."""

    template_name = "workbench/saved_view.html"
    form_class = SavedViewForm
    title = gettext_lazy("Save view")
    submit_label = gettext_lazy("Save view")

    @cached_property
    def model(self) -> type[Record]:
        return kind_named(self.kwargs["kind"])

    @cached_property
    def query(self) -> str:
        return kept(QueryDict(self.request.GET.get("query", ""))).urlencode()

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "query": self.query}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.pop("kind", None)  # of the address; the page says it itself
        return super().get_context_data(**kwargs)

    def run(self, form: SavedViewForm) -> SavedView:
        said = form.cleaned_data
        query = kept(QueryDict(said["query"])).urlencode()
        return saved_views.save_view(
            self.kind, by=self.user, name=said["name"], audience=said["audience"], query=query
        )

    def success_message(self, outcome: SavedView) -> str:
        return _("The view %(view)s was saved") % {"view": outcome}

    def success_url_for(self, outcome: SavedView) -> str:
        return self.list_with(outcome)

    def cancel_url(self) -> str:
        return self.list_with(None, self.query)


class SavedViewEdit(AboutView, SettingForm):
    """Rename a view, or show it to others."""

    template_name = "workbench/saved_view.html"
    action = "change"
    form_class = SavedViewForm
    submit_label = gettext_lazy("Save view")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.view  # noqa: B018  looked for before anything is drawn
        return super().get(request, *args, **kwargs)

    def page_title(self) -> str:
        return _("Rename or share %(view)s") % {"view": self.view}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **self.standing(), "version": self.view.version}

    def standing(self) -> dict[str, Any]:
        return {"name": self.view.name, "audience": self.view.audience}

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        return {**self.standing(), **{n: v for n, v in refusal.read.items() if n != "query"}}

    def in_words(self, form: Any, name: str, value: Any) -> str:
        labels = {str(key): str(label) for key, label in SavedView.Audience.choices}
        return (
            labels.get(value, value) if name == "audience" else super().in_words(form, name, value)
        )

    def run(self, form: SavedViewForm) -> SavedView:
        settled = self.settled(form)
        return saved_views.update_view(
            self.view,
            by=self.user,
            version=form.cleaned_data["version"],
            name=settled["name"],
            audience=settled["audience"],
        )

    def success_message(self, outcome: SavedView) -> str:
        return _("The view %(view)s was saved") % {"view": outcome}

    def success_url_for(self, outcome: SavedView) -> str:
        return self.list_with(outcome)

    def cancel_url(self) -> str:
        return self.list_with(self.view)


class SavedViewDelete(AboutView, FormPage):
    """Ask, then forget a view."""

    template_name = "workbench/saved_view.html"
    action = "delete"
    form_class = PageForm
    submit_label = gettext_lazy("Delete view")

    def page_title(self) -> str:
        return _("Delete the view %(view)s") % {"view": self.view}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        told = _("The records stay as they are.")
        if self.view.audience != SavedView.Audience.PRIVATE:
            told = _("It goes for everybody whom it is shared with. The records stay as they are.")
        return super().get_context_data(explanation=told, is_dangerous=True, **kwargs)

    def run(self, form: PageForm) -> None:
        saved_views.delete_view(self.view, by=self.user)

    def success_message(self, outcome: None) -> str:
        return _("The view %(view)s was deleted") % {"view": self.view}

    def success_url_for(self, outcome: None) -> str:
        return self.list_with(None)

    def cancel_url(self) -> str:
        return self.list_with(self.view)


class SavedViewChange(AboutView):
    """Something that is done to a view by a button of its list; `query` is what the list shows."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = QueryDict(request.POST.get("query", ""))
        view, query = self.view, kept(asked, self.leaving).urlencode()
        try:
            said = self.change(query)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self.go(self.list_with(view, query))
        messages.success(request, said)
        return self.go(self.list_with(view, "" if self.takes_query else query))

    takes_query: ClassVar[bool] = False

    def change(self, query: str) -> str:
        raise NotImplementedError

    @property
    def is_on(self) -> bool:
        return self.request.POST.get("on") == "1"


class SavedViewSave(SavedViewChange):
    """Have a view show what the list shows now."""

    action = "change"
    takes_query = True

    @property
    def version(self) -> int | None:
        """The version that was read, if the form says it."""
        text = self.request.POST.get("version", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def change(self, query: str) -> str:
        saved_views.update_view(self.view, by=self.user, version=self.version, query=query)
        return _("The view %(view)s was saved") % {"view": self.view}


class SavedViewPin(SavedViewChange):
    """Put a view to the front of one's tabs, or take it from there."""

    def change(self, query: str) -> str:
        saved_views.pin_view(self.view, by=self.user, is_pinned=self.is_on)
        told = _("%(view)s was pinned") if self.is_on else _("%(view)s was unpinned")
        return told % {"view": self.view}


class SavedViewBegin(SavedViewChange):
    """Have the list begin with a view, or with what it began with before."""

    def change(self, query: str) -> str:
        saved_views.begin_with_view(self.view, by=self.user, is_default=self.is_on)
        told = (
            _("It begins with %(view)s from now on")
            if self.is_on
            else _("It no longer begins with %(view)s")
        )
        return told % {"view": self.view}
