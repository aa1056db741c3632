"""What all pages about one import have in common."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from imports.models import Import
from imports.queries import kinds_for
from workbench.views.record import Page

STEPS = ("upload", "columns", "check", "import")


def steps_at(current: str, *, is_over: bool = False) -> list[dict[str, Any]]:
    """Return the four steps of an import, as far as it is."""
    labels = (_("Upload"), _("Match columns"), _("Check"), _("Import"))
    here = STEPS.index(current)
    found = []
    for number, label in enumerate(labels):
        state = "done" if number < here or is_over else "current" if number == here else "next"
        found.append({"label": label, "number": number + 1, "state": state})
    return found


class ForImporters(Page):
    """A page for those who may take in files."""

    model = Import

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not kinds_for(self.user):
            raise PermissionDenied(_("You may not take in files."))
        return super().dispatch(request, *args, **kwargs)


class ImportPage(ForImporters):
    """A page about one import: one of somebody else does not exist."""

    @cached_property
    def imported(self) -> Import:
        rows = Import.objects.permitted(self.user).select_related("owner", "job")
        found: Import = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.imported  # noqa: B018  kept for the page
        return super().dispatch(request, *args, **kwargs)

    def page_title(self) -> str:
        return _("Import %(kind)s") % {"kind": self.imported.get_kind_display().lower()}
