"""What is done to an import by a button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from imports.jobs import check, revert, run, why_not_revertible
from imports.operations import discard
from imports.views.base import ImportPage, steps_at
from records.errors import Busy, Refused
from workbench import jobs

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class ImportChange(ImportPage):
    """Something that is done to an import by a button; a refusal is told on its page."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            url = self.change()
        except Busy:
            raise
        except Refused as refusal:
            messages.error(request, " ".join(refusal.reasons))
            url = self.imported.get_absolute_url()
        return self.go(url)

    def change(self) -> str:
        raise NotImplementedError

    def version(self) -> int | None:
        text = self.request.POST.get("version", "")
        return int(text[:9]) if text.isascii() and text.isdigit() else None


class ImportCheck(ImportChange):
    """Have the rows judged."""

    def change(self) -> str:
        return check(self.imported, by=self.user, version=self.version()).get_absolute_url()


class ImportRun(ImportChange):
    """Have the rows become records."""

    def change(self) -> str:
        return run(self.imported, by=self.user, version=self.version()).get_absolute_url()


class ImportCancel(ImportChange):
    """End the job about the file between two steps."""

    def change(self) -> str:
        if self.imported.job is not None:
            jobs.cancel(self.imported.job, by=self.user)
        return self.imported.get_absolute_url()


class ImportResume(ImportChange):
    """Have a job that stopped go on where it was."""

    def change(self) -> str:
        if self.imported.job is not None:
            jobs.resume(self.imported.job, by=self.user)
        return self.imported.get_absolute_url()


class ImportDelete(ImportChange):
    """Throw a draft away."""

    def change(self) -> str:
        discard(self.imported, by=self.user)
        messages.success(self.request, _("%(file)s was discarded") % {"file": self.imported.name})
        return reverse("imports:list")


class ImportUndo(ImportPage, TemplateView):
    """Ask whether the whole import is to be taken back, then have it done."""

    template_name = "imports/undo.html"

    def page_title(self) -> str:
        return _("Undo the import of %(file)s") % {"file": self.imported}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            imported=self.imported,
            closed=why_not_revertible(self.imported),
            steps=steps_at("import", is_over=True),
            rows=self.imported.rows.to_take_back().count(),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            revert(self.imported, by=self.user)
        except Busy:
            raise
        except Refused as refusal:
            context = self.get_context_data(problem=" ".join(refusal.reasons))
            return self.render_to_response(context, status=409)
        return self.go(self.imported.get_absolute_url())
